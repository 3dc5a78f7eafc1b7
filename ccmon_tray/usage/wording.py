"""Words that all surfaces share: the same thing is called the same in icon, menu, windows and terminal.

The coarse ages do not tick by the second: what the tray shows is painted anew only when it differs.
"""

from datetime import datetime, timedelta
from typing import Final

from ccmon_tray.usage import formatting
from ccmon_tray.usage.models import Totals
from ccmon_tray.usage.snapshot import Period, Problem, Snapshot
from ccmon_tray.usage.states import SOURCE_TITLES, State
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
GENERATED: Final = "generated figures"
"""What a demo's figures are."""

NOTHING_USED: Final = "Nothing used yet"
NO_TELEMETRY: Final = "no telemetry yet"
OFFLINE: Final = "offline"

TELEMETRY_OFF: Final = "No telemetry of Claude Code here yet"
TELEMETRY_ON: Final = (
    "Set CLAUDE_CODE_ENABLE_TELEMETRY=1, OTEL_METRICS_EXPORTER=otlp and OTEL_EXPORTER_OTLP_ENDPOINT, "
    "then restart claude"
)
ONBOARDING: Final = (
    "Connect Claude Code with this computer’s own collector.",
    "You see each change of its settings before it is written.",
    "Sessions that start afterwards show here within seconds.",
)
"""The first step where there is nothing yet."""


def range_title(name: str) -> str:
    """A range's name as people say it: ``Last 7 days``, ``This week``; ``Custom``."""
    return RANGE_TITLES.get(name, name.capitalize())


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
            code="no-telemetry", title=TELEMETRY_OFF, next_step=TELEMETRY_ON, since=snapshot.polled_at
        )
    return snapshot.problem


def day_title(period: Period, now: float, calendar: Calendar) -> str:
    """Name a day "Today", or by its date once it is over."""
    day = calendar.day_of(period.start)
    return "Today" if day == calendar.day_of(now) else f"{day:%a} {day.day} {day:%b}"


def week_title(period: Period, now: float, calendar: Calendar) -> str:
    """Name a week "This week", or by its first day once it is over."""
    first = calendar.day_of(period.start)
    over = calendar.day_of(now) >= first + timedelta(days=7)
    return f"Week of {first.day} {first:%b}" if over else THIS_WEEK


def week_change(period: Period, title: str) -> tuple[str, str]:
    """How a week compares, as a figure and with what, by the week's title; two "" if that says nothing."""
    figure = formatting.change(period.change)
    if not figure or not period.cost_usd:
        return "", ""
    return figure, "on last week" if title == THIS_WEEK else "on the week before"


def month_forecast(period: Period, title: str) -> tuple[str, str]:
    """What a month will cost, as a figure and by when, by the month's title; two "" if that is unknown."""
    usd = period.projected_cost_usd
    if usd is None or title != THIS_MONTH:
        return "", ""
    # A forecast to the cent would claim more than it knows.
    return f"→ ${usd:,.0f}" if usd >= 99.5 else f"→ {formatting.money(usd)}", "by month’s end"


def hour_title(snapshot: Snapshot, now: float, calendar: Calendar) -> str:
    """Name the last hour; that of an old reading is not the last hour, and says which one it was."""
    if snapshot.state is not State.STALE or snapshot.taken_at is None:
        return "Last hour"
    return f"Hour to {clock(calendar.local(snapshot.taken_at), calendar.local(now))}"


def work(totals: Totals) -> list[str]:
    """What was done, each as far as it is known: active time, lines, commits, pull requests."""
    parts = []
    if totals.active_time_seconds is not None:
        parts.append(f"Active {formatting.duration(totals.active_time_seconds.total)}")
    if totals.lines_added is not None or totals.lines_removed is not None:
        added, removed = formatting.count(totals.lines_added), formatting.count(totals.lines_removed)
        parts.append(f"+{added} {formatting.MINUS}{removed}")
    if totals.commits is not None:
        parts.append(formatting.counted(totals.commits, "commit"))
    if totals.pull_requests is not None:
        parts.append(formatting.counted(totals.pull_requests, "PR"))
    return parts


def month_title(period: Period, now: float, calendar: Calendar) -> str:
    """Name a month "This month", or by its own name once it is over."""
    first = calendar.day_of(period.start)
    return THIS_MONTH if first == calendar.day_of(now).replace(day=1) else f"{first:%B}"
