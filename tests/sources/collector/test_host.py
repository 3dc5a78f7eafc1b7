"""The collector's life: both listeners, a port that is taken and freed, other settings, the end."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from ccmon_tray.settings import CollectorSettings
from ccmon_tray.sources.collector.host import CollectorHost
from ccmon_tray.sources.collector.ports import listen
from tests.sources.collector.listening import post
from tests.sources.collector.recorded import bodies
from tests.support.desktop import wait_for
from tests.support.patience import PATIENCE_S, allowed


def free_port() -> int:
    with listen("127.0.0.1", 0) as listening:
        port: int = listening.getsockname()[1]
        return port


def settings(**words: object) -> CollectorSettings:
    return CollectorSettings.model_validate({"http_port": free_port(), "grpc_port": free_port(), **words})


@pytest.fixture
def host(tmp_path: Path) -> Iterator[CollectorHost]:
    host = CollectorHost(tmp_path / "usage.sqlite3", retry_s=0.2)
    yield host
    host.close()


def use(host: CollectorHost, wanted: CollectorSettings) -> None:
    host.use(wanted)
    assert host.settled.wait(PATIENCE_S)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def test_both_listeners_and_their_words(host: CollectorHost) -> None:
    wanted = settings()
    use(host, wanted)
    assert listens(wanted.http_port)
    assert listens(wanted.grpc_port)
    assert host.lines == (f"OTLP/HTTP at port {wanted.http_port}", f"OTLP/gRPC at port {wanted.grpc_port}")
    assert host.notices == ()


def test_a_taken_port_is_told_and_taken_up_once_it_is_free(host: CollectorHost) -> None:
    wanted = settings()
    with socket.create_server(("127.0.0.1", wanted.http_port)):
        use(host, wanted)
        name = Path("/proc/self/comm").read_text().strip() if Path("/proc/self/comm").exists() else ""
        owner = f"{name}’s" if name else "taken"
        assert host.lines[0] == f"OTLP/HTTP: port {wanted.http_port} is {owner}"
        assert listens(wanted.grpc_port)
        assert host.notices == ()  # somebody's own collector is no trouble
    wait_for(lambda: host.lines[0] == f"OTLP/HTTP at port {wanted.http_port}", "the listener")
    assert post(wanted.http_port, "/v1/metrics", b"").status == 200


def test_other_settings_count_at_once(host: CollectorHost) -> None:
    first = settings()
    use(host, first)
    second = settings(grpc_port=0)
    use(host, second)
    assert [listens(port) for port in (first.http_port, first.grpc_port, second.http_port)] == [
        False,
        False,
        True,
    ]
    assert host.lines == (f"OTLP/HTTP at port {second.http_port}",)
    use(host, second.model_copy(update={"enabled": False}))
    assert not listens(second.http_port)
    assert host.lines == ("The built-in collector is switched off",)
    use(host, second)
    assert listens(second.http_port)


def test_without_a_token_it_does_not_listen_beyond_this_machine(host: CollectorHost, tmp_path: Path) -> None:
    open_ = settings(host="0.0.0.0")  # noqa: S104
    use(host, open_)
    assert not listens(open_.http_port)
    (notice,) = host.notices
    assert "collector.token_file" in notice
    token = tmp_path / "token"
    token.write_text("0123456789abcdef\n")
    use(host, open_.model_copy(update={"token_file": token}))
    assert host.notices == ()
    assert post(open_.http_port, "/v1/metrics", b"").status == 401
    assert post(open_.http_port, "/v1/metrics", b"", Authorization="Bearer 0123456789abcdef").status == 200


@pytest.mark.parametrize(
    "words",
    [
        {"token": SecretStr("short")},
        {"token": SecretStr("0123456789 äöü abcdef")},
        {"token": SecretStr("0123456789abcdef"), "token_file": "/nowhere"},
        {"token_file": "/nowhere"},
    ],
    ids=["short", "not ASCII", "twice", "no file"],
)
def test_a_token_that_cannot_be_used_is_said_without_it(
    host: CollectorHost, words: dict[str, object]
) -> None:
    wanted = settings(**words)
    use(host, wanted)
    # The ports themselves may be somebody else's by now.
    assert not any(thread.name.startswith("otlp") for thread in threading.enumerate())
    (notice,) = host.notices
    assert "token" in notice
    assert "0123456789" not in notice


def test_data_points_that_were_kept_are_told(host: CollectorHost) -> None:
    heard = threading.Semaphore(0)
    host.on_export = heard.release
    wanted = settings()
    use(host, wanted)
    post(wanted.http_port, "/v1/metrics", b"")
    assert not heard.acquire(blocking=False)
    for body in bodies("delta-session")[:2]:
        post(wanted.http_port, "/v1/metrics" if "metrics" in body.name else "/v1/logs", body.read_bytes())
    assert heard.acquire(timeout=PATIENCE_S)


@pytest.mark.skipif(os.name == "nt", reason="folders are no files")
def test_a_file_that_cannot_be_opened_answers_that_it_may_come_again(tmp_path: Path) -> None:
    path = tmp_path / "usage.sqlite3"
    path.mkdir()
    host = CollectorHost(path, retry_s=0.2)
    wanted = settings()
    use(host, wanted)
    try:
        good = next(body for body in bodies("delta-session") if "metrics" in body.name).read_bytes()
        reply = post(wanted.http_port, "/v1/metrics", good)
        assert reply.status == 503
        assert int(reply.headers["Retry-After"]) > 0
        assert len(host.notices) == 1
        path.rmdir()
        wait_for(lambda: not host.notices, "the file")
        assert post(wanted.http_port, "/v1/metrics", good).status == 200
    finally:
        host.close()


def test_it_ends_within_a_second_and_leaves_no_threads(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    host = CollectorHost(tmp_path / "usage.sqlite3")
    wanted = settings()
    use(host, wanted)
    connection = socket.create_connection(("127.0.0.1", wanted.grpc_port), timeout=5)
    own = set(threading.enumerate()) - before
    assert {thread.name.rstrip("-0123456789") for thread in own} == {"collector", "otlp-http", "otlp-grpc"}
    began = time.monotonic()
    host.close()
    assert time.monotonic() - began < allowed(1)
    for thread in own:
        thread.join(allowed(1))
        assert not thread.is_alive()
    connection.close()
    assert not listens(wanted.http_port)
