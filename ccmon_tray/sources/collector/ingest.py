"""Where listeners hand exports in: decoded side by side, written together."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ccmon_tray.sources.collector.decode import decode_logs, decode_metrics
from ccmon_tray.sources.collector.exports import Event, Point
from ccmon_tray.sources.collector.faults import StoreUnavailable
from ccmon_tray.sources.collector.pruning import Retention, prune
from ccmon_tray.sources.collector.store import Store

_PRUNE_EVERY_S: Final = 6 * 3600.0
_KEEP: Final = Retention()
# Senders try again all the time: where none has failed for so long, nobody sends any more.
_RECENT_S: Final = 900.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of an export: how many data points or events were kept, and how many are of no use here."""

    kept: int
    skipped: int


@dataclass(eq=False, slots=True)
class _Job:
    """An export that waits to be written."""

    points: tuple[Point, ...] = ()
    events: tuple[Event, ...] = ()
    done: bool = False
    error: StoreUnavailable | None = None


class Ingest:
    """Takes exports; safe to call from several threads.

    Args:
        path: The collector's file.
        clock: Unix seconds now.
        retention: How long what was received is kept.
        on_kept: Called after data points were kept, on the listener's thread; must be cheap.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        retention: Retention = _KEEP,
        on_kept: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = Store(path, clock=clock)
        self._clock = clock
        self._retention = retention
        self._on_kept = on_kept
        self._prune_at = 0.0
        self._waiting: list[_Job] = []
        self._waiting_lock = threading.Lock()
        self._writing_lock = threading.Lock()
        self._closed = False
        self._trouble: tuple[float, StoreUnavailable] | None = None

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know: that a damaged file was set aside, or why exports are not kept now."""
        trouble = self._trouble
        failing = trouble is not None and 0 <= self._clock() - trouble[0] < _RECENT_S
        return (*self._store.notices, *((str(trouble[1]),) if trouble is not None and failing else ()))

    def open(self) -> None:
        """Open and check the file now, instead of with the first export.

        Raises:
            StoreUnavailable: It cannot be opened now; exports try again.
        """
        with self._writing_lock:
            was_open = self._store.is_open
            self._store.open()
            if not was_open:
                self._tell(None)

    def metrics(self, body: bytes, content_type: str) -> Accepted:
        """Keep an ``ExportMetricsServiceRequest``; when this returns, it is on the disk.

        Args:
            body: As it was sent, but not compressed.
            content_type: ``application/x-protobuf`` or ``application/json``.

        Raises:
            ExportRefused: The export is no good, with the status to answer.
            StoreUnavailable: It cannot be kept now, and nothing of it was.
        """
        export = decode_metrics(body, content_type)
        self._write(_Job(points=export.points))
        if export.points:
            self._on_kept()
        return Accepted(len(export.points), export.skipped)

    def logs(self, body: bytes, content_type: str) -> Accepted:
        """Keep an ``ExportLogsServiceRequest``; all else as for :meth:`metrics`."""
        export = decode_logs(body, content_type)
        self._write(_Job(events=export.events))
        return Accepted(len(export.events), export.skipped)

    def close(self) -> None:
        """Close the file; exports that come now are refused, to be sent again."""
        with self._writing_lock:
            self._closed = True
            self._store.close()

    def _write(self, job: _Job) -> None:
        if not job.points and not job.events:
            return
        with self._waiting_lock:
            self._waiting.append(job)
        # Whoever gets in writes all that has come meanwhile: one transaction, one fsync for all of it.
        with self._writing_lock:
            if not job.done:
                self._write_waiting()
                self._prune()
        if job.error is not None:
            raise job.error

    def _write_waiting(self) -> None:
        with self._waiting_lock:
            jobs, self._waiting = self._waiting, []
        # Whatever happens, nobody is told that an export was kept unless it was.
        error: StoreUnavailable | None = _closing()
        try:
            if self._closed:
                return
            self._store.write(
                [point for job in jobs for point in job.points],
                [event for job in jobs for event in job.events],
            )
            error = None
            self._tell(None)
        except StoreUnavailable as unavailable:
            error = unavailable
            self._tell(unavailable)
        finally:
            for job in jobs:
                job.done, job.error = True, error

    def _tell(self, error: StoreUnavailable | None) -> None:
        """Remember whether exports can be kept, and log it where that has changed."""
        before = self._trouble
        self._trouble = None if error is None else (self._clock(), error)
        if error is not None and (before is None or str(before[1]) != str(error)):
            _log.warning("Exports are not kept: %s", error)
        elif error is None and before is not None:
            _log.info("Exports are kept again")

    def _prune(self) -> None:
        """Delete some of what is too old, if it is time to."""
        now = self._clock()
        if self._closed or self._prune_at - _PRUNE_EVERY_S <= now < self._prune_at:
            return
        more = False
        # What was to be kept is kept, whatever comes of this.
        with contextlib.suppress(StoreUnavailable):
            more = self._store.transact(lambda connection, _: prune(connection, self._retention, now))
        self._prune_at = now if more else now + _PRUNE_EVERY_S


def _closing() -> StoreUnavailable:
    return StoreUnavailable("The built-in collector is closing", next_step="Send it again")
