"""From use to samples: what a pipeline makes of it, and when each increment first shows.

Counters are cumulative within a process. A recorder answers, for every process, which samples its exports
become. An increment becomes visible at the first sample of its series that includes it; windows are about
those moments, since no store knows more.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ccmon_tray.usage.metrics import Metric
from tests.support.truth.use import MINUTE, Labels, Process

SCRAPE_S: Final = 15.0
METRIC_EXPIRATION_S: Final = 5 * MINUTE

Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """A series: its metric and all its labels, spelled with underscores."""

    metric: Metric
    labels: Labels

    def label(self, name: str) -> str:
        """The value of a label, or "" without it."""
        return next((value for key, value in self.labels if key == name), "")


@dataclass(frozen=True, slots=True)
class Increment:
    """What one event added to a series, and when a sample first showed it (Unix seconds)."""

    visible_at: float
    series: SeriesKey
    amount: float


@dataclass(slots=True)
class Recording:
    """Samples as stored, and the increments they stand for."""

    series: dict[SeriesKey, Points] = field(default_factory=lambda: defaultdict(list))
    increments: list[Increment] = field(default_factory=list)

    def finish(self) -> "Recording":
        """Sort everything by time; a later sample of the same instant replaces the earlier one."""
        for key, points in self.series.items():
            points.sort(key=lambda point: point[0])
            self.series[key] = list(dict(points).items())
        self.increments.sort(key=lambda increment: increment.visible_at)
        return self


Recorder = Callable[[Sequence[Process]], Recording]


@dataclass(frozen=True, slots=True)
class _Export:
    """A cumulative export of one process: every series used so far, and which of them changed."""

    at: float
    values: Mapping[SeriesKey, float]
    changed: frozenset[SeriesKey]


def _exports(process: Process, interval_s: float) -> list[_Export]:
    running: dict[SeriesKey, float] = {}
    exports = []
    waiting = list(process.events)
    for at in process.export_times(interval_s):
        changed = set()
        while waiting and waiting[0].at <= at:
            event = waiting.pop(0)
            key = _key(process, event.metric, event.labels)
            running[key] = running.get(key, 0.0) + event.amount
            changed.add(key)
        exports.append(_Export(at, dict(running), frozenset(changed)))
    if waiting:
        raise ValueError(f"an event at {waiting[0].at} is after its process ended at {process.end}")
    return exports


def _key(process: Process, metric: Metric, own: Labels) -> SeriesKey:
    return SeriesKey(metric, (("session_id", process.session_id), *process.user.identity, *own))


def _increments(process: Process, shown: Mapping[SeriesKey, Sequence[float]]) -> Iterable[Increment]:
    """Each event at the first moment, of those at which its series showed this process, that includes it."""
    for event in process.events:
        key = _key(process, event.metric, event.labels)
        moments = shown[key]
        yield Increment(moments[bisect_left(moments, event.at)], key, event.amount)


def cumulative(processes: Sequence[Process], *, interval_s: float = MINUTE) -> Recording:
    """Cumulative exports, stored as they come: remote write, or an OTLP receiver."""
    recording = Recording()
    for process in processes:
        shown: dict[SeriesKey, list[float]] = defaultdict(list)
        for export in _exports(process, interval_s):
            for key, value in export.values.items():
                recording.series[key].append((export.at, value))
                shown[key].append(export.at)
        recording.increments += _increments(process, shown)
    return recording.finish()


def changes_only(processes: Sequence[Process], *, interval_s: float = MINUTE) -> Recording:
    """Samples only at exports in which a series was used: a collector that sends timestamps."""
    recording = Recording()
    for process in processes:
        shown: dict[SeriesKey, list[float]] = defaultdict(list)
        for export in _exports(process, interval_s):
            for key in export.changed:
                recording.series[key].append((export.at, export.values[key]))
                shown[key].append(export.at)
        recording.increments += _increments(process, shown)
    return recording.finish()


def at_exit(processes: Sequence[Process]) -> Recording:
    """One export, at the end of each process."""
    return cumulative(processes, interval_s=math.inf)


def scraped(processes: Sequence[Process], *, phase_s: float = 0.0) -> Recording:
    """A collector's exporter, scraped every 15 s, that shows a series until 5 min after its last export.

    Processes of one session must lie a scrape apart at least: what is overwritten before it was scraped is
    lost to any store.

    Args:
        processes: What ran.
        phase_s: When scrapes happen: at multiples of 15 s and so much.
    """
    recording = Recording()
    exposed: dict[SeriesKey, Points] = defaultdict(list)
    for process in processes:
        exported: dict[SeriesKey, list[float]] = defaultdict(list)
        for export in _exports(process, MINUTE):
            for key, value in export.values.items():
                exposed[key].append((export.at, value))
                exported[key].append(export.at)
        recording.increments += [
            replace(increment, visible_at=_scrape_at_or_after(increment.visible_at, phase_s))
            for increment in _increments(process, exported)
        ]
    for key, exports in exposed.items():
        exports.sort(key=lambda point: point[0])
        recording.series[key] = _scrapes(exports, phase_s)
    return recording.finish()


def scraped_deltas(processes: Sequence[Process]) -> Recording:
    """The same exporter fed with deltas: after an interval without use the value is replaced, not added to.

    What it held then is lost, unless a scrape came in between; the increments are what happened all the same.
    """
    recording = Recording()
    for process in processes:
        exposed: dict[SeriesKey, Points] = defaultdict(list)
        counted: dict[SeriesKey, float] = {}
        held: dict[SeriesKey, tuple[float, float]] = {}
        before = process.start
        for export in _exports(process, MINUTE):
            for key in export.changed:
                delta = export.values[key] - counted.get(key, 0.0)
                counted[key] = export.values[key]
                ended, value = held.get(key, (process.start, 0.0))
                # The exporter adds only where the delta begins at the end of what it holds.
                value = value + delta if ended == before else delta
                held[key] = (export.at, value)
                exposed[key].append((export.at, value))
            before = export.at
        exported = {key: [at for at, _ in points] for key, points in exposed.items()}
        recording.increments += [
            replace(increment, visible_at=_scrape_at_or_after(increment.visible_at, 0.0))
            for increment in _increments(process, exported)
        ]
        for key, points in exposed.items():
            recording.series[key] = _scrapes(points, 0.0)
    return recording.finish()


def merged(recordings: Iterable[Recording]) -> Recording:
    """Recordings of different sessions in one store."""
    whole = Recording()
    for recording in recordings:
        for key, points in recording.series.items():
            whole.series[key] += points
        whole.increments += recording.increments
    return whole.finish()


def shifted(recording: Recording, seconds: float) -> Recording:
    """The same, so many seconds later."""
    return Recording(
        {key: [(at + seconds, value) for at, value in points] for key, points in recording.series.items()},
        [replace(increment, visible_at=increment.visible_at + seconds) for increment in recording.increments],
    )


def _scrape_at_or_after(at: float, phase_s: float) -> float:
    return round(math.ceil(round((at - phase_s) / SCRAPE_S, 6)) * SCRAPE_S + phase_s, 3)


def _scrapes(exports: Points, phase_s: float) -> Points:
    points: Points = []
    for index, (exported_at, value) in enumerate(exports):
        until = exported_at + METRIC_EXPIRATION_S
        if index + 1 < len(exports):
            until = min(until, exports[index + 1][0])
        at = _scrape_at_or_after(exported_at, phase_s)
        while at < until:
            points.append((at, value))
            at = round(at + SCRAPE_S, 3)
    return points
