"""The drawn part of a table: heads, and the rows in sight."""

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.dashboard.widgets.scroll import wheel_notches
from ccmon_tray.dashboard.widgets.surface import Surface
from ccmon_tray.usage.formatting import UNKNOWN

ROW: Final = 33  # units
DENSE_ROW: Final = 26
HEAD: Final = 30
QUIET: Final = frozenset({UNKNOWN, "unknown", "unpriced"})
"""Cells that say that there is nothing to say."""

_SIZE: Final = 13
_HEAD_SIZE: Final = 12
_GAP: Final = 16
_EDGE: Final = 8
_SWATCH: Final = 9


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        title: Its head.
        width: Its least width, units; what is left over goes to columns by their ``weight``.
        figure: Whether it holds figures, which are set to the right.
        weight: Its share of the room that is left over.
        strong: Whether its cells are in the colour of text; others are quieter.
        descending: Whether the first click on its head sorts from large to small.
        optional: Gives way when there is not room for all: the highest number first; 0 never does.
    """

    title: str
    width: float
    figure: bool = False
    weight: float = 0.0
    strong: bool = False
    descending: bool = False
    optional: int = 0


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row.

    Attributes:
        key: What it is about; stays when its figures change.
        cells: The words of each column.
        order: What each column sorts by; None sorts last.
        swatch: A colour before the first cell, as a legend; "" for none.
    """

    key: str
    cells: tuple[str, ...]
    order: tuple[float | str | None, ...] = ()
    swatch: str = ""


