"""Charts in a real window: what they say, that it fits, when they draw, and their keys."""

import math
import time
import tkinter as tk
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from matplotlib.lines import Line2D
from PIL import Image

from ccmon_tray.dashboard.charts import base, prepare
from ccmon_tray.dashboard.charts.base import Chart
from ccmon_tray.dashboard.charts.columns import HourColumns
from ccmon_tray.dashboard.charts.day_bars import DayBars
from ccmon_tray.dashboard.charts.donut import Donut, Slice
from ccmon_tray.dashboard.charts.heatmap import Heatmap
from ccmon_tray.dashboard.charts.sparkline import sparkline
from ccmon_tray.dashboard.charts.time_chart import Mode, TimeChart, TimeSeries
from ccmon_tray.dashboard.charts.units import COUNT, MONEY, TOKENS
from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import contrast
from ccmon_tray.usage.formatting import money
from ccmon_tray.usage.steps import tile
from ccmon_tray.usage.windows import Calendar, resolve
from tests.dashboard.charts.conftest import MakeDesign
from tests.support.desktop import Desktop, wait_for

pytestmark = pytest.mark.needs("Xvfb", "xdotool")

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
NOW = int(datetime(2026, 11, 23, 14, 12, 37, tzinfo=BERLIN.zone).timestamp())
MODES: tuple[Mode, ...] = ("line", "area", "cumulative", "bars", "stacked-bars", "stacked-area")
BLUE, RED = "#4cc2ff", "#ff8fab"


@pytest.fixture(scope="module", autouse=True)
def prepared() -> None:
    prepare()


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


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("size", [(320, 140), (700, 240), (1180, 300)])
def test_words_of_time_charts_fit(make_design: MakeDesign, scale: float, size: tuple[int, int]) -> None:
    root, design = make_design(scale=scale, size=size)
    for name in ("15m", "1h", "4h", "1d", "7d", "30d", "90d", "today", "last month"):
        for mode in ("cumulative", "bars"):
            chart = make_time_chart(root, design, name, mode)
            assert chart.draws
            assert len(chart.drawing.places.shown) >= 2, name
            assert_words_fit(chart)
            chart.widget.destroy()


@pytest.mark.parametrize("make", OTHERS)
@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("size", [(300, 150), (800, 260)])
def test_words_of_other_charts_fit(
    make_design: MakeDesign,
    make: Callable[[tk.Misc, Design], Chart[Any]],
    scale: float,
    size: tuple[int, int],
) -> None:
    root, design = make_design(scale=scale, size=size)
    assert_words_fit(make(root, design))


def test_a_value_s_place_is_its_height(make_design: MakeDesign) -> None:
    root, design = make_design()
    chart = TimeChart(root, design)
    chart.show((0, 3600, 7200), [TimeSeries("Cost", (25.0, 100.0), BLUE)], calendar=BERLIN, mode="line")
    place(chart, root)
    plot = chart.drawing.plot
    marks = [label.text for label in chart.drawing.values.shown]
    assert marks == ["$0", "$25", "$50", "$75", "$100"]
    line = next(artist for artist in chart.figure.get_children() if isinstance(artist, Line2D))
    assert np.asarray(line.get_ydata()).tolist() == [plot.y(25.0), plot.top]
    assert plot.y(25.0) == pytest.approx(plot.bottom - (plot.bottom - plot.top) / 4)


