"""A server of the query API that fails on demand, on a real socket.

``server.fault`` can be changed while clients are connected; requests that hang end when it changes.
"""

import gzip
import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from enum import StrEnum
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.support.patience import PATIENCE_S
from tests.support.replies import Answer, Request, Response, answer_little

HUGE_BYTES = 100_000_000
LOGIN_URL = "https://sso.example.com/login?state=secret"


class Fault(StrEnum):
    """What goes wrong with every request."""

    NONE = "none"
    ABSENT = "absent"
    HANG = "hang before the answer"
    HANG_IN_BODY = "hang in the middle of the answer"
    DRIP = "a byte now and then"
    RESET = "reset before the answer"
    RESET_IN_BODY = "reset in the middle of the answer"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    UNPROCESSABLE = "422"
    TOO_MANY = "429"
    INTERNAL = "500"
    UNAVAILABLE = "503 with HTML"
    LOGIN_REDIRECT = "redirect to a login page"
    TRUNCATED_JSON = "truncated JSON"
    INVALID_JSON = "invalid JSON"
    HTML = "HTML"
    WRONG_SHAPE = "JSON of another shape"
    NAN_AND_INF = "NaN and Inf as values"
    HUGE = "100 MB"
    HUGE_PACKED = "100 MB, packed small"
    NOT_HTTP = "another protocol"