class Grid(Surface):
    """The drawn part of a table."""

    def __init__(
        self,
        parent: tk.Misc,
        design: Design,
        columns: tuple[Column, ...],
        *,
        copy: Callable[[str], None] | None,
        choose: Callable[[str], None] | None,
        empty: str,
        sort_by: Callable[[int], None],
        moved: Callable[[], None],
        dense: bool = False,
    ) -> None:
        self.columns = columns
        self.rows: list[TableRow] = []
        self.sort: tuple[int, bool] | None = None
        self.awaited = True
        self.bar_px = 0
        """How wide a scrollbar at the right is, which columns leave free."""
        self.row_px = design.px(DENSE_ROW if dense else ROW)
        self._copy = copy
        self._choose = choose
        self.empty = empty
        self._sort_by = sort_by
        self._moved = moved
        self._first = 0
        self._hovered: int | None = None
        self._selected = ""
        self._spans: dict[int, tuple[int, int]] = {}
        self._widths: dict[int, int] = {}
        super().__init__(
            parent, design, ground=design.palette.card, height=design.px(HEAD) + self.row_px, focus=True
        )
        self.on_click(self._click)
        self.bind("<Double-Button-1>", lambda event: self._double_click(event.x, event.y))
        self.bind("<Motion>", lambda event: self._hover(self._row_at(event.y), event.x, event.y))
        self.bind("<Leave>", lambda _event: self._hover(None, -1, -1))
        for key, by in (
            ("Up", -1),
            ("Down", 1),
            ("Prior", -10),
            ("Next", 10),
            ("Home", -(10**9)),
            ("End", 10**9),
        ):
            self.bind(f"<{key}>", lambda _event, by=by: self._step(by))  # type: ignore[misc]
        for key, by in (("<Left>", -1), ("<Right>", 1)):
            self.bind(key, lambda _event, by=by: self._sort_beside(by))  # type: ignore[misc]
        for key in ("<Shift-Up>", "<Shift-Down>"):
            self.bind(key, lambda _event: self._turn_round())
        for key in ("<Return>", "<space>"):
            self.bind(key, lambda _event: self._choose_selected())
        self.bind("<<CopyValue>>", lambda _event: self._copy_marked())
        for key in ("<MouseWheel>", "<Button-4>", "<Button-5>"):
            self.bind(key, self._wheel)

    @property
    def rows_in_sight(self) -> int:
        """How many rows fit below the heads."""
        return max(1, (self.extent[1] - self.design.px(HEAD)) // self.row_px)

    @property
    def selected(self) -> str:
        """The key of the marked row, or ""."""
        return self._selected

    def show(self, rows: list[TableRow]) -> None:
        """Show rows in this order."""
        self.rows = rows
        self._widths.clear()
        self._scroll_to(self._first)
        self.redraw()

    def select(self, key: str) -> None:
        """Mark a row, and bring it into sight."""
        self._selected = key
        for index, row in enumerate(self.rows):
            if row.key == key:
                self._reveal(index)
        self.redraw()

    def text(self) -> str:
        """All of it as lines with tabs."""
        lines = [[column.title for column in self.columns], *(row.cells for row in self.rows)]
        return "\n".join("\t".join(cells) for cells in lines)

    def part_shown(self) -> tuple[float, float]:
        """Which part of the rows is in sight, as a scrollbar wants it."""
        count = max(1, len(self.rows))
        return self._first / count, min(1.0, (self._first + self.rows_in_sight) / count)

    def yview_rows(self, kind: str, amount: str, unit: str = "") -> None:
        """What a scrollbar asks for."""
        if kind == "moveto":
            self._scroll_to(round(float(amount) * len(self.rows)))
        else:
            self._scroll_to(self._first + int(amount) * (self.rows_in_sight if unit == "pages" else 1))

    def draw(self, width: int, height: int) -> None:  # noqa: ARG002  # rows are counted
        """Draw heads and the rows in sight."""
        self._first = self._within(self._first)  # there may be room for more rows than before
        self._moved()
        self._spans = self._place_columns(width)
        self._draw_heads(width)
        paint, px = self.painter, self.design.px
        top = px(HEAD)
        if self.awaited:
            self._draw_awaited(top)
            return
        if not self.rows:
            colour = self.design.palette.secondary
            paint.text(px(_EDGE), top + px(22), self.empty, room=width - 2 * px(_EDGE), colour=colour)
            return
        for index in range(self._first, min(len(self.rows), self._first + self.rows_in_sight)):
            self._draw_row(index, top, width)
            top += self.row_px

    def _draw_awaited(self, top: int) -> None:
        px = self.design.px
        for row in range(min(3, self.rows_in_sight)):
            y = top + row * self.row_px + (self.row_px - px(10)) // 2
            for index, (x0, x1) in self._spans.items():
                wide = min(x1 - x0, px(90 - 14 * row))
                left = x1 - wide if self.columns[index].figure else x0
                box = (left, y, left + wide, y + px(10))
                self.painter.rounded(box, radius=px(4), fill=self.design.palette.hairline, ground=self.ground)

    def _draw_heads(self, width: int) -> None:
        paint, colours, px = self.painter, self.design.palette, self.design.px
        baseline = px(19)
        for index, (x0, x1) in self._spans.items():
            column = self.columns[index]
            sorted_here = self.sort is not None and self.sort[0] == index and any(r.order for r in self.rows)
            arrow = (" ▾" if self.sort and self.sort[1] else " ▴") if sorted_here else ""
            paint.text(
                x1 if column.figure else x0,
                baseline,
                column.title + arrow,
                room=x1 - x0 + (px(_GAP) if column.figure else 0),
                size=_HEAD_SIZE,
                colour=colours.text if sorted_here else colours.secondary,
                right=column.figure,
            )
        y = px(HEAD)
        line = colours.accent if self.focused else colours.hairline
        self.create_rectangle(0, y - px(1), width, y, fill=line, width=0)

    def _draw_row(self, index: int, top: int, width: int) -> None:
        paint, colours, px = self.painter, self.design.palette, self.design.px
        row = self.rows[index]
        bottom = top + self.row_px
        marked = row.key == self._selected and bool(self._selected)
        ground = self.ground
        if marked or index == self._hovered:
            ground = mix(colours.accent if marked else colours.text, self.ground, 0.14 if marked else 0.05)
            self.create_rectangle(0, top, width, bottom - px(1), fill=ground, width=0)
        if marked and self.focused:
            self.create_rectangle(0, top, px(2), bottom - px(1), fill=colours.accent, width=0)
        baseline = top + self.row_px // 2 + px(4.5)
        for place, (left, x1) in self._spans.items():
            column, cell = self.columns[place], row.cells[place]
            x0 = left
            if place == 0 and row.swatch:
                size = px(_SWATCH)
                y = baseline - size + px(0.5)
                paint.rounded((x0, y, x0 + size, y + size), radius=px(2), fill=row.swatch, ground=ground)
                x0 += size + px(8)
            colour = colours.text if column.strong else self.design.small(colours.secondary, ground)
            if cell in QUIET:
                colour = self.design.small(colours.secondary, ground)
            if column.figure:
                paint.figure(x1, baseline, cell, size=_SIZE, colour=colour)
            else:
                paint.text(x0, baseline, cell, room=x1 - x0, size=_SIZE, colour=colour)
        line = bottom - px(1)
        self.create_rectangle(0, line, width, bottom, fill=colours.hairline, width=0)

    def _place_columns(self, width: int) -> dict[int, tuple[int, int]]:
        """Left and right of each column that there is room for, pixels."""
        px = self.design.px
        shown = list(range(len(self.columns)))
        needed = {index: self._needed(index) for index in shown}
        room = width - 2 * px(_EDGE) - self.bar_px
        while sum(needed[i] for i in shown) + px(_GAP) * (len(shown) - 1) > room:
            giving = max(shown, key=lambda i: self.columns[i].optional)
            if not self.columns[giving].optional:
                break
            shown.remove(giving)
        spare = max(0, room - sum(needed[i] for i in shown) - px(_GAP) * (len(shown) - 1))
        weights = sum(self.columns[i].weight for i in shown) or 1.0
        spans, x = {}, px(_EDGE)
        for index in shown:
            wide = needed[index] + int(spare * self.columns[index].weight / weights)
            spans[index] = (x, x + wide)
            x += wide + px(_GAP)
        return spans

    def _needed(self, index: int) -> int:
        column = self.columns[index]
        head = self.painter.fonts.get(_HEAD_SIZE).measure(column.title + " ▾")
        return max(self.design.px(column.width), head, self._widest(index) if column.figure else 0)

    def _widest(self, index: int) -> int:
        """The width of a column's longest figure, pixels: a figure is never cut, nor laid over another."""
        if index not in self._widths:
            # All digits are as wide: one figure of each length stands for thousands, near enough for the gap.
            lengths = {len(cell := row.cells[index]): cell for row in self.rows}
            fonts = self.painter.fonts
            widths = (fonts.tabular_width(cell, _SIZE) for cell in lengths.values())
            self._widths[index] = max(widths, default=0)
        return self._widths[index]

    def _row_at(self, y: int) -> int | None:
        index = self._first + (y - self.design.px(HEAD)) // self.row_px
        return index if y >= self.design.px(HEAD) and index < len(self.rows) else None

    def _hover(self, index: int | None, x: int, y: int) -> None:
        on_head = 0 <= y < self.design.px(HEAD) and any(x0 <= x <= x1 for x0, x1 in self._spans.values())
        clickable = (index is not None and self._choose is not None) or (
            on_head and any(row.order for row in self.rows)
        )
        self.configure(cursor="hand2" if clickable else "")
        if index != self._hovered:
            self._hovered = index
            self.redraw()

    def _click(self, x: int, y: int) -> None:
        self.focus_set()
        if y < self.design.px(HEAD):
            gap = self.design.px(_GAP) // 2
            for column, (x0, x1) in self._spans.items():
                if x0 - gap <= x <= x1 + gap:
                    self._sort_by(column)
            return
        index = self._row_at(y)
        if index is not None:
            self._selected = self.rows[index].key
            self.redraw()
            self._choose_selected()

    def _double_click(self, x: int, y: int) -> None:
        if y < self.design.px(HEAD):
            self._click(x, y)  # two clicks on a head are two clicks
        elif self._row_at(y) is not None:
            self._copy_marked()

    def _step(self, by: int) -> str:
        if self.rows:
            keys = [row.key for row in self.rows]
            here = keys.index(self._selected) if self._selected in keys else (-1 if by > 0 else 0)
            index = max(0, min(len(keys) - 1, here + by))
            self._selected = keys[index]
            self._reveal(index)
            self.redraw()
        return "break"

    def _sort_beside(self, by: int) -> str:
        """Sort by the column beside the one that rows are sorted by."""
        shown = sorted(self._spans)
        here = shown.index(self.sort[0]) if self.sort and self.sort[0] in shown else -1
        if shown and 0 <= here + by < len(shown):
            self._sort_by(shown[here + by])
        return "break"

    def _turn_round(self) -> str:
        """Sort by the same column the other way round."""
        if self.sort is not None:
            self._sort_by(self.sort[0])
        return "break"

    def _reveal(self, index: int) -> None:
        if index < self._first:
            self._scroll_to(index)
        elif index >= self._first + self.rows_in_sight:
            self._scroll_to(index - self.rows_in_sight + 1)

    def _scroll_to(self, first: int) -> None:
        first = self._within(first)
        if first != self._first:
            self._first = first
            self._moved()
            self.redraw()

    def _within(self, first: int) -> int:
        """The first row in sight, so that no room is left below the last one."""
        return max(0, min(first, len(self.rows) - self.rows_in_sight))

    def _wheel(self, event: "tk.Event[Any]") -> str | None:
        if len(self.rows) <= self.rows_in_sight:
            return None
        notches = round(wheel_notches(event))
        before = self._first
        self._scroll_to(self._first + 3 * notches)
        # At its end the wheel is the page's again.
        return None if self._first == before else "break"

    def _choose_selected(self) -> None:
        if self._choose is not None and self._selected:
            self._choose(self._selected)

    def _copy_marked(self) -> None:
        """Copy the marked row, or all of them where none is."""
        row = next((row for row in self.rows if row.key == self._selected), None)
        if self._copy is not None and self.rows:
            self._copy(self.text() if row is None else "\t".join(row.cells))
