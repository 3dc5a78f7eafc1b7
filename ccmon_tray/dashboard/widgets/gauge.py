"""How much of something is taken, as a bar."""

import tkinter as tk
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.dashboard.widgets.surface import Surface

_HEIGHT: Final = 8  # units
_MUCH: Final = 0.8
_TOO_MUCH: Final = 0.95


class Gauge(Surface):
    """A bar of which a part is filled; calm, until little is left.

    Args:
        parent: Where it lives, on a card.
        design: How things look.
    """

    def __init__(self, parent: tk.Misc, design: Design) -> None:
        self._share = 0.0
        super().__init__(parent, design, ground=design.palette.card, height=design.px(_HEIGHT))

    def show(self, share: float) -> None:
        """Show a share, 0 to 1."""
        if share != self._share:
            self._share = share
            self.redraw()

    def draw(self, width: int, height: int) -> None:
        """Draw it."""
        colours = self.design.palette
        trough = mix(colours.text, self.ground, 0.1)
        self.painter.rounded((0, 0, width, height), radius=height // 2, fill=trough, ground=self.ground)
        tone = colours.accent
        if self._share >= _MUCH:
            tone = colours.bad if self._share >= _TOO_MUCH else colours.warning
        filled = max(height, round(width * self._share))
        self.painter.rounded((0, 0, filled, height), radius=height // 2, fill=tone, ground=trough)
