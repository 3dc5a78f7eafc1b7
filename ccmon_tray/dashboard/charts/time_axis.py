"""The times written below a chart: round ones of the local clock, as many as there is room for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Final

from ccmon_tray.usage.windows import Calendar

_HOUR: Final = 3600
_DAY: Final = 86_400
_MINUTES: Final = (1, 2, 5, 10, 15, 30)
_HOURS: Final = (1, 2, 3, 6, 12)
_DAYS: Final = (1, 2, 3, 7, 14)
_MONTHS: Final = (1, 3, 6, 12)


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment (Unix seconds) with its words."""

    at: int
    label: str


def time_ticks(
    start: int, end: int, calendar: Calendar, fits: Callable[[Sequence[Tick]], bool]
) -> tuple[Tick, ...]:
    """The finest round times within [start, end] whose words fit.

    Args:
        start: Unix seconds.
        end: Unix seconds.
        calendar: The user's days and weeks.
        fits: Whether so many can be drawn side by side.

    Returns:
        Ascending; none where not even the coarsest fit.
    """
    for ticks in _finest_first(start, end, calendar):
        if ticks and fits(ticks):
            return tuple(ticks)
    return ()


def _finest_first(start: int, end: int, calendar: Calendar) -> Iterator[list[Tick]]:
    span = end - start
    # More than a hundred never fit, and are not worth making. Days are not cut up in a week's chart.
    for minutes in _MINUTES:
        if span <= minutes * 60 * 100:
            yield _by_minutes(start, end, calendar, minutes * 60)
    for hours in _HOURS:
        if span <= hours * _HOUR * 100 and span <= 4 * _DAY:
            yield _by_hours(start, end, calendar, hours)
    for days in _DAYS:
        if span <= days * _DAY * 100:
            yield _by_days(start, end, calendar, days)
    for months in _MONTHS:
        yield _by_months(start, end, calendar, months)


def _by_minutes(start: int, end: int, calendar: Calendar, step: int) -> list[Tick]:
    offset = calendar.local(start).utcoffset() or timedelta()
    shift = int(offset.total_seconds()) % step
    first = -(-(start + shift) // step) * step - shift
    return [Tick(at, _clock(calendar.local(at))) for at in range(first, end + 1, step)]


def _by_hours(start: int, end: int, calendar: Calendar, step: int) -> list[Tick]:
    ticks = []
    day = calendar.day_of(start)
    while (midnight := calendar.midnight(day)) <= end:
        ticks.append(Tick(midnight, _clock(calendar.local(midnight))))
        for hour in range(step, 24, step):
            at = int(datetime.combine(day, time(hour), calendar.zone).timestamp())
            local = calendar.local(at)
            if local.hour == hour and at > midnight:  # else daylight saving skips it
                ticks.append(Tick(at, _clock(local)))
        day += timedelta(days=1)
    return _within(ticks, start, end)


def _by_days(start: int, end: int, calendar: Calendar, step: int) -> list[Tick]:
    day = calendar.day_of(start)
    if step % 7 == 0:
        day = calendar.first_of_week(day)
        # Every other week is the same one however the window moves.
        day -= timedelta(days=(day.toordinal() // 7 * 7) % step)
    else:
        day -= timedelta(days=day.toordinal() % step)
    short = end - start <= 10 * _DAY
    ticks = []
    while (midnight := calendar.midnight(day)) <= end:
        ticks.append(Tick(midnight, f"{day:%a} {day.day}" if short else day_label(day)))
        day += timedelta(days=step)
    return _within(ticks, start, end)


def _by_months(start: int, end: int, calendar: Calendar, step: int) -> list[Tick]:
    day = calendar.day_of(start).replace(day=1)
    ticks = []
    while (midnight := calendar.midnight(day)) <= end:
        if (day.month - 1) % step == 0:
            ticks.append(Tick(midnight, f"{day:%b} {day.year}" if day.month == 1 else f"{day:%b}"))
        day = (day + timedelta(days=32)).replace(day=1)
    return _within(ticks, start, end)


def _within(ticks: list[Tick], start: int, end: int) -> list[Tick]:
    return [tick for tick in ticks if start <= tick.at <= end]


def _clock(local: datetime) -> str:
    return f"{local:%a} {local.day}" if local.time() == time() else f"{local:%H:%M}"


def day_label(day: date) -> str:
    """A day without its year: ``3 Nov``."""
    return f"{day.day} {day:%b}"


def day_labels(days: Sequence[date]) -> list[str]:
    """The words below daily bars: with the weekday where there are few."""
    if len(days) <= 10 and days[-1] - days[0] <= timedelta(days=10):
        return [f"{day:%a} {day.day}" for day in days]
    return [day_label(day) for day in days]


def day_title(day: date) -> str:
    """A day with its weekday: ``Sat 21 Nov``."""
    return f"{day:%a} {day.day} {day:%b}"


def moment_title(unix_s: int, calendar: Calendar, step_s: int) -> str:
    """A moment in a chart of such steps: ``Sat 21 Nov, 14:00``; with seconds where steps have them."""
    local = calendar.local(unix_s)
    return f"{day_title(local.date())}, {local:{'%H:%M:%S' if step_s < 60 else '%H:%M'}}"


def span_title(start: int, end: int, calendar: Calendar, step_s: int) -> str:
    """A step of a chart: ``Sat 21 Nov, 14:00–16:00``, ``Sat 21 Nov``, ``Sat 21 – Fri 27 Nov``.

    Args:
        start: Unix seconds.
        end: Unix seconds.
        calendar: The user's days.
        step_s: The usual length of the chart's steps, seconds.
    """
    first, last = calendar.local(start), calendar.local(end - 1)
    if step_s >= _DAY:
        if first.date() == last.date():
            return day_title(first.date())
        same = (first.year, first.month) == (last.year, last.month)
        head = f"{first:%a} {first.day}" if same else day_title(first.date())
        return f"{head} – {day_title(last.date())}"
    form = "%H:%M:%S" if step_s < 60 else "%H:%M"
    ending = calendar.local(end)
    words = "24:00" if ending.time() == time() and step_s >= 60 else f"{ending:{form}}"
    return f"{day_title(first.date())}, {first:{form}}–{words}"


def usual_step_s(boundaries: Sequence[int]) -> int:
    """The length most steps have, seconds: the first and the last may be cut."""
    lengths = sorted(b - a for a, b in pairwise(boundaries))
    return lengths[len(lengths) // 2] if lengths else 0
