"""Windows of time as people mean them: "today" starts at local midnight, weeks at the set weekday.

A window is (start, end], whole Unix seconds. Rolling ranges (``7d``) end now and last so many seconds;
calendar ranges (``today``, ``last month``) begin and end at local midnights, whatever daylight saving does to
the hours between.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from ccmon_tray.errors import UsageError

ROLLING_S: Final[dict[str, int]] = {
    "15m": 900,
    "1h": 3600,
    "4h": 4 * 3600,
    "1d": 86_400,
    "7d": 7 * 86_400,
    "30d": 30 * 86_400,
    "90d": 90 * 86_400,
}
CALENDAR: Final = ("today", "yesterday", "this week", "last week", "this month", "last month")
RANGE_NAMES: Final = (*ROLLING_S, *CALENDAR)
_DAY: Final = 86_400

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Calendar:
    """The user's days and weeks.

    Args:
        zone: The time zone of days.
        zone_name: Its name for people and reports (``Europe/Berlin``).
        week_start: 0 for Monday to 6 for Sunday.
    """

    zone: tzinfo
    zone_name: str
    week_start: int = 0

    def local(self, unix_s: float) -> datetime:
        """The local date and time of a moment."""
        return datetime.fromtimestamp(unix_s, self.zone)

    def midnight(self, day: date) -> int:
        """Unix seconds at which a local day begins.

        Where daylight saving skips midnight, the day begins at the first moment there is.
        """
        begin = int(datetime.combine(day, time(), self.zone).timestamp())
        there = self.local(begin)
        if there.date() == day and there.time() == time():
            return begin
        # That wall time does not exist: the day begins where the gap ends.
        before, after = begin - _DAY, begin + _DAY
        while after - before > 1:
            middle = (before + after) // 2
            if self.local(middle).date() < day:
                before = middle
            else:
                after = middle
        return after

    def day_of(self, unix_s: float) -> date:
        """The local day that a moment lies in."""
        return self.local(unix_s).date()

    def first_of_week(self, day: date) -> date:
        """The day on which the week of ``day`` began."""
        return day - timedelta(days=(day.weekday() - self.week_start) % 7)

    def same_time(self, unix_s: float, days: int) -> int:
        """The moment with the same wall time ``days`` local days later (negative: before)."""
        here = self.local(unix_s)
        there = datetime.combine(here.date() + timedelta(days=days), here.time(), self.zone)
        return int(there.timestamp())


@dataclass(frozen=True, slots=True)
class Window:
    """A window (start, end], whole Unix seconds, with the name it goes by (``custom`` if it has none)."""

    name: str
    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise UsageError(
                "The range is empty",
                cause=f"it would end ({self.end}) at or before its start ({self.start})",
                next_step="Give a start that is before the end",
            )

    @property
    def seconds(self) -> int:
        """Length in seconds."""
        return self.end - self.start


def canonical_range_name(name: str) -> str:
    """The range's own name for what a person may write: ``this-week``, ``This_Week``, ``7D``.

    Raises:
        UsageError: No such range.
    """
    plain = re.sub(r"[\s_-]+", " ", name.strip().lower())
    if plain in RANGE_NAMES:
        return plain
    raise UsageError(
        f"There is no range “{name}”",
        next_step="Use one of "
        + ", ".join(r.replace(" ", "-") for r in RANGE_NAMES)
        + ", or --from and --to",
    )


def resolve(name: str, now: float, calendar: Calendar) -> Window:
    """The window that a range name means at a moment.

    Args:
        name: One of :data:`RANGE_NAMES`.
        now: Unix seconds.
        calendar: The user's days and weeks.

    Raises:
        UsageError: No such range.
    """
    name = canonical_range_name(name)
    end = int(now)
    if name in ROLLING_S:
        return Window(name, end - ROLLING_S[name], end)
    today = calendar.day_of(end)
    midnight = calendar.midnight
    week = calendar.first_of_week(today)
    month = today.replace(day=1)
    match name:
        case "today":
            start = midnight(today)
        case "yesterday":
            start, end = midnight(today - timedelta(days=1)), midnight(today)
        case "this week":
            start = midnight(week)
        case "last week":
            start, end = midnight(week - timedelta(days=7)), midnight(week)
        case "this month":
            start = midnight(month)
        case _:  # last month
            start, end = midnight((month - timedelta(days=1)).replace(day=1)), midnight(month)
    # At the very second of midnight a period has just begun: it is one second long rather than empty.
    return Window(name, start, max(end, start + 1))


def previous(window: Window, calendar: Calendar) -> Window:
    """The equal period before a window, for comparisons.

    For calendar ranges it is the calendar period before, of those that still run up to the same local moment;
    for others the stretch of equal length that ends where the window starts.
    """
    if window.name not in CALENDAR:
        return Window("custom", window.start - window.seconds, window.start)
    first = calendar.day_of(window.start)
    match window.name:
        case "today" | "yesterday":
            before = first - timedelta(days=1)
        case "this week" | "last week":
            before = first - timedelta(days=7)
        case _:
            before = (first - timedelta(days=1)).replace(day=1)
    start, end = calendar.midnight(before), window.start
    if window.name in {"today", "this week", "this month"}:
        # In a month it is the same day of the month, but not beyond the shorter month's end.
        same = calendar.same_time(window.end, (before - first).days)
        end = min(max(same, start + 1), end)
    return Window("custom", start, end)


def month_end(now: float, calendar: Calendar) -> int:
    """Unix seconds at which the local month of ``now`` ends."""
    first = calendar.day_of(now).replace(day=1)
    return calendar.midnight((first + timedelta(days=32)).replace(day=1))


def parse_daily_span(text: str) -> tuple[time, time]:
    """A stretch of every day given by a person: ``22:00-07:00``, which here goes over midnight.

    Returns:
        The times of day of its start and its end, which differ.

    Raises:
        ValueError: It is no such stretch.
    """
    parts = re.fullmatch(r"\s*(\d\d?:\d\d)\s*[-–]\s*(\d\d?:\d\d)\s*", text)
    if parts is None or parts[1].zfill(5) == parts[2].zfill(5):
        raise ValueError(text)
    return time.fromisoformat(parts[1].zfill(5)), time.fromisoformat(parts[2].zfill(5))


def in_daily_span(moment: time, span: tuple[time, time]) -> bool:
    """Whether a local time of day lies in a stretch of every day: its start does, its end does not."""
    start, end = span
    return start <= moment < end if start < end else moment >= start or moment < end


def parse_moment(text: str, calendar: Calendar) -> int:
    """A moment given by a person: RFC 3339, a local date or date and time, or Unix seconds.

    Returns:
        Whole Unix seconds; a date means its local midnight, and a time without an offset is local.

    Raises:
        UsageError: It is none of these.
    """
    plain = text.strip()
    try:
        if re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", plain) and plain[:2] in {"19", "20"}:
            return calendar.midnight(date.fromisoformat(plain))
        if re.fullmatch(r"\d+(\.\d+)?", plain):
            unix_s = float(plain)
        else:
            moment = datetime.fromisoformat(plain.replace("z", "Z"))
            unix_s = (moment if moment.tzinfo else moment.replace(tzinfo=calendar.zone)).timestamp()
        # Beyond the calendar are milliseconds, for one.
        calendar.local(unix_s)
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"“{text}” is not a moment",
            next_step="Write RFC 3339 (2026-11-23T14:00:00+01:00), a date (2026-11-23) or Unix seconds",
        ) from None
    return int(unix_s)
