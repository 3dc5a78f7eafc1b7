from array import array
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.errors import ClaudeFilesUnreadable
from ccmon_tray.sources.base import Inventory
from ccmon_tray.sources.claude_files.history import History, SessionRecord
from ccmon_tray.sources.claude_files.stats_cache import StatsCache, parse_stats_cache
from ccmon_tray.sources.demo import DemoSource
from ccmon_tray.sources.readings.days import HOURLY_DAYS
from ccmon_tray.sources.readings.insights import InsightsReader, InsightsReading, read_insights
from ccmon_tray.sources.reports import build_report
from ccmon_tray.usage.forecast import PACE_S, projected_cost_usd
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import UsageWarning
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import Calendar, Window, month_end, previous, resolve
from tests.support.fake_source import Event, FakeSource, request

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
NOW = int(datetime(2026, 11, 23, 14, 12, tzinfo=UTC).timestamp())  # a Monday
TODAY = date(2026, 11, 23)
DEMO = DemoSource(BERLIN, clock=lambda: NOW)
DAY = 86_400
EMPTY_CACHE = parse_stats_cache({}, Path("stats-cache.json"))


class Forgetful(FakeSource):
    """Keeps use for so many seconds."""

    retention_s: float | None = None

    def inventory(self, *, refresh: bool = False) -> Inventory:
        """What it holds, and for how long."""
        return replace(super().inventory(refresh=refresh), retention_s=self.retention_s)


class Files:
    """What Claude Code left, as given."""

    folders: tuple[Path, ...] = ()

    def __init__(
        self, history: History | None, *, first_session: float | None = None, error: Exception | None = None
    ) -> None:
        self._history = history
        self._first_session = first_session
        self._error = error

    def history(self) -> History | None:
        """The history given."""
        return self._history

    def stats_cache(self) -> StatsCache | None:
        """A stats cache that knows the first session at most."""
        if self._error:
            raise self._error
        return (
            EMPTY_CACHE
            if self._first_session is None
            else replace(EMPTY_CACHE, first_session=self._first_session)
        )


def at(day: date, hour: float) -> float:
    """Unix seconds of an hour of a local day that has no change of the clocks before it."""
    return BERLIN.midnight(day) + hour * 3600


@pytest.fixture(scope="module")
def reading() -> InsightsReading:
    return read_insights(DEMO, BERLIN, NOW)


@pytest.mark.parametrize("name", ["this week", "7d", "this month", "30d"])
def test_periods_are_their_reports(reading: InsightsReading, name: str) -> None:
    period = reading.period(name)

    assert period is not None
    assert period.then is not None
    window = resolve(name, NOW, BERLIN)
    for shown, of in ((period.now, window), (period.then, previous(window, BERLIN))):
        totals = build_report(DEMO, of, BERLIN).totals
        assert shown.cost_usd == pytest.approx(totals.cost_usd)
        assert totals.tokens is not None
        assert shown.tokens == totals.tokens.total
        assert shown.sessions == totals.sessions
        assert totals.active_time_seconds is not None
        assert shown.active_s == pytest.approx(totals.active_time_seconds.total)
        assert shown.messages is None


def test_days_are_those_of_the_report_by_day(reading: InsightsReading) -> None:
    assert len(reading.days) == 365
    assert reading.days[-1].day == TODAY
    start = BERLIN.midnight(reading.days[0].day)
    groups = build_report(DEMO, Window("custom", start, NOW), BERLIN, by="day").groups

    assert [day.day.isoformat() for day in reading.days] == [group.key for group in groups]
    assert [day.cost_usd for day in reading.days] == pytest.approx([group.cost_usd for group in groups])
    assert [day.tokens for day in reading.days] == [group.tokens and group.tokens.total for group in groups]
    dearest = max(groups, key=lambda group: group.cost_usd or 0.0)
    assert reading.dearest_day is not None
    assert reading.dearest_day.day.isoformat() == dearest.key


@pytest.mark.parametrize("days", [30, HOURLY_DAYS])
def test_the_hours_of_the_week_add_up_to_their_days(reading: InsightsReading, days: int) -> None:
    grids, last = reading.grids[days], reading.days[-days:]

    for grid, values in (
        (grids.cost_usd, [day.cost_usd for day in last]),
        (grids.tokens, [day.tokens for day in last]),
        (grids.active_s, [day.active_s for day in last]),
    ):
        assert grid is not None
        assert sum(map(sum, grid)) == pytest.approx(sum(value or 0.0 for value in values))
    for weekday in range(7):
        assert grids.cost_usd is not None
        assert sum(grids.cost_usd[weekday]) == pytest.approx(
            sum(day.cost_usd or 0.0 for day in last if day.day.weekday() == weekday)
        )


