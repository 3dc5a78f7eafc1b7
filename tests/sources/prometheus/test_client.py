"""The client against a real socket: what it asks, how it shares connections and threads, how it ends."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from ccmon_tray.errors import SettingsError, SourceRejected, SourceUnreachable
from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.prometheus.client import PrometheusClient
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.patience import PATIENCE_S, allowed
from tests.support.replies import Response, vector

NOW = 1_795_000_000.0
CONCURRENCY = 3

ClientThreads = Callable[[], list[threading.Thread]]


@pytest.fixture
def client(server: FaultyServer) -> Iterator[PrometheusClient]:
    with closing(PrometheusClient(PrometheusSettings(url=server.url, concurrency=CONCURRENCY))) as client:
        yield client


def test_instant_query(server: FaultyServer, client: PrometheusClient) -> None:
    (sample,) = client.query("sum(up)", 1_795_000_000.1239)
    assert (sample.labels, sample.value, sample.time) == ({"job": "test"}, 42.0, 1_795_000_000.124)
    request = server.requests[0]
    assert (request.method, request.path) == ("POST", "/api/v1/query")
    # The server gives up a little before we do, so that its words arrive.
    assert request.params == {
        "query": ["sum(up)"],
        "time": ["1795000000.124"],
        "timeout": ["9000ms"],
        "nocache": ["1"],
    }


def test_scalar(server: FaultyServer, client: PrometheusClient) -> None:
    server.answer = lambda _: Response.data({"resultType": "scalar", "result": [NOW, "-Inf"]})
    (sample,) = client.query("scalar(x)", NOW)
    assert (sample.labels, sample.value) == ({}, float("-inf"))


def test_native_histograms_are_left_out(server: FaultyServer, client: PrometheusClient) -> None:
    histogram = {"metric": {}, "histogram": [NOW, {"count": "1"}]}
    number = {"metric": {"a": "b"}, "value": [NOW, "1"]}
    server.answer = lambda _: Response.data({"resultType": "vector", "result": [histogram, number]})
    assert [sample.labels for sample in client.query("x", NOW)] == [{"a": "b"}]


def test_range_query(server: FaultyServer, client: PrometheusClient) -> None:
    (series,) = client.query_range("up", NOW, NOW + 3600, 60)
    assert series.points == [(NOW, 42.0)]
    params = server.requests[0].params
    assert (params["start"], params["end"], params["step"]) == (
        ["1795000000.000"],
        ["1795003600.000"],
        ["60.000"],
    )


def test_raw_samples(server: FaultyServer, client: PrometheusClient) -> None:
    points = [[NOW - 15, "1"], [NOW, "2"]]
    server.answer = lambda _: Response.data(
        {"resultType": "matrix", "result": [{"metric": {"a": "b"}, "values": points}]}
    )
    (series,) = client.query_samples("m[1m]", NOW)
    assert series.points == [(NOW - 15, 1.0), (NOW, 2.0)]


def test_label_values_with_dots_and_several_matchers(server: FaultyServer, client: PrometheusClient) -> None:
    server.answer = lambda _: Response.data(["a", "b"])
    assert client.label_values("session.id", ['{a="b"}', "c"], NOW - 60, NOW) == ["a", "b"]
    request = server.requests[0]
    assert request.path == "/api/v1/label/session.id/values"
    assert request.params["match[]"] == ['{a="b"}', "c"]
    assert client.label_values("a/b", [], NOW - 60, NOW) == ["a", "b"]
    assert server.requests[1].path == "/api/v1/label/a%2Fb/values"


def test_metric_names(server: FaultyServer, client: PrometheusClient) -> None:
    server.answer = lambda _: Response.data(None)  # an empty list of some servers
    assert client.metric_names(NOW - 60, NOW) == []
    assert server.requests[0].path == "/api/v1/label/__name__/values"
    assert "match[]" not in server.requests[0].params


def test_series_are_cut_where_the_server_knows_no_limit(
    server: FaultyServer, client: PrometheusClient
) -> None:
    server.answer = lambda _: Response.data([{"n": str(n)} for n in range(5)])
    assert client.series(["up"], NOW - 60, NOW, limit=2) == [{"n": "0"}, {"n": "1"}]
    assert server.requests[0].params["limit"] == ["2"]
    assert len(client.series(["up"], NOW - 60, NOW)) == 5


def test_partial_answers_of_thanos_can_be_seen(server: FaultyServer, client: PrometheusClient) -> None:
    words = "No StoreAPIs matched for this query"
    hint = 'PromQL info: metric might not be a counter: "x"'
    server.answer = lambda _: Response.data({"resultType": "vector", "result": []}, warnings=[words, hint])
    client.query("up", NOW)
    client.query("up", NOW)
    assert client.take_warnings() == (words,)
    assert client.take_warnings() == ()


@pytest.mark.parametrize("end", ["", "/", "//"])
def test_path_prefix(end: str, server: FaultyServer) -> None:
    settings = PrometheusSettings(url=f"{server.url}/some/prefix{end}")
    with closing(PrometheusClient(settings)) as client:
        client.query("up", NOW)
        assert client.safe_url == f"{server.url}/some/prefix"
    assert server.requests[0].path == "/some/prefix/api/v1/query"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://me:12/secret@host", "percent-encoding"),
        ("http://xn--/", "cannot be read"),
        ("http://host/graph?g0.expr=up", "address of a page"),
    ],
)
def test_unusable_url(url: str, words: str) -> None:
    with pytest.raises(SettingsError) as told:
        PrometheusClient(PrometheusSettings(url=url))
    assert words in str(told.value)
    assert "secret" not in str(told.value)


def test_connections_are_kept(
    client_threads: ClientThreads, server: FaultyServer, client: PrometheusClient
) -> None:
    for _ in range(20):
        client.query("up", NOW)
    assert server.connections_made == 1
    client.gather([lambda: client.query("up", NOW)] * 30)
    assert server.connections_made <= CONCURRENCY
    assert len(client_threads()) <= CONCURRENCY


def test_connection_that_the_server_closed_is_replaced(
    server: FaultyServer, client: PrometheusClient
) -> None:
    client.query("up", NOW)
    server.drop_connections()
    assert client.query("up", NOW)[0].value == 42.0
    assert server.connections_made == 2


def test_connections_from_before_sleep_are_not_trusted(
    server: FaultyServer, client: PrometheusClient
) -> None:
    client.query("up", NOW)
    # During sleep the wall clock goes on, the monotonic clock does not.
    wall, monotonic = client._connection._clocks
    client._connection._clocks = (wall - 3600, monotonic)
    assert client.query("up", NOW)[0].value == 42.0
    assert server.connections_made == 2


def test_gather_keeps_the_order_and_the_bound(client: PrometheusClient) -> None:
    together = threading.Barrier(CONCURRENCY)
    running = 0
    most = 0
    lock = threading.Lock()

    def call(number: int) -> Callable[[], int]:
        def run() -> int:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            together.wait(PATIENCE_S)  # passes only when as many as may run do run
            with lock:
                running -= 1
            return number

        return run

    assert client.gather([call(number) for number in range(4 * CONCURRENCY)]) == list(range(4 * CONCURRENCY))
    assert most == CONCURRENCY


def test_gather_inside_gather_does_not_wait_for_itself(client: PrometheusClient) -> None:
    def outer() -> float:
        return sum(sample.value for (sample,) in client.gather([lambda: client.query("up", NOW)] * 2))

    assert client.gather([outer] * (2 * CONCURRENCY)) == [84.0] * (2 * CONCURRENCY)


def test_gather_of_nothing(client_threads: ClientThreads, client: PrometheusClient) -> None:
    assert client.gather([]) == []
    assert client_threads() == [], "threads start when needed"


def test_first_error_cancels_the_calls_that_wait(server: FaultyServer, client: PrometheusClient) -> None:
    refusal = {"status": "error", "errorType": "bad_data", "error": "no"}
    server.answer = lambda _: Response.json(refusal, status=400)
    with pytest.raises(SourceRejected):
        client.gather([lambda: client.query("up", NOW)] * 50)
    server.answer = lambda _: vector()
    client.gather([lambda: client.query("up", NOW)] * CONCURRENCY)  # after what was under way
    assert server.asked <= 3 * CONCURRENCY


def test_many_threads_share_the_client(server: FaultyServer, client: PrometheusClient) -> None:
    values: list[float] = []
    threads = [
        threading.Thread(target=lambda: values.extend(s.value for s in client.query("up", NOW)))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert values == [42.0] * 16
    assert server.connections_made <= CONCURRENCY


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.HANG_IN_BODY, Fault.DRIP])
def test_close_ends_calls_under_way(
    fault: Fault, client_threads: ClientThreads, server: FaultyServer, client: PrometheusClient
) -> None:
    client.query("up", NOW)
    server.fault = fault
    took_s, error = closed_while_asking(client, lambda: server.wait_until_asked(1 + CONCURRENCY))
    assert took_s < allowed(0.3)
    assert "was closed" in str(error)
    assert client_threads() == []


def test_close_ends_calls_that_nothing_can_interrupt(
    client_threads: ClientThreads, client: PrometheusClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A resolver that hangs cannot be had on demand.
    asked, answer = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        asked.set()
        answer.wait(PATIENCE_S)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    took_s, error = closed_while_asking(client, lambda: asked.wait(PATIENCE_S))
    assert took_s < allowed(0.3)
    assert "was closed" in str(error)
    assert client_threads()
    assert all(thread.daemon for thread in client_threads())
    answer.set()
    deadline = time.monotonic() + PATIENCE_S
    while client_threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert client_threads() == []


def test_caller_does_not_wait_for_a_resolver_that_hangs(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    resolve = socket.getaddrinfo

    def hang(*args: object, **kwargs: object) -> object:
        release.wait(PATIENCE_S)
        return resolve(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    settings = PrometheusSettings(url=server.url, timeout_s=0.2, concurrency=1)
    with closing(PrometheusClient(settings)) as client:
        for _ in range(2):  # the second finds the only thread still hanging
            with pytest.raises(SourceUnreachable, match="does not answer"):
                client.query("up", NOW)
        release.set()
        assert client.query("up", NOW)[0].value == 42.0


def closed_while_asking(client: PrometheusClient, until: Callable[[], object]) -> tuple[float, Exception]:
    """Close the client while a thread waits for answers; how long the thread still took, and its error."""
    errors: list[Exception] = []

    def ask() -> None:
        try:
            client.gather([lambda: client.query("up", NOW)] * 10)
        except SourceUnreachable as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    until()
    begun = time.monotonic()
    client.close()
    thread.join(PATIENCE_S)
    return time.monotonic() - begun, errors[0]


def test_closed_client_says_so(server: FaultyServer, client: PrometheusClient) -> None:
    client.query("up", NOW)
    client.close()
    client.close()
    with pytest.raises(SourceUnreachable, match="was closed"):
        client.query("up", NOW)
    assert server.asked == 1
