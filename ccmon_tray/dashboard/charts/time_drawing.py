"""How a time chart is drawn: the axes, and lines, areas or bars on them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.path import Path

from ccmon_tray.dashboard.charts.drawing import (
    CLOSE,
    LINE,
    MOVE,
    NOTHING,
    Drawing,
    Glow,
    Label,
    Labels,
    Look,
    Shape,
    rectangles,
    rounded_tops,
)
from ccmon_tray.dashboard.charts.time_axis import Tick, day_label, time_ticks, usual_step_s
from ccmon_tray.dashboard.charts.units import MONEY, Scale, Unit, scale_for
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.usage.windows import Calendar

Mode = Literal["line", "area", "cumulative", "bars", "stacked-bars", "stacked-area"]

_DAY: Final = 86_400
TYPE: Final = 11  # units


@dataclass(frozen=True, slots=True)
class TimeSeries:
    """One series.

    Attributes:
        name: What people call it.
        values: One for each step, or one for each boundary where they are of moments; None is unknown.
        colour: ``#rrggbb``.
    """

    name: str
    values: tuple[float | None, ...]
    colour: str


@dataclass(frozen=True, slots=True)
class TimeData:
    """What a time chart shows.

    Attributes:
        boundaries: Where the steps begin and end, ascending Unix seconds.
        series: The series, the first one lowest where they are stacked.
        calendar: The user's days.
        mode: Lines, areas or bars.
        unit: What the values measure.
        empty: What stands in the place of values where all are 0.
    """

    boundaries: tuple[int, ...]
    series: tuple[TimeSeries, ...]
    calendar: Calendar
    mode: Mode
    unit: Unit = MONEY
    empty: str = ""

    @property
    def bars(self) -> bool:
        """Whether every step is as wide as any other."""
        return self.mode in {"bars", "stacked-bars"}

    @property
    def stacked(self) -> bool:
        """Whether series stand on each other."""
        return self.mode == "stacked-area" or self.bars

    @property
    def moments(self) -> bool:
        """Whether values are of moments, not of steps."""
        return bool(self.series) and len(self.series[0].values) == len(self.boundaries)

    def drawn(self, series: TimeSeries) -> list[float | None]:
        """The values as they are drawn: the sum so far where cumulative, which begins with 0."""
        if self.mode != "cumulative":
            return list(series.values)
        sums = list(accumulate((value or 0.0 for value in series.values), initial=0.0))
        known = [value is not None for value in series.values]
        return [sums[0] if any(known) else None] + [
            total if there else None for total, there in zip(sums[1:], known, strict=True)
        ]

    def tops(self) -> list[float]:
        """The highest value of each place."""
        drawn = [self.drawn(series) for series in self.series]
        columns = list(zip(*drawn, strict=True))
        if self.stacked:
            return [sum(value or 0.0 for value in column) for column in columns]
        return [max((value or 0.0 for value in column), default=0.0) for column in columns]


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


class TimeDrawing(Drawing):
    """Series over time.

    Args:
        look: How it looks.
    """

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.data: TimeData | None = None
        self.plot = Plot(0, 0, 1, 1, Scale(1.0, ()))
        self.edges = np.zeros(0)
        """Where the steps begin and end, pixels."""
        self.xs = np.zeros(0)
        """Where the values are, pixels."""
        self.ticks: tuple[Tick, ...] = ()
        self._grid = Shape(look.palette.hairline)
        self._base = Shape(mix(look.palette.muted, look.ground, 0.55))
        self.add(self._grid, 1)
        self.add(self._base, 4)
        self.values = Labels(self, TYPE)
        self.times = Labels(self, TYPE)
        self.words = Labels(self, 13)
        self._parts: list[_Part] = []

    def arrange(self) -> None:
        """Put every artist where the size and the data want it."""
        data = self.data
        if data is None:
            return
        tops = data.tops()
        self._lay_out(data, max(tops, default=0.0))
        while len(self._parts) < len(data.series):
            self._parts.append(_Part(self))
        for part in self._parts[len(data.series) :]:
            part.hide()
        below = [0.0] * len(tops)
        for number, (part, series) in enumerate(zip(self._parts, data.series, strict=False)):
            drawn = data.drawn(series)
            above = [low + (value or 0.0) for low, value in zip(below, drawn, strict=True)]
            part.begin(series.colour, number)
            if self.words.texts:
                continue
            if data.bars:
                part.show_bars(below, above, tops)
            elif data.mode == "stacked-area":
                part.show_band(below, above)
            else:
                part.show_line(drawn, glow=data.mode != "line" and len(data.series) == 1)
            if data.stacked:
                below = above

    def _lay_out(self, data: TimeData, largest: float) -> None:
        px = self.look.px
        cap = self.cap_height(TYPE)
        top, bottom = px(10), self.height - px(24)
        most = max(1, min(4, (bottom - top) // px(36)))
        scale = scale_for(largest, data.unit, most)
        widest = max(self.measure(words, TYPE)[0] for _, words in scale.marks)
        left, right = round(widest) + px(10), self.width - px(6)
        count = len(data.boundaries) - 1
        if data.bars and 0 < count <= right - left:
            # Whole pixels for each step, so that all gaps are alike, unless that leaves the sides bare.
            spare = (right - left) % count
            right -= spare if spare <= px(12) else 0
        self.plot = plot = Plot(left, top, max(left + 1, right), max(top + 1, bottom), scale)
        line = self.look.line
        heights = [round(plot.y(value)) for value, _ in scale.marks]
        grid = [(plot.left, y - line // 2, plot.right, y - line // 2 + line) for y in heights]
        self._grid.show(rectangles(grid[1:]))
        self.values.show(
            [
                Label(left - px(8), round(y + cap / 2), words, "right")
                for y, (_, words) in zip(heights, scale.marks, strict=True)
            ]
        )
        self._place_steps(data)
        self._place_times(data, grid[0])
        middle = (plot.left + plot.right) / 2
        words = [Label(middle, (plot.top + plot.bottom) / 2, data.empty, "center")] if largest <= 0 else []
        self.words.show(words)

    def _place_steps(self, data: TimeData) -> None:
        plot, times = self.plot, np.asarray(data.boundaries, float)
        if data.bars:
            self.edges = np.linspace(plot.left, plot.right, len(times))
        else:
            share = (times - times[0]) / max(1.0, times[-1] - times[0])
            self.edges = plot.left + share * (plot.right - plot.left)
        if data.moments or data.mode == "cumulative":
            self.xs = self.edges
        else:
            self.xs = (self.edges[1:] + self.edges[:-1]) / 2

    def x_of(self, moment: float) -> float:
        """Where a moment (Unix seconds) is, pixels."""
        data = self.data
        assert data is not None
        return float(np.interp(moment, data.boundaries, self.edges))

    def _place_times(self, data: TimeData, base: tuple[int, int, int, int]) -> None:
        px, line = self.look.px, self.look.line
        start, end = data.boundaries[0], data.boundaries[-1]
        daily = data.bars and usual_step_s(data.boundaries) >= _DAY
        place: Callable[[int], float] = self.x_of
        if daily:
            self.ticks, place = self._day_ticks(data)
        else:
            self.ticks = time_ticks(start, end, data.calendar, lambda ticks: self._fit(ticks, self.x_of))
        baseline = self.plot.bottom + px(10) + self.cap_height(TYPE)
        labels, marks = [], [base]
        for tick in self.ticks:
            x = place(tick.at)
            half = self.measure(tick.label, TYPE)[0] / 2
            shown = min(max(x, half), self.width - half)
            labels.append(Label(round(shown), round(baseline), tick.label, "center"))
            if not daily:
                left = round(x) - line // 2
                marks.append((left, base[3], left + line, base[3] + px(3)))
        self._base.show(rectangles(marks))
        self.times.show(labels)

    def _day_ticks(self, data: TimeData) -> tuple[tuple[Tick, ...], Callable[[int], float]]:
        """Days are written below the middle of their bars, the last one always."""
        starts = data.boundaries[:-1]
        middles = dict(zip(starts, self.xs, strict=False))
        short = data.boundaries[-1] - data.boundaries[0] <= 10 * _DAY

        def label(at: int) -> str:
            day = data.calendar.day_of(at)
            return f"{day:%a} {day.day}" if short else day_label(day)

        def place(at: int) -> float:
            return float(middles[at])

        for every in (1, 2, 3, 7, 14, 28, 56, len(starts)):
            chosen = list(reversed(starts[::-1][::every]))
            ticks = [Tick(at, label(at)) for at in chosen]
            if self._fit(ticks, place):
                return tuple(ticks), place
        return (), place

    def _fit(self, ticks: Sequence[Tick], place: Callable[[int], float]) -> bool:
        """Whether words stay apart, and do not crowd."""
        gap, least = self.look.px(20), self.look.px(64)
        end, middle = -float("inf"), -float("inf")
        for tick in ticks:
            half = self.measure(tick.label, TYPE)[0] / 2
            here = place(tick.at)
            shown = min(max(here, half), self.width - half)
            if shown - half < end + gap or here - middle < least:
                return False
            end, middle = shown + half, here
        return True


class _Part:
    """The artists of one series; made when first needed."""

    def __init__(self, drawing: TimeDrawing) -> None:
        self._drawing = drawing
        self._line: Line2D | None = None
        self._lone: Line2D | None = None
        self._shape: Shape | None = None
        self._glow: Glow | None = None
        self._colour = ""
        self._layer = 0.0

    def hide(self) -> None:
        """Show nothing."""
        for artist in (self._line, self._lone, self._shape, self._glow):
            if artist is not None:
                artist.set_visible(False)

    def begin(self, colour: str, number: int) -> None:
        """Start anew for the series of this number, in this colour."""
        self.hide()
        if colour != self._colour and self._glow is not None:
            self._glow.remove()
            self._glow = None
        self._colour = colour
        self._layer = 2 + number / 100

    def show_line(self, values: Sequence[float | None], *, glow: bool) -> None:
        """A line, with gaps where values are unknown, and points that have no neighbours as dots."""
        drawing, plot = self._drawing, self._drawing.plot
        stroke = 2 * drawing.look.scale
        if self._line is None:
            self._line = Line2D([], [], linewidth=stroke, solid_joinstyle="round", solid_capstyle="round")
            self._lone = Line2D(
                [], [], linestyle="none", marker="o", markersize=3 * stroke, markeredgewidth=0
            )
            drawing.add(self._line, self._layer)
            drawing.add(self._lone, self._layer)
        assert self._lone is not None
        ys = np.array([np.nan if value is None else plot.y(value) for value in values])
        there = np.isfinite(ys)
        neighbours = np.zeros(len(ys), bool)
        neighbours[1:] |= there[:-1]
        neighbours[:-1] |= there[1:]
        lone = there & ~neighbours
        self._line.set_data(drawing.xs, ys)
        self._line.set_color(self._colour)
        self._line.set_visible(True)
        self._lone.set_data(drawing.xs[lone], ys[lone])
        self._lone.set_color(self._colour)
        self._lone.set_visible(bool(lone.any()))
        if glow and there.any():
            self._show_glow(ys, there)

    def _show_glow(
        self,
        ys: "np.ndarray[tuple[int], np.dtype[np.float64]]",
        there: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
    ) -> None:
        drawing, plot = self._drawing, self._drawing.plot
        if self._glow is None:
            self._glow = Glow(drawing, self._colour, 0.34)
            drawing.add(self._glow, self._layer - 0.5)
        vertices: list[tuple[float, float]] = []
        codes: list[int] = []
        for piece in np.split(np.arange(len(ys)), np.flatnonzero(~there)):
            run = piece[there[piece]]
            if len(run) < 2:
                continue
            xs = drawing.xs[run]
            vertices += [(xs[0], plot.bottom), *zip(xs, ys[run], strict=True), (xs[-1], plot.bottom), (0, 0)]
            codes += [MOVE, *[LINE] * (len(run) + 1), CLOSE]
        box = (plot.left, round(float(np.nanmin(ys))), plot.right, plot.bottom)
        self._glow.show(Path(vertices, codes) if vertices else None, box)
        self._glow.set_visible(True)

    def show_band(self, below: Sequence[float], above: Sequence[float]) -> None:
        """An area between two lines."""
        drawing, plot = self._drawing, self._drawing.plot
        low = [(x, plot.y(value)) for x, value in zip(drawing.xs, below, strict=True)]
        high = [(x, plot.y(value)) for x, value in zip(drawing.xs, above, strict=True)]
        corners = [*high, *reversed(low)]
        self._fill(Path([*corners, corners[0]], closed=True) if len(low) > 1 else NOTHING)

    def show_bars(self, below: Sequence[float], above: Sequence[float], tops: Sequence[float]) -> None:
        """Bars, the topmost of a stack with round corners."""
        drawing, plot = self._drawing, self._drawing.plot
        edges, px = drawing.edges, drawing.look.px
        step = (plot.right - plot.left) / max(1, len(below))
        gap = max(1.0, round(step * 0.28)) if step >= 2 else 0.0
        widest = px(48)
        bars = []
        for number, (low, high, top) in enumerate(zip(below, above, tops, strict=True)):
            if high <= low:
                continue
            left = round(float(edges[number]) + gap / 2)
            right = left + max(1, round(step - gap))
            if right - left > widest:
                left += (right - left - widest) // 2
                right = left + widest
            foot, head = round(plot.y(low)), round(plot.y(high))
            if low > 0 and foot - head > 3:
                foot -= drawing.look.line  # a gap between the parts of a stack
            head = min(head, foot - 1) if low == 0 else head
            if foot <= head:
                continue
            radius = min(px(2), (right - left) / 2, foot - head) if high >= top else 0.0
            bars.append((left, head, right, foot, radius if right - left > 3 else 0.0))
        self._fill(rounded_tops(bars))

    def _fill(self, path: Path) -> None:
        if self._shape is None:
            self._shape = Shape(self._colour)
            self._drawing.add(self._shape, self._layer)
        self._shape.set_facecolor(self._colour)
        self._shape.show(path)
