"""Exact sums over the raw samples of series that reset. Pure arithmetic, no I/O.

A server can add up series that only rise. Those that reset inside a window are few, and are added up here:
every positive step counts, and after a drop the new value in full, for a counter begins again at 0.

Three things make a series drop:

* a **restart**: ``claude --resume`` goes on with the session's id in a new process, from 0;
* **two writers**: two processes of one session id write the same series in turn: the value oscillates;
* a **saw-tooth**: an exporter fed with deltas replaces the value after an idle interval; what it held before
  may already be lost.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite
from typing import Final

# Values that differ by less are the same: sums of floats in another order.
_EPSILON: Final = 1e-9
# A series sampled more seldom than this shows a pause before every sample; more often, after a missed one.
_LONGEST_SPACING_S: Final = 90.0
_SHORTEST_SPACING_S: Final = 1.0
# So many returns to the level before a drop are no coincidence.
_RETURNS_OF_TWO_WRITERS: Final = 3


@dataclass(slots=True)
class Track:
    """What one series did, ascending in time: the samples that tell something.

    A sample that repeats the value before it, in step with the samples before, is left out.

    Attributes:
        times: Unix seconds of the samples.
        values: Their values.
        interrupted: Whether samples were missing before each: a pause of the series, or its first sample.
        preceding: Unix seconds of the sample before each, which may be one that is left out.
    """

    times: "array[float]" = field(default_factory=lambda: array("d"))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    interrupted: "array[int]" = field(default_factory=lambda: array("b"))
    preceding: "array[float]" = field(default_factory=lambda: array("d"))
    _newest: float = float("-inf")
    _spacing: float = _LONGEST_SPACING_S
    _gap: float = float("inf")  # before the newest
    # After a cut between samples in step: the newest is left out, and when it was is not known.
    _in_step: bool = False

    def extend(self, samples: Iterable[tuple[float, float]]) -> None:
        """Add samples, (Unix seconds, value) ascending; those not newer than the newest are known already."""
        for t, value in samples:
            if t <= self._newest or not isfinite(value):
                continue
            gap = t - self._newest
            interrupted = gap > 1.5 * self._spacing and not self._in_step
            if interrupted or not self.values or abs(value - self.values[-1]) > _EPSILON:
                self.times.append(t)
                self.values.append(value)
                self.interrupted.append(interrupted)
                self.preceding.append(self._newest)
            if self._in_step:
                gap = float("inf")
            # Of two gaps the longer: a process exports once more at its end, soon after the export before.
            self._spacing = min(self._spacing, max(gap, self._gap, _SHORTEST_SPACING_S))
            self._newest, self._gap, self._in_step = t, gap, False

    def until(self, end: float) -> "Track":
        """A copy without what came after ``end`` (Unix seconds), to be extended again from there."""
        kept = bisect_right(self.times, end)
        # Up to the next sample kept, those left out are in step, until it says that the series paused.
        newest = self.preceding[kept] if kept < len(self.times) else self._newest
        return Track(
            self.times[:kept],
            self.values[:kept],
            self.interrupted[:kept],
            self.preceding[:kept],
            min(newest, end),
            self._spacing,
            _in_step=newest > end,
        )

    def changes(self) -> list[float]:
        """Unix seconds of the samples that differ from the one before, the first one included."""
        return [
            t
            for i, t in enumerate(self.times)
            if not i or abs(self.values[i] - self.values[i - 1]) > _EPSILON
        ]

    def drops(self) -> list[tuple[float, float]]:
        """(last change before, moment) of each sample that is lower than the one before, Unix seconds.

        Between the two the series stood still: an exporter may show a value long after its process has ended.
        """
        found = []
        before, changed = float("-inf"), float("-inf")
        for t, value in zip(self.times, self.values, strict=True):
            if value < before - _EPSILON:
                found.append((changed, t))
            if abs(value - before) > _EPSILON:
                changed = t
            before = value
        return found

    def appearances(self) -> list[float]:
        """Unix seconds at which the series shows up: its first sample, and the first after each pause."""
        return [t for t, interrupted in zip(self.times, self.interrupted, strict=True) if interrupted]

    def by_expression(self, start: float, end: float) -> float:
        """What :func:`..promql.increase` says of (start, end]: last value less base, else the last value."""
        first, after = bisect_right(self.times, start), bisect_right(self.times, end)
        if first == after:
            return 0.0
        last = self.values[after - 1]
        base = self.values[first - 1] if first else 0.0
        return last if last < base else last - base

    def height(self, start: float, end: float) -> float:
        """The last value in (start, end], 0 if there is no sample in it.

        The stretch must be no shorter than the interval between samples.
        """
        after = bisect_right(self.times, end)
        if not after:
            return 0.0
        # Samples that are left out follow it in step up to this one.
        newest = self.preceding[after] if after < len(self.times) else self._newest
        is_seen = max(self.times[after - 1], min(newest, end)) > start
        return self.values[after - 1] if is_seen else 0.0

    def said(self, start: float, end: float, anchor: float | None) -> float:
        """What a server says of (start, end]: how heights since ``anchor`` differ, or the expression."""
        if anchor is None:
            return self.by_expression(start, end)
        return self.height(anchor, end) - self.height(anchor, start)


@dataclass(frozen=True, slots=True)
class Increments:
    """What a series rose by, and when it showed: two lists of equal length, ascending in time."""

    times: tuple[float, ...]
    amounts: tuple[float, ...]

    def over(self, start: float, end: float) -> float:
        """The increase in (start, end]."""
        low, high = bisect_right(self.times, start), bisect_right(self.times, end)
        return sum(self.amounts[low:high])

    def moments(self, start: float, end: float) -> tuple[float, ...]:
        """When it rose in (start, end], Unix seconds."""
        return self.times[bisect_right(self.times, start) : bisect_right(self.times, end)]


def has_two_writers(track: Track) -> bool:
    """Whether the value oscillates between two levels, as two processes on one series make it.

    After a drop from p to q the other writer's value comes back in a single step, at p or a little above,
    while both levels only rise; a restarted one climbs back in its own time, or begins lower the next time.
    """
    returns = drops = 0
    peak: float | None = None
    floor = before = 0.0
    for value, interrupted in zip(track.values, track.interrupted, strict=True):
        if value < before - _EPSILON:
            peak, floor = None if interrupted else before, value
            drops += 1
        elif peak is not None and value >= peak - _EPSILON:
            height = peak - floor
            if not interrupted and before - floor <= height / 4 and value - peak <= height:
                returns += 1
            peak = None
        before = value
    return returns >= _RETURNS_OF_TWO_WRITERS and _separated(track)[1] <= 1 + drops // 2


def increments(track: Track, restarted: Sequence[float] = ()) -> Increments:
    """Every rise of a series, after a drop the new value in full.

    Args:
        track: The samples.
        restarted: Unix seconds, ascending, at which the session's counters began again at 0. The first change
            after one counts in full even if the value did not drop; so does the same value after a pause.
    """
    times: list[float] = []
    amounts: list[float] = []
    pending = list(restarted)
    before, before_t = 0.0, float("-inf")
    for t, value, interrupted in zip(track.times, track.values, track.interrupted, strict=True):
        amount = value if value < before - _EPSILON else value - before
        begun = bisect_right(pending, t)
        if begun:
            paused = interrupted and before_t < pending[begun - 1]
            if abs(value - before) > _EPSILON or paused:
                amount = value
                del pending[:begun]
        if amount > _EPSILON:
            times.append(t)
            amounts.append(amount)
        before, before_t = value, t
    return Increments(tuple(times), tuple(amounts))


def increments_of_writers(track: Track) -> Increments:
    """The best estimate for a series that several processes write in turn.

    Each sample is taken to continue the writer whose last value is the highest not above it; a sample below
    all of them begins a new writer at 0. Where writers overtake one another this is an estimate.
    """
    return _separated(track)[0]


def _separated(track: Track) -> tuple[Increments, int]:
    """What all writers of a series added, and how many there seem to be."""
    times: list[float] = []
    amounts: list[float] = []
    levels: list[float] = []
    for t, value in zip(track.times, track.values, strict=True):
        place = bisect_right(levels, value + _EPSILON) - 1
        below = levels.pop(place) if place >= 0 else 0.0
        if value - below > _EPSILON:
            times.append(t)
            amounts.append(value - below)
        levels.insert(bisect_left(levels, value), value)
    return Increments(tuple(times), tuple(amounts)), len(levels)


def restarts(begins: Iterable[float], tracks: Sequence[Track]) -> list[float]:
    """When the counters of a resumed session began again at 0.

    Not every begin of a resumed process is such a moment: a pipeline that adds deltas up goes on from the old
    value. But all counters of a process begin together, so a series that drops tells of the others, even of
    those whose new value is already above the old.

    A drop is explained by a begin since its series last changed. For the drops that no begin explains the
    restart is taken to be at the end of the session's longest pause since that change.

    Args:
        begins: Unix seconds at which ``session.count`` shows a resumed process.
        tracks: All series of the session.

    Returns:
        Unix seconds, ascending.
    """
    known = sorted(begins)
    found: set[float] = set()
    moments = sorted({t for track in tracks for t in track.changes()})
    # By their end: a restart found for one drop may explain the next.
    for changed, t in sorted({drop for track in tracks for drop in track.drops()}, key=lambda drop: drop[1]):
        if any(changed < point <= t for point in found):
            continue
        begin = bisect_right(known, t) - 1
        if begin >= 0 and known[begin] > changed:
            found.add(known[begin])
            continue
        within = moments[max(0, bisect_left(moments, changed)) : bisect_right(moments, t)]
        pauses = [(after - before, after) for before, after in pairwise(within)]
        found.add(max(pauses)[1] if pauses else t)
    return sorted(found)
