"""How a time chart is drawn: the axes, and lines, areas or bars on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.path import Path

from ccmon_tray.dashboard.charts.axes import AxisDrawing, thinned
from ccmon_tray.dashboard.charts.drawing import (
    CLOSE,
    LINE,
    MOVE,
    NOTHING,
    Glow,
    Look,
    Ruler,
    Shape,
)
from ccmon_tray.dashboard.charts.time_axis import Tick, day_labels, time_ticks, usual_step_s
from ccmon_tray.dashboard.charts.units import MONEY, Unit
from ccmon_tray.usage.windows import Calendar

Mode = Literal["line", "area", "cumulative", "bars", "stacked-bars", "stacked-area"]

_DAY: Final = 86_400


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


class TimeDrawing(AxisDrawing):
    """Series over time.

    Args:
        look: How it looks.
        ruler: As a :class:`Drawing`'s.
    """

    def __init__(self, look: Look, ruler: Ruler | None = None) -> None:
        super().__init__(look, ruler)
        self.data: TimeData | None = None
        self.aligned: Sequence[TimeDrawing] = ()
        """Those above and below it on a page, of the same times, whose axes begin at the same place."""
        self.edges = np.zeros(0)
        """Where the steps begin and end, pixels."""
        self.xs = np.zeros(0)
        """Where the values are, pixels."""
        self.ticks: tuple[Tick, ...] = ()
        self._parts: list[_Part] = []

    def arrange(self) -> None:
        """Put every artist where the size and the data want it."""
        data = self.data
        if data is None:
            return
        tops = data.tops()
        steps = len(data.boundaries) - 1
        self.lay_out(
            max(tops, default=0.0),
            data.unit,
            data.empty,
            bars=steps if data.bars else 0,
            least_gutter_px=max((other.wanted_gutter_px(self.height) for other in self.aligned), default=0),
        )
        self._place_steps(data)
        self._place_times(data)
        while len(self._parts) < len(data.series):
            self._parts.append(_Part(self))
        for part in self._parts[len(data.series) :]:
            part.hide()
        below = [0.0] * len(tops)
        for number, (part, series) in enumerate(zip(self._parts, data.series, strict=False)):
            drawn = data.drawn(series)
            above = [low + (value or 0.0) for low, value in zip(below, drawn, strict=True)]
            part.begin(series.colour, number)
            if self.is_empty:
                continue
            if data.bars:
                part.show_bars(below, above, tops)
            elif data.mode == "stacked-area":
                part.show_band(below, above)
            else:
                part.show_line(drawn, glow=data.mode != "line" and len(data.series) == 1)
            if data.stacked:
                below = above

    def wanted_gutter_px(self, height: int) -> int:
        """The room that the words of its values want at a height, pixels; 0 without data."""
        data = self.data
        return self.gutter_px(max(data.tops(), default=0.0), data.unit, height) if data is not None else 0

    def _place_steps(self, data: TimeData) -> None:
        plot, times = self.plot, np.asarray(data.boundaries, float)
        if data.bars:
            self.edges = np.linspace(*self.span, len(times))
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

    def _place_times(self, data: TimeData) -> None:
        if data.bars and usual_step_s(data.boundaries) >= _DAY:
            self.show_places(self._days(data), ticks=False)
            return

        def places(ticks: Sequence[Tick]) -> list[tuple[float, str]]:
            return [(self.x_of(tick.at), tick.label) for tick in ticks]

        start, end = data.boundaries[0], data.boundaries[-1]
        self.ticks = time_ticks(start, end, data.calendar, lambda ticks: self.fit(places(ticks)))
        self.show_places(places(self.ticks), ticks=True)

    def _days(self, data: TimeData) -> list[tuple[float, str]]:
        """Days are written below the middle of their bars."""
        days = [data.calendar.day_of(at) for at in data.boundaries[:-1]]
        return thinned(self, list(zip(self.xs, day_labels(days), strict=True)))


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
        """Bars, or a part of them."""
        self._fill(self._drawing.bars(self._drawing.edges.tolist(), below, above, tops))

    def _fill(self, path: Path) -> None:
        if self._shape is None:
            self._shape = Shape(self._colour)
            self._drawing.add(self._shape, self._layer)
        self._shape.set_facecolor(self._colour)
        self._shape.show(path)
