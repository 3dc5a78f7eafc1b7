"""The menu as plain data: a pure function of the snapshot, the moment and the settings.

Every number the tray knows is in the menu, since Linux hosts show no tooltip. Menus use proportional fonts,
so the lines are built from separators, never from padding. A line that shows a number opens the window's view
that tells more of it, which also keeps the line from being drawn as disabled; only what is meant to be quiet
has no command.
"""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Final

from ccmon_tray.settings import Settings
from ccmon_tray.tray.model import Action, AlertsShown, Command, MenuItem, SourcesShown, StackFace
from ccmon_tray.usage import budgets, formatting, wording
from ccmon_tray.usage.budgets import BudgetPeriod
from ccmon_tray.usage.by_name import merged_by_name
from ccmon_tray.usage.models import ModelUsage, SessionUsage
from ccmon_tray.usage.snapshot import Figures, RangeUsage, Snapshot
from ccmon_tray.usage.states import SOURCE_TITLES, SourceKind, State
from ccmon_tray.usage.windows import Calendar
from ccmon_tray.view_names import ViewName

# Shape alone tells the states apart: full, half, empty, and two that are no circle's filling.
GLYPHS: Final[dict[State, str]] = {
    State.FRESH: "●",
    State.STALE: "◐",
    State.OFFLINE: "○",
    State.NO_TELEMETRY: "◇",
    State.NO_DATA: "◎",
}

_GAP = "\N{EM SPACE}"
_DOT = " · "
_WRAP = 64  # characters of a line of prose: menus do not wrap, and a wider one covers the screen
_SETTINGS = Command(Action.OPEN_SETTINGS)
_CHECKS = Command(Action.OPEN_DASHBOARD, ViewName.SMOKE_TEST)
_CONNECT = Command(Action.OPEN_DASHBOARD, ViewName.SETTINGS)
# Sources that need nothing but this program.
_OWN: Final = (SourceKind.COLLECTOR, SourceKind.TRANSCRIPTS)
_CHOICES: Final = {
    "auto": "Automatic",
    **{kind.value: SOURCE_TITLES[kind] for kind in (SourceKind.PROMETHEUS, *_OWN)},
}


def build_menu(
    snapshot: Snapshot | None,
    *,
    now: float,
    calendar: Calendar,
    settings: Settings,
    starts_at_login: bool | None = None,
    sources: SourcesShown | None = None,
    alerts: AlertsShown | None = None,
    stack: StackFace | None = None,
    marks: Mapping[Action, str] | None = None,
) -> tuple[MenuItem, ...]:
    """The menu for a snapshot.

    Args:
        snapshot: What is known, or None before the first reading.
        now: Unix seconds; the result changes with it once a minute at most.
        calendar: The user's days, for times of day and names of days.
        settings: For the chosen range.
        starts_at_login: Whether the tray does; None where that is not offered.
        sources: Which sources can be chosen; None where there is no choice.
        alerts: What is to be said of alerts; None where there are none.
        stack: The Prometheus stack; None where there can be none.
        marks: How far deeds are that were asked for, for beside their lines.

    Returns:
        The lines, top to bottom; keys are stable from one menu to the next.
    """
    items: list[MenuItem] = [_status(snapshot, now, calendar)]
    if snapshot is not None:
        items += _trouble(snapshot, now, calendar)
    if snapshot is not None and snapshot.figures is not None:
        items.append(_separator("figures"))
        items += _periods(snapshot.figures, now, calendar)
        items.append(_last_hour(snapshot, snapshot.figures, now, calendar))
        items += _budgets(snapshot, now)
        items.append(_separator("range"))
        items.append(_range_choice(settings.tray.range))
        items += _range(snapshot, snapshot.figures.range, settings.tray.range, now, calendar)
        items += _warnings(snapshot)
        items.append(MenuItem("estimate", wording.ESTIMATE))
    else:
        items += (_separator("range"), _range_choice(settings.tray.range))
    items.append(_separator("actions"))
    has_figures = snapshot is not None and snapshot.figures is not None
    if sources is not None:
        items.append(_sources(sources, snapshot))
    alerts_line = None if alerts is None else _alerts(alerts, now, calendar)
    items += _actions(
        has_figures=has_figures,
        alerts=alerts_line,
        starts_at_login=starts_at_login,
        stack=stack,
        marks=marks or {},
    )
    return tuple(items)


