"""Whether Claude Code runs on this machine, as far as the system tells."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

_TIMEOUT_S: Final = 3.0
_RUNTIMES: Final = frozenset({"node", "bun"})


def claude_runs(proc: Path = Path("/proc")) -> bool | None:
    """Whether this user runs Claude Code.

    Args:
        proc: Where Linux tells of processes.

    Returns:
        Whether a process of it is there; None where that cannot be learnt.
    """
    platform: str = sys.platform  # the checker knows only the one it runs on
    if platform == "linux":
        return _runs_on_linux(proc)
    command = ["pgrep", "-x", "-U", _user_id(), "claude"]
    if platform == "win32":
        command = ["tasklist", "/NH", "/FI", "IMAGENAME eq claude.exe"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if platform == "win32":
        return b"claude.exe" in done.stdout.lower()
    return done.returncode == 0 if done.returncode in {0, 1} else None


def _user_id() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else ""


def _runs_on_linux(proc: Path) -> bool | None:
    try:
        folders = [folder for folder in proc.iterdir() if folder.name.isdigit()]
    except OSError:
        return None
    for folder in folders:
        with contextlib.suppress(OSError):  # it has ended since
            if folder.stat().st_uid == os.getuid() and _is_claude(folder):
                return True
    return False


def _is_claude(folder: Path) -> bool:
    name = (folder / "comm").read_text(errors="replace").strip()
    if name == "claude":
        return True
    if name not in _RUNTIMES:
        return False
    words = (folder / "cmdline").read_bytes().split(b"\0")[1:2]
    return any(Path(os.fsdecode(word)).name == "claude" or b"claude-code" in word for word in words)
