"""The truth about a recording: sums over increments, by the moment at which each became visible."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import fsum

from ccmon_tray.usage.metrics import Label, Metric, token_type
from tests.support.truth.recorders import Recording, SeriesKey

Where = Sequence[tuple[Label, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Seen:
    """When a session's use in a window first and last became visible, Unix seconds."""

    first: float
    last: float


class _Ledger:
    """The increments of one series that are more than nothing, by the moment of their showing."""

    def __init__(self, series: SeriesKey, entries: Sequence[tuple[float, float]]) -> None:
        self.labels = dict(series.labels)
        self._times = [at for at, _ in entries]
        self._sums = [0.0, *accumulate(amount for _, amount in entries)]

    def over(self, start: float, end: float) -> float:
        if self._times[0] > end or self._times[-1] <= start:
            return 0.0
        low, high = bisect_right(self._times, start), bisect_right(self._times, end)
        return self._sums[high] - self._sums[low]

    def moments(self, start: float, end: float) -> list[float]:
        return self._times[bisect_right(self._times, start) : bisect_right(self._times, end)]


class Truth:
    """What was used in any window (start, end], Unix seconds."""

    def __init__(self, recording: Recording) -> None:
        entries: dict[SeriesKey, list[tuple[float, float]]] = defaultdict(list)
        for increment in recording.increments:
            if increment.amount > 0:
                entries[increment.series].append((increment.visible_at, increment.amount))
        self._ledgers: dict[Metric, list[_Ledger]] = defaultdict(list)
        for series, own in entries.items():
            self._ledgers[series.metric].append(_Ledger(series, own))

    def by(
        self, metric: Metric, start: float, end: float, labels: Sequence[Label] = (), where: Where = ()
    ) -> dict[tuple[str, ...], float]:
        """The increase of each group that did increase; types of tokens under their report keys."""
        amounts: dict[tuple[str, ...], list[float]] = defaultdict(list)
        for ledger in self._ledgers[metric]:
            rise = ledger.over(start, end)
            if rise > 0 and all(ledger.labels.get(label.value, "") in values for label, values in where):
                amounts[tuple(_value(ledger, label) for label in labels)].append(rise)
        return {key: fsum(parts) for key, parts in amounts.items()}

    def total(self, metric: Metric, start: float, end: float, where: Where = ()) -> float:
        """The whole increase."""
        return sum(self.by(metric, start, end, where=where).values())

    def steps(self, metric: Metric, boundaries: Sequence[int]) -> list[float]:
        """The increase of each step between the boundaries."""
        used = [ledger for ledger in self._ledgers[metric] if ledger.over(boundaries[0], boundaries[-1]) > 0]
        return [fsum(ledger.over(start, end) for ledger in used) for start, end in pairwise(boundaries)]

    def sessions(self, start: float, end: float) -> dict[str, Seen]:
        """The sessions with any use, and when it showed; to have started is no use."""
        times: dict[str, list[float]] = defaultdict(list)
        for metric in self._ledgers.keys() - {Metric.SESSIONS}:
            for ledger in self._ledgers[metric]:
                if moments := ledger.moments(start, end):
                    times[ledger.labels["session_id"]] += (moments[0], moments[-1])
        return {session: Seen(min(moments), max(moments)) for session, moments in times.items()}


def _value(ledger: _Ledger, label: Label) -> str:
    value = ledger.labels.get(label.value, "")
    if label is Label.TYPE and (kind := token_type(value)) is not None:
        return kind.value
    return value