def _status(snapshot: Snapshot | None, now: float, calendar: Calendar) -> MenuItem:
    refresh = Command(Action.REFRESH)
    if snapshot is None:
        return MenuItem("status", f"{GLYPHS[State.NO_DATA]} Reading…", refresh)
    parts = [wording.source_title(snapshot)]
    if snapshot.source.kind is SourceKind.DEMO:
        parts.append(wording.GENERATED)
    taken = "" if snapshot.taken_at is None else _clock(snapshot.taken_at, now, calendar)
    match snapshot.state:
        case State.FRESH:
            parts.append(f"updated {taken}")
        case State.STALE:
            parts.append(f"last read {taken}, {wording.coarse_age(snapshot.age_s(now) or 0)}")
        case State.OFFLINE:
            parts.append(wording.OFFLINE)
        case State.NO_TELEMETRY:
            parts.append(wording.NO_TELEMETRY)
        case State.NO_DATA:
            parts.append(wording.NOTHING_USED.lower())
            if taken:
                parts.append(f"updated {taken}")
    return MenuItem("status", f"{GLYPHS[snapshot.state]} {_DOT.join(parts)}", refresh)


def _trouble(snapshot: Snapshot, now: float, calendar: Calendar) -> Iterator[MenuItem]:
    problem = wording.problem_of(snapshot)
    if problem is not None:
        since = _clock(problem.since, now, calendar)
        yield MenuItem("problem", f"⚠ {problem.title}{_DOT}since {since}", _SETTINGS)
        yield from _prose("problem.cause", problem.cause[:1].upper() + problem.cause[1:])
        if _is_new(snapshot):
            yield MenuItem("connect", "Connect Claude Code…", _CONNECT)
        else:
            yield from _prose("problem.next", problem.next_step, lead="→ ", command=_SETTINGS)
    for number, notice in enumerate(snapshot.notices):
        yield from _prose(f"notice.{number}", notice, lead="! ", command=_SETTINGS)


def _is_new(snapshot: Snapshot) -> bool:
    """Whether there are no data at all: connecting is then the one next step."""
    return snapshot.state is State.NO_TELEMETRY and snapshot.source.kind in _OWN


def _sources(sources: SourcesShown, snapshot: Snapshot | None) -> MenuItem:
    lines: list[MenuItem] = []
    title = "Source"
    if sources.chosen is not None:
        title = f"Source: {_CHOICES[sources.chosen]}"
        for kind, name in _CHOICES.items():
            command = Command(Action.SET_SOURCE, kind)
            lines.append(
                MenuItem(f"source.{kind}", name, command, kind="radio", checked=kind == sources.chosen)
            )
        lines.append(_separator("source"))
    if snapshot is not None:
        lines.append(MenuItem("source.in-use", f"In use: {SOURCE_TITLES[snapshot.source.kind]}"))
    lines += (MenuItem(f"source.line.{number}", line) for number, line in enumerate(sources.lines))
    lines.append(MenuItem("source.connect", "Connect Claude Code…", _CONNECT))
    return MenuItem("source", title, children=tuple(lines))


def _periods(figures: Figures, now: float, calendar: Calendar) -> Iterator[MenuItem]:
    today, week, month = figures.today, figures.this_week, figures.this_month
    tokens = "" if today.tokens is None else f"{formatting.tokens(today.tokens)} tokens"
    day_title = wording.day_title(today, now, calendar)
    yield _figure("today", _summary("today"), day_title, formatting.money(today.cost_usd), tokens)
    week_title = wording.week_title(week, now, calendar)
    change = " ".join(wording.week_change(week, week_title))
    yield _figure("week", _summary("this week"), week_title, _beside(formatting.money(week.cost_usd), change))
    month_title = wording.month_title(month, now, calendar)
    forecast = " ".join(wording.month_forecast(month, month_title))
    yield _figure(
        "month", _summary("this month"), month_title, _beside(formatting.money(month.cost_usd), forecast)
    )


