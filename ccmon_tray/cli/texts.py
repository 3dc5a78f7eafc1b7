"""Reports and snapshots as text for people, at home in 80 columns."""

from collections.abc import Iterable, Sequence
from typing import Final

from ccmon_tray.cli import tables
from ccmon_tray.sources.tally import model_name
from ccmon_tray.usage import budgets, formatting, wording
from ccmon_tray.usage.by_name import merged_by_name
from ccmon_tray.usage.models import (
    GroupUsage,
    ModelUsage,
    RangeInfo,
    Report,
    SessionUsage,
    SourceInfo,
    Tokens,
    Totals,
    UsageWarning,
)
from ccmon_tray.usage.snapshot import Figures, Snapshot
from ccmon_tray.usage.states import SOURCE_TITLES, SourceKind, State
from ccmon_tray.usage.windows import Calendar

SESSIONS_SHOWN: Final = 10

_USAGE_HEADER: Final = ("Cost", "Tokens", "Input", "Output", "Cache read", "Cache write")
_GROUP_TITLES: Final = {
    "model": "Model",
    "type": "Token type",
    "session": "Session",
    "project": "Project",
    "day": "Day",
    "user": "User",
}


def report_text(report: Report, calendar: Calendar) -> str:
    """A report as text: totals, then the groups if there are any, else models and sessions, then warnings."""
    parts = [_range_line(report.range, calendar) + _source_line(report.source)]
    if report.state is State.NO_DATA:
        parts.append("Nothing was used in this range.\n")
    else:
        parts.append(_totals(report.totals))
        if report.by is not None:
            parts.append(_groups(report))
        else:
            parts += [_models(report.by_model), _sessions(report.sessions, calendar)]
            if len(report.sessions) > SESSIONS_SHOWN:
                count = len(report.sessions)
                parts[-1] += f"The {SESSIONS_SHOWN} dearest of {count} sessions; all with --by session\n"
    return "\n".join(part for part in [*parts, _warnings(report.warnings)] if part)


def snapshot_text(snapshot: Snapshot, now: float, calendar: Calendar) -> str:
    """A snapshot as text: state, periods, the chosen range, then warnings and notices."""
    parts = [_source_line(snapshot.source) + _state_line(snapshot, now)]
    if snapshot.figures is not None:
        figures = snapshot.figures
        parts.append(_periods(snapshot, figures, now, calendar))
        parts.append(_range_line(figures.range.info, calendar) + _activity(figures.range.totals))
        parts.append(_models(figures.range.by_model))
        parts.append(_sessions(figures.range.top_sessions, calendar))
    parts.append(_warnings(snapshot.warnings))
    return "\n".join(part for part in parts if part)


def _range_line(info: RangeInfo, calendar: Calendar) -> str:
    start, end = calendar.local(info.start), calendar.local(info.end)
    day = "%a %d %b %Y %H:%M"
    until = f"{end:%H:%M}" if end.date() == start.date() else f"{end:{day}}"
    return f"{wording.range_title(info.name)}: {start:{day}} to {until} ({info.timezone})\n"


def _source_line(info: SourceInfo) -> str:
    if info.kind is SourceKind.DEMO:
        return f"Demo: {wording.GENERATED}, nobody's use\n"
    name = " ".join(part for part in (SOURCE_TITLES[info.kind], info.version) if part)
    return f"{name} at {info.url}\n" if info.url else f"{name}\n"


def _state_line(snapshot: Snapshot, now: float) -> str:
    age = snapshot.age_s(now)
    if snapshot.state is State.NO_DATA:
        return f"Nothing used today or in the range, read {formatting.age(age or 0.0)}\n"
    if snapshot.state is State.FRESH:
        return f"Read {formatting.age(age or 0.0)}\n"
    if snapshot.state is State.STALE and age is not None:
        return f"Stale: these are the last good figures, read {formatting.age(age)}\n"
    return "No figures\n"


def _totals(totals: Totals) -> str:
    active, edits = totals.active_time_seconds, totals.edit_decisions
    rows = [
        ("Cost", formatting.money(totals.cost_usd), wording.ESTIMATE),
        (
            "Tokens",
            formatting.tokens(totals.tokens.total if totals.tokens else None),
            _cache_remark(totals),
        ),
        (
            "Active time",
            formatting.duration(active.total if active else None),
            f"you {formatting.duration(active.user)}, Claude Code {formatting.duration(active.cli)}"
            if active
            else "",
        ),
        ("Sessions", formatting.count(totals.sessions), ""),
        ("Lines added", formatting.count(totals.lines_added), ""),
        ("Lines removed", formatting.count(totals.lines_removed), ""),
        ("Commits", formatting.count(totals.commits), ""),
        ("Pull requests", formatting.count(totals.pull_requests), ""),
        (
            "Edits accepted",
            formatting.count(edits.accept if edits else None),
            f"{formatting.count(edits.reject)} rejected" if edits else "",
        ),
    ]
    return tables.facts(rows)


