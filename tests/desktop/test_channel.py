import json
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest

from ccmon_tray.desktop.channel import ChannelServer, Message, send
from ccmon_tray.paths import Paths, find_paths

pytestmark = pytest.mark.skipif(
    os.name != "posix", reason="the tests look at sockets and permissions of POSIX"
)


@pytest.fixture(params=["unix", "loopback"])
def paths(request: pytest.FixtureRequest, tmp_path: Path) -> Paths:
    # A path that is too long for a Unix socket takes the way that Windows takes.
    return find_paths({"CCMON_TRAY_HOME": str(tmp_path / ("h" if request.param == "unix" else "h" * 120))})


@pytest.fixture
def heard() -> Queue[Message]:
    return Queue()


@pytest.fixture
def server(paths: Paths, heard: Queue[Message]) -> Iterator[ChannelServer]:
    server = ChannelServer(paths, heard.put)
    server.start()
    yield server
    server.close()


def connect(paths: Paths) -> socket.socket:
    address = json.loads(paths.channel_file.read_bytes())["address"]
    if isinstance(address, int):
        return socket.create_connection(("127.0.0.1", address), timeout=5)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(5)
    connection.connect(address)
    return connection


def ask(paths: Paths, line: bytes) -> bytes:
    with connect(paths) as connection, connection.makefile("rb") as answers:
        connection.sendall(line)
        try:
            return answers.readline()
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize("message", Message)
def test_each_message_arrives(
    paths: Paths, server: ChannelServer, heard: Queue[Message], message: Message
) -> None:
    assert send(paths, message)
    assert heard.get(timeout=2) is message


def test_nobody_listens(paths: Paths, heard: Queue[Message]) -> None:
    assert not send(paths, Message.RAISE)
    server = ChannelServer(paths, heard.put)
    server.start()
    server.close()
    assert not send(paths, Message.RAISE)
    assert not paths.channel_file.exists()


def test_address_of_a_dead_tray_is_no_answer(paths: Paths, server: ChannelServer) -> None:
    left_behind = paths.channel_file.read_bytes()
    server.close()
    paths.channel_file.write_bytes(left_behind)
    assert not send(paths, Message.RAISE)


@pytest.mark.parametrize("content", [b"", b"[1]", b"{}", b'{"address": -1, "token": "x"}', b"\xff"])
def test_damaged_channel_file_is_no_answer(paths: Paths, content: bytes) -> None:
    paths.state.mkdir(parents=True)
    paths.channel_file.write_bytes(content)
    assert not send(paths, Message.RAISE)


def test_a_killed_trays_socket_is_replaced(
    paths: Paths, heard: Queue[Message], server: ChannelServer
) -> None:
    # The lock is what tells a killed tray from a running one, so the newer server may take the socket over.
    newer = ChannelServer(paths, heard.put)
    newer.start()
    try:
        assert send(paths, Message.REFRESH)
        assert heard.get(timeout=2) is Message.REFRESH
    finally:
        newer.close()


@pytest.mark.parametrize(
    "line",
    [
        b'{"token": "wrong", "message": "quit"}\n',
        b'{"message": "quit"}\n',
        b"quit\n",
        b"[]\n",
        b"\xff\xfe\n",
        b"[" * 1000 + b"\n",
        b"x" * 5000,
    ],
)
def test_refuses_what_it_does_not_know(
    paths: Paths, server: ChannelServer, heard: Queue[Message], line: bytes
) -> None:
    assert ask(paths, line) in {b'{"ok": false}\n', b""}
    assert send(paths, Message.RAISE)
    assert heard.get(timeout=2) is Message.RAISE
    assert heard.empty()


def test_refuses_an_unknown_message_with_the_right_token(
    paths: Paths, server: ChannelServer, heard: Queue[Message]
) -> None:
    token = json.loads(paths.channel_file.read_bytes())["token"]
    assert (
        ask(paths, json.dumps({"token": token, "message": "format"}).encode() + b"\n") == b'{"ok": false}\n'
    )
    assert heard.empty()


def test_a_request_may_arrive_in_pieces(paths: Paths, server: ChannelServer, heard: Queue[Message]) -> None:
    token = json.loads(paths.channel_file.read_bytes())["token"]
    line = json.dumps({"token": token, "message": "refresh"}).encode() + b"\n"
    with connect(paths) as connection:
        for start in range(0, len(line), 16):
            connection.sendall(line[start : start + 16])
            time.sleep(0.002)  # so that they do not travel as one
        assert connection.recv(100) == b'{"ok": true}\n'
    assert heard.get(timeout=2) is Message.REFRESH


def test_silent_clients_block_nobody_and_are_dropped(
    paths: Paths, server: ChannelServer, heard: Queue[Message]
) -> None:
    silent = [connect(paths) for _ in range(40)]
    try:
        begin = time.monotonic()
        assert send(paths, Message.RAISE)
        assert time.monotonic() - begin < 0.5
        for connection in silent:
            connection.settimeout(3)
            assert connection.recv(1) == b""
        assert time.monotonic() - begin < 2.5
    finally:
        for connection in silent:
            connection.close()


def test_close_is_prompt_and_leaves_no_thread(paths: Paths, heard: Queue[Message]) -> None:
    before = threading.active_count()
    server = ChannelServer(paths, heard.put)
    server.start()
    with connect(paths) as stuck:
        stuck.sendall(b'{"token"')
        begin = time.monotonic()
        server.close()
        server.close()
        assert time.monotonic() - begin < 0.5
    assert threading.active_count() == before


def test_a_handler_that_fails_does_not_end_the_channel(
    paths: Paths, caplog: pytest.LogCaptureFixture
) -> None:
    heard: Queue[Message] = Queue()

    def handler(message: Message) -> None:
        heard.put(message)
        raise ValueError("no")

    server = ChannelServer(paths, handler)
    server.start()
    try:
        assert send(paths, Message.RAISE)
        assert send(paths, Message.REFRESH)
    finally:
        server.close()
    assert [heard.get_nowait(), heard.get_nowait()] == [Message.RAISE, Message.REFRESH]
    assert "failed" in caplog.text


def test_only_the_user_can_reach_it(
    paths: Paths, server: ChannelServer, caplog: pytest.LogCaptureFixture
) -> None:
    for path in paths.state.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert stat.S_IMODE(paths.state.stat().st_mode) == 0o700
    ask(paths, b'{"token": "a-guess", "message": "quit"}\n')
    assert "a-guess" not in caplog.text
