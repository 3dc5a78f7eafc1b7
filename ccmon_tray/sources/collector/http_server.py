"""OTLP over HTTP, on waitress: ``/v1/metrics`` and ``/v1/logs``, as protobuf or JSON, plain or compressed.

What waitress does not do by itself is added here: headers are looked at before a body is read, a sender gets
so long for a whole request (not only for the next byte of it), and who is refused in the middle of sending is
heard out for a moment, because a connection that is reset takes its answer with it.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from ccmon_tray.sources.collector.bodies import LARGEST_BYTES, plain_body, too_large
from ccmon_tray.sources.collector.faults import (
    ExportInvalid,
    ExportRefused,
    MethodRefused,
    PathUnknown,
    SenderTooSlow,
    StoreUnavailable,
)
from ccmon_tray.sources.collector.gate import Gate
from ccmon_tray.sources.collector.ingest import Ingest
from ccmon_tray.sources.collector.otlp_answers import GrpcCode, logs_answer, metrics_answer, status

REQUEST_TIMEOUT_S: Final = 10.0
"""So long a sender has for a whole request."""

PATHS: Final = ("/v1/metrics", "/v1/logs")

_THREADS: Final = 8  # exports that come at once are written in one transaction
_CONNECTIONS: Final = 128
_IDLE_S: Final = 300  # a connection kept alive between exports
_HEADER_BYTES: Final = 32_768
_RECEIVE_BYTES: Final = 65_536  # most exports come in one piece
_WAKE_S: Final = 5  # how often connections are looked after where nothing happens
_LINGER_S: Final = 2.0

_JSON: Final = "application/json"
_PROTOBUF: Final = "application/x-protobuf"
_REASONS: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}
_CODES: Final = {
    401: GrpcCode.UNAUTHENTICATED,
    403: GrpcCode.PERMISSION_DENIED,
    404: GrpcCode.UNIMPLEMENTED,
    405: GrpcCode.UNIMPLEMENTED,
    413: GrpcCode.RESOURCE_EXHAUSTED,
    500: GrpcCode.INTERNAL,
    503: GrpcCode.UNAVAILABLE,
}

_log = logging.getLogger(__name__)

Headers = list[tuple[str, str]]


class HttpServer:
    """Serves until it is closed, on threads of its own.

    Args:
        listening: A bound socket; it is closed with the server.
        ingest: Where exports go.
        gate: Who may send them.
        request_timeout_s: How long a sender has for a whole request.
    """

    def __init__(
        self,
        listening: socket.socket,
        ingest: Ingest,
        gate: Gate,
        *,
        request_timeout_s: float = REQUEST_TIMEOUT_S,
    ) -> None:
        # A queue of exports is no news: the clients wait, and send again.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        adjustments = Adjustments(
            sockets=[listening],
            threads=_THREADS,
            recv_bytes=_RECEIVE_BYTES,
            connection_limit=_CONNECTIONS,
            channel_timeout=_IDLE_S,
            cleanup_interval=1,
            asyncore_use_poll=True,
            max_request_header_size=_HEADER_BYTES,
            max_request_body_size=LARGEST_BYTES + 1,
            log_socket_errors=False,
            ident="ccmon-tray",
            clear_untrusted_proxy_headers=False,
        )
        adjustments.asyncore_loop_timeout = min(_WAKE_S, request_timeout_s)
        self._map: dict[int, Any] = {}
        self._dispatcher = _Dispatcher()
        self._dispatcher.set_thread_count(_THREADS)
        self._server = _Server(
            _Application(ingest),
            map=self._map,
            _sock=listening,
            dispatcher=self._dispatcher,
            adj=adjustments,
            bind_socket=False,
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
        )
        self._server.gate = gate
        self._server.request_timeout_s = request_timeout_s
        self._thread = threading.Thread(target=self._server.run, name="otlp-http", daemon=True)
        self._thread.start()

    def close(self, timeout_s: float = 0.5) -> None:
        """End all connections and threads; exports that are not answered are sent again by their clients."""
        self._dispatcher.shutdown(timeout=timeout_s)
        self._server.trigger.pull_trigger(lambda: wasyncore.close_all(self._map))
        self._thread.join(timeout_s)


class _Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """Waitress' threads, with names that tell whose they are."""

    def start_new_thread(self, target: Callable[[int], None], thread_no: int) -> None:
        """Start one."""
        name = f"otlp-http-{thread_no}"
        threading.Thread(target=target, name=name, args=(thread_no,), daemon=True).start()


