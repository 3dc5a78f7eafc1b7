"""Charts of every kind with known values, in a window."""

import math
import tkinter as tk
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ccmon_tray.dashboard.charts.base import Chart
from ccmon_tray.dashboard.charts.columns import HourColumns
from ccmon_tray.dashboard.charts.day_bars import DayBars
from ccmon_tray.dashboard.charts.donut import Donut, Slice
from ccmon_tray.dashboard.charts.heatmap import Heatmap
from ccmon_tray.dashboard.charts.time_chart import Mode, TimeChart, TimeSeries
from ccmon_tray.dashboard.charts.units import COUNT
from ccmon_tray.dashboard.design import Design
from ccmon_tray.usage.steps import tile
from ccmon_tray.usage.windows import Calendar, resolve
from tests.support.desktop import wait_for

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
NOW = int(datetime(2026, 11, 23, 14, 12, 37, tzinfo=BERLIN.zone).timestamp())
MODES: tuple[Mode, ...] = ("line", "area", "cumulative", "bars", "stacked-bars", "stacked-area")
BLUE, RED = "#4cc2ff", "#ff8fab"


def words_of(chart: Chart[Any], item: int) -> str:
    """What a canvas item says."""
    canvas = chart.widget
    is_text = canvas.tk.call(canvas, "type", item) == "text"
    return str(canvas.tk.call(canvas, "itemcget", item, "-text")) if is_text else ""


def place(chart: Chart[Any], root: tk.Misc) -> None:
    chart.widget.pack(fill="both", expand=True)
    root.update()


def settle(root: tk.Tk, chart: Chart[Any]) -> None:
    """Let everything that is due happen."""

    def is_drawn() -> bool:
        root.update()
        return not chart._stale and not chart._waiting

    wait_for(is_drawn, "the chart to be drawn")


def make_time_chart(
    root: tk.Tk, design: Design, name: str = "7d", mode: Mode = "line", series: int = 1
) -> TimeChart:
    chart = TimeChart(root, design, label="Cost")
    steps = tile(resolve(name, NOW, BERLIN), BERLIN)
    values = [
        tuple(80 * (1 + math.sin(i / 5 + number)) for i in range(steps.count)) for number in range(series)
    ]
    chart.show(
        steps.boundaries,
        [TimeSeries(f"Model {n}", value, design.series(n)) for n, value in enumerate(values)],
        calendar=BERLIN,
        mode=mode,
    )
    place(chart, root)
    return chart


def a_donut(root: tk.Misc, design: Design) -> Donut:
    chart = Donut(root, design, label="By model")
    chart.show([Slice("Opus 4.8", 75.0, BLUE), Slice("Haiku", 25.0, RED)], "$100.00", "2 models")
    place(chart, root)
    return chart


def some_days(root: tk.Misc, design: Design) -> DayBars:
    chart = DayBars(root, design, label="Days")
    days = [date(2026, 10, 25) + timedelta(days=i) for i in range(30)]
    chart.show(days, [float(i) for i in range(30)])
    place(chart, root)
    return chart


def the_hours(root: tk.Misc, design: Design) -> HourColumns:
    chart = HourColumns(root, design, label="Hours")
    chart.show([float(hour) for hour in range(24)])
    place(chart, root)
    return chart


def the_week(root: tk.Misc, design: Design) -> Heatmap:
    chart = Heatmap(root, design, label="Week")
    chart.show(tuple(tuple(float(24 * day + hour) for hour in range(24)) for day in range(7)), unit=COUNT)
    place(chart, root)
    return chart


OTHERS: tuple[Callable[[tk.Misc, Design], Chart[Any]], ...] = (a_donut, some_days, the_hours, the_week)


def assert_words_fit(chart: Chart[Any]) -> None:
    """Nothing is cut at an edge, and no two words touch."""
    canvas = chart.widget
    boxes = [canvas.bbox(item) for item in chart._words]
    assert boxes
    for left, top, right, bottom in boxes:
        assert left >= -1  # a letter's own space
        assert top >= 0
        assert right <= canvas.winfo_width() + 1
        assert bottom <= canvas.winfo_height()
    for number, one in enumerate(boxes):
        for other in boxes[:number]:
            beside = one[2] <= other[0] or other[2] <= one[0]
            # Lines of different size may share a pixel row of their leading.
            under = one[3] - 3 * chart.design.scale <= other[1] or other[3] - 3 * chart.design.scale <= one[1]
            assert beside or under, (one, other)
