"""Facts: what something is called, and beside it what it is."""

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.painter import ELLIPSIS
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.dashboard.widgets.surface import Surface
from ccmon_tray.usage.formatting import UNKNOWN

_ROW: Final = 27  # units
_SIZE: Final = 13
_LABEL_SIZE: Final = 12
_GAP: Final = 16
_EDGE: Final = 8
_BETWEEN: Final = 24  # columns, units
_LEAST: Final = 120  # a column, units


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact.

    Attributes:
        title: What it is called.
        value: What it is; "–" where it is unknown.
        whole: What is copied; "" copies the value.
        cut_start: Whether a value that is too long loses its beginning, as a path does, not its end.
    """

    title: str
    value: str
    whole: str = ""
    cut_start: bool = False


class Facts(Surface):
    """Facts below each other, in as many columns as there is room for.

    Walked by the arrow keys, copied by Ctrl+C or a double click.

    Args:
        parent: Where it lives, on a card.
        design: How things look.
        copy: Puts a text into the clipboard and says so.
    """

    def __init__(self, parent: tk.Misc, design: Design, *, copy: Callable[[str], None] | None = None) -> None:
        self._facts: tuple[Fact, ...] = ()
        self._copy = copy
        self._selected: int | None = None
        self._columns = 1
        super().__init__(parent, design, ground=design.palette.card, height=design.px(_ROW), focus=True)
        self.on_click(self._click)
        self.bind("<Double-Button-1>", lambda _event: self._copy_selected())
        self.bind("<<CopyValue>>", lambda _event: self._copy_selected())
        self.bind("<FocusIn>", lambda _event: self._select(self._selected or 0), add="+")
        self.bind("<Up>", lambda _event: self._step(-1))
        self.bind("<Down>", lambda _event: self._step(1))

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What is shown."""
        return self._facts

    def show(self, facts: Sequence[Fact]) -> None:
        """Show these facts."""
        if tuple(facts) != self._facts:
            self._facts = tuple(facts)
            self._fit()
            self.redraw()

    def draw(self, width: int, height: int) -> None:  # noqa: ARG002  # as high as its rows
        """Draw everything."""
        paint, colours, px = self.painter, self.design.palette, self.design.px
        font = paint.fonts.get(_SIZE)
        self._fit()
        for index, fact in enumerate(self._facts):
            start, top, end = self._place(index)
            ground = self.ground
            if index == self._selected and self.focused:
                ground = mix(colours.accent, self.ground, 0.14)
                self.create_rectangle(start, top, end, top + px(_ROW), fill=ground, width=0)
            baseline = top + px(_ROW) // 2 + px(4.5)
            quiet = self.design.small(colours.secondary, ground)
            left = start + px(_EDGE)
            column = left + self._titles_px(index // self._rows) + px(_GAP)
            room = end - px(_EDGE) - column
            paint.text(left, baseline, fact.title, room=column - left, size=_LABEL_SIZE, colour=quiet)
            value = fact.value
            if fact.cut_start:
                while len(value) > 1 and font.measure(value) > room:
                    value = ELLIPSIS + value.removeprefix(ELLIPSIS)[1:]
            colour = quiet if value == UNKNOWN else colours.text
            paint.text(column, baseline, value, room=room, size=_SIZE, colour=colour)

    @property
    def _rows(self) -> int:
        """How many facts stand below each other."""
        return -(-max(1, len(self._facts)) // self._columns)

    def _place(self, index: int) -> tuple[int, int, int]:
        """Left, top and right of a fact, pixels."""
        column, row = divmod(index, self._rows)
        wide, between = self.extent[0], self.design.px(_BETWEEN)
        each = (wide + between) // self._columns
        left = column * each
        return left, row * self.design.px(_ROW), wide if self._columns == 1 else left + each - between

    def _in_column(self, column: int) -> tuple[Fact, ...]:
        return self._facts[column * self._rows : (column + 1) * self._rows]

    def _titles_px(self, column: int) -> int:
        font = self.design.fonts.get(_LABEL_SIZE)
        return max((font.measure(fact.title) for fact in self._in_column(column)), default=0)

    def _fit(self) -> None:
        """Stand in as many columns as there is room for, and be as high as they are."""
        width, px, font = self.extent[0], self.design.px, self.design.fonts.get(_SIZE)
        for columns in range(min(len(self._facts), width // px(_LEAST)), 0, -1):
            self._columns = -(-len(self._facts) // -(-len(self._facts) // columns))
            room = (width + px(_BETWEEN)) // self._columns - px(_BETWEEN + 2 * _EDGE + _GAP)
            if all(
                self._titles_px(column) + max(font.measure(fact.value) for fact in self._in_column(column))
                <= room
                for column in range(self._columns)
            ):
                break
        else:
            self._columns = 1
        height = self._rows * px(_ROW)
        if height != self.winfo_reqheight():
            self.configure(height=height)

    def _click(self, x: int, y: int) -> None:
        self.focus_set()
        each = (self.extent[0] + self.design.px(_BETWEEN)) // self._columns
        row = min(y // self.design.px(_ROW), self._rows - 1)
        self._select(min(x // max(1, each), self._columns - 1) * self._rows + row)

    def _step(self, by: int) -> str:
        self._select((self._selected or 0) + by)
        return "break"

    def _select(self, index: int) -> None:
        self._selected = max(0, min(len(self._facts) - 1, index)) if self._facts else None
        self.redraw()

    def _copy_selected(self) -> None:
        if self._copy is not None and self._selected is not None and self._selected < len(self._facts):
            fact = self._facts[self._selected]
            self._copy(fact.whole or fact.value)
