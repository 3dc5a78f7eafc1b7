import tkinter as tk
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.dashboard.theme import LIGHT
from ccmon_tray.dashboard.views.comparison import change_of, period_before
from ccmon_tray.dashboard.views.insights import InsightsView, period_stat, record_stats
from ccmon_tray.dashboard.views.requests import RequestsView
from ccmon_tray.dashboard.views.stats_cache import StatsCacheView
from ccmon_tray.dashboard.views.summary import SummaryView
from ccmon_tray.dashboard.views.tokens import TokensView
from ccmon_tray.dashboard.widgets.period_card import Line, PeriodStat
from ccmon_tray.dashboard.widgets.stat_card import Stat
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.sources.readings.insights import (
    PERIODS,
    LongestSession,
    PeriodComparison,
    PeriodFigures,
    read_insights,
)
from ccmon_tray.sources.reports import build_report
from ccmon_tray.usage import formatting
from ccmon_tray.usage.insights import DayUsage, Streaks
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import Calendar, Window, resolve
from tests.support.dashboard import await_drawn, pump
from tests.support.fake_source import FakeSource, request
from tests.support.snapshots import fresh
from tests.support.views import NOW, OpenView, cut_words

DAY = 86_400


def insights_view(window: DashboardWindow) -> InsightsView:
    view = window.page.view
    assert isinstance(view, InsightsView)
    return view


def records(view: InsightsView) -> dict[str, str]:
    return {card.title: card.figure for card in view.record_cards}


def words(canvas: tk.Canvas, item: int) -> str:
    """What an item of a canvas says; "" where it is none that says anything."""
    call = canvas.tk.call
    return str(call(canvas, "itemcget", item, "-text")) if call(canvas, "type", item) == "text" else ""


def used(*days_ago: float) -> FakeSource:
    return FakeSource(
        event
        for days in days_ago
        for event in request(NOW - days * DAY - 60, f"s{days}", 2.0, {"input": 1000.0})
    )


def test_the_periods_on_screen_are_their_reports(open_view: OpenView) -> None:
    window = open_view("insights")
    view, services = insights_view(window), window.services

    for card, name in zip(view.period_cards, PERIODS, strict=True):
        totals = build_report(
            services.source, resolve(name, NOW, services.calendar), services.calendar
        ).totals
        assert card.stat is not None
        assert totals.tokens is not None
        assert totals.active_time_seconds is not None
        assert card.stat.main.figure == formatting.money(totals.cost_usd)
        assert [line.figure for line in card.stat.lines[:3]] == [
            formatting.tokens(totals.tokens.total),
            formatting.count(totals.sessions),
            formatting.duration(totals.active_time_seconds.total),
        ]
        # The demo has a history.
        assert card.stat.lines[3].figure not in {"0", formatting.UNKNOWN}


def test_both_charts_follow_measure_and_days_which_are_remembered(open_view: OpenView) -> None:
    window = open_view("insights")
    view = insights_view(window)
    days, hours = view.charts
    reading = window.page.reading

    def sums() -> tuple[float, float]:
        per_day = (row[-1] for row in days.table().rows)
        per_hour = (value for row in hours.table().rows for value in row[1:])
        return tuple(sum(v for v in each if isinstance(v, float)) for each in (per_day, per_hour))  # type: ignore[return-value]

    assert len(days.table().rows) == 30
    assert sums() == pytest.approx([sum(day.cost_usd for day in reading.days[-30:])] * 2)
    for switch, key in ((view.measure_switch, "Right"), (view.days_switch, "Right")):
        switch.focus_force()
        pump(window.root, lambda switch=switch: switch.focused, "the focus")  # type: ignore[misc]
        switch.event_generate(f"<{key}>")
    await_drawn(window)
    assert len(days.table().rows) == 90
    assert sums() == pytest.approx([sum(day.tokens for day in reading.days[-90:])] * 2)
    assert view.days_title.cget("text") == "Tokens a day"
    assert hours.label == "Tokens by weekday and hour"

    again = insights_view(open_view("insights", memory=window.memory))
    assert (again.measure_switch.chosen, again.days_switch.chosen) == ("tokens", "90")
    assert len(again.charts[0].table().rows) == 90


def test_the_past_is_asked_for_once_unless_a_person_asks(open_view: OpenView) -> None:
    source = used(0, 3, 40)
    window = open_view("insights", source=source)

    def spans_in_steps() -> int:
        return len({q.span for asked in source.asked for q in asked if q.boundaries})

    assert spans_in_steps() > 10
    source.asked.clear()
    window.page.read()
    await_drawn(window)
    assert spans_in_steps() == 1
    source.asked.clear()
    window.page.read(refresh=True)
    await_drawn(window)
    assert spans_in_steps() > 10
    assert source.refreshes == 1


