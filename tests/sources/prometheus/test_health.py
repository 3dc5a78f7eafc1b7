"""How a server is: of its own process, and of no other that it watches."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from ccmon_tray.errors import SourceUnreachable
from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.base import Span
from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.exposition import Exposition
from ccmon_tray.sources.prometheus.health import HealthReader
from ccmon_tray.sources.prometheus.server_status import NO_PAGE
from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.sources.server_health import JUST_STARTED, NO_SELF_SCRAPE, ServerHealth
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.patience import PATIENCE_S
from tests.support.replies import Request, Response, forward_to, vector
from tests.support.servers import Server, import_lines, prometheus, victoria_metrics

MIB = 1024 * 1024


def health_of(url: str, now: float | None = None) -> ServerHealth:
    now = time.time() if now is None else now
    with closing(PrometheusSource(PrometheusSettings(url=url, timeout_s=30), clock=lambda: now)) as source:
        return source.health(Span(int(now) - 60, int(now)))


def own_page(server: Server) -> Exposition:
    return Exposition(httpx.get(f"{server.url}/metrics", trust_env=False).text)


def scrape(server: Server, folder: Path, **jobs: str) -> None:
    """Let a server scrape these jobs every second, and wait until their rates can be told."""
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [urlsplit(url).netloc]}]}
            for job, url in jobs.items()
        ],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    httpx.post(f"{server.url}/-/reload", trust_env=False).raise_for_status()
    give_up = time.monotonic() + PATIENCE_S
    query = {"query": "min(count_over_time(process_start_time_seconds[1m]))"}
    while time.monotonic() < give_up:
        answer = httpx.get(f"{server.url}/api/v1/query", params=query, trust_env=False).json()
        if any(float(found["value"][1]) >= 4 for found in answer["data"]["result"]):
            return
        time.sleep(0.1)  # Prometheus does not announce a scrape
    raise AssertionError("it does not scrape")


@pytest.fixture(scope="module")
def decoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Another Prometheus, which watches nothing."""
    with prometheus(tmp_path_factory.mktemp("decoy"), retention="3d") as server:
        yield server