class FaultyServer:
    """A server on a free port of this machine.

    Args:
        answer: Gives the healthy answers.
        tls: Serves HTTPS with this context.
        accept_token: Answers 401 unless the request carries this bearer token; can be changed.
    """

    def __init__(
        self,
        answer: Answer = answer_little,
        *,
        tls: ssl.SSLContext | None = None,
        accept_token: str | None = None,
    ) -> None:
        self.answer = answer
        self.accept_token = accept_token
        self.requests: deque[Request] = deque(maxlen=1000)
        self.connections_made = 0
        self._tls = tls
        self._fault = Fault.NONE
        self._changed = threading.Condition()
        self._era = 0
        self._asked = 0
        self._open: set[socket.socket] = set()
        self._listener: _Listener | None = None
        self._port = 0
        self._listen()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    @property
    def fault(self) -> Fault:
        """What goes wrong now; set it to change it, at once and for open connections too."""
        return self._fault

    @fault.setter
    def fault(self, fault: Fault) -> None:
        was_absent = self._fault is Fault.ABSENT
        if fault is Fault.HUGE_PACKED:
            _packed(HUGE_BYTES)
        with self._changed:
            self._fault = fault
            self._era += 1
            self._changed.notify_all()
        if fault is Fault.ABSENT and not was_absent:
            self._stop_listening()
        elif fault is not Fault.ABSENT and was_absent:
            self._listen()

    @property
    def asked(self) -> int:
        """How many requests have come."""
        return self._asked

    def wait_until_asked(self, count: int) -> None:
        """Wait until so many requests have come since the start."""
        with self._changed:
            enough = self._changed.wait_for(lambda: self._asked >= count, PATIENCE_S)
        assert enough, f"asked {self._asked} times"

    def drop_connections(self) -> None:
        """Close the clients' connections, as a server does with idle ones."""
        with self._changed:
            connections = list(self._open)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End everything."""
        self.fault = Fault.ABSENT

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self) -> None:
        self._listener = _Listener(self, self._port, self._tls)
        self._port = self._listener.server_address[1]
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()

    def _stop_listening(self) -> None:
        assert self._listener is not None
        self._listener.shutdown()
        self._listener.server_close()
        self.drop_connections()
        with self._changed:
            assert self._changed.wait_for(lambda: not self._open, PATIENCE_S), "a connection does not end"

    @contextmanager
    def _connected(self, connection: socket.socket) -> Iterator[None]:
        with self._changed:
            self._open.add(connection)
            self.connections_made += 1
        try:
            yield
        finally:
            with self._changed:
                self._open.discard(connection)
                self._changed.notify_all()

    def _note(self, request: Request) -> int:
        with self._changed:
            self.requests.append(request)
            self._asked += 1
            self._changed.notify_all()
            return self._era

    def _wait_for_change(self, era: int, timeout_s: float | None = None) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._era != era, timeout_s)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    server_address: tuple[str, int]

    def __init__(self, owner: FaultyServer, port: int, tls: ssl.SSLContext | None) -> None:
        self.owner = owner
        self._tls = tls
        super().__init__(("127.0.0.1", port), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        # In the connection's own thread: a handshake must not hold up the listener.
        if self._tls is not None:
            try:
                request = self._tls.wrap_socket(request, server_side=True)
            except OSError:
                return
        with self.owner._connected(request), closing(request):
            super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Header and body go out apart; the second must not wait for the first to be acknowledged.
    disable_nagle_algorithm = True
    server: _Listener

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        form = self.rfile.read(length).decode()
        url = urlsplit(self.path)
        params = parse_qs("&".join(filter(None, (url.query, form))))
        owner = self.server.owner
        fault = owner.fault
        self._request = Request(self.command, url.path, params, dict(self.headers.items()))
        self._era = owner._note(self._request)
        if fault in _WAYS_TO_FAIL:
            _WAYS_TO_FAIL[fault](self)
        elif fault in _WRONG_ANSWERS:
            self._send(_WRONG_ANSWERS[fault])
        else:
            self._send(self._healthy())

    def _healthy(self) -> Response:
        owner = self.server.owner
        if (
            owner.accept_token is not None
            and self.headers.get("Authorization") != f"Bearer {owner.accept_token}"
        ):
            return _WRONG_ANSWERS[Fault.UNAUTHORIZED]
        return owner.answer(self._request)

    def _send(self, response: Response, *, body_bytes: int | None = None) -> None:
        """Send the response, or so many bytes of its body only."""
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body[:body_bytes])

    def _hang(self) -> None:
        self.server.owner._wait_for_change(self._era)
        self.close_connection = True

    def _hang_in_body(self) -> None:
        response = self._healthy()
        self._send(response, body_bytes=len(response.body) // 2)
        self._hang()

    def _drip(self) -> None:
        self._send(Response(body=b" " * 1_000_000), body_bytes=1)
        with suppress(OSError):
            while not self.server.owner._wait_for_change(self._era, 0.02):
                self.wfile.write(b" ")
        self.close_connection = True

    def _reset(self) -> None:
        # Lingering for no time makes close() send RST instead of FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close_connection = True
        self.connection.close()

    def _reset_in_body(self) -> None:
        response = self._healthy()
        self._send(response, body_bytes=len(response.body) // 2)
        self._reset()

    def _truncated(self) -> None:
        healthy = self._healthy()
        self._send(Response(200, healthy.body[: len(healthy.body) // 2], healthy.headers))

    def _odd_values(self) -> None:
        answer = json.loads(self._healthy().body)
        odd = cycle(("NaN", "+Inf", "-Inf"))
        if isinstance(answer["data"], dict):
            for item in answer["data"]["result"]:
                for point in [item["value"]] if "value" in item else item["values"]:
                    point[1] = next(odd)
        self._send(Response.json(answer))

    def _huge(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        chunk = b" " * 100_000
        for _ in range(HUGE_BYTES // len(chunk)):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def _huge_packed(self) -> None:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        self._send(Response(200, _packed(HUGE_BYTES), headers))

    def _not_http(self) -> None:
        self.wfile.write(b"220 mail.example.com ESMTP\r\n\r\n")
        self.close_connection = True


@cache
def _packed(spaces: int) -> bytes:
    """So many spaces; packing them takes longer than tests let their clients wait."""
    return gzip.compress(b" " * spaces, compresslevel=1)


_WAYS_TO_FAIL: dict[Fault, Callable[[_Handler], None]] = {
    Fault.HANG: _Handler._hang,
    Fault.HANG_IN_BODY: _Handler._hang_in_body,
    Fault.DRIP: _Handler._drip,
    Fault.RESET: _Handler._reset,
    Fault.RESET_IN_BODY: _Handler._reset_in_body,
    Fault.TRUNCATED_JSON: _Handler._truncated,
    Fault.NAN_AND_INF: _Handler._odd_values,
    Fault.HUGE: _Handler._huge,
    Fault.HUGE_PACKED: _Handler._huge_packed,
    Fault.NOT_HTTP: _Handler._not_http,
}

_PAGE = {"Content-Type": "text/html; charset=utf-8"}
_WRONG_ANSWERS = {
    Fault.UNAUTHORIZED: Response(401, b"Unauthorized", {"WWW-Authenticate": "Basic"}),
    Fault.FORBIDDEN: Response(403, b"<html><h1>403 Forbidden</h1></html>", _PAGE),
    Fault.NOT_FOUND: Response(404, b"404 page not found\n", {"Content-Type": "text/plain"}),
    Fault.UNPROCESSABLE: Response.json(
        {
            "status": "error",
            "errorType": "execution",
            "error": "query processing would load too many samples",
        },
        status=422,
    ),
    Fault.TOO_MANY: Response(429, b"too many outstanding requests", {"Retry-After": "7"}),
    Fault.INTERNAL: Response(500, b"boom"),
    Fault.UNAVAILABLE: Response(
        503, b"<html><h1>503 Service Unavailable</h1></html>", {**_PAGE, "Retry-After": "120"}
    ),
    Fault.LOGIN_REDIRECT: Response(302, b"", {"Location": LOGIN_URL}),
    Fault.INVALID_JSON: Response(200, b"{status: success}", {"Content-Type": "application/json"}),
    Fault.HTML: Response(200, b"<!DOCTYPE html><title>Sign in</title>", _PAGE),
    Fault.WRONG_SHAPE: Response.data({"resultType": "vector", "result": [{"metric": {}, "value": 7}]}),
}
