"""Measure what one refresh costs on a real Prometheus, beside the usual way of asking.

Makes datasets of 30 days of use with about 2,600 and 100,000 series, serves each from Prometheus, and
measures in one run, as medians:

* the usual way: 14 ``increase()`` queries one after another over one kept-alive connection (total tokens,
  four types of token, cost, active time, sessions, lines added and removed, commits, pull requests, cost by
  model, tokens over time);
* one refresh of everything in the menu: the first after a start, and those of an hour, each 30 s on;
* one question, cost by model: exactly, and by ``increase()``;
* the look-back for a counter's base at 7, 30 and 90 days.

Usage: python scripts/bench_prometheus.py [--cache DIR] [--series 2600 100000] [--repeats 5] [--busy 100]
[--write]
Needs Debian's ``prometheus`` package (prometheus and promtool). ``--write`` puts the tables between the
markers of docs/performance.md.
"""

import argparse
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final, Literal, TextIO

import httpx

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ccmon_tray.settings import PrometheusSettings  # noqa: E402
from ccmon_tray.sources.base import Question, Span  # noqa: E402
from ccmon_tray.sources.closed_past import KEEP_S  # noqa: E402
from ccmon_tray.sources.prometheus.exact import Track  # noqa: E402
from ccmon_tray.sources.prometheus.recorded_hours import HOUR_S, RULES, by_rules  # noqa: E402
from ccmon_tray.sources.prometheus.source import PrometheusSource  # noqa: E402
from ccmon_tray.sources.snapshots import SnapshotBuilder  # noqa: E402
from ccmon_tray.usage.metrics import Label, Metric  # noqa: E402
from ccmon_tray.usage.snapshot import Snapshot  # noqa: E402
from ccmon_tray.usage.steps import nominal_step_s  # noqa: E402
from tests.support.servers import create_blocks, prometheus  # noqa: E402
from tests.support.truth import recorders, render, spellings  # noqa: E402
from tests.support.truth.cases import CALENDAR, NOW  # noqa: E402
from tests.support.truth.use import DAY, HOUR, MINUTE, Author, Process, User  # noqa: E402

RANGES_S: Final = {"1d": 86_400, "7d": 7 * 86_400, "30d": 30 * 86_400}
DAYS: Final = 30
EVALUATED_AFTER_S: Final = 1417  # the moment of the hour at which a server happens to evaluate the rules
MENU_RANGES: Final = {"1d": "today", "7d": "7d", "30d": "30d"}
LOOKBACKS_DAYS: Final = (7, 30, 90)
BUSY: Final = 100
POLL_S: Final = 30
# An hour of polls, with all that comes more rarely than they: starts of windows move every five minutes, the
# tail begins anew every quarter of an hour, and the last poll reads everything again.
LATER_POLLS: Final = int(KEEP_S) // POLL_S
POLLS_A_ROUND: Final = 6  # of the usual way, so that it is measured over the same time
MARKERS: Final = ("<!-- prometheus: begin -->", "<!-- prometheus: end -->")

# A server merges blocks when their window is over: of 2 h into 6, 18 and 54 h, a tenth of 30 days at most.
BLOCKS_H: Final = (54, 18, 6)
NEWEST_BLOCK_H: Final = 2


