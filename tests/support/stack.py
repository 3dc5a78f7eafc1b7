"""What the tests of ``ccmon-tray stack`` look at: the stack's folder, its ports, the settings."""

import socket
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

from ccmon_tray.paths import find_paths
from ccmon_tray.stack.folder import StackFolder

Run = Callable[..., subprocess.CompletedProcess[str]]
"""Runs ``ccmon-tray stack`` with these words."""

BOTH = ("CCMON_COLLECTOR_HEALTH_PORT", "CCMON_PROMETHEUS_PORT")


def folder_of(home: Path) -> StackFolder:
    return StackFolder(find_paths({"CCMON_TRAY_HOME": str(home)}))


def is_served(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


def settings_of(home: Path) -> dict[str, dict[str, object]]:
    file = home / "config" / "settings.toml"
    return tomllib.loads(file.read_text()) if file.exists() else {}


def write_settings(home: Path, text: str) -> Path:
    """Write the settings file of a home that has none."""
    file = home / "config" / "settings.toml"
    file.parent.mkdir(mode=0o700)
    file.write_text(text)
    return file
