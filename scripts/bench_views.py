"""Measure what each view asks of a Prometheus, and how that grows with the number of series.

Makes datasets of 30 days with about 100, 10,000 and 100,000 series, as ``bench_prometheus.py`` does, and
serves each from a real Prometheus. Every view is read by a source that knows nothing yet but which metrics
there are; requests and bytes are counted by the server itself. Then the recording rules of the stack are
evaluated once, as Prometheus would every hour.

Usage: python scripts/bench_views.py [--cache DIR] [--series 100 10000 100000] [--repeats 3] [--write]
Needs Debian's ``prometheus`` package (prometheus and promtool). ``--write`` puts the table between the
markers of docs/scale.md.
"""

import argparse
import os
import platform
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import yaml

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench_prometheus import BLOCKS_H, held, make_blocks, opened, write_tables  # noqa: E402

from ccmon_tray.paths import find_paths  # noqa: E402
from ccmon_tray.sources.base import Span  # noqa: E402
from ccmon_tray.sources.doctor import Doctor  # noqa: E402
from ccmon_tray.sources.prometheus.source import PrometheusSource  # noqa: E402
from ccmon_tray.sources.readings.insights import read_insights  # noqa: E402
from ccmon_tray.sources.readings.prometheus_health import read_prometheus_health  # noqa: E402
from ccmon_tray.sources.readings.session import read_session  # noqa: E402
from ccmon_tray.sources.readings.sessions import read_sessions  # noqa: E402
from ccmon_tray.sources.readings.summary import read_summary  # noqa: E402
from ccmon_tray.sources.readings.tokens import read_tokens  # noqa: E402
from ccmon_tray.usage.windows import resolve  # noqa: E402
from tests.support.servers import prometheus  # noqa: E402
from tests.support.truth.cases import CALENDAR, NOW  # noqa: E402

MARKERS: Final = ("<!-- views: begin -->", "<!-- views: end -->")
WEEK: Final = resolve("7d", NOW, CALENDAR)
MONTH: Final = resolve("30d", NOW, CALENDAR)

PROJECTED: Final = 1_000_000
_CONSTANT: Final = 2.0  # what grows less over all sizes does not grow with them

View = Callable[[PrometheusSource], object]


def _smoke_test(source: PrometheusSource) -> None:
    """All links, with connections of its own, and some that have nothing to do with the server."""
    assert source.info.url is not None
    with tempfile.TemporaryDirectory(prefix="ccmon-bench-") as home:
        paths = find_paths({"CCMON_TRAY_HOME": home})
        environ = {"CCMON_TRAY_PROMETHEUS__TIMEOUT_S": "120"}
        doctor = Doctor(paths, prometheus_url=source.info.url, environ=environ, clock=lambda: NOW)
        checks = list(doctor.run())
        assert not doctor.unreachable, checks


