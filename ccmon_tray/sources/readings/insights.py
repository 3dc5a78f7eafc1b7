"""What the insights view shows: periods compared, days and hours of use, records, and where it is going."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ccmon_tray.errors import ClaudeFilesUnreadable
from ccmon_tray.sources.base import Question, Span, UsageSource
from ccmon_tray.sources.claude_files import ClaudeFiles
from ccmon_tray.sources.claude_files.history import History
from ccmon_tray.sources.readings.days import HOURLY_DAYS, Past, PastReader
from ccmon_tray.sources.readings.reach import known_since, reaches
from ccmon_tray.sources.reports import known_sessions
from ccmon_tray.sources.tally import ask_all
from ccmon_tray.usage.forecast import PACE_S, projected_cost_usd
from ccmon_tray.usage.insights import (
    DayUsage,
    Grid,
    Streaks,
    busiest_hour,
    dearest_day,
    streaks,
)
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import SourceInfo, UsageWarning
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import Calendar, Window, month_end, previous, resolve

PERIODS: Final = ("this week", "7d", "this month", "30d")
GRID_DAYS: Final = (30, HOURLY_DAYS)

_HOUR_S: Final = 3600
_QUARTER_S: Final = 900
_COMPARED: Final = (Metric.COST, Metric.TOKENS, Metric.ACTIVE_TIME)


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """What was used in a period; None where that is unknown.

    Attributes:
        cost_usd: Cost.
        tokens: Tokens of all types.
        sessions: How many sessions had any use.
        active_s: Seconds of active time.
        messages: Prompts written on this machine, by Claude Code's own history.
    """

    cost_usd: float | None
    tokens: float | None
    sessions: int | None
    active_s: float | None
    messages: int | None

    @property
    def used(self) -> bool:
        """Whether anything was used."""
        return bool(self.cost_usd or self.tokens or self.sessions or self.active_s)


@dataclass(frozen=True, slots=True)
class PeriodComparison:
    """A period and the equal one before it.

    Attributes:
        window: The period, under its name.
        before: The period it is compared with.
        now: What was used in the period.
        then: What was used in the one before; None where the source does not reach back over all of it.
    """

    window: Window
    before: Window
    now: PeriodFigures
    then: PeriodFigures | None


@dataclass(frozen=True, slots=True)
class HourGrids:
    """Use by weekday and hour of the day; None where the counter is unknown."""

    cost_usd: Grid | None
    tokens: Grid | None
    active_s: Grid | None


@dataclass(frozen=True, slots=True)
class LongestSession:
    """The session with most active time (seconds); its project where the history tells it."""

    session_id: str
    active_s: float
    project: str | None


@dataclass(frozen=True, slots=True)
class InsightsReading:
    """Everything that the insights view shows.

    Attributes:
        source: Where the figures come from.
        state: ``fresh``, ``no-data`` (nothing in the last year) or ``no-telemetry``.
        taken_at: Unix seconds of the reading.
        periods: This week, the last 7 days, this month and the last 30 days, each with the period before.
        days: The last 365 local days, oldest first; those that the source cannot know hold None.
        grids: Use by weekday and hour over the last 30 and the last 90 days, by that number.
        busiest_hour: Hour of the day (0 to 23) with most active time in the last 90 days.
        longest_session: That of the last 30 days.
        streaks: Days in a row with use, messages on this machine included.
        dearest_day: That of the last 365 days.
        member_since: The first day that Claude Code's own files know of, as far as there are any.
        first_use: The first day with use that anything tells of.
        last_hour_cost_usd: What the last hour cost: the burn rate.
        projected_month_usd: Cost of this month by its end, if the last seven days' pace goes on.
        warnings: Why the figures of the last 30 days may be off.
        known_since: Unix seconds since when the source can know use; None where it does not say.
    """

    source: SourceInfo
    state: State
    taken_at: int
    periods: tuple[PeriodComparison, ...]
    days: tuple[DayUsage, ...]
    grids: Mapping[int, HourGrids]
    busiest_hour: int | None
    longest_session: LongestSession | None
    streaks: Streaks
    dearest_day: DayUsage | None
    member_since: date | None
    first_use: date | None
    last_hour_cost_usd: float | None
    projected_month_usd: float | None
    warnings: tuple[UsageWarning, ...]
    known_since: int | None

    @property
    def first_use_may_be_earlier(self) -> bool:
        """Whether the first day with use is merely the first day that the source can tell of."""
        known = next(
            (day.day for day in self.days if day.cost_usd is not None or day.tokens is not None), None
        )
        return self.member_since is None and self.first_use is not None and self.first_use == known

    def period(self, name: str) -> PeriodComparison | None:
        """The comparison of a range, by its name; None where there is no telemetry."""
        return next((period for period in self.periods if period.window.name == name), None)


class InsightsReader:
    """Reads insights again and again, but the past only once in a while. Safe for several threads.

    Args:
        source: Where usage comes from.
        calendar: The user's days and weeks.
    """

    def __init__(self, source: UsageSource, calendar: Calendar) -> None:
        self._source = source
        self._calendar = calendar
        self._past = PastReader(source, calendar)

    def read(self, now: float, files: ClaudeFiles | None = None) -> InsightsReading:
        """All insights.

        Args:
            now: Unix seconds.
            files: What Claude Code left on this machine, for messages, projects and the first day.

        Raises:
            SourceError: The source cannot answer.
        """
        inventory = self._source.inventory()
        since = known_since(inventory, now)
        history = files.history() if files is not None else None
        told = _days_of(history, self._calendar)
        member_since = min(filter(None, (_first_session(files, self._calendar), *told)), default=None)
        today = self._calendar.day_of(now)
        if not inventory.metrics:
            return InsightsReading(
                source=inventory.info,
                state=State.NO_TELEMETRY,
                taken_at=int(now),
                periods=(),
                days=(),
                grids={},
                busiest_hour=None,
                longest_session=None,
                streaks=streaks(told, today),
                dearest_day=None,
                member_since=member_since,
                first_use=member_since,
                last_hour_cost_usd=None,
                projected_month_usd=None,
                warnings=(),
                known_since=since,
            )
        past = self._past.read(now, since)
        recent = _Recent.ask(self._source, self._calendar, now, since, history)
        used = {day.day for day in past.days if day.used}
        by_name = {period.window.name: period.now for period in recent.periods}
        any_use = bool(used) or any(period.now.used for period in recent.periods)
        longest = recent.longest
        if longest is not None and history is not None:
            longest = LongestSession(
                longest.session_id, longest.active_s, history.project_of(longest.session_id)[0]
            )
        return InsightsReading(
            source=inventory.info,
            state=State.FRESH if any_use else State.NO_DATA,
            taken_at=int(now),
            periods=recent.periods,
            days=past.days,
            grids={
                days: HourGrids(*(past.grid(metric, days, self._calendar) for metric in _COMPARED))
                for days in GRID_DAYS
            },
            busiest_hour=_busiest(past, self._calendar),
            longest_session=longest,
            streaks=streaks(used | told, today),
            dearest_day=dearest_day(past.days),
            member_since=member_since,
            first_use=min(filter(None, (member_since, *used)), default=None),
            last_hour_cost_usd=recent.last_hour_cost_usd,
            projected_month_usd=projected_cost_usd(
                by_name["this month"].cost_usd,
                by_name["7d"].cost_usd,
                PACE_S,
                month_end(now, self._calendar) - now,
            ),
            warnings=recent.warnings,
            known_since=since,
        )


def read_insights(
    source: UsageSource, calendar: Calendar, now: float, files: ClaudeFiles | None = None
) -> InsightsReading:
    """All insights, once: see :class:`InsightsReader`."""
    return InsightsReader(source, calendar).read(now, files)


@dataclass(frozen=True, slots=True)
class _Recent:
    """What moves with the clock."""

    periods: tuple[PeriodComparison, ...]
    last_hour_cost_usd: float | None
    longest: LongestSession | None
    warnings: tuple[UsageWarning, ...]

    @classmethod
    def ask(
        cls, source: UsageSource, calendar: Calendar, now: float, since: int | None, history: History | None
    ) -> "_Recent":
        windows = [resolve(name, now, calendar) for name in PERIODS]
        pairs = [(window, previous(window, calendar)) for window in windows]
        compared = [before for _, before in pairs if reaches(before, since)]
        spans = {window: Span(window.start, window.end) for window in (*windows, *compared)}
        questions = {
            window: tuple(Question(metric, span) for metric in _COMPARED) for window, span in spans.items()
        }
        hour_q = Question(Metric.COST, Span(int(now) - _HOUR_S, int(now)))
        # One more than shown: use without a session id is a group of its own, and no session.
        longest_q = Question(Metric.ACTIVE_TIME, spans[windows[-1]], (Label.SESSION,), top=2)
        flat = [question for own in questions.values() for question in own]
        tallies = ask_all(source, [*flat, hour_q, longest_q])
        figures = {}
        for window, span in spans.items():
            cost, tokens, active = (tallies[question] for question in questions[window])
            figures[window] = PeriodFigures(
                cost_usd=cost.total,
                tokens=tokens.total,
                sessions=known_sessions(source.count_sessions(span), cost, tokens),
                active_s=active.total,
                messages=history.messages(span.start, span.end) if history is not None else None,
            )
        actives = tallies[longest_q].per_value(Label.SESSION)
        return cls(
            tuple(
                PeriodComparison(window, before, figures[window], figures.get(before))
                for window, before in pairs
            ),
            tallies[hour_q].total,
            next((LongestSession(key, most, None) for key, most in actives.items() if key), None),
            source.warnings(spans[windows[-1]]),
        )


def _busiest(past: Past, calendar: Calendar) -> int | None:
    """The hour of the day with most active time, or most tokens where that is unknown."""
    for metric in (Metric.ACTIVE_TIME, Metric.TOKENS):
        grid = past.grid(metric, HOURLY_DAYS, calendar)
        if grid is not None:
            return busiest_hour(grid)
    return None


def _days_of(history: History | None, calendar: Calendar) -> set[date]:
    """The local days with messages."""
    if history is None:
        return set()
    # Whole quarters of an hour lie in one local day everywhere; of messages there are many more.
    quarters = {int(moment) // _QUARTER_S for moment in history.moments}
    return {calendar.day_of(quarter * _QUARTER_S) for quarter in quarters}


def _first_session(files: ClaudeFiles | None, calendar: Calendar) -> date | None:
    """The day of the first session by Claude Code's own count."""
    try:
        cache = files.stats_cache() if files is not None else None
    except ClaudeFilesUnreadable:
        return None  # the view of the stats cache says so
    return None if cache is None or cache.first_session is None else calendar.day_of(cache.first_session)
