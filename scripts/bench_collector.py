"""What the built-in collector takes, and how fast it answers, on generated use.

Two measurements, without the network:

1. exports of 40 data points from several threads, as fast as they go and at 500 a second: latency and CPU;
2. every view's reading, and what the tray asks, over 90 days with two million increments.

Usage: python scripts/bench_collector.py [--only load|answers] [--increments N] [--seconds S] [--file PATH]
``--file`` keeps the generated data, and uses them if they are there.
"""

import argparse
import gc
import random
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_CUMULATIVE,
    AGGREGATION_TEMPORALITY_DELTA,
)

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ccmon_tray.sources.base import Span  # noqa: E402
from ccmon_tray.sources.collector.decode import PROTOBUF  # noqa: E402
from ccmon_tray.sources.collector.exports import ApiRequest, Event, Labels, Point, ToolResult  # noqa: E402
from ccmon_tray.sources.collector.ingest import Ingest  # noqa: E402
from ccmon_tray.sources.collector.requests import read_requests  # noqa: E402
from ccmon_tray.sources.collector.source import CollectorSource  # noqa: E402
from ccmon_tray.sources.collector.store import Store  # noqa: E402
from ccmon_tray.sources.collector.units import to_units  # noqa: E402
from ccmon_tray.sources.readings.insights import read_insights  # noqa: E402
from ccmon_tray.sources.readings.session import read_session  # noqa: E402
from ccmon_tray.sources.readings.sessions import read_sessions  # noqa: E402
from ccmon_tray.sources.readings.summary import read_summary  # noqa: E402
from ccmon_tray.sources.readings.tokens import read_tokens  # noqa: E402
from ccmon_tray.sources.reports import build_report  # noqa: E402
from ccmon_tray.sources.session_usage import session_questions  # noqa: E402
from ccmon_tray.sources.snapshots import SnapshotBuilder  # noqa: E402
from ccmon_tray.usage.metrics import Metric  # noqa: E402
from ccmon_tray.usage.windows import Calendar, Window, resolve  # noqa: E402

NOW: Final = 1_795_437_443
DAY_S: Final = 86_400
DAYS: Final = 90
NS: Final = 10**9
THREADS: Final = 8
POINTS: Final = 40
EXPORTS: Final = 50
"""So many exports a session sends."""
RATE: Final = 500

MODELS: Final = ("claude-opus-4-8", "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-4-5-20251001")
TOKEN_TYPES: Final = ("input", "output", "cacheRead", "cacheCreation")
PERSON: Final = (
    ("organization_id", "org-1"),
    ("terminal_type", "xterm"),
    ("user_account_uuid", "00000000-0000-4000-8000-000000000000"),
    ("user_email", "dev@example.com"),
    ("user_id", "7692a9c2fcaec5bc639ef1c97dd9bb58059b8980a89824859e3f2bf7f84be92c"),
)


Counted = tuple[Metric, Labels, float]
"""A counter, its labels, and by about how much it rises at a time."""


def labels(*own: tuple[str, str]) -> Labels:
    """Labels of a series, besides those of the person."""
    return tuple(sorted((*PERSON, *own)))


def requests_of(model: str, source: str) -> list[Counted]:
    """The counters that requests to a model raise."""
    own = (("model", model), ("query_source", source), ("effort", "high"))
    amounts = (800.0, 1200.0, 60_000.0, 4_000.0)
    tokens = [
        (Metric.TOKENS, labels(*own, ("type", kind)), amount)
        for kind, amount in zip(TOKEN_TYPES, amounts, strict=True)
    ]
    return [(Metric.COST, labels(*own), 0.09), *tokens]


def use(rng: random.Random, count: int) -> Iterator[Point]:
    """About so many increments, in sessions scattered over the days before now.

    Sessions take an hour or so and export every ten seconds while they are used, as ``ccmon-tray connect``
    sets them up: two million increments in 90 days are a dozen sessions a day.
    """
    left = count
    activity: list[Counted] = [
        (Metric.ACTIVE_TIME, labels(("type", "cli")), 25.0),
        (Metric.ACTIVE_TIME, labels(("type", "user")), 8.0),
    ]
    edit = (("decision", "accept"), ("tool_name", "Edit"), ("language", "Python"), ("source", "config"))
    while left > 0:
        session = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        model = rng.choice(MODELS)
        main, helper = requests_of(model, "main"), requests_of(MODELS[3], "subagent")
        edits: list[Counted] = [
            (Metric.LINES, labels(("type", "added"), ("model", model)), 30.0),
            (Metric.LINES, labels(("type", "removed"), ("model", model)), 10.0),
            (Metric.EDIT_DECISIONS, labels(*edit), 1.0),
        ]
        day = rng.randrange(DAYS)
        start = NOW - (day + 1) * DAY_S + rng.uniform(0.35, 0.9) * DAY_S
        yield point(rng, (Metric.SESSIONS, labels(("start_type", "fresh")), 1.0), session, start)
        at = start
        for _ in range(round(rng.lognormvariate(5.0, 0.8))):
            at += 10 + rng.expovariate(1 / 15)
            if at > NOW:
                break
            raised = [*main, *activity]
            if rng.random() < 0.2:
                raised += helper
            if rng.random() < 0.3:
                raised += edits
            if rng.random() < 0.02:
                raised.append((Metric.COMMITS, labels(), 1.0))
            for counted in raised:
                yield point(rng, counted, session, at)
            left -= len(raised)


