"""Charts in a real window: that their words fit, when they draw, the pointer and the keys."""

import tkinter as tk
from collections.abc import Callable
from typing import Any

import pytest

from ccmon_tray.dashboard.charts import base
from ccmon_tray.dashboard.charts.base import Chart
from ccmon_tray.dashboard.charts.donut import Donut, Slice, summed_up
from ccmon_tray.dashboard.charts.heatmap import Heatmap
from ccmon_tray.dashboard.charts.sparkline import sparkline
from ccmon_tray.dashboard.charts.time_chart import TimeChart, TimeSeries
from ccmon_tray.dashboard.charts.units import MONEY, TOKENS
from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import contrast
from ccmon_tray.usage.formatting import money
from tests.dashboard.charts.conftest import MakeDesign
from tests.dashboard.charts.makers import (
    BERLIN,
    BLUE,
    OTHERS,
    RED,
    a_donut,
    assert_words_fit,
    make_time_chart,
    place,
    settle,
    the_hours,
    the_week,
)
from tests.support.desktop import Desktop, wait_for

pytestmark = pytest.mark.needs("Xvfb", "xdotool")


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


def test_slices_of_one_colour_are_one_that_names_them(make_design: MakeDesign) -> None:
    grey = "#6f7682"
    many = [Slice(f"m{i}", 20.0 - i, BLUE if i < 5 else grey) for i in range(16)]
    root, design = make_design()
    chart = Donut(root, design)
    chart.show(summed_up(many, 5), "$200", "16 models")
    place(chart, root)
    assert len(chart.drawing.arcs) == 6
    chart.hover(5)
    lines = [line.split("\t") for line in chart.hovered_text.splitlines()]
    assert lines[0] == ["11 others"]
    assert lines[1:8] == [[f"m{i}", f"${20 - i}.00"] for i in range(5, 12)]
    assert lines[8] == ["4 more", "$26.00"]
    assert lines[9] == ["Total", "$110.00 · 55.0 %"]

    assert summed_up(many[:6], 5) == many[:6]
    [*_, others] = summed_up([*many[:5], Slice("a", None, grey), Slice("b", None, grey)], 5)
    assert others.value is None  # unknown, not nothing


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


def test_new_data_of_three_charts_is_drawn_at_once_and_once(make_design: MakeDesign) -> None:
    root, design = make_design(size=(900, 780))
    charts = [make_time_chart(root, design, mode=mode) for mode in ("cumulative", "stacked-bars", "area")]
    for chart in charts:
        settle(root, chart)
    before = [chart.draws for chart in charts]
    for chart in charts:
        values = tuple(float(i % 7) for i in range(chart._places()))
        data = chart._data
        assert data is not None
        for factor in (1.0, 2.0):
            series = [TimeSeries("x", tuple(factor * value for value in values), BLUE)]
            chart.show(data.boundaries, series, calendar=BERLIN, mode=data.mode, unit=TOKENS)
    root.update()
    assert [chart.draws for chart in charts] == [draws + 1 for draws in before]


def test_words_in_a_box_are_those_of_the_unit() -> None:
    assert MONEY.text(1234.5) == money(1234.5) == "$1,234.50"
    assert TOKENS.text(5_600_000.0) == "5.6M"
