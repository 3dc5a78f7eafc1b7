"""What the detail of one session shows: its use inside a range, by model and by who asked, and over time."""

from dataclasses import dataclass
from typing import Final

from ccmon_tray.sources.base import Question, SessionSeen, Span, UsageSource
from ccmon_tray.sources.claude_files.history import History, SessionRecord
from ccmon_tray.sources.reports import build_totals, over_time, productivity_questions
from ccmon_tray.sources.tally import Tally, ask_all, models
from ccmon_tray.usage.by_name import merged_by_name
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import ModelUsage, StepUsage, Tokens, Totals
from ccmon_tray.usage.steps import tile
from ccmon_tray.usage.windows import Calendar, Window

QUERY_SOURCES: Final = {"main": "Main", "subagent": "Subagents", "auxiliary": "Auxiliary"}
"""Who asked a model, as people read it."""

# A source tells to the minute when something was used: what it saw at a moment rose in the minute before.
_SEEN_TO_S: Final = 60
_SHORTEST_CHART_S: Final = 600


@dataclass(frozen=True, slots=True)
class QuerySourceUsage:
    """What requests of one kind cost and used; ``query_source`` is "" where the kind is unknown."""

    query_source: str
    cost_usd: float | None
    tokens: Tokens | None


@dataclass(frozen=True, slots=True)
class SessionReading:
    """Everything that the detail of one session shows; None is unknown.

    Attributes:
        session_id: Its id.
        project: Its project's name.
        project_path: Its project's folder.
        record: What Claude Code's history tells of all of it: its times, its messages.
        messages: Prompts written in the range.
        first: Unix seconds of its first use in the range.
        last: Unix seconds of its last use in the range.
        totals: What it used in the range.
        by_model: Models under their names for people, dearest first.
        by_query_source: Main conversation, subagents, auxiliary requests; dearest first.
        steps: Cost and tokens over the stretch in which it was used, which add up to the totals.
        step_s: Nominal length of a step, seconds.
    """

    session_id: str
    project: str | None
    project_path: str | None
    record: SessionRecord | None
    messages: int | None
    first: int | None
    last: int | None
    totals: Totals
    by_model: tuple[ModelUsage, ...]
    by_query_source: tuple[QuerySourceUsage, ...]
    steps: tuple[StepUsage, ...]
    step_s: int


def read_session(
    source: UsageSource, session_id: str, calendar: Calendar, history: History | None, window: Window
) -> SessionReading:
    """One session's use in a range.

    Args:
        source: Where usage comes from.
        session_id: Which session.
        calendar: The user's days, which steps are aligned to.
        history: Claude Code's history, which tells project and messages; None if there is none.
        window: The range.

    Raises:
        SourceError: The source cannot answer.
    """
    span = Span(window.start, window.end)
    seen = next(iter(source.sessions_seen(span, (session_id,))), None)
    steps = tile(_used(window, seen), calendar)
    only = ((Label.SESSION, (session_id,)),)
    cost_q = Question(Metric.COST, span, (Label.MODEL, Label.QUERY_SOURCE), where=only)
    tokens_q = Question(Metric.TOKENS, span, (Label.MODEL, Label.QUERY_SOURCE, Label.TYPE), where=only)
    active_q = Question(Metric.ACTIVE_TIME, span, (Label.TYPE,), where=only)
    productivity = tuple(
        Question(question.metric, span, question.by, where=only) for question in productivity_questions(span)
    )
    used = Span(steps.boundaries[0], steps.boundaries[-1])
    cost_steps_q, token_steps_q = (
        Question(metric, used, boundaries=steps.boundaries, where=only)
        for metric in (Metric.COST, Metric.TOKENS)
    )
    tallies = ask_all(source, [cost_q, tokens_q, active_q, *productivity, cost_steps_q, token_steps_q])
    cost, tokens = tallies[cost_q], tallies[tokens_q]
    record = history.sessions.get(session_id) if history is not None else None
    project, path = history.project_of(session_id) if history is not None else (None, None)
    return SessionReading(
        session_id=session_id,
        project=project,
        project_path=path,
        record=record,
        messages=record.messages_in(span.start, span.end) if record is not None else None,
        first=seen.first if seen else None,
        last=seen.last if seen else None,
        totals=build_totals(cost, tokens, tallies[active_q], [tallies[q] for q in productivity], 1),
        by_model=merged_by_name(models(cost, tokens)),
        by_query_source=_by_query_source(cost, tokens),
        steps=over_time(steps, tallies[cost_steps_q].steps(), tallies[token_steps_q].steps()),
        step_s=steps.seconds,
    )


def _used(window: Window, seen: SessionSeen | None) -> Window:
    """The stretch of a window in which a session was used, so that its chart is not mostly empty."""
    if seen is None:
        return window
    start = max(window.start, seen.first - _SEEN_TO_S)
    end = min(window.end, max(seen.last, start + _SHORTEST_CHART_S))
    return Window("custom", min(start, end - 1), end)


def _by_query_source(cost: Tally, tokens: Tally) -> tuple[QuerySourceUsage, ...]:
    costs = cost.per_value(Label.QUERY_SOURCE)
    counts = {key[0]: value for key, value in tokens.tokens_per(Label.QUERY_SOURCE).items()}
    return tuple(
        QuerySourceUsage(
            query_source=name,
            cost_usd=costs.get(name, 0.0) if cost.answer.known else None,
            tokens=counts.get(name, Tokens()) if tokens.answer.known else None,
        )
        for name in dict.fromkeys([*costs, *counts])
    )