@pytest.fixture(scope="module")
def watching(decoy: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Prometheus that watches itself, the decoy, and something that is not there."""
    folder = tmp_path_factory.mktemp("watching")
    with prometheus(folder, retention="45d", extra_args=["--web.enable-lifecycle"]) as server:
        scrape(server, folder, a_decoy=decoy.url, myself=server.url, nobody="http://127.0.0.1:1")
        yield server


@pytest.mark.needs("prometheus")
def test_values_are_of_its_own_process(watching: Server, decoy: Server) -> None:
    health = health_of(watching.url)
    page, others = own_page(watching), own_page(decoy)
    start = "process_start_time_seconds"
    assert page.sum(start) != others.sum(start)
    assert health.started_at.value == page.sum(start)
    assert health.product == "Prometheus"
    assert health.version.value == page.labels("prometheus_build_info")["version"]
    assert health.ready.value is True
    assert health.retention.value == "45d"
    assert health.config_ok.value is True
    assert health.config_loaded_at.value == pytest.approx(time.time(), abs=120)
    assert health.oldest_at.value == pytest.approx(time.time(), abs=120)
    assert 10 * MIB < (health.memory_bytes.value or 0) < 1000 * MIB
    assert health.uptime_s is not None
    assert 0 < health.uptime_s < 600
    for figure in (
        health.blocks_bytes,
        health.compactions,
        health.wal_corruptions,
        health.compactions_failed,
    ):
        assert figure.value == 0
    assert (health.goroutines.value or 0) > 5
    assert health.capacity_bytes.value is None
    assert health.capacity_bytes.reason == "no limit by size is set"


@pytest.mark.needs("prometheus")
def test_histories_are_of_its_own_series(watching: Server, decoy: Server) -> None:
    health = health_of(watching.url)
    series = health.histories.series.value
    assert series
    # The decoy takes nothing in, so it has no series in its head.
    assert own_page(decoy).sum("prometheus_tsdb_head_series") == 0
    assert (series[-1] or 0) > 100
    assert health.histories.times[-1] == health.span.end
    assert len(health.histories.times) == len(series)
    assert (health.samples_per_s.value or 0) > 0
    assert health.samples_per_s.note == "over the last scrapes"
    assert health.histories.samples_per_s.value
    assert health.histories.memory_bytes.value
    assert health.histories.cpu_cores.value


@pytest.mark.needs("prometheus")
def test_targets(watching: Server) -> None:
    targets = health_of(watching.url).targets.value
    assert targets is not None
    assert (targets.up, targets.total) == (2, 3)
    (down,) = targets.down
    assert down.name == "nobody · 127.0.0.1:1"
    assert "refused" in down.error
    assert 0 < (targets.slowest_scrape_s or 0) < 10


@pytest.mark.needs("prometheus")
def test_a_server_whose_page_is_hidden(watching: Server) -> None:
    forward = forward_to(watching.url)

    def without_page(request: Request) -> Response:
        return Response(403, b"no") if request.path == "/metrics" else forward(request)

    with FaultyServer(without_page) as server:
        health = health_of(server.url)
    page = own_page(watching)
    assert health.memory_bytes.reason == NO_PAGE
    assert health.started_at.value == pytest.approx(page.sum("process_start_time_seconds"), abs=10)
    assert (health.goroutines.value or 0) > 5
    assert health.series.value
    assert health.config_ok.value is True


@pytest.mark.needs("prometheus")
def test_a_server_that_does_not_scrape_itself(decoy: Server) -> None:
    health = health_of(decoy.url)
    assert health.histories.memory_bytes.reason == "it does not scrape itself"
    assert health.memory_bytes.value
    assert health.cpu_cores.note == "average since its start"
    assert health.targets.reason == "it scrapes nothing"
    assert health.oldest_at.reason == "it holds no samples yet"


@pytest.fixture(scope="module")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A VictoriaMetrics that scrapes itself, as it has done before it was started anew."""
    folder = tmp_path_factory.mktemp("victoria")
    now = int(time.time())
    labels = {"__name__": "process_resident_memory_bytes", "job": "victoria-metrics", "instance": "self"}
    times = [1000 * at for at in range(now - 600, now, 10)]
    line = json.dumps({"metric": labels, "values": [5 * MIB] * len(times), "timestamps": times})
    scraping = ["-selfScrapeInterval=1s"]
    with victoria_metrics(folder, [line], retention="45d", extra_args=scraping) as server:
        give_up = time.monotonic() + PATIENCE_S
        while health_of(server.url).histories.memory_bytes.value is None and time.monotonic() < give_up:
            time.sleep(0.2)  # it does not announce a scrape
            import_lines(server.url, ())
        yield server


@pytest.mark.needs("victoria-metrics")
@pytest.mark.parametrize("prefix", ["", "/prometheus"])
def test_victoria_metrics(prefix: str, victoria: Server) -> None:
    health = health_of(victoria.url + prefix)
    assert health.product == "VictoriaMetrics"
    assert health.ready.value is True
    assert health.retention.value == "45d"
    assert 0 < (health.uptime_s or 0) < 120
    assert 1 * MIB < (health.memory_bytes.value or 0) < 1000 * MIB
    assert (health.capacity_bytes.value or 0) > MIB
    assert health.histories.memory_bytes.value
    assert health.histories.memory_bytes.value[0] == 5 * MIB
    assert health.wal_bytes.reason == "VictoriaMetrics has no write-ahead log"
    assert health.config_ok.reason == "it has no scrape configuration"


PAGE = """\
# HELP process_start_time_seconds Start
process_start_time_seconds 1000
process_cpu_seconds_total {cpu}
prometheus_build_info{{version="3.1.0",branch="a}} b"}} 1
prometheus_tsdb_head_samples_appended_total{{type="float"}} {samples}
prometheus_tsdb_head_samples_appended_total{{type="histogram"}} 1
"""


def scripted(
    page: str | None, queries: Callable[[str], Response], start: str = "1970-01-01T00:16:44.123456789Z"
) -> Callable[[Request], Response]:
    """A Prometheus with this page, which answers instant queries so, and tells this start by its API."""
    pages = {
        "/metrics": page,
        "/-/ready": "Ready.",
        "/api/v1/status/buildinfo": json.dumps({"status": "success", "data": {"version": "3.1.0"}}),
        "/api/v1/status/runtimeinfo": json.dumps({"status": "success", "data": {"startTime": start}}),
    }

    def answer(request: Request) -> Response:
        if request.path.endswith("/query"):
            return queries(request.params["query"][0])
        if request.path.endswith("/query_range"):
            return Response.data({"resultType": "matrix", "result": []})
        text = pages.get(request.path)
        return Response(404, b"404 page not found") if text is None else Response(200, text.encode())

    return answer


def test_rates_between_two_readings() -> None:
    now = [1100.0]
    with (
        FaultyServer(scripted(PAGE.format(cpu=50, samples=1000), lambda _: vector())) as server,
        closing(PrometheusClient(PrometheusSettings(url=server.url))) as client,
    ):
        reader = HealthReader(client, lambda: now[0])
        span = Span(1000, 1100)
        first = reader.read(span)
        assert (first.cpu_cores.value, first.samples_per_s.value) == (0.5, 10.01)
        assert first.cpu_cores.note == "average since its start"
        now[0] = 1110.0
        server.answer = scripted(PAGE.format(cpu=51, samples=3000), lambda _: vector())
        second = reader.read(span)
        assert (second.cpu_cores.value, second.samples_per_s.value) == (0.1, 200.0)
        assert second.cpu_cores.note == "since the last reading"
        # A restart: what was counted before is of another process.
        now[0] = 1120.0
        page = PAGE.format(cpu=1, samples=9).replace("seconds 1000", "seconds 1115")
        server.answer = scripted(page, lambda _: vector(), "1970-01-01T00:18:36Z")
        assert reader.read(span).cpu_cores.value == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("starts", "job", "reason"),
    [
        ({"a": 1000.0, "b": 999.0}, "a", ""),
        ({"a": 999.0, "b": 1001.0}, None, "it does not scrape itself"),
        ({"b": 1000.0, "a": 1000.0}, "a", ""),  # one process under two jobs
    ],
)
def test_its_own_series_start_when_it_did(starts: dict[str, float], job: str | None, reason: str) -> None:
    asked: list[str] = []

    def queries(promql: str) -> Response:
        if promql == "process_start_time_seconds":
            return vector(*(({"job": name, "instance": "x:1"}, at) for name, at in starts.items()))
        return vector(*(({"job": name, "instance": "x:1"}, 1.0) for name in starts))

    scripted_answer = scripted(PAGE.format(cpu=1, samples=1), queries)

    def answer(request: Request) -> Response:
        if request.path.endswith("/query_range"):
            asked.append(request.params["query"][0])
        return scripted_answer(request)

    with FaultyServer(answer) as server:
        health = health_of(server.url, 1100.0)
    if job is None:
        assert health.histories.memory_bytes.reason == reason
        assert asked == []
    else:
        assert len(asked) == 4
        assert all(f'job="{job}",instance="x:1"' in promql.replace(", ", ",") for promql in asked)