@pytest.mark.parametrize("mode", MODES)
def test_hovered_values_are_the_data_s(make_design: MakeDesign, mode: Mode) -> None:
    root, design = make_design()
    chart = TimeChart(root, design)
    steps = tile(resolve("4h", NOW, BERLIN), BERLIN)
    one, other = [float(i) for i in range(steps.count)], [2.0] * steps.count
    chart.show(
        steps.boundaries,
        [TimeSeries("Opus", tuple(one), BLUE), TimeSeries("Haiku", tuple(other), RED)],
        calendar=BERLIN,
        mode=mode,
    )
    place(chart, root)
    chart.hover(5)
    lines = chart.hovered_text.splitlines()
    start, end = (BERLIN.local(steps.boundaries[i]) for i in (5, 6))
    if mode == "cumulative":
        assert lines == [f"Until Mon 23 Nov, {end:%H:%M}", "Opus\t$15.00 · +$5.00", "Haiku\t$12.00 · +$2.00"]
        return
    assert lines[0] == f"Mon 23 Nov, {start:%H:%M}–{end:%H:%M}"
    if mode in {"line", "area"}:
        assert lines[1:] == ["Opus\t$5.00", "Haiku\t$2.00"]
    else:
        assert lines[1:] == ["Haiku\t$2.00", "Opus\t$5.00", "Total\t$7.00"]


def test_every_step_is_found_under_the_pointer(make_design: MakeDesign) -> None:
    root, design = make_design()
    for mode in MODES:
        chart = make_time_chart(root, design, "1d", mode)
        places = chart.drawing.xs[1:] if mode == "cumulative" else chart.drawing.xs
        middle = (chart.drawing.plot.top + chart.drawing.plot.bottom) // 2
        assert [chart._hit(round(x), middle) for x in places] == list(range(chart._places()))
        chart.widget.destroy()


@pytest.mark.parametrize("make", OTHERS)
def test_all_places_have_words_and_a_box_on_the_canvas(
    make_design: MakeDesign, make: Callable[[tk.Misc, Design], Chart[Any]]
) -> None:
    root, design = make_design(size=(420, 180))
    chart = make(root, design)
    texts = set()
    for key in range(chart._places()):
        chart.hover(key)
        texts.add(chart.hovered_text)
        assert chart.overlay.box is not None
        left, top, right, bottom = chart.overlay.box
        assert left >= 0
        assert top >= 0
        assert right <= chart.widget.winfo_width()
        assert bottom <= chart.widget.winfo_height()
    assert len(texts) == chart._places() >= 2


def test_many_series_in_a_low_chart_are_cut_not_clipped(make_design: MakeDesign) -> None:
    root, design = make_design(size=(420, 120))
    chart = make_time_chart(root, design, "7d", "stacked-bars", series=9)
    chart.hover(30)
    assert chart.overlay.box is not None
    assert chart.overlay.box[3] <= chart.widget.winfo_height()
    words = [words_of(chart, item) for item in chart.widget.find_withtag("hover")]
    assert any(text.startswith("+") and text.endswith(" more") for text in words)
    assert len(chart.hovered_text.splitlines()) == 1 + 9 + 1  # what is copied is whole


def test_other_charts_say_what_is_hovered(make_design: MakeDesign) -> None:
    root, design = make_design()
    said = []
    for make, key in zip(OTHERS, (1, 2, 14, 2 * 24 + 14), strict=True):
        chart = make(root, design)
        chart.hover(key)
        said.append(chart.hovered_text)
        chart.widget.destroy()
    assert said == [
        "Haiku\t$25.00 · 25.0 %",
        "Tue 27 Oct\t$2.00",
        "14:00–15:00\t14",
        "Wednesday, 14:00–15:00\t62 · 0.4 %",
    ]


def test_a_week_that_starts_on_sunday(make_design: MakeDesign) -> None:
    root, design = make_design()
    chart = Heatmap(root, design)
    chart.show(tuple((float(day),) * 24 for day in range(7)), week_start=6)
    place(chart, root)
    assert [label.text for label in chart.drawing.names.shown][:2] == ["Sun", "Mon"]
    chart.hover(0)
    assert chart.hovered_text == "Sunday, 00:00–01:00\t$6.00 · 1.2 %"


