"""The local channel: how processes of the same user ask the running tray, or the window, for something.

Each of the two listens on a Unix socket in the state folder; where Python has none (Windows), or the path
would be too long, on a loopback port. A file beside it, which only the user can read, says where, and holds
the token that every request carries. A request and its answer are one line of JSON each.

``multiprocessing.connection`` offers nearly this, but its handshake has no time limit: one client that says
nothing would close the channel to all others. Here one thread serves all clients side by side.
"""

import contextlib
import hmac
import json
import logging
import os
import secrets
import selectors
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ccmon_tray.errors import CcmonError
from ccmon_tray.files import private_folder, write_atomic
from ccmon_tray.paths import Endpoint

_CLIENT_TIMEOUT_S: Final = 1.0
_ANSWER_TIMEOUT_S: Final = 2.0
_LONGEST_LINE: Final = 1024
_MOST_CLIENTS: Final = 32
_QUEUE: Final = 128
# sockaddr_un holds 104 bytes on macOS and 108 on Linux, with a closing zero.
_LONGEST_SOCKET_PATH: Final = 100

_log = logging.getLogger(__name__)


class Message(StrEnum):
    """What one process asks of another.

    ``RAISE``: come to the front; of the window also with the view and the range to show.
    """

    RAISE = "raise"
    REFRESH = "refresh"
    SETTINGS_CHANGED = "settings-changed"
    OPEN_DASHBOARD = "open-dashboard"
    OPEN_SETTINGS = "open-settings"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Request:
    """A message as it arrives.

    Attributes:
        message: What is asked for.
        view: The view to show, by name; "" is the one it has.
        range_name: The range to show, by name; "" is the one it has.
    """

    message: Message
    view: str = ""
    range_name: str = ""


