"""Where the counters cannot tell, the answer says so, names the sessions, and does not run away."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.usage.metrics import Metric
from tests.support.servers import TOOLS, Kind
from tests.support.truth import recorders
from tests.support.truth.anomalies import Anomaly, saw_tooth, two_writers
from tests.support.truth.cases import NOW, Dataset, dataset
from tests.support.truth.known import Truth
from tests.support.truth.loading import loading
from tests.support.truth.recorders import Recorder

DAY_S = 86_400
SPANS = [Span(NOW - DAY_S, NOW), Span(NOW - 7 * DAY_S, NOW), Span(NOW - 30 * DAY_S, NOW)]

kinds = pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.needs(*TOOLS[kind])) for kind in Kind], scope="module"
)


def _asked(kind: Kind, anomaly: Anomaly) -> Iterator[PrometheusSource]:
    with (
        loading(anomaly.data, kind) as held,
        closing(PrometheusSource(PrometheusSettings(url=held.server.url), clock=lambda: NOW)) as source,
    ):
        yield source


@pytest.fixture(scope="module")
def delta_fed(kind: Kind) -> Iterator[PrometheusSource]:
    yield from _asked(kind, saw_tooth())


RECORDERS: dict[str, Recorder] = {"exported": recorders.cumulative, "scraped": recorders.scraped}


@pytest.fixture(scope="module", params=RECORDERS)
def doubly_written(kind: Kind, request: pytest.FixtureRequest) -> Iterator[PrometheusSource]:
    yield from _asked(kind, two_writers(RECORDERS[request.param]))


def _told(source: PrometheusSource, span: Span) -> dict[str, set[str]]:
    return {warning.code: set(warning.sessions) for warning in source.warnings(span)}


@kinds
@pytest.mark.parametrize("span", SPANS, ids=["1d", "7d", "30d"])
def test_a_delta_fed_exporter_is_told_from_resumes(delta_fed: PrometheusSource, span: Span) -> None:
    assert _told(delta_fed, span) == {"counter-resets": saw_tooth().sessions}


@kinds
def test_a_delta_fed_exporter_never_makes_the_figure_too_high(delta_fed: PrometheusSource) -> None:
    span = SPANS[0]
    truth = saw_tooth().data.truth
    for metric in (Metric.COST, Metric.TOKENS):
        said = delta_fed.ask([Question(metric, span)])[0].total
        assert said is not None
        assert 0 < said < truth.total(metric, span.start, span.end) * (1 + 1e-9)


@kinds
@pytest.mark.parametrize("span", SPANS, ids=["1d", "7d", "30d"])
def test_two_writers_are_told_from_resumes(doubly_written: PrometheusSource, span: Span) -> None:
    assert _told(doubly_written, span) == {"two-writers": two_writers(recorders.cumulative).sessions}


@kinds
def test_two_writers_do_not_inflate_the_figure(doubly_written: PrometheusSource) -> None:
    """Taking every drop for a reset multiplies it; the estimate stays near the truth."""
    span = SPANS[0]
    truth = two_writers(recorders.cumulative).data.truth
    for metric in (Metric.COST, Metric.TOKENS):
        said = doubly_written.ask([Question(metric, span)])[0].total
        assert said == pytest.approx(truth.total(metric, span.start, span.end), rel=0.1)


@kinds
def test_a_window_beyond_the_retention_is_told(kind: Kind) -> None:
    """Retention is about the real present, so the data moves there."""
    now = int(time.time())
    recording = recorders.shifted(dataset("API key alone").recording, now - NOW)
    data = Dataset("present", recording, Truth(recording))
    clock: Callable[[], float] = lambda: now  # noqa: E731
    with (
        loading(data, kind, retention="20d") as held,
        closing(PrometheusSource(PrometheusSettings(url=held.server.url), clock=clock)) as source,
    ):
        assert source.inventory().retention_s == 20 * DAY_S
        assert _told(source, Span(now - 30 * DAY_S, now)) == {"beyond-retention": set()}
        assert _told(source, Span(now - 7 * DAY_S, now)) == {}
        week = Span(now - 7 * DAY_S, now)
        said = source.ask([Question(Metric.COST, week)])[0].total
        assert said == pytest.approx(data.truth.total(Metric.COST, week.start, week.end), rel=1e-4)
