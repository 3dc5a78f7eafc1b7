"""What the colours of a chart mean; each series can be left out of it."""

import tkinter as tk
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.dashboard.widgets.surface import Surface

_SIZE: Final = 12
_LINE: Final = 24  # units
_SWATCH: Final = 9
_GAP: Final = 8  # between the swatch and the name
_PAD: Final = 8  # around an entry


@dataclass(frozen=True, slots=True)
class Entry:
    """A series: its name and its colour."""

    name: str
    colour: str


class Legend(Surface):
    """Names of series with their colours, in as many lines as they need.

    A click, or Space after the arrow keys, leaves a series out or takes it in again. What is left out has a
    hollow swatch. The last one that shows cannot be left out: then all show again.

    Args:
        parent: Where it lives, on a card.
        design: How things look.
        changed: Called with the names left out when a person changes them.
    """

    def __init__(self, parent: tk.Misc, design: Design, changed: Callable[[frozenset[str]], None]) -> None:
        self._changed = changed
        self._entries: tuple[Entry, ...] = ()
        self._hidden: frozenset[str] = frozenset()
        self._hovered: int | None = None
        self._current = 0
        super().__init__(parent, design, ground=design.palette.card, height=design.px(_LINE), focus=True)
        self.on_click(self._click)
        self.bind("<Motion>", lambda event: self._hover(self._at(event.x, event.y)))
        self.bind("<Leave>", lambda _event: self._hover(None))
        self.bind("<Left>", lambda _event: self._step(-1))
        self.bind("<Right>", lambda _event: self._step(1))
        for key in ("<space>", "<Return>"):
            self.bind(key, lambda _event: self._toggle(self._current))

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The series."""
        return self._entries

    @property
    def hidden(self) -> frozenset[str]:
        """The names left out."""
        return self._hidden

    def show(self, entries: Sequence[Entry], hidden: Collection[str] = ()) -> None:
        """Show these entries, and which of them are left out."""
        names = {entry.name for entry in entries}
        left_out = frozenset(hidden) & names
        shown = (tuple(entries), frozenset() if left_out == names else left_out)
        if shown != (self._entries, self._hidden):
            self._entries, self._hidden = shown
            self._current = min(self._current, max(0, len(entries) - 1))
            self._fit()
            self.redraw()

    def draw(self, width: int, height: int) -> None:  # noqa: ARG002  # as high as its lines
        """Draw everything."""
        self._fit()
        paint, colours, px = self.painter, self.design.palette, self.design.px
        swatch = px(_SWATCH)
        for index, (entry, (left, top, right, bottom)) in enumerate(
            zip(self._entries, self._places(width), strict=True)
        ):
            hidden = entry.name in self._hidden
            ground = self.ground
            if index == self._hovered or (self.focused and index == self._current):
                ground = mix(colours.text, self.ground, 0.06)
                ring = colours.accent if self.focused and index == self._current else None
                box = (left, top, right, bottom)
                paint.rounded(box, radius=px(5), fill=ground, ground=self.ground, border=ring)
            baseline = (top + bottom) // 2 + px(4.5)
            y = baseline - swatch + px(0.5)
            x = left + px(_PAD)
            box = (x, y, x + swatch, y + swatch)
            fill = ground if hidden else entry.colour
            paint.rounded(box, radius=px(2), fill=fill, ground=ground, border=entry.colour)
            x += swatch + px(_GAP)
            colour = self.design.small(colours.secondary, ground) if hidden else colours.text
            paint.text(x, baseline, entry.name, room=right - x, size=_SIZE, colour=colour)

    def _places(self, width: int) -> list[tuple[int, int, int, int]]:
        """Where each entry is, pixels: lines are filled from the left."""
        px = self.design.px
        font, line = self.design.fonts.get(_SIZE), px(_LINE)
        edge = -px(_PAD)  # the first swatch stands below the title
        places, x, top = [], edge, 0
        for entry in self._entries:
            wide = 2 * px(_PAD) + px(_SWATCH + _GAP) + font.measure(entry.name)
            if x > edge and x + wide > width:
                x, top = edge, top + line
            places.append((x, top, x + wide, top + line))
            x += wide
        return places

    def _fit(self) -> None:
        """Be as high as the lines."""
        width = self.extent[0]
        if width > 1 and self._entries:
            bottom = self._places(width)[-1][3]
            if bottom != self.winfo_reqheight():
                self.configure(height=bottom)

    def _at(self, x: int, y: int) -> int | None:
        for index, (left, top, right, bottom) in enumerate(self._places(self.extent[0])):
            if left <= x < right and top <= y < bottom:
                return index
        return None

    def _hover(self, index: int | None) -> None:
        if index != self._hovered:
            self._hovered = index
            self.configure(cursor="" if index is None else "hand2")
            self.redraw()

    def _click(self, x: int, y: int) -> None:
        index = self._at(x, y)
        if index is not None:
            self._toggle(index)

    def _step(self, by: int) -> None:
        if self._entries:
            self._current = max(0, min(len(self._entries) - 1, self._current + by))
            self.redraw()

    def _toggle(self, index: int) -> None:
        if index >= len(self._entries):
            return
        self._current = index
        hidden = self._hidden ^ {self._entries[index].name}
        self._hidden = frozenset() if len(hidden) == len(self._entries) else hidden
        self.redraw()
        self._changed(self._hidden)
