"""The launch agent of macOS: ``launchd.plist(5)``, ``launchctl(1)``.

launchd reads the folder at login, so that writing the file is enough for the next one; nothing is loaded now,
which would start a second tray. A person can switch agents off in System Settings and with
``launchctl disable``; launchd keeps the latter outside of the file.
"""

import os
import plistlib
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from xml.parsers.expat import ExpatError

from ccmon_tray.desktop.autostart.entries import Found
from ccmon_tray.desktop.start_command import StartCommand
from ccmon_tray.files import file_stamp, write_atomic
from ccmon_tray.paths import HOME_VARIABLE

LABEL: Final = "ccmon-tray"
_TIMEOUT_S: Final = 5.0
_DISABLED = re.compile(rf'"{LABEL}" => (?:disabled|true)\b')


class LaunchAgent:
    """``~/Library/LaunchAgents/ccmon-tray.plist``."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        home = environ.get("HOME")
        self._file = (Path(home) if home else Path.home()) / "Library" / "LaunchAgents" / f"{LABEL}.plist"

    @property
    def place(self) -> str:
        """The file."""
        return str(self._file)

    def read(self) -> Found | None:
        """The entry, or None."""
        try:
            data = self._file.read_bytes()
        except FileNotFoundError:
            return None
        try:
            agent = plistlib.loads(data)
        except (ExpatError, ValueError, OverflowError):
            agent = None
        if not isinstance(agent, dict):
            return Found("", "", switched_on=False, switch="a file that is no property list")
        words, environ = agent.get("ProgramArguments"), agent.get("EnvironmentVariables")
        off = agent.get("Disabled") is True or self._is_disabled()
        program = str(words[0]) if isinstance(words, list) and words else ""
        home = str(environ.get(HOME_VARIABLE, "")) if isinstance(environ, dict) else ""
        return Found(program, home, not off, "launchctl disable")

    def write(self, command: StartCommand) -> None:
        """Write the file, and take back a ``launchctl disable``."""
        agent: dict[str, Any] = {
            "Label": LABEL,
            "ProgramArguments": list(command.words),
            "RunAtLoad": True,
            # Else launchd slows it down as it does what nobody looks at. No KeepAlive: Quit is to end it.
            "ProcessType": "Interactive",
            "LimitLoadToSessionType": "Aqua",
        }
        if command.home:
            agent["EnvironmentVariables"] = {HOME_VARIABLE: command.home}
        write_atomic(self._file, plistlib.dumps(agent, sort_keys=False), mode=0o644)
        if self._is_disabled():
            _launchctl("enable", f"{_domain()}/{LABEL}")

    def remove(self) -> None:
        """Remove the file; a tray that launchd started goes on until it is ended."""
        self._file.unlink(missing_ok=True)

    def stamp(self) -> object:
        """When the file was written."""
        return file_stamp(self._file)

    def _is_disabled(self) -> bool:
        return bool(_DISABLED.search(_launchctl("print-disabled", _domain())))


def _domain() -> str:
    return f"gui/{os.getuid()}"


def _launchctl(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["launchctl", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):  # then the file alone counts
        return ""
    return done.stdout
