"""What the summary shows: the totals of a range beside those of the period before, over time and by model."""

import time
from dataclasses import dataclass

from ccmon_tray.sources.base import Question, Span, UsageSource
from ccmon_tray.sources.readings.reach import known_since, reaches
from ccmon_tray.sources.reports import (
    build_totals,
    has_use,
    over_time,
    productivity_questions,
    range_info,
)
from ccmon_tray.sources.tally import active_time, ask_all, models
from ccmon_tray.usage.by_name import merged_by_name
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import ModelUsage, RangeInfo, SourceInfo, StepUsage, Totals, UsageWarning
from ccmon_tray.usage.states import State
from ccmon_tray.usage.steps import tile
from ccmon_tray.usage.windows import Calendar, Window, previous


@dataclass(frozen=True, slots=True)
class SummaryReading:
    """Everything that the summary shows.

    Attributes:
        info: The range.
        source: Where the figures come from.
        state: ``fresh``, ``no-data`` or ``no-telemetry``.
        totals: Those of the range.
        previous: Cost, tokens and active time of the equal period before; None where the source does not
            reach back over all of it.
        steps: Cost and tokens over time, which tile the range.
        active_steps: Seconds of active time in each of the steps, or None where that is unknown.
        by_model: Models under their names for people, dearest first.
        warnings: Why the figures may be off.
        retention_start: Unix seconds since when the source can know; set where the range begins before it.
    """

    info: RangeInfo
    source: SourceInfo
    state: State
    totals: Totals
    previous: Totals | None
    steps: tuple[StepUsage, ...]
    active_steps: tuple[float, ...] | None
    by_model: tuple[ModelUsage, ...]
    warnings: tuple[UsageWarning, ...]
    retention_start: int | None


def read_summary(
    source: UsageSource, window: Window, calendar: Calendar, *, now: float | None = None
) -> SummaryReading:
    """The summary of a range.

    Args:
        source: Where usage comes from.
        window: The range.
        calendar: The user's days, which steps and periods are aligned to.
        now: Unix seconds, which the source's retention counts from; None asks the clock.

    Raises:
        SourceError: The source cannot answer.
    """
    inventory = source.inventory()
    steps = tile(window, calendar)
    info = range_info(window, steps, calendar)
    since = known_since(inventory, time.time() if now is None else now)
    retention_start = None if reaches(window, since) else since
    if not inventory.metrics:
        return SummaryReading(
            info=info,
            source=inventory.info,
            state=State.NO_TELEMETRY,
            totals=Totals(),
            previous=None,
            steps=over_time(steps, None, None),
            active_steps=None,
            by_model=(),
            warnings=(),
            retention_start=retention_start,
        )

    span = Span(window.start, window.end)
    cost_q = Question(Metric.COST, span, (Label.MODEL,))
    tokens_q = Question(Metric.TOKENS, span, (Label.MODEL, Label.TYPE))
    active_q = Question(Metric.ACTIVE_TIME, span, (Label.TYPE,))
    productivity = productivity_questions(span)
    cost_steps_q, token_steps_q, active_steps_q = (
        Question(metric, span, boundaries=steps.boundaries)
        for metric in (Metric.COST, Metric.TOKENS, Metric.ACTIVE_TIME)
    )
    before = previous(window, calendar)
    before_questions = _questions_before(before) if reaches(before, since) else ()
    tallies = ask_all(
        source,
        [
            *(cost_q, tokens_q, active_q, *productivity),
            *(cost_steps_q, token_steps_q, active_steps_q),
            *before_questions,
        ],
    )
    cost, tokens = tallies[cost_q], tallies[tokens_q]
    totals = build_totals(
        cost, tokens, tallies[active_q], [tallies[q] for q in productivity], source.count_sessions(span)
    )
    totals_before = None
    if before_questions:
        cost_before, tokens_before, active_before = (tallies[q] for q in before_questions)
        totals_before = Totals(
            cost_usd=cost_before.total,
            tokens=tokens_before.tokens(),
            active_time_seconds=active_time(active_before),
        )
    return SummaryReading(
        info=info,
        source=inventory.info,
        state=State.FRESH if has_use(totals) else State.NO_DATA,
        totals=totals,
        previous=totals_before,
        steps=over_time(steps, tallies[cost_steps_q].steps(), tallies[token_steps_q].steps()),
        active_steps=tallies[active_steps_q].steps(),
        by_model=merged_by_name(models(cost, tokens)),
        warnings=source.warnings(span),
        retention_start=retention_start,
    )


def _questions_before(window: Window) -> tuple[Question, Question, Question]:
    span = Span(window.start, window.end)
    return (
        Question(Metric.COST, span),
        Question(Metric.TOKENS, span, (Label.TYPE,)),
        Question(Metric.ACTIVE_TIME, span, (Label.TYPE,)),
    )
