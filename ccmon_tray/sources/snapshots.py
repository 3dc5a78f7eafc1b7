"""One poll: everything that icon, tooltip and menu show, from any source, as one frozen snapshot."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from ccmon_tray.errors import CcmonError, TelemetryMissing
from ccmon_tray.sources.base import Inventory, Question, Span, UsageSource
from ccmon_tray.sources.closed_past import ClosedPast
from ccmon_tray.sources.reports import build_totals, has_use, productivity_questions
from ccmon_tray.sources.tally import Tally, models
from ccmon_tray.usage.forecast import PACE_S, projected_cost_usd
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import (
    SOURCE_TITLES,
    RangeInfo,
    SessionUsage,
    SourceInfo,
    State,
    Tokens,
    UsageWarning,
)
from ccmon_tray.usage.snapshot import Figures, Period, Problem, RangeUsage, Snapshot
from ccmon_tray.usage.steps import nominal_step_s
from ccmon_tray.usage.windows import Calendar, Window, month_end, previous, resolve

TOP_SESSIONS: Final = 5

_HOUR_S: Final = 3600
# After these the source may have been away, or another one: what was remembered of it is read again.
_SHAKEN: Final = frozenset({State.STALE, State.OFFLINE, State.NO_TELEMETRY})


class SnapshotBuilder:
    """Polls a source. One builder serves one source for as long as it lives; not for several threads.

    Args:
        source: Where usage comes from.
        calendar: The user's days and weeks.
    """

    def __init__(self, source: UsageSource, calendar: Calendar) -> None:
        self._source = source
        self._calendar = calendar
        self._past = ClosedPast(source, calendar)
        self._inventory: Inventory | None = None

    def build(self, range_name: str, now: float, last: Snapshot | None, *, refresh: bool = False) -> Snapshot:
        """One poll.

        Args:
            range_name: The range whose details are shown, one of ``usage.windows.RANGE_NAMES``.
            now: Unix seconds.
            last: The snapshot before, whose figures are kept if the source cannot answer now.
            refresh: Trust nothing remembered: a person asked for it.

        Returns:
            The snapshot. A source that cannot answer becomes a state and a problem; its last good figures are
            kept whole, never mixed with new ones, and never replaced by 0.

        Raises:
            UsageError: There is no such range.
        """
        window = resolve(range_name, now, self._calendar)
        try:
            inventory = self._take_inventory(refresh=refresh or last is None or last.state in _SHAKEN)
            if not inventory.metrics:
                problem = _problem(no_telemetry(inventory.info), last, now)
                return Snapshot(
                    source=inventory.info, state=State.NO_TELEMETRY, polled_at=now, problem=problem
                )
            figures, warnings = self._read(window, now)
        except CcmonError as error:
            return self._failed(error, now, last)
        used = has_use(figures.range.totals) or bool(figures.today.cost_usd or figures.today.tokens)
        return Snapshot(
            source=inventory.info,
            state=State.FRESH if used else State.NO_DATA,
            polled_at=now,
            taken_at=now,
            figures=figures,
            warnings=warnings,
        )

    def _take_inventory(self, *, refresh: bool) -> Inventory:
        inventory = self._source.inventory(refresh=refresh)
        if refresh or inventory != self._inventory:
            self._past.forget()
        self._inventory = inventory
        return inventory

    def _failed(self, error: CcmonError, now: float, last: Snapshot | None) -> Snapshot:
        problem = _problem(error, last, now)
        info = self._source.info
        if last is None or last.figures is None or not _same_source(last.source, info):
            return Snapshot(source=info, state=State.OFFLINE, polled_at=now, problem=problem)
        return last.model_copy(update={"state": State.STALE, "polled_at": now, "problem": problem})

    def _read(self, window: Window, now: float) -> tuple[Figures, tuple[UsageWarning, ...]]:
        """All figures and warnings; the source is asked in two rounds, each side by side."""
        span = Span(window.start, window.end)
        today, week, month = (
            resolve(name, now, self._calendar) for name in ("today", "this week", "this month")
        )
        before = previous(week, self._calendar)
        end = int(now)

        def cost_of(start: int, end: int) -> Question:
            return Question(Metric.COST, Span(start, end))

        today_q, week_q, month_q = (cost_of(w.start, w.end) for w in (today, week, month))
        before_q = cost_of(before.start, before.end)
        hour_q, pace_q = cost_of(end - _HOUR_S, end), cost_of(end - PACE_S, end)
        today_tokens_q = Question(Metric.TOKENS, Span(today.start, today.end))
        model_q = Question(Metric.COST, span, (Label.MODEL,))
        tokens_q = Question(Metric.TOKENS, span, (Label.MODEL, Label.TYPE))
        active_q = Question(Metric.ACTIVE_TIME, span, (Label.TYPE,))
        # One more than shown: use without a session id is a group of its own, and no session.
        top_q = Question(Metric.COST, span, (Label.SESSION,), top=TOP_SESSIONS + 1)
        productivity = productivity_questions(span)
        questions = [
            today_q, week_q, month_q, before_q, hour_q, pace_q, today_tokens_q,
            model_q, tokens_q, active_q, top_q, *productivity,
        ]  # fmt: skip
        with ThreadPoolExecutor(3, "poll") as pool:
            counting = pool.submit(self._source.count_sessions, span)
            warning = pool.submit(self._source.warnings, span)
            tallies = self._past.ask(questions, now)
            sessions, warnings = counting.result(), warning.result()
        top = self._top_sessions(span, tallies[top_q])
        totals = build_totals(
            tallies[model_q],
            tallies[tokens_q],
            tallies[active_q],
            [tallies[q] for q in productivity],
            sessions,
        )

        projected = projected_cost_usd(
            tallies[month_q].total, tallies[pace_q].total, now, month_end(now, self._calendar)
        )
        figures = Figures(
            today=Period(
                start=today.start,
                end=today.end,
                cost_usd=tallies[today_q].total,
                tokens=tallies[today_tokens_q].total,
            ),
            this_week=Period(
                start=week.start,
                end=week.end,
                cost_usd=tallies[week_q].total,
                previous_cost_usd=tallies[before_q].total,
            ),
            this_month=Period(
                start=month.start,
                end=month.end,
                cost_usd=tallies[month_q].total,
                projected_cost_usd=projected,
            ),
            last_hour_cost_usd=tallies[hour_q].total,
            range=RangeUsage(
                info=RangeInfo(
                    name=window.name,
                    start=window.start,
                    end=window.end,
                    step_seconds=nominal_step_s(window.seconds),
                    timezone=self._calendar.zone_name,
                ),
                totals=totals,
                by_model=models(tallies[model_q], tallies[tokens_q]),
                top_sessions=top,
            ),
        )
        return figures, warnings

    def _top_sessions(self, span: Span, costs: Tally) -> tuple[SessionUsage, ...]:
        """The dearest sessions, with what is worth knowing of so few."""
        dearest = {key: cost for key, cost in costs.per_value(Label.SESSION).items() if key}
        ids = tuple(dearest)[:TOP_SESSIONS]
        if not ids:
            return ()
        question = Question(
            Metric.TOKENS,
            span,
            (Label.SESSION, Label.MODEL, Label.TYPE),
            where=((Label.SESSION, ids),),
        )
        with ThreadPoolExecutor(1, "poll") as pool:
            seeing = pool.submit(self._source.sessions_seen, span, ids)
            tokens = Tally(question, self._source.ask([question])[0])
            times = {seen.session_id: seen for seen in seeing.result()}
        counts = {key[0]: value for key, value in tokens.tokens_per(Label.SESSION).items()}
        used = tokens.per(Label.SESSION, Label.MODEL)
        return tuple(
            SessionUsage(
                session_id=session,
                first_seen=times[session].first if session in times else None,
                last_seen=times[session].last if session in times else None,
                cost_usd=dearest[session],
                tokens=counts.get(session, Tokens()) if tokens.answer.known else None,
                models=tuple(model for of, model in used if of == session and model),
            )
            for session in ids
        )


def _problem(error: CcmonError, last: Snapshot | None, now: float) -> Problem:
    """An error as a problem, which began earlier than now if the last poll met it too."""
    before = last.problem if last else None
    return Problem(
        code=error.code,
        title=error.title,
        cause=error.cause,
        next_step=error.next_step,
        since=before.since if before and before.code == error.code else now,
    )


def _same_source(one: SourceInfo, other: SourceInfo) -> bool:
    return (one.kind, one.url) == (other.kind, other.url)


def no_telemetry(info: SourceInfo) -> TelemetryMissing:
    """What is wrong, and what to do, where a source answers but holds no metrics of Claude Code."""
    return TelemetryMissing(
        "No Claude Code metrics yet",
        cause=f"{SOURCE_TITLES[info.kind]} answers{f' at {info.url}' if info.url else ''}, "
        "but holds no claude_code metrics",
        next_step="Set CLAUDE_CODE_ENABLE_TELEMETRY=1 and OTEL_METRICS_EXPORTER=otlp for Claude Code, "
        "check that its metrics get to this server, and start claude anew",
    )
