"""Cards side by side, and a body that scrolls."""

import tkinter as tk

import pytest

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.style import Style
from ccmon_tray.dashboard.theme import DARK
from ccmon_tray.dashboard.widgets.card import Card, Rows
from ccmon_tray.dashboard.widgets.scroll import ScrolledBody
from ccmon_tray.dashboard.widgets.table import Column, Table, TableRow
from tests.support.dashboard import pump

pytestmark = pytest.mark.needs("Xvfb")


def resize(root: tk.Tk, width: int, height: int = 600) -> None:
    root.geometry(f"{width}x{height}")
    pump(root, lambda: (root.winfo_width(), root.winfo_height()) == (width, height), "the size")
    root.update()


@pytest.mark.parametrize(
    ("width", "lines"), [(900, [6]), (640, [3, 3]), (430, [3, 3]), (300, [2, 2, 2]), (150, [1] * 6)]
)
def test_parts_stand_in_rows_of_the_same_length(
    root: tk.Tk, design: Design, width: int, lines: list[int]
) -> None:
    rows = Rows(root, design, least=130)
    parts = [tk.Frame(rows, height=40, width=10) for _ in range(6)]
    rows.fill(parts)
    rows.pack(fill="x")
    resize(root, width)

    tops = sorted({part.winfo_y() for part in parts})
    assert [sum(part.winfo_y() == top for part in parts) for top in tops] == lines
    widths = {part.winfo_width() for part in parts}
    assert max(widths) - min(widths) <= 1
    assert max(part.winfo_x() + part.winfo_width() for part in parts) == rows.winfo_width()
    assert min(part.winfo_x() for part in parts) == 0


def test_rows_of_another_length_are_as_wide_and_one_that_is_left_over_leads(
    root: tk.Tk, design: Design
) -> None:
    rows = Rows(root, design, least=200)
    parts = [tk.Frame(rows, height=40, width=10) for _ in range(3)]
    rows.fill(parts)
    rows.pack(fill="both", expand=True)
    resize(root, 500, 300)

    assert [(part.winfo_x(), part.winfo_width()) for part in parts] == [(0, 500), (0, 244), (256, 244)]
    assert parts[0].winfo_y() == 0
    heights = {part.winfo_height() for part in parts}
    assert max(heights) - min(heights) <= 1  # they share the height that there is
    assert max(part.winfo_y() + part.winfo_height() for part in parts) == 300


def test_parts_come_and_go(root: tk.Tk, design: Design) -> None:
    rows = Rows(root, design, least=100)
    parts = [tk.Frame(rows, height=40, width=10) for _ in range(4)]
    rows.fill(parts)
    rows.pack(fill="x")
    resize(root, 800)

    rows.fill(parts[1:3])
    root.update()

    assert [bool(part.winfo_ismapped()) for part in parts] == [False, True, True, False]
    assert parts[2].winfo_x() + parts[2].winfo_width() == rows.winfo_width()


def test_a_card_without_a_title_has_no_head(root: tk.Tk, design: Design) -> None:
    with_title, without = Card(root, design, "Cost"), Card(root, design)
    for card in (with_title, without):
        card.pack()
    root.update()

    assert with_title.head.winfo_ismapped()
    assert not without.head.winfo_ismapped()


class Scrolled:
    """A body with so many lines of 50 pixels."""

    def __init__(self, root: tk.Tk, design: Design, lines: int) -> None:
        self.root = root
        self.scrolled = ScrolledBody(root, design)
        self.scrolled.pack(fill="both", expand=True)
        self.lines = [tk.Frame(self.scrolled.body, height=50, width=50) for _ in range(lines)]
        for line in self.lines:
            line.pack(fill="x")
        root.update()

    def seen(self, number: int) -> bool:
        """Whether a line is wholly in sight."""
        line, root = self.lines[number], self.root
        top = line.winfo_rooty() - root.winfo_rooty()
        return top >= 0 and top + 50 <= root.winfo_height()


def test_what_fits_does_not_scroll_and_fills_its_place(root: tk.Tk, design: Design) -> None:
    shown = Scrolled(root, design, 4)
    shown.scrolled.page(1)
    root.update()

    assert not shown.scrolled._bar.winfo_ismapped()
    assert shown.seen(0)
    assert shown.scrolled.body.winfo_height() == root.winfo_height()
    assert shown.scrolled.body.winfo_width() == root.winfo_width()


def test_what_does_not_fit_scrolls_to_its_end_and_back(root: tk.Tk, design: Design) -> None:
    shown = Scrolled(root, design, 40)
    assert shown.scrolled._bar.winfo_ismapped()
    for _ in range(5):
        shown.scrolled.page(1)
    root.update()
    assert shown.seen(39)
    assert not shown.seen(0)
    assert shown.scrolled._line.winfo_ismapped()  # under which the rest has gone

    shown.scrolled.top()
    root.update()
    assert shown.seen(0)
    assert not shown.scrolled._line.winfo_ismapped()


def test_a_part_is_brought_into_sight_and_no_further(root: tk.Tk, design: Design) -> None:
    shown = Scrolled(root, design, 40)
    for number in (30, 31, 2, 39, 0):
        shown.scrolled.reveal(shown.lines[number])
        root.update()
        assert shown.seen(number)


def test_the_bar_goes_when_there_is_room_again(root: tk.Tk, design: Design) -> None:
    shown = Scrolled(root, design, 14)
    shown.scrolled.page(1)
    resize(root, 900, 900)

    assert not shown.scrolled._bar.winfo_ismapped()
    assert shown.seen(0)
    assert shown.seen(13)


def test_scrollbars_are_as_wide_as_their_thumb_is_round(root: tk.Tk) -> None:
    design = Design.of(root, DARK, scale=2.0)
    style = Style(root, design)
    shown = Scrolled(root, design, 40)
    table = Table(root, design, (Column("Name", 80),), rows_shown=2)
    table.pack(fill="x")
    table.show([TableRow(str(number), (str(number),)) for number in range(9)])
    root.update()

    assert table._bar is not None
    assert shown.scrolled._bar.winfo_width() == table._bar.winfo_width() == design.px(8)
    del style  # its pictures last as long as the test
