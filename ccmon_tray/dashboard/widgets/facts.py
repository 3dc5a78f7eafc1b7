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
    """Facts below each other; walked by the arrow keys, copied by Ctrl+C or a double click.

    Args:
        parent: Where it lives, on a card.
        design: How things look.
        copy: Puts a text into the clipboard and says so.
    """

    def __init__(self, parent: tk.Misc, design: Design, *, copy: Callable[[str], None] | None = None) -> None:
        self._facts: tuple[Fact, ...] = ()
        self._copy = copy
        self._selected: int | None = None
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
            self.configure(height=max(1, len(self._facts)) * self.design.px(_ROW))
            self.redraw()

    def draw(self, width: int, height: int) -> None:  # noqa: ARG002  # as high as its rows
        """Draw everything."""
        paint, colours, px = self.painter, self.design.palette, self.design.px
        label, font = paint.fonts.get(_LABEL_SIZE), paint.fonts.get(_SIZE)
        left = px(_EDGE)
        column = left + max((label.measure(fact.title) for fact in self._facts), default=0) + px(_GAP)
        room = width - px(_EDGE) - column
        for index, fact in enumerate(self._facts):
            top = index * px(_ROW)
            ground = self.ground
            if index == self._selected and self.focused:
                ground = mix(colours.accent, self.ground, 0.14)
                self.create_rectangle(0, top, width, top + px(_ROW), fill=ground, width=0)
            baseline = top + px(_ROW) // 2 + px(4.5)
            quiet = self.design.small(colours.secondary, ground)
            paint.text(left, baseline, fact.title, room=column - left, size=_LABEL_SIZE, colour=quiet)
            value = fact.value
            if fact.cut_start:
                while len(value) > 1 and font.measure(value) > room:
                    value = ELLIPSIS + value.removeprefix(ELLIPSIS)[1:]
            colour = quiet if value == UNKNOWN else colours.text
            paint.text(column, baseline, value, room=room, size=_SIZE, colour=colour)

    def _click(self, _x: int, y: int) -> None:
        self.focus_set()
        self._select(y // self.design.px(_ROW))

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
