"""The truth itself on trial: the samples agree where they can tell, and the data is not too easy."""

from collections.abc import Iterator

import httpx
import pytest

from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.windows import Window
from tests.support.servers import Kind, Server
from tests.support.truth.cases import CASE_NAMES, NOW, RANGES, WINDOWS, dataset
from tests.support.truth.loading import Loaded
from tests.support.truth.recorders import Points

TOLERANCE = 1e-9


def _added_up(points: Points, window: Window) -> float:
    """What a reader of the raw samples makes of a series: steps up, and after a drop the new value."""
    last = total = 0.0
    for at, value in points:
        if at > window.end:
            break
        if at > window.start:
            total += value - last if value >= last else value
        last = value
    return total


@pytest.mark.parametrize("name", [name for name in CASE_NAMES if "resumed" not in name])
def test_truth_agrees_with_the_raw_samples(name: str) -> None:
    data = dataset(name)
    for window in WINDOWS:
        for metric in Metric:
            added = sum(
                _added_up(points, window)
                for key, points in data.recording.series.items()
                if key.metric is metric
            )
            known = data.truth.total(metric, window.start, window.end)
            assert added == pytest.approx(known, rel=TOLERANCE, abs=1e-6), (window, metric)


@pytest.mark.parametrize("name", [name for name in CASE_NAMES if "resumed" in name])
def test_resumes_hide_use_from_a_reader_of_single_series(name: str) -> None:
    """Else these datasets would not tell an exact source from one that only looks for drops."""
    data = dataset(name)
    window = next(window for window in RANGES if window.name == "30d")
    added = sum(
        _added_up(points, window)
        for key, points in data.recording.series.items()
        if key.metric is Metric.TOKENS
    )
    assert added < 0.99 * data.truth.total(Metric.TOKENS, window.start, window.end)


@pytest.mark.parametrize("name", CASE_NAMES)
def test_every_window_holds_use(name: str) -> None:
    data = dataset(name)
    for window in WINDOWS:
        assert data.truth.total(Metric.COST, window.start, window.end) > 0, window


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=60) as client:
        yield client


def _sum(client: httpx.Client, server: Server, promql: str, at: int) -> float:
    answer = client.post(server.url + "/api/v1/query", data={"query": promql, "time": str(at)})
    answer.raise_for_status()
    return sum(float(sample["value"][1]) for sample in answer.json()["data"]["result"])


def test_the_server_holds_every_series(loaded: Loaded, client: httpx.Client) -> None:
    names = loaded.data.spelling.names
    for metric in Metric:
        stored = len([key for key in loaded.data.recording.series if key.metric is metric])
        selector = f'{{__name__="{names[metric]}"}}'
        counted = _sum(client, loaded.server, f"count(last_over_time({selector}[130d]))", NOW + 7200)
        assert counted == stored, metric


def test_increase_is_off(loaded: Loaded, client: httpx.Client) -> None:
    """What `sum(increase(m[R]))` would have said of cost, tokens and sessions."""
    data, names = loaded.data, loaded.data.spelling.names
    # MetricsQL's own increase() counts from 0 and does not extrapolate; this is its name for the other.
    function = "increase" if loaded.server.kind is Kind.PROMETHEUS else "increase_prometheus"
    worst = dict.fromkeys((Metric.COST, Metric.TOKENS, Metric.SESSIONS), 0.0)
    for window in data.windows:
        for metric in worst:
            known = data.truth.total(metric, window.start, window.end)
            if known == 0:
                continue
            promql = f'sum({function}({{__name__="{names[metric]}"}}[{window.seconds}s]))'
            said = _sum(client, loaded.server, promql, window.end)
            worst[metric] = max(worst[metric], abs(said / known - 1))
    assert worst[Metric.COST] > 0.01
    assert worst[Metric.TOKENS] > 0.01
    assert worst[Metric.SESSIONS] > 0.9
