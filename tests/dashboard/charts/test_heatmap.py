import tkinter as tk
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from ccmon_tray.dashboard.charts.heatmap import Heatmap
from ccmon_tray.dashboard.charts.units import DURATION, MONEY
from ccmon_tray.dashboard.design import Design
from ccmon_tray.usage.insights import Grid, week_grid
from tests.support.dashboard import pump

Make = Callable[..., tuple[tk.Tk, Design]]

# Monday 9 to 10, Monday 10 to 11, Sunday 23 to 24.
GRID = week_grid([(0, 9, 6.0), (0, 10, 3.0), (6, 23, 1.0)])


def drawn(make_design: Make, grid: Grid | None, *, week_start: int = 0, scale: float = 1.0) -> Heatmap:
    root, design = make_design(scale=scale)
    chart = Heatmap(root, design, label="Hours")
    chart.widget.pack(fill="both", expand=True)
    chart.show(grid, week_start=week_start, unit=MONEY, empty="Nothing used")
    pump(root, lambda: chart.draws, "a heatmap")
    return chart


def colour_of(chart: Heatmap, row: int, hour: int) -> tuple[int, ...]:
    left, top, right, bottom = chart.drawing.cell(row, hour)
    pixel = chart.drawing.picture().getpixel(((left + right) // 2, (top + bottom) // 2))
    assert isinstance(pixel, tuple)
    return pixel


def distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("week_start", [0, 6])
def test_more_use_is_a_stronger_colour_in_its_own_cell(make_design: Make, week_start: int) -> None:
    chart = drawn(make_design, GRID, week_start=week_start)

    monday, sunday = (1, 0) if week_start == 6 else (0, 6)
    idle = colour_of(chart, monday, 3)
    shades = [colour_of(chart, row, hour) for row, hour in ((sunday, 23), (monday, 10), (monday, 9))]
    steps = [distance(shade, idle) for shade in shades]
    assert steps == sorted(steps)
    assert steps[0] > 10
    assert len(set(steps)) == 3


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_cells_are_alike_and_within_the_chart_and_its_words_do_not_touch(
    make_design: Make, scale: float
) -> None:
    chart = drawn(make_design, GRID, scale=scale)

    cells = [chart.drawing.cell(row, hour) for row in range(7) for hour in range(24)]
    assert len({(right - left, bottom - top) for left, top, right, bottom in cells}) == 1
    assert all(0 <= left < right <= chart.drawing.width for left, _, right, _ in cells)
    assert max(bottom for *_, bottom in cells) < chart.drawing.height
    assert [label.text for label in chart.drawing.sums.shown] == ["$9.00", *["$0.00"] * 5, "$1.00"]
    last = max(right for _, _, right, _ in cells)
    for label in chart.drawing.sums.shown:
        assert label.x - chart.drawing.measure(label.text, 11) > last


def test_the_pointer_finds_the_cell_and_what_is_said_of_it(make_design: Make) -> None:
    chart = drawn(make_design, GRID)
    left, top, right, bottom = chart.drawing.cell(0, 9)

    chart.widget.event_generate("<Motion>", x=(left + right) // 2, y=(top + bottom) // 2)
    assert chart.hovered_text == "Monday, 09:00–10:00\t$6.00 · 60.0 %"
    chart.widget.event_generate("<Motion>", x=1, y=1)
    assert chart.hovered_text == ""


def test_the_arrow_keys_walk_from_cell_to_cell(make_design: Make) -> None:
    chart = drawn(make_design, GRID)
    chart.widget.focus_force()
    pump(chart.widget, lambda: chart.widget.focus_get() is chart.widget, "the focus")

    for key in ("Right", "Down", "Down", "Right", "Up", "Left", "Left"):
        chart.widget.event_generate(f"<{key}>")
    assert chart.hovered_text == "Tuesday, 00:00–01:00\t$0.00"
    chart.widget.event_generate("<End>")
    assert chart.hovered_text == "Sunday, 23:00–24:00\t$1.00 · 10.0 %"


@pytest.mark.parametrize("grid", [None, week_grid([])])
def test_nothing_to_show_is_said(make_design: Make, grid: Grid | None) -> None:
    chart = drawn(make_design, grid)

    assert [label.text for label in chart.drawing.words.shown] == ["Nothing used"]
    chart.widget.event_generate("<Motion>", x=300, y=100)
    assert chart.hovered_text == ""


def test_it_is_drawn_anew_for_other_values_alone(make_design: Make) -> None:
    chart = drawn(make_design, GRID)
    chart.show(GRID, unit=MONEY, empty="Nothing used")
    chart.widget.update()
    assert chart.draws == 1

    chart.show(GRID, unit=DURATION, empty="Nothing used")
    pump(chart.widget, lambda: chart.draws == 2, "other words")
    assert chart.drawing.sums.shown[0].text == "9s"


def test_table_and_picture(make_design: Make, tmp_path: Path) -> None:
    chart = drawn(make_design, GRID, week_start=6)

    table = chart.table()
    assert [row[0] for row in table.rows][:2] == ["sunday", "monday"]
    assert table.rows[1][10] == 6.0
    chart.save(tmp_path / "hours.png")
    chart.save(tmp_path / "hours.svg")
    with Image.open(tmp_path / "hours.png") as picture:
        assert picture.width >= 1400
    assert "<svg" in (tmp_path / "hours.svg").read_text()[:600]
