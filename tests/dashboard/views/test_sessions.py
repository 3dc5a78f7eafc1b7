from dataclasses import replace
from pathlib import Path
from tkinter import ttk

import pytest

from ccmon_tray.dashboard.ranges import ChosenRange
from ccmon_tray.dashboard.theme import LIGHT
from ccmon_tray.dashboard.views.session_rows import SESSION_COLUMNS, models_in_short, session_row
from ccmon_tray.dashboard.views.sessions import SessionsView
from ccmon_tray.dashboard.widgets.grid import HEAD
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.errors import SourceUnreachable
from ccmon_tray.sources.claude_files import ClaudeFiles
from ccmon_tray.sources.claude_files.history import History
from ccmon_tray.sources.claude_files.stats_cache import StatsCache
from ccmon_tray.sources.readings.sessions import SessionRow
from ccmon_tray.sources.reports import build_report
from ccmon_tray.usage import formatting
from ccmon_tray.usage.metrics import Label
from ccmon_tray.usage.models import Tokens
from ccmon_tray.usage.windows import resolve
from tests.support.dashboard import await_drawn, pump
from tests.support.fake_source import FakeSource, request
from tests.support.views import NOW, OpenView, cut_words


class NoFiles:
    """A machine without Claude Code's files, or with those given."""

    def __init__(self, history: History | None = None) -> None:
        self._history = history
        self.folders = (Path.home() / ".claude",)

    def history(self) -> History | None:
        return self._history

    def stats_cache(self) -> StatsCache | None:
        return None


def no_files(history: History | None = None) -> ClaudeFiles:
    return NoFiles(history)


def sessions_view(window: DashboardWindow) -> SessionsView:
    view = window.page.view
    assert isinstance(view, SessionsView)
    return view


def shown(view: SessionsView) -> list[str]:
    """The ids of the sessions in the table, from top to bottom."""
    return [row.key for row in view.sessions.grid_surface.rows]


def open_detail(window: DashboardWindow, session_id: str) -> SessionsView:
    view = sessions_view(window)
    view.open_session(session_id)
    pump(window.root, lambda: view.detail.types.rows, "the detail")
    await_drawn(window)
    return view


@pytest.mark.parametrize("chosen", ["1d", "30d"])
def test_the_figures_on_screen_are_the_reports(open_view: OpenView, chosen: str) -> None:
    window = open_view("sessions", chosen)
    view, services = sessions_view(window), window.services
    report = build_report(
        services.source,
        resolve(chosen, NOW, services.calendar),
        services.calendar,
        by="project",
        history=services.files.history(),
    )

    assert shown(view) == [session.session_id for session in report.sessions]
    for row, session in zip(view.sessions.grid_surface.rows, report.sessions, strict=True):
        assert session.tokens is not None
        assert row.cells[0] == session.session_id[:8]
        assert row.cells[1] == session.project
        assert row.cells[3] == formatting.money(session.cost_usd)
        assert row.cells[4] == formatting.tokens(session.tokens.total)
        assert row.cells[5] == formatting.duration(session.active_time_seconds)
    assert [(row.key, row.cells[1]) for row in view.projects.rows] == [
        (group.key, formatting.money(group.cost_usd)) for group in report.groups
    ]
    assert view.records[0].figure == formatting.money(report.sessions[0].cost_usd)
    assert view.records[1].figure == formatting.tokens(
        max(session.tokens.total for session in report.sessions if session.tokens)
    )
    assert view.records[2].figure == formatting.duration(
        max(session.active_time_seconds or 0 for session in report.sessions)
    )


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


@pytest.mark.parametrize("size", [(800, 600), (1180, 800), (1600, 1200)], ids=str)
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_sessions_fill_the_window_and_they_alone_scroll(
    open_view: OpenView, size: tuple[int, int], scale: float
) -> None:
    window = open_view("sessions", "30d", size=size, scale=scale)
    view, body = sessions_view(window), window.page.body
    scrolled = window.page._scrolled
    assert scrolled is not None
    assert not scrolled._bar.winfo_ismapped()
    assert view.sessions._bar is not None
    assert view.sessions._bar.winfo_ismapped()
    assert view.projects.grid_surface.rows_in_sight >= min(5, len(view.projects.rows))
    assert view.sessions.grid_surface.rows_in_sight >= (3 if size[1] == 600 else 9)
    # All of the card is in sight, with the margin of the others below it.
    bottom = view.sessions.winfo_rooty() + view.sessions.winfo_height()
    assert (
        bottom
        < body.winfo_rooty() + body.winfo_height()
        <= window.root.winfo_rooty() + window.root.winfo_height()
    )


