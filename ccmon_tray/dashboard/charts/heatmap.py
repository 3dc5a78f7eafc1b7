"""The hours of the week as a field of cells: the more was used, the stronger the colour."""

from dataclasses import dataclass
from typing import Final

from ccmon_tray.dashboard.charts.base import Chart, Table
from ccmon_tray.dashboard.charts.drawing import (
    NOTHING,
    Drawing,
    Label,
    Labels,
    Look,
    Ruler,
    Shape,
    rounded_boxes,
)
from ccmon_tray.dashboard.charts.hover import Box, Tip, TipRow
from ccmon_tray.dashboard.charts.units import MONEY, Unit
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.usage import formatting
from ccmon_tray.usage.insights import DAYS_OF_WEEK, HOURS, Grid
from ccmon_tray.usage.windows import WEEKDAYS

_LEVELS: Final = 12
_TYPE: Final = 11  # units
_EVERY_HOURS: Final = (3, 6, 12)
# Use is uneven: below the busiest hours there should still be something to see.
_GAMMA: Final = 0.8
_FAINTEST: Final = 0.1


@dataclass(frozen=True, slots=True)
class HeatmapData:
    """What a heatmap shows.

    Attributes:
        grid: A value for each hour (0 to 23) of each weekday, Monday first; None where that is unknown.
        week_start: The weekday of the first row, 0 for Monday.
        unit: What the values measure.
        empty: What stands there where there are no values.
    """

    grid: Grid | None
    week_start: int
    unit: Unit
    empty: str

    @property
    def weekdays(self) -> tuple[int, ...]:
        """The weekday of each row, 0 for Monday."""
        return tuple((self.week_start + row) % DAYS_OF_WEEK for row in range(DAYS_OF_WEEK))

    @property
    def most(self) -> float:
        """The largest value."""
        return max((value for row in self.grid or () for value in row), default=0.0)

    @property
    def total(self) -> float:
        """The sum of all values."""
        return sum(sum(row) for row in self.grid or ())


