from dataclasses import replace

import pytest

from ccmon_tray.dashboard.views.session_rows import SESSION_COLUMNS, models_in_short, session_row
from ccmon_tray.dashboard.widgets.grid import HEAD
from ccmon_tray.sources.claude_files.history import History
from ccmon_tray.sources.readings.sessions import SessionRow
from ccmon_tray.sources.reports import build_report
from ccmon_tray.usage import formatting
from ccmon_tray.usage.models import Tokens
from ccmon_tray.usage.windows import resolve
from tests.support.dashboard import pump
from tests.support.fake_source import FakeSource, request
from tests.support.sessions_view import no_files, open_detail, sessions_view, shown
from tests.support.views import NOW, OpenView, cut_words


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


def test_without_a_history_projects_are_said_to_be_unknown(open_view: OpenView) -> None:
    source = FakeSource(request(NOW - 60, "s1", 2.0, {"input": 5.0}))
    view = sessions_view(open_view("sessions", source=source, files=no_files()))
    assert [row.cells[0] for row in view.projects.rows] == ["unknown"]
    assert view.sessions.rows[0].cells[1] == "unknown"
    assert "history in ~/.claude." in view.remark.cget("text")
    damaged = sessions_view(open_view("sessions", source=source, files=no_files(History(damaged=3))))
    assert "3 lines" in damaged.remark.cget("text")


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
