"""``history.jsonl``: a line for each prompt, which tells the project, the times and the messages of sessions.

The lines hold what people wrote. Of each only session, project and time are kept, and whether it was a
command; the text is never stored, logged or shown.
"""

import hashlib
import json
import logging
import os
import threading
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Final

from ccmon_tray.sources.claude_files.long_lines import LONGEST_LINE, pass_over
from ccmon_tray.sources.claude_files.projects import project_names
from ccmon_tray.sources.claude_files.regular import open_regular

_log = logging.getLogger(__name__)

_FILE_NAME: Final = "history.jsonl"
# A file that begins otherwise than before was replaced, whatever its length.
_HEAD_BYTES: Final = 256
_LATEST_S: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """What the history tells of a session.

    Attributes:
        session_id: Its id.
        project_path: The folder it was last in; None where the history does not say.
        first: Unix seconds of its first message.
        last: Unix seconds of its last message.
        messages: How many prompts were written.
        moments: Unix seconds of each of them, ascending.
    """

    session_id: str
    project_path: str | None
    first: int
    last: int
    messages: int
    moments: Sequence[int] = ()

    def messages_in(self, start: float, end: float) -> int:
        """How many of the prompts were written in (start, end], Unix seconds."""
        return bisect_right(self.moments, end) - bisect_right(self.moments, start)


@dataclass(frozen=True, slots=True)
class History:
    """The history as far as it was read.

    Attributes:
        sessions: Every session, by id.
        moments: Unix seconds of every message, in no order, those without a session included.
        names: The name of every project, by path.
        damaged: How many lines could not be read.
        folders: Folders of sessions that it does not tell of, by id.
        there: Whether there is a history; else only folders are known.
        commands: Unix seconds of those messages that were a command of the prompt line, such as ``/model``.
    """

    sessions: Mapping[str, SessionRecord] = field(default_factory=dict)
    moments: Sequence[int] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    damaged: int = 0
    folders: Mapping[str, str] = field(default_factory=dict)
    there: bool = True
    commands: Sequence[int] = ()

    def project_of(self, session_id: str) -> tuple[str | None, str | None]:
        """Name and path of a session's project; None where that is unknown."""
        record = self.sessions.get(session_id)
        path = self.folders.get(session_id) if record is None else record.project_path
        return (None, None) if path is None else (self.names[path], path)

    def with_folders(self, folders: Mapping[str, str]) -> "History":
        """The same history, with the folders of sessions that it does not tell of."""
        return replace(self, folders=folders, names=project_names(sorted({*self.names, *folders.values()})))

    def messages(self, start: float, end: float) -> int | None:
        """How many messages were written in (start, end], Unix seconds; None where that is unknown."""
        return sum(start < moment <= end for moment in self.moments) if self.there else None


@dataclass(slots=True)
class _Session:
    moments: "array[int]"
    project: str | None = None