def test_what_was_read_of_the_past_survives_another_look(open_view: OpenView) -> None:
    source = used(0, 3, 40)
    window = open_view("insights", source=source)
    source.asked.clear()

    window.restyle(LIGHT)
    await_drawn(window)

    assert insights_view(window).period_cards[1].stat is not None
    assert len({q.span for asked in source.asked for q in asked if q.boundaries}) == 1


def test_what_is_unknown_is_a_dash(open_view: OpenView) -> None:
    source = FakeSource(request(NOW - 60, "s", 1.0, {"input": 1000.0}), metrics=(Metric.TOKENS,))

    view = insights_view(open_view("insights", source=source, size=(1180, 1180)))

    stat = view.period_cards[0].stat
    assert stat is not None
    assert [stat.main.figure, *(line.figure for line in stat.lines)] == [
        formatting.UNKNOWN, "1.0k", "1", formatting.UNKNOWN, formatting.UNKNOWN,
    ]  # fmt: skip
    shown = records(view)
    unknown = ("Burn rate", "By month’s end", "Average a day", "Most expensive day", "Longest session")
    assert {shown[name] for name in unknown} == {formatting.UNKNOWN}
    assert shown["Streak"] == "1 day"
    hours = view.charts[1]
    assert [label.text for label in hours.drawing.words.shown] == ["Cost is unknown here"]


def test_states(open_view: OpenView) -> None:
    idle = open_view("insights", source=FakeSource())
    assert idle.page.covered
    assert idle.page.view.state(idle.page.reading) is State.NO_DATA

    missing = open_view("insights", source=FakeSource(metrics=()))
    assert missing.page.covered
    assert missing.page.view.state(missing.page.reading) is State.NO_TELEMETRY


def test_each_figure_of_a_card_can_be_copied(open_view: OpenView) -> None:
    window = open_view("insights", source=used(0.1, 8.1))
    card = insights_view(window).period_cards[1]
    card.focus_force()
    pump(window.root, lambda: card.focused, "the focus")

    card.event_generate("<Control-c>")
    assert window.root.clipboard_get().splitlines()[:3] == ["Last 7 days", "Cost\t$2.00", "Tokens\t1.0k"]
    for _ in range(2):
        card.event_generate("<Down>")
    card.event_generate("<Control-c>")
    assert window.root.clipboard_get() == "1.0k"
    window.root.update()
    x, y = map(round, card.coords(next(item for item in card.find_all() if words(card, item) == "Sessions")))
    for _ in range(2):
        card.event_generate("<Button-1>", x=x, y=y + 4)
        card.event_generate("<ButtonRelease-1>", x=x, y=y + 4)
    assert window.root.clipboard_get() == "1"


def test_charts_that_are_awaited_have_titles_and_an_outline(open_view: OpenView) -> None:
    window = open_view("insights", wait=False)
    view = insights_view(window)
    titles = view.days_title, view.hours_title
    places = view._days_place, view._hours_place
    assert not window.page.current  # nothing is read yet
    assert [title.cget("text") for title in titles] == ["Cost a day", "Cost by weekday and hour"]
    high = [place.winfo_height() for place in places]
    for place in places:
        assert place.awaited is not None
        assert len(place.awaited.find_all()) > 10
        assert place.awaited.winfo_viewable()
    view.measure_switch._pick(1)
    assert titles[0].cget("text") == "Tokens a day"

    await_drawn(window)
    pump(window.root, lambda: view.charts[0].draws, "the chart in sight")
    assert [place.awaited for place in places] == [None, None]
    assert [place.winfo_height() for place in places] == high  # nothing jumps


@pytest.mark.parametrize("name", ["summary", "tokens", "requests", "stats-cache"])
def test_other_charts_are_outlined_as_well_until_they_are_read(open_view: OpenView, name: str) -> None:
    window = open_view(name, wait=False)
    view = window.page.view
    assert isinstance(view, SummaryView | TokensView | RequestsView | StatsCacheView)
    outline = (view._days_place if isinstance(view, StatsCacheView) else view._chart_place).awaited
    assert outline is not None
    assert outline.winfo_viewable()
    await_drawn(window)
    pump(window.root, lambda: view.charts[0].draws, "the chart")
    assert not outline.winfo_exists()


def test_the_snapshots_figures_come_first(open_view: OpenView) -> None:
    view = insights_view(open_view("insights", source=FakeSource()))

    view.show_snapshot(fresh())

    costs = [card.stat.main.figure if card.stat else "" for card in view.period_cards]
    assert (costs[0], costs[2]) == ("$84.10", "$312.40")
    assert records(view)["Burn rate"] == "$2.10/h"
    assert records(view)["By month’s end"] == "$398.20"


