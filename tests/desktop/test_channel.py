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

from ccmon_tray.desktop.channel import ChannelServer, Message, Request, send
from ccmon_tray.paths import Endpoint, find_paths
from tests.support.patience import PATIENCE_S, allowed

pytestmark = pytest.mark.skipif(
    os.name != "posix", reason="the tests look at sockets and permissions of POSIX"
)


@pytest.fixture(params=["unix", "loopback"])
def endpoint(request: pytest.FixtureRequest, tmp_path: Path) -> Endpoint:
    # A path that is too long for a Unix socket takes the way that Windows takes.
    home = tmp_path / ("h" if request.param == "unix" else "h" * 120)
    return find_paths({"CCMON_TRAY_HOME": str(home)}).tray


@pytest.fixture
def heard() -> Queue[Request]:
    return Queue()


@pytest.fixture
def server(endpoint: Endpoint, heard: Queue[Request]) -> Iterator[ChannelServer]:
    server = ChannelServer(endpoint, heard.put)
    server.start()
    yield server
    server.close()


def connect(endpoint: Endpoint) -> socket.socket:
    address = json.loads(endpoint.channel_file.read_bytes())["address"]
    if isinstance(address, int):
        return socket.create_connection(("127.0.0.1", address), timeout=5)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(5)
    connection.connect(address)
    return connection


def ask(endpoint: Endpoint, line: bytes) -> bytes:
    with connect(endpoint) as connection, connection.makefile("rb") as answers:
        connection.sendall(line)
        try:
            return answers.readline()
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize("message", Message)
def test_each_message_arrives(
    endpoint: Endpoint, server: ChannelServer, heard: Queue[Request], message: Message
) -> None:
    assert send(endpoint, message)
    assert heard.get(timeout=PATIENCE_S) == Request(message)


def test_what_to_show_travels_with_the_message(
    endpoint: Endpoint, server: ChannelServer, heard: Queue[Request]
) -> None:
    assert send(endpoint, Message.RAISE, view="sessions", range_name="this week")
    assert heard.get(timeout=PATIENCE_S) == Request(Message.RAISE, "sessions", "this week")


def test_tray_and_window_of_one_home_are_told_apart(tmp_path: Path, heard: Queue[Request]) -> None:
    paths = find_paths({"CCMON_TRAY_HOME": str(tmp_path)})
    tray, window = ChannelServer(paths.tray, lambda _: None), ChannelServer(paths.dashboard, heard.put)
    tray.start()
    window.start()
    try:
        assert send(paths.tray, Message.QUIT)
        assert send(paths.dashboard, Message.SETTINGS_CHANGED)
        assert heard.get(timeout=PATIENCE_S) == Request(Message.SETTINGS_CHANGED)
        tray.close()
        assert not send(paths.tray, Message.RAISE)
        assert send(paths.dashboard, Message.RAISE)
    finally:
        tray.close()
        window.close()


def test_nobody_listens(endpoint: Endpoint, heard: Queue[Request]) -> None:
    assert not send(endpoint, Message.RAISE)
    server = ChannelServer(endpoint, heard.put)
    server.start()
    server.close()
    assert not send(endpoint, Message.RAISE)
    assert not endpoint.channel_file.exists()


def test_address_of_a_dead_tray_is_no_answer(endpoint: Endpoint, server: ChannelServer) -> None:
    left_behind = endpoint.channel_file.read_bytes()
    server.close()
    endpoint.channel_file.write_bytes(left_behind)
    assert not send(endpoint, Message.RAISE)


@pytest.mark.parametrize("content", [b"", b"[1]", b"{}", b'{"address": -1, "token": "x"}', b"\xff"])
def test_damaged_channel_file_is_no_answer(endpoint: Endpoint, content: bytes) -> None:
    endpoint.folder.mkdir(parents=True)
    endpoint.channel_file.write_bytes(content)
    assert not send(endpoint, Message.RAISE)


def test_a_killed_trays_socket_is_replaced(
    endpoint: Endpoint, heard: Queue[Request], server: ChannelServer
) -> None:
    # The lock is what tells a killed tray from a running one, so the newer server may take the socket over.
    newer = ChannelServer(endpoint, heard.put)
    newer.start()
    try:
        assert send(endpoint, Message.REFRESH)
        assert heard.get(timeout=PATIENCE_S) == Request(Message.REFRESH)
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
    endpoint: Endpoint, server: ChannelServer, heard: Queue[Request], line: bytes
) -> None:
    assert ask(endpoint, line) in {b'{"ok": false}\n', b""}
    assert send(endpoint, Message.RAISE)
    assert heard.get(timeout=PATIENCE_S) == Request(Message.RAISE)
    assert heard.empty()


def test_refuses_an_unknown_message_with_the_right_token(
    endpoint: Endpoint, server: ChannelServer, heard: Queue[Request]
) -> None:
    token = json.loads(endpoint.channel_file.read_bytes())["token"]
    assert (
        ask(endpoint, json.dumps({"token": token, "message": "format"}).encode() + b"\n")
        == b'{"ok": false}\n'
    )
    assert heard.empty()


def test_a_request_may_arrive_in_pieces(
    endpoint: Endpoint, server: ChannelServer, heard: Queue[Request]
) -> None:
    token = json.loads(endpoint.channel_file.read_bytes())["token"]
    line = json.dumps({"token": token, "message": "refresh"}).encode() + b"\n"
    with connect(endpoint) as connection:
        for start in range(0, len(line), 16):
            connection.sendall(line[start : start + 16])
            time.sleep(0.002)  # so that they do not travel as one
        assert connection.recv(100) == b'{"ok": true}\n'
    assert heard.get(timeout=PATIENCE_S) == Request(Message.REFRESH)


def test_silent_clients_block_nobody_and_are_dropped(
    endpoint: Endpoint, server: ChannelServer, heard: Queue[Request]
) -> None:
    silent = [connect(endpoint) for _ in range(40)]
    try:
        begin = time.monotonic()
        assert send(endpoint, Message.RAISE)
        assert time.monotonic() - begin < allowed(0.5)
        for connection in silent:
            connection.settimeout(PATIENCE_S)
            assert connection.recv(1) == b""
        assert time.monotonic() - begin < allowed(2.5)
    finally:
        for connection in silent:
            connection.close()


def test_close_is_prompt_and_leaves_no_thread(endpoint: Endpoint, heard: Queue[Request]) -> None:
    before = threading.active_count()
    server = ChannelServer(endpoint, heard.put)
    server.start()
    with connect(endpoint) as stuck:
        stuck.sendall(b'{"token"')
        begin = time.monotonic()
        server.close()
        server.close()
        assert time.monotonic() - begin < allowed(0.5)
    assert threading.active_count() == before


def test_a_handler_that_fails_does_not_end_the_channel(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    heard: Queue[Request] = Queue()

    def handler(message: Request) -> None:
        heard.put(message)
        raise ValueError("no")

    server = ChannelServer(endpoint, handler)
    server.start()
    try:
        assert send(endpoint, Message.RAISE)
        assert send(endpoint, Message.REFRESH)
    finally:
        server.close()
    assert [heard.get_nowait().message, heard.get_nowait().message] == [Message.RAISE, Message.REFRESH]
    assert "failed" in caplog.text


def test_only_the_user_can_reach_it(
    endpoint: Endpoint, server: ChannelServer, caplog: pytest.LogCaptureFixture
) -> None:
    for path in endpoint.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert stat.S_IMODE(endpoint.folder.stat().st_mode) == 0o700
    ask(endpoint, b'{"token": "a-guess", "message": "quit"}\n')
    assert "a-guess" not in caplog.text