def test_an_hour_lies_in_its_local_cell_also_when_the_clocks_change() -> None:
    # On Sunday 25 October 2026 two o'clock came twice.
    sunday = BERLIN.midnight(date(2026, 10, 25))
    events = [
        Event(sunday + 2.5 * 3600, Metric.COST, 1.0),  # half past two, summer time
        Event(sunday + 3.5 * 3600, Metric.COST, 2.0),  # half past two again
        Event(sunday + 4.5 * 3600, Metric.COST, 4.0),  # half past three
        Event(sunday + 24.5 * 3600, Metric.COST, 8.0),  # half past eleven in the evening
        Event(at(date(2026, 11, 20), 9.25), Metric.COST, 16.0),
    ]

    grid = read_insights(FakeSource(events), BERLIN, NOW).grids[HOURLY_DAYS].cost_usd

    assert grid is not None
    used = {(d, h): value for d, row in enumerate(grid) for h, value in enumerate(row) if value}
    assert used == {(6, 2): 3.0, (6, 3): 4.0, (6, 23): 8.0, (4, 9): 16.0}


def test_the_hour_that_summer_time_skips_holds_nothing() -> None:
    now = at(date(2026, 4, 15), 12)
    sunday = BERLIN.midnight(date(2026, 3, 29))
    events = [
        Event(sunday + 1.5 * 3600, Metric.COST, 1.0),
        Event(sunday + 2.5 * 3600, Metric.COST, 2.0),  # half past three: there was no half past two
    ]

    grid = read_insights(FakeSource(events), BERLIN, now).grids[30].cost_usd

    assert grid is not None
    assert (grid[6][1], grid[6][2], grid[6][3]) == (1.0, 0.0, 2.0)


def test_the_busiest_hour_is_that_of_active_time() -> None:
    day = TODAY - timedelta(days=3)
    active = [
        Event(at(day, hour + 0.5), Metric.ACTIVE_TIME, seconds, {Label.SESSION: "s", Label.TYPE: "cli"})
        for hour, seconds in ((9, 100.0), (16, 300.0))
    ]
    source = FakeSource([*request(at(day, 9.5), "s", 50.0, {"input": 1}), *active])

    assert read_insights(source, BERLIN, NOW).busiest_hour == 16
    source.metrics = (Metric.COST, Metric.TOKENS)
    assert read_insights(source, BERLIN, NOW).busiest_hour == 9


def test_the_longest_session_is_one_with_an_id_and_has_its_project() -> None:
    def active(session: str, seconds: float) -> Event:
        labels = {Label.SESSION: session, Label.TYPE: "user"} if session else {Label.TYPE: "user"}
        return Event(NOW - 500, Metric.ACTIVE_TIME, seconds, labels)

    source = FakeSource([active("", 900.0), active("s1", 70.0), active("s2", 80.0)])
    record = SessionRecord("s2", "/home/dev/shop", NOW - 600, NOW - 400, 3)
    history = History(sessions={"s2": record}, names={"/home/dev/shop": "shop"})

    longest = read_insights(source, BERLIN, NOW, Files(history)).longest_session

    assert longest is not None
    assert (longest.session_id, longest.active_s, longest.project) == ("s2", 80.0, "shop")


def test_messages_and_membership_come_from_the_history() -> None:
    midnight = BERLIN.midnight(TODAY)
    moments = array(
        "I", [midnight + 60, midnight - 60, midnight - 6 * DAY, midnight - 9 * DAY, midnight - 500 * DAY]
    )
    source = FakeSource(request(at(TODAY, 9), "s", 1.0, {"input": 1}))

    reading = read_insights(source, BERLIN, NOW, Files(History(moments=moments)))

    counts = {p.window.name: (p.now.messages, p.then and p.then.messages) for p in reading.periods}
    assert counts == {"this week": (1, 0), "7d": (3, 1), "this month": (4, 0), "30d": (4, 0)}
    assert reading.member_since == BERLIN.day_of(midnight - 500 * DAY)
    assert reading.first_use == reading.member_since
    assert not reading.first_use_may_be_earlier
    # Messages of yesterday make a day of use.
    assert reading.streaks.current == 2
    earlier = read_insights(source, BERLIN, NOW, Files(History(), first_session=at(date(2024, 1, 2), 3)))
    assert earlier.member_since == date(2024, 1, 2)


def test_a_stats_cache_that_cannot_be_read_hides_nothing_else() -> None:
    files = Files(History(moments=array("I", [NOW - 60])), error=ClaudeFilesUnreadable("broken"))

    reading = read_insights(FakeSource(), BERLIN, NOW, files)

    assert reading.member_since == TODAY


def test_messages_are_unknown_without_a_history() -> None:
    week = read_insights(FakeSource(), BERLIN, NOW, Files(None)).period("this week")

    assert week is not None
    assert week.now.messages is None


