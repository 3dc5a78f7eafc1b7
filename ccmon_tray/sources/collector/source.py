"""The collector's file as a source of usage: read-only, at the same time as it is written."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from ccmon_tray.errors import SourceUnavailable
from ccmon_tray.sources.base import Answer, Inventory, Question, SessionSeen, Span
from ccmon_tray.sources.collector.reading import Reader
from ccmon_tray.sources.collector.schema import VERSION, version_of
from ccmon_tray.sources.collector.store import identity_of
from ccmon_tray.sources.collector.warnings import warnings_of
from ccmon_tray.usage.models import SourceInfo, UsageWarning
from ccmon_tray.usage.states import SourceKind
from ccmon_tray.usage.windows import Calendar, Window

if TYPE_CHECKING:
    from ccmon_tray.sources.request_figures import RequestsReading

_BUSY_S: Final = 5.0
# How far back data reach grows by the second. What is derived from it need not be read anew at each poll.
_REACH_S: Final = 3600.0

T = TypeVar("T")


class CollectorSource:
    """What the built-in collector has received.

    Args:
        path: Its file. There may be none yet: that is no telemetry, and no error.
        clock: Unix seconds now.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._reader: Reader | None = None
        self._identity: tuple[int, int] | None = None
        self._reach: tuple[float, float | None] = (float("-inf"), None)
        self._closed = False

    @property
    def info(self) -> SourceInfo:
        """The built-in collector."""
        return SourceInfo(kind=SourceKind.COLLECTOR)

    def inventory(self, *, refresh: bool = False) -> Inventory:
        """The counters there are data of, and how long ago the first were received."""
        now = self._clock()
        if refresh or not 0 <= now - self._reach[0] < _REACH_S:
            begin = self.read(Reader.begin)
            self._reach = now, None if begin is None else now - begin
        metrics = self.read(Reader.metrics) or ()
        names = {metric: (f"claude_code.{metric.value}",) for metric in metrics}
        return Inventory(self.info, names, retention_s=self._reach[1])

    def ask(self, questions: Sequence[Question]) -> tuple[Answer, ...]:
        """The answers, in the order of the questions, all of one moment."""
        answers = self.read(lambda reader: tuple(map(reader.answer, questions)))
        return tuple(Answer((), known=False) for _ in questions) if answers is None else answers

    def count_sessions(self, span: Span) -> int:
        """How many distinct session ids had any use in the window."""
        return self.read(lambda reader: reader.count_sessions(span)) or 0

    def sessions_seen(self, span: Span, session_ids: Sequence[str] | None = None) -> tuple[SessionSeen, ...]:
        """First and last activity of the sessions with use in the window, or of those named."""
        return self.read(lambda reader: reader.sessions_seen(span, session_ids)) or ()

    def warnings(self, span: Span) -> tuple[UsageWarning, ...]:
        """Why answers about this window may be off: where single increments are not kept any more."""
        detail_from = self.read(lambda reader: reader.detail_from) or 0
        return warnings_of(span, detail_from)

    def keeps_requests(self) -> bool:
        """Whether any event was ever received."""
        return self.read(Reader.has_events) or False

    def requests(self, window: Window, calendar: Calendar) -> "RequestsReading":
        """What the events of a range tell."""
        from ccmon_tray.sources.collector.requests import read_requests  # noqa: PLC0415  # for one view alone

        return read_requests(self, window, calendar)

    def close(self) -> None:
        """Close the file; calls under way fail soon."""
        self._closed = True
        connection = self._connection
        if connection is not None:
            # A call that ends just now may have closed it.
            with contextlib.suppress(sqlite3.ProgrammingError):
                connection.interrupt()
        with self._lock:
            self._disconnect()

    def read(self, look: Callable[[Reader], T]) -> T | None:
        """Look at the file as it is at one moment.

        Args:
            look: What to read; it has the connection for itself.

        Returns:
            What it returned; None if there is no file.

        Raises:
            SourceUnavailable: The file cannot be read now.
        """
        with self._lock:
            try:
                reader = self._open()
                if reader is None:
                    return None
                reader.connection.execute("BEGIN")
                try:
                    return look(reader)
                finally:
                    if reader.connection.in_transaction:
                        reader.connection.execute("ROLLBACK")
            except (sqlite3.Error, OSError) as error:
                self._disconnect()
                raise _unreadable(self._path, str(error)) from error

    def _open(self) -> Reader | None:
        if self._closed:
            raise _unreadable(self._path, "it is closed")
        there = identity_of(self._path)
        if there != self._identity:
            # There is a file now, or another one: a damaged one was set aside.
            self._disconnect()
        if there is None:
            return None
        if self._reader is None:
            connection = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode=ro",
                uri=True,
                timeout=_BUSY_S,
                isolation_level=None,
                check_same_thread=False,
            )
            self._connection = connection
            version = version_of(connection)
            if version != VERSION:
                self._disconnect()
                if version == 0:  # just being made
                    return None
                raise SourceUnavailable(
                    "The built-in collector’s data are of another version",
                    cause=f"{self._path} is of version {version}, and this program reads {VERSION}",
                    next_step="Start the tray of this version, which brings them up to date",
                )
            self._reader = Reader(connection)
            self._identity = there
        return self._reader

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._reader = self._identity = None


def _unreadable(path: Path, cause: str) -> SourceUnavailable:
    return SourceUnavailable(
        "The built-in collector’s data cannot be read",
        cause=f"{path}: {cause}",
        next_step="Start the tray anew, which checks its file",
    )
