"""Charts as pictures and tables."""

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from ccmon_tray.dashboard.charts.base import Chart
from ccmon_tray.dashboard.charts.donut import Donut, Slice
from ccmon_tray.dashboard.charts.time_chart import TimeChart, TimeSeries
from ccmon_tray.dashboard.design import Design
from tests.dashboard.charts.conftest import MakeDesign
from tests.dashboard.charts.makers import (
    BERLIN,
    BLUE,
    NOW,
    OTHERS,
    a_donut,
    make_time_chart,
    some_days,
    the_week,
)

pytestmark = pytest.mark.needs("Xvfb", "xdotool")


def test_a_chart_that_never_showed_is_saved(make_design: MakeDesign, tmp_path: Path) -> None:
    root, design = make_design(scale=2.0)
    chart = Donut(root, design)
    chart.show([Slice("a", 3.0, BLUE)], "$3", "")
    chart.save(tmp_path / "chart.png")
    with Image.open(tmp_path / "chart.png") as picture:
        assert picture.width == 2 * (720 + 2 * 16)
    assert chart.draws == 0


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
