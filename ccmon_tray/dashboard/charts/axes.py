"""The axis of values that charts share, and the bars on it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.path import Path

from ccmon_tray.dashboard.charts.drawing import (
    Drawing,
    Label,
    Labels,
    Look,
    Ruler,
    Shape,
    rectangles,
    rounded_tops,
)
from ccmon_tray.dashboard.charts.units import Scale, Unit, scale_for
from ccmon_tray.dashboard.theme import mix

TYPE: Final = 11  # size of an axis' words, units
_GAP: Final = 0.28  # of a bar's place
_ABOVE: Final = 10  # units above the plot
_BELOW: Final = 24  # units below it, for words
NOTHING_USED: Final = "Nothing used in this range"


@dataclass(frozen=True, slots=True)
class Plot:
    """Where the data are drawn: pixels from the upper left corner, and the values at top and bottom (0)."""

    left: int
    top: int
    right: int
    bottom: int
    scale: Scale

    def y(self, value: float) -> float:
        """The height of a value."""
        return self.bottom - value / self.scale.top * (self.bottom - self.top)


class AxisDrawing(Drawing):
    """A drawing with an axis of values on its left and room for words below.

    Args:
        look: How it looks.
        ruler: As a :class:`Drawing`'s.
    """

    def __init__(self, look: Look, ruler: Ruler | None = None) -> None:
        super().__init__(look, ruler)
        self.plot = Plot(0, 0, 1, 1, Scale(1.0, ()))
        self.span = (0, 1)
        """Where the first bar's place begins and the last one's ends, pixels."""
        self._grid = Shape(look.palette.hairline)
        self._base = Shape(mix(look.palette.muted, look.ground, 0.55))
        self.add(self._grid, 1)
        self.add(self._base, 4)
        self.values = Labels(self, TYPE)
        self.places = Labels(self, TYPE)
        self.words = Labels(self, 13)

    def lay_out(
        self, largest: float, unit: Unit, empty: str, *, bars: int = 0, least_gutter_px: int = 0
    ) -> None:
        """Put the axis where the size and the values want it.

        Args:
            largest: The largest value.
            unit: What values measure.
            empty: What is said where all of them are 0.
            bars: How many places for bars there are side by side; 0 for none.
            least_gutter_px: The room at the left that the words of values have at least, pixels.
        """
        px = self.look.px
        top, bottom = px(_ABOVE), self.height - px(_BELOW)
        scale = self._scale(largest, unit, self.height)
        # The last point of a line is marked by a dot; bars end with the axis.
        left = max(least_gutter_px, self._gutter_px(scale))
        right = self.width - (0 if bars else px(6))
        # Whole pixels for each bar, so that all gaps are alike, unless that leaves the sides bare.
        spare = (right - left) % bars if 0 < bars <= right - left else 0
        spare = spare if spare <= px(16) else 0
        self.span = (left + spare // 2, right - (spare - spare // 2))
        self.plot = plot = Plot(left, top, max(left + 1, right), max(top + 1, bottom), scale)
        line, cap = self.look.line, self.cap_height(TYPE)
        heights = [round(plot.y(value)) for value, _ in scale.marks]
        self._grid.show(rectangles(self._rule(y) for y in heights[1:]))
        self.values.show(
            [
                Label(left - px(8), round(y + cap / 2), words, "right")
                for y, (_, words) in zip(heights, scale.marks, strict=True)
            ]
        )
        self._base.show(rectangles([self._rule(plot.bottom)]))
        middle = (round((plot.left + plot.right) / 2), round((plot.top + plot.bottom + line) / 2))
        self.words.show([Label(*middle, empty, "center")] if largest <= 0 else [])

    def gutter_px(self, largest: float, unit: Unit, height: int) -> int:
        """The room at the left that the words of values want, pixels.

        Args:
            largest: The largest value.
            unit: What values measure.
            height: The drawing's height, pixels: it decides how many values are written.
        """
        return self._gutter_px(self._scale(largest, unit, height))

    def _gutter_px(self, scale: Scale) -> int:
        return round(max(self.measure(words, TYPE) for _, words in scale.marks)) + self.look.px(10)

    def _scale(self, largest: float, unit: Unit, height: int) -> Scale:
        px = self.look.px
        return scale_for(largest, unit, max(1, min(4, (height - px(_ABOVE + _BELOW)) // px(36))))

    @property
    def is_empty(self) -> bool:
        """Whether words stand in the place of values."""
        return bool(self.words.shown)

    def show_places(self, places: Sequence[tuple[float, str]], *, ticks: bool) -> None:
        """Write words below the axis, with a short line up to it where ``ticks``."""
        px, line, plot = self.look.px, self.look.line, self.plot
        baseline = round(plot.bottom + px(10) + self.cap_height(TYPE))
        base = self._rule(plot.bottom)
        labels, marks = [], [base]
        for x, words in places:
            labels.append(Label(round(self.within(x, words)), baseline, words, "center"))
            if ticks:
                left = round(x) - line // 2
                marks.append((left, base[3], left + line, base[3] + px(3)))
        self._base.show(rectangles(marks))
        self.places.show(labels)

    def within(self, x: float, words: str) -> float:
        """Where the middle of words for a place is, so that they are not cut."""
        half = math.ceil(self.measure(words, TYPE) / 2)
        return min(max(x, half), self.width - half)

    def fit(self, places: Sequence[tuple[float, str]], *, least: float = 64) -> bool:
        """Whether words below the axis stay apart, and do not crowd; ``least`` in units."""
        gap, least_px = self.look.px(16), self.look.px(least)
        end, before = -float("inf"), -float("inf")
        for x, words in places:
            half = self.measure(words, TYPE) / 2
            shown = self.within(x, words)
            if shown - half < end + gap or x - before < least_px:
                return False
            end, before = shown + half, x
        return True

    def bars(
        self,
        edges: Sequence[float],
        below: Sequence[float],
        above: Sequence[float],
        tops: Sequence[float],
    ) -> Path:
        """Bars between the edges of their places, of a stack's part; the topmost parts have round corners.

        Args:
            edges: Where the places begin and end, pixels.
            below: The value at which each begins.
            above: The value at which each ends.
            tops: The value at which its stack ends.
        """
        plot, px, line = self.plot, self.look.px, self.look.line
        step, width = self._bar_widths(edges)
        bars = []
        for edge, low, high, top in zip(edges, below, above, tops, strict=False):
            if high <= low:
                continue
            left = round(edge + (step - width) / 2)
            foot, head = round(plot.y(low)), round(plot.y(high))
            if low > 0 and foot - head > 3 * line:
                foot -= line  # a gap between the parts of a stack
            head = min(head, foot - line) if low == 0 else head
            radius = min(px(2), width / 2, foot - head) if high >= top and width > 3 else 0.0
            if foot > head:
                bars.append((left, head, left + width, foot, radius))
        return rounded_tops(bars)

    def slot(self, edges: Sequence[float], number: int) -> tuple[int, int, int, int]:
        """The place of a bar, from top to bottom of the plot; not much wider than the bar."""
        step, width = self._bar_widths(edges)
        reach = min(step, width * 1.5) / 2
        middle = edges[number] + step / 2
        return (round(middle - reach), self.plot.top, round(middle + reach), self.plot.bottom)

    def _bar_widths(self, edges: Sequence[float]) -> tuple[float, int]:
        """Width of a bar's place, and of the bar itself, pixels."""
        step = (edges[-1] - edges[0]) / max(1, len(edges) - 1)
        gap = max(self.look.line, round(step * _GAP)) if step >= 2 else 0
        return step, min(max(1, round(step - gap)), self.look.px(48))

    def _rule(self, y: int) -> tuple[int, int, int, int]:
        """A hairline across the plot."""
        top = y - self.look.line // 2
        return (self.plot.left, top, self.plot.right, top + self.look.line)


def thinned(drawing: AxisDrawing, places: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Every place's words, or every second's, third's, seventh's …: as many as fit, the last ones always."""
    for every in (1, 2, 3, 5, 7, 14, 28, 56, len(places)):
        chosen = list(reversed(places[::-1][::every]))
        if drawing.fit(chosen, least=40):
            return chosen
    return []
