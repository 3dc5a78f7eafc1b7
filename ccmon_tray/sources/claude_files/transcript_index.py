"""What was read from transcripts, kept in the cache folder: a second look reads only what was added.

Requests of transcripts that are gone are kept: Claude Code deletes transcripts after 30 days, and what was
used stays used. Several processes may use the index at once. Each part is read in a transaction of its own,
which first looks how far another process has come; a part read twice counts once all the same.

An index that is damaged is set aside, and one that cannot be written is replaced by one in memory.
"""

import contextlib
import gc
import logging
import os
import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from ccmon_tray.files import private_folder
from ccmon_tray.sources.claude_files import transcript_tables as tables
from ccmon_tray.sources.claude_files.transcript_pricing import RequestPrices
from ccmon_tray.sources.claude_files.transcript_reader import Batch, read_on
from ccmon_tray.sources.claude_files.transcript_schema import prepare
from ccmon_tray.sources.claude_files.transcript_tree import Found, Tree, look

_log = logging.getLogger(__name__)

_BUSY_S: Final = 30.0
# So many bytes are read in one transaction: other processes wait for a fraction of a second.
_PART_BYTES: Final = 16 * 2**20
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
# The index is as good as it was.
_PASSING: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT, None})


@dataclass(frozen=True, slots=True)
class TranscriptState:
    """What is known of the transcripts themselves.

    Attributes:
        files: How many there are.
        size: Their size, bytes.
        requests: How many requests are known, those of deleted transcripts included.
        first: Unix seconds of the first request; None if there is none.
        last: Unix seconds of the last one.
        broken: How many lines could not be read.
        huge: How many lines were too long.
        problems: Files and folders that could not be read, and why.
    """

    files: int = 0
    size: int = 0
    requests: int = 0
    first: int | None = None
    last: int | None = None
    broken: int = 0
    huge: int = 0
    problems: tuple[tuple[str, str], ...] = ()