def point(rng: random.Random, counted: Counted, session: str, at: float) -> Point:
    """A delta of a counter at a moment."""
    metric, own, amount = counted
    value = amount if amount == 1.0 else amount * rng.uniform(0.1, 2.0)
    units = to_units(metric, round(value, 6) if metric is Metric.COST else round(value))
    time_ns = int(at * 1000) * 10**6
    assert units is not None
    return Point(metric, session, own, time_ns - 5 * NS, time_ns, units, cumulative=False)


def events_of(rng: random.Random, points: list[Point]) -> Iterator[Event]:
    """A request for each increment of cost, and mostly a tool after it."""
    for number, one in enumerate(points):
        if one.metric is not Metric.COST:
            continue
        model = dict(one.labels)["model"]
        took_ms = round(rng.lognormvariate(8.5, 0.8))
        yield ApiRequest(
            one.time_ns, 2 * number, one.session, model, "main", took_ms, one.units, 800, 1200, 60_000, 4_000
        )
        if rng.random() < 0.8:
            tool = rng.choice(("Bash", "Read", "Edit", "Grep", "Write", "WebFetch"))
            done = rng.random() < 0.95
            took_ms = round(rng.lognormvariate(4, 1.5))
            yield ToolResult(one.time_ns, 2 * number + 1, one.session, tool, done, took_ms)


def fill(path: Path, increments: int) -> None:
    """Write a file of 90 days."""
    store = Store(path, clock=time.time)
    begun = time.perf_counter()
    points = sorted(use(random.Random(7), increments), key=lambda one: one.time_ns)
    events = list(events_of(random.Random(8), points))
    print(f"{len(points):,} increments, {len(events):,} events ({time.perf_counter() - begun:.1f} s)")
    begun = time.perf_counter()
    for first in range(0, len(points), 20_000):
        store.write(points[first : first + 20_000], ())
    took = time.perf_counter() - begun
    size = path.stat().st_size / 2**20
    print(f"increments written in {took:.1f} s, {len(points) / took:,.0f} a second; {size:.0f} MiB")
    for first in range(0, len(events), 20_000):
        store.write((), events[first : first + 20_000])
    store.close()
    print(f"with events {path.stat().st_size / 2**20:.0f} MiB")


def export(session: str, number: int, start_ns: int, *, cumulative: bool) -> bytes:
    """The n-th export of a session, with 40 data points."""
    request = ExportMetricsServiceRequest()
    scope = request.resource_metrics.add().scope_metrics.add()
    time_ns = start_ns + (number + 1) * 10 * NS
    kinds = [one for model in MODELS for source in ("main", "subagent") for one in requests_of(model, source)]
    for metric in (Metric.COST, Metric.TOKENS):
        sums = scope.metrics.add(name=f"claude_code.{metric.value}").sum
        sums.is_monotonic = True
        sums.aggregation_temporality = (
            AGGREGATION_TEMPORALITY_CUMULATIVE if cumulative else AGGREGATION_TEMPORALITY_DELTA
        )
        for kind, own, amount in kinds:
            if kind is not metric:
                continue
            data = sums.data_points.add(
                as_double=amount * (number + 1 if cumulative else 1),
                time_unix_nano=time_ns,
                start_time_unix_nano=start_ns if cumulative else time_ns - 10 * NS,
            )
            for name, value in (*own, ("session_id", session)):
                attribute = data.attributes.add(key=name.replace("_", ".", 1))
                attribute.value.string_value = value
    assert sum(len(one.sum.data_points) for one in scope.metrics) == POINTS
    return request.SerializeToString()


def thread_bodies(thread: int, sessions: int, *, cumulative: bool) -> list[bytes]:
    """What one thread sends: exports of its sessions, which take turns, as they do in life."""
    start_ns = (NOW - 3600 - thread) * NS
    return [
        export(f"{thread}-{session}", number, start_ns, cumulative=cumulative)
        for number in range(EXPORTS)
        for session in range(sessions)
    ]