def _beside(cost: str, words: str) -> str:
    return cost + (_GAP + words if words.strip() else "")


def _last_hour(snapshot: Snapshot, figures: Figures, now: float, calendar: Calendar) -> MenuItem:
    title = wording.hour_title(snapshot, now, calendar)
    return _figure("last-hour", _summary("1h"), title, formatting.money(figures.last_hour_cost_usd))


def _budgets(snapshot: Snapshot, now: float) -> Iterator[MenuItem]:
    ranges = {BudgetPeriod.DAY: "today", BudgetPeriod.WEEK: "this week", BudgetPeriod.MONTH: "this month"}
    for use in snapshot.budgets:
        mark = "⚠ " if use.exceeded else ""
        parts = (budgets.used_words(use), budgets.left_words(use), budgets.pace_words(use, now))
        yield _figure(
            f"budget.{use.period}", _summary(ranges[use.period]), f"{mark}{budgets.title(use)}", *parts
        )


def _range_choice(chosen: str) -> MenuItem:
    radios = tuple(
        MenuItem(
            f"range.{name}", title, Command(Action.SET_RANGE, name), kind="radio", checked=name == chosen
        )
        for name, title in wording.RANGE_TITLES.items()
    )
    return MenuItem("range", f"Range: {wording.RANGE_TITLES[chosen]}", children=radios)


def _range(
    snapshot: Snapshot, usage: RangeUsage, chosen: str, now: float, calendar: Calendar
) -> Iterator[MenuItem]:
    if usage.info.name != chosen:
        # Another range was chosen since: its figures are on their way, or cannot be had now.
        waiting = "Reading…" if snapshot.problem is None else "Not read yet"
        yield MenuItem("range.total", waiting)
        return
    totals = usage.totals
    parts = [formatting.money(totals.cost_usd)]
    if totals.tokens is not None:
        parts.append(f"{formatting.tokens(totals.tokens.total)} tokens")
    if totals.sessions is not None:
        parts.append(formatting.counted(totals.sessions, "session"))
    yield MenuItem("range.total", _DOT.join(parts), _summary(chosen))
    work = _DOT.join(wording.work(totals))
    if work:
        yield MenuItem("range.work", work, _summary(chosen))
    if usage.by_model:
        yield MenuItem("models", "By model", children=tuple(_models(usage.by_model, chosen)))
    if usage.top_sessions:
        rows = tuple(_session(session, chosen, now, calendar) for session in usage.top_sessions)
        yield MenuItem("sessions", "Sessions", children=rows)


def _models(models: tuple[ModelUsage, ...], chosen: str) -> Iterator[MenuItem]:
    for usage in merged_by_name(models):
        cost = "unpriced" if usage.cost_usd is None else formatting.money(usage.cost_usd)
        tokens = "" if usage.tokens is None else f"{formatting.tokens(usage.tokens.total)} tokens"
        yield _figure(f"model.{usage.model}", _view(ViewName.TOKENS, chosen), usage.name, cost, tokens)


def _session(session: SessionUsage, chosen: str, now: float, calendar: Calendar) -> MenuItem:
    seen = ""
    if session.last_seen is not None:
        seen = wording.coarse_when(calendar.local(session.last_seen), calendar.local(now))
    name = session.project or formatting.short_id(session.session_id)
    command = _view(ViewName.SESSIONS, chosen)
    return _figure(f"session.{session.session_id}", command, name, formatting.money(session.cost_usd), seen)


def _warnings(snapshot: Snapshot) -> Iterator[MenuItem]:
    if not snapshot.warnings:
        return
    lines: list[MenuItem] = []
    for number, warning in enumerate(snapshot.warnings):
        key = f"warning.{number}.{warning.code}"
        if lines:
            lines.append(_separator(key))
        lines += _prose(key, warning.message, command=_CHECKS)
        lines += _prose(f"{key}.cure", warning.cure, lead="→ ")
    count = formatting.counted(len(snapshot.warnings), "warning")
    yield MenuItem("warnings", f"⚠ {count}", children=tuple(lines))