def test_a_table_at_its_end_that_grows_shows_more_rows(open_view: OpenView) -> None:
    window = open_view("sessions", "30d", size=(1180, 700))
    grid = sessions_view(window).sessions.grid_surface
    grid.yview_rows("moveto", "1.0")
    window.root.update()
    before = grid.rows_in_sight
    window.root.geometry("1180x1100")
    pump(window.root, lambda: grid.rows_in_sight > before + 5, "the larger window")
    pump(window.root, lambda: grid.part_shown()[1] == 1.0, "the rows drawn")
    assert grid._first + grid.rows_in_sight == len(grid.rows)


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


def test_a_record_opens_its_session(open_view: OpenView) -> None:
    view = sessions_view(open_view("sessions"))
    view.records[1].event_generate("<Button-1>", x=5, y=5)
    assert view.detail.session_id == view._record_ids[1] != ""


def test_the_search_narrows_down_as_one_types(open_view: OpenView) -> None:
    window = open_view("sessions", "30d")
    view = sessions_view(window)
    everything = len(shown(view))
    view.search.focus_force()
    pump(window.root, lambda: view.search.focus_get() is view.search, "the focus")
    for letter in "shop":
        view.search.event_generate(f"<Key-{letter}>")
    window.root.update()

    rows = view.sessions.grid_surface.rows
    assert 0 < len(rows) < everything
    assert {row.cells[1] for row in rows} == {"shop"}
    assert view.count.cget("text") == f"{len(rows)} of {everything}"
    view.search.seek("opus SHOP")
    assert 0 < len(shown(view)) <= len(rows)
    some = rows[0].key
    view.search.seek(some[3:14])
    assert shown(view) == [some]
    view.search.seek("nothing like it")
    assert shown(view) == []
    assert "nothing like it" in view.sessions.grid_surface.empty
    window.root.event_generate("<Escape>")
    window.root.update()
    assert len(shown(view)) == everything


def test_a_project_that_is_chosen_shows_its_sessions(open_view: OpenView) -> None:
    window = open_view("sessions", "30d")
    view = sessions_view(window)
    everything = len(shown(view))
    grid = view.projects.grid_surface
    grid.focus_force()
    for key in ("Down", "Down", "Return"):
        grid.event_generate(f"<{key}>")
    row = view.projects.rows[1]
    assert row.cells[4] == str(len(shown(view)))
    grid.event_generate("<Return>")
    assert len(shown(view)) == everything


def use_of(*sessions: str) -> FakeSource:
    """A dollar each."""
    return FakeSource([event for each in sessions for event in request(NOW - 60, each, 1.0, {"input": 5.0})])


def test_a_project_is_not_the_folders_that_begin_as_it_does(open_view: OpenView) -> None:
    folders = {"s1": "/dev/shop", "s2": "/dev/shop/api", "s3": "/dev/shop-two"}
    source = use_of("s1", "s2", "s3", "s4", "s5")
    files = no_files(History().with_folders(folders))
    view = sessions_view(open_view("sessions", source=source, files=files))

    view._choose_project("/dev/shop")
    assert shown(view) == ["s1"]
    view.search.seek("shop")
    assert set(shown(view)) == set(folders)


def test_the_sessions_of_no_known_project_are_shown_by_a_click(open_view: OpenView) -> None:
    source = use_of("s1", "s2", "s3")
    files = no_files(History().with_folders({"s1": "/dev/shop"}))
    window = open_view("sessions", source=source, files=files)
    view = sessions_view(window)
    unknown = next(i for i, row in enumerate(view.projects.rows) if row.cells[0] == "unknown")
    grid = view.projects.grid_surface

    y = grid.design.px(HEAD) + unknown * grid.row_px + grid.row_px // 2
    for event in ("<ButtonPress-1>", "<ButtonRelease-1>"):
        grid.event_generate(event, x=20, y=y)

    assert sorted(shown(view)) == ["s2", "s3"]


def test_the_order_is_chosen_by_key_or_click_and_remembered(open_view: OpenView) -> None:
    window = open_view("sessions", "30d")
    view = sessions_view(window)
    grid = view.sessions.grid_surface
    by_cost = shown(view)
    grid.focus_force()
    pump(window.root, lambda: grid.focused, "the focus")
    grid.event_generate("<Right>")

    tokens = [row.order[4] for row in grid.rows]
    assert tokens == sorted(tokens, key=lambda count: -float(count or 0))
    grid.event_generate("<Shift-Up>")
    assert [row.order[4] for row in grid.rows] == tokens[::-1]
    again = sessions_view(open_view("sessions", "30d", memory=window.memory))
    assert shown(again) == shown(view)
    left, _ = again.sessions.grid_surface._spans[3]
    again.sessions.grid_surface.event_generate("<Button-1>", x=left + 2, y=8)
    assert shown(again) == by_cost


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