def test_unknown_values_are_said_so_and_leave_gaps(make_design: MakeDesign) -> None:
    root, design = make_design()
    chart = TimeChart(root, design)
    boundaries = tuple(range(0, 6 * 3600, 3600))
    chart.show(boundaries, [TimeSeries("x", (1.0, None, 2.0, 3.0, None), BLUE)], calendar=BERLIN)
    place(chart, root)
    chart.hover(1)
    assert chart.hovered_text.endswith("\t–")
    assert not chart.widget.find_withtag("dot")
    picture = chart.drawing.picture().convert("RGB")
    gap = round(float(chart.drawing.xs[1]))
    column = {picture.getpixel((gap, y)) for y in range(picture.height)}
    assert (0x4C, 0xC2, 0xFF) not in column
    # The first value stands alone between the edge and the gap: a dot shows it.
    alone = (round(float(chart.drawing.xs[0])), round(chart.drawing.plot.y(1.0)))
    assert picture.getpixel(alone) == (0x4C, 0xC2, 0xFF)


@pytest.mark.parametrize("values", [(0.0, 0.0), (None, None), ()])
@pytest.mark.parametrize("mode", MODES)
def test_nothing_used_is_said(make_design: MakeDesign, values: tuple[float | None, ...], mode: Mode) -> None:
    root, design = make_design()
    chart = TimeChart(root, design)
    series = [TimeSeries("x", values, BLUE)] if values else []
    chart.show((NOW - 7200, NOW - 3600, NOW), series, calendar=BERLIN, mode=mode)
    place(chart, root)
    assert [label.text for label in chart.drawing.words.shown] == ["Nothing used in this range"]
    assert [label.text for label in chart.drawing.values.shown] == ["$0"]
    assert_words_fit(chart)
    colours = {colour for _, colour in chart.drawing.picture().convert("RGB").getcolors(9999) or ()}
    assert (0x4C, 0xC2, 0xFF) not in colours


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("count", [1, 2])
def test_one_and_two_values_are_seen(make_design: MakeDesign, mode: Mode, count: int) -> None:
    root, design = make_design()
    chart = TimeChart(root, design)
    boundaries = tuple(NOW + 3600 * i for i in range(count + 1))
    chart.show(boundaries, [TimeSeries("x", (5.0,) * count, BLUE)], calendar=BERLIN, mode=mode)
    place(chart, root)
    colours = {colour for _, colour in chart.drawing.picture().convert("RGB").getcolors(9999) or ()}
    if mode != "stacked-area" or count > 1:
        assert (0x4C, 0xC2, 0xFF) in colours


def test_moments_are_at_the_boundaries(make_design: MakeDesign) -> None:
    root, design = make_design()
    chart = TimeChart(root, design)
    chart.show((NOW - 7200, NOW - 3600, NOW), [TimeSeries("x", (1.0, 2.0, 3.0), BLUE)], calendar=BERLIN)
    place(chart, root)
    assert chart.drawing.xs.tolist() == chart.drawing.edges.tolist()
    chart.hover(2)
    assert chart.hovered_text == "Mon 23 Nov, 14:12\t$3.00"
    assert chart.table().header == ("time", "x")


def test_daylight_saving_keeps_bars_even(make_design: MakeDesign) -> None:
    root, design = make_design()
    chart = TimeChart(root, design)
    days = [BERLIN.midnight(date(2026, 10, 23) + timedelta(days=i)) for i in range(6)]
    chart.show(days, [TimeSeries("x", (1.0,) * 5, BLUE)], calendar=BERLIN, mode="bars")
    place(chart, root)
    labels = [label.text for label in chart.drawing.places.shown]
    assert labels == ["Fri 23", "Sat 24", "Sun 25", "Mon 26", "Tue 27"]
    widths = {round(b - a) for a, b in zip(chart.drawing.edges, chart.drawing.edges[1:], strict=False)}
    assert len(widths) == 1


def test_many_refreshes_are_one_draw(make_design: MakeDesign) -> None:
    root, design = make_design()
    chart = make_time_chart(root, design)
    before = chart.draws
    for _ in range(50):
        chart.refresh()
    settle(root, chart)
    assert chart.draws == before + 1


