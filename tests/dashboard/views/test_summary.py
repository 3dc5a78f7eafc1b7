"""The summary's ring and table of models."""

import pytest

from ccmon_tray.dashboard.charts.donut import Donut
from ccmon_tray.dashboard.views.summary import SummaryView
from tests.support.fake_source import FakeSource, request
from tests.support.views import NOW, OpenView

pytestmark = pytest.mark.needs("Xvfb")

MODELS = ("claude-opus-4-8", "claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5", "claude-haiku-3-5")
MORE = ("claude-fable-5", "gpt-oss", "qwen-3-coder")


def test_models_that_share_a_colour_are_one_slice_and_a_row_each(open_view: OpenView) -> None:
    source = FakeSource(
        event
        for place, model in enumerate((*MODELS, *MORE))
        for event in request(NOW - 600, "s", 10.0 - place, {"input": 100.0}, model=model)
    )
    view = open_view("summary", "1h", source=source).page.view
    assert isinstance(view, SummaryView)

    donut = view._donut
    assert isinstance(donut, Donut)
    assert [row[0] for row in donut.table().rows][5:] == ["3 others"]
    donut.hover(5)
    assert [line.split("\t")[0] for line in donut.hovered_text.splitlines()] == [
        "3 others", "Fable 5", "gpt-oss", "qwen-3-coder", "Total",
    ]  # fmt: skip
    greys = {row.swatch for row in view.models.rows[5:]}
    assert len(view.models.rows) == 8
    assert greys == {view.design.palette.muted}