VIEWS: Final[dict[str, View]] = {
    "Summary, 7 days": lambda source: read_summary(source, WEEK, CALENDAR, now=NOW),
    "Summary, 30 days": lambda source: read_summary(source, MONTH, CALENDAR, now=NOW),
    "Tokens, 7 days": lambda source: read_tokens(source, WEEK, CALENDAR, now=NOW),
    "Tokens, 30 days": lambda source: read_tokens(source, MONTH, CALENDAR, now=NOW),
    "Sessions, 7 days": lambda source: read_sessions(source, WEEK, CALENDAR, None, now=NOW),
    "Sessions, 30 days": lambda source: read_sessions(source, MONTH, CALENDAR, None, now=NOW),
    "one session, 30 days": lambda source: read_session(source, _a_session(source), CALENDAR, None, MONTH),
    "Insights (all that is kept)": lambda source: read_insights(source, CALENDAR, NOW),
    "Prometheus health": lambda source: read_prometheus_health(source, WEEK),
    "Smoke test": _smoke_test,
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one reading took: time in milliseconds, requests, and kilobytes of answers."""

    time_ms: float
    requests: int
    answers_kb: float


def _a_session(source: PrometheusSource) -> str:
    """The session seen last."""
    seen = source.sessions_seen(Span(NOW - 3600, NOW))
    return max(seen, key=lambda session: session.last).session_id


def served(url: str) -> tuple[int, float]:
    """How many requests to the API the server has answered so far, and with how many bytes."""
    page = httpx.get(f"{url}/metrics", timeout=30, trust_env=False).text
    handlers = r'\{[^}]*handler="/api/v1/[^}]*\} ([0-9.e+]+)'
    totals = [
        sum(float(value) for value in re.findall(f"^{name}{handlers}", page, re.MULTILINE))
        for name in ("prometheus_http_requests_total", "prometheus_http_response_size_bytes_sum")
    ]
    return int(totals[0]), totals[1]


def measure(url: str, view: View, repeats: int) -> Cost:
    """Read a view by new sources; the time is the median."""
    times, requests, size = [], 0, 0.0
    for _ in range(repeats):
        with opened(url) as source:
            requests_before, bytes_before = served(url)
            began = time.perf_counter()
            view(source)
            times.append((time.perf_counter() - began) * 1000)
            requests_after, bytes_after = served(url)
        requests, size = requests_after - requests_before, bytes_after - bytes_before
    return Cost(statistics.median(times), requests, size / 1000)


def rules_ms(url: str, repeats: int) -> float:
    """What one evaluation of all recording rules takes."""
    groups = yaml.safe_load((ROOT / "stack" / "rules.yml").read_text(encoding="utf-8"))["groups"]
    times = []
    with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
        for _ in range(repeats):
            began = time.perf_counter()
            for rule in (rule for group in groups for rule in group["rules"]):
                asked = client.post("/api/v1/query", data={"query": rule["expr"], "time": str(NOW)})
                asked.raise_for_status()
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def table(costs: dict[int, dict[str, Cost]], rules: dict[int, float]) -> list[str]:
    """Markdown: a row a view, a column a dataset."""
    sizes = list(costs)
    # Times grow with the number of series a view looks at, or less, or have nothing to do with it.
    factor = PROJECTED / sizes[-1]
    heads = [*(f"{size:,} series" for size in sizes), f"{PROJECTED:,} (projected)", "requests", "answers"]
    lines = ["| view | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(heads)]
    for name in VIEWS:
        times = _times([costs[size][name].time_ms for size in sizes], factor)
        requests = sorted({costs[size][name].requests for size in sizes})
        spread = f"{requests[0]}" if len(requests) == 1 else f"{requests[0]}–{requests[-1]}"
        answers = " / ".join(f"{costs[size][name].answers_kb:,.0f}" for size in sizes)
        lines.append(f"| {name} | {times} | {spread} | {answers} kB |")
    times = _times([rules[size] for size in sizes], factor)
    lines.append(f"| recording rules, once an hour | {times} | – | – |")
    return lines


def _times(times_ms: list[float], factor: float) -> str:
    """Cells with the times, and with the last one projected."""
    measured = [f"{each:,.0f} ms" for each in times_ms]
    if times_ms[-1] < _CONSTANT * min(times_ms):
        return " | ".join([*measured, measured[-1]])
    return " | ".join([*measured, f"{times_ms[-1] * factor / 1000:,.0f} s"])


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description="Measure what each view asks of a Prometheus.")
    parser.add_argument("--cache", type=Path, help="folder that keeps the datasets between runs")
    parser.add_argument("--series", type=int, nargs="+", default=[100, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write the table into docs/scale.md")
    options = parser.parse_args()

    costs: dict[int, dict[str, Cost]] = {}
    rules: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="ccmon-bench-") as temporary:
        folder: Path = options.cache or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for wanted in options.series:
            print(f"preparing about {wanted:,} series", file=sys.stderr)
            blocks = f"--storage.tsdb.max-block-duration={BLOCKS_H[0]}h"
            with prometheus(make_blocks(wanted, folder), extra_args=[blocks]) as server:
                series = held(server.url, "present_over_time")
                costs[series] = {
                    name: measure(server.url, view, options.repeats) for name, view in VIEWS.items()
                }
                rules[series] = rules_ms(server.url, options.repeats)
    load_1m = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    lines = [
        *table(costs, rules),
        "",
        (
            f"Medians of {options.repeats}, 30 days of use. Prometheus and client on one machine with "
            f"{os.cpu_count()} cores, Python {platform.python_version()}; load at the end {load_1m:.1f}."
        ),
    ]
    print("\n".join(lines))
    if options.write:
        write_tables(ROOT / "docs" / "scale.md", lines, MARKERS)


if __name__ == "__main__":
    main()
