"""The window as a whole: its views and ranges, what is read and drawn when, another look while it is open."""

import time
import tkinter as tk
from pathlib import Path

import pytest

from ccmon_tray.dashboard.ranges import PICKED, ChosenRange, span_words
from ccmon_tray.dashboard.theme import DARK, LIGHT
from ccmon_tray.dashboard.views.base import Asked
from ccmon_tray.dashboard.views.registry import ORDER, TITLES
from ccmon_tray.dashboard.views.summary import SummaryView
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.files import write_atomic
from ccmon_tray.sources.snapshots import SnapshotBuilder
from ccmon_tray.usage import formatting
from ccmon_tray.usage.windows import resolve
from ccmon_tray.view_names import ViewName
from tests.support.dashboard import await_drawn, descendants, pump
from tests.support.fake_source import FakeSource, request
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.views import NOW, OpenView

pytestmark = pytest.mark.needs("Xvfb")

QUIET_S = 0.7


def summary(window: DashboardWindow) -> SummaryView:
    view = window.page.view
    assert isinstance(view, SummaryView)
    return view


def rest(window: DashboardWindow, seconds: float) -> None:
    until = time.monotonic() + seconds
    pump(window.root, lambda: time.monotonic() > until, "time passing")


def little_used() -> FakeSource:
    return FakeSource(request(NOW - 3000, "s1", 2.5, {"input": 1200.0, "output": 300.0}))


@pytest.mark.parametrize("name", ORDER)
def test_every_view_shows_the_demo(open_view: OpenView, name: ViewName) -> None:
    window = open_view(name)

    assert window.page.error is None
    assert not window.page.covered
    assert window.page.reading is not None
    assert window.header.title.cget("text") == TITLES[name]
    assert bool(window.header.picker.winfo_manager()) == window.page.view.ranged


def test_all_views_in_one_window_and_back(open_view: OpenView) -> None:
    window = open_view("summary")
    for name in (*ORDER, *reversed(ORDER)):
        window.open_view(name)
        await_drawn(window)
        assert window.page.error is None, name
        shown = [page.view.name for page in window._pages.values() if page.frame.winfo_ismapped()]
        assert shown == [name]


def test_views_switched_in_haste_end_where_the_last_wish_was(open_view: OpenView) -> None:
    window = open_view("summary")
    for _ in range(3):
        for name in ORDER:
            window.open_view(name)
            window.root.update_idletasks()
    window.open_view("summary")
    await_drawn(window)

    assert window.header.title.cget("text") == "Summary"
    assert summary(window).main_cards[0].figure.startswith("$")


def test_every_range_of_the_picker_is_shown_and_named(open_view: OpenView) -> None:
    window = open_view("summary")
    calendar = window.services.calendar
    for name, _ in PICKED:
        window.choose_range(ChosenRange(name))
        await_drawn(window)
        meant = resolve(name, NOW, calendar)
        assert window.page.window == meant
        assert window.header.picker.segments.chosen == name
        assert span_words(meant, calendar) in window.header.subtitle.cget("text")


def test_figures_of_another_range_are_never_shown_under_the_new_one(open_view: OpenView) -> None:
    window = open_view("summary")
    assert summary(window).main_cards[0].figure

    window.choose_range(ChosenRange("30d"))

    assert [card.figure for card in (*summary(window).main_cards, *summary(window).more_cards)] == [""] * 10
    assert not window.page.current
    assert "reading…" in window.header.subtitle.cget("text")
    await_drawn(window)
    assert all(card.figure for card in summary(window).main_cards)
    assert "reading…" not in window.header.subtitle.cget("text")


def test_only_the_last_of_several_ranges_arrives(open_view: OpenView) -> None:
    window = open_view("summary", source=little_used())
    shown = []
    view = summary(window)
    show = view.show
    view.show = lambda reading: (shown.append(reading.info.name), show(reading))[1]  # type: ignore[method-assign, func-returns-value]

    for name in ("30d", "1d", "today", "90d"):
        window.choose_range(ChosenRange(name))
    await_drawn(window)
    rest(window, 0.3)

    assert shown == ["90d"]


@pytest.mark.parametrize("name", [name for name in ORDER if name not in {"smoke-test", "settings"}])
def test_leaving_a_view_ends_its_questions(open_view: OpenView, name: str, tmp_path: Path) -> None:
    with FaultyServer() as server:
        server.fault = Fault.HANG
        settings: dict[str, dict[str, object]] = {
            "source": {"kind": "prometheus"},
            "prometheus": {"url": server.url, "timeout_s": 60},
            "claude": {"config_dir": str(tmp_path / "claude")},
        }
        window = open_view("settings", settings=settings)
        asked = server.asked
        window.open_view(name)
        if name in {"stats-cache", "requests"}:  # a file is read, or nothing that Prometheus has
            await_drawn(window)
            assert server.asked == asked
            return
        pump(window.root, lambda: server.asked > asked, "a question")
        rest(window, QUIET_S)  # such a server is in trouble
        window.open_view("settings")
        asked = server.asked
        server.fault = Fault.NONE  # what waited is answered; who goes on would ask more
        rest(window, QUIET_S)

        assert server.asked == asked
        assert not window._pages[next(v for v in ORDER if v == name)].loading