def many(count: int) -> FakeSource:
    return FakeSource(
        event
        for i in range(count)
        for event in request(
            NOW - 60 - i * 100, f"{i * 7919 % count:08x}-0000-4000-8000-000000000000", i + 1.0, {"input": 5.0}
        )
    )


def test_of_thousands_of_rows_only_those_in_sight_are_drawn(open_view: OpenView) -> None:
    window = open_view("sessions", "30d", source=many(5000), files=no_files())
    view = sessions_view(window)
    assert len(shown(view)) == 5000
    grid = view.sessions.grid_surface
    items = len(grid.find_all())
    assert items < 1000

    view.search.seek("00000a")
    window.root.update()
    assert 0 < len(shown(view)) < 5000
    view.search.seek("")
    grid.event_generate("<Right>")
    view.show(window.page.reading)
    window.root.update()
    assert len(shown(view)) == 5000
    assert len(grid.find_all()) == pytest.approx(items, abs=20)


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


def test_without_a_history_projects_are_said_to_be_unknown(open_view: OpenView) -> None:
    source = FakeSource(request(NOW - 60, "s1", 2.0, {"input": 5.0}))
    view = sessions_view(open_view("sessions", source=source, files=no_files()))
    assert [row.cells[0] for row in view.projects.rows] == ["unknown"]
    assert view.sessions.rows[0].cells[1] == "unknown"
    assert "history in ~/.claude." in view.remark.cget("text")
    damaged = sessions_view(open_view("sessions", source=source, files=no_files(History(damaged=3))))
    assert "3 lines" in damaged.remark.cget("text")


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


def test_everything_can_be_copied(open_view: OpenView) -> None:
    window = open_view("sessions")
    view = open_detail(window, shown(sessions_view(window))[0])
    grid = view.sessions.grid_surface
    grid.focus_force()
    pump(window.root, lambda: grid.focused, "the focus")
    grid.event_generate("<Control-c>")
    assert window.root.clipboard_get().split("\t") == list(grid.rows[0].cells)
    facts = view.detail.facts
    facts.focus_force()
    pump(window.root, lambda: facts.focused, "the focus")
    facts.event_generate("<Control-c>")
    assert window.root.clipboard_get() == view.detail.session_id
    facts.event_generate("<Down>")
    facts.event_generate("<Control-c>")
    assert window.root.clipboard_get().startswith("/home/dev/")


def test_export_is_exact(open_view: OpenView) -> None:
    window = open_view("sessions", "30d")
    sessions, projects = window.tables()
    reading = window.page.reading.reading
    assert [row[0] for row in sessions.rows] == [row.session_id for row in reading.sessions]
    costs = [dict(zip(sessions.header, row, strict=True))["cost_usd"] for row in sessions.rows]
    assert costs == [row.cost_usd for row in reading.sessions]
    assert [row[2] for row in projects.rows] == [project.cost_usd for project in reading.projects]


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


@pytest.mark.parametrize("size", [(800, 600), (1180, 800), (1600, 1000)])
@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_no_words_are_cut(open_view: OpenView, size: tuple[int, int], scale: float) -> None:
    window = open_view("sessions", "30d", size=size, scale=scale)
    assert cut_words(window) == []
    open_detail(window, shown(sessions_view(window))[0])
    window.root.update()
    assert cut_words(window) == []


def test_a_row_in_words(open_view: OpenView) -> None:
    calendar = open_view("sessions").services.calendar
    session = SessionRow(
        "86ee8bb6-0000", "shop", "/p/shop", ("Opus 4.8", "Haiku 4.5"), 6.0, Tokens(total=9.2e6), 1800.0,
        NOW - 5400, NOW - 720, 4,
    )  # fmt: skip
    assert session_row(session, NOW, calendar).cells == (
        "86ee8bb6", "shop", "Opus 4.8 +1", "$6.00", "9.2M", "30m", "1h 18m", "$0.20", "12 min ago",
    )  # fmt: skip
    unknown = replace(session, cost_usd=None, tokens=None, active_s=None, first=None, last=None, models=())
    row = session_row(unknown, NOW, calendar)
    assert set(row.cells[2:]) == {formatting.UNKNOWN}
    assert set(row.order[2:]) == {None}
    assert len(row.cells) == len(SESSION_COLUMNS)


def test_models_in_short() -> None:
    assert models_in_short(()) == formatting.UNKNOWN
    assert models_in_short(("Opus 4.8",)) == "Opus 4.8"
    assert models_in_short(("Opus 4.8", "a", "b")) == "Opus 4.8 +2"
