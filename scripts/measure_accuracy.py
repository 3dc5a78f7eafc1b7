"""Measure how far off the usual totals are, and ours, on use whose truth is known.

Serves generated use from a real Prometheus, in several of the ways in which counters can look, and compares
what ``sum(increase(m[R]))`` and ccmon-tray say with the truth.

Usage: python scripts/measure_accuracy.py [--write]
Needs Debian's ``prometheus`` package (prometheus and promtool). ``--write`` puts the table between the
markers of docs/accuracy.md.
"""

import argparse
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

import httpx

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ccmon_tray.settings import PrometheusSettings  # noqa: E402
from ccmon_tray.sources.base import Question, Span  # noqa: E402
from ccmon_tray.sources.prometheus.source import PrometheusSource  # noqa: E402
from ccmon_tray.usage.metrics import Metric  # noqa: E402
from tests.support.servers import Kind  # noqa: E402
from tests.support.truth.cases import NOW, Dataset, dataset  # noqa: E402
from tests.support.truth.loading import loading  # noqa: E402

CASES: Final = (
    "scraped every 15 s",
    "samples at export times only",
    "cumulative exports every 60 s",
    "sessions of a single export",
    "resumed, scraped",
    "idle for days, scraped",
)
RANGES_S: Final = {"1d": 86_400, "7d": 7 * 86_400, "30d": 30 * 86_400}
METRICS: Final = {
    "cost": Metric.COST,
    "tokens": Metric.TOKENS,
    "sessions": Metric.SESSIONS,
    "commits": Metric.COMMITS,
}
MARKERS: Final = ("<!-- measured: begin -->", "<!-- measured: end -->")


def by_increase(url: str, data: Dataset, metric: Metric, span: Span) -> float:
    """What ``sum(increase(m[R]))`` says."""
    query = f"sum(increase({data.spelling.names[metric]}[{span.end - span.start}s]))"
    answer = httpx.post(
        f"{url}/api/v1/query", data={"query": query, "time": str(span.end)}
    ).raise_for_status()
    result = answer.json()["data"]["result"]
    return float(result[0]["value"][1]) if result else 0.0


def exactly(source: PrometheusSource, metric: Metric, span: Span) -> float:
    """What ccmon-tray says; of sessions, how many had any use."""
    if metric is Metric.SESSIONS:
        return source.count_sessions(span)
    return source.ask([Question(metric, span)])[0].total or 0.0


def truth(data: Dataset, metric: Metric, span: Span) -> float:
    """What was used."""
    if metric is Metric.SESSIONS:
        return len(data.truth.sessions(span.start, span.end))
    return data.truth.total(metric, span.start, span.end)


def off(said: float, true: float) -> str:
    """By how much a figure is off."""
    if not true:
        return "–" if not said else "∞"
    share = (said / true - 1) * 100
    return "0.000 %" if abs(share) < 0.0005 else f"{share:+.1f} %".replace("-", "−")


def rows(case: str) -> list[str]:
    """The table's lines for one dataset."""
    data = dataset(case)
    lines = []
    with loading(data, Kind.PROMETHEUS) as loaded:
        settings = PrometheusSettings(url=loaded.server.url)
        with closing(PrometheusSource(settings, clock=lambda: NOW)) as source:
            for name, seconds in RANGES_S.items():
                span = Span(int(NOW) - seconds, int(NOW))
                cells = []
                for metric in METRICS.values():
                    true = truth(data, metric, span)
                    cells += [
                        off(by_increase(loaded.server.url, data, metric, span), true),
                        off(exactly(source, metric, span), true),
                    ]
                lines.append(f"| {case} | {name} | " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    """Measure, print, and write the table if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="write the table into docs/accuracy.md")
    write = parser.parse_args().write
    heads = " | ".join(f"{name}: `increase()` | exact" for name in METRICS)
    table = [f"| how counters look | range | {heads} |", "|---|---|" + "---:|" * (2 * len(METRICS))]
    for case in CASES:
        table += rows(case)
    text = "\n".join(table)
    print(text)
    if write:
        page = ROOT / "docs" / "accuracy.md"
        begin, end = MARKERS
        before, _, rest = page.read_text(encoding="utf-8").partition(begin)
        after = rest.partition(end)[2]
        page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