def _cache_remark(totals: Totals) -> str:
    if totals.cache_hit_ratio is None:
        return ""
    return f"{formatting.percent(totals.cache_hit_ratio)} of the prompts read from the cache"


def _periods(snapshot: Snapshot, figures: Figures, now: float, calendar: Calendar) -> str:
    today, week, month = figures.today, figures.this_week, figures.this_month
    week_title = wording.week_title(week, now, calendar)
    month_title = wording.month_title(month, now, calendar)
    tokens = "" if today.tokens is None else f"{formatting.tokens(today.tokens)} tokens"
    rows = [
        (wording.day_title(today, now, calendar), formatting.money(today.cost_usd), tokens),
        (week_title, formatting.money(week.cost_usd), " ".join(wording.week_change(week, week_title))),
        (month_title, formatting.money(month.cost_usd), " ".join(wording.month_forecast(month, month_title))),
        (
            wording.hour_title(snapshot, now, calendar),
            formatting.money(figures.last_hour_cost_usd),
            "",
        ),
    ]
    rows += [
        (
            budgets.title(use),
            budgets.used_words(use),
            ", ".join(part for part in (budgets.left_words(use), budgets.pace_words(use, now)) if part),
        )
        for use in snapshot.budgets
    ]
    return tables.facts(rows) + f"Cost is an {wording.ESTIMATE}.\n"


def _activity(totals: Totals) -> str:
    sessions = [] if totals.sessions is None else [formatting.counted(totals.sessions, "session")]
    parts = [*sessions, *wording.work(totals)]
    return tables.paragraph(" · ".join(parts)) if parts else ""


def _usage_cells(cost_usd: float | None, tokens: Tokens | None) -> list[str]:
    counts = (
        (None,) * 5
        if tokens is None
        else (tokens.total, tokens.input, tokens.output, tokens.cache_read, tokens.cache_creation)
    )
    return [formatting.money(cost_usd), *map(formatting.tokens, counts)]


def _models(by_model: Iterable[ModelUsage]) -> str:
    """Models under their names for people: variants of one model are one row."""
    rows = merged_by_name(by_model)
    return _usage_table("Model", [(row.name, row.cost_usd, row.tokens) for row in rows])


def _groups(report: Report) -> str:
    if report.by == "model":
        return _models(report.by_model)
    if report.by == "type":
        # The cost metric carries no token type, so there is nothing to say about it.
        rows = [
            (group.name, formatting.count(group.tokens.total if group.tokens else None))
            for group in report.groups
        ]
        return tables.table(("Token type", "Tokens"), rows)
    title = _GROUP_TITLES[report.by or ""]
    return _usage_table(title, [(_group_name(g), g.cost_usd, g.tokens) for g in report.groups])


def _group_name(group: GroupUsage) -> str:
    return group.name or group.key


def _usage_table(title: str, rows: Sequence[tuple[str, float | None, Tokens | None]]) -> str:
    if not rows:
        return ""
    cells = [[name, *_usage_cells(cost, tokens)] for name, cost, tokens in rows]
    return tables.table((title, *_USAGE_HEADER), cells)


def _sessions(sessions: Sequence[SessionUsage], calendar: Calendar) -> str:
    if not sessions:
        return ""
    # Where projects are known they say more than the first use, and a line has no room for both.
    projects = any(session.project for session in sessions[:SESSIONS_SHOWN])
    rows = [
        [
            *([session.project or formatting.UNKNOWN] if projects else []),
            formatting.short_id(session.session_id),
            formatting.money(session.cost_usd),
            formatting.tokens(session.tokens.total if session.tokens else None),
            *([] if projects else [_moment(session.first_seen, calendar)]),
            _moment(session.last_seen, calendar),
            ", ".join(dict.fromkeys(map(model_name, session.models))),
        ]
        for session in sessions[:SESSIONS_SHOWN]
    ]
    header = (
        ("Project", "Session", "Cost", "Tokens", "Last seen", "Models")
        if projects
        else ("Session", "Cost", "Tokens", "First seen", "Last seen", "Models")
    )
    return tables.table(header, rows, left=(0, 1, 5) if projects else (0, 5))


def _moment(unix_s: int | None, calendar: Calendar) -> str:
    return formatting.UNKNOWN if unix_s is None else f"{calendar.local(unix_s):%d %b %H:%M}"


def _warnings(warnings: Sequence[UsageWarning]) -> str:
    lines = []
    for warning in warnings:
        lines.append(tables.paragraph(warning.message, first="Warning: ", rest="  "))
        if warning.cure:
            lines.append(tables.paragraph(warning.cure, first="  Cure: ", rest="  "))
    return "".join(lines)