def test_charts_out_of_sight_draw_nothing(open_view: OpenView) -> None:
    window = open_view("summary")
    page = window.page
    draws = [chart.draws for chart in page.view.charts]
    assert all(draws)
    window.open_view("settings")
    await_drawn(window)

    week_before = resolve("7d", NOW - 7 * 86_400, window.services.calendar)
    page.view.show(page.view.read(Asked(window.services, week_before)))
    rest(window, 0.2)
    assert [chart.draws for chart in page.view.charts] == draws

    window.open_view("summary")
    pump(
        window.root, lambda: all(c.draws > n for c, n in zip(page.view.charts, draws, strict=True)), "charts"
    )


def test_a_flood_of_readings_is_drawn_once(open_view: OpenView) -> None:
    window = open_view("summary", source=little_used())
    page, calendar = window.page, window.services.calendar
    readings = [
        page.view.read(Asked(window.services, resolve("7d", NOW + hours * 3600, calendar)))
        for hours in range(1, 9)
    ]
    rest(window, 0.3)
    draws = [chart.draws for chart in page.view.charts]

    for reading in readings:
        page.view.show(reading)
    await_drawn(window)

    # The cost is the same in each: the donut has nothing to draw.
    assert [chart.draws - before for chart, before in zip(page.view.charts, draws, strict=True)] == [1, 0]


@pytest.mark.parametrize("name", ORDER)
def test_another_theme_while_open(open_view: OpenView, name: str) -> None:
    window = open_view(name, theme="dark")
    page = window.page

    window.restyle(LIGHT)
    await_drawn(window)

    assert window.page is not page
    assert window.page.error is None
    assert window.root.cget("background") == LIGHT.background
    grounds = {
        str(widget.cget("background"))
        for widget in descendants(window.root)
        if "background" in (widget.keys() or ())
    }
    assert grounds & {LIGHT.background, LIGHT.sidebar}
    assert not grounds & {DARK.background, DARK.card, DARK.sidebar}


def test_the_trays_figures_stand_there_before_any_question_is_answered(
    open_view: OpenView, tmp_path: Path
) -> None:
    source = little_used()
    with FaultyServer() as server:
        server.fault = Fault.HANG
        settings: dict[str, dict[str, object]] = {
            "source": {"kind": "prometheus"},
            "prometheus": {"url": server.url},
        }
        window = open_view("settings", settings=settings)
        snapshot = SnapshotBuilder(source, window.services.calendar).build("7d", NOW - 20, None)
        info = snapshot.source.model_copy(update={"url": server.url})
        write_atomic(
            window.services.paths.snapshot_file,
            snapshot.model_copy(update={"source": info}).model_dump_json(by_alias=True).encode(),
        )

        again = open_view("summary", settings=settings, wait=False)
        again.root.update()

        assert summary(again).main_cards[0].figure == "$2.50"
        assert again.page.loading
        assert "Today" in again.sidebar._status.today
        assert again.sidebar._status.age == "updated 20 s ago"


def test_a_new_snapshot_of_the_tray_brings_new_figures(open_view: OpenView) -> None:
    source = little_used()
    window = open_view("summary", source=source)
    assert summary(window).main_cards[0].figure == "$2.50"

    source.events += request(NOW - 60, "s2", 4.0, {"input": 10.0})
    snapshot = SnapshotBuilder(source, window.services.calendar).build("7d", NOW, None)
    window.page._read_at -= window.services.settings.poll.interval_s + 1  # not read just now
    window.feed._take(snapshot)

    pump(window.root, lambda: summary(window).main_cards[0].figure == "$6.50", "the new cost")
    assert window.sidebar._status.today == f"Today {formatting.money(6.5)}"


def test_a_switch_and_the_range_are_remembered(open_view: OpenView) -> None:
    changes = []
    window = open_view("summary")
    window.on_state_changed = lambda: changes.append((window.view_name, window.chosen_range().name))
    view = summary(window)
    view.switch.focus_force()
    pump(window.root, lambda: view.switch.focused, "the focus")
    view.switch.event_generate("<Right>")
    window.choose_range(ChosenRange("30d"))
    window.open_view("tokens")

    assert changes == [("summary", "7d"), ("summary", "30d"), ("tokens", "30d")]
    again = open_view("summary", memory=window.memory)
    assert summary(again).switch.chosen == "per step"


def test_a_view_that_fails_at_the_end_does_not_keep_the_window_open(
    open_view: OpenView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_view: object) -> None:
        raise RuntimeError("a mistake")

    window = open_view("summary")
    monkeypatch.setattr(SummaryView, "left", broken)
    with pytest.raises(RuntimeError, match="a mistake"):
        window.close()

    with pytest.raises(tk.TclError, match="destroyed"):
        window.root.winfo_exists()
