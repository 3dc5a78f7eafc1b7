"""What the tray's listeners take: exports over real sockets, from other processes, into the real tray.

A headless tray receives exports of 40 data points at a rate, from sessions that come and go, over HTTP or
gRPC. What the kernel says of the tray, how long exports took, and whether every unit of every session was
counted is printed. ``--soak`` goes on for ten minutes, and looks at memory as it goes.

    python scripts/bench_listeners.py [--by http|grpc] [--rate N] [--seconds S] [--soak] [--rest-s S]

The gRPC client is grpcio, which is among the tools for development.
"""

import argparse
import functools
import http.client
import json
import multiprocessing
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ccmon_tray.paths import find_paths  # noqa: E402
from ccmon_tray.sources.base import Question, Span  # noqa: E402
from ccmon_tray.sources.collector import usage_file  # noqa: E402
from ccmon_tray.sources.collector.ports import listen  # noqa: E402
from ccmon_tray.sources.collector.source import CollectorSource  # noqa: E402
from ccmon_tray.usage.metrics import Metric  # noqa: E402

POINTS: Final = 40
CLIENTS: Final = 2
THREADS: Final = 4
EXPORTS: Final = 500  # that a session sends: an hour and a half, every ten seconds
SOAK_S: Final = 600.0
METHOD: Final = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")

# Marks in a template, which exports are made from without encoding each of them.
_SESSION: Final = "00000000-0000-4000-8000-000000000000"
_START: Final = 111_111_111_111_111_111
_TIME: Final = 222_222_222_222_222_222
_VALUE: Final = 1234.5678


def template() -> bytes:
    """An export of tokens and cost, cumulative, with marks where each export differs."""
    request = ExportMetricsServiceRequest()
    scope = request.resource_metrics.add().scope_metrics.add()
    models = ("claude-opus-4-8", "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-4-5")
    kinds: list[tuple[str, ...]] = [("cost.usage", "")]
    kinds += [("token.usage", kind) for kind in ("input", "output", "cacheRead", "cacheCreation")]
    for name, kind in kinds:
        sums = scope.metrics.add(name=f"claude_code.{name}").sum
        sums.is_monotonic = True
        sums.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
        for model in models:
            for source in ("main", "subagent"):
                point = sums.data_points.add(
                    as_double=_VALUE, time_unix_nano=_TIME, start_time_unix_nano=_START
                )
                labels = {
                    "session.id": _SESSION,
                    "model": model,
                    "query_source": source,
                    "effort": "high",
                    "user.id": "7692a9c2fcaec5bc639ef1c97dd9bb58059b8980a89824859e3f2bf7f84be92c",
                    "user.email": "dev@example.com",
                    "organization.id": "org-1",
                    "user.account_uuid": _SESSION.replace("4000", "4001"),
                    "terminal.type": "xterm",
                } | ({"type": kind} if kind else {})
                for key, value in labels.items():
                    point.attributes.add(key=key).value.string_value = value
    assert sum(len(one.sum.data_points) for one in scope.metrics) == POINTS
    return request.SerializeToString()


class Session:
    """Sends its exports one after another."""

    def __init__(self, made_from: bytes) -> None:
        self.start_ns = time.time_ns()
        self.number = 0
        self._body = made_from.replace(_SESSION.encode(), str(uuid.uuid4()).encode()).replace(
            struct.pack("<Q", _START), struct.pack("<Q", self.start_ns)
        )

    def next(self) -> bytes:
        """The next export: every counter has risen by one."""
        self.number += 1
        body = self._body.replace(struct.pack("<Q", _TIME), struct.pack("<Q", time.time_ns()))
        return body.replace(struct.pack("<d", _VALUE), struct.pack("<d", float(self.number)))


