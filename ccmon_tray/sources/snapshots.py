"""One poll: everything that icon, tooltip and menu show, from any source, as one frozen snapshot."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ccmon_tray.errors import CcmonError, TelemetryMissing
from ccmon_tray.sources.base import Inventory, Question, Span, UsageSource
from ccmon_tray.sources.claude_files import ClaudeFiles
from ccmon_tray.sources.closed_past import GLIDE_STEP_S, ClosedPast
from ccmon_tray.sources.closed_sessions import ClosedSessions
from ccmon_tray.sources.reports import build_totals, has_use, productivity_questions
from ccmon_tray.sources.session_usage import with_projects
from ccmon_tray.sources.tally import Tally, models
from ccmon_tray.usage.budgets import BudgetPeriod, period_end
from ccmon_tray.usage.forecast import PACE_S, projected_cost_usd
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import RangeInfo, SessionUsage, SourceInfo, Tokens, UsageWarning
from ccmon_tray.usage.snapshot import Figures, Period, Problem, RangeUsage, Snapshot
from ccmon_tray.usage.states import SOURCE_TITLES, SourceKind, State
from ccmon_tray.usage.steps import nominal_step_s
from ccmon_tray.usage.windows import (
    Calendar,
    Window,
    canonical_range_name,
    previous,
    resolve,
)

TOP_SESSIONS: Final = 5

_HOUR_S: Final = 3600
_PAST_STEP_S: Final = 300
# The starts of rolling ranges move in steps that are nothing beside their length.
_START_STEP_S: Final = {
    "4h": 60,
    **dict.fromkeys(("1d", "7d", "30d", "90d"), _PAST_STEP_S),
}
# Any use of a session shows in one of these, or in the count of sessions; tokens come with cost.
_USE: Final = (Metric.COST, Metric.ACTIVE_TIME, Metric.LINES, Metric.COMMITS, Metric.PULL_REQUESTS)
# After these the source may have been away, or another one: what was remembered of it is read again.
_SHAKEN: Final = frozenset({State.STALE, State.OFFLINE, State.NO_TELEMETRY})


class SnapshotBuilder:
    """Polls a source. One builder serves one source for as long as it lives; not for several threads.

    Args:
        source: Where usage comes from.
        calendar: The user's days and weeks.
        files: Claude Code's files, which tell the projects of sessions; None leaves them unknown.
    """

    def __init__(self, source: UsageSource, calendar: Calendar, files: ClaudeFiles | None = None) -> None:
        self._source = source
        self._calendar = calendar
        self._files = files
        self._past = ClosedPast(source)
        self._sessions = ClosedSessions(source, self._past)
        self._inventory: Inventory | None = None
        self._moved_at = 0.0

    def poll(
        self, range_name: str, clock: Callable[[], float], last: Snapshot | None, *, refresh: bool = False
    ) -> Iterator[Snapshot]:
        """One poll, shown at once, and then what keeps the next ones cheap and right.

        The first snapshot goes on from what is known of the past. Where windows' starts, or the edge of what
        is over, have to move on, they do so in a second one; so where everything is read again, every hour or
        when a person asks for it. Nobody waits for either.

        Args:
            range_name: As for :meth:`build`.
            clock: Unix seconds now.
            last: As for :meth:`build`.
            refresh: Read everything again: a person asked for it.

        Yields:
            A snapshot, and often another one. If the source cannot answer, one.

        Raises:
            UsageError: There is no such range.
        """
        now = clock()
        if not _is_good(last) or not self._past.goes_on(now):
            yield self.build(range_name, now, last, refresh=refresh)
            return
        last = self._build(range_name, now, last, moved_at=self._moved_at)
        yield last
        again = refresh or self._past.is_due(now)
        if last.state not in _SHAKEN and (again or self._moves(now, range_name)):
            yield self._build(range_name, clock(), last, again=again)

    def build(self, range_name: str, now: float, last: Snapshot | None, *, refresh: bool = False) -> Snapshot:
        """One poll, complete: what is due is done first.

        Args:
            range_name: The range whose details are shown, one of ``usage.windows.RANGE_NAMES``.
            now: Unix seconds.
            last: The snapshot before, whose figures are kept if the source cannot answer now.
            refresh: Trust nothing remembered.

        Returns:
            The snapshot. A source that cannot answer becomes a state and a problem; its last good figures are
            kept whole, never mixed with new ones, and never replaced by 0.

        Raises:
            UsageError: There is no such range.
        """
        again = refresh or not _is_good(last) or self._past.is_due(now)
        return self._build(range_name, now, last, again=again)

    def _moves(self, now: float, range_name: str) -> bool:
        """Whether a start or an edge is to move since it did last."""
        step_s = min(_PAST_STEP_S, _START_STEP_S.get(canonical_range_name(range_name), _PAST_STEP_S))
        return now // step_s != self._moved_at // step_s

    def _build(
        self,
        range_name: str,
        now: float,
        last: Snapshot | None,
        *,
        again: bool = False,
        moved_at: float | None = None,
    ) -> Snapshot:
        """One poll.

        Args:
            range_name: As for :meth:`build`.
            now: As for :meth:`build`.
            last: As for :meth:`build`.
            again: Read everything again.
            moved_at: Leave starts and edges where they were at this moment, Unix seconds; None for now.
        """
        range_name = canonical_range_name(range_name)
        try:
            inventory = self._take_inventory(refresh=again)
            if not inventory.metrics:
                problem = _problem(no_telemetry(inventory.info), last, now)
                return Snapshot(
                    source=inventory.info, state=State.NO_TELEMETRY, polled_at=now, problem=problem
                )
            figures, warnings = self._read(now, range_name, now if moved_at is None else moved_at)
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
        # What the source itself remembers may lack samples that were written late, too.
        inventory = self._source.inventory(refresh=refresh)
        if refresh or inventory != self._inventory:
            self._past.forget()
            self._sessions.forget()
        self._inventory = inventory
        return inventory

    def _failed(self, error: CcmonError, now: float, last: Snapshot | None) -> Snapshot:
        problem = _problem(error, last, now)
        info = self._source.info
        if last is None or last.figures is None or not _same_source(last.source, info):
            return Snapshot(source=info, state=State.OFFLINE, polled_at=now, problem=problem)
        return last.model_copy(update={"state": State.STALE, "polled_at": now, "problem": problem})

    def _read(self, now: float, range_name: str, moved_at: float) -> tuple[Figures, tuple[UsageWarning, ...]]:
        """All figures and warnings; the source is asked in one round, or two where top sessions are new."""
        lag_s = int(now) - int(moved_at)
        self._moved_at = moved_at
        today, week, month, window = (
            resolve(name, now, self._calendar) for name in ("today", "this week", "this month", range_name)
        )
        before = previous(week, self._calendar)
        before = replace(before, end=max(_past_edge(before.end - lag_s), before.start + 1))
        pace = Window("custom", _past_edge(today.end - PACE_S - lag_s), today.end)
        hour = Window("custom", _past_edge(today.end - _HOUR_S, GLIDE_STEP_S), today.end)
        if step_s := _START_STEP_S.get(window.name):
            window = replace(window, start=_past_edge(window.start - lag_s, step_s))
        elif window.name == "1h":
            window = replace(window, start=hour.start)

        periods = (today, week, month, before, pace, hour)
        costs = {period: Question(Metric.COST, Span(period.start, period.end)) for period in periods}
        today_tokens = Question(Metric.TOKENS, Span(today.start, today.end))
        range_questions = _RangeQuestions.of(Span(window.start, window.end))
        self._past.begin(now, moved_at)
        tallies = self._past.ask(
            [*costs.values(), today_tokens, *range_questions.figures], range_questions.users
        )
        cost = {period: tallies[question].total for period, question in costs.items()}

        def projected(period: Window, kind: BudgetPeriod) -> float | None:
            left_s = period_end(kind, period.start, self._calendar) - now
            return projected_cost_usd(cost[period], cost[pace], pace.seconds, left_s)

        figures = Figures(
            today=Period(
                start=today.start,
                end=today.end,
                cost_usd=cost[today],
                tokens=tallies[today_tokens].total,
                projected_cost_usd=projected(today, BudgetPeriod.DAY),
            ),
            this_week=Period(
                start=week.start,
                end=week.end,
                cost_usd=cost[week],
                previous_cost_usd=cost[before],
                projected_cost_usd=projected(week, BudgetPeriod.WEEK),
            ),
            this_month=Period(
                start=month.start,
                end=month.end,
                cost_usd=cost[month],
                projected_cost_usd=projected(month, BudgetPeriod.MONTH),
            ),
            last_hour_cost_usd=cost[hour],
            range=self._range_usage(window, range_questions, tallies),
        )
        return figures, self._sessions.warnings(range_questions.span)

    def _range_usage(
        self, window: Window, asked: "_RangeQuestions", tallies: Mapping[Question, Tally]
    ) -> RangeUsage:
        return RangeUsage(
            info=RangeInfo(
                name=window.name,
                start=window.start,
                end=window.end,
                step_seconds=nominal_step_s(window.seconds),
                timezone=self._calendar.zone_name,
            ),
            totals=build_totals(
                tallies[asked.cost],
                tallies[asked.tokens],
                tallies[asked.active],
                [tallies[question] for question in asked.productivity],
                self._past.count_sessions(asked.users),
            ),
            by_model=models(tallies[asked.cost], tallies[asked.tokens]),
            top_sessions=self._top_sessions(asked.span, tallies[asked.dearest]),
        )

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
            where=((Label.SESSION, tuple(sorted(ids))),),
        )
        tokens = self._past.ask([question])[question]
        times = self._sessions.sessions_seen(span, ids)
        counts = {key[0]: value for key, value in tokens.tokens_per(Label.SESSION).items()}
        used = tokens.per(Label.SESSION, Label.MODEL)
        usages = [
            SessionUsage(
                session_id=session,
                first_seen=times[session].first if session in times else None,
                last_seen=times[session].last if session in times else None,
                cost_usd=dearest[session],
                tokens=counts.get(session, Tokens()) if tokens.answer.known else None,
                models=tuple(model for of, model in used if of == session and model),
            )
            for session in ids
        ]
        return with_projects(usages, self._files.history() if self._files else None, span)


@dataclass(frozen=True, slots=True)
class _RangeQuestions:
    """What is asked about the chosen range; ``users`` are asked who used anything."""

    span: Span
    cost: Question
    tokens: Question
    active: Question
    dearest: Question
    productivity: tuple[Question, ...]
    users: tuple[Question, ...]

    @classmethod
    def of(cls, span: Span) -> "_RangeQuestions":
        """The questions about this window."""
        return cls(
            span,
            cost=Question(Metric.COST, span, (Label.MODEL,)),
            tokens=Question(Metric.TOKENS, span, (Label.MODEL, Label.TYPE)),
            active=Question(Metric.ACTIVE_TIME, span, (Label.TYPE,)),
            # One more than shown: use without a session id is a group of its own, and no session.
            dearest=Question(Metric.COST, span, (Label.SESSION,), top=TOP_SESSIONS + 1),
            productivity=productivity_questions(span),
            users=(
                Question(Metric.SESSIONS, span, (Label.SESSION, Label.START_TYPE)),
                *(Question(metric, span, (Label.SESSION,)) for metric in _USE),
            ),
        )

    @property
    def figures(self) -> tuple[Question, ...]:
        """All but ``users``."""
        return (self.cost, self.tokens, self.active, self.dearest, *self.productivity)


def _past_edge(unix_s: int, step_s: int = _PAST_STEP_S) -> int:
    """The start or end in the past of a window that goes with the clock.

    It moves in steps, so that what lies behind it is asked once a step instead of at each poll.
    """
    return unix_s // step_s * step_s


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


def _is_good(last: Snapshot | None) -> bool:
    """Whether the poll before was answered, so that what it remembers can be gone on from."""
    return last is not None and last.state not in _SHAKEN


def _same_source(one: SourceInfo, other: SourceInfo) -> bool:
    return (one.kind, one.url) == (other.kind, other.url)


def no_telemetry(info: SourceInfo) -> TelemetryMissing:
    """What is wrong, and what to do, where a source answers but holds no metrics of Claude Code."""
    if info.kind in (SourceKind.COLLECTOR, SourceKind.TRANSCRIPTS):
        found = "received" if info.kind is SourceKind.COLLECTOR else "found among Claude Code’s files"
        return TelemetryMissing(
            "Nothing of Claude Code here yet",
            cause=f"nothing has been {found}",
            next_step="Connect Claude Code (in the window, or by ccmon-tray connect), then start claude anew",
        )
    return TelemetryMissing(
        "No Claude Code metrics yet",
        cause=f"{SOURCE_TITLES[info.kind]} answers{f' at {info.url}' if info.url else ''}, "
        "but holds no claude_code metrics",
        next_step="Set CLAUDE_CODE_ENABLE_TELEMETRY=1 and OTEL_METRICS_EXPORTER=otlp for Claude Code, "
        "check that its metrics get to this server, and start claude anew",
    )