class _Refusal:
    """A refusal as waitress wants its errors."""

    def __init__(self, error: ExportRefused, content_type: str) -> None:
        self._error = error
        self._content_type = content_type

    def to_response(self, _ident: str | None = None) -> tuple[str, Headers, bytes]:
        """Status, headers and body."""
        return _failure(self._error, self._content_type)


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Reads one request; what its headers rule out is refused before its body is read."""

    error: Any = None
    gate: Gate

    def __init__(self, adj: Adjustments) -> None:
        super().__init__(adj)
        self.begun = time.monotonic()
        self._looked = False

    def received(self, data: bytes) -> int:
        """Take some more of it; returns how many bytes were its own."""
        consumed: int = super().received(data)
        if self.headers_finished and not self._looked and not self.empty:
            self._looked = True
            if self.error is None:
                self._look()
        if self.error is not None and not isinstance(self.error, _Refusal):
            self.refuse(_as_refused(self.error))
        return consumed

    def refuse(self, error: ExportRefused) -> None:
        """Answer it with an error, whatever of it has come."""
        self.error = _Refusal(error, self.headers.get("CONTENT_TYPE", ""))
        self.expect_continue = False
        self.completed = True

    def _look(self) -> None:
        headers = self.headers
        try:
            self.gate.check(
                host=headers.get("HOST", ""),
                origin=headers.get("ORIGIN", ""),
                authorization=headers.get("AUTHORIZATION", ""),
            )
            if self.path not in PATHS:
                hint = "gRPC has a port of its own" if self.path == "*" else f"Send to {' or '.join(PATHS)}"
                raise PathUnknown("Exports are not taken here", next_step=hint)
            if self.command != "POST":
                raise MethodRefused("Exports are posted", next_step=f"Use POST {self.path}")
        except ExportRefused as error:
            self.refuse(error)


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection, which after a refusal is closed from this side first, and read for a moment more."""

    request: Any = None
    close_when_flushed: bool = False
    lingers_until: float | None = None

    def parser_class(self, adj: Adjustments) -> _Parser:
        """A parser for the next request."""
        parser = _Parser(adj)
        parser.gate = self.server.gate
        return parser

    def give_up(self, now: float, timeout_s: float) -> None:
        """Answer a request that has taken too long; close what has lingered long enough."""
        if self.lingers_until is not None and now > self.lingers_until:
            self.will_close = True
        with self.requests_lock:
            request = self.request
            if request is None or self.requests or now - request.begun < timeout_s:
                return
            request.refuse(
                SenderTooSlow("The export is not taken", cause=f"it took more than {timeout_s:g} s to send")
            )
            request.empty = False
            self.request = None
            self.requests.append(request)
            self.server.add_task(self)

    def readable(self) -> bool:
        """Whether it may be read."""
        return self.lingers_until is not None or bool(super().readable())

    def handle_read(self) -> None:
        """Read; of what is refused already, only to empty the pipe."""
        if self.lingers_until is None:
            super().handle_read()
            return
        try:
            if not self.recv(65_536):
                self.will_close = True
        except OSError:
            self.will_close = True

    def handle_write(self) -> None:
        """Write; after the last byte of a connection's last answer, say that nothing more comes."""
        if self.close_when_flushed and self.lingers_until is None:
            self._flush_exception(self._flush_some)
            if not self.total_outbufs_len and not self.will_close:
                self.close_when_flushed = False
                self.lingers_until = time.monotonic() + _LINGER_S
                try:
                    self.socket.shutdown(socket.SHUT_WR)
                except OSError:
                    self.will_close = True
            if not self.will_close:
                return
        super().handle_write()


class _Server(TcpWSGIServer):  # type: ignore[misc]
    """Accepts connections and looks after them."""

    channel_class = _Channel
    gate: Gate
    request_timeout_s: float

    def maintenance(self, now: float) -> None:
        """Look after all connections."""
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            channel.give_up(time.monotonic(), self.request_timeout_s)

    def handle_error(self) -> None:
        """Keep on serving, whatever went wrong with one connection."""
        _log.exception("A connection of the built-in collector failed")


class _Application:
    """The WSGI application: hands bodies to the ingest, and its answers back."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Take one export."""
        content_type = environ.get("CONTENT_TYPE", "")
        try:
            line, headers, body = "200 OK", [("Content-Type", _kind(content_type))], self._take(environ)
        except (ExportRefused, StoreUnavailable) as error:
            line, headers, body = _failure(error, content_type)
        except Exception:  # noqa: BLE001  # the client is told, and the next export may be better
            _log.exception("An export could not be taken")
            line, headers, body = _answer(
                500, "An error in ccmon-tray itself; its log says more", content_type
            )
        start_response(line, [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def _take(self, environ: dict[str, Any]) -> bytes:
        content_type = environ.get("CONTENT_TYPE", "")
        as_json = _kind(content_type) == _JSON
        body = plain_body(environ["wsgi.input"].read(), environ.get("HTTP_CONTENT_ENCODING", ""))
        if environ["PATH_INFO"] == "/v1/metrics":
            return metrics_answer(self._ingest.metrics(body, content_type), as_json=as_json)
        self._ingest.logs(body, content_type)
        return logs_answer(as_json=as_json)


def _kind(content_type: str) -> str:
    """How to answer: as it was asked, and to whoever asks strangely, readably."""
    return _PROTOBUF if content_type.partition(";")[0].strip().lower() == _PROTOBUF else _JSON


def _failure(error: ExportRefused | StoreUnavailable, content_type: str) -> tuple[str, Headers, bytes]:
    retry_after_s = error.retry_after_s if isinstance(error, StoreUnavailable) else None
    line, headers, body = _answer(error.status, str(error), content_type, retry_after_s)
    if isinstance(error, MethodRefused):
        headers.append(("Allow", "POST"))
    return line, headers, body


def _answer(
    code: int, words: str, content_type: str, retry_after_s: int | None = None
) -> tuple[str, Headers, bytes]:
    kind = _kind(content_type)
    grpc_code = _CODES.get(code, GrpcCode.INVALID_ARGUMENT)
    body = status(grpc_code, words, as_json=kind == _JSON, retry_after_s=retry_after_s)
    headers = [("Content-Type", kind)]
    if retry_after_s is not None:
        headers.append(("Retry-After", str(retry_after_s)))
    if code == 401:
        headers.append(("WWW-Authenticate", "Bearer"))
    return f"{code} {_REASONS[code]}", headers, body


def _as_refused(error: Any) -> ExportRefused:
    """Waitress' own error in our words."""
    if error.code == 413:
        return too_large()
    return ExportInvalid("The request cannot be read", cause=str(error.body))
