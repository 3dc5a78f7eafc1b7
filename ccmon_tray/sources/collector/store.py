"""The collector's file: opened, checked, brought up to date, and written in transactions.

An export is acknowledged after its transaction is in the write-ahead log, and the log on the disk
(``synchronous=FULL``): what was acknowledged survives the end of the process, of the system and of the power.
One ``fsync`` a transaction is the price; exports that come at the same time share it (:mod:`.ingest`).
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from ccmon_tray.files import private_folder
from ccmon_tray.sources.collector.exports import Event, Point
from ccmon_tray.sources.collector.faults import StoreUnavailable
from ccmon_tray.sources.collector.schema import VERSION, migrate, version_of
from ccmon_tray.sources.collector.writing import Writer

BUSY_S: Final = 2.0
"""So long a transaction waits for another writer."""

# A full check reads each row and takes some seconds for a gigabyte, a quick one does not look into indices.
_FULL_CHECK_BYTES: Final = 64 * 2**20
_LOG_BYTES: Final = 16 * 2**20
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
# The file itself is as it was, and so is the connection to it.
_PASSING: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL})
_FULL_RETRY_S: Final = 30

T = TypeVar("T")


class Store:
    """The collector's file, for its one writer; not for several threads at a time.

    Args:
        path: The file. It is made when it is first needed, and a damaged one is set aside.
        clock: Unix seconds now, for the name of a file that is set aside.

    Attributes:
        notices: What a person should know about the file.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float]) -> None:
        self.path = path
        self.notices: list[str] = []
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._writer: Writer | None = None
        self._identity: tuple[int, int] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the file is open."""
        return self._connection is not None

    def open(self) -> None:
        """Open the file, unless it is open.

        Raises:
            StoreUnavailable: It cannot be opened.
        """
        with self._said():
            self._open()

    def write(self, points: Iterable[Point], events: Iterable[Event]) -> None:
        """Write data points and events in one transaction, which is on the disk when this returns.

        Raises:
            StoreUnavailable: They cannot be written; none of them was.
        """
        self.transact(lambda _, writer: writer.write(points, events))

    def transact(self, change: Callable[[sqlite3.Connection, Writer], T]) -> T:
        """Make a change in one transaction.

        Raises:
            StoreUnavailable: It cannot be made; the file is as it was.
        """
        with self._said():
            connection, writer = self._open()
            try:
                connection.execute("BEGIN IMMEDIATE")
                result = change(connection, writer)
                connection.execute("COMMIT")
            except BaseException:
                writer.forget()
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return result

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._writer = None

    @contextlib.contextmanager
    def _said(self) -> Iterator[None]:
        """Errors in words; a connection that met more than a passing one is given up."""
        try:
            yield
        except sqlite3.Error as error:
            if _primary_code(error) not in _PASSING:
                with contextlib.suppress(sqlite3.Error):
                    self.close()
                self._connection = self._writer = None
            raise unavailable(error, self.path) from error
        except OSError as error:
            raise _not_there(self.path, str(error.strerror or error)) from error

    def _open(self) -> tuple[sqlite3.Connection, Writer]:
        if self._connection is not None and identity_of(self.path) != self._identity:
            # Somebody has removed or replaced it: what is written to the old one, nobody would ever read.
            self.close()
        if self._connection is None or self._writer is None:
            private_folder(self.path.parent)
            try:
                self._connection = self._connect()
            except sqlite3.DatabaseError as error:
                if _primary_code(error) not in _DAMAGED:
                    raise
                self._set_aside()
                self._connection = self._connect()
            self._identity = identity_of(self.path)
            self._writer = Writer(self._connection)
        return self._connection, self._writer

    def _connect(self) -> sqlite3.Connection:
        # SQLite would make it readable for others; the files beside it get the permissions of this one.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
            self._check(connection)
            self._bring_up_to_date(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _bring_up_to_date(self, connection: sqlite3.Connection) -> None:
        version = version_of(connection)
        if version > VERSION:
            raise StoreUnavailable(
                "The built-in collector’s file is of a later version",
                cause=f"{self.path} was written by a newer ccmon-tray",
                next_step="Update ccmon-tray",
            )
        if version < VERSION:
            migrate(connection)

    def _check(self, connection: sqlite3.Connection) -> None:
        check = "integrity_check" if self.path.stat().st_size <= _FULL_CHECK_BYTES else "quick_check"
        [found] = connection.execute(f"PRAGMA {check}(1)").fetchone()
        if found != "ok":
            error = sqlite3.DatabaseError(str(found))
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error

    def _set_aside(self) -> None:
        """Give a damaged file, with its log, another name."""
        day = f"{datetime.fromtimestamp(self._clock()):%Y-%m-%d}"  # noqa: DTZ006 — a name for a person
        name, count = f"{self.path.stem}.damaged-{day}", 1
        while (kept := self.path.with_name(name + self.path.suffix)).exists():
            count += 1
            name = f"{self.path.stem}.damaged-{day}-{count}"
        self.path.rename(kept)
        for suffix in ("-wal", "-shm"):
            beside = Path(f"{self.path}{suffix}")
            if beside.exists():
                beside.rename(f"{kept}{suffix}")
        self.notices.append(
            f"The built-in collector’s file was damaged. It was set aside as {kept.name}, and a new one "
            "begun, so that earlier use is missing."
        )


def identity_of(path: Path) -> tuple[int, int] | None:
    """Which file is at a path; None if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def unavailable(error: sqlite3.Error, path: Path) -> StoreUnavailable:
    """An error of SQLite in words."""
    match _primary_code(error):
        case sqlite3.SQLITE_FULL:
            return StoreUnavailable(
                "There is no room for what Claude Code reports",
                cause=f"the disk with {path.parent} is full",
                next_step="Free some space on it",
                retry_after_s=_FULL_RETRY_S,
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreUnavailable(
                "The built-in collector’s file is locked",
                cause=f"another program is writing to {path}",
                next_step="Close it",
            )
    return _not_there(path, str(error))


def _not_there(path: Path, cause: str) -> StoreUnavailable:
    return StoreUnavailable(
        "The built-in collector’s file cannot be used",
        cause=f"{path}: {cause}",
        next_step="Check the file, its folder and their permissions",
    )


def _primary_code(error: sqlite3.Error) -> int:
    # Errors of the module itself have none.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