def test_the_same_data_are_not_drawn_again(make_design: MakeDesign) -> None:
    root, design = make_design()
    chart = TimeChart(root, design)
    for _ in range(3):
        chart.show((0, 3600), [TimeSeries("x", (1.0,), BLUE)], calendar=BERLIN)
        place(chart, root)
    assert chart.draws == 1


def test_nothing_is_drawn_while_hidden(make_design: MakeDesign) -> None:
    root, design = make_design()
    chart = make_time_chart(root, design)
    before = chart.draws
    chart.widget.pack_forget()
    root.update()
    for value in (1.0, 2.0, 3.0):
        chart.show((0, 3600), [TimeSeries("x", (value,), BLUE)], calendar=BERLIN)
        root.update()
    assert chart.draws == before
    place(chart, root)
    settle(root, chart)
    assert chart.draws == before + 1
    chart.hover(0)
    assert chart.hovered_text.endswith("$3.00")


def test_a_hidden_picture_is_let_go_and_comes_back(
    make_design: MakeDesign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "_KEPT_HIDDEN_MS", 1)
    root, design = make_design()
    page = tk.Frame(root)
    page.pack(fill="both", expand=True)
    chart = the_hours(page, design)
    root.update()
    settle(root, chart)
    shown = root.tk.call("image", "names")
    page.pack_forget()

    def is_gone() -> bool:
        root.update()
        return len(root.tk.call("image", "names")) < len(shown)

    wait_for(is_gone, "the picture to be let go")
    page.pack(fill="both", expand=True)
    wait_for(lambda: (root.update(), chart.draws == 2)[1], "the picture to come back")  # type: ignore[func-returns-value]
    assert len(root.tk.call("image", "names")) == len(shown)


def test_a_chart_that_never_showed_is_saved(make_design: MakeDesign, tmp_path: Path) -> None:
    root, design = make_design(scale=2.0)
    chart = Donut(root, design)
    chart.show([Slice("a", 3.0, BLUE)], "$3", "")
    chart.save(tmp_path / "chart.png")
    with Image.open(tmp_path / "chart.png") as picture:
        assert picture.width == 2 * (720 + 2 * 16)
    assert chart.draws == 0


def test_artists_are_kept(make_design: MakeDesign) -> None:
    root, design = make_design()
    chart = make_time_chart(root, design, "7d", "stacked-bars", series=3)
    artists, words = set(chart.figure.get_children()), list(chart._words)
    chart.show(
        chart._data.boundaries,  # type: ignore[union-attr]
        [TimeSeries("x", tuple(2.0 for _ in range(chart._places())), BLUE)] * 3,
        calendar=BERLIN,
        mode="stacked-bars",
    )
    settle(root, chart)
    assert set(chart.figure.get_children()) == artists
    assert words[:5] == chart._words[:5]


def test_fewer_series_leave_nothing_behind(make_design: MakeDesign) -> None:
    root, design = make_design()
    chart = make_time_chart(root, design, "7d", "stacked-bars", series=3)
    chart.show((0, 3600), [TimeSeries("x", (1.0,), RED)], calendar=BERLIN, mode="area")
    settle(root, chart)
    colours = {colour for _, colour in chart.drawing.picture().convert("RGB").getcolors(9999) or ()}
    assert (0xFF, 0x8F, 0xAB) in colours
    assert (0x4C, 0xC2, 0xFF) not in colours


def test_a_chart_follows_its_place(make_design: MakeDesign) -> None:
    root, design = make_design()
    chart = make_time_chart(root, design)
    root.geometry("900x300")

    def is_wide() -> bool:
        root.update()
        return chart.widget.winfo_width() == 900

    wait_for(is_wide, "the new size")
    settle(root, chart)
    assert chart.drawing.width == 900
    assert chart.drawing.plot.right > 880
    assert_words_fit(chart)


