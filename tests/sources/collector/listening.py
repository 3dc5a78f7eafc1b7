"""Listeners on free ports, and clients that talk to them over real sockets."""

import contextlib
import gzip
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ccmon_tray.settings import CollectorSettings
from ccmon_tray.sources.collector.gate import Gate
from ccmon_tray.sources.collector.grpc_server import GrpcServer
from ccmon_tray.sources.collector.http_server import HttpServer
from ccmon_tray.sources.collector.ingest import Ingest
from ccmon_tray.sources.collector.ports import listen

PROTOBUF = "application/x-protobuf"
JSON = "application/json"


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@contextlib.contextmanager
def http_listener(
    ingest: Ingest, settings: CollectorSettings | None = None, *, request_timeout_s: float = 10.0
) -> Iterator[int]:
    listening = listen("127.0.0.1", 0)
    port: int = listening.getsockname()[1]
    gate = Gate(settings or CollectorSettings())
    server = HttpServer(listening, ingest, gate, request_timeout_s=request_timeout_s)
    try:
        yield port
    finally:
        server.close()


@contextlib.contextmanager
def grpc_listener(
    ingest: Ingest, settings: CollectorSettings | None = None, *, request_timeout_s: float = 10.0
) -> Iterator[int]:
    listening = listen("127.0.0.1", 0)
    port: int = listening.getsockname()[1]
    gate = Gate(settings or CollectorSettings())
    server = GrpcServer(listening, ingest, gate, request_timeout_s=request_timeout_s)
    try:
        yield port
    finally:
        server.close()


def post(
    port: int,
    path: str,
    body: bytes,
    content_type: str = PROTOBUF,
    *,
    chunked: bool = False,
    method: str = "POST",
    **headers: str,
) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    sent = {"Content-Type": content_type} | {key.replace("_", "-"): value for key, value in headers.items()}
    data: Any = body
    if chunked:
        sent["Transfer-Encoding"] = "chunked"
        data = (body[start : start + 1000] for start in range(0, len(body), 1000))
    try:
        connection.request(method, path, body=data, headers=sent, encode_chunked=chunked)
        answer = connection.getresponse()
        return Reply(
            answer.status, {name.title(): value for name, value in answer.getheaders()}, answer.read()
        )
    finally:
        connection.close()


def path_of(body: Path) -> str:
    return "/v1/metrics" if "metrics" in body.name else "/v1/logs"


def post_fixture(port: int, body: Path, *, compressed: bool = False, chunked: bool = False) -> Reply:
    content = body.read_bytes()
    headers = {"Content_Encoding": "gzip"} if compressed else {}
    kind = JSON if body.suffix == ".json" else PROTOBUF
    sent = gzip.compress(content) if compressed else content
    return post(port, path_of(body), sent, kind, chunked=chunked, **headers)
