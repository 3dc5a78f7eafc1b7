"""What the sessions view shows: every session with use in a range, the projects, and the records."""

import time
from dataclasses import dataclass

from ccmon_tray.sources.base import Span, UsageSource
from ccmon_tray.sources.claude_files.history import History
from ccmon_tray.sources.readings.reach import known_since, reaches
from ccmon_tray.sources.reports import range_info
from ccmon_tray.sources.session_usage import (
    ProjectUsage,
    project_usages,
    session_questions,
    session_usages,
    with_projects,
)
from ccmon_tray.sources.tally import ask_all, model_name
from ccmon_tray.usage.models import RangeInfo, SessionUsage, SourceInfo, Tokens, UsageWarning
from ccmon_tray.usage.states import State
from ccmon_tray.usage.steps import tile
from ccmon_tray.usage.windows import Calendar, Window


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session's use in the range; None where that is unknown.

    Attributes:
        session_id: Its id.
        project: Its project's name.
        project_path: Its project's folder.
        models: Names of the models it used, dearest first.
        cost_usd: Its cost.
        tokens: Its tokens.
        active_s: Seconds of active time.
        first: Unix seconds of its first use in the range.
        last: Unix seconds of its last use in the range.
        messages: Prompts written in the range.
    """

    session_id: str
    project: str | None
    project_path: str | None
    models: tuple[str, ...]
    cost_usd: float | None
    tokens: Tokens | None
    active_s: float | None
    first: int | None
    last: int | None
    messages: int | None

    @classmethod
    def of(cls, session: SessionUsage) -> "SessionRow":
        """The row of a session as reports have it."""
        return cls(
            session_id=session.session_id,
            project=session.project,
            project_path=session.project_path,
            models=tuple(dict.fromkeys(map(model_name, session.models))),
            cost_usd=session.cost_usd,
            tokens=session.tokens,
            active_s=session.active_time_seconds,
            first=session.first_seen,
            last=session.last_seen,
            messages=session.messages,
        )

    @property
    def duration_s(self) -> int | None:
        """Seconds from first to last use."""
        return None if self.first is None or self.last is None else self.last - self.first

    @property
    def cost_per_minute(self) -> float | None:
        """USD per minute of active time; None where that is unknown or there was none."""
        return None if self.cost_usd is None or not self.active_s else self.cost_usd * 60 / self.active_s


@dataclass(frozen=True, slots=True)
class SessionsReading:
    """Everything that the sessions view shows.

    Attributes:
        info: The range.
        source: Where the figures come from.
        state: ``fresh``, ``no-data`` or ``no-telemetry``.
        sessions: Every session with use, dearest first.
        projects: What each project used, dearest first; they add up to the range's totals.
        dearest: The session with the highest cost.
        most_tokens: The session with most tokens.
        longest: The session with most active time.
        cost_usd: Cost of the range.
        tokens: Tokens of the range.
        active_s: Seconds of active time of the range.
        history_known: Whether there is a history of Claude Code, which tells projects.
        damaged_lines: How many lines of it could not be read.
        warnings: Why the figures may be off.
        retention_start: Unix seconds since when the source can know; set where the range begins before it.
    """

    info: RangeInfo
    source: SourceInfo
    state: State
    sessions: tuple[SessionRow, ...]
    projects: tuple[ProjectUsage, ...]
    dearest: SessionRow | None
    most_tokens: SessionRow | None
    longest: SessionRow | None
    cost_usd: float | None
    tokens: float | None
    active_s: float | None
    history_known: bool
    damaged_lines: int
    warnings: tuple[UsageWarning, ...]
    retention_start: int | None


def read_sessions(
    source: UsageSource,
    window: Window,
    calendar: Calendar,
    history: History | None,
    *,
    now: float | None = None,
) -> SessionsReading:
    """All sessions of a range.

    Args:
        source: Where usage comes from.
        window: The range.
        calendar: The user's days.
        history: Claude Code's history, which tells projects and messages; None if there is none.
        now: Unix seconds, which the source's retention counts from; None asks the clock.

    Raises:
        SourceError: The source cannot answer.
    """
    inventory = source.inventory()
    since = known_since(inventory, time.time() if now is None else now)
    span = Span(window.start, window.end)
    rows: tuple[SessionRow, ...] = ()
    projects: tuple[ProjectUsage, ...] = ()
    warnings: tuple[UsageWarning, ...] = ()
    totals: tuple[float | None, ...] = (None, None, None)
    state = State.NO_TELEMETRY
    if inventory.metrics:
        questions = session_questions(span)
        answered = ask_all(source, questions)
        cost, tokens, active = (answered[question] for question in questions)
        usages = with_projects(
            session_usages(source.sessions_seen(span), cost, tokens, active), history, span
        )
        rows = tuple(map(SessionRow.of, usages))
        projects = project_usages(usages, cost, tokens, active)
        warnings = source.warnings(span)
        totals = (cost.total, tokens.total, active.total)
        state = State.FRESH if rows or any(totals) else State.NO_DATA
    return SessionsReading(
        info=range_info(window, tile(window, calendar), calendar),
        source=inventory.info,
        state=state,
        sessions=rows,
        projects=projects,
        dearest=max((r for r in rows if r.cost_usd), key=lambda r: r.cost_usd or 0.0, default=None),
        most_tokens=max((r for r in rows if _tokens(r)), key=_tokens, default=None),
        longest=max((r for r in rows if r.active_s), key=lambda r: r.active_s or 0.0, default=None),
        cost_usd=totals[0],
        tokens=totals[1],
        active_s=totals[2],
        history_known=history is not None and history.there,
        damaged_lines=history.damaged if history is not None else 0,
        warnings=warnings,
        retention_start=None if reaches(window, since) else since,
    )


def _tokens(row: SessionRow) -> float:
    return row.tokens.total if row.tokens else 0.0