def test_export_is_exact(open_view: OpenView) -> None:
    window = open_view("insights")
    reading = window.page.reading
    tables = {table.name: table for table in window.tables()}

    assert [row[1] for row in tables["days"].rows] == [day.cost_usd for day in reading.days[-90:]]
    hours = tables["hours_of_the_week"]
    assert len(hours.rows) == 7 * 24
    assert hours.rows[33][:2] == ("tuesday", 9)
    assert hours.rows[33][2] == reading.grids[30].cost_usd[1][9]
    periods = {row[0]: row for row in tables["periods"].rows}
    assert periods["7d"][3] == reading.period("7d").now.cost_usd
    assert periods["before 7d"][3] == reading.period("7d").then.cost_usd
    assert ("current_streak_days", reading.streaks.current) in tables["records"].rows


@pytest.mark.parametrize("size", [(800, 600), (1180, 800), (1600, 1000)])
@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_no_words_are_cut(open_view: OpenView, size: tuple[int, int], scale: float) -> None:
    assert cut_words(open_view("insights", size=size, scale=scale)) == []


@pytest.mark.parametrize("size", [(800, 600), (1180, 800)])
@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_no_words_are_cut_where_nothing_can_be_compared(
    open_view: OpenView, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], scale: float
) -> None:
    def unknown_before(period: PeriodComparison) -> PeriodStat:
        return period_stat(replace(period, then=None))

    monkeypatch.setattr("ccmon_tray.dashboard.views.insights.period_stat", unknown_before)
    window = open_view("insights", size=size, scale=scale)
    notes = {card.stat.note for card in insights_view(window).period_cards if card.stat is not None}
    assert notes == {"period before unknown"}
    assert cut_words(window) == []


def comparison(now: PeriodFigures, then: PeriodFigures | None) -> PeriodComparison:
    return PeriodComparison(Window("7d", NOW - 7 * DAY, NOW), Window("custom", 0, 1), now, then)


def test_only_a_change_of_cost_is_good_or_bad() -> None:
    now = PeriodFigures(12.0, 900.0, 6, 60.0, None)

    stat = period_stat(comparison(now, PeriodFigures(10.0, 1000.0, 4, 0.0, 5)))

    assert stat.main == Line("Cost", "$12.00", "▲ 20 %", "bad")
    assert stat.note == "on the 7 days before"
    assert stat.lines == (
        Line("Tokens", "900", "▼ 10 %"),
        Line("Sessions", "6", "▲ 50 %"),
        Line("Active", "1m", ""),
        Line("Messages", formatting.UNKNOWN, ""),
    )


@pytest.mark.parametrize(
    ("range_name", "note"),
    [
        ("7d", "nothing in the 7 days before"),
        ("1h", "nothing the hour before"),
        ("this week", "nothing last week by now"),
        ("today", "nothing yesterday by now"),
    ],
)
def test_a_period_that_nothing_came_before_says_so(range_name: str, note: str) -> None:
    assert change_of(1.0, 0.0, period_before(range_name)) == ("", note, "")


def test_a_period_that_cannot_be_compared_says_why_and_nothing_of_change() -> None:
    stat = period_stat(comparison(PeriodFigures(12.0, 900.0, 6, 60.0, 7), None))

    assert stat.note == "period before unknown"
    assert {line.change for line in (stat.main, *stat.lines)} == {""}


def test_records_in_words() -> None:
    calendar = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
    reading = read_insights(used(0.1), calendar, NOW)
    reading = replace(
        reading,
        busiest_hour=23,
        longest_session=LongestSession("86ee8bb6-0000", 5460.0, "shop"),
        streaks=Streaks(1, 12, date(2026, 8, 1)),
        dearest_day=DayUsage(date(2026, 8, 21), 36.99, None, None),
        member_since=date(2025, 10, 19),
    )

    stats = [(stat.figure, stat.note) for stat in record_stats(reading)]

    assert stats[3:] == [
        ("$36.99", "Fri 21 Aug 2026"),
        ("23:00–24:00", "in the last 90 days"),
        ("1h 31m", "shop · 86ee8bb6 · last 30 days"),
        ("1 day", "longest: 12 days"),
        ("19 Oct 2025", "by Claude Code’s files"),
    ]
    unsure = replace(reading, member_since=None, first_use=reading.days[0].day)
    assert record_stats(unsure)[-1].note == "or before: none older kept"
    certain = replace(reading, member_since=None, first_use=reading.days[9].day)
    assert record_stats(certain)[-1].note == "first use known"


def test_an_average_is_of_the_days_that_the_source_knows() -> None:
    calendar = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
    reading = read_insights(used(1, 2, 3), calendar, NOW)

    assert record_stats(reading)[2] == Stat("$0.20", "in the last 30 days")
    short = replace(reading, known_since=NOW - 15 * DAY)
    assert record_stats(short)[2] == Stat("$0.40", "in the last 15 days")
    new = replace(reading, known_since=NOW - 3600)
    assert record_stats(new)[2] == Stat("$6.00", "in the last 1 day")
