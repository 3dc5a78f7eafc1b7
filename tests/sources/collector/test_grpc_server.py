"""OTLP over gRPC, through a real client and real sockets."""

import contextlib
import gc
import random
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from h2.connection import H2Connection
from h2.events import ResponseReceived
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from pydantic import SecretStr

from ccmon_tray.settings import CollectorSettings
from ccmon_tray.sources.collector.bodies import LARGEST_BYTES
from ccmon_tray.sources.collector.faults import StoreUnavailable
from ccmon_tray.sources.collector.ingest import Accepted, Ingest
from ccmon_tray.sources.collector.otlp_answers import GrpcCode, status
from tests.sources.collector.listening import grpc_listener
from tests.sources.collector.recorded import SESSIONS, bodies, expected, report
from tests.sources.collector.test_fixtures import check
from tests.sources.collector.test_http_server import gauge
from tests.support.patience import allowed

METRICS = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
TOKEN = "0123456789abcdef0123"


@pytest.fixture
def ingest(tmp_path: Path) -> Iterator[Ingest]:
    ingest = Ingest(tmp_path / "usage.sqlite3")
    yield ingest
    ingest.close()


@pytest.fixture
def port(ingest: Ingest) -> Iterator[int]:
    with grpc_listener(ingest) as port:
        yield port


def call(channel: grpc.Channel, method: str, body: bytes, **metadata: str) -> bytes:
    """One export; failures are ``grpc.RpcError``, which are calls as well."""
    export = channel.unary_unary(method)
    answer: bytes = export(body, timeout=10, metadata=tuple(metadata.items()))
    return answer


@contextlib.contextmanager
def channel_to(port: int, *, compressed: bool = False) -> Iterator[grpc.Channel]:
    compression = grpc.Compression.Gzip if compressed else grpc.Compression.NoCompression
    options = [("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options, compression) as channel:
        yield channel


def one(port: int, method: str, body: bytes, *, compressed: bool = False, metadata: Any = None) -> bytes:
    with channel_to(port, compressed=compressed) as channel:
        return call(channel, method, body, **(metadata or {}))


@pytest.mark.parametrize("session", [each for each in SESSIONS if each != "json-session"])
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_what_claude_code_sends_is_counted_to_the_last_digit(
    session: str, compressed: bool, port: int, tmp_path: Path
) -> None:
    order = [body for body in bodies(session) for _ in range(2)]
    random.Random(session).shuffle(order)

    with channel_to(port, compressed=compressed) as channel:
        for body in order:
            method = METRICS if "metrics" in body.name else LOGS
            assert call(channel, method, body.read_bytes()) == b""
    check(report(tmp_path / "usage.sqlite3"), expected(session))


def test_many_exports_at_once_on_one_connection(port: int, tmp_path: Path) -> None:
    metrics = [body.read_bytes() for body in bodies("delta-session") if "metrics" in body.name] * 20
    with channel_to(port) as channel:
        calls = [channel.unary_unary(METRICS).future(body, timeout=20) for body in metrics]
        assert [each.result() for each in calls] == [b""] * len(metrics)
    check(report(tmp_path / "usage.sqlite3"), expected("delta-session"))


def test_points_of_no_use_are_said_to_be_rejected(port: int) -> None:
    answer = ExportMetricsServiceResponse.FromString(one(port, METRICS, gauge().SerializeToString()))
    assert answer.partial_success.rejected_data_points == 2


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ({"body": b"\xff\xff junk"}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"body": bytes(LARGEST_BYTES + 1)}, grpc.StatusCode.RESOURCE_EXHAUSTED),
        ({"body": bytes(LARGEST_BYTES + 1), "compressed": True}, grpc.StatusCode.RESOURCE_EXHAUSTED),
        ({"body": b"", "metadata": {"origin": "https://example.com"}}, grpc.StatusCode.PERMISSION_DENIED),
        ({"body": b"", "method": METRICS.replace("metrics", "trace")}, grpc.StatusCode.UNIMPLEMENTED),
        ({"body": b"", "method": METRICS.replace("Export", "Import")}, grpc.StatusCode.UNIMPLEMENTED),
    ],
    ids=["junk", "large", "bomb", "origin", "service", "method"],
)
def test_what_is_wrong_is_refused_and_nothing_else_happens(
    words: dict[str, Any], found: grpc.StatusCode, port: int, tmp_path: Path
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        one(port, **{"method": METRICS, **words})
    assert caught.value.code() is found
    for body in bodies("delta-session"):
        one(port, METRICS if "metrics" in body.name else LOGS, body.read_bytes())
    check(report(tmp_path / "usage.sqlite3"), expected("delta-session"))


def test_a_full_disk_says_when_to_come_again(tmp_path: Path) -> None:
    class Full(Ingest):
        def metrics(self, body: bytes, content_type: str) -> Accepted:
            raise StoreUnavailable("There is no room", next_step="Free some", retry_after_s=30)

    with grpc_listener(Full(tmp_path / "x.sqlite3")) as port, pytest.raises(grpc.RpcError) as caught:
        one(port, METRICS, b"")
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    told = dict(caught.value.trailing_metadata())["grpc-status-details-bin"]
    assert told == status(
        GrpcCode.UNAVAILABLE, "There is no room. Free some.", as_json=False, retry_after_s=30
    )
    assert b"google.rpc.RetryInfo" in told


def test_an_error_in_the_program_is_answered_without_its_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Ingest):
        def metrics(self, body: bytes, content_type: str) -> Accepted:
            raise KeyError("secret words")

    with grpc_listener(Broken(tmp_path / "x.sqlite3")) as port, pytest.raises(grpc.RpcError) as caught:
        one(port, METRICS, b"")
    assert "secret" not in caught.value.details()
    assert "secret words" in caplog.text


