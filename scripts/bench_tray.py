"""Measure the always-on process: start time, memory over a thousand polls, processor time at rest.

It runs the real tray on a virtual desktop with a panel, with the built-in collector or without it, over a
real Prometheus with generated use of known truth (or the server at ``--prometheus-url``), and reads what the
kernel says about the process. Needs Debian's ``prometheus xvfb dbus xfce4-panel xdotool``.

    .venv/bin/python scripts/bench_tray.py
"""

import argparse
import contextlib
import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from ccmon_tray.desktop.channel import Message, send
from ccmon_tray.paths import Paths, find_paths
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import State
from tests.support.desktop import Desktop, wait_for
from tests.support.servers import Kind
from tests.support.truth.cases import dataset
from tests.support.truth.loading import loading

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Run the measurements and print them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--polls", type=int, default=1000, help="polls for the memory (default: 1000)")
    parser.add_argument("--rest-s", type=int, default=180, help="seconds at rest (default: 180)")
    parser.add_argument("--prometheus-url", help="a server to use instead of a generated one")
    parser.add_argument("--icon-text", default="none", help="tray.icon_text (default: none)")
    parser.add_argument("--headless", action="store_true", help="without a desktop")
    parser.add_argument("--no-collector", action="store_true", help="without the built-in collector")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ccmon-bench-")))
        url = options.prometheus_url or stack.enter_context(generated_server())
        environ = dict(os.environ) if options.headless else stack.enter_context(desktop(home / "desktop"))
        environ["CCMON_TRAY_HOME"] = str(home / "tray")
        environ["CCMON_TRAY_TRAY__ICON_TEXT"] = options.icon_text
        environ["CCMON_TRAY_TRAY__RANGE"] = "7d"
        port = free_port()
        environ["CCMON_TRAY_COLLECTOR__ENABLED"] = str(not options.no_collector)
        environ["CCMON_TRAY_COLLECTOR__HTTP_PORT"] = str(port)
        environ["CCMON_TRAY_COLLECTOR__GRPC_PORT"] = str(free_port())
        paths = find_paths({"CCMON_TRAY_HOME": environ["CCMON_TRAY_HOME"]})
        report_starts(environ, paths, url, headless=options.headless)
        with running(environ, url, headless=options.headless) as process:
            poll_again(paths, 0.0)
            if not options.no_collector:
                export_once(port)
            report_rest(process.pid, options.rest_s)
            report_memory(process.pid, paths, options.polls)
            began = time.monotonic()
            process.terminate()
            status = process.wait(10)
            print(f"end on SIGTERM: {time.monotonic() - began:.2f} s, status {status}")


@contextlib.contextmanager
def generated_server() -> Iterator[str]:
    """A Prometheus with 45 days of use whose last is long ago: every query runs, as on a live one."""
    with loading(dataset("scraped every 15 s"), Kind.PROMETHEUS) as loaded:
        yield loaded.server.url


@contextlib.contextmanager
def desktop(home: Path) -> Iterator[dict[str, str]]:
    """The environment of a program on a desktop with a panel."""
    home.mkdir()
    with Desktop(home) as shown:
        shown.start_panel()
        time.sleep(2)  # the panel says nothing when it is ready
        yield dict(shown.env)


@contextlib.contextmanager
def running(environ: dict[str, str], url: str, *, headless: bool) -> Iterator[subprocess.Popen[bytes]]:
    """The tray."""
    command = [sys.executable, "-m", "ccmon_tray", "run", "--prometheus-url", url]
    with subprocess.Popen([*command, *(["--headless"] if headless else [])], env=environ) as process:
        try:
            yield process
        finally:
            process.terminate()


def report_starts(environ: dict[str, str], paths: Paths, url: str, *, headless: bool) -> None:
    """Seconds from the start of the process to a snapshot of the first poll, without and with a last run."""
    for what in ("first start ever", "start after another", "start after another"):
        asked = time.time()
        began = time.monotonic()
        with running(environ, url, headless=headless) as process:
            poll_again(paths, asked)
            took_s = time.monotonic() - began
            cpu_s = processor_s(process.pid)
            process.terminate()
            process.wait(10)
        print(f"{what}: first numbers after {took_s:.2f} s ({cpu_s:.2f} s of the processor)")


def poll_again(paths: Paths, since: float) -> Snapshot:
    """Wait for a snapshot polled after a moment (Unix seconds)."""

    def look() -> Snapshot | None:
        try:
            snapshot = Snapshot.model_validate_json(paths.snapshot_file.read_bytes())
        except (OSError, ValueError):
            return None
        return snapshot if snapshot.polled_at > since else None

    snapshot = wait_for(look, "a new snapshot", 30)
    assert snapshot is not None
    if snapshot.state not in {State.FRESH, State.NO_DATA}:
        raise SystemExit(f"the server cannot be used: {snapshot.problem}")
    return snapshot


def free_port() -> int:
    """A port that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def export_once(port: int) -> None:
    """Let the built-in collector import and open all that it needs."""
    fixtures = Path(__file__).parent.parent / "tests" / "fixtures" / "otlp"
    body = (fixtures / "delta-session" / "02-metrics.pb").read_bytes()

    def is_taken() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("POST", "/v1/metrics", body, {"Content-Type": "application/x-protobuf"})
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    wait_for(is_taken, "the built-in collector", 30)


def report_rest(pid: int, rest_s: int) -> None:
    """The share of a core at the default interval."""
    time.sleep(5)
    before, began = processor_s(pid), time.monotonic()
    time.sleep(rest_s)
    used_s, passed_s = processor_s(pid) - before, time.monotonic() - began
    print(
        f"at rest, one poll every 30 s: {used_s:.2f} s in {passed_s:.0f} s, {used_s / passed_s:.3%} of a core"
    )


def report_memory(pid: int, paths: Paths, polls: int) -> None:
    """Resident memory as polls go by; each is asked for, which is the costliest kind."""
    marks = {1, 10, 100, *range(200, polls + 1, 200), polls}
    last = poll_again(paths, 0.0).polled_at
    for number in range(1, polls + 1):
        if not send(paths.tray, Message.REFRESH):
            raise SystemExit("the tray does not answer")
        last = poll_again(paths, last).polled_at
        if number in marks:
            print(f"{number:5} polls: {resident(pid)}")


def resident(pid: int) -> str:
    """Resident memory, of it the process's own, and threads."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = {key: int(value) for key, value in re.findall(r"(VmRSS|RssAnon|Threads):\s+(\d+)", status)}
    return (
        f"{found['VmRSS'] / 1024:.1f} MiB resident, {found['RssAnon'] / 1024:.1f} MiB its own, "
        f"{found['Threads']} threads"
    )


def processor_s(pid: int) -> float:
    """Processor time so far, of user and system, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


if __name__ == "__main__":
    main()