class TranscriptIndex:
    """The index of the transcripts in some folders of Claude Code; for one thread at a time.

    Args:
        folders: The folders.
        cache_folder: Where the index is kept; None for memory.
        prices: What requests cost.

    Attributes:
        tree: What the last look at the folders found.
    """

    def __init__(self, folders: Sequence[Path], cache_folder: Path | None, prices: RequestPrices) -> None:
        self._folders = tuple(folders)
        self._path = None if cache_folder is None else cache_folder / _name(folders)
        self._prices = prices
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._is_stopped = False
        self.tree = Tree()

    @property
    def connection(self) -> sqlite3.Connection:
        """The open index."""
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def refresh(self) -> None:
        """Read what was added to transcripts since the last time.

        Raises:
            sqlite3.Error: Another process keeps the index locked, or this one is stopped.
        """
        self.tree = look(self._folders)
        if not self._is_in_place():
            self.close()
        try:
            self._refresh()
        except sqlite3.Error as error:
            if _code(error) in _PASSING:
                raise
            self._recover(error)
            self._refresh()

    def state(self) -> TranscriptState:
        """What is known of the transcripts themselves, as of the last refresh."""
        query = "SELECT COUNT(*), MIN(at), MAX(at) FROM requests"
        requests, first, last = self.connection.execute(query).fetchone()
        query = "SELECT COUNT(*), TOTAL(size), TOTAL(broken), TOTAL(huge) FROM files"
        files, size, broken, huge = self.connection.execute(query).fetchone()
        problems = dict(self.tree.problems)
        for path, problem in self.connection.execute("SELECT path, problem FROM files WHERE problem != ''"):
            problems[os.fsdecode(path)] = problem
        return TranscriptState(
            files, int(size), requests, first, last, int(broken), int(huge), tuple(sorted(problems.items()))
        )

    def stop(self) -> None:
        """Make what another thread does with the index fail soon. It is not used again, but for closing."""
        self._is_stopped = True
        if self._connection is not None:
            self._connection.interrupt()

    def close(self) -> None:
        """Close the index."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._path is None:
            return self._connect(None)
        try:
            try:
                return self._connect(self._path)
            except sqlite3.DatabaseError as error:
                if _code(error) not in _DAMAGED:
                    raise
                self._set_aside(self._path)
                return self._connect(self._path)
        except (sqlite3.Error, OSError) as error:
            self._go_to_memory(self._path, error)
            return self._connect(None)

    def _connect(self, path: Path | None) -> sqlite3.Connection:
        if path is not None:
            private_folder(path.parent)
            # SQLite would make it readable for others; the files beside it get the permissions of this one.
            # One that is there is left alone: closing it would give up the locks of this process on it.
            with contextlib.suppress(FileExistsError):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        connection = sqlite3.connect(
            ":memory:" if path is None else path,
            timeout=_BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA wal_autocheckpoint = 4000")
            connection.execute("PRAGMA cache_size = -8000")
            prepare(connection)
            self._price_anew(connection)
        except BaseException:
            connection.close()
            raise
        self._identity = None if path is None else _identity(path)
        return connection

    def _is_in_place(self) -> bool:
        """Whether the open index is still the one that others find; False where none is open."""
        if self._path is None or self._connection is None:
            return self._connection is not None
        return _identity(self._path) == self._identity

    def _recover(self, error: sqlite3.Error) -> None:
        """Go on with another index after an error."""
        path, is_in_place = self._path, self._is_in_place()
        if path is None:
            raise error
        with contextlib.suppress(sqlite3.Error):
            self.close()
        self._connection = None
        if _code(error) not in _DAMAGED:
            self._go_to_memory(path, error)
        elif is_in_place:  # else somebody has begun a new one already
            try:
                self._set_aside(path)
            except OSError as problem:
                self._go_to_memory(path, problem)

    def _go_to_memory(self, path: Path, error: Exception) -> None:
        _log.warning("The index of transcripts is kept in memory, since %s: %s", path, error)
        self._path = None

    def _set_aside(self, path: Path) -> None:
        _log.warning("The index of transcripts was damaged. It is made anew: %s", path)
        path.replace(path.with_suffix(".damaged"))
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)

    def _price_anew(self, connection: sqlite3.Connection) -> None:
        """Give all requests the prices of now, if they have others."""
        query = "SELECT value FROM facts WHERE name = 'prices'"
        if connection.execute(query).fetchone() == (self._prices.name,):
            return
        with _transaction(connection):
            tables.price_anew(connection, self._prices)
            connection.execute("INSERT OR REPLACE INTO facts VALUES ('prices', ?)", (self._prices.name,))

    def _refresh(self) -> None:
        connection = self.connection
        known = tables.places(connection)
        if gone := known.keys() - self.tree.files.keys():
            with _transaction(connection):
                tables.forget_places(connection, gone)
        waiting = deque(
            found
            for found in self.tree.files.values()
            if (place := known.get(found.path)) is None or not place.is_current(found)
        )
        with _uncollected():
            while waiting:
                if self._is_stopped:
                    raise sqlite3.OperationalError("stopped")
                with _transaction(connection):
                    self._read_part(connection, waiting)

    def _read_part(self, connection: sqlite3.Connection, waiting: deque[Found]) -> None:
        """Read as much of transcripts as one transaction is to hold."""
        batch, left = Batch(), _PART_BYTES
        while waiting and left > 0:
            found = waiting.popleft()
            before = tables.place_of(connection, found.path)
            if before is not None and before.is_current(found):
                continue
            part = read_on(found, before, batch, left)
            if part is None:
                tables.forget_places(connection, [found.path])
                continue
            left -= part.size
            if part.place != before:
                tables.write_place(connection, part.place)
            if part.more:
                waiting.appendleft(found)
        tables.write_batch(connection, batch, self._prices)


def _name(folders: Sequence[Path]) -> str:
    """Each set of folders has an index of its own: none tells of folders that were not asked for."""
    paths = "\0".join(sorted(os.path.realpath(folder) for folder in folders))
    return (
        f"transcripts-{blake2b(paths.encode('utf-8', 'surrogateescape'), digest_size=6).hexdigest()}.sqlite"
    )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _code(error: sqlite3.Error) -> int | None:
    """The error's primary code; None where it is not SQLite’s own."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without looks for circles of objects: lines hold none, and looking takes a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