def test_streaks_go_by_days_of_use_and_first_use_is_certain_where_idle_days_are_known() -> None:
    days = [TODAY - timedelta(days=back) for back in (0, 1, 2, 200, 201, 202, 203, 300)]
    source = FakeSource(event for day in days for event in request(at(day, 9), "s", 1.0, {"input": 1}))

    reading = read_insights(source, BERLIN, NOW)

    assert (reading.streaks.current, reading.streaks.longest) == (3, 4)
    assert reading.streaks.longest_end == TODAY - timedelta(days=200)
    assert (reading.member_since, reading.first_use) == (None, TODAY - timedelta(days=300))
    assert not reading.first_use_may_be_earlier


def test_rate_and_projection(reading: InsightsReading) -> None:
    def cost(window: Window) -> float | None:
        return build_report(DEMO, window, BERLIN).totals.cost_usd

    assert reading.last_hour_cost_usd == pytest.approx(cost(resolve("1h", NOW, BERLIN)))
    assert reading.projected_month_usd == pytest.approx(
        projected_cost_usd(
            cost(resolve("this month", NOW, BERLIN)),
            cost(resolve("7d", NOW, BERLIN)),
            PACE_S,
            month_end(NOW, BERLIN) - NOW,
        )
    )


def test_days_before_the_retention_are_unknown_and_periods_there_are_not_compared_with() -> None:
    source = Forgetful(request(at(TODAY - timedelta(days=14), 20), "s", 1.0, {"input": 1}))
    source.retention_s = 15 * DAY

    reading = read_insights(source, BERLIN, NOW)

    known = [day for day in reading.days if day.cost_usd is not None]
    # The day on which the retention begins is not whole.
    assert [day.day for day in known] == [TODAY - timedelta(days=back) for back in range(14, -1, -1)]
    assert [day.cost_usd for day in known] == [1.0] + [0.0] * 14
    assert {p.window.name: p.then is not None for p in reading.periods} == {
        "this week": True, "7d": True, "this month": False, "30d": False,
    }  # fmt: skip
    assert reading.first_use_may_be_earlier
    asked = [question for round_ in source.asked for question in round_ if question.boundaries]
    assert len({question.span for question in asked}) <= 4


def test_what_is_over_is_asked_for_once() -> None:
    events = [
        event
        for back in range(0, 360, 5)
        for event in request(at(TODAY - timedelta(days=back), 9.5), f"s{back}", 1.0 + back, {"input": 1})
    ]
    source = FakeSource(events)
    reader = InsightsReader(source, BERLIN)
    first = reader.read(NOW)
    source.asked.clear()

    source.events += request(NOW + 20, "s-new", 0.5, {"input": 1})
    second = reader.read(NOW + 60)

    stepped = {q.span for round_ in source.asked for q in round_ if q.boundaries}
    assert len(stepped) == 1
    assert second.days[:-1] == first.days[:-1]
    assert second.days[-1].cost_usd == 1.5
    assert second == read_insights(FakeSource(source.events), BERLIN, NOW + 60)
    # Tomorrow the same pieces still serve; after long enough they are read again.
    source.asked.clear()
    reader.read(NOW + 2 * 3600)
    assert len({q.span for round_ in source.asked for q in round_ if q.boundaries}) > 10


def test_states() -> None:
    missing = read_insights(FakeSource(metrics=()), BERLIN, NOW)
    assert (missing.state, missing.periods, missing.days) == (State.NO_TELEMETRY, (), ())
    assert missing.projected_month_usd is None

    idle = read_insights(FakeSource(), BERLIN, NOW)
    assert idle.state is State.NO_DATA
    assert (idle.busiest_hour, idle.longest_session, idle.dearest_day, idle.first_use) == (
        None,
        None,
        None,
        None,
    )
    assert (idle.streaks.current, idle.streaks.longest) == (0, 0)

    warning = UsageWarning(code="c", message="m", cure="c")
    lacking = FakeSource(
        request(NOW - 60, "s", 1.0, {"input": 5}), metrics=(Metric.TOKENS,), warned=(warning,)
    )
    reading = read_insights(lacking, BERLIN, NOW)
    assert reading.state is State.FRESH
    assert reading.warnings == (warning,)
    assert {day.cost_usd for day in reading.days} == {None}
    assert reading.grids[30].cost_usd is None
    assert (reading.last_hour_cost_usd, reading.projected_month_usd) == (None, None)
    week = reading.period("this week")
    assert week is not None
    assert (week.now.cost_usd, week.now.tokens, week.now.active_s) == (None, 5, None)


def test_use_without_session_ids_leaves_their_number_unknown() -> None:
    source = FakeSource([Event(NOW - 60, Metric.COST, 1.0)])

    week = read_insights(source, BERLIN, NOW).period("this week")

    assert week is not None
    assert (week.now.cost_usd, week.now.sessions) == (1.0, None)
