"""Where settings, data, state, cache and logs live.

The system's own folders for the user (XDG on Linux, Library on macOS, AppData on Windows), or all of them
under one folder where ``CCMON_TRAY_HOME`` names it. Nothing is created here: writers make the folder they
need, for its owner alone (:func:`ccmon_tray.files.private_folder`).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

APP_NAME: Final = "ccmon-tray"
HOME_VARIABLE: Final = "CCMON_TRAY_HOME"


@dataclass(frozen=True, slots=True)
class Paths:
    """The application's folders, absolute, and the files in them that more than one module names."""

    config: Path
    data: Path
    state: Path
    cache: Path
    log: Path

    @property
    def settings_file(self) -> Path:
        """The settings a person edits."""
        return self.config / "settings.toml"

    @property
    def snapshot_file(self) -> Path:
        """The running tray's latest snapshot."""
        return self.cache / "snapshot.json"

    @property
    def lock_file(self) -> Path:
        """Held by the running tray."""
        return self.state / "tray.lock"

    @property
    def pid_file(self) -> Path:
        """The process id of the running tray: on Windows a locked file cannot be read."""
        return self.state / "tray.pid"

    @property
    def channel_file(self) -> Path:
        """Where and with which token the running tray listens."""
        return self.state / "channel.json"

    @property
    def log_file(self) -> Path:
        """The newest log."""
        return self.log / "ccmon-tray.log"


def find_paths(environ: Mapping[str, str] = os.environ) -> Paths:
    """The folders to use.

    Args:
        environ: The environment; only ``CCMON_TRAY_HOME`` is read from it, the rest is platformdirs' own.
    """
    if home := environ.get(HOME_VARIABLE):
        # Absolute at once: the process may change its working folder, and so may its children.
        base = Path(home).expanduser().absolute()
        return Paths(base / "config", base / "data", base / "state", base / "cache", base / "log")
    dirs = platformdirs.PlatformDirs(APP_NAME, appauthor=False)
    return Paths(
        dirs.user_config_path,
        dirs.user_data_path,
        dirs.user_state_path,
        dirs.user_cache_path,
        dirs.user_log_path,
    )
