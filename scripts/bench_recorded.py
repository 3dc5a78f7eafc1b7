"""Measure what recorded hours save on a real Prometheus: curves with the stack's rules and without.

Makes datasets of 30 and of 90 days with about 100,000 series each, and the hours that the rules would have
recorded of them. Each reading is made

* from the counters alone (``prometheus.recording_rules = "off"``), by a source that knows nothing yet;
* with recorded hours, by such a source: it looks for the hours, and compares some with the counters;
* with recorded hours, by a source that has done so within the hour.

Usage: python scripts/bench_recorded.py [--cache DIR] [--series 100000] [--repeats 3] [--write]
Needs Debian's ``prometheus`` package (prometheus and promtool). ``--write`` puts the table between the
markers of docs/scale.md.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench_prometheus import BLOCKS_H, held, make_blocks, opened, write_tables  # noqa: E402

from ccmon_tray.sources.base import Question, Span  # noqa: E402
from ccmon_tray.sources.prometheus.source import PrometheusSource  # noqa: E402
from ccmon_tray.sources.readings.summary import read_summary  # noqa: E402
from ccmon_tray.sources.readings.tokens import read_tokens  # noqa: E402
from ccmon_tray.usage.metrics import Metric  # noqa: E402
from ccmon_tray.usage.steps import tile  # noqa: E402
from ccmon_tray.usage.windows import Window, resolve  # noqa: E402
from tests.support.servers import prometheus  # noqa: E402
from tests.support.truth.cases import CALENDAR, NOW  # noqa: E402

Rules = Literal["auto", "off"]

MODES: Final[tuple[tuple[Rules, bool], ...]] = (("off", False), ("auto", False), ("auto", True))
MARKERS: Final = ("<!-- recorded: begin -->", "<!-- recorded: end -->")
RANGES: Final[dict[int, tuple[str, ...]]] = {30: ("30d",), 90: ("30d", "90d")}

Reading = Callable[[PrometheusSource, Window], object]


def _tokens_over_time(window: Window) -> Question:
    edges = tile(window, CALENDAR).boundaries
    return Question(Metric.TOKENS, Span(window.start, window.end), boundaries=edges)


READINGS: Final[dict[str, Reading]] = {
    "tokens over time": lambda source, window: source.ask([_tokens_over_time(window)]),
    "Summary": lambda source, window: read_summary(source, window, CALENDAR, now=NOW),
    "Tokens": lambda source, window: read_tokens(source, window, CALENDAR, now=NOW),
}


def measure(url: str, reading: Reading, name: str, rules: Rules, *, again: bool) -> float:
    """Seconds of one reading by a new source; ``again``: the second of two, of a window a second later."""
    with opened(url, rules=rules) as source:
        if again:
            reading(source, resolve(name, NOW - 1, CALENDAR))
        began = time.perf_counter()
        reading(source, resolve(name, NOW, CALENDAR))
        return time.perf_counter() - began


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description="Measure what recorded hours save on a real Prometheus.")
    parser.add_argument("--cache", type=Path, help="folder that keeps the datasets between runs")
    parser.add_argument("--series", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--days", type=int, nargs="+", default=list(RANGES))
    parser.add_argument("--write", action="store_true", help="write the table into docs/scale.md")
    options = parser.parse_args()

    lines = ["| asked | counters alone | recorded hours, first | later |", "|---|---:|---:|---:|"]
    with tempfile.TemporaryDirectory(prefix="ccmon-bench-") as temporary:
        folder: Path = options.cache or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for days in options.days:
            data = make_blocks(options.series, folder, days=days, recorded=True)
            blocks = f"--storage.tsdb.max-block-duration={BLOCKS_H[0]}h"
            with prometheus(data, extra_args=[blocks]) as server:
                lines.append(f"| **{held(server.url, 'present_over_time'):,} series of {days} days** | | | |")
                for reading in READINGS:
                    for name in RANGES[days]:
                        times = [
                            statistics.median(
                                measure(server.url, READINGS[reading], name, rules, again=again)
                                for _ in range(options.repeats)
                            )
                            for rules, again in MODES
                        ]
                        cells = " | ".join(f"{seconds:.2f} s" for seconds in times)
                        lines.append(f"| {reading}, {name} | {cells} |")
                        print(lines[-1], file=sys.stderr)
    load_1m = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    where = f"one machine with {os.cpu_count()} cores, Python {platform.python_version()}"
    lines += [
        "",
        f"Medians of {options.repeats}. Prometheus and client on {where}; load at the end {load_1m:.1f}.",
    ]
    print("\n".join(lines))
    if options.write:
        write_tables(ROOT / "docs" / "scale.md", lines, MARKERS)


if __name__ == "__main__":
    main()
