"""Values over time: where they are drawn, and what is said of them."""

from datetime import date, timedelta

import numpy as np
import pytest
from matplotlib.lines import Line2D

from ccmon_tray.dashboard.charts.time_chart import Mode, TimeChart, TimeSeries
from ccmon_tray.usage.steps import tile
from ccmon_tray.usage.windows import resolve
from tests.dashboard.charts.conftest import MakeDesign
from tests.dashboard.charts.makers import (
    BERLIN,
    BLUE,
    MODES,
    NOW,
    RED,
    assert_words_fit,
    make_time_chart,
    place,
    settle,
    words_of,
)

pytestmark = pytest.mark.needs("Xvfb", "xdotool")


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


def test_many_series_in_a_low_chart_are_cut_not_clipped(make_design: MakeDesign) -> None:
    root, design = make_design(size=(420, 120))
    chart = make_time_chart(root, design, "7d", "stacked-bars", series=9)
    chart.hover(30)
    assert chart.overlay.box is not None
    assert chart.overlay.box[3] <= chart.widget.winfo_height()
    words = [words_of(chart, item) for item in chart.widget.find_withtag("hover")]
    assert any(text.startswith("+") and text.endswith(" more") for text in words)
    assert len(chart.hovered_text.splitlines()) == 1 + 9 + 1  # what is copied is whole


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
