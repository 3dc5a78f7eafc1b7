"""Nothing is cut, in any view, at any size, scale and theme."""

import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk

import pytest

from ccmon_tray.dashboard.views.registry import ORDER
from ccmon_tray.dashboard.widgets.grid import Grid
from ccmon_tray.dashboard.widgets.surface import Surface
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.view_names import ViewName
from tests.support.dashboard import await_drawn, descendants, pump
from tests.support.views import OpenView, cut_words

pytestmark = pytest.mark.needs("Xvfb")

SMALLEST, USUAL, LARGE = (800, 600), (1180, 800), (2560, 1440)
_SLACK = 1  # pixels, for rounding


def cut(window: DashboardWindow) -> list[str]:
    """All that is cut in a window, in words."""
    # Paths are as long as they are; an ellipsis alone means that something is awaited.
    words = [text for text in cut_words(window) if text != "…" and not text.startswith("/")]
    return [*words, *_narrow_words(window), *_outside(window), *_narrow_columns(window)]


def _mapped(window: DashboardWindow) -> Iterator[tk.Misc]:
    return (widget for widget in descendants(window.root) if widget.winfo_ismapped())


def _narrow_words(window: DashboardWindow) -> list[str]:
    """Words that are wider or higher than the widget that holds them, or drawn wider than their room."""
    found = []
    for widget in _mapped(window):
        if isinstance(widget, tk.Label | ttk.Label | ttk.Button) and widget.cget("text"):
            wide = widget.winfo_reqwidth() > widget.winfo_width() + _SLACK
            high = widget.winfo_reqheight() > widget.winfo_height() + _SLACK
            if wide or high:
                found.append(f"{widget.cget('text')!r} in {widget.winfo_width()}x{widget.winfo_height()}")
        if isinstance(widget, Surface):
            found += [f"{slot!r}" for slot in widget.painter.slots if slot.width > slot.room + _SLACK]
    return found


def _outside(window: DashboardWindow) -> list[str]:
    """Widgets that stick out of the window at its right."""
    right = window.root.winfo_rootx() + window.root.winfo_width()
    return [
        f"{widget} ends at {widget.winfo_rootx() + widget.winfo_width()} of {right}"
        for widget in _mapped(window)
        if widget.winfo_rootx() + widget.winfo_width() > right
    ]


def _narrow_columns(window: DashboardWindow) -> list[str]:
    """Figures of tables that reach into the column before."""
    found = []
    for grid in (widget for widget in _mapped(window) if isinstance(widget, Grid)):
        font = grid.painter.fonts.get(13)
        for index, (left, right) in grid._spans.items():
            if grid.columns[index].figure:
                texts = [row.cells[index] for row in grid.rows]
                found += [text for text in texts if font.measure(text) > right - left + _SLACK]
    return found


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("name", ORDER)
def test_nothing_is_cut(open_view: OpenView, name: str, scale: float) -> None:
    window = open_view(name, "30d", scale=scale, size=USUAL)
    wrong = {USUAL: cut(window)}
    for size in (SMALLEST, LARGE) if scale == 1 else (SMALLEST,):
        pixels = tuple(round(length * scale) for length in size)
        window.root.geometry(f"{pixels[0]}x{pixels[1]}")
        pump(window.root, lambda: (window.root.winfo_width(), window.root.winfo_height()) == pixels, "size")  # noqa: B023
        await_drawn(window)
        wrong[size] = cut(window)
    assert wrong == {each: [] for each in wrong}


@pytest.mark.parametrize("name", ORDER)
def test_nothing_is_cut_at_any_width_between(open_view: OpenView, name: ViewName) -> None:
    """Where one column more or less finds room."""
    window = open_view(name, "30d", size=SMALLEST)
    wrong = {}
    for width in range(820, 1480, 30):
        window.root.geometry(f"{width}x700")
        pump(window.root, lambda: window.root.winfo_width() == width, "the width")  # noqa: B023
        if found := cut(window):
            wrong[width] = found
    assert wrong == {}


@pytest.mark.parametrize("name", ORDER)
def test_larger_text_is_not_cut_either(open_view: OpenView, name: str) -> None:
    window = open_view(name, size=USUAL, settings={"appearance": {"text_size": 150}})

    assert cut(window) == []


@pytest.mark.parametrize("name", ORDER)
def test_the_window_can_be_small_and_all_of_it_is_within_reach(open_view: OpenView, name: str) -> None:
    """What does not fit scrolls: the lowest part comes into sight by the Page keys."""
    window = open_view(name, size=SMALLEST)
    page = window.page
    if page._scrolled is None:
        return
    parts = [widget for widget in descendants(page.body) if widget.winfo_ismapped()]
    lowest = max(parts, key=lambda widget: widget.winfo_rooty() + widget.winfo_height())
    for _ in range(10):
        page.page_keys(1)
        window.root.update()
    bottom = window.root.winfo_rooty() + window.root.winfo_height()
    assert lowest.winfo_rooty() + lowest.winfo_height() <= bottom
