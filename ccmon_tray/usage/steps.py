"""Steps that tile a window, aligned to local hours and days, about 60 to 120 for a chart."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Final

from ccmon_tray.usage.windows import Calendar, Window

MAX_STEPS: Final = 120
_HOUR: Final = 3600
_DAY: Final = 86_400

# Lengths that divide an hour or a day, so that steps can begin on round local times. (Twenty minutes would
# lose them where daylight saving shifts the clock by thirty.)
_NICE_S: Final = (
    1, 2, 5, 10, 15, 30,
    60, 120, 300, 600, 900, 1800,
    _HOUR, 2 * _HOUR, 3 * _HOUR, 4 * _HOUR, 6 * _HOUR, 8 * _HOUR, 12 * _HOUR,
    _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 28 * _DAY, 56 * _DAY, 364 * _DAY,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a window.

    Attributes:
        seconds: Nominal length; the first and last may be shorter, and daylight saving may stretch one.
        boundaries: n + 1 ascending Unix seconds; step i is (boundaries[i], boundaries[i + 1]].
    """

    seconds: int
    boundaries: tuple[int, ...]

    @property
    def count(self) -> int:
        """Number of steps."""
        return len(self.boundaries) - 1

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """(start, end) of each step, Unix seconds."""
        return tuple(pairwise(self.boundaries))


def nominal_step_s(length_s: int, most: int = MAX_STEPS) -> int:
    """The smallest round step, in seconds, that tiles ``length_s`` seconds with at most ``most`` steps."""
    for step in _NICE_S:
        if length_s <= step * most:
            return step
    return -(-length_s // (most * _DAY)) * _DAY


def tile(window: Window, calendar: Calendar, step_s: int | None = None) -> Steps:
    """Tile a window with steps that begin on round local times.

    Args:
        window: What to tile.
        calendar: The user's days.
        step_s: Length of a step in seconds, which divides an hour, or a day, or is whole days; None chooses
            one for a chart.
    """
    step = nominal_step_s(window.seconds) if step_s is None else step_s
    if step < _HOUR:
        inner = _within_the_hour(window, calendar, step)
    elif step < _DAY:
        inner = _within_the_day(window, calendar, step // _HOUR)
    else:
        inner = _whole_days(window, calendar, step // _DAY)
    return Steps(
        step, (window.start, *(edge for edge in inner if window.start < edge < window.end), window.end)
    )


def _within_the_hour(window: Window, calendar: Calendar, step: int) -> list[int]:
    # Offsets from UTC are whole minutes at least, and change by whole multiples of these steps.
    offset = calendar.local(window.start).utcoffset() or timedelta()
    shift = int(offset.total_seconds()) % step
    first = (window.start + shift) // step * step - shift
    return list(range(first, window.end, step))


def _within_the_day(window: Window, calendar: Calendar, hours: int) -> list[int]:
    day = calendar.day_of(window.start)
    edges: set[int] = set()
    while (midnight := calendar.midnight(day)) < window.end:
        edges.add(midnight)
        for hour in range(hours, 24, hours):
            edges.add(int(datetime.combine(day, time(hour), calendar.zone).timestamp()))
        day += timedelta(days=1)
    return sorted(edges)


def _whole_days(window: Window, calendar: Calendar, days: int) -> list[int]:
    day = calendar.day_of(window.start)
    if days % 7 == 0:
        day = calendar.first_of_week(day)
    edges: set[int] = set()
    while (midnight := calendar.midnight(day)) < window.end:
        edges.add(midnight)
        day += timedelta(days=days)
    return sorted(edges)