def load(path: Path, seconds: float, rate: float | None, *, cumulative: bool) -> None:
    """Exports from several threads, each of its own sessions; at a rate, or as fast as they go."""
    ingest = Ingest(path)
    ingest.open()
    share = max(1, int((rate or 2 * RATE) * seconds / THREADS / EXPORTS))
    prepared = [thread_bodies(thread, share, cumulative=cumulative) for thread in range(THREADS)]
    took: list[float] = []
    begun, cpu = time.perf_counter(), time.process_time()

    def work(bodies: list[bytes]) -> None:
        for number, body in enumerate(bodies):
            if rate is not None:
                due = begun + number * THREADS / rate
                time.sleep(max(0.0, due - time.perf_counter()))
            sent = time.perf_counter()
            ingest.metrics(body, PROTOBUF)
            took.append(time.perf_counter() - sent)

    threads = [threading.Thread(target=work, args=(bodies,)) for bodies in prepared]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    length = time.perf_counter() - begun
    cpu = time.process_time() - cpu
    ingest.close()
    took.sort()
    kind = "cumulative" if cumulative else "delta"
    wanted = "as fast as they go" if rate is None else f"{rate} a second wanted"
    print(
        f"{kind}, {wanted}: {len(took):,} exports, {len(took) / length:,.0f} a second, "
        f"p50 {took[len(took) // 2] * 1e3:.1f} ms, p99 {took[len(took) * 99 // 100] * 1e3:.1f} ms, "
        f"CPU {cpu / length:.0%} of one core"
    )


def measure(name: str, read: Callable[[], object], times: int = 5) -> None:
    """CPU time beside wall time: the machine may have other work."""
    lengths, cpu = [], []
    for _ in range(times):
        begun, cpu_begun = time.perf_counter(), time.process_time()
        read()
        lengths.append((time.perf_counter() - begun) * 1e3)
        cpu.append((time.process_time() - cpu_begun) * 1e3)
    print(
        f"{name:<26} first {lengths[0]:6.1f} ms, CPU {cpu[0]:6.1f} ms   "
        f"median {statistics.median(lengths):6.1f} ms, CPU {statistics.median(cpu):6.1f} ms"
    )


def answers(path: Path, calendar: Calendar) -> None:
    """Read all views."""
    gc.freeze()  # as the window does
    print(calendar.zone_name)
    source = CollectorSource(path, clock=lambda: NOW)
    for name in ("4h", "1d", "7d", "30d", "90d", "last month"):
        measure_views(source, resolve(name, NOW, calendar), calendar)
    measure("  insights", lambda: read_insights(source, calendar, NOW), times=3)
    seen = source.sessions_seen(Span(NOW - 90 * DAY_S, NOW))[0].session_id
    window = resolve("90d", NOW, calendar)
    measure("  one session of 90d", lambda: read_session(source, seen, calendar, None, window))
    measure("  snapshot, first, 90d", lambda: SnapshotBuilder(source, calendar).build("90d", NOW, None))
    builder = SnapshotBuilder(source, calendar)
    last = builder.build("90d", NOW - 60, None)
    measure("  snapshot, next, 90d", lambda: builder.build("90d", NOW, last))
    source.close()


def measure_views(source: CollectorSource, window: Window, calendar: Calendar) -> None:
    """Read the views of one range; of the sessions, first what the source itself takes."""
    name = window.name
    questions = session_questions(Span(window.start, window.end))
    measure(f"  summary {name}", lambda: read_summary(source, window, calendar, now=NOW))
    measure(f"  tokens {name}", lambda: read_tokens(source, window, calendar, now=NOW))
    measure(f"  session questions {name}", lambda: source.ask(questions))
    measure(f"  sessions {name}", lambda: read_sessions(source, window, calendar, None, now=NOW))
    measure(f"  report {name}", lambda: build_report(source, window, calendar))
    measure(f"  requests {name}", lambda: read_requests(source, window, calendar))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--increments", type=int, default=2_000_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--only", choices=("load", "answers"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.only != "answers":
            for rate in (None, RATE):
                for cumulative in (False, True):
                    path = Path(folder) / f"load-{rate}-{cumulative}.sqlite3"
                    load(path, arguments.seconds, rate, cumulative=cumulative)
        if arguments.only != "load":
            path = arguments.file or Path(folder) / "usage.sqlite3"
            if not path.exists():
                fill(path, arguments.increments)
            # Of full hours, and of half hours, which no roll-up over hours begins with.
            for zone in ("Europe/Berlin", "Asia/Kolkata"):
                answers(path, Calendar(ZoneInfo(zone), zone))


if __name__ == "__main__":
    main()
