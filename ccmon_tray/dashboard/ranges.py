"""The range that the window shows: one that has a name, or two moments a person chose."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from ccmon_tray.usage.windows import (
    RANGE_NAMES,
    Calendar,
    Window,
    canonical_range_name,
    parse_moment,
    resolve,
)

CUSTOM: Final = "custom"
PICKED: Final = (
    ("15m", "15m"),
    ("1h", "1h"),
    ("4h", "4h"),
    ("1d", "1d"),
    ("7d", "7d"),
    ("30d", "30d"),
    ("90d", "90d"),
    ("today", "Today"),
    ("this week", "Week"),
    ("this month", "Month"),
)
"""The ranges that the picker offers, with their words."""


@dataclass(frozen=True, slots=True)
class ChosenRange:
    """A range by its name, or ``custom`` with start and end in Unix seconds."""

    name: str = "7d"
    start: int | None = None
    end: int | None = None

    @classmethod
    def custom(cls, start: str, end: str, calendar: Calendar) -> Self:
        """A range between two moments as a person writes them.

        Raises:
            UsageError: One of them is no moment, or the range is empty.
        """
        window = Window(CUSTOM, parse_moment(start, calendar), parse_moment(end, calendar))
        return cls(CUSTOM, window.start, window.end)

    @classmethod
    def named(cls, text: str) -> Self:
        """A range by what a person may write for its name.

        Raises:
            UsageError: There is no such range.
        """
        return cls(canonical_range_name(text))

    def window(self, now: float, calendar: Calendar) -> Window:
        """The window it means at a moment (Unix seconds)."""
        if self.name in RANGE_NAMES:
            return resolve(self.name, now, calendar)
        if self.start is None or self.end is None:
            return resolve("7d", now, calendar)
        return Window(CUSTOM, self.start, self.end)


def span_words(window: Window, calendar: Calendar) -> str:
    """A window as words: ``Tue 17 Nov 09:00 – Mon 23 Nov 14:12``; the day once if there is only one."""
    start, end = calendar.local(window.start), calendar.local(window.end)
    if start.date() == end.date():
        return f"{_day(start, end)} {start:%H:%M} – {end:%H:%M}"
    return f"{_day(start, end)} {start:%H:%M} – {_day(end, start)} {end:%H:%M}"


def _day(moment: datetime, other: datetime) -> str:
    year = f" {moment.year}" if moment.year != other.year else ""
    return f"{moment:%a} {moment.day} {moment:%b}{year}"
