"""OTLP over gRPC, on grpclib: the ``Export`` methods of the metrics and the logs service.

grpclib is asyncio and h2: it runs on a thread of its own, and exports are kept on a few more, so that those
that come at the same time are written together. Bodies go to the ingest as they are; compressed messages,
which grpclib does not know, are undone here.

https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
"""

import asyncio
import contextlib
import functools
import logging
import socket
import struct
import threading
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, cast

from grpclib.const import Cardinality, Handler, Status
from grpclib.encoding.base import CodecBase, StatusDetailsCodecBase
from grpclib.exceptions import GRPCError
from grpclib.protocol import H2Protocol
from grpclib.server import Server, Stream

from ccmon_tray.sources.collector.bodies import LARGEST_BYTES, plain_body, too_large
from ccmon_tray.sources.collector.faults import (
    ExportInvalid,
    ExportRefused,
    ExportTooLarge,
    SenderForbidden,
    SenderTooSlow,
    SenderUnknown,
    StoreUnavailable,
)
from ccmon_tray.sources.collector.gate import Gate
from ccmon_tray.sources.collector.ingest import Ingest
from ccmon_tray.sources.collector.otlp_answers import GrpcCode, logs_answer, metrics_answer, status

REQUEST_TIMEOUT_S: Final = 10.0
"""So long a sender has for a whole export."""

_THREADS: Final = 8
_CONNECTIONS: Final = 128
_PROTOBUF: Final = "application/x-protobuf"
_SERVICE: Final = "/opentelemetry.proto.collector.{0}.v1.{1}Service/Export"
_START_S: Final = 5.0
_END_S: Final = 0.2
# Of the loop, after which a connection that has just been accepted is made, and one that was closed is gone.
_TURNS: Final = 5
_CODES: Final[Mapping[type[ExportRefused], Status]] = {
    SenderUnknown: Status.UNAUTHENTICATED,
    SenderForbidden: Status.PERMISSION_DENIED,
    SenderTooSlow: Status.DEADLINE_EXCEEDED,
    ExportTooLarge: Status.RESOURCE_EXHAUSTED,
}

_log = logging.getLogger(__name__)

_Stream = Stream[bytes, bytes]


class GrpcServer:
    """Serves until it is closed, on threads of its own.

    Args:
        listening: A bound socket; it is closed with the server.
        ingest: Where exports go.
        gate: Who may send them.
        request_timeout_s: How long a sender has for a whole export.
    """

    def __init__(
        self,
        listening: socket.socket,
        ingest: Ingest,
        gate: Gate,
        *,
        request_timeout_s: float = REQUEST_TIMEOUT_S,
    ) -> None:
        self._listening = listening
        self._service = _Service(ingest, gate, request_timeout_s)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="otlp-grpc", daemon=True)
        self._thread.start()
        self._started.wait(_START_S)

    def close(self, timeout_s: float = 0.5) -> None:
        """End all connections and threads; exports that are not answered are sent again by their clients."""
        if self._loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):  # its loop has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout_s)
        self._service.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception:  # noqa: BLE001  # all else in this process goes on
            _log.exception("OTLP over gRPC is not served any more")
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = _Server([self._service], codec=_AsIs(), status_details_codec=_Details())
        await server.start(sock=self._listening)
        self._started.set()
        await self._stop.wait()
        await server.end(self._listening)


