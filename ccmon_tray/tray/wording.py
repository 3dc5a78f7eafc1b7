"""Words that several faces of the tray share: ages that do not tick by the second, ranges, moments.

What the tray shows is compared by value and painted only when it differs, so nothing here counts seconds.
"""

from datetime import datetime
from typing import Final

from ccmon_tray.usage import formatting
from ccmon_tray.usage.models import SOURCE_TITLES, State
from ccmon_tray.usage.snapshot import Period, Problem, Snapshot
from ccmon_tray.usage.windows import Calendar

RANGE_TITLES: Final[dict[str, str]] = {
    "15m": "Last 15 minutes",
    "1h": "Last hour",
    "4h": "Last 4 hours",
    "1d": "Last 24 hours",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "today": "Today",
    "yesterday": "Yesterday",
    "this week": "This week",
    "last week": "Last week",
    "this month": "This month",
    "last month": "Last month",
}
"""Every range that can be chosen, as people say it; the order is the menu's."""

THIS_WEEK: Final = "This week"
THIS_MONTH: Final = "This month"
ESTIMATE: Final = "API-equivalent estimate, not a bill"

_TELEMETRY_OFF: Final = "No telemetry of Claude Code here yet"
_TELEMETRY_ON: Final = (
    "Set CLAUDE_CODE_ENABLE_TELEMETRY=1, OTEL_METRICS_EXPORTER=otlp and OTEL_EXPORTER_OTLP_ENDPOINT, "
    "then restart claude"
)


def coarse_age(seconds: float) -> str:
    """How long ago, in steps of a minute or more: ``just now``, ``3 min ago``, ``2 h ago``."""
    return "just now" if seconds < 60 else formatting.age(seconds)


def coarse_when(then: datetime, now: datetime) -> str:
    """A past moment beside now, both local, in steps of a minute or more."""
    return "just now" if (now - then).total_seconds() < 60 else formatting.when(then, now)


def clock(then: datetime, now: datetime) -> str:
    """The time of day of a moment, with its day where that is not today: ``14:12``, ``Sun 22 Nov 14:12``."""
    time_of_day = f"{then:%H:%M}"
    return time_of_day if then.date() == now.date() else f"{then:%a} {then.day} {then:%b} {time_of_day}"


def source_title(snapshot: Snapshot) -> str:
    """What the source is called; a demo is called Demo."""
    return SOURCE_TITLES[snapshot.source.kind]


def problem_of(snapshot: Snapshot) -> Problem | None:
    """What is wrong, with words for missing telemetry where the snapshot brings none."""
    if snapshot.problem is None and snapshot.state is State.NO_TELEMETRY:
        return Problem(
            code="no-telemetry", title=_TELEMETRY_OFF, next_step=_TELEMETRY_ON, since=snapshot.polled_at
        )
    return snapshot.problem


def day_title(period: Period, now: float, calendar: Calendar) -> str:
    """Name a day "Today", or by its date once it is over."""
    day = calendar.day_of(period.start)
    return "Today" if day == calendar.day_of(now) else f"{day:%a} {day.day} {day:%b}"


def week_title(period: Period, now: float, calendar: Calendar) -> str:
    """Name a week "This week", or by its first day once it is over."""
    first = calendar.day_of(period.start)
    this = calendar.first_of_week(calendar.day_of(now))
    return THIS_WEEK if first == this else f"Week of {first.day} {first:%b}"


def month_title(period: Period, now: float, calendar: Calendar) -> str:
    """Name a month "This month", or by its own name once it is over."""
    first = calendar.day_of(period.start)
    return THIS_MONTH if first == calendar.day_of(now).replace(day=1) else f"{first:%B}"
