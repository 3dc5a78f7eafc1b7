"""Every way in which a server can fail, on a real socket: the error's kind, its words, and the recovery."""

import math
import socket
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from ccmon_tray.errors import (
    SourceAnswerInvalid,
    SourceDenied,
    SourceError,
    SourceNotFound,
    SourceRejected,
    SourceUnavailable,
    SourceUnreachable,
)
from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.prometheus.address import parse_address
from ccmon_tray.sources.prometheus.answers import parse_answer
from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.faults import Reply, from_parsing
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.patience import allowed
from tests.support.replies import Response

TIMEOUT_S = 0.4
NOW = 1_795_000_000.0


@pytest.fixture
def client(server: FaultyServer) -> Iterator[PrometheusClient]:
    settings = PrometheusSettings(url=server.url, timeout_s=TIMEOUT_S, max_answer_mib=1)
    with closing(PrometheusClient(settings)) as client:
        yield client


TOLD = {
    Fault.ABSENT: (SourceUnreachable, "refused"),
    Fault.HANG: (SourceUnreachable, "within 0.4 s"),
    Fault.HANG_IN_BODY: (SourceUnreachable, "within 0.4 s"),
    Fault.DRIP: (SourceUnreachable, "within 0.4 s"),
    Fault.RESET: (SourceUnreachable, "reset"),
    Fault.RESET_IN_BODY: (SourceUnreachable, "reset"),
    Fault.UNAUTHORIZED: (SourceDenied, "asks for credentials"),
    Fault.FORBIDDEN: (SourceDenied, "HTTP 403"),
    Fault.NOT_FOUND: (SourceNotFound, "before /api/v1"),
    Fault.UNPROCESSABLE: (SourceRejected, "too many samples"),
    Fault.TOO_MANY: (SourceUnavailable, "HTTP 429"),
    Fault.INTERNAL: (SourceUnavailable, "boom"),
    Fault.UNAVAILABLE: (SourceUnavailable, "HTTP 503"),
    Fault.LOGIN_REDIRECT: (SourceDenied, "https://sso.example.com/login"),
    Fault.TRUNCATED_JSON: (SourceAnswerInvalid, "cut off"),
    Fault.INVALID_JSON: (SourceAnswerInvalid, "not JSON"),
    Fault.HTML: (SourceAnswerInvalid, "HTML"),
    Fault.WRONG_SHAPE: (SourceAnswerInvalid, "not a vector"),
    Fault.HUGE: (SourceAnswerInvalid, "more than 1 MiB"),
    Fault.HUGE_PACKED: (SourceAnswerInvalid, "more than 1 MiB"),
    Fault.NOT_HTTP: (SourceAnswerInvalid, "does not speak HTTP"),
}


@pytest.mark.parametrize("is_warm", [False, True], ids=["first request", "kept connection"])
@pytest.mark.parametrize("fault", TOLD)
def test_fault_is_told_and_over_at_once(
    fault: Fault, is_warm: bool, server: FaultyServer, client: PrometheusClient
) -> None:
    if is_warm:
        client.query("up", NOW)
    kind, words = TOLD[fault]
    server.fault = fault
    with pytest.raises(SourceError) as told:
        client.query("up", NOW)
    error = told.value
    assert type(error) is kind
    assert words in str(error)
    assert error.next_step
    assert server.url.removeprefix("http://") in str(error), "the server is not named"
    assert "<" not in str(error), "markup in a message"
    assert "secret" not in str(error)

    server.fault = Fault.NONE
    assert client.query("up", NOW)[0].value == 42.0


def test_json_cut_anywhere_is_called_cut_off() -> None:
    address = parse_address("http://host")
    body = b'{"status": "success", "data": [null, true, -1.5e3, "caf\xc3\xa9 \\u00e9"]}'
    for end in range(1, len(body)):
        reply = Reply(200, {}, body[:end])
        with pytest.raises(ValueError) as told:  # noqa: PT011  # whatever the parser says of it
            parse_answer(reply.body)
        assert "is cut off" in str(from_parsing(told.value, reply, address)), body[:end]


@pytest.mark.parametrize(
    ("body", "words"), [(b"", "empty answer"), (b"\xff\xfe", "not JSON"), (b"[1]", "not a JSON object")]
)
def test_what_is_no_answer(body: bytes, words: str, server: FaultyServer, client: PrometheusClient) -> None:
    server.answer = lambda _: Response(200, body)
    with pytest.raises(SourceAnswerInvalid, match=words):
        client.query("up", NOW)