@pytest.mark.parametrize(
    ("age_s", "targets", "reason"),
    [(15.0, 1, JUST_STARTED), (15.0, 0, NO_SELF_SCRAPE), (300.0, 1, NO_SELF_SCRAPE)],
)
def test_before_its_first_scrapes_nobody_says_that_it_does_not_scrape_itself(
    age_s: float, targets: int, reason: str
) -> None:
    plain = scripted(PAGE.format(cpu=1, samples=1), lambda _: vector())

    def answer(request: Request) -> Response:
        if request.path.endswith("/targets"):
            return Response.data({"activeTargets": [{"health": "unknown"}] * targets})
        return plain(request)

    with FaultyServer(answer) as server:
        health = health_of(server.url, 1000.0 + age_s)
    assert health.histories.memory_bytes.reason == reason


def test_its_own_series_are_found_by_the_api_alone() -> None:
    def queries(promql: str) -> Response:
        values = (1003.5, 900.0) if promql == "process_start_time_seconds" else (1.0, 1.0)
        return vector(*(({"job": "p", "instance": str(i)}, at) for i, at in enumerate(values)))

    with FaultyServer(scripted(None, queries)) as server:  # it says 1004.1
        health = health_of(server.url, 1100.0)
        (asked, *_) = [r.params["query"][0] for r in server.requests if r.path.endswith("/query_range")]
    assert 'instance="0"' in asked
    assert health.histories.memory_bytes.reason == "no samples of it in this range"


