"""Where a chart goes: until there is something to show, a quiet outline of it stands there."""

import tkinter as tk
from collections.abc import Iterator
from typing import Final, Literal

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.dashboard.widgets.surface import Surface

Outline = Literal["bars", "cells", "ring"]

_HEIGHTS: Final = (0.34, 0.52, 0.44, 0.66, 0.58, 0.3, 0.24, 0.48, 0.7, 0.54, 0.62, 0.4, 0.28, 0.5)
_WEEK: Final = (24, 7)  # cells across and down
_LEFT: Final = 44  # units that the words of axes take
_BELOW: Final = 24
_RADIUS: Final = 80
_HOLE: Final = 0.76  # of the radius


class ChartPlace(tk.Frame):
    """A place of a height, for one chart.

    Args:
        parent: Where it lives, on a card.
        design: How things look.
        height: Its wanted height, units.
        outline: What stands there while the chart is awaited.
    """

    def __init__(self, parent: tk.Misc, design: Design, *, height: float, outline: Outline = "bars") -> None:
        super().__init__(parent, background=design.palette.card, height=design.px(height))
        self._chart: tk.Widget | None = None
        self.awaited: Surface | None = _Awaited(self, design, height, outline)
        """The outline, or None once the chart is shown."""
        self.awaited.pack(fill="both", expand=True)

    def put(self, chart: tk.Widget) -> None:
        """The chart is made; it shows once it has something to show."""
        self._chart = chart
        if self.awaited is None:
            chart.pack(fill="both", expand=True)

    def fill(self) -> None:
        """There is something to show from now on."""
        if self.awaited is not None:
            self.awaited.destroy()
            self.awaited = None
            if self._chart is not None:
                self._chart.pack(fill="both", expand=True)


class _Awaited(Surface):
    def __init__(self, parent: tk.Misc, design: Design, height: float, outline: Outline) -> None:
        self._outline = outline
        super().__init__(parent, design, ground=design.palette.card, height=design.px(height))

    def draw(self, width: int, height: int) -> None:
        """Draw everything."""
        colours, px = self.design.palette, self.design.px
        fill, bottom = mix(colours.hairline, self.ground, 0.6), height - px(_BELOW)
        if self._outline == "ring":
            self._ring(width, height, fill)
            return
        for box in self._bars(width, bottom) if self._outline == "bars" else self._cells(width, bottom):
            self.create_rectangle(*box, fill=fill, width=0)
        if self._outline == "bars":
            self.create_rectangle(px(_LEFT), bottom, width, bottom + px(1), fill=colours.hairline, width=0)

    def _ring(self, width: int, height: int, fill: str) -> None:
        radius = min(self.design.px(_RADIUS), min(width, height) // 2 - self.design.px(4))
        x, y, hole = width // 2, height // 2, round(radius * _HOLE)
        box = (x - radius, y - radius, x + radius, y + radius)
        self.painter.rounded(box, radius=radius, fill=fill, ground=self.ground)
        self.create_oval(x - hole, y - hole, x + hole, y + hole, fill=self.ground, width=0)

    def _bars(self, width: int, bottom: int) -> Iterator[tuple[int, int, int, int]]:
        left = self.design.px(_LEFT)
        step = (width - left) / len(_HEIGHTS)
        for place, high in enumerate(_HEIGHTS):
            x = left + round((place + 0.14) * step)
            yield x, round(bottom * (1 - high)), x + round(0.72 * step), bottom

    def _cells(self, width: int, bottom: int) -> Iterator[tuple[int, int, int, int]]:
        across, down = _WEEK
        left, gap = self.design.px(_LEFT), self.design.px(2)
        wide, high = (width - left) / across, bottom / down
        for row in range(down):
            for column in range(across):
                x, y = left + round(column * wide), round(row * high)
                yield x, y, left + round((column + 1) * wide) - gap, round((row + 1) * high) - gap