def _alerts(alerts: AlertsShown, now: float, calendar: Calendar) -> MenuItem:
    if alerts.snoozed_until is not None:
        title = f"Alerts{_DOT}snoozed until {_clock(alerts.snoozed_until, now, calendar)}"
        lines = [MenuItem("alerts.resume", "Resume", Command(Action.SNOOZE))]
    else:
        title = f"Alerts{_DOT}quiet hours" if alerts.quiet else "Alerts"
        lines = []
    # Offered while snoozed, too: an hour becomes the day in one step.
    lines += (
        MenuItem("alerts.1h", "Snooze 1 hour", Command(Action.SNOOZE, "1h")),
        MenuItem("alerts.today", "Snooze for today", Command(Action.SNOOZE, "today")),
    )
    if alerts.warned:
        lines.append(
            MenuItem("alerts.warned", "⚠ None of these numbers, since they carry a warning", _CHECKS)
        )
    if alerts.recent:
        lines.append(_separator("alerts"))
    for number, (at, what) in enumerate(alerts.recent):
        lines.append(_figure(f"alerts.{number}", _summary("today"), _clock(at, now, calendar), what))
    return MenuItem("alerts", title, children=tuple(lines))


def _actions(
    *,
    has_figures: bool,
    alerts: MenuItem | None,
    starts_at_login: bool | None,
    stack: StackFace | None,
    marks: Mapping[Action, str],
) -> Iterator[MenuItem]:
    yield MenuItem("dashboard", "Open dashboard", Command(Action.OPEN_DASHBOARD), default=True)
    yield MenuItem("refresh", "Refresh now", Command(Action.REFRESH))
    if has_figures:
        yield _deed("copy", "Copy summary", Action.COPY_SUMMARY, marks)
    if alerts is not None:
        yield alerts
    yield MenuItem("settings", "Settings…", _SETTINGS)
    if starts_at_login is not None:
        toggle = Command(Action.TOGGLE_AUTOSTART)
        yield MenuItem("autostart", "Start at login", toggle, kind="check", checked=starts_at_login)
    if stack is not None:
        yield _stack(stack)
    yield MenuItem(
        "help",
        "Help",
        children=(
            MenuItem("help.smoke-test", "Smoke test", _CHECKS),
            _deed("help.diagnostics", "Copy diagnostics", Action.COPY_DIAGNOSTICS, marks),
            MenuItem("help.logs", "Open logs", Command(Action.OPEN_LOGS)),
        ),
    )
    yield MenuItem("quit", "Quit", Command(Action.QUIT))


def _deed(key: str, title: str, action: Action, marks: Mapping[Action, str]) -> MenuItem:
    words = f"{_DOT}{marks[action]}" if action in marks else ""
    return MenuItem(key, title + words, Command(action))


def _stack(stack: StackFace) -> MenuItem:
    deeds = []
    if stack.can_start:
        deeds.append(MenuItem("stack.start", "Start", Command(Action.START_STACK)))
    if stack.can_stop:
        deeds.append(MenuItem("stack.stop", "Stop", Command(Action.STOP_STACK)))
    return MenuItem("stack", f"Prometheus stack{_DOT}{stack.words}", children=tuple(deeds))


def _view(name: ViewName, range_name: str) -> Command:
    return Command(Action.OPEN_DASHBOARD, f"{name} {range_name}")


def _summary(range_name: str) -> Command:
    return _view(ViewName.SUMMARY, range_name)


def _figure(key: str, command: Command, title: str, *parts: str) -> MenuItem:
    return MenuItem(key, title + _GAP + _DOT.join(part for part in parts if part), command)


def _prose(key: str, text: str, *, lead: str = "", command: Command | None = None) -> Iterator[MenuItem]:
    lines = textwrap.wrap(text, _WRAP, initial_indent=lead, break_long_words=False, break_on_hyphens=False)
    for number, line in enumerate(lines):
        yield MenuItem(f"{key}.{number}", line, command)


def _separator(key: str) -> MenuItem:
    return MenuItem(f"separator.{key}", kind="separator")


def _clock(moment: float, now: float, calendar: Calendar) -> str:
    return wording.clock(calendar.local(moment), calendar.local(now))
