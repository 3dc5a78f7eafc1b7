"""The folders that sessions began in, from the first lines of their transcripts.

The history of prompts tells the projects of the sessions that somebody typed in. Those of ``claude -p`` and
of programs are not in it, but have transcripts: ``projects/<folder, spelled otherwise>/<session>.jsonl``.
"""

import os
import threading
import time
from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path
from typing import Final

import orjson

from ccmon_tray.sources.claude_files.regular import open_regular

_SUFFIX: Final = ".jsonl"
_SUBAGENT: Final = "agent-"
# The folder is on the first message, which few lines precede.
_HEAD_BYTES: Final = 2**16


class SessionFolders:
    """Reads the folders of sessions, each once. Safe to use from several threads.

    Args:
        folders: The folders of Claude Code.
        recent_s: Transcripts that were not written for so many seconds are left out; None for all.
        clock: Unix seconds now.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        recent_s: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._roots = [folder / "projects" for folder in folders]
        self._recent_s = recent_s
        self._clock = clock
        self._lock = threading.Lock()
        self._listed: dict[str, int] = {}
        self._waiting: dict[str, str] = {}
        self._found: Mapping[str, str] = {}

    def read(self, known: Container[str]) -> Mapping[str, str]:
        """The folder of each session by its id: the same object as before if there are no new ones.

        Args:
            known: Sessions whose transcripts need not be looked at.
        """
        with self._lock:
            for root in self._roots:
                self._list(root)
            new: dict[str, str] = {}
            for session, path in list(self._waiting.items()):
                folder = "" if session in known else _folder_of(path)
                if folder is not None:
                    del self._waiting[session]
                if folder:
                    new[session] = folder
            if new:
                self._found = {**self._found, **new}
            return self._found

    def _list(self, root: Path) -> None:
        """Note the transcripts in folders that have changed."""
        since = 0.0 if self._recent_s is None else self._clock() - self._recent_s
        try:
            projects = [entry.path for entry in os.scandir(root) if entry.is_dir()]
        except OSError:
            return
        for project in projects:
            try:
                changed = Path(project).stat().st_mtime_ns
                if self._listed.get(project) == changed:
                    continue
                for entry in os.scandir(project):
                    session = entry.name.removesuffix(_SUFFIX)
                    if session == entry.name or session.startswith(_SUBAGENT) or session in self._found:
                        continue
                    if entry.stat().st_mtime >= since:
                        self._waiting[session] = entry.path
                self._listed[project] = changed
            except OSError:  # it goes while we look, or is not ours to read
                continue


def _folder_of(path: str) -> str | None:
    """The folder that a transcript names first; "" if it names none, None if it may name one yet."""
    try:
        with open_regular(Path(path)) as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return ""
    for line in head.splitlines():
        if b'"cwd"' in line:
            try:
                content = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            folder = content.get("cwd") if isinstance(content, dict) else None
            if isinstance(folder, str) and folder:
                return folder
    return "" if len(head) == _HEAD_BYTES else None
