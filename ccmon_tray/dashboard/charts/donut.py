"""Parts of a whole as a ring, with the whole in its middle."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.path import Path
from PIL import Image, ImageDraw, ImageTk

from ccmon_tray.dashboard.charts.base import Chart, Table
from ccmon_tray.dashboard.charts.drawing import NOTHING, Drawing, Label, Labels, Look, Ruler, Shape
from ccmon_tray.dashboard.charts.heading import Key
from ccmon_tray.dashboard.charts.hover import Tip, TipRow
from ccmon_tray.dashboard.charts.units import MONEY, Unit
from ccmon_tray.usage import formatting

_THICKNESS: Final = 0.24  # of the radius
_SMALL: Final = 80  # a radius that may fill its place, units
_SHARE: Final = 0.38  # of a larger place, so that it does not outshout the figures beside it
_GAP: Final = 1.5  # units between slices
_SMOOTH: Final = 3
_TOLD: Final = 8  # parts of a slice that sums up


@dataclass(frozen=True, slots=True)
class Slice:
    """A part; parts of 0 and unknown ones are not drawn.

    Attributes:
        name: What it is called.
        value: How much of the whole it is.
        colour: ``#rrggbb``.
        parts: Name and value of what it sums up, which are told where it is hovered.
    """

    name: str
    value: float | None
    colour: str
    parts: tuple[tuple[str, float | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Arc:
    """Where a slice is: its number, and the angles at which it begins and ends (degrees from 12 o'clock)."""

    number: int
    start: float
    end: float


class DonutDrawing(Drawing):
    """A ring of slices.

    Args:
        look: How it looks.
        ruler: As a :class:`Drawing`'s.
    """

    def __init__(self, look: Look, ruler: Ruler | None = None) -> None:
        super().__init__(look, ruler)
        self.slices: tuple[Slice, ...] = ()
        self.centre = self.caption = ""
        self.middle = (0.0, 0.0)
        self.radius = self.hole = 1.0
        self.arcs: tuple[Arc, ...] = ()
        self._rest = Shape(look.palette.hairline)
        self.add(self._rest, 1)
        self._shapes: list[Shape] = []
        self.figures = Labels(self, 20, colour=look.palette.text, strong=True)
        self.captions = Labels(self, 11)

    def arrange(self) -> None:
        """Put every artist where the size and the data want it."""
        px = self.look.px
        self.middle = (round(self.width / 2), round(self.height / 2))
        side = min(self.width, self.height)
        self.radius = max(px(16), min(side // 2 - px(4), max(px(_SMALL), round(side * _SHARE))))
        self.hole = round(self.radius * (1 - _THICKNESS))
        total = sum(part.value or 0.0 for part in self.slices)
        self._rest.show(self._ring(0, 360) if total <= 0 else NOTHING)
        while len(self._shapes) < len(self.slices):
            self._shapes.append(Shape(self.look.palette.muted))
            self.add(self._shapes[-1], 2)
        arcs, turn = [], 0.0
        gap = math.degrees(2 * self._half_gap() / self.radius)
        drawn = [part for part in self.slices if (part.value or 0) > 0]
        for number, shape in enumerate(self._shapes):
            part = self.slices[number] if number < len(self.slices) else None
            if part is None or not part.value or total <= 0:
                shape.show(NOTHING)
                continue
            span = 360 * part.value / total
            trim = 0.0 if len(drawn) == 1 else min(gap, span / 2) / 2
            shape.set_facecolor(part.colour)
            shape.show(self._ring(turn + trim, turn + span - trim))
            arcs.append(Arc(number, turn, turn + span))
            turn += span
        self.arcs = tuple(arcs)
        self._write()

    def _write(self) -> None:
        px, (x, y) = self.look.px, self.middle
        room = self.hole * 2 * 0.78
        size = 28 if self.radius >= px(120) else 20 if self.radius >= px(60) else 16
        while size > 10 and self.measure(self.centre, size, strong=True) > room:
            size -= 1
        self.figures.size = size
        cap, small = self.cap_height(size), self.cap_height(11)
        caption = self.caption if self.measure(self.caption, 11) <= room else ""
        height = cap + (px(9) + small if caption else 0)
        baseline = round(y - height / 2 + cap)
        self.figures.show([Label(x, baseline, self.centre, "center")])
        self.captions.show([Label(x, round(baseline + px(9) + small), caption, "center")] if caption else [])

    def _half_gap(self) -> float:
        return _GAP * self.look.scale / 2

    def _ring(self, start: float, end: float) -> Path:
        """A piece of the ring between two angles, degrees clockwise from 12 o'clock."""
        x, y = self.middle
        if end - start >= 360:
            outer = _circle(x, y, self.radius, start, start + 360)
            inner = _circle(x, y, self.hole, start, start + 360)
        else:
            # The gap is as wide inside as outside.
            trim = math.degrees(self._half_gap() * (1 / self.hole - 1 / self.radius))
            trim = min(trim, (end - start) / 2)
            outer = _circle(x, y, self.radius, start, end)
            inner = _circle(x, y, self.hole, start + trim, end - trim)
        corners = [*outer, *reversed(inner)]
        return Path([*corners, corners[0]], closed=True)


def _circle(x: float, y: float, radius: float, start: float, end: float) -> list[tuple[float, float]]:
    """Points of an arc close enough to look round."""
    count = max(2, math.ceil((end - start) / 360 * max(48, radius * 2)))
    angles = (math.radians(start + (end - start) * i / count) for i in range(count + 1))
    return [(x + radius * math.sin(angle), y - radius * math.cos(angle)) for angle in angles]


def summed_up(slices: Sequence[Slice], most: int) -> list[Slice]:
    """The first so many slices, and one of all others, which share a colour; one alone stays itself."""
    rest = slices[most:]
    if len(rest) < 2:
        return list(slices)
    known = [part.value for part in rest if part.value is not None]
    parts = tuple((part.name, part.value) for part in rest)
    others = Slice(f"{len(rest)} others", sum(known) if known else None, rest[0].colour, parts)
    return [*slices[:most], others]


class Donut(Chart[DonutDrawing]):
    """Parts of a whole."""

    _slices: tuple[Slice, ...] = ()
    _centre = ""
    _caption = ""
    _unit: Unit = MONEY

    def show(self, slices: Sequence[Slice], centre: str, caption: str, *, unit: Unit = MONEY) -> None:
        """Show these parts, clockwise from the top.

        Args:
            slices: The parts, the largest first.
            centre: The whole, in words.
            caption: What stands below it.
            unit: What the parts measure.
        """
        shown = (tuple(slices), centre, caption, unit)
        if shown != (self._slices, self._centre, self._caption, self._unit):
            self._slices, self._centre, self._caption, self._unit = shown
            self._veils: dict[tuple[object, ...], tuple[int, int, ImageTk.PhotoImage]] = {}
            self._fill(self.drawing)
            self.refresh()

    def table(self) -> Table:
        """The parts with their values."""
        return Table(("name", "value"), tuple((part.name, part.value) for part in self._slices))

    def _make(self, look: Look, ruler: Ruler | None) -> DonutDrawing:
        return DonutDrawing(look, ruler)

    def _fill(self, drawing: DonutDrawing) -> None:
        drawing.slices, drawing.centre, drawing.caption = self._slices, self._centre, self._caption

    def _keys(self) -> list[Key]:
        return [(f"{part.name}  {self._unit.text(part.value)}", part.colour) for part in self._slices]

    def _places(self) -> int:
        return len(self.drawing.arcs)

    def _hit(self, x: int, y: int) -> int | None:
        drawing = self.drawing
        across, down = x - drawing.middle[0], y - drawing.middle[1]
        slack = self.design.px(4)
        if not drawing.hole - slack <= math.hypot(across, down) <= drawing.radius + slack:
            return None
        angle = math.degrees(math.atan2(across, -down)) % 360
        return next((i for i, arc in enumerate(drawing.arcs) if arc.start <= angle < arc.end), None)

    def _tip(self, key: int) -> Tip | None:
        drawing = self.drawing
        if key >= len(drawing.arcs):
            return None
        arc = drawing.arcs[key]
        part = self._slices[arc.number]
        turn = math.radians((arc.start + arc.end) / 2)
        share = formatting.percent((arc.end - arc.start) / 360)
        return Tip(
            x=drawing.middle[0] + drawing.radius * math.sin(turn),
            y=drawing.middle[1] - drawing.radius * math.cos(turn),
            title=part.name,
            rows=self._rows(part, f"{self._unit.text(part.value)} · {share}"),
            leftwards=math.sin(turn) < 0,
            veil=self._veil(arc) if len(drawing.arcs) > 1 else None,
        )

    def _rows(self, part: Slice, whole: str) -> tuple[TipRow, ...]:
        if not part.parts:
            return (TipRow("", whole),)
        told = part.parts if len(part.parts) <= _TOLD else part.parts[: _TOLD - 1]
        rows = [TipRow(name, self._unit.text(value)) for name, value in told]
        rest = part.parts[len(told) :]
        if rest:
            value = sum(value or 0.0 for _, value in rest)
            rows.append(TipRow(f"{len(rest)} more", self._unit.text(value)))
        return (*rows, TipRow("Total", whole))

    def _veil(self, arc: Arc) -> tuple[int, int, ImageTk.PhotoImage]:
        """The ground's colour laid thinly over all other slices."""
        drawing = self.drawing
        key = (arc, drawing.middle, drawing.radius)
        if key not in self._veils:
            size = int(drawing.radius) * 2 + 2
            large, middle = size * _SMOOTH, size * _SMOOTH / 2
            mask = Image.new("L", (large, large))
            draw = ImageDraw.Draw(mask)
            reach = (drawing.radius + 1) * _SMOOTH
            draw.ellipse((middle - reach, middle - reach, middle + reach, middle + reach), fill=150)
            draw.pieslice((-1, -1, large, large), arc.start - 90, arc.end - 90, fill=0)
            hole = (drawing.hole - 1) * _SMOOTH
            draw.ellipse((middle - hole, middle - hole, middle + hole, middle + hole), fill=0)
            picture = Image.new("RGBA", (size, size), self.ground)
            picture.putalpha(mask.reduce(_SMOOTH))
            corner = (round(drawing.middle[0] - size / 2), round(drawing.middle[1] - size / 2))
            self._veils[key] = (*corner, ImageTk.PhotoImage(picture, master=self.widget))
        return self._veils[key]
