"""Everything by the keyboard, and every figure into the clipboard."""

import tkinter as tk
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ccmon_tray.dashboard.ranges import ChosenRange
from ccmon_tray.dashboard.views.base import Asked
from ccmon_tray.dashboard.views.registry import ORDER, SHORTCUTS
from ccmon_tray.dashboard.views.sessions import SessionsView
from ccmon_tray.dashboard.views.summary import SummaryView
from ccmon_tray.dashboard.widgets.segments import Segments
from ccmon_tray.dashboard.widgets.sidebar import Sidebar
from ccmon_tray.dashboard.widgets.stat_card import StatCard
from ccmon_tray.dashboard.widgets.surface import Surface
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.view_names import ViewName
from tests.support.dashboard import await_drawn, descendants, pump
from tests.support.desktop import Desktop
from tests.support.views import OpenView

pytestmark = pytest.mark.needs("Xvfb")


def focus(window: DashboardWindow, widget: tk.Misc) -> None:
    widget.focus_force()
    pump(window.root, lambda: window.root.focus_get() is widget, f"the focus on {widget}")


def press(window: DashboardWindow, keys: str, on: tk.Misc | None = None) -> None:
    target = on or window.sidebar
    focus(window, target)
    target.event_generate(keys)
    window.root.update()


def shown(window: DashboardWindow) -> Iterator[tk.Misc]:
    return (widget for widget in descendants(window.root) if widget.winfo_viewable())


def drawn_words(surface: Surface) -> list[str]:
    return [slot.text for slot in surface.painter.slots]


def double_click(window: DashboardWindow, widget: tk.Misc) -> None:
    for _ in range(2):
        widget.event_generate("<Button-1>", x=20, y=20)
        widget.event_generate("<ButtonRelease-1>", x=20, y=20)
    window.root.update()


def reached_by_tab(window: DashboardWindow) -> list[tk.Misc]:
    reached: list[tk.Misc] = []
    here: tk.Misc | None = window.sidebar
    while here is not None and here not in reached:
        reached.append(here)
        here = here.tk_focusNext()
    return reached


@pytest.mark.parametrize(("name", "number"), SHORTCUTS.items())
def test_control_and_a_number_open_a_view(open_view: OpenView, name: ViewName, number: str) -> None:
    window = open_view("summary" if name != "summary" else "tokens")

    press(window, f"<Control-Key-{number}>")

    await_drawn(window)
    assert window.view_name == name
    assert window.page.error is None


def test_control_comma_opens_the_settings_and_the_arrows_walk_the_sidebar(open_view: OpenView) -> None:
    window = open_view("summary")
    press(window, "<Control-comma>")
    assert window.view_name == "settings"
    press(window, "<Control-Key-1>")
    for expected in (*ORDER[1:], ORDER[-1]):
        press(window, "<Down>", window.sidebar)
        assert window.view_name == expected
    press(window, "<Up>", window.sidebar)
    assert window.view_name == ORDER[-2]


@pytest.mark.parametrize("keys", ["<Control-r>", "<F5>"])
@pytest.mark.parametrize("name", ORDER)
def test_each_view_is_read_anew(
    open_view: OpenView, monkeypatch: pytest.MonkeyPatch, name: ViewName, keys: str
) -> None:
    window = open_view(name)
    view = window.page.view
    read = view.read
    asked: list[Asked] = []

    def noted(what: Asked) -> Any:
        asked.append(what)
        return read(what)

    monkeypatch.setattr(view, "read", noted)
    press(window, keys)

    pump(window.root, lambda: asked and not window.page.loading, "another reading")
    assert asked[0].refresh
    assert window.page.error is None


def test_escape_closes_the_window(open_view: OpenView) -> None:
    window = open_view("summary")
    closed = []
    window.close = lambda: closed.append(1)  # type: ignore[method-assign]

    press(window, "<Escape>")

    assert closed


def test_escape_takes_the_value_of_a_chart_away_before_it_closes(open_view: OpenView) -> None:
    window = open_view("summary")
    closed = []
    window.close = lambda: closed.append(1)  # type: ignore[method-assign]
    chart = window.page.view.charts[0]
    press(window, "<Right>", chart.widget)
    assert chart.hovered_text

    press(window, "<Escape>", chart.widget)

    assert not chart.hovered_text
    assert not closed
    press(window, "<Escape>", chart.widget)
    assert closed