class _File:
    """One history file, of which only what was appended is read again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reset()

    def _reset(self) -> None:
        self.there = False
        self.sessions: dict[str, _Session] = {}
        self.moments = array("I")
        self.commands = array("I")
        self.damaged = 0
        self._paths: dict[str, str] = {}
        self._offset = 0
        # Of how many bytes, and their digest: the bytes themselves are what somebody wrote.
        self._head = (0, _digest(b""))
        self._identity = (0, 0)

    def read(self, since: float) -> bool:
        """Read what is new; lines from before ``since`` (Unix seconds) are left out.

        Returns:
            Whether anything changed.
        """
        try:
            with open_regular(self.path) as file:
                return self._read(file, since)
        except FileNotFoundError:
            pass
        except OSError as error:
            _log.warning("%s cannot be read: %s", self.path, error.strerror)
        was_there = self.there
        self._reset()
        return was_there

    def _read(self, file: BinaryIO, since: float) -> bool:
        state = os.fstat(file.fileno())
        identity = (state.st_dev, state.st_ino)
        length, digest = self._head
        same = identity == self._identity and _digest(file.read(length)) == digest
        if not same or state.st_size < self._offset:
            self._reset()
        changed = not self.there or state.st_size > self._offset
        self.there, self._identity = True, identity
        file.seek(self._offset)
        while line := file.readline(LONGEST_LINE):
            size = len(line)
            if size == LONGEST_LINE and not line.endswith(b"\n"):
                rest, ends = pass_over(file)
                if not ends:
                    break
                self.damaged += 1
                self._offset += size + rest
                continue
            if not self._take(line, since):
                break  # still being written
            self._offset += size
        file.seek(0)
        length = min(self._offset, _HEAD_BYTES)
        self._head = (length, _digest(file.read(length)))
        return changed

    def _take(self, line: bytes, since: float) -> bool:
        """Take one line in; False where its end is missing, so that it is to be read again."""
        if not line.strip():
            return True
        try:
            entry = json.loads(line)
            moment = int(entry["timestamp"]) // 1000
            if not 0 < moment <= _LATEST_S:
                raise ValueError(moment)  # noqa: TRY301 — one way for all damage
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            if not line.endswith(b"\n"):
                return False
            self.damaged += 1
            return True
        if moment < since:
            return True
        self.moments.append(moment)
        written = entry.get("display")
        if isinstance(written, str) and written.startswith("/"):
            self.commands.append(moment)
        session_id, project = entry.get("sessionId"), entry.get("project")
        if isinstance(session_id, str) and session_id:
            session = self.sessions.get(session_id)
            if session is None:
                session = self.sessions[session_id] = _Session(array("I"))
            session.moments.append(moment)
            if isinstance(project, str) and project:
                # One text for all sessions of a project; lone surrogates would end whatever writes it.
                clean = project.encode("utf-8", "replace").decode()
                session.project = self._paths.setdefault(clean, clean)
        return True


class HistoryFiles:
    """Reads the history of one or several folders of Claude Code. Safe to use from several threads.

    Args:
        folders: The folders.
        recent_s: How many seconds back messages are kept; None keeps them all.
        clock: Unix seconds now.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        recent_s: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._files = [_File(folder / _FILE_NAME) for folder in folders]
        self._recent_s = recent_s
        self._clock = clock
        self._lock = threading.Lock()
        self._history: History | None = None

    def read(self) -> History | None:
        """The history as it is now: the same object as before if nothing was added; None without a file."""
        since = 0.0 if self._recent_s is None else self._clock() - self._recent_s
        with self._lock:
            changed = [file.read(since) for file in self._files]
            if any(changed):
                self._history = self._merged() if any(file.there for file in self._files) else None
            return self._history

    def _merged(self) -> History:
        sessions: dict[str, SessionRecord] = {}
        for file in self._files:
            for session_id, seen in file.sessions.items():
                before = sessions.get(session_id)
                record = _record(session_id, seen.project, seen.moments)
                sessions[session_id] = record if before is None else _joined(before, record)
        paths = {record.project_path for record in sessions.values() if record.project_path is not None}
        moments, commands = array("I"), array("I")
        for file in self._files:
            moments += file.moments
            commands += file.commands
        return History(
            sessions,
            moments,
            project_names(sorted(paths)),
            sum(file.damaged for file in self._files),
            commands=commands,
        )


def _digest(head: bytes) -> bytes:
    return hashlib.blake2b(head, digest_size=16).digest()


def _record(session_id: str, project: str | None, moments: Iterable[int]) -> SessionRecord:
    ascending = array("I", sorted(moments))
    return SessionRecord(session_id, project, ascending[0], ascending[-1], len(ascending), ascending)


def _joined(one: SessionRecord, other: SessionRecord) -> SessionRecord:
    later = max((one, other), key=lambda record: (record.project_path is not None, record.last))
    return _record(one.session_id, later.project_path, (*one.moments, *other.moments))
