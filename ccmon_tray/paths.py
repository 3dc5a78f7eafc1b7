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
class Endpoint:
    """The files by which other processes know and reach the one process of its kind in a home.

    Attributes:
        folder: Where they are.
        name: The kind: ``tray`` or ``dashboard``.
    """

    folder: Path
    name: str

    @property
    def lock_file(self) -> Path:
        """Held by the running process."""
        return self.folder / f"{self.name}.lock"

    @property
    def pid_file(self) -> Path:
        """Its process id: on Windows a locked file cannot be read."""
        return self.folder / f"{self.name}.pid"

    @property
    def channel_file(self) -> Path:
        """Where and with which token it listens."""
        return self.folder / f"{self.name}-channel.json"

    @property
    def socket_file(self) -> Path:
        """Where it listens, if that is a Unix socket."""
        return self.folder / f"{self.name}.sock"


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
    def alerts_file(self) -> Path:
        """Which alerts were given, so that none is given twice."""
        return self.state / "alerts.json"

    @property
    def tray(self) -> Endpoint:
        """How the running tray is known."""
        return Endpoint(self.state, "tray")

    @property
    def dashboard(self) -> Endpoint:
        """How the open window is known."""
        return Endpoint(self.state, "dashboard")

    @property
    def window_file(self) -> Path:
        """What the window remembers: its place, its view, its range."""
        return self.state / "dashboard.json"

    @property
    def log_file(self) -> Path:
        """The tray's newest log."""
        return self.log / "ccmon-tray.log"

    @property
    def window_log_file(self) -> Path:
        """The window's newest log."""
        return self.log / "dashboard.log"


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
