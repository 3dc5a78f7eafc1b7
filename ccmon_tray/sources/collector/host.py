"""The built-in collector's life in the process that hosts it: opened, listening, tried again, closed.

One thread does what can take time: importing all that receiving needs, checking the file, finding out who
holds a port. A port that is taken is tried again every minute, since its holder may go; the other listener
serves meanwhile.
"""

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from ccmon_tray.errors import CcmonError
from ccmon_tray.settings import CollectorSettings
from ccmon_tray.sources.collector.faults import StoreUnavailable
from ccmon_tray.sources.collector.ports import PortTaken, listen

if TYPE_CHECKING:  # a tray that receives nothing does without what receiving needs: 0.4 MiB
    from collections.abc import Callable

    from ccmon_tray.sources.collector.gate import Gate
    from ccmon_tray.sources.collector.ingest import Ingest

_log = logging.getLogger(__name__)

RETRY_S: Final = 60.0
"""How often a listener that could not start is tried again."""

_CLOSE_S: Final = 0.4
# Troubles that are no port's.
_FILE: Final = "file"
_ACCESS: Final = "access"


class Listener(Protocol):
    """What serves a port."""

    def close(self, timeout_s: float = ...) -> None:
        """End it."""
        ...


class CollectorHost:
    """Runs the collector as long as it is wanted; safe to call from several threads.

    Args:
        path: The collector's file.
        retry_s: How often a listener that could not start is tried again.

    Attributes:
        on_export: Called after data points were kept, on the listener's thread; must be cheap. Set before
            :meth:`use`.
        settled: Set while everything that is wanted has been tried.
    """

    def __init__(self, path: Path, *, retry_s: float = RETRY_S) -> None:
        self.on_export: Callable[[], None] = lambda: None
        self.settled = threading.Event()
        self._path = path
        self._retry_s = retry_s
        self._wanted = CollectorSettings(enabled=False)
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._listeners: dict[str, Listener] = {}
        self._troubles: dict[str, CcmonError] = {}
        self._ingest: Ingest | None = None

    def use(self, settings: CollectorSettings) -> None:
        """Listen by these settings from now on."""
        if settings == self._wanted and self._thread is not None:
            return
        self._wanted = settings
        self.settled.clear()
        if self._thread is None:
            if not settings.enabled:
                return
            self._thread = threading.Thread(target=self._run, name="collector", daemon=True)
            self._thread.start()
        self._wake.set()

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person has to do something about."""
        ingest = self._ingest
        grave = [str(error) for error in self._troubles.copy().values() if not isinstance(error, PortTaken)]
        # The file may be said to be out of use twice: when it was opened, and when something was to be kept.
        return tuple(dict.fromkeys((*(ingest.notices if ingest is not None else ()), *grave)))

    @property
    def lines(self) -> tuple[str, ...]:
        """Where it listens and where it cannot, each in a few words."""
        settings, listeners, troubles = self._wanted, self._listeners.copy(), self._troubles.copy()
        if not settings.enabled:
            return ("The built-in collector is switched off",)
        lines = []
        for name, port in _ports(settings).items():
            trouble = troubles.get(name)
            if name in listeners:
                lines.append(f"OTLP/{name} at port {port}")
            elif isinstance(trouble, PortTaken):
                lines.append(f"OTLP/{name}: port {port} is {_owned(trouble)}")
        return tuple(lines)

    def close(self) -> None:
        """End all listeners and threads; takes no longer than a second."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(2 * _CLOSE_S)

    # On its own thread

    def _run(self) -> None:
        used = self._wanted
        while not self._stopping:
            self._wake.clear()
            if self._wanted != used:
                self._close_all()
                used = self._wanted
            if used.enabled:
                self._start_missing(used)
            if not self._wake.is_set():
                self.settled.set()
            self._wake.wait(self._retry_s if self._troubles else None)
        self._close_all()

    def _start_missing(self, settings: CollectorSettings) -> None:
        from ccmon_tray.sources.collector.gate import Gate  # noqa: PLC0415

        self._troubles.pop(_ACCESS, None)
        try:
            gate = Gate(settings)
            ingest = self._open(settings)
        except CcmonError as error:
            _log.warning("%s", error)
            self._troubles[_ACCESS] = error
            return
        for name, port in _ports(settings).items():
            if name in self._listeners or self._stopping:
                continue
            try:
                self._listeners[name] = _start(name, settings.host, port, ingest, gate)
            except CcmonError as error:
                if str(error) != str(self._troubles.get(name)):
                    _log.warning("%s", error)
                self._troubles[name] = error
            else:
                self._troubles.pop(name, None)
                _log.info("The built-in collector listens for OTLP/%s at %s:%s", name, settings.host, port)

    def _open(self, settings: CollectorSettings) -> "Ingest":
        if self._ingest is None:
            from ccmon_tray.sources.collector.ingest import Ingest  # noqa: PLC0415
            from ccmon_tray.sources.collector.pruning import Retention  # noqa: PLC0415

            retention = Retention(settings.detail_days, settings.retention_days or None)
            self._ingest = Ingest(self._path, retention=retention, on_kept=self.on_export)
        try:
            self._ingest.open()
        except StoreUnavailable as error:
            # Listeners start nevertheless: they answer that it is to be sent again.
            self._troubles[_FILE] = error
        else:
            self._troubles.pop(_FILE, None)
        return self._ingest

    def _close_all(self) -> None:
        for listener in self._listeners.values():
            listener.close(_CLOSE_S)
        self._listeners = {}
        self._troubles = {}
        if self._ingest is not None:
            self._ingest.close()
            self._ingest = None


def _ports(settings: CollectorSettings) -> dict[str, int]:
    ports = {"HTTP": settings.http_port, "gRPC": settings.grpc_port}
    return {name: port for name, port in ports.items() if port}


def _owned(taken: PortTaken) -> str:
    return f"{taken.holder}’s" if taken.holder else "taken"


def _start(name: str, host: str, port: int, ingest: "Ingest", gate: "Gate") -> Listener:
    """Start a listener; what it needs is imported only here."""
    listening = listen(host, port)
    if name == "HTTP":
        from ccmon_tray.sources.collector.http_server import HttpServer  # noqa: PLC0415

        return HttpServer(listening, ingest, gate)
    from ccmon_tray.sources.collector.grpc_server import GrpcServer  # noqa: PLC0415

    return GrpcServer(listening, ingest, gate)