class _Service:
    """Takes exports."""

    def __init__(self, ingest: Ingest, gate: Gate, timeout_s: float) -> None:
        self._ingest = ingest
        self._gate = gate
        self._timeout_s = timeout_s
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="otlp-grpc")

    def __mapping__(self) -> dict[str, Handler]:
        """The methods, as grpclib asks for them."""
        return {
            _SERVICE.format(package, name): Handler(
                functools.partial(self._export, keep), Cardinality.UNARY_UNARY, bytes, bytes
            )
            for package, name, keep in (
                ("metrics", "Metrics", self._keep_metrics),
                ("logs", "Logs", self._keep_logs),
            )
        }

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _export(self, keep: Callable[[bytes, bool], bytes], stream: _Stream) -> None:
        try:
            metadata: Mapping[str, str | bytes] = stream.metadata or {}
            self._gate.check(
                origin=str(metadata.get("origin", "")),
                authorization=str(metadata.get("authorization", "")),
            )
            body, compressed = await self._receive(stream)
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._threads, keep, body, compressed)
        except ExportRefused as error:
            raise GRPCError(_CODES.get(type(error), Status.INVALID_ARGUMENT), str(error)) from error
        except StoreUnavailable as error:
            raise GRPCError(Status.UNAVAILABLE, str(error), error.retry_after_s) from error
        await stream.send_message(answer)

    async def _receive(self, stream: _Stream) -> tuple[bytes, bool]:
        """A message, and whether it is compressed; its length is known, and limited, before it is read."""
        raw = stream._stream  # noqa: SLF001  # the only way to a message that grpclib cannot read
        try:
            async with asyncio.timeout(self._timeout_s):
                compressed, length = struct.unpack(">?I", await raw.recv_data(5))
                if length > LARGEST_BYTES:
                    raise too_large()
                return await raw.recv_data(length), compressed
        except (struct.error, AssertionError) as error:  # the latter is grpclib's word for an early end
            raise ExportInvalid("The export cannot be read", cause="its message ends early") from error
        except TimeoutError as error:
            raise SenderTooSlow(
                "The export is not taken", cause=f"it took more than {self._timeout_s:g} s to send"
            ) from error

    def _keep_metrics(self, body: bytes, compressed: bool) -> bytes:
        plain = plain_body(body, "gzip" if compressed else "")
        return metrics_answer(self._ingest.metrics(plain, _PROTOBUF), as_json=False)

    def _keep_logs(self, body: bytes, compressed: bool) -> bytes:
        self._ingest.logs(plain_body(body, "gzip" if compressed else ""), _PROTOBUF)
        return logs_answer(as_json=False)


class _Server(Server):
    """Knows its connections, to limit and to end them."""

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self._connections: weakref.WeakSet[_Connection] = weakref.WeakSet()

    def _protocol_factory(self) -> H2Protocol:
        plain = super()._protocol_factory()
        crowded = len(self._connections) >= _CONNECTIONS
        connection = _Connection(plain.handler, plain.config, plain.h2_config, crowded=crowded)
        self._connections.add(connection)
        return connection

    async def end(self, listening: socket.socket) -> None:
        """Take no more connections, and end all there are."""
        # asyncio loses a connection that it has accepted, if the server is closed before that is made.
        with contextlib.suppress(NotImplementedError):  # Windows accepts in another way
            asyncio.get_running_loop().remove_reader(listening)
        for _ in range(_TURNS):
            for connection in list(self._connections):
                connection.hang_up()
            await asyncio.sleep(0)
        self.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.wait_closed(), _END_S)
        for connection in list(self._connections):
            connection.abort()
        await asyncio.sleep(0)


class _Connection(H2Protocol):
    """A connection that can be ended from here."""

    def __init__(self, *args: Any, crowded: bool) -> None:
        super().__init__(*args)
        self._crowded = crowded
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin it, unless there are too many."""
        super().connection_made(transport)
        self._transport = cast("asyncio.Transport", transport)
        if self._crowded:
            self.hang_up()

    def hang_up(self) -> None:
        """End it."""
        if hasattr(self, "processor"):
            self.processor.close("The built-in collector is closing")

    def abort(self) -> None:
        """End it, whatever its client has not read yet."""
        if self._transport is not None:
            self._transport.abort()


class _AsIs(CodecBase):
    """Messages stay bytes."""

    __content_subtype__ = "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:
        """The message itself."""
        del message_type
        return bytes(message)

    def decode(self, data: bytes, message_type: Any) -> bytes:
        """The message itself."""
        del message_type
        return data


class _Details(StatusDetailsCodecBase):
    """Tells after how many seconds an export may be sent again."""

    def encode(self, status_: Status, message: str | None, details: Any) -> bytes:
        """A ``google.rpc.Status`` with a ``RetryInfo``; ``details`` are the seconds."""
        return status(GrpcCode(status_.value), message or "", as_json=False, retry_after_s=int(details))

    def decode(self, status_: Status, message: str | None, data: bytes) -> Any:
        """Nothing: only clients ask for it."""
        del status_, message, data
