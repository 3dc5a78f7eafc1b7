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
        CcmonError: No way to the clipboard was found, or none worked.
    """
    if not any(_fill(command, text) for command in _commands(os.environ)):
        raise CcmonError(
            "The clipboard cannot be reached",
            cause="there is no display, or no program that fills a clipboard",
            next_step="Install xclip (X11) or wl-clipboard (Wayland), or use ccmon-tray status",
        )


def _commands(environ: Mapping[str, str]) -> list[list[str]]:
    """The commands that can take the text, the best first."""
    if sys.platform == "darwin":
        return [["pbcopy"]]
    if sys.platform == "win32":
        return [["clip.exe"]]
    commands: list[list[str]] = []
    if environ.get("WAYLAND_DISPLAY"):
        commands.append(["wl-copy"])
    if environ.get("DISPLAY"):
        commands.append(["xclip", "-selection", "clipboard", "-in"])
        # Before xsel, which passes UTF-8 off as Latin-1.
        commands.append([sys.executable, "-m", "ccmon_tray.dashboard.clipboard_owner"])
        commands.append(["xsel", "--clipboard", "--input"])
    return [command for command in commands if shutil.which(command[0])]


def _fill(command: list[str], text: str) -> bool:
    """Run a command that takes the text on stdin; whether it did. It may leave a child behind."""
    if sys.platform == "win32":
        # clip.exe takes bytes for the console's code page, unless they begin with the mark of UTF-16.
        data, environ = ("\ufeff" + text).encode("utf-16-le"), dict(os.environ)
    else:
        # pbcopy and xsel take the text for ASCII where the locale says so, as it does for a program that was
        # not started from a terminal.
        data = text.encode()
        environ = {**os.environ, "LC_ALL": "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"}
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
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