class HeatmapDrawing(Drawing):
    """A field of seven by twenty-four cells.

    Args:
        look: How it looks.
        ruler: As a :class:`Drawing`'s.
    """

    def __init__(self, look: Look, ruler: Ruler | None = None) -> None:
        super().__init__(look, ruler)
        self.data: HeatmapData | None = None
        self.left = self.top = 0
        self.pitch = (1, 1)
        """Distance of two cells across and down, pixels."""
        accent, ground = look.palette.accent, look.ground
        shares = [_FAINTEST + (1 - _FAINTEST) * level / (_LEVELS - 1) for level in range(_LEVELS)]
        colours = [mix(look.palette.hairline, ground, 0.55), *(mix(accent, ground, s) for s in shares)]
        self._shapes = [Shape(colour) for colour in colours]
        for shape in self._shapes:
            self.add(shape, 1)
        self.names = Labels(self, _TYPE)
        self.sums = Labels(self, _TYPE, colour=look.palette.text)
        self.hours = Labels(self, _TYPE)
        self.words = Labels(self, 13)

    def arrange(self) -> None:
        """Put every artist where the size and the data want it."""
        data = self.data
        if data is None:
            return
        px, cap = self.look.px, self.cap_height(_TYPE)
        names = [WEEKDAYS[weekday][:3].capitalize() for weekday in data.weekdays]
        sums = [data.unit.text(sum(data.grid[weekday])) if data.grid else "" for weekday in data.weekdays]
        left = round(max(self.measure(name, _TYPE) for name in names)) + px(14)
        right = self.width - round(max(self.measure(words, _TYPE) for words in sums)) - px(14)
        bottom = self.height - px(22)
        self.left, self.top = left, px(2)
        self.pitch = (max(1, (right - left) // HOURS), max(1, (bottom - self.top) // DAYS_OF_WEEK))
        middles = [
            round(self.top + (row + 0.5) * self.pitch[1] + (cap - self.gap) / 2)
            for row in range(DAYS_OF_WEEK)
        ]
        self.names.show(
            [Label(left - px(10), y, name, "right") for y, name in zip(middles, names, strict=True)]
        )
        self.sums.show([Label(self.width, y, words, "right") for y, words in zip(middles, sums, strict=True)])
        room = self.measure("00:00", _TYPE) + px(12)
        every = next((hours for hours in _EVERY_HOURS if hours * self.pitch[0] >= room), HOURS)
        baseline = round(self.top + DAYS_OF_WEEK * self.pitch[1] + px(6) + cap)
        self.hours.show(
            [
                Label(self.left + hour * self.pitch[0], baseline, f"{hour:02}:00")
                for hour in range(0, HOURS, every)
            ]
        )
        self._colour(data)
        middle = (self.left + HOURS * self.pitch[0] / 2, self.top + DAYS_OF_WEEK * self.pitch[1] / 2)
        self.words.show([Label(*middle, data.empty, "center")] if data.most <= 0 else [])

    @property
    def gap(self) -> int:
        """Between two cells, pixels."""
        return max(1, self.look.px(2))

    def cell(self, row: int, hour: int) -> Box:
        """Where a cell is, pixels."""
        left, top = self.left + hour * self.pitch[0], self.top + row * self.pitch[1]
        return left, top, left + self.pitch[0] - self.gap, top + self.pitch[1] - self.gap

    def _colour(self, data: HeatmapData) -> None:
        boxes: list[list[Box]] = [[] for _ in self._shapes]
        most = data.most
        for row, weekday in enumerate(data.weekdays):
            for hour in range(HOURS):
                value = data.grid[weekday][hour] if data.grid else 0.0
                level = 0 if value <= 0 else 1 + round((value / most) ** _GAMMA * (_LEVELS - 1))
                boxes[level].append(self.cell(row, hour))
        radius = min(self.look.px(3), (self.pitch[0] - self.gap) / 2, (self.pitch[1] - self.gap) / 2)
        for shape, own in zip(self._shapes, boxes, strict=True):
            shape.show(rounded_boxes(own, radius) if most > 0 else NOTHING)


class Heatmap(Chart[HeatmapDrawing]):
    """Use by weekday and hour; the arrow keys walk from cell to cell."""

    _data: HeatmapData | None = None

    def show(
        self,
        grid: Grid | None,
        *,
        week_start: int = 0,
        unit: Unit = MONEY,
        empty: str = "Nothing used in this time",
    ) -> None:
        """Show these values.

        Args:
            grid: A value for each hour of each weekday, Monday first; None where they are unknown.
            week_start: The weekday of the first row, 0 for Monday.
            unit: What they measure.
            empty: What is said where all are 0 or unknown.
        """
        data = HeatmapData(grid, week_start, unit, empty)
        if data != self._data:
            self._data = data
            self._fill(self.drawing)
            self.refresh()

    def table(self) -> Table:
        """A row a weekday, a column an hour."""
        header = ("weekday", *(f"{hour:02}:00" for hour in range(HOURS)))
        data = self._data
        if data is None or data.grid is None:
            return Table(header, ())
        return Table(header, tuple((WEEKDAYS[day], *data.grid[day]) for day in data.weekdays))

    def _make(self, look: Look, ruler: Ruler | None) -> HeatmapDrawing:
        return HeatmapDrawing(look, ruler)

    def _fill(self, drawing: HeatmapDrawing) -> None:
        drawing.data = self._data

    def _places(self) -> int:
        return DAYS_OF_WEEK * HOURS if self._data is not None and self._data.most > 0 else 0

    def _hit(self, x: int, y: int) -> int | None:
        drawing = self.drawing
        hour, row = (x - drawing.left) // drawing.pitch[0], (y - drawing.top) // drawing.pitch[1]
        inside = 0 <= hour < HOURS and 0 <= row < DAYS_OF_WEEK and self._places()
        return row * HOURS + hour if inside else None

    def _move(self, key: int | None, keysym: str) -> int | None:
        if key is None or keysym in {"Home", "End"}:
            return super()._move(key, keysym)
        row, hour = divmod(key, HOURS)
        row += {"Up": -1, "Down": 1}.get(keysym, 0)
        hour += {"Left": -1, "Right": 1}.get(keysym, 0)
        return max(0, min(DAYS_OF_WEEK - 1, row)) * HOURS + max(0, min(HOURS - 1, hour))

    def _tip(self, key: int) -> Tip | None:
        data = self._data
        if data is None or data.grid is None or key >= self._places():
            return None
        row, hour = divmod(key, HOURS)
        weekday = data.weekdays[row]
        value = data.grid[weekday][hour]
        left, top, right, bottom = box = self.drawing.cell(row, hour)
        words = data.unit.text(value)
        if value > 0:
            words += f" · {formatting.percent(value / data.total)}"
        return Tip(
            x=(left + right) / 2,
            y=(top + bottom) / 2,
            title=f"{WEEKDAYS[weekday].capitalize()}, {hour:02}:00–{hour + 1:02}:00",
            rows=(TipRow("", words),),
            frame=box,
            clear_of=(right - left) // 2 + self.design.px(6),
        )
