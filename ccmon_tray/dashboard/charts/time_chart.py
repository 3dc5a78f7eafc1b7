"""Use over time: lines, areas and bars on a time axis, with a crosshair."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ccmon_tray.dashboard.charts.axes import NOTHING_USED
from ccmon_tray.dashboard.charts.base import Chart, Table
from ccmon_tray.dashboard.charts.drawing import Look, Ruler
from ccmon_tray.dashboard.charts.heading import Key
from ccmon_tray.dashboard.charts.hover import Dot, Tip, TipRow
from ccmon_tray.dashboard.charts.time_axis import moment_title, span_title, usual_step_s
from ccmon_tray.dashboard.charts.time_drawing import Mode, TimeData, TimeDrawing, TimeSeries
from ccmon_tray.dashboard.charts.units import MONEY, Unit
from ccmon_tray.usage.windows import Calendar

__all__ = ["Mode", "TimeChart", "TimeSeries", "align"]


class TimeChart(Chart[TimeDrawing]):
    """Series over time."""

    _data: TimeData | None = None
    aligned: "Sequence[TimeChart]" = ()
    """Those that :func:`align` lines it up with."""

    def show(
        self,
        boundaries: Sequence[int],
        series: Sequence[TimeSeries],
        *,
        calendar: Calendar,
        mode: Mode = "line",
        unit: Unit = MONEY,
        empty: str = NOTHING_USED,
    ) -> None:
        """Show these values.

        Args:
            boundaries: Where the steps begin and end, ascending Unix seconds, two at least.
            series: Each with a value for each step (its place is the step's middle, or its end where
                ``cumulative``), or with one for each boundary where they are values at a moment.
            calendar: The user's days.
            mode: How they are drawn; ``cumulative`` adds the steps up.
            unit: What they measure.
            empty: What is said where all values are 0 or unknown.
        """
        data = TimeData(tuple(boundaries), tuple(series), calendar, mode, unit, empty)
        if data != self._data:
            self._data = data
            self._fill(self.drawing)
            self.refresh()
            for other in self.aligned:
                other.refresh()

    def table(self) -> Table:
        """The values with the start (and the end, where they are of steps) of each in local time."""
        data = self._data
        if data is None:
            return Table((), ())
        names = tuple(series.name for series in data.series)
        columns = [series.values for series in data.series]
        times = [data.calendar.local(at).isoformat() for at in data.boundaries]
        if data.moments:
            heads: list[tuple[str, ...]] = [(at,) for at in times]
        else:
            heads = list(pairwise(times))
        rows = tuple((*head, *values) for head, *values in zip(heads, *columns, strict=False))
        return Table((("time",) if data.moments else ("start", "end")) + names, rows)

    def _make(self, look: Look, ruler: Ruler | None) -> TimeDrawing:
        return TimeDrawing(look, ruler)

    def _fill(self, drawing: TimeDrawing) -> None:
        drawing.data = self._data

    def _keys(self) -> list[Key]:
        series = self._data.series if self._data else ()
        return [(one.name, one.colour) for one in series] if len(series) > 1 else []

    def _places(self) -> int:
        data = self._data
        return len(data.series[0].values) if data and data.series else 0

    def _hit(self, x: int, y: int) -> int | None:
        data, plot = self._data, self.drawing.plot
        slack = self.design.px(8)
        if data is None or not self._places() or not plot.left - slack <= x <= plot.right + slack:
            return None
        if not plot.top - slack <= y <= plot.bottom + slack:
            return None
        xs = self.drawing.xs
        key = int(np.argmin(np.abs(xs - x)))
        # What is drawn of a sum begins with 0, before the first step.
        return max(0, key - 1) if data.mode == "cumulative" and not data.moments else key

    def _tip(self, key: int) -> Tip | None:
        data, drawing = self._data, self.drawing
        if data is None or key >= self._places():
            return None
        plot = drawing.plot
        place = key + 1 if data.mode == "cumulative" and not data.moments else key
        x = float(drawing.xs[place])
        tops = data.tops()
        dots = []
        if not data.stacked:
            for series in data.series:
                value = data.drawn(series)[place]
                if value is not None:
                    dots.append(Dot(x, plot.y(value), series.colour))
        shade = None
        if data.bars:
            shade = drawing.slot(drawing.edges.tolist(), key)
        return Tip(
            x=x,
            y=min((dot.y for dot in dots), default=plot.y(tops[place])),
            title=self._title(data, key),
            rows=self._rows(data, key, place),
            cross=None if data.bars else (plot.top, plot.bottom),
            dots=tuple(dots),
            shade=shade,
            clear_of=round((shade[2] - shade[0]) / 2) + self.design.px(6) if shade else 0,
        )

    def _title(self, data: TimeData, key: int) -> str:
        times, step_s = data.boundaries, usual_step_s(data.boundaries)
        if data.moments:
            return moment_title(times[key], data.calendar, step_s)
        if data.mode == "cumulative" and step_s < 86_400:
            return "Until " + moment_title(times[key + 1], data.calendar, step_s)
        return span_title(times[key], times[key + 1], data.calendar, step_s)

    def _rows(self, data: TimeData, key: int, place: int) -> tuple[TipRow, ...]:
        words = data.unit.text
        rows = []
        for series in data.series:
            text = words(data.drawn(series)[place])
            if data.mode == "cumulative" and series.values[key] is not None:
                text += f" · +{words(series.values[key])}"
            rows.append(TipRow(series.name, text, series.colour))
        if len(rows) == 1:
            return (TipRow("", rows[0].value),)
        if data.stacked:
            # The topmost first, as they stand.
            rows.reverse()
            known = [series.values[key] for series in data.series if series.values[key] is not None]
            total = sum(value for value in known if value is not None) if known else None
            rows.append(TipRow("Total", words(total)))
        return tuple(rows)


def align(charts: Sequence[TimeChart]) -> None:
    """Let the axes of charts that stand above each other begin at the same place, so that times line up."""
    for chart in charts:
        chart.aligned = [other for other in charts if other is not chart]
        chart.drawing.aligned = [other.drawing for other in chart.aligned]
        chart.refresh()
