"""How everything in one window looks: the colours, the scale and the type that all its parts share."""

import tkinter as tk
from dataclasses import dataclass, field

from ccmon_tray.dashboard.theme import Fonts, Palette, contrast, ink, measure_scale


@dataclass(frozen=True, slots=True)
class Design:
    """Colours, scale and fonts of a window.

    Attributes:
        palette: The colours.
        scale: Pixels per unit of layout, text size included.
        fonts: The type scale, made for this scale.
        pictures: Small pictures that all painters of the window share.
    """

    palette: Palette
    scale: float
    fonts: Fonts
    pictures: dict[tuple[object, ...], tk.PhotoImage] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(
        cls, root: tk.Misc, palette: Palette, *, scale: float | None = None, text_size: float = 1.0
    ) -> "Design":
        """The design for a window's screen.

        Args:
            root: The window.
            palette: Its colours.
            scale: Pixels per unit; measured where not given.
            text_size: How much larger than usual everything is; 1 is as usual.
        """
        scale = (scale or measure_scale(root)) * text_size
        return cls(palette, scale, Fonts(root, scale))

    @property
    def dark(self) -> bool:
        """Whether text is lighter than what it stands on."""
        return contrast(self.palette.background, "#000000") < contrast(self.palette.background, "#ffffff")

    def px(self, units: float) -> int:
        """Pixels for a length in units."""
        return round(units * self.scale)

    def small(self, colour: str, ground: str | None = None) -> str:
        """``colour`` for small words on ``ground`` (default: a card), as far as WCAG AA asks for."""
        return ink(colour, ground or self.palette.card, self.palette.text)

    def series(self, index: int) -> str:
        """The colour of a series; those beyond the last one are grey."""
        colours = self.palette.series
        return colours[index] if index < len(colours) else self.palette.muted
