"""Exact sums over the raw samples of series that reset. Pure arithmetic, no I/O.

A server can add up series that only rise. Those that reset inside a window are few, and are added up here:
every positive step counts, and after a drop the new value in full (FACTS: a counter begins again at 0).

Three things make a series drop:

* a **restart**: ``claude --resume`` goes on with the session's id in a new process, from 0;
* **two writers**: two processes of one session id write the same series in turn: the value oscillates;
* a **saw-tooth**: an exporter fed with deltas replaces the value after an idle interval; what it held before
  may already be lost.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Final

# Values that differ by less are the same: sums of floats in another order.
_EPSILON: Final = 1e-9
# So many returns to the level before a drop are no coincidence.
_RETURNS_OF_TWO_WRITERS: Final = 3


@dataclass(slots=True)
class Track:
    """The raw samples of one series in a window, ascending in time.

    Attributes:
        times: Unix seconds of the samples.
        values: Their values.
        base: The last value at or before the window; None if the series had none within the look-back.
    """

    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    base: float | None = None

    def drops(self) -> list[float]:
        """Unix seconds of the samples that are lower than the one before."""
        found = []
        before = self.base
        for t, value in zip(self.times, self.values, strict=True):
            if before is not None and value < before - _EPSILON:
                found.append(t)
            before = value
        return found


@dataclass(frozen=True, slots=True)
class Increments:
    """What a series rose by, and when it showed: two lists of equal length, ascending in time."""

    times: tuple[float, ...]
    amounts: tuple[float, ...]

    def over(self, start: float, end: float) -> float:
        """The increase in (start, end]."""
        low, high = bisect_right(self.times, start), bisect_right(self.times, end)
        return sum(self.amounts[low:high])


def has_two_writers(track: Track) -> bool:
    """Whether the value oscillates between two levels, as two processes on one series make it.

    After a drop from p to q the other writer's value comes back in a single step, at p or a little above; a
    restarted counter climbs back in its own time.
    """
    returns = 0
    peak: float | None = None
    floor = 0.0
    before = track.base
    for value in track.values:
        if before is not None and value < before - _EPSILON:
            peak, floor = before, value
        elif peak is not None and value >= peak - _EPSILON:
            if before is not None and before < peak - _EPSILON and value - peak <= peak - floor:
                returns += 1
            peak = None
        before = value
    return returns >= _RETURNS_OF_TWO_WRITERS


def increments(track: Track, restarts: Sequence[float] = ()) -> Increments:
    """Every rise of a series, after a drop the new value in full.

    Args:
        track: The samples.
        restarts: Unix seconds at which a new process of the session is known to have begun. The first change
            after one counts in full even if the value did not drop, for the counter began again at 0.
    """
    times: list[float] = []
    amounts: list[float] = []
    spacing = _spacing(track.times)
    pending = sorted(restarts)
    before, before_t = track.base, float("-inf")
    for t, value in zip(track.times, track.values, strict=True):
        amount = value if before is None or value < before - _EPSILON else value - before
        begun = bisect_right(pending, t)
        if begun and before is not None:
            interrupted = before_t < pending[begun - 1] and t - before_t > 1.5 * spacing
            if abs(value - before) > _EPSILON or interrupted:
                amount = value
                del pending[:begun]
        elif begun:
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
    times: list[float] = []
    amounts: list[float] = []
    levels: list[float] = [] if track.base is None else [track.base]
    for t, value in zip(track.times, track.values, strict=True):
        place = bisect_right(levels, value + _EPSILON) - 1
        below = levels.pop(place) if place >= 0 else 0.0
        if value - below > _EPSILON:
            times.append(t)
            amounts.append(value - below)
        levels.insert(bisect_left(levels, value), value)
    return Increments(tuple(times), tuple(amounts))


def confirmed_restarts(begins: Iterable[float], drops: Iterable[float]) -> list[float]:
    """Those begins of a resumed process that really restarted the counters.

    A pipeline that adds deltas up goes on from the old value when a session is resumed. Only where some
    series of the session drops after the begin (and before the next) have all of them started again at 0.

    Args:
        begins: Unix seconds at which ``session.count`` shows a resumed process.
        drops: Unix seconds of the drops of any series of that session.
    """
    ordered = sorted(begins)
    falls = sorted(drops)
    edges = [*ordered[1:], float("inf")]
    return [
        begin
        for begin, nxt in zip(ordered, edges, strict=True)
        if bisect_left(falls, begin) < bisect_left(falls, nxt)
    ]


def appearances(track: Track, gap_s: float = 360.0) -> list[float]:
    """Unix seconds at which a series shows up: its first sample, and the first after each gap.

    Args:
        track: The samples.
        gap_s: A silence this long, in seconds, is one: exporters drop an idle series after 5 minutes.
    """
    found = []
    before = float("-inf") if track.base is None else None
    for t in track.times:
        if before is None or t - before <= gap_s:
            before = t
            continue
        found.append(t)
        before = t
    return found


def _spacing(times: Sequence[float]) -> float:
    return median(b - a for a, b in pairwise(times)) if len(times) > 1 else 0.0