def http_sender(port: int) -> Callable[[bytes], None]:
    """Sends over one connection that is kept alive."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def send(body: bytes) -> None:
        connection.request("POST", "/v1/metrics", body, {"Content-Type": "application/x-protobuf"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"answered with {answer.status}")

    return send


def grpc_sender(port: int) -> Callable[[bytes], None]:
    """Sends over one channel."""
    import grpc  # noqa: PLC0415

    export = grpc.insecure_channel(f"127.0.0.1:{port}").unary_unary(METHOD)
    return lambda body: export(body, timeout=30)


def client(by: str, port: int, rate: float, seconds: float, told: Connection) -> None:
    """A process that sends at a rate, from several threads; tells exports, units and times."""
    made_from = template()
    took: list[float] = []
    sent = [0]
    lock = threading.Lock()

    def work() -> None:
        send = (http_sender if by == "http" else grpc_sender)(port)
        sessions = [Session(made_from) for _ in range(5)]
        interval_s = THREADS / rate
        began = time.perf_counter() + random.random() * interval_s
        for number in range(int(seconds / interval_s)):
            time.sleep(max(0.0, began + number * interval_s - time.perf_counter()))
            place = number % len(sessions)
            body = sessions[place].next()
            at = time.perf_counter()
            send(body)
            with lock:
                took.append(time.perf_counter() - at)
                sent[0] += 1
            if sessions[place].number == EXPORTS:
                sessions[place] = Session(made_from)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    began = time.time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.send((sent[0], took, began, time.time()))


def processor_s(pid: int) -> float:
    """Processor time so far, of user and system, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def resident_mib(pid: int) -> float:
    """Resident memory, MiB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


def counted(home: Path) -> float:
    """Tokens and dollars that the tray has kept."""
    source = CollectorSource(usage_file(find_paths({"CCMON_TRAY_HOME": str(home)})))
    now = int(time.time())
    span = Span(now - 86_400, now + 60)
    try:
        answers = source.ask([Question(Metric.TOKENS, span), Question(Metric.COST, span)])
    finally:
        source.close()
    return sum(answer.total or 0 for answer in answers)


def free_port() -> int:
    """A port that nobody uses."""
    with listen("127.0.0.1", 0) as listening:
        port: int = listening.getsockname()[1]
        return port


def await_listener(port: int) -> None:
    """Wait until something answers."""
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", "/v1/metrics")
            connection.getresponse()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the tray does not listen")


def run(by: str, rate: float, seconds: float, rest_s: float) -> None:
    """One measurement."""
    with tempfile.TemporaryDirectory(prefix="ccmon-bench-") as folder:
        home = Path(folder)
        ports = {"http": free_port(), "grpc": free_port()}
        environ = {
            **os.environ,
            "CCMON_TRAY_HOME": folder,
            "CCMON_TRAY_SOURCE__KIND": "collector",
            "CCMON_TRAY_COLLECTOR__ENABLED": "true",
            "CCMON_TRAY_COLLECTOR__HTTP_PORT": str(ports["http"]),
            "CCMON_TRAY_COLLECTOR__GRPC_PORT": str(ports["grpc"]),
            "CLAUDE_CONFIG_DIR": str(home / "claude"),
        }
        command = [sys.executable, "-m", "ccmon_tray", "run", "--headless"]
        with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL, cwd=ROOT) as tray:
            try:
                await_listener(ports["http"])
                time.sleep(6)
                print(f"at rest: {resident_mib(tray.pid):.1f} MiB with both listeners")
                if rest_s:
                    report_rest(tray.pid, rest_s)
                sender = functools.partial(client, by, ports[by], rate / CLIENTS, seconds)
                report_load(tray.pid, home, sender, by)
            finally:
                tray.terminate()


def report_rest(pid: int, rest_s: float) -> None:
    """The share of a core where nobody exports."""
    before = processor_s(pid)
    time.sleep(rest_s)
    print(f"at rest: {(processor_s(pid) - before) / rest_s:.3%} of a core")


def report_load(pid: int, home: Path, sender: Callable[[Connection], None], by: str) -> None:
    """Send, and tell what the tray did with it."""
    before, began = processor_s(pid), time.monotonic()
    pipes, processes = [], []
    for _ in range(CLIENTS):
        here, there = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=sender, args=(there,))
        process.start()
        there.close()
        pipes.append(here)
        processes.append(process)
    next_look = 60.0
    while any(process.is_alive() for process in processes) and not all(pipe.poll() for pipe in pipes):
        time.sleep(1)
        if time.monotonic() - began > next_look:
            print(f"  after {next_look / 60:.0f} min: {resident_mib(pid):.1f} MiB")
            next_look += 60
    found: list[tuple[int, list[float], float, float]] = [pipe.recv() for pipe in pipes]
    length_s = max(each[3] for each in found) - min(each[2] for each in found)
    used_s = processor_s(pid) - before
    for process in processes:
        process.join()
    exports = sum(each[0] for each in found)
    took = sorted(one for each in found for one in each[1])
    # Every export raises each of its counters by one.
    lost = exports * POINTS - counted(home)
    print(
        json.dumps(
            {
                "by": by,
                "exports": exports,
                "exports_per_s": round(exports / length_s),
                "points_per_s": round(exports * POINTS / length_s),
                "p50_ms": round(took[len(took) // 2] * 1e3, 1),
                "p99_ms": round(took[len(took) * 99 // 100] * 1e3, 1),
                "cpu_of_a_core": round(used_s / length_s, 3),
                "cpu_ms_per_export": round(used_s * 1e3 / exports, 2),
                "resident_mib": round(resident_mib(pid), 1),
                "file_mib": round(usage_file_size(home) / 2**20, 1),
                "lost": lost,
            }
        )
    )
    if lost:
        raise SystemExit("not everything was counted")


def usage_file_size(home: Path) -> int:
    """Bytes of the collector's file, and its log."""
    file = usage_file(find_paths({"CCMON_TRAY_HOME": str(home)}))
    return sum(path.stat().st_size for path in file.parent.glob(f"{file.name}*"))


def main() -> None:
    """Run the measurements and print them."""
    parser: Any = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--by", choices=("http", "grpc"), help="default: one after the other")
    parser.add_argument("--rate", type=float, default=500.0, help="exports a second (default: 500)")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rest-s", type=float, default=0.0, help="seconds at rest before")
    parser.add_argument("--soak", action="store_true", help="for ten minutes")
    options = parser.parse_args()
    for by in [options.by] if options.by else ["http", "grpc"]:
        run(by, options.rate, SOAK_S if options.soak else options.seconds, options.rest_s)


if __name__ == "__main__":
    main()