def test_keys(make_design: MakeDesign, desktop: Desktop) -> None:
    root, design = make_design()
    chart = the_hours(root, design)
    copied: list[str] = []
    chart.widget.bind("<<CopyValue>>", lambda _event: copied.append(chart.hovered_text))
    chart.widget.focus_force()
    root.update()
    assert chart.widget.find_withtag("ring")

    def press(*keys: str) -> str:
        for key in keys:
            chart.widget.event_generate(f"<{key}>")
        root.update()
        return chart.hovered_text

    assert press("Right") == "00:00–01:00\t0"
    assert press("Left") == "00:00–01:00\t0"
    assert press("Right", "Right") == "02:00–03:00\t2"
    assert press("End") == "23:00–24:00\t23"
    press("Control-c")
    assert copied == ["23:00–24:00\t23"]
    assert press("Escape") == ""
    assert not chart.widget.find_withtag("hover")
    press("Control-c")
    assert len(copied) == 1


def test_keys_of_the_week(make_design: MakeDesign) -> None:
    root, design = make_design()
    chart = the_week(root, design)
    chart.widget.focus_force()
    for key in ("Home", "Down", "Down", "Right", "Up"):
        chart.widget.event_generate(f"<{key}>")
    root.update()
    assert chart.hovered_text == "Tuesday, 01:00–02:00\t25 · 0.2 %"


def test_the_pointer(make_design: MakeDesign, desktop: Desktop) -> None:
    root, design = make_design()
    chart = a_donut(root, design)
    x, y = chart.drawing.middle
    ring = (chart.drawing.radius + chart.drawing.hole) / 2
    at = (chart.widget.winfo_rootx() + round(x + ring), chart.widget.winfo_rooty() + round(y))

    def hovers(text: str) -> bool:
        root.update()
        return chart.hovered_text == text

    desktop.move(*at)
    wait_for(lambda: hovers("Opus 4.8\t$75.00 · 75.0 %"), "the slice's value")
    desktop.move(at[0] - round(ring), at[1])
    wait_for(lambda: hovers(""), "nothing in the middle")
    draws = chart.draws
    desktop.move(*at)
    wait_for(lambda: hovers("Opus 4.8\t$75.00 · 75.0 %"), "the slice's value")
    assert chart.draws == draws  # only canvas items come and go
    desktop.click(*at)
    root.update()
    assert not chart.widget.find_withtag("ring")  # who clicks needs no ring


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_words_can_be_read(make_design: MakeDesign, theme: str) -> None:
    root, design = make_design(theme)
    chart = make_time_chart(root, design)
    for item in chart._words:
        assert (
            contrast(str(chart.widget.tk.call(chart.widget, "itemcget", item, "-fill")), chart.ground) >= 4.5
        )


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_saved_pictures(make_design: MakeDesign, tmp_path: Path, theme: str, scale: float) -> None:
    root, design = make_design(theme, scale)
    charts = [make_time_chart(root, design, series=2, mode="stacked-bars")]
    charts[0].save(tmp_path / "chart.png")
    charts[0].save(tmp_path / "chart.svg")
    with Image.open(tmp_path / "chart.png") as picture:
        # Twice the units, whatever the screen's scale, with a margin and a heading.
        assert picture.width == 2 * (700 + 2 * 16)
        assert picture.height > 2 * (240 + 2 * 16)
        assert picture.convert("RGB").getpixel((1, 1)) == tuple(
            int(design.palette.card[i : i + 2], 16) for i in (1, 3, 5)
        )
    svg = ET.parse(tmp_path / "chart.svg").getroot()  # noqa: S314  # just written
    assert svg.get("width") == "732pt"
    assert charts[0].drawing.width == design.px(700)  # the chart on the screen is as it was


@pytest.mark.parametrize("make", OTHERS)
def test_all_charts_can_be_saved(
    make_design: MakeDesign, tmp_path: Path, make: Callable[[tk.Misc, Design], Chart[Any]]
) -> None:
    root, design = make_design()
    chart = make(root, design)
    chart.save(tmp_path / "chart.svg")
    chart.save(tmp_path / "chart.png")
    words = (tmp_path / "chart.svg").read_text(encoding="utf-8")
    with Image.open(tmp_path / "chart.png") as picture:
        assert len(picture.convert("RGB").getcolors(1 << 20) or ()) > 20
    # Words are outlines in the file; their comments tell what they say.
    assert f"<!-- {chart.label} -->" in words


