"""The program as a process, in a home of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-X", "dev", "-W", "error", "-m", "ccmon_tray")


def environment(home: Path, **more: str) -> dict[str, str]:
    """An environment without a desktop, without the person's settings, 80 columns wide."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CCMON_TRAY_") and name not in {"DISPLAY", "WAYLAND_DISPLAY"}
    }
    own = {
        "CCMON_TRAY_HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / "claude"),
        "CCMON_TRAY_COLLECTOR__ENABLED": "false",  # the usual ports may be used
        "COLUMNS": "80",
        "PYTHONUTF8": "1",
        "NO_PROXY": "127.0.0.1",
    }
    return {**kept, "DBUS_SESSION_BUS_ADDRESS": "disabled:", **own, **more}


def run(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end.

    Args:
        home: Its folder for everything.
        arguments: Of the command line.
        more: Environment variables.
    """
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=environment(home, **more),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def start(home: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    """Start a command; its output is read through pipes."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=environment(home, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