def block_of(at: float) -> tuple[int, int]:
    """The block that a server would hold a sample in at the moment of measuring: hours it spans, and which.

    Args:
        at: Unix seconds of the sample.
    """
    for hours in BLOCKS_H:
        number = int(at // (hours * HOUR))
        if (number + 1) * hours * HOUR <= NOW:
            return hours, number
    # Not merged yet, or still in memory.
    return NEWEST_BLOCK_H, int(at // (NEWEST_BLOCK_H * HOUR))


def make_blocks(
    series: int, folder: Path, *, days: int = DAYS, recorded: bool = False, busy: int = BUSY
) -> Path:
    """A data folder with about so many series over some days, in blocks as a server would have; made once.

    Args:
        series: How many.
        folder: Where the folder goes.
        days: How far back they go.
        recorded: With the hours that the recording rules would have recorded.
        busy: One session in so many falls into the hour of refreshes.
    """
    data_dir = folder / f"{series}-series-{days}-days-{busy}{'-recorded' if recorded else ''}"
    if (data_dir / "complete").exists():
        return data_dir
    with ExitStack() as files:
        texts: dict[tuple[int, int], TextIO] = {}
        hours = RecordedHours(days)
        made = recordings(series, days, busy)
        lines = (
            line
            for recording in (hours.counting(made) if recorded else made)
            for line in render.openmetrics(recording, spellings.SUFFIXES)
        )
        for part in (lines, hours.lines() if recorded else ()):
            for line in part:
                # Every recording ends the text; each block's file ends once.
                if line.startswith("#"):
                    continue
                block = block_of(float(line.rpartition(" ")[2]))
                if block not in texts:
                    name = f"{data_dir.name}-{block[0]}h-{block[1]}.om"
                    texts[block] = files.enter_context((folder / name).open("w"))
                texts[block].write(line)
        for file in texts.values():
            file.write("# EOF\n")
    for file in texts.values():
        create_blocks(Path(file.name), data_dir)
        Path(file.name).unlink()
    (data_dir / "complete").touch()
    return data_dir


class RecordedHours:
    """What the rules of the stack would have recorded of counters, as :func:`by_rules` tells it.

    Args:
        days: How far back their hours go.
    """

    def __init__(self, days: int) -> None:
        self._first = int(NOW - days * DAY) // HOUR_S * HOUR_S
        self._sums: dict[tuple[str, tuple[tuple[str, str], ...], int], float] = defaultdict(float)

    def counting(self, recordings: Iterable[recorders.Recording]) -> Iterator[recorders.Recording]:
        """The recordings as they are, each once it is counted."""
        for recording in recordings:
            for key, points in recording.series.items():
                rule = RULES.get(key.metric)
                if rule is None:
                    continue
                track = Track()
                track.extend(points)
                labels = tuple((name, value) for name, value in key.labels if name in rule.labels)
                for hour in {-int(-t // HOUR_S) * HOUR_S for t in track.times}:
                    self._sums[rule.record, labels, hour] += by_rules(track, hour - HOUR_S, hour)
            yield recording

    def lines(self) -> Iterator[str]:
        """Lines of OpenMetrics, with the 0 of every hour."""
        for rule in RULES.values():
            for hour in range(self._first, NOW - EVALUATED_AFTER_S, HOUR_S):
                yield f"{rule.record} 0 {hour + EVALUATED_AFTER_S}\n"
        for (record, labels, hour), value in sorted(self._sums.items()):
            if hour + EVALUATED_AFTER_S <= NOW:
                inside = ",".join(f'{name}="{text}"' for name, text in labels)
                yield f"{record}{{{inside}}} {value!r} {hour + EVALUATED_AFTER_S}\n"


def recordings(series: int, days: int = DAYS, busy: int = BUSY) -> Iterator[recorders.Recording]:
    """Sessions of up to half an hour until so many series exist, one in fifty of them resumed later."""
    author = Author(random.Random(series), (User.subscriber("ada"), User.subscriber("lin")))
    rng = author.rng
    made = 0
    for number in count():
        if made >= series:
            return
        seconds = rng.triangular(2 * MINUTE, 30 * MINUTE, 8 * MINUTE)
        # A busy hour: one session at a time or two, and seven where there are thousands a month, of which an
        # average hour of work would see four. So every poll finds something new.
        is_now = number % (12 if number < 100 else busy) == 0
        start = NOW - rng.random() * (80 * MINUTE if is_now else days * DAY)
        processes: list[Process] = [author.process(start, seconds, requests_every_s=60)]
        if number % 50 == 0:
            processes.append(
                author.process(
                    start + seconds + rng.uniform(0.5, 20) * HOUR,
                    5 * MINUTE,
                    session_id=processes[0].session_id,
                    user=processes[0].user,
                    start_type="resume",
                    requests_every_s=60,
                )
            )
        recording = recorders.cumulative(processes)
        made += len(recording.series)
        yield recording


def median_ms(run: Callable[[], object], repeats: int) -> float:
    """Median time of a call in milliseconds."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


class UsualWay:
    """The 14 queries of the usual way, over one kept-alive connection."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=120, trust_env=False)
        self._names = spellings.SUFFIXES.names

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()

    def query(self, promql: str, at: int) -> None:
        """One instant query, its answer parsed."""
        answer = self._client.post("/api/v1/query", data={"query": promql, "time": str(at)})
        answer.raise_for_status().json()

    def refresh(self, seconds: int, at: int) -> None:
        """All 14, one after another."""
        names = self._names
        tokens, lines = names[Metric.TOKENS], names[Metric.LINES]
        window = f"[{seconds}s]"
        selectors = [
            tokens,
            *(f'{tokens}{{type="{kind}"}}' for kind in ("input", "output", "cacheRead", "cacheCreation")),
            names[Metric.COST],
            names[Metric.ACTIVE_TIME],
            names[Metric.SESSIONS],
            f'{lines}{{type="added"}}',
            f'{lines}{{type="removed"}}',
            names[Metric.COMMITS],
            names[Metric.PULL_REQUESTS],
        ]
        for selector in selectors:
            self.query(f"sum(increase({selector}{window}))", at)
        self.query(f"sum by (model) (increase({names[Metric.COST]}{window}))", at)
        step = nominal_step_s(seconds)
        answer = self._client.post(
            "/api/v1/query_range",
            data={
                "query": f"sum(increase({tokens}[{step}s]))",
                "start": str(at - seconds + step),
                "end": str(at),
                "step": str(step),
            },
        )
        answer.raise_for_status().json()


@contextmanager
def opened(
    url: str,
    lookback_days: int | None = None,
    *,
    rules: Literal["auto", "off"] = "auto",
    clock: Callable[[], float] = lambda: NOW,
) -> Iterator[PrometheusSource]:
    """A source that has discovered what the server holds."""
    settings = PrometheusSettings(url=url, timeout_s=120, recording_rules=rules)
    if lookback_days is not None:
        settings = settings.model_copy(update={"lookback_days": lookback_days})
    with closing(PrometheusSource(settings, clock=clock)) as source:
        source.inventory()
        yield source


def first_refresh_ms(url: str, menu_range: str, repeats: int, *, lookback_days: int | None = None) -> float:
    """The first refresh of a tray that has just found its server."""
    times = []
    for _ in range(repeats):
        with opened(url, lookback_days) as source:
            builder = SnapshotBuilder(source, CALENDAR)
            times.append(median_ms(lambda builder=builder: _good(builder, menu_range, NOW), 1))  # type: ignore[misc]
    return statistics.median(times)


@dataclass
class Hour:
    """Milliseconds of what an hour of polls took: the usual way, refreshes, and what some do once shown.

    The last of these is that everything is read again.
    """

    usual: list[float] = field(default_factory=list)
    refreshes: list[float] = field(default_factory=list)
    afterwards: list[float] = field(default_factory=list)


def an_hour(url: str, usual: UsualWay, menu_range: str, seconds: int) -> Hour:
    """The usual way in turn with an hour of polls after the first, so that what else is done hits both."""
    hour, now = Hour(), [NOW - POLL_S * LATER_POLLS]

    def clock() -> float:
        return now[0]

    with opened(url, clock=clock) as source:
        builder = SnapshotBuilder(source, CALENDAR)
        last = _good(builder, menu_range, now[0])
        for number in range(LATER_POLLS):
            now[0] += POLL_S
            if number % POLLS_A_ROUND == 0:
                hour.usual.append(median_ms(lambda: usual.refresh(seconds, NOW), 1))
            polled = builder.poll(menu_range, clock, last)
            for times in (hour.refreshes, hour.afterwards):
                started = time.perf_counter()
                found = next(polled, None)
                if found is None:
                    break
                times.append((time.perf_counter() - started) * 1000)
                last = _checked(found)
    return hour


def _good(builder: SnapshotBuilder, menu_range: str, now: int) -> Snapshot:
    return _checked(builder.build(menu_range, now, None))


def _checked(snapshot: Snapshot) -> Snapshot:
    if snapshot.problem is not None or snapshot.figures is None:
        raise SystemExit(f"a refresh failed: {snapshot.problem}")
    return snapshot


def by_model_ms(url: str, seconds: int, repeats: int, *, lookback_days: int | None = None) -> float:
    """Cost by model, exactly, by a source that knows nothing of the window yet."""
    times = []
    question = Question(Metric.COST, Span(NOW - seconds, NOW), (Label.MODEL,))
    for _ in range(repeats):
        with opened(url, lookback_days) as source:
            times.append(median_ms(lambda source=source: source.ask([question]), 1))  # type: ignore[misc]
    return statistics.median(times)


def measure(url: str, repeats: int) -> list[str]:
    """The tables of one dataset, as lines of Markdown."""
    usual = UsualWay(url)
    with closing(usual):
        for seconds in RANGES_S.values():  # the page cache, for both
            usual.refresh(seconds, NOW)
        titles = (
            *("refresh, median", "share", "mean", "share", "slowest"),
            *("mean with what follows", "share", "all read again", "the first"),
        )
        lines = [
            "| range | 14 × `increase()` | " + " | ".join(titles) + " |",
            "|---|" + "---:|" * (1 + len(titles)),
        ]
        for name, seconds in RANGES_S.items():
            first = first_refresh_ms(url, MENU_RANGES[name], repeats)
            hour = an_hour(url, usual, MENU_RANGES[name], seconds)
            theirs, polls = statistics.median(hour.usual), hour.refreshes
            median, mean = statistics.median(polls), statistics.mean(polls)
            whole = (sum(polls) + sum(hour.afterwards)) / len(polls)
            again = hour.afterwards[-1]
            shown = name if MENU_RANGES[name] == name else f"{name} (menu: {MENU_RANGES[name]})"
            lines.append(
                f"| {shown} | {theirs:,.0f} ms | {median:,.1f} ms | {median / theirs:.0%} "
                f"| {mean:,.1f} ms | {mean / theirs:.0%} | {max(polls):,.0f} ms "
                f"| {whole:,.1f} ms | {whole / theirs:.0%} | {again:,.0f} ms | {first:,.0f} ms |"
            )
        lines += [
            "",
            "| cost by model | `increase()` | exact | "
            + " | ".join(f"look-back {days} d" for days in LOOKBACKS_DAYS)
            + " |",
            "|---|---:|---:|" + "---:|" * len(LOOKBACKS_DAYS),
        ]
        for name, seconds in RANGES_S.items():
            promql = f"sum by (model) (increase({spellings.SUFFIXES.names[Metric.COST]}[{seconds}s]))"
            plain = median_ms(lambda promql=promql: usual.query(promql, NOW), repeats)  # type: ignore[misc]
            exact = by_model_ms(url, seconds, repeats)
            lookbacks = [by_model_ms(url, seconds, repeats, lookback_days=days) for days in LOOKBACKS_DAYS]
            lines.append(
                f"| {name} | {plain:,.0f} ms | {exact:,.0f} ms | "
                + " | ".join(f"{each:,.0f} ms" for each in lookbacks)
                + " |"
            )
    return lines


def held(url: str, function: str) -> int:
    """The sum of a function over all series of Claude Code on a server: of 1, or of their samples."""
    total = 0.0
    with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
        for name in spellings.SUFFIXES.names.values():
            promql = f"sum({function}({name}[100d]))"
            answer = client.post("/api/v1/query", data={"query": promql, "time": str(NOW + 86_400)})
            total += sum(float(sample["value"][1]) for sample in answer.json()["data"]["result"])
    return int(total)


def write_tables(document: Path, lines: Iterable[str], markers: tuple[str, str] = MARKERS) -> None:
    """Put the tables between the markers of the document."""
    begin, end = markers
    text = document.read_text(encoding="utf-8")
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    document.write_text("\n".join((head + begin, "", *lines, "", end + tail)), encoding="utf-8")


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description="Measure what a refresh costs on a real Prometheus.")
    parser.add_argument("--cache", type=Path, help="folder that keeps the datasets between runs")
    parser.add_argument("--series", type=int, nargs="+", default=[2600, 100_000])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--busy", type=int, default=BUSY, help="one session in so many is of the last hour")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/performance.md")
    options = parser.parse_args()

    lines: list[str] = []
    with tempfile.TemporaryDirectory(prefix="ccmon-bench-") as temporary:
        folder: Path = options.cache or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for wanted in options.series:
            print(f"preparing about {wanted:,} series", file=sys.stderr)
            blocks = f"--storage.tsdb.max-block-duration={BLOCKS_H[0]}h"
            with prometheus(make_blocks(wanted, folder, busy=options.busy), extra_args=[blocks]) as server:
                series, samples = held(server.url, "present_over_time"), held(server.url, "count_over_time")
                lines += [f"**{series:,} series, {samples:,} samples, 30 days**", ""]
                lines += [*measure(server.url, options.repeats), ""]
    load_1m = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    lines.append(
        f"Medians of {options.repeats}; of the usual way {LATER_POLLS // POLLS_A_ROUND}, in turn with the "
        f"{LATER_POLLS} refreshes of an hour. Prometheus and client on one machine with {os.cpu_count()} "
        f"cores, Python {platform.python_version()}; load at the end {load_1m:.1f}."
    )
    print("\n".join(lines))
    if options.write:
        write_tables(ROOT / "docs" / "performance.md", lines)


if __name__ == "__main__":
    main()