def test_beyond_this_machine_a_token_is_asked_for(ingest: Ingest) -> None:
    settings = CollectorSettings(host="0.0.0.0", token=SecretStr(TOKEN))  # noqa: S104
    with grpc_listener(ingest, settings) as port:
        for shown in ({}, {"authorization": "Bearer wrong"}):
            with pytest.raises(grpc.RpcError) as caught:
                one(port, METRICS, b"", metadata=shown)
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert one(port, METRICS, b"", metadata={"authorization": f"Bearer {TOKEN}"}) == b""


def test_a_slow_sender_is_not_waited_for(ingest: Ingest) -> None:
    """A message whose end never comes, by hand: no client sends one."""
    h2 = H2Connection()
    h2.initiate_connection()
    h2.send_headers(
        1,
        [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", METRICS),
            (":authority", "localhost"),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
        ],
    )
    h2.send_data(1, struct.pack(">?I", False, 1000) + b"only this")
    with (
        grpc_listener(ingest, request_timeout_s=0.5) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as connection,
    ):
        connection.sendall(h2.data_to_send())
        trailers: dict[bytes, bytes] = {}
        while not trailers:
            for event in h2.receive_data(connection.recv(65_536)):
                if isinstance(event, ResponseReceived):
                    trailers = dict(event.headers)
        assert trailers[b"grpc-status"] == str(grpc.StatusCode.DEADLINE_EXCEEDED.value[0]).encode()
        assert one(port, METRICS, b"") == b""


def test_what_is_no_http2_is_hung_up_on(port: int) -> None:
    for junk in (b"POST /v1/metrics HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x00" * 20, b"\0" * 5000):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(junk)
            with contextlib.suppress(ConnectionError):  # a reset is as good as an end
                while connection.recv(4096):
                    pass
    assert one(port, METRICS, b"") == b""


def test_it_ends_at_once_and_leaves_no_threads(ingest: Ingest) -> None:
    before = set(threading.enumerate())
    with grpc_listener(ingest) as port:
        idle = socket.create_connection(("127.0.0.1", port), timeout=10)
        one(port, METRICS, b"")
        own = set(threading.enumerate()) - before
        assert all(thread.name.startswith("otlp-grpc") for thread in own)
        began = time.monotonic()
    assert time.monotonic() - began < allowed(0.5)
    idle.close()
    for thread in own:
        thread.join(allowed(1))
        assert not thread.is_alive()
    with pytest.raises(OSError):  # noqa: PT011  # refused, or reset
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_no_connection_outlives_the_server_that_was_closed_while_it_came(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even one that asyncio has accepted, and not made yet."""
    left: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda found: left.append(found.exc_value))
    clients: list[socket.socket] = []

    def connect(port: int) -> None:
        with contextlib.suppress(OSError):
            for _ in range(8):
                client = socket.create_connection(("127.0.0.1", port), allowed(1))
                clients.append(client)

    for turn in range(40):
        with grpc_listener(ingest) as port:
            coming = threading.Thread(target=connect, args=(port,))
            coming.start()
            time.sleep(turn % 10 * 0.0005)  # another moment each time
        coming.join()
    gc.collect()
    for client in clients:
        client.close()

    assert clients
    assert left == []
