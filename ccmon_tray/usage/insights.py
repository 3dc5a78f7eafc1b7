"""What days and hours of use tell: streaks, the busiest hour, the dearest day, the hours of the week."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

HOURS: Final = 24
DAYS_OF_WEEK: Final = 7
_DAY: Final = timedelta(days=1)

Grid = tuple[tuple[float, ...], ...]
"""A value for each hour of each weekday: seven rows, Monday first, of 24 hours."""


@dataclass(frozen=True, slots=True)
class DayUsage:
    """What a local day was used for; None where that is unknown.

    Attributes:
        day: The local day.
        cost_usd: Cost.
        tokens: Tokens of all types.
        active_s: Seconds of active time.
    """

    day: date
    cost_usd: float | None
    tokens: float | None
    active_s: float | None

    @property
    def used(self) -> bool:
        """Whether anything was used."""
        return bool(self.cost_usd or self.tokens or self.active_s)


@dataclass(frozen=True, slots=True)
class Streaks:
    """Days of use in a row: those up to now, and the most there were, with the last day of these."""

    current: int
    longest: int
    longest_end: date | None


def streaks(used: Collection[date], today: date) -> Streaks:
    """Streaks of days in a row with use.

    A streak is not broken by a day that is not over yet: the current one counts up to today, or to yesterday
    while nothing was used today.

    Args:
        used: The days with use, in any order.
        today: The local day that is now.
    """
    longest, longest_end, run = 0, None, 0
    before: date | None = None
    for day in sorted(set(used)):
        run = run + 1 if before is not None and day - before == _DAY else 1
        if run >= longest:
            longest, longest_end = run, day
        before = day
    current, day = 0, today if today in used else today - _DAY
    while day in used:
        current, day = current + 1, day - _DAY
    return Streaks(current, longest, longest_end)


def week_grid(hours: Iterable[tuple[int, int, float]]) -> Grid:
    """Values summed by weekday and hour of the day.

    Args:
        hours: (weekday, hour, value) of each stretch of time by its local start, weekday 0 for Monday. An
            hour that daylight saving repeats is counted under its one name, a skipped one is nothing.
    """
    sums = [[0.0] * HOURS for _ in range(DAYS_OF_WEEK)]
    for weekday, hour, value in hours:
        sums[weekday][hour] += value
    return tuple(map(tuple, sums))


def busiest_hour(grid: Grid) -> int | None:
    """The hour of the day (0 to 23) with the largest sum over the week; None if there is nothing."""
    sums = [sum(row[hour] for row in grid) for hour in range(HOURS)]
    most = max(sums)
    return sums.index(most) if most > 0 else None


def dearest_day(days: Sequence[DayUsage]) -> DayUsage | None:
    """The day that cost most, the latest of equals; None if nothing did."""
    costly = [day for day in days if day.cost_usd]
    return max(costly, key=lambda day: (day.cost_usd or 0.0, day.day), default=None)
