"""OTLP over HTTP, through real sockets: what Claude Code sends, and what nobody should."""

import gzip
import http.client
import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from pydantic import SecretStr

from ccmon_tray.settings import CollectorSettings
from ccmon_tray.sources.collector.bodies import LARGEST_BYTES
from ccmon_tray.sources.collector.faults import StoreUnavailable
from ccmon_tray.sources.collector.ingest import Accepted, Ingest
from tests.sources.collector.listening import JSON, http_listener, post, post_fixture
from tests.sources.collector.recorded import SESSIONS, bodies, expected, report
from tests.sources.collector.test_fixtures import check
from tests.support.patience import allowed

TOKEN = "0123456789abcdef0123"


@pytest.fixture
def ingest(tmp_path: Path) -> Iterator[Ingest]:
    ingest = Ingest(tmp_path / "usage.sqlite3")
    yield ingest
    ingest.close()


@pytest.fixture
def port(ingest: Ingest) -> Iterator[int]:
    with http_listener(ingest) as port:
        yield port


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
def test_what_claude_code_sends_is_counted_to_the_last_digit(
    session: str, compressed: bool, chunked: bool, port: int, tmp_path: Path
) -> None:
    order = [body for body in bodies(session) for _ in range(2)]
    random.Random(session).shuffle(order)
    for body in order:
        reply = post_fixture(port, body, compressed=compressed, chunked=chunked)
        assert reply.status == 200, reply
        as_json = body.suffix == ".json"
        assert reply.headers["Content-Type"] == (JSON if as_json else "application/x-protobuf")
        assert reply.body == (b"{}" if as_json else b"")

    check(report(tmp_path / "usage.sqlite3"), expected(session))


def test_one_connection_serves_many_exports(port: int, tmp_path: Path) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for body in bodies("delta-session"):
        path = "/v1/metrics" if "metrics" in body.name else "/v1/logs"
        connection.request("POST", path, body.read_bytes(), {"Content-Type": "application/x-protobuf"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        assert not answer.will_close
    connection.close()

    check(report(tmp_path / "usage.sqlite3"), expected("delta-session"))


def gauge() -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="claude_code.cost.usage")
    metric.gauge.data_points.add(as_double=1.0, time_unix_nano=10**18)
    metric.gauge.data_points.add(as_double=2.0, time_unix_nano=10**18)
    return request


def test_points_of_no_use_are_said_to_be_rejected(port: int) -> None:
    answer = ExportMetricsServiceResponse.FromString(
        post(port, "/v1/metrics", gauge().SerializeToString()).body
    )
    assert answer.partial_success.rejected_data_points == 2
    assert "Not kept" in answer.partial_success.error_message

    metric = {"name": "x", "gauge": {"dataPoints": [{}]}}
    request = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}
    reply = post(port, "/v1/metrics", json.dumps(request).encode(), JSON)
    assert reply.json["partialSuccess"]["rejectedDataPoints"] == "1"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ({"body": b"\xff\xff junk"}, 400),
        ({"body": b"{", "content_type": JSON}, 400),
        ({"body": b"[]", "content_type": JSON}, 400),
        ({"body": b"not gzip", "Content_Encoding": "gzip"}, 400),
        ({"body": gzip.compress(b"x" * 5000, mtime=0)[:-9], "Content_Encoding": "gzip"}, 400),
        ({"body": gzip.compress(b"", mtime=0) * 3, "Content_Encoding": "gzip"}, 400),
        ({"body": b"", "content_type": "text/plain"}, 415),
        ({"body": b"", "content_type": ""}, 415),
        ({"body": b"", "Content_Encoding": "br"}, 415),
        ({"path": "/"}, 404),
        ({"path": "/v1/traces"}, 404),
        ({"path": "/v1/metrics/"}, 404),
        ({"method": "GET"}, 405),
        ({"method": "PUT"}, 405),
        ({"method": "OPTIONS"}, 405),
        ({"Origin": "https://example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:4318"}, 403),
        ({"Host": "127.evil.example"}, 403),
    ],
    ids=str,
)
def test_what_is_wrong_is_refused_and_nothing_else_happens(
    words: dict[str, Any], status: int, port: int, tmp_path: Path
) -> None:
    reply = post(port, **{"path": "/v1/metrics", "body": b"", **words})
    assert reply.status == status, reply
    assert b"\x08" in reply.body or reply.json["code"]  # a google.rpc.Status
    assert b"Traceback" not in reply.body

    good = bodies("delta-session")
    for body in good:
        assert post_fixture(port, body).status == 200
    check(report(tmp_path / "usage.sqlite3"), expected("delta-session"))


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:4318", "127.0.0.1:1", "[::1]:4318", "127.1.2.3"])
def test_names_of_this_machine_are_its_own(host: str, port: int) -> None:
    assert post(port, "/v1/metrics", b"", Host=host).status == 200


def test_an_error_in_json_and_in_protobuf(port: int) -> None:
    as_json = post(port, "/v1/metrics", b"{", JSON)
    assert as_json.json == {
        "code": 3,
        "message": "The export cannot be read: its body is not JSON.",
    }
    as_protobuf = post(port, "/v1/metrics", b"\xff")
    assert as_protobuf.headers["Content-Type"] == "application/x-protobuf"
    assert as_protobuf.body.startswith(b"\x08\x03\x12")
    assert post(port, "/v1/metrics", b"", method="GET").headers["Allow"] == "POST"


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
def test_a_body_above_the_limit_gets_its_answer(chunked: bool, port: int) -> None:
    assert post(port, "/v1/metrics", bytes(LARGEST_BYTES + 1), chunked=chunked).status == 413
    assert post(port, "/v1/metrics", b"").status == 200