@pytest.mark.parametrize("name", ORDER)
def test_tab_reaches_whatever_can_be_clicked(open_view: OpenView, name: ViewName) -> None:
    window = open_view(name)
    reached = reached_by_tab(window)

    def clickable(widget: tk.Misc) -> bool:
        return any("<Button-1>" in pattern or "<ButtonPress-1>" in pattern for pattern in widget.bind())

    places = {str(widget) for widget in reached}
    # What stands in an empty field as a hint passes the click on to the field.
    fields = {str(widget) for widget in reached if isinstance(widget, tk.Entry)}
    missed = [
        widget
        for widget in shown(window)
        if (clickable(widget) or widget.winfo_class() in {"TButton", "TEntry", "Entry"})
        and str(widget) not in places
        and widget.winfo_parent() not in fields
        and "disabled" not in str(getattr(widget, "state", lambda: "")())
    ]
    assert missed == []
    assert reached[0] is window.sidebar


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("name", ORDER)
def test_it_is_seen_where_the_keys_go(
    open_view: OpenView, desktop: Desktop, name: ViewName, theme: str
) -> None:
    window = open_view(name, size=(1180, 1150), theme=theme)
    unseen = []
    for widget in reached_by_tab(window):
        if widget is window.header.refresh_button:
            continue
        focus(window, widget)  # which brings it into sight
        window.root.update()
        box = (
            widget.winfo_rootx(),
            widget.winfo_rooty(),
            min(widget.winfo_rootx() + widget.winfo_width(), 1180),
            min(widget.winfo_rooty() + widget.winfo_height(), 1150),
        )
        seen = desktop.screenshot().crop(box)
        focus(window, window.header.refresh_button)
        window.root.update()
        if desktop.screenshot().crop(box).tobytes() == seen.tobytes():
            unseen.append(str(widget))
    assert unseen == []


@pytest.mark.parametrize("name", ORDER)
def test_every_drawn_figure_can_be_copied(open_view: OpenView, name: ViewName) -> None:
    window = open_view(name)
    stuck = [
        f"{widget}: {drawn_words(widget)}"
        for widget in shown(window)
        if isinstance(widget, Surface)
        and not isinstance(widget, Sidebar | Segments)
        and any(character.isdigit() for text in drawn_words(widget) for character in text)
        and not (int(widget.cget("takefocus")) and "<<CopyValue>>" in widget.bind())
    ]
    assert stuck == []


@pytest.mark.parametrize("name", ORDER)
def test_control_c_and_a_double_click_copy_a_card(open_view: OpenView, name: ViewName) -> None:
    window = open_view(name)
    for card in [widget for widget in shown(window) if isinstance(widget, StatCard) and widget.figure]:
        ways: tuple[Callable[[tk.Misc], None], ...] = (
            lambda on: press(window, "<Control-c>", on),
            lambda on: double_click(window, on),
        )
        for copy in ways:
            window.root.clipboard_clear()
            window.root.clipboard_append("-")
            copy(card)
            assert window.root.clipboard_get() == card.figure
            assert window.toast.words == f"Copied {card.figure}"


def test_control_c_copies_a_row_and_the_value_of_a_chart(open_view: OpenView) -> None:
    window = open_view("summary")
    view = window.page.view
    assert isinstance(view, SummaryView)
    grid = view.models.grid_surface
    press(window, "<Down>", grid)
    press(window, "<Control-c>", grid)
    assert window.root.clipboard_get() == "\t".join(view.models.rows[0].cells)

    for chart in view.charts:
        press(window, "<Right>", chart.widget)
        assert chart.hovered_text
        press(window, "<Control-c>", chart.widget)
        assert window.root.clipboard_get() == chart.hovered_text


def test_control_a_marks_all_of_a_field(open_view: OpenView) -> None:
    window = open_view("sessions")
    view = window.page.view
    assert isinstance(view, SessionsView)
    view.search.seek("shop")

    press(window, "<Control-a>", view.search)

    assert view.search.selection_present()
    view.search.event_generate("<Key>", keysym="x")
    assert view.search.sought == "x"


def test_caps_lock_changes_no_shortcut(open_view: OpenView, desktop: Desktop) -> None:
    window = open_view("summary")
    view = window.page.view
    assert isinstance(view, SummaryView)
    closed = []
    window.close = lambda: closed.append(1)  # type: ignore[method-assign]
    focus(window, view.main_cards[0])
    desktop.press("Caps_Lock")
    try:
        desktop.press("ctrl+c")
        pump(window.root, lambda: window.toast.words, "the copied value")
        desktop.press("ctrl+w")
        pump(window.root, lambda: closed, "the end")
    finally:
        desktop.press("Caps_Lock")


def test_what_has_the_focus_comes_into_sight(open_view: OpenView) -> None:
    window = open_view("summary", size=(800, 600))
    view = window.page.view
    assert isinstance(view, SummaryView)
    grid = view.models.grid_surface
    bottom = window.root.winfo_rooty() + window.root.winfo_height()
    assert grid.winfo_rooty() + grid.winfo_height() > bottom

    focus(window, grid)
    pump(window.root, lambda: grid.winfo_rooty() + grid.winfo_height() <= bottom, "the table in sight")


def test_arrows_choose_a_range(open_view: OpenView) -> None:
    window = open_view("summary")
    press(window, "<Right>", window.header.picker.segments)

    assert window.chosen_range() == ChosenRange("30d")
    await_drawn(window)
    assert window.root.focus_get() is window.header.picker.segments
