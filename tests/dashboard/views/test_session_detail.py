from dataclasses import replace
from tkinter import ttk

import pytest

from ccmon_tray.dashboard.ranges import ChosenRange
from ccmon_tray.dashboard.theme import LIGHT
from ccmon_tray.errors import SourceUnreachable
from ccmon_tray.usage import formatting
from ccmon_tray.usage.metrics import Label
from tests.support.dashboard import await_drawn, pump
from tests.support.fake_source import FakeSource, request
from tests.support.sessions_view import no_files, open_detail, sessions_view, shown
from tests.support.views import NOW, OpenView


def test_the_detail_shows_one_session(open_view: OpenView) -> None:
    window = open_view("sessions", "30d")
    first = window.page.reading.reading.sessions[0]
    view = open_detail(window, first.session_id)

    detail = view.detail
    assert detail.drawer.opened
    assert detail.title.cget("text") == first.project
    facts = {fact.title: fact.value for fact in detail.facts.facts}
    assert facts["Session"] == first.session_id
    assert facts["Folder"] == first.project_path
    assert facts["Duration"] == formatting.duration(first.duration_s)
    figures = {card.title: card.figure for card in detail.stats}
    assert figures["Cost"] == formatting.money(first.cost_usd)
    assert figures["Messages"] == formatting.count(first.messages)
    assert figures["$ per minute"] == formatting.money(first.cost_per_minute)
    for table in (detail.models, detail.sources):
        parts = [row.order[1] for row in table.rows]
        assert sum(part for part in parts if isinstance(part, float)) == pytest.approx(first.cost_usd)
    assert first.tokens is not None
    assert sum(float(row.order[1] or 0) for row in detail.types.rows) == first.tokens.total
    [chart] = view.charts
    assert sum(float(row[-1] or 0) for row in chart.table().rows) == pytest.approx(first.cost_usd)


def test_a_long_name_leaves_the_button_that_closes_the_detail_in_sight(open_view: OpenView) -> None:
    window = open_view("sessions", "30d")
    first = window.page.reading.reading.sessions[0]
    detail = open_detail(window, first.session_id).detail

    detail.open(replace(first, project="payments-and-subscriptions-reconciliation-service-number-11"))
    window.root.update()

    title = detail.title
    assert title.cget("text").endswith("…")
    assert title.winfo_reqwidth() <= title.winfo_width()
    [close] = (w for w in title.master.winfo_children() if isinstance(w, ttk.Button))
    assert close.winfo_width() == close.winfo_reqwidth()
    assert title.winfo_x() + title.winfo_width() <= close.winfo_x()


def test_the_detail_leaves_room_or_takes_the_place(open_view: OpenView) -> None:
    for size, covers in (((1180, 800), False), ((800, 600), True)):
        window = open_view("sessions", size=size)
        view = open_detail(window, shown(sessions_view(window))[0])
        window.root.update()
        assert view.detail.drawer.covers is covers
        table = view.sessions
        right = table.winfo_rootx() + table.winfo_width()
        assert (right > view.detail.drawer.winfo_rootx()) is covers
        view.close_session()
        window.root.update()
        assert not view.detail.drawer.winfo_ismapped()
        assert view.charts == []


def test_the_keyboard_opens_and_closes_a_session(open_view: OpenView) -> None:
    window = open_view("sessions")
    view = sessions_view(window)
    grid = view.sessions.grid_surface
    grid.focus_force()
    pump(window.root, lambda: grid.focused, "the focus")
    for key in ("Down", "Down", "Return"):
        grid.event_generate(f"<{key}>")
    assert view.detail.session_id == shown(view)[1]
    pump(window.root, lambda: view.detail.types.rows, "the detail")

    window.root.event_generate("<Escape>")
    window.root.update()
    assert not view.detail.drawer.opened
    assert view.sessions.grid_surface.focused


def test_a_session_that_is_open_follows_the_range(open_view: OpenView) -> None:
    window = open_view("sessions", "30d")
    old = window.page.reading.reading.sessions
    recent = max(old, key=lambda row: row.last or 0)
    view = open_detail(window, recent.session_id)
    window.choose_range(ChosenRange("1d"))
    await_drawn(window)
    assert view.detail.session_id == recent.session_id
    now = window.page.reading.session(recent.session_id)
    assert view.detail.stats[0].figure == formatting.money(now.cost_usd)

    first = min(old, key=lambda row: row.last or 0)
    window.choose_range(ChosenRange("30d"))
    await_drawn(window)
    open_detail(window, first.session_id)
    window.choose_range(ChosenRange("1d"))
    await_drawn(window)
    assert not view.detail.drawer.opened


def test_what_was_open_is_open_again_in_another_look(open_view: OpenView) -> None:
    window = open_view("sessions", "30d", theme="dark")
    session_id = shown(sessions_view(window))[2]
    open_detail(window, session_id)
    sessions_view(window).search.seek("a")

    window.restyle(LIGHT)
    await_drawn(window)

    view = sessions_view(window)
    assert view.search.sought == "a"
    pump(window.root, lambda: view.detail.session_id == session_id, "the session again")


def test_only_the_session_that_was_asked_for_last_is_shown(open_view: OpenView) -> None:
    window = open_view("sessions", "30d")
    view = sessions_view(window)
    first, second = shown(view)[:2]
    view.open_session(first)
    view.open_session(second)
    pump(window.root, lambda: view.detail.types.rows, "the detail")
    row = window.page.reading.session(second)
    assert view.detail.stats[0].figure == formatting.money(row.cost_usd)
    assert sum(float(part.order[1] or 0) for part in view.detail.models.rows) == pytest.approx(row.cost_usd)


def test_a_detail_that_cannot_be_read_says_so(open_view: OpenView) -> None:
    source = FakeSource(request(NOW - 60, "s1", 2.0, {"input": 5.0}))
    window = open_view("sessions", source=source, files=no_files())
    view = sessions_view(window)
    source.error = SourceUnreachable("Nobody answers", next_step="Start it")
    view.open_session("s1")
    pump(window.root, lambda: "Nobody answers" in window.toast.words, "the error")
    assert view.detail.stats[0].figure == "$2.00"


def test_who_asked_is_told_in_words(open_view: OpenView) -> None:
    asked = [
        event
        for kind, cost in (("main", 3.0), ("subagent", 2.0), ("", 1.0))
        for event in request(NOW - 60, "s1", cost, {"input": 5.0}, user={Label.QUERY_SOURCE: kind})
    ]
    window = open_view("sessions", source=FakeSource(asked), files=no_files())
    view = open_detail(window, "s1")
    assert [(row.cells[0], row.cells[1]) for row in view.detail.sources.rows] == [
        ("Main", "$3.00"),
        ("Subagents", "$2.00"),
        ("not told", "$1.00"),
    ]


def test_the_session_that_is_open_is_exported_with_the_others(open_view: OpenView) -> None:
    window = open_view("sessions", "30d")
    view = open_detail(window, shown(sessions_view(window))[0])
    reading = view.detail.reading
    assert reading is not None

    tables = {table.name: table for table in window.tables()}

    assert tables["session_totals"].rows[0] == ("session_id", reading.session_id)
    for name in ("session_over_time", "session_by_model", "session_by_query_source"):
        costs = [row[tables[name].header.index("cost_usd")] for row in tables[name].rows]
        assert sum(float(cost or 0) for cost in costs) == pytest.approx(reading.totals.cost_usd)
    view.close_session()
    assert [table.name for table in window.tables()] == ["sessions", "projects"]
