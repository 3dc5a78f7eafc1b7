"""This application on this machine: the running tray, and the fonts of its windows."""

import json
import subprocess
import sys
from typing import Final

from filelock import FileLock, Timeout
from pydantic import ValidationError

from ccmon_tray.sources.doctor.context import Context
from ccmon_tray.sources.doctor.links import Finding, Link, ok, skipped
from ccmon_tray.sources.snapshot_file import LIFE_INTERVALS
from ccmon_tray.usage import formatting
from ccmon_tray.usage.checks import CheckStatus
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import State

_FONTS_MODULE: Final = "ccmon_tray.dashboard.tk_fonts"
_FONTS_TIMEOUT_S: Final = 15.0
_LONGEST_PAUSE_S: Final = 400.0
"""After failures the tray waits up to five minutes, more or less."""


def _tray(context: Context) -> Finding:
    pid = _running_pid(context)
    if pid is None:
        return Finding(
            CheckStatus.INFO,
            "Not running",
            cure="Start it with ccmon-tray, to see the numbers at a glance",
        )
    running = f"Running, process {pid}"
    try:
        snapshot = Snapshot.model_validate_json(context.paths.snapshot_file.read_bytes())
    except (OSError, ValidationError):
        return Finding(
            CheckStatus.WARNING, f"{running}, without a snapshot yet", cure="Wait for its first poll"
        )
    polled_s = max(0.0, context.clock() - snapshot.polled_at)
    details = (f"state: {snapshot.state.value}", f"last poll: {formatting.age(polled_s)}")
    is_failing = snapshot.state in {State.STALE, State.OFFLINE}
    patience_s = float(LIFE_INTERVALS * context.settings.poll.interval_s)
    if polled_s > (max(patience_s, _LONGEST_PAUSE_S) if is_failing else patience_s):
        return Finding(
            CheckStatus.WARNING,
            f"{running}, but its last poll was {formatting.age(polled_s)}",
            cause="it should have polled since",
            cure="“Refresh now” in its menu; if nothing changes, quit and start it again",
            details=details,
        )
    if is_failing:
        problem = snapshot.problem
        return Finding(
            CheckStatus.WARNING,
            f"{running}, {snapshot.state.value}",
            cause=problem.title if problem else "",
            cure=problem.next_step if problem else "",
            details=details,
        )
    return ok(f"{running}, polled {formatting.age(polled_s)}", *details)


def _running_pid(context: Context) -> int | None:
    """The process id of the running tray; a tray that died leaves its id, but not its lock."""
    endpoint = context.paths.tray
    try:
        pid = int(endpoint.pid_file.read_bytes())
        with FileLock(endpoint.lock_file, mode=0o600).acquire(blocking=False):
            return None
    except Timeout:
        return pid
    except (OSError, ValueError, NotImplementedError):
        return None


def _fonts(context: Context) -> Finding:
    """Ask a process of its own: only that of a window may load Tk."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", _FONTS_MODULE],
            env=dict(context.environ),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            timeout=_FONTS_TIMEOUT_S,
            check=False,
        )
        answer = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        return Finding(
            CheckStatus.WARNING,
            "Tk does not start",
            cause=str(error) or type(error).__name__,
            cure="Try “python -m tkinter” with the same Python",
        )
    match answer:
        case {"missing": reason}:
            return Finding(
                CheckStatus.FAILED,
                "Python has no tkinter",
                cause=str(reason),
                cure="Install it (Debian: python3-tk, Fedora: python3-tkinter, Homebrew: python-tk); "
                "the tray works without, its windows do not",
            )
        case {"no_display": reason}:
            return skipped(f"No display: {reason}")
        case {"font_system": system, "windowing": windowing, "version": version}:
            details = (f"Tk {version}", f"windowing system: {windowing}", f"font system: {system}")
            if windowing == "x11" and system != "xft":
                return Finding(
                    CheckStatus.WARNING,
                    "Text in windows is jagged",
                    cause=f"this Python’s Tk {version} is built without Xft, and cannot smooth fonts",
                    cure="Run it with the system’s Python (Debian: apt install python3-tk), or one whose Tk "
                    "is built with Xft",
                    details=details,
                )
            return ok(f"Tk {version}, smooth text", *details)
        case _:
            return Finding(CheckStatus.WARNING, "Tk does not tell about its fonts")


LINKS: Final = (
    Link("tray", _tray, ("settings",)),
    Link("fonts", _fonts),
)
