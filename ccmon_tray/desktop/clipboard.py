"""Text into the desktop's clipboard, without a GUI toolkit in this process.

The text goes through stdin, never through arguments, which every user of the machine can read.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from typing import Final

from ccmon_tray.errors import CcmonError

_TIMEOUT_S: Final = 5.0


def copy_text(text: str) -> None:
    """Put a text into the clipboard, where it stays after this process has ended.

    Raises:
        CcmonError: No way to the clipboard was found, or it failed.
    """
    for command in _tools(os.environ):
        if _fill(command, _encoded(command, text)):
            return
    _own(text)


def _tools(environ: Mapping[str, str]) -> list[list[str]]:
    """The commands that can take the text, the best first."""
    if sys.platform == "darwin":
        candidates = [["pbcopy"]]
    elif sys.platform == "win32":
        candidates = [["clip.exe"]]
    else:
        candidates = []
        if environ.get("WAYLAND_DISPLAY"):
            candidates.append(["wl-copy"])
        if environ.get("DISPLAY"):
            candidates += [["xclip", "-selection", "clipboard", "-in"], ["xsel", "--clipboard", "--input"]]
    return [command for command in candidates if shutil.which(command[0])]


def _encoded(command: list[str], text: str) -> bytes:
    # clip.exe takes bytes for the console's code page unless they begin with UTF-16's mark.
    return ("\ufeff" + text).encode("utf-16-le") if command[0] == "clip.exe" else text.encode()


def _fill(command: list[str], data: bytes) -> bool:
    """Run a tool; whether it took the text. The tool leaves a child behind that holds the clipboard."""
    environ = {**os.environ, "LANG": "en_US.UTF-8"} if command[0] == "pbcopy" else None
    try:
        # No pipes for its output: the child left behind would keep them open.
        done = subprocess.run(
            command,
            input=data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT_S,
            check=False,
            env=environ,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _own(text: str) -> None:
    """Start a child that holds the text until another program takes the clipboard over."""
    command = [sys.executable, "-m", "ccmon_tray.dashboard.clipboard_owner"]
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    with child.stdout:
        try:
            with child.stdin:
                child.stdin.write(text.encode())
            ready = child.stdout.readline().strip() == b"ready"
        except BrokenPipeError:
            ready = False
    if not ready:
        child.wait()
        raise CcmonError(
            "The clipboard cannot be reached",
            cause="there is no display, or Python was installed without tkinter",
            next_step="Install xclip (X11) or wl-clipboard (Wayland), or use ccmon-tray status",
        )
