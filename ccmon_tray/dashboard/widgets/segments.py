"""A segmented control: one of a few choices, all in sight; with the keyboard by the arrow keys."""

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.dashboard.widgets.surface import Surface

_HEIGHT: Final = 30  # units
_PADDING: Final = 9
_SIZE: Final = 12


class Segments(Surface):
    """Choices side by side.

    Args:
        parent: Where it lives.
        design: How things look.
        choices: Value and words of each.
        choose: Called with the value that a person chooses.
        ground: The colour it stands on; default: the window's background.
        compact: Lower and narrower, for the head of a card.
    """

    def __init__(
        self,
        parent: tk.Misc,
        design: Design,
        choices: Sequence[tuple[str, str]],
        choose: Callable[[str], None],
        *,
        ground: str | None = None,
        compact: bool = False,
    ) -> None:
        self._choices = tuple(choices)
        self._choose = choose
        self._compact = compact
        self._chosen = ""
        self._hovered: int | None = None
        padding = design.px(_PADDING - 1 if compact else _PADDING)
        font = design.fonts.get(_SIZE)
        self._widths = [font.measure(words) + 2 * padding for _, words in choices]
        line = design.px(1)
        height = design.px(_HEIGHT - 6 if compact else _HEIGHT)
        super().__init__(
            parent,
            design,
            ground=ground,
            width=sum(self._widths) + 2 * line,
            height=height,
            focus=True,
        )
        self.on_click(self._click)
        self.bind("<Motion>", lambda event: self._hover(self._at(event.x)))
        self.bind("<Leave>", lambda _event: self._hover(None))
        self.bind("<Left>", lambda _event: self._step(-1))
        self.bind("<Right>", lambda _event: self._step(1))

    @property
    def chosen(self) -> str:
        """The value that is marked."""
        return self._chosen

    @property
    def wanted_width(self) -> int:
        """The width it needs, pixels."""
        return sum(self._widths) + 2 * self.design.px(1)

    def select(self, value: str) -> None:
        """Mark a choice without telling anybody; a value that is none of them unmarks all."""
        if value != self._chosen:
            self._chosen = value
            self.redraw()

    def draw(self, width: int, height: int) -> None:
        """Draw everything."""
        paint, colours, px = self.painter, self.design.palette, self.design.px
        dark = self.design.dark
        trough = mix(colours.text, self.ground, 0.02 if dark else 0.05)
        border = colours.accent if self.focused else colours.hairline
        paint.rounded((0, 0, width, height), radius=px(7), fill=trough, ground=self.ground, border=border)
        x = px(1)
        inset = px(1)
        baseline = height // 2 + px(4.5)
        for index, ((value, words), wide) in enumerate(zip(self._choices, self._widths, strict=True)):
            chosen = value == self._chosen
            if chosen:
                fill = mix(colours.text, self.ground, 0.13) if dark else colours.card
                box = (x + inset, 2 * inset, x + wide - inset, height - 2 * inset)
                paint.rounded(
                    box, radius=px(5), fill=fill, ground=trough, border=None if dark else colours.hairline
                )
            lit = chosen or index == self._hovered
            colour = colours.text if lit else self.design.small(colours.secondary, trough)
            text = paint.fonts.get(_SIZE).measure(words)
            paint.text(x + (wide - text) // 2, baseline, words, room=wide, size=_SIZE, colour=colour)
            x += wide

    def _at(self, x: int) -> int | None:
        edge = self.design.px(1)
        for index, wide in enumerate(self._widths):
            if edge <= x < edge + wide:
                return index
            edge += wide
        return None

    def _hover(self, index: int | None) -> None:
        if index != self._hovered:
            self._hovered = index
            self.configure(cursor="" if index is None else "hand2")
            self.redraw()

    def _click(self, x: int, _y: int) -> None:
        self.focus_set()
        index = self._at(x)
        if index is not None:
            self._pick(index)

    def _step(self, by: int) -> None:
        values = [value for value, _ in self._choices]
        here = values.index(self._chosen) if self._chosen in values else -by
        self._pick(max(0, min(len(values) - 1, here + by)))

    def _pick(self, index: int) -> None:
        value = self._choices[index][0]
        self.select(value)
        self._choose(value)