def test_servers_that_started_together_are_not_guessed_at() -> None:
    def queries(promql: str) -> Response:
        values = (1001.0, 1003.0) if promql == "process_start_time_seconds" else (1.0, 1.0)
        return vector(*(({"job": "p", "instance": str(i)}, at) for i, at in enumerate(values)))

    with FaultyServer(scripted(None, queries)) as server:  # it says 1004.1 by its API
        health = health_of(server.url, 1100.0)
    assert health.started_at.value == pytest.approx(1004.123456)
    assert "none can be told" in health.histories.memory_bytes.reason


def test_the_page_of_another_server_at_the_same_host_is_not_its_own() -> None:
    answer = scripted(PAGE.format(cpu=1, samples=1), lambda _: vector(), "1970-01-01T01:00:00Z")

    def behind_a_prefix(request: Request) -> Response:
        is_hidden = request.path == "/mine/metrics"
        return (
            Response(404, b"")
            if is_hidden
            else answer(replace(request, path=request.path.removeprefix("/mine")))
        )

    with FaultyServer(behind_a_prefix) as server:
        health = health_of(server.url + "/mine", 9000.0)
    assert health.started_at.value == 3600
    assert health.cpu_cores.reason == NO_PAGE


def test_a_product_of_several_processes() -> None:
    def mimir(request: Request) -> Response:
        if request.path.endswith("/buildinfo"):
            return Response.data({"application": "Grafana Mimir", "version": "2.10.0"})
        if request.path == "/ready":
            return Response(200, b"ready")
        if request.path == "/metrics":
            return Response(200, b"cortex_build_info 1\nprocess_start_time_seconds 5\n")
        return Response(404, b"404 page not found")

    with FaultyServer(mimir) as server:
        health = health_of(server.url + "/prometheus")
    assert (health.product, health.version.value) == ("Mimir", "2.10.0")
    assert health.ready.value is True
    for figure in (health.memory_bytes, health.retention, health.targets, health.started_at):
        assert figure.value is None
        assert figure.reason == "Mimir is several processes, and does not tell of one"
    assert "does not tell when it started" in health.histories.cpu_cores.reason


def test_a_server_that_reads_its_log_again_after_a_start() -> None:
    def starting(request: Request) -> Response:
        if request.path == "/metrics":
            return Response(200, PAGE.format(cpu=1, samples=1).encode())
        return Response(503, b"Service Unavailable")

    with FaultyServer(starting) as server:
        health = health_of(server.url, 1100.0)
    assert health.ready.value is False
    assert health.version.value == "3.1.0"
    assert health.uptime_s == 100
    assert health.histories.memory_bytes.reason == "the server is not ready"


def test_a_server_that_is_away() -> None:
    with FaultyServer() as server:
        server.fault = Fault.ABSENT
        with pytest.raises(SourceUnreachable):
            health_of(server.url)
