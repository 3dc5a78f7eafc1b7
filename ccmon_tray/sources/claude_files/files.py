"""The files of Claude Code as the rest of the application asks for them."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from ccmon_tray.settings import ClaudeSettings
from ccmon_tray.sources.claude_files.folders import config_folders
from ccmon_tray.sources.claude_files.history import History, HistoryFiles
from ccmon_tray.sources.claude_files.session_folders import SessionFolders
from ccmon_tray.sources.claude_files.stats_cache import StatsCache, load_stats_cache


class ClaudeFiles(Protocol):
    """What Claude Code leaves on a machine. Safe to use from several threads."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where it is looked for."""
        ...

    def history(self) -> History | None:
        """Projects, times and messages of sessions; None where nothing is known of them."""
        ...

    def stats_cache(self) -> StatsCache | None:
        """What Claude Code counted itself; None where it has not.

        Raises:
            ClaudeFilesUnreadable: There is a stats cache, but it cannot be read.
        """
        ...


class LocalFiles:
    """The files of this machine.

    Args:
        settings: Where they are.
        recent_s: How many seconds back the history is kept in memory; None keeps it all.
        clock: Unix seconds now.
    """

    def __init__(
        self,
        settings: ClaudeSettings,
        *,
        recent_s: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folders = config_folders(settings)
        self._history = HistoryFiles(self._folders, recent_s=recent_s, clock=clock)
        self._session_folders = SessionFolders(self._folders, recent_s=recent_s, clock=clock)
        self._joined: tuple[History | None, Mapping[str, str], History | None] = (None, {}, None)

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of Claude Code."""
        return self._folders

    def history(self) -> History | None:
        """The history as it is now; only what was appended since the last time is read."""
        typed = self._history.read()
        folders = self._session_folders.read(typed.sessions if typed is not None else ())
        joined = self._joined
        if joined[0] is not typed or joined[1] is not folders:
            history = (typed or History(there=False)).with_folders(folders) if folders else typed
            joined = self._joined = typed, folders, history
        return joined[2]

    def stats_cache(self) -> StatsCache | None:
        """The stats cache as it is now."""
        return load_stats_cache(self._folders)