def test_tables(make_design: MakeDesign) -> None:
    root, design = make_design()
    chart = TimeChart(root, design)
    chart.show((NOW - 7200, NOW - 3600, NOW), [TimeSeries("Cost", (1.5, None), BLUE)], calendar=BERLIN)
    assert chart.table() == (
        ("start", "end", "Cost"),
        (
            ("2026-11-23T12:12:37+01:00", "2026-11-23T13:12:37+01:00", 1.5),
            ("2026-11-23T13:12:37+01:00", "2026-11-23T14:12:37+01:00", None),
        ),
    )
    assert a_donut(root, design).table().rows == (("Opus 4.8", 75.0), ("Haiku", 25.0))
    assert some_days(root, design).table().rows[2] == ("Tue 27 Oct", 2.0)
    assert the_week(root, design).table().rows[1][:3] == ("tuesday", 24.0, 25.0)


def test_slices_have_their_shares(make_design: MakeDesign) -> None:
    root, design = make_design()
    chart = Donut(root, design)
    chart.show([Slice("a", 3.0, BLUE), Slice("b", None, RED), Slice("c", 1.0, RED)], "$4", "")
    place(chart, root)
    assert [(arc.number, arc.start, arc.end) for arc in chart.drawing.arcs] == [(0, 0, 270), (2, 270, 360)]
    assert chart._hit(*(round(c + d) for c, d in zip(chart.drawing.middle, (chart.drawing.radius, 0)))) == 0  # noqa: B905
    chart.show([Slice("a", 0.0, BLUE)], "$0.00", "nothing used")
    settle(root, chart)
    assert chart.drawing.arcs == ()
    chart.hover(0)
    assert chart.hovered_text == ""


@pytest.mark.parametrize("values", [(), (None, None), (1.0,), (0.0, 0.0), (1.0, None, 3.0, 2.0), (2.0, 2.0)])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_sparklines(make_design: MakeDesign, values: tuple[float | None, ...], scale: float) -> None:
    root, design = make_design(scale=scale)
    size = (design.px(84), design.px(24))
    picture = sparkline(
        root, values, width_px=size[0], height_px=size[1], colour=BLUE, ground="#1b1d21", scale=scale
    )
    assert (picture.width(), picture.height()) == size
    points = [(x, y) for x in range(size[0]) for y in range(size[1]) if picture.get(x, y) != (27, 29, 33)]
    assert bool(points) == any(value is not None for value in values)
    # The line's ends are whole: the outermost pixels stay free.
    edges = [p for p in points if p[0] in {0, size[0] - 1} or p[1] in {0, size[1] - 1}]
    assert not edges


def test_three_charts_are_redrawn_at_once(make_design: MakeDesign) -> None:
    root, design = make_design(size=(900, 780))
    charts = [make_time_chart(root, design, mode=mode) for mode in ("cumulative", "stacked-bars", "area")]
    took = []
    for round_ in range(5):
        for chart in charts:
            settle(root, chart)
        began = time.perf_counter()
        for chart in charts:
            values = tuple(float((i + round_) % 7) for i in range(chart._places()))
            data = chart._data
            assert data is not None
            chart.show(
                data.boundaries, [TimeSeries("x", values, BLUE)], calendar=BERLIN, mode=data.mode, unit=TOKENS
            )
        root.update()
        took.append(time.perf_counter() - began)
    assert all(chart.draws >= 6 for chart in charts)
    assert min(took) < 0.06, took


def test_words_in_a_box_are_those_of_the_unit() -> None:
    assert MONEY.text(1234.5) == money(1234.5) == "$1,234.50"
    assert TOKENS.text(5_600_000.0) == "5.6M"
