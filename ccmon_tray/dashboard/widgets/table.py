"""A table that draws only the rows in sight, so that thousands cost no more than ten.

ttk's Treeview has neither hairlines nor figures in columns, and no colour within a cell.
"""

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Any

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.widgets.grid import HEAD, Column, Grid, TableRow
from ccmon_tray.dashboard.widgets.scroll import BAR

__all__ = ["Column", "Table", "TableRow"]


class Table(tk.Frame):
    """Rows under heads; sorted by a click on a head, walked by the arrow keys, copied by Ctrl+C.

    Without a marked row, Ctrl+C copies all of them. Left and Right sort by the column beside, Shift with Up
    or Down the other way round.

    Args:
        parent: Where it lives, on a card.
        design: How things look.
        columns: Its columns.
        rows_shown: The most rows it asks for room for, the others scroll; given more room it shows more.
            None shows all.
        dense: Whether its rows are low.
        sort: Column and direction (True: descending) to begin with; None keeps the given order.
        copy: Puts a text into the clipboard and says so.
        choose: Called with the key of a row that is clicked or chosen by Return.
        sorted_by: Called with column and direction when a person sorts anew.
        empty: What is said where there are no rows.
    """

    def __init__(
        self,
        parent: tk.Misc,
        design: Design,
        columns: Sequence[Column],
        *,
        rows_shown: int | None = None,
        dense: bool = False,
        sort: tuple[int, bool] | None = None,
        copy: Callable[[str], None] | None = None,
        choose: Callable[[str], None] | None = None,
        sorted_by: Callable[[int, bool], None] | None = None,
        empty: str = "Nothing here",
    ) -> None:
        super().__init__(parent, background=design.palette.card)
        self.rows: tuple[TableRow, ...] = ()
        self._rows_shown = rows_shown
        self._sort = sort
        self._sorted_by = sorted_by
        self._grid = Grid(
            self,
            design,
            tuple(columns),
            copy=copy,
            choose=choose,
            empty=empty,
            sort_by=self._sort_by,
            moved=self._moved,
            dense=dense,
        )
        self._grid.grid(row=0, column=0, sticky="nsew")
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self._bar: ttk.Scrollbar | None = None
        if rows_shown is not None:
            self._bar = ttk.Scrollbar(
                self, style="Card.Vertical.TScrollbar", command=self._grid.yview_rows, takefocus=False
            )
            self._grid.bar_px = design.px(6)
        self._grid.sort = sort

    @property
    def grid_surface(self) -> "Grid":
        """What is drawn, for tests and for the focus."""
        return self._grid

    def show(self, rows: Sequence[TableRow]) -> None:
        """Show these rows; selection and place stay as far as they can."""
        self._grid.awaited = False
        self.rows = tuple(rows)
        self._grid.show(self._sorted())
        shown = max(1, len(rows)) if self._rows_shown is None else min(max(1, len(rows)), self._rows_shown)
        self._grid.configure(height=self._grid.design.px(HEAD) + shown * self._grid.row_px)
        self._moved()

    def say_when_empty(self, words: str) -> None:
        """What is said from now on where there are no rows."""
        self._grid.empty = words

    def await_rows(self) -> None:
        """Show that other rows are awaited."""
        self._grid.awaited = True
        self._grid.redraw()

    def select(self, key: str) -> None:
        """Mark a row without telling anybody."""
        self._grid.select(key)

    def text(self) -> str:
        """All of it as lines with tabs."""
        return self._grid.text()

    def _sorted(self) -> list[TableRow]:
        if self._sort is None:
            return list(self.rows)
        column, descending = self._sort
        known = [row for row in self.rows if row.order and row.order[column] is not None]
        unknown = [row for row in self.rows if not row.order or row.order[column] is None]
        known.sort(key=lambda row: _order(row.order[column]), reverse=descending)
        return known + unknown

    def _sort_by(self, column: int) -> None:
        if not any(row.order for row in self.rows):
            return
        first = self._grid.columns[column].descending
        before = self._sort
        self._sort = (column, not before[1]) if before and before[0] == column else (column, first)
        self._grid.sort = self._sort
        self._grid.show(self._sorted())
        if self._sorted_by is not None:
            self._sorted_by(*self._sort)

    def _moved(self) -> None:
        if self._bar is None:
            return
        first, last = self._grid.part_shown()
        self._bar.set(first, last)
        if last - first < 1.0:
            px = self._grid.design.px
            head = px(HEAD)
            self._bar.place(relx=1.0, y=head, relheight=1.0, height=-head, anchor="ne", width=px(BAR))
        else:
            self._bar.place_forget()


def _order(value: float | str | None) -> Any:
    return value.casefold() if isinstance(value, str) else value
