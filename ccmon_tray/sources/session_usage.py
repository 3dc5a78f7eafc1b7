"""What sessions and projects used in a window, from a source's answers and Claude Code's own history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from ccmon_tray.sources.base import Question, SessionSeen, Span
from ccmon_tray.sources.claude_files.history import History
from ccmon_tray.sources.tally import Tally, known_cost
from ccmon_tray.usage.by_name import add_tokens
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import SessionUsage, Tokens


def session_questions(span: Span) -> tuple[Question, Question, Question]:
    """Cost, tokens and active time by session, as :func:`session_usages` takes their tallies."""
    return (
        Question(Metric.COST, span, (Label.SESSION, Label.MODEL)),
        Question(Metric.TOKENS, span, (Label.SESSION, Label.MODEL, Label.TYPE)),
        Question(Metric.ACTIVE_TIME, span, (Label.SESSION, Label.TYPE)),
    )


def session_usages(
    seen: Iterable[SessionSeen], cost: Tally, tokens: Tally, active: Tally
) -> tuple[SessionUsage, ...]:
    """All sessions with use, dearest first, then the latest."""
    times = {session.session_id: session for session in seen}
    costs = cost.per_value(Label.SESSION)
    counts = {key[0]: value for key, value in tokens.tokens_per(Label.SESSION).items()}
    actives = active.per_value(Label.SESSION)
    used_models: dict[str, list[str]] = {}
    for session, model in [*cost.per(Label.SESSION, Label.MODEL), *tokens.per(Label.SESSION, Label.MODEL)]:
        if model and model not in used_models.setdefault(session, []):
            used_models[session].append(model)
    found = [
        SessionUsage(
            session_id=session,
            first_seen=times[session].first if session in times else None,
            last_seen=times[session].last if session in times else None,
            cost_usd=known_cost(costs.get(session), counts.get(session)) if cost.answer.known else None,
            tokens=counts.get(session, Tokens()) if tokens.answer.known else None,
            active_time_seconds=actives.get(session, 0.0) if active.answer.known else None,
            models=tuple(used_models.get(session, ())),
        )
        for session in dict.fromkeys([*times, *costs, *counts, *actives])
        if session
    ]
    return tuple(sorted(found, key=lambda s: (-(s.cost_usd or 0.0), -(s.last_seen or 0), s.session_id)))


def with_projects(
    sessions: Sequence[SessionUsage], history: History | None, span: Span
) -> tuple[SessionUsage, ...]:
    """The sessions with their projects, and their messages in the window, as far as those are known."""
    if history is None:
        return tuple(sessions)
    known = []
    for session in sessions:
        record = history.sessions.get(session.session_id)
        name, path = history.project_of(session.session_id)
        messages = None if record is None else record.messages_in(span.start, span.end)
        if (name, messages) != (None, None):
            session = session.model_copy(  # noqa: PLW2901 — the same session, better known
                update={"project": name, "project_path": path, "messages": messages}
            )
        known.append(session)
    return tuple(known)


@dataclass(frozen=True, slots=True)
class ProjectUsage:
    """What one project used in a window.

    Attributes:
        name: Its name; None stands for all use whose project is unknown.
        path: Its folder.
        cost_usd: Its cost.
        tokens: Its tokens.
        sessions: How many sessions worked on it; None for use that no session is known of.
        active_s: Seconds of active time.
    """

    name: str | None
    path: str | None
    cost_usd: float | None
    tokens: Tokens | None
    sessions: int | None
    active_s: float | None


def project_usages(
    sessions: Iterable[SessionUsage], cost: Tally, tokens: Tally, active: Tally
) -> tuple[ProjectUsage, ...]:
    """The projects of a window, dearest first, which add up to its totals.

    Args:
        sessions: Its sessions.
        cost: Its answer to the first of :func:`session_questions`. What is not any session's is of unknown
            project, as what is of sessions whose project is unknown.
        tokens: Its answer to the second.
        active: Its answer to the third.
    """
    by_path: dict[str | None, list[SessionUsage]] = {}
    for session in sessions:
        by_path.setdefault(session.project_path, []).append(session)
    unnamed = [tally.only(Label.SESSION, "") for tally in (cost, tokens, active)]
    anonymous = SessionUsage(
        session_id="",
        cost_usd=unnamed[0].total or 0.0,
        tokens=unnamed[1].tokens() or Tokens(),
        active_time_seconds=unnamed[2].total or 0.0,
    )
    if anonymous.cost_usd or (anonymous.tokens and anonymous.tokens.total) or anonymous.active_time_seconds:
        by_path.setdefault(None, []).append(anonymous)
    projects = [
        ProjectUsage(
            name=members[0].project,
            path=path,
            cost_usd=sum(s.cost_usd or 0.0 for s in members) if cost.answer.known else None,
            tokens=reduce(add_tokens, (s.tokens or Tokens() for s in members))
            if tokens.answer.known
            else None,
            sessions=sum(1 for s in members if s.session_id) or None,
            active_s=sum(s.active_time_seconds or 0.0 for s in members) if active.answer.known else None,
        )
        for path, members in by_path.items()
    ]
    return tuple(
        sorted(projects, key=lambda p: (-(p.cost_usd or 0.0), -(p.tokens.total if p.tokens else 0.0)))
    )
