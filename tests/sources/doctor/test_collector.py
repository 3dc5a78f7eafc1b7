"""The built-in collector, as the doctor sees it."""

import os
import socket
from pathlib import Path

import pytest

from ccmon_tray.paths import Paths
from ccmon_tray.sources.collector import usage_file
from ccmon_tray.sources.collector.decode import PROTOBUF
from ccmon_tray.sources.collector.ingest import Ingest
from ccmon_tray.sources.collector.ports import holder_of, listen
from ccmon_tray.sources.doctor import Doctor
from ccmon_tray.usage.checks import Check, CheckStatus
from tests.sources.collector.listening import grpc_listener, http_listener
from tests.support.doctor import look

BODY = Path(__file__).parents[2] / "fixtures" / "otlp" / "delta-session" / "02-metrics.pb"
USED_AT = 1_795_401_724


def free_port() -> int:
    with listen("127.0.0.1", 0) as listening:
        port: int = listening.getsockname()[1]
        return port


def looked(
    paths: Paths, environ: dict[str, str], http: int, grpc: int, *, kind: str = "collector"
) -> tuple[Check, Check]:
    environ = environ | {
        "CCMON_TRAY_COLLECTOR__ENABLED": "true",
        "CCMON_TRAY_COLLECTOR__HTTP_PORT": str(http),
        "CCMON_TRAY_COLLECTOR__GRPC_PORT": str(grpc),
    }
    checks = look(Doctor(paths, kind=kind, environ=environ, clock=lambda: USED_AT + 7200))
    return checks["collector"], checks["collector_file"]


def test_both_listeners_and_the_file(paths: Paths, environ: dict[str, str]) -> None:
    ingest = Ingest(usage_file(paths))
    ingest.metrics(BODY.read_bytes(), PROTOBUF)
    paths.tray.folder.mkdir(parents=True)
    paths.tray.pid_file.write_text(f"{os.getpid()}\n")
    with http_listener(ingest) as http, grpc_listener(ingest) as grpc:
        listeners, file = looked(paths, environ, http, grpc)
    ingest.close()
    assert (listeners.status, listeners.result) == (CheckStatus.OK, f"Listens at {http} and {grpc}")
    assert file.status is CheckStatus.OK
    assert "last use 2 h ago" in file.result


def test_another_program_is_named_and_no_fault(paths: Paths, environ: dict[str, str]) -> None:
    ingest = Ingest(usage_file(paths))
    with http_listener(ingest) as http, socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        listeners, file = looked(paths, environ, http, port)
    ingest.close()
    assert listeners.status is CheckStatus.INFO
    assert f"port {port}: {holder_of(port).name or ''}" in listeners.result
    assert file.status is CheckStatus.SKIPPED


@pytest.mark.parametrize(
    ("kind", "status"), [("collector", CheckStatus.WARNING), ("transcripts", CheckStatus.INFO)]
)
def test_nobody_listens(kind: str, status: CheckStatus, paths: Paths, environ: dict[str, str]) -> None:
    listeners, _ = looked(paths, environ, free_port(), free_port(), kind=kind)
    assert listeners.status is status
    assert "Start ccmon-tray" in listeners.cure


def test_settings_that_keep_it_from_listening(paths: Paths, environ: dict[str, str]) -> None:
    environ["CCMON_TRAY_COLLECTOR__HOST"] = "0.0.0.0"  # noqa: S104
    listeners, _ = looked(paths, environ, free_port(), free_port())
    assert listeners.status is CheckStatus.FAILED
    assert "token" in listeners.cause


def test_a_damaged_file_is_said(paths: Paths, environ: dict[str, str]) -> None:
    path = usage_file(paths)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database at all" * 100)
    _, file = looked(paths, environ, free_port(), free_port())
    assert file.status is CheckStatus.FAILED
    assert "tray anew" in file.cure


def test_the_holder_of_a_port_is_this_process() -> None:
    with listen("127.0.0.1", 0) as listening:
        assert holder_of(listening.getsockname()[1]).pid == os.getpid()