def test_a_body_at_the_limit_is_read(port: int) -> None:
    body = b"[" + b" " * (LARGEST_BYTES - 2) + b"]"
    assert "no object" in post(port, "/v1/metrics", body, JSON).json["message"]


def test_a_bomb_is_given_up_at_the_limit(port: int) -> None:
    bomb = gzip.compress(bytes(400 * 2**20), compresslevel=1)
    assert len(bomb) < 2 * 2**20
    assert post(port, "/v1/metrics", bomb, Content_Encoding="gzip").status == 413


def test_a_full_disk_says_when_to_come_again(tmp_path: Path) -> None:
    class Full(Ingest):
        def metrics(self, body: bytes, content_type: str) -> Accepted:
            raise StoreUnavailable("There is no room", next_step="Free some", retry_after_s=30)

    with http_listener(Full(tmp_path / "x.sqlite3")) as port:
        reply = post(port, "/v1/metrics", b"{}", JSON)
    assert (reply.status, reply.headers["Retry-After"]) == (503, "30")
    assert reply.json["code"] == 14
    assert reply.json["details"][0]["retryDelay"] == "30s"


def test_an_error_in_the_program_is_answered_without_its_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Ingest):
        def metrics(self, body: bytes, content_type: str) -> Accepted:
            raise KeyError("secret words")

    with http_listener(Broken(tmp_path / "x.sqlite3")) as port:
        reply = post(port, "/v1/metrics", b"{}", JSON)
    assert reply.status == 500
    assert b"secret" not in reply.body
    assert "secret words" in caplog.text


def test_beyond_this_machine_a_token_is_asked_for(ingest: Ingest) -> None:
    settings = CollectorSettings(host="0.0.0.0", token=SecretStr(TOKEN))  # noqa: S104
    with http_listener(ingest, settings) as port:
        asked = post(port, "/v1/metrics", b"")
        assert (asked.status, asked.headers["Www-Authenticate"]) == (401, "Bearer")
        assert post(port, "/v1/metrics", b"", Authorization="Bearer wrong").status == 401
        assert post(port, "/v1/metrics", b"", Authorization=f"Basic {TOKEN}").status == 401
        assert post(port, "/v1/metrics", b"", Authorization=f"Bearer {TOKEN}", Host="nas.lan").status == 200
        assert (
            post(port, "/v1/metrics", b"", Authorization=f"Bearer {TOKEN}", Origin="http://x").status == 403
        )


def until_closed(connection: socket.socket) -> bytes:
    received = b""
    while chunk := connection.recv(65_536):
        received += chunk
    return received


@pytest.mark.parametrize(
    "start",
    [
        b"POST /v1/metrics HTTP/1.1\r\nHost: localhost\r\n",
        b"POST /v1/metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n",
        b"POST /v1/metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    ids=["headers", "body", "chunks"],
)
@pytest.mark.parametrize("drips", [False, True], ids=["silent", "dripping"])
def test_a_slow_sender_is_not_waited_for(start: bytes, drips: bool, ingest: Ingest) -> None:
    with (
        http_listener(ingest, request_timeout_s=0.5) as port,
        socket.create_connection(("127.0.0.1", port), timeout=20) as connection,
    ):
        connection.sendall(start)
        over = threading.Event()

        def drip() -> None:
            while not over.wait(0.2):
                try:
                    connection.sendall(b"1")
                except OSError:
                    return

        dripping = threading.Thread(target=drip if drips else over.wait)
        dripping.start()
        began = time.monotonic()
        received = until_closed(connection)
        over.set()
        dripping.join()
        assert received.startswith((b"HTTP/1.1 408 ", b"HTTP/1.0 408 "))
        assert time.monotonic() - began < allowed(12)
        # Others were served all the time.
        assert post(port, "/v1/metrics", b"").status == 200


def test_what_is_no_http_is_refused(port: int) -> None:
    for junk in (b"\x16\x03\x01 TLS?\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0" * 40_000):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(junk)
            assert b" 4" in until_closed(connection)[:20]
    assert post(port, "/v1/metrics", b"").status == 200


def test_it_ends_at_once_and_leaves_no_threads(ingest: Ingest) -> None:
    before = set(threading.enumerate())
    with http_listener(ingest) as port:
        idle = socket.create_connection(("127.0.0.1", port), timeout=10)
        half = socket.create_connection(("127.0.0.1", port), timeout=10)
        half.sendall(b"POST /v1/metrics HTTP/1.1\r\n")
        assert post(port, "/v1/metrics", b"").status == 200
        own = set(threading.enumerate()) - before
        assert all(thread.name.startswith("otlp-http") for thread in own)
        began = time.monotonic()
    assert time.monotonic() - began < allowed(0.5)
    idle.close()
    half.close()
    for thread in own:
        thread.join(allowed(1))
        assert not thread.is_alive()
    with pytest.raises(OSError):  # noqa: PT011  # refused, or reset
        socket.create_connection(("127.0.0.1", port), timeout=1)
