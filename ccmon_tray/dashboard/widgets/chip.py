"""The sign beside the title that figures are generated."""

from typing import TYPE_CHECKING, Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.dashboard.widgets.surface import Surface
from ccmon_tray.usage.wording import GENERATED

if TYPE_CHECKING:
    import tkinter as tk

_WORDS: Final = (f"Demo · {GENERATED}", "Demo")
_HEIGHT: Final = 20  # units
_SIDE: Final = 9
_SIZE: Final = 11


class Chip(Surface):
    """Says that figures are of the demo, in as many words as there is room for.

    Args:
        parent: Where it lives.
        design: How things look.
    """

    def __init__(self, parent: "tk.Misc", design: Design) -> None:
        self.words = _WORDS[0]
        self._widths = {
            words: design.fonts.get(_SIZE, strong=True).measure(words) + 2 * design.px(_SIDE)
            for words in _WORDS
        }
        super().__init__(parent, design, width=self._widths[self.words], height=design.px(_HEIGHT))

    @property
    def least_width(self) -> int:
        """The width of its shortest words, pixels."""
        return self._widths[_WORDS[-1]]

    def fit(self, room: int) -> int:
        """Say as much as there is room for; returns the width it takes, pixels."""
        words = next((words for words in _WORDS if self._widths[words] <= room), _WORDS[-1])
        if words != self.words:
            self.words = words
            self.configure(width=self._widths[words])
            self.redraw()
        return self._widths[words]

    def draw(self, width: int, height: int) -> None:
        """Draw it."""
        paint, colours, px = self.painter, self.design.palette, self.design.px
        fill = mix(colours.warning, self.ground, 0.16)
        paint.rounded((0, 0, width, height), radius=height // 2, fill=fill, ground=self.ground)
        font = paint.fonts.get(_SIZE, strong=True)
        baseline = (height - font.metrics("linespace")) // 2 + font.metrics("ascent")
        colour = self.design.small(colours.warning, fill)
        paint.text(
            px(_SIDE), baseline, self.words, room=width - px(_SIDE), size=_SIZE, strong=True, colour=colour
        )
