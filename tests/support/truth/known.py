"""The truth about a recording: sums over increments, by the moment at which each became visible."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum

from ccmon_tray.usage.metrics import Label, Metric, token_type
from tests.support.truth.recorders import Increment, Recording

Where = Sequence[tuple[Label, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Seen:
    """When a session's use in a window first and last became visible, Unix seconds."""

    first: float
    last: float


class Truth:
    """What was used in any window (start, end], Unix seconds."""

    def __init__(self, recording: Recording) -> None:
        self._by_metric: dict[Metric, list[Increment]] = defaultdict(list)
        for increment in recording.increments:
            self._by_metric[increment.series.metric].append(increment)
        self._times = {
            metric: [increment.visible_at for increment in increments]
            for metric, increments in self._by_metric.items()
        }

    def _within(self, metric: Metric, start: float, end: float) -> list[Increment]:
        times = self._times.get(metric, [])
        return self._by_metric[metric][bisect_right(times, start) : bisect_right(times, end)]

    def by(
        self, metric: Metric, start: float, end: float, labels: Sequence[Label] = (), where: Where = ()
    ) -> dict[tuple[str, ...], float]:
        """The increase of each group that did increase; types of tokens under their report keys."""
        amounts: dict[tuple[str, ...], list[float]] = defaultdict(list)
        for increment in self._within(metric, start, end):
            if all(increment.series.label(label.value) in values for label, values in where):
                amounts[tuple(_value(increment, label) for label in labels)].append(increment.amount)
        sums = {key: fsum(parts) for key, parts in amounts.items()}
        return {key: total for key, total in sums.items() if total > 0}

    def total(self, metric: Metric, start: float, end: float, where: Where = ()) -> float:
        """The whole increase."""
        return sum(self.by(metric, start, end, where=where).values())

    def steps(self, metric: Metric, boundaries: Sequence[int]) -> list[float]:
        """The increase of each step between the boundaries."""
        return [self.total(metric, start, end) for start, end in pairwise(boundaries)]

    def sessions(self, start: float, end: float) -> dict[str, Seen]:
        """The sessions with any use, and when it showed; to have started is no use."""
        times: dict[str, list[float]] = defaultdict(list)
        for increment in self._uses(start, end):
            times[increment.series.label("session_id")].append(increment.visible_at)
        return {session: Seen(min(moments), max(moments)) for session, moments in times.items()}

    def _uses(self, start: float, end: float) -> Iterator[Increment]:
        for metric in self._by_metric.keys() - {Metric.SESSIONS}:
            yield from (use for use in self._within(metric, start, end) if use.amount > 0)


def _value(increment: Increment, label: Label) -> str:
    value = increment.series.label(label.value)
    if label is Label.TYPE and (kind := token_type(value)) is not None:
        return kind.value
    return value
