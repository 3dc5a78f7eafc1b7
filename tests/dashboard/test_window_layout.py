"""Nothing is cut, in any view, at any size, scale and theme."""

import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk

import pytest

from ccmon_tray.dashboard.views.registry import ORDER
from ccmon_tray.dashboard.views.summary import SummaryView
from ccmon_tray.dashboard.widgets.grid import Grid
from ccmon_tray.dashboard.widgets.surface import Surface
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.view_names import ViewName
from tests.support.dashboard import await_drawn, descendants, pump
from tests.support.fake_source import FakeSource, request
from tests.support.views import NOW, OpenView, cut_words

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
    """Columns of tables that are not wholly in sight, and figures that reach into the column before."""
    found = []
    for grid in (widget for widget in _mapped(window) if isinstance(widget, Grid)):
        font = grid.painter.fonts.get(13)
        for index, (left, right) in grid._spans.items():
            if right > grid.winfo_width():
                found.append(f"{grid.columns[index].title} ends at {right} of {grid.winfo_width()}")
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


def test_the_summary_uses_the_room_there_is(open_view: OpenView) -> None:
    """Ring and table stand below the chart, below each other where that is narrow, beside it where wide."""
    window = open_view("summary", size=SMALLEST)
    view = window.page.view
    assert isinstance(view, SummaryView)
    chart, ring, table = view.lower_cards
    shapes = []
    for width, height in (SMALLEST, USUAL, (2000, 1000), USUAL):
        window.root.geometry(f"{width}x{height}")
        pump(window.root, lambda: window.root.winfo_width() == width, "the width")  # noqa: B023
        await_drawn(window)
        x, y = ({part: getter(part) for part in (chart, ring, table)} for getter in (_left, _top))
        shapes.append((x[ring] == x[chart], x[table] == x[ring], y[table] == y[ring], y[ring] == y[chart]))

    below, usual, beside = (True, True, False, False), (True, False, True, False), (False, True, False, True)
    assert shapes == [below, usual, beside, usual]


def _left(widget: tk.Misc) -> int:
    return widget.winfo_rootx()


def _top(widget: tk.Misc) -> int:
    return widget.winfo_rooty()


@pytest.mark.parametrize("size", [SMALLEST, USUAL])
@pytest.mark.parametrize("name", [ViewName.SUMMARY, ViewName.TOKENS, ViewName.INSIGHTS, ViewName.SESSIONS])
def test_the_figures_of_a_whole_company_are_not_cut(
    open_view: OpenView, name: ViewName, size: tuple[int, int]
) -> None:
    tokens = {"input": 2e8, "output": 1e9, "cacheRead": 9.3e10, "cacheCreation": 3.7e9}
    events = [
        event
        for number, model in enumerate(("claude-opus-5-5", "claude-haiku-4-5", "claude-sonnet-5-5"))
        for event in request(NOW - 4000 * (number + 1), f"s{number}", 41_152_263.0, tokens, model=model)
    ]
    window = open_view(name, source=FakeSource(events), size=size)

    assert cut(window) == []


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
