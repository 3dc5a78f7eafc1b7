"""The client against the real Prometheus and VictoriaMetrics, and what other products answer."""

import json
import math
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ccmon_tray.errors import SourceRejected, SourceUnavailable, SourceUnreachable
from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.prometheus.client import BuildInfo, PrometheusClient
from ccmon_tray.sources.prometheus.server_info import MONTH_S, parse_retention_s
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.replies import Answer, Request, Response, forward_to
from tests.support.servers import Server, prometheus, victoria_metrics

DAY_S = 86400
MINUTES = range(0, 600, 60)


@pytest.fixture(scope="module")
def now() -> int:
    return int(time.time())


@pytest.fixture(scope="module")
def real_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), retention="45d") as server:
        yield server


@pytest.fixture(scope="module")
def real_victoria(tmp_path_factory: pytest.TempPathFactory, now: int) -> Iterator[Server]:
    times = [1000 * (now - 600 + minute) for minute in MINUTES]
    metric = {"__name__": "a.b", "c.d": "e"}
    line = json.dumps({"metric": metric, "values": list(range(len(times))), "timestamps": times})
    folder = tmp_path_factory.mktemp("victoria")
    with victoria_metrics(folder, [line], retention="45d") as server:
        yield server


def client_of(server: Server | FaultyServer, prefix: str = "") -> "closing[PrometheusClient]":
    return closing(PrometheusClient(PrometheusSettings(url=server.url + prefix, timeout_s=30)))


@pytest.mark.needs("prometheus")
def test_prometheus(real_prometheus: Server, now: int) -> None:
    with client_of(real_prometheus) as client:
        build = client.build_info()
        assert build.product == "Prometheus"
        assert build.version is not None
        assert build.version.startswith("2.")
        assert client.retention_s(build.product) == 45 * DAY_S
        assert [(s.labels, s.value, s.time) for s in client.query("vector(1.5)", now)] == [({}, 1.5, now)]
        (series,) = client.query_range("time()", now - 61, now - 1, 30)
        assert series.points == [(now - 61, now - 61), (now - 31, now - 31), (now - 1, now - 1)]
        assert client.metric_names(now - 60, now) == []
        assert client.series(["up"], now - 60, now, limit=1) == []
        with pytest.raises(SourceRejected, match="parse error"):
            client.query("sum(", now)


@pytest.mark.needs("prometheus")
def test_real_answers_between_faults(real_prometheus: Server, now: int) -> None:
    with FaultyServer(forward_to(real_prometheus.url)) as server, client_of(server) as client:
        server.fault = Fault.ABSENT
        with pytest.raises(SourceUnreachable):
            client.build_info()
        server.fault = Fault.NONE
        assert client.build_info().product == "Prometheus"
        assert client.query("vector(1.5)", now)[0].value == 1.5
        with pytest.raises(SourceRejected, match="parse error"):
            client.query("sum(", now)
        server.fault = Fault.NAN_AND_INF
        (sample,) = client.query("vector(1.5)", now)
        assert math.isnan(sample.value)


@pytest.mark.needs("victoria-metrics")
@pytest.mark.parametrize("prefix", ["", "/prometheus"])
def test_victoria_metrics(prefix: str, real_victoria: Server, now: int) -> None:
    with client_of(real_victoria, prefix) as client:
        assert client.build_info().product == "VictoriaMetrics"
        assert client.retention_s("VictoriaMetrics") == 45 * DAY_S
        assert client.metric_names(now - 3600, now) == ["a.b"]
        assert client.label_values("c.d", ['{__name__="a.b"}'], now - 3600, now) == ["e"]
        assert client.series(['{__name__="a.b"}'], now - 3600, now) == [{"__name__": "a.b", "c.d": "e"}]
        (raw,) = client.query_samples('{__name__="a.b"}[1h]', now)
        assert [value for _, value in raw.points] == list(map(float, range(len(MINUTES))))
        # More than 50 steps, which it would align to its cache unless told not to.
        (series,) = client.query_range("time()", now - 607, now - 7, 10)
        assert series.points[0][0] == now - 607
        with pytest.raises(SourceRejected):
            client.query("sum(", now)


@pytest.mark.needs("victoria-metrics")
def test_victoria_metrics_keeps_a_month_by_default(tmp_path: Path) -> None:
    with victoria_metrics(tmp_path, retention="1") as server, client_of(server) as client:
        assert client.retention_s("VictoriaMetrics") == MONTH_S


def product(
    build: object,
    *,
    status: int = 200,
    pages: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Answers the status API as some product does."""

    def answer(request: Request) -> Response:
        if request.path.endswith("/api/v1/status/buildinfo"):
            if status != 200:
                return Response(status, b"404 page not found")
            reply = Response.data(build)
            return Response(200, reply.body, {**reply.headers, **(headers or {})})
        page = (pages or {}).get(request.path)
        return Response(404, b"404 page not found") if page is None else Response(200, page.encode())

    return answer


@pytest.mark.parametrize(
    ("answer", "expected", "retention_s"),
    [
        (product({"application": "Grafana Mimir", "version": "2.10.0"}), BuildInfo("Mimir", "2.10.0"), None),
        (product({"version": "0.36.1", "revision": "x"}), BuildInfo("Thanos", "0.36.1"), None),
        (product(None, status=404), BuildInfo("Prometheus-compatible", None), None),
        (product(None, status=403), BuildInfo("Prometheus-compatible", None), None),
        (product({"version": "3.1.0"}), BuildInfo("Prometheus", "3.1.0"), None),
        (
            product(
                {"version": "2.24.0"},
                pages={
                    "/metrics": 'x 1\nvm_app_version{version="x-v1.93.0", short_version="v1.93.0"} 1\n',
                    "/flags": '-httpListenAddr=":8428"\n-retentionPeriod="2"\n',
                },
                headers={"X-Server-Hostname": "vm"},
            ),
            BuildInfo("VictoriaMetrics", "1.93.0"),
            2 * MONTH_S,
        ),
        (
            product(
                {"version": "2.24.0"},
                pages={"/flags": '-storageNode="a,b"\n'},
                headers={"X-Server-Hostname": "vm"},
            ),
            BuildInfo("VictoriaMetrics", None),
            None,
        ),
    ],
    ids=["Mimir", "Thanos", "bare", "guarded", "guarded Prometheus", "later VictoriaMetrics", "its cluster"],
)
def test_products(answer: Answer, expected: BuildInfo, retention_s: float | None) -> None:
    with FaultyServer(answer) as server, client_of(server, "/prometheus") as client:
        assert client.build_info() == expected
        assert client.retention_s(expected.product) == retention_s


def test_server_that_is_down_is_no_unknown_product() -> None:
    with FaultyServer() as server, client_of(server) as client:
        server.fault = Fault.UNAVAILABLE
        with pytest.raises(SourceUnavailable):
            client.build_info()
        with pytest.raises(SourceUnavailable):
            client.retention_s("Prometheus")


@pytest.mark.parametrize(
    ("text", "expected_s"),
    [
        ("15d", 15 * DAY_S),
        ("15d or 10GiB", 15 * DAY_S),
        ("1y2w", 379 * DAY_S),
        ("36h30m", 131_400),
        ("10GiB", None),
        ("0s", None),
        ("", None),
        ("15 days", None),
    ],
)
def test_retention_in_words(text: str, expected_s: float | None) -> None:
    assert parse_retention_s(text) == expected_s