def test_every_fault_is_tested() -> None:
    assert set(Fault) == {*TOLD, Fault.NONE, Fault.NAN_AND_INF}


def test_not_a_number_is_a_value(server: FaultyServer, client: PrometheusClient) -> None:
    server.fault = Fault.NAN_AND_INF
    (sample,) = client.query("up", NOW)
    assert math.isnan(sample.value)
    (series,) = client.query_range("up", NOW, NOW + 60, 60)
    assert math.isnan(series.points[0][1])


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        ("bad_data", 400, SourceRejected),
        ("execution", 422, SourceRejected),
        ("422", 422, SourceRejected),
        ("timeout", 503, SourceUnavailable),
        ("canceled", 503, SourceUnavailable),
        ("unavailable", 503, SourceUnavailable),
        ("internal", 500, SourceUnavailable),
        ("not_found", 404, SourceNotFound),
        ("503", 503, SourceUnavailable),
        ("timeout", 200, SourceUnavailable),
        ("bad_data", 200, SourceRejected),
    ],
)
def test_error_types_of_the_api(
    kind: str, status: int, error: type[SourceError], server: FaultyServer, client: PrometheusClient
) -> None:
    answer = {"status": "error", "errorType": kind, "error": "the server's own words"}
    server.answer = lambda _: Response.json(answer, status=status)
    with pytest.raises(SourceError, match="the server's own words") as told:
        client.query("up", NOW)
    assert type(told.value) is error


@pytest.mark.parametrize(
    ("header", "expected_s"), [("120", 120), ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("soon", None), ("", None)]
)
def test_retry_after_is_passed_on(
    header: str, expected_s: float | None, server: FaultyServer, client: PrometheusClient
) -> None:
    server.answer = lambda _: Response(503, b"", {"Retry-After": header})
    with pytest.raises(SourceUnavailable) as told:
        client.query("up", NOW)
    assert told.value.retry_after_s == expected_s


def test_unknown_name() -> None:
    client = PrometheusClient(PrometheusSettings(url="http://prometheus.invalid:9090"))
    with closing(client), pytest.raises(SourceUnreachable) as told:
        client.query("up", NOW)
    assert "The name prometheus.invalid is not known" in str(told.value)


@pytest.mark.parametrize(
    ("location", "error", "words"),
    [
        (
            "https://prom.example.com/prometheus/api/v1/query",
            SourceNotFound,
            "https://prom.example.com/prometheus if",
        ),
        ("/login?next=%2F", SourceDenied, "/login"),
        ("", SourceDenied, "redirects"),
        ("http://[", SourceDenied, "HTTP 302"),
    ],
)
def test_redirects_are_told_not_followed(
    location: str, error: type[SourceError], words: str, server: FaultyServer, client: PrometheusClient
) -> None:
    server.answer = lambda _: Response(302, b"", {"Location": location})
    with pytest.raises(SourceError) as told:
        client.query("up", NOW)
    assert type(told.value) is error
    assert words in str(told.value)
    assert "?" not in str(told.value)
    assert server.asked == 1


def test_victoria_metrics_says_400_for_a_wrong_prefix(server: FaultyServer, client: PrometheusClient) -> None:
    server.answer = lambda _: Response(400, b'requestURI: /x; unsupported path requested: "/x"')
    with pytest.raises(SourceNotFound, match="before /api/v1"):
        client.query("up", NOW)


def test_missing_tenant(server: FaultyServer, client: PrometheusClient) -> None:
    server.answer = lambda _: Response(401, b"no org id\n")
    with pytest.raises(SourceDenied, match="X-Scope-OrgID"):
        client.query("up", NOW)


def test_connection_attempt_that_gets_no_answer() -> None:
    # A listener that accepts nothing and whose queue is full drops further attempts, as a firewall does.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        settings = PrometheusSettings(url=f"http://127.0.0.1:{address[1]}", timeout_s=TIMEOUT_S)
        begun = time.monotonic()
        with (
            closing(PrometheusClient(settings)) as client,
            pytest.raises(SourceUnreachable, match=r"within 0\.4 s"),
        ):
            client.query("up", NOW)
        assert time.monotonic() - begun < allowed(2 * TIMEOUT_S)
        for filler in fillers:
            filler.close()
