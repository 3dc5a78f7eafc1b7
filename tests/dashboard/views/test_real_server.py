"""What the views show of a real Prometheus is what its reports say, which is the known truth."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ccmon_tray.dashboard.views.insights import InsightsView
from ccmon_tray.dashboard.views.summary import SummaryView
from ccmon_tray.dashboard.views.tokens import TokensView
from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.sources.reports import build_report
from ccmon_tray.usage import formatting
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.windows import resolve
from tests.support.servers import TOOLS, Kind
from tests.support.truth.cases import CALENDAR, NOW, dataset
from tests.support.truth.known import Truth
from tests.support.truth.loading import loading
from tests.support.views import OpenView

pytestmark = pytest.mark.needs(*TOOLS[Kind.PROMETHEUS])

CASE = "resumed, scraped"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with loading(dataset(CASE), Kind.PROMETHEUS) as loaded:
        yield loaded.server.url


@pytest.fixture(scope="module")
def truth() -> Truth:
    return dataset(CASE).truth


@pytest.fixture
def source(url: str) -> Iterator[PrometheusSource]:
    source = PrometheusSource(PrometheusSettings(url=url, timeout_s=60), clock=lambda: NOW)
    yield source
    source.close()


def test_summary_and_tokens(open_view: OpenView, source: PrometheusSource, truth: Truth) -> None:
    window = resolve("30d", NOW, CALENDAR)
    totals = build_report(source, window, CALENDAR).totals
    assert totals.tokens is not None

    summary = open_view("summary", "30d", source=source, now=NOW).page.view
    tokens = open_view("tokens", "30d", source=source, now=NOW).page.view

    assert isinstance(summary, SummaryView)
    assert isinstance(tokens, TokensView)
    assert summary.main_cards[0].figure == formatting.money(totals.cost_usd)
    assert summary.main_cards[0].figure == formatting.money(
        truth.total(Metric.COST, window.start, window.end)
    )
    assert (
        summary.main_cards[2].figure == tokens.main_cards[0].figure == formatting.tokens(totals.tokens.total)
    )
    assert tokens.type_cards[0].figure == formatting.tokens(totals.tokens.input)
    assert tokens.type_cards[2].figure == formatting.tokens(totals.tokens.cache_read)


def test_insights(open_view: OpenView, source: PrometheusSource, truth: Truth) -> None:
    view = open_view("insights", source=source, now=NOW).page.view

    assert isinstance(view, InsightsView)
    for card, name in zip(view.period_cards, ("this week", "7d", "this month", "30d"), strict=True):
        window = resolve(name, NOW, CALENDAR)
        assert card.stat is not None
        assert card.stat.main.figure == formatting.money(truth.total(Metric.COST, window.start, window.end))
        assert card.stat.lines[1].figure == str(len(truth.sessions(window.start, window.end)))
    per_day = [row[-1] for row in view.charts[0].table().rows]
    today = CALENDAR.day_of(NOW)
    midnights = [CALENDAR.midnight(today - timedelta(days=back)) for back in range(29, -1, -1)]
    assert per_day == pytest.approx(truth.steps(Metric.COST, [*midnights, NOW]), rel=1e-4, abs=1e-6)
