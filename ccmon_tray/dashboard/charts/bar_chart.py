"""Bars side by side, each with its words: what days and hours are shown with."""

from collections.abc import Sequence
from dataclasses import dataclass

from ccmon_tray.dashboard.charts.axes import NOTHING_USED, AxisDrawing, thinned
from ccmon_tray.dashboard.charts.base import Chart, Table
from ccmon_tray.dashboard.charts.drawing import Look, Ruler, Shape
from ccmon_tray.dashboard.charts.hover import Tip, TipRow
from ccmon_tray.dashboard.charts.units import COUNT, Unit


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar.

    Attributes:
        label: What is written below it, where there is room.
        title: What it is called where it is hovered.
        value: Its height; None is unknown.
    """

    label: str
    title: str
    value: float | None


class BarDrawing(AxisDrawing):
    """Bars of one colour.

    Args:
        look: How it looks.
        ruler: As a :class:`Drawing`'s.
    """

    def __init__(self, look: Look, ruler: Ruler | None = None) -> None:
        super().__init__(look, ruler)
        self.data: tuple[Bar, ...] = ()
        self.unit: Unit = COUNT
        self.empty = ""
        self.every = 1
        self.edges: list[float] = []
        self.shape = Shape(look.palette.accent)
        self.add(self.shape, 2)

    def arrange(self) -> None:
        """Put every artist where the size and the data want it."""
        heights = [bar.value or 0.0 for bar in self.data]
        count = len(self.data)
        self.lay_out(max(heights, default=0.0), self.unit, self.empty, bars=count)
        left, right = self.span
        step = (right - left) / max(1, count)
        self.edges = [left + step * number for number in range(count + 1)]
        self.shape.show(self.bars(self.edges, [0.0] * count, heights, heights))
        middles = [(edge + step / 2, bar.label) for edge, bar in zip(self.edges, self.data, strict=False)]
        regular = middles[:: self.every]
        if self.every == 1 or not self.fit(regular, least=0):
            regular = thinned(self, middles)
        self.show_places(regular, ticks=False)


class BarChart(Chart[BarDrawing]):
    """Bars side by side."""

    _bars: tuple[Bar, ...] = ()
    _unit: Unit = COUNT
    _colour = ""
    _empty = ""
    _every = 1
    _heading = ""

    def show_bars(
        self,
        bars: Sequence[Bar],
        *,
        unit: Unit,
        colour: str | None = None,
        empty: str = NOTHING_USED,
        every: int = 1,
        heading: str = "name",
    ) -> None:
        """Show these bars.

        Args:
            bars: From left to right.
            unit: What they measure.
            colour: ``#rrggbb``; the accent where not given.
            empty: What is said where all values are 0 or unknown.
            every: Of how many bars one has words below it, from the first one on, if they fit.
            heading: What the bars are, as a table's header.
        """
        shown = (tuple(bars), unit, colour or self.design.palette.accent, empty, every, heading)
        if shown != (self._bars, self._unit, self._colour, self._empty, self._every, self._heading):
            self._bars, self._unit, self._colour, self._empty, self._every, self._heading = shown
            self._fill(self.drawing)
            self.refresh()

    def table(self) -> Table:
        """The bars with their values."""
        return Table((self._heading, "value"), tuple((bar.title, bar.value) for bar in self._bars))

    def _make(self, look: Look, ruler: Ruler | None) -> BarDrawing:
        return BarDrawing(look, ruler)

    def _fill(self, drawing: BarDrawing) -> None:
        drawing.data, drawing.unit, drawing.empty, drawing.every = (
            self._bars,
            self._unit,
            self._empty,
            self._every,
        )
        drawing.shape.set_facecolor(self._colour)

    def _places(self) -> int:
        return len(self._bars)

    def _hit(self, x: int, y: int) -> int | None:
        plot, slack = self.drawing.plot, self.design.px(8)
        if not self._bars or not plot.top - slack <= y <= plot.bottom + slack:
            return None
        if not plot.left - slack <= x <= plot.right + slack:
            return None
        left, right = self.drawing.span
        number = int((x - left) / (right - left) * len(self._bars))
        return max(0, min(len(self._bars) - 1, number))

    def _tip(self, key: int) -> Tip | None:
        if key >= len(self._bars) or key + 1 >= len(self.drawing.edges):
            return None
        bar, shade = self._bars[key], self.drawing.slot(self.drawing.edges, key)
        return Tip(
            x=(shade[0] + shade[2]) / 2,
            y=self.drawing.plot.y(bar.value or 0.0),
            title=bar.title,
            rows=(TipRow("", self._unit.text(bar.value)),),
            shade=shade,
            clear_of=(shade[2] - shade[0]) // 2 + self.design.px(6),
        )
