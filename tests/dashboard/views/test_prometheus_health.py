"""The server's health in the real window: on demo data, on real servers, and where there is none."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from ccmon_tray.dashboard.ranges import ChosenRange
from ccmon_tray.dashboard.views import health_words
from ccmon_tray.dashboard.views.prometheus_health import PrometheusHealthView
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.sources.base import Span
from ccmon_tray.sources.demo.health import demo_health
from ccmon_tray.sources.server_health import NO_LIMIT, Known, Targets, absent
from ccmon_tray.usage.models import SourceInfo
from ccmon_tray.usage.states import SourceKind
from tests.support.dashboard import await_drawn, pump
from tests.support.fake_source import FakeSource
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.servers import prometheus, victoria_metrics
from tests.support.truth.cases import CALENDAR
from tests.support.views import NOW, OpenView, cut_words

DAY_S = 86_400


def health_view(window: DashboardWindow) -> PrometheusHealthView:
    view = window.page.view
    assert isinstance(view, PrometheusHealthView)
    return view


def at(url: str) -> dict[str, dict[str, object]]:
    return {"source": {"kind": "prometheus"}, "prometheus": {"url": url, "timeout_s": 30}}


def figures(view: PrometheusHealthView) -> dict[str, str]:
    return {card.title: card.figure for card in view.cards}


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(
    ("scale", "size"), [(1.0, (800, 600)), (1.0, (1180, 800)), (2.0, (800, 600))], ids=str
)
def test_everything_fits(open_view: OpenView, theme: str, scale: float, size: tuple[int, int]) -> None:
    window = open_view("prometheus-health", theme=theme, scale=scale, size=size)
    view = health_view(window)
    assert cut_words(window) == []
    assert figures(view) == {
        "Status": "Ready",
        "Version": "3.1.0",
        "Uptime": "23d 4h",
        "Retention": "90d",
        "Targets": "4 of 5",
        "Slowest scrape": "41 ms",
    }
    assert [row.cells[0] for row in view.down.rows] == ["node · build:9100"]
    assert len(view.charts) == 4


def test_charts_show_the_histories_of_the_range(open_view: OpenView) -> None:
    window = open_view("prometheus-health", "1d")
    view = health_view(window)
    health = demo_health(NOW, Span(NOW - DAY_S, NOW))
    for chart, (title, field, _) in zip(view.charts, health_words.CHARTS, strict=True):
        assert chart.label == title
        values = getattr(health.histories, field).value
        assert tuple(row[-1] for row in chart.table().rows) == values
        assert chart.draws
    window.choose_range(ChosenRange("1h"))
    # What is there is of another range, and is not shown as this one's.
    assert "Memory" not in view.charts[0].table().header
    await_drawn(window)
    assert len(view.charts[0].table().rows) == 121


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_times_of_charts_above_each_other_line_up(open_view: OpenView, scale: float) -> None:
    window = open_view("prometheus-health", size=(1180, 800), scale=scale)
    charts = health_view(window)._time_charts
    plots = [chart.drawing.plot for chart in charts]
    assert len({(plot.left, plot.right) for plot in plots}) == 1
    own = [chart.drawing.wanted_gutter_px(chart.drawing.height) for chart in charts]
    assert min(own) < max(own) == plots[0].left  # no wider than the longest words need


def test_facts_stand_side_by_side_where_there_is_room(open_view: OpenView) -> None:
    narrow = health_view(open_view("prometheus-health", size=(1180, 800))).process
    window = open_view("prometheus-health", size=(2560, 1440))
    wide = health_view(window).process
    assert wide.winfo_reqheight() < narrow.winfo_reqheight()
    assert cut_words(window) == []
    places = [wide._place(index) for index in range(len(wide.facts))]
    left, top, _ = places[-1]
    assert left > 0
    wide._click(left + 1, top + 1)
    assert wide._selected == len(wide.facts) - 1


@pytest.mark.needs("prometheus")
def test_a_server_that_does_not_watch_itself(open_view: OpenView, tmp_path: Path) -> None:
    with prometheus(tmp_path / "data", retention="45d") as server:
        window = open_view("prometheus-health", "1h", settings=at(server.url))
        view = health_view(window)
        assert figures(view)["Retention"] == "45d"
        assert view.charts == []
        assert view.hint.winfo_ismapped()
        assert "does not scrape itself" in str(view.hint.cget("text"))
        memory = next(card for card in view.now_cards if card.title == "Memory")
        assert memory.figure.endswith(" MB")
        view.copy_snippet.invoke()
        copied = window.root.clipboard_get()
        assert f'targets: ["localhost:{server.url.rpartition(":")[2]}"]' in copied
        assert "scrape_configs:" in copied


@pytest.mark.needs("victoria-metrics")
def test_what_victoria_metrics_does_not_have_is_named(open_view: OpenView, tmp_path: Path) -> None:
    with victoria_metrics(tmp_path / "data") as server:
        window = open_view("prometheus-health", "1h", settings=at(server.url))
        view = health_view(window)
        assert figures(view)["Status"] == "Ready"
        assert ("WAL, WAL corruptions", "VictoriaMetrics has no write-ahead log") in view.absent
        assert "-selfScrapeInterval" in str(view._code.cget("text"))
        assert cut_words(window) == []


def test_a_source_without_a_server(open_view: OpenView) -> None:
    source = FakeSource(info=SourceInfo(kind=SourceKind.TRANSCRIPTS))
    window = open_view("prometheus-health", source=source)
    view = health_view(window)
    assert not view.cards[0].winfo_ismapped()
    assert view._nothing.winfo_ismapped()
    assert view.charts == []
    assert window.tables() == ()


def test_a_server_that_is_away_and_comes_back(open_view: OpenView) -> None:
    with FaultyServer() as server:
        server.fault = Fault.ABSENT
        window = open_view("prometheus-health", settings=at(server.url))
        assert window.page.covered
        server.fault = Fault.NONE
        window.reload()
        pump(window.root, lambda: window.page.current and not window.page.covered, "the reading")
        assert figures(health_view(window))["Uptime"] == "–"


def test_export(open_view: OpenView, tmp_path: Path) -> None:
    window = open_view("prometheus-health", "1d")
    files = window.export("csv", tmp_path / "health.csv")
    assert len(files) == 3
    values = {
        row["name"]: row["value"] for row in csv.DictReader(files[0].read_text(encoding="utf-8").splitlines())
    }
    assert values["version"] == "3.1.0"
    assert values["ready"] == "true"
    (as_json,) = window.export("json", tmp_path / "health.json")
    over_time = json.loads(as_json.read_text(encoding="utf-8"))["over_time"]
    health = demo_health(NOW, Span(NOW - DAY_S, NOW))
    assert [row["time"] for row in over_time] == list(health.histories.times)
    assert over_time[-1]["memory_bytes"] == pytest.approx(health.memory_bytes.value)
    assert len(window.export("png", tmp_path / "health.png")) == 4


def test_words_of_what_is_absent() -> None:
    health = demo_health(NOW, Span(NOW - DAY_S, NOW))
    assert health_words.absences(health) == ()
    health = replace(
        health,
        ready=absent("why"),
        version=absent("why"),
        targets=absent("why not"),
        capacity_bytes=absent(NO_LIMIT),
        blocks_bytes=absent("why"),
        wal_corruptions=Known(2.0),
        config_ok=Known(value=False),
    )
    stats = dict(zip(health_words.CARDS, health_words.stats(health, CALENDAR), strict=True))
    assert stats["Status"].figure == stats["Targets"].figure == stats["Slowest scrape"].figure == "–"
    assert [(fact.title, fact.value) for fact in health_words.absences(health)] == [
        ("Version, Ready, Size on disk", "Why"),
        ("Targets", "Why not"),
    ]
    assert health_words.gauge_share(health) is None
    storage = {fact.title: fact.value for fact in health_words.storage_facts(health, CALENDAR)}
    assert storage["Limit"] == "none set"
    assert storage["Size on disk"] == "–"
    process = {fact.title: fact.value for fact in health_words.process_facts(health, CALENDAR)}
    assert process["WAL corruptions"] == "2"
    assert "error" in process["Configuration"]


def test_words_of_a_server_in_trouble() -> None:
    health = replace(
        demo_health(NOW, Span(NOW - DAY_S, NOW)),
        ready=Known(value=False),
        started_at=Known(NOW - 90.0),
        targets=Known(Targets(0, (), pending=2)),
    )
    stats = dict(zip(health_words.CARDS, health_words.stats(health, CALENDAR), strict=True))
    assert stats["Status"].figure == "Not ready"
    assert (stats["Uptime"].figure, stats["Uptime"].note) == ("1m 30s", "since 15:10")
    assert (stats["Targets"].figure, stats["Targets"].note) == ("0 of 2", "up, 2 not scraped yet")
    assert stats["Slowest scrape"].figure == "–"