class _Client:
    """A connection that has not sent its whole line yet."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.received = b""
        self.deadline = time.monotonic() + _CLIENT_TIMEOUT_S


class ChannelServer:
    """The end that listens.

    Args:
        endpoint: Which process this is. Its lock must be held: a socket that is found there is replaced.
        handler: Given each request on the channel's thread, after its sender has been told ok. It passes the
            request on and returns at once.
    """

    def __init__(self, endpoint: Endpoint, handler: Callable[[Request], None]) -> None:
        self._endpoint = endpoint
        self._handler = handler
        self._token = secrets.token_hex(32)
        self._listener: socket.socket | None = None
        self._clients: dict[socket.socket, _Client] = {}
        self._waker, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="channel", daemon=True)

    def start(self) -> None:
        """Listen from now on.

        Raises:
            CcmonError: No socket can be made, or the file that tells of it cannot be written.
        """
        try:
            private_folder(self._endpoint.folder)
            address = self._listen()
            content = {"address": address, "token": self._token}
            write_atomic(self._endpoint.channel_file, json.dumps(content).encode())
        except OSError as error:
            self.close()
            raise CcmonError(
                "Other starts of ccmon-tray cannot reach this one",
                cause=f"{self._endpoint.folder}: {error}",
                next_step="Check that the folder can be written",
            ) from error
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end the thread; calling it twice does no harm."""
        if self._thread.is_alive():
            with contextlib.suppress(OSError):
                self._waker.send(b"\0")
            self._thread.join()
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            for path in (self._endpoint.channel_file, self._endpoint.socket_file):
                with contextlib.suppress(OSError):
                    path.unlink()
        self._waker.close()
        self._woken.close()

    def _listen(self) -> str | int:
        """Open the listener and return its address: a path, or a loopback port."""
        path = self._endpoint.socket_file
        if sys.platform != "win32" and len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
            if path.exists() and stat.S_ISSOCK(path.lstat().st_mode):
                path.unlink()  # left behind by a process that was killed
            self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._listener.bind(str(path))
            path.chmod(0o600)
        else:
            self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            if sys.platform == "win32":  # which else lets others bind the port as well
                self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(_QUEUE)
        self._listener.setblocking(False)
        name = self._listener.getsockname()
        return str(path) if isinstance(name, str) else int(name[1])

    def _serve(self) -> None:
        assert self._listener is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            try:
                while True:
                    for key, _ in selector.select(self._patience_s()):
                        if key.fileobj is self._woken:
                            return
                        if key.fileobj is self._listener:
                            self._accept(selector)
                        elif client := self._clients.get(key.fileobj):  # type: ignore[call-overload]
                            self._receive(client, selector)
                    now = time.monotonic()
                    for client in [c for c in self._clients.values() if c.deadline <= now]:
                        self._drop(client, selector)
            finally:
                for client in list(self._clients.values()):
                    self._drop(client, selector)

    def _patience_s(self) -> float | None:
        if not self._clients:
            return None
        return max(0.0, min(client.deadline for client in self._clients.values()) - time.monotonic())

    def _accept(self, selector: selectors.BaseSelector) -> None:
        assert self._listener is not None
        if len(self._clients) >= _MOST_CLIENTS:
            self._drop(next(iter(self._clients.values())), selector)
        try:
            connection, _ = self._listener.accept()
        except OSError as error:
            _log.warning("The channel could not accept a client: %s", error)
            time.sleep(0.05)  # out of file handles: the client stays in the queue
            return
        connection.setblocking(False)
        self._clients[connection] = _Client(connection)
        selector.register(connection, selectors.EVENT_READ)

    def _drop(self, client: _Client, selector: selectors.BaseSelector) -> None:
        selector.unregister(client.connection)
        del self._clients[client.connection]
        client.connection.close()

    def _receive(self, client: _Client, selector: selectors.BaseSelector) -> None:
        try:
            chunk = client.connection.recv(_LONGEST_LINE)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        client.received += chunk
        line, end, _ = client.received.partition(b"\n")
        request = self._request(line) if end else None
        if request is None and not end and chunk and len(client.received) < _LONGEST_LINE:
            return  # more is to come
        with contextlib.suppress(OSError):
            client.connection.send(json.dumps({"ok": request is not None}).encode() + b"\n")
        self._drop(client, selector)
        if request is not None:
            try:
                self._handler(request)
            except Exception:  # noqa: BLE001  # whatever it was, the channel serves on
                _log.exception("The request “%s” failed", request.message)

    def _request(self, line: bytes) -> Request | None:
        try:
            told = json.loads(line)
            if hmac.compare_digest(str(told["token"]).encode(), self._token.encode()):
                view, range_name = (str(told.get(name, "")) for name in ("view", "range"))
                return Request(Message(told["message"]), view, range_name)
        except (ValueError, LookupError, TypeError, RecursionError):
            pass
        _log.warning("The channel refused a request")
        return None


def send(endpoint: Endpoint, message: Message, *, view: str = "", range_name: str = "") -> bool:
    """Ask a running process for something.

    Args:
        endpoint: Which one, and of which home: ``paths.tray``.
        message: What for.
        view: With ``RAISE``, the view that the window shall show; "" leaves the one it has.
        range_name: With ``RAISE``, the range that it shall show; "" leaves the one it has.

    Returns:
        Whether it took the message; False where nobody listens.
    """
    try:
        where = json.loads(endpoint.channel_file.read_bytes())
        told = {"token": where["token"], "message": message, "view": view, "range": range_name}
        request = json.dumps(told).encode() + b"\n"
        with _connect(where["address"]) as connection, connection.makefile("rb") as answers:
            connection.sendall(request)
            return bool(json.loads(answers.readline(_LONGEST_LINE))["ok"])
    except (OSError, ValueError, LookupError, TypeError, OverflowError):
        return False


def _connect(address: str | int) -> socket.socket:
    if sys.platform == "win32" or isinstance(address, int):
        return socket.create_connection(("127.0.0.1", int(address)), _ANSWER_TIMEOUT_S)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(_ANSWER_TIMEOUT_S)
        deadline = time.monotonic() + _ANSWER_TIMEOUT_S
        while True:
            try:
                connection.connect(address)
                break
            except BlockingIOError:  # a Unix socket's queue is full; unlike others it does not wait
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
    except BaseException:
        connection.close()
        raise
    return connection
