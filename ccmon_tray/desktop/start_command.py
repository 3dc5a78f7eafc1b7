"""The command that starts this installation, absolute, for entries that the system starts."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ccmon_tray.paths import HOME_VARIABLE


@dataclass(frozen=True, slots=True)
class StartCommand:
    """A command and the home it is for.

    Attributes:
        words: Program and arguments.
        home: What ``CCMON_TRAY_HOME`` has to be, absolute; "" where it is not set.
    """

    words: tuple[str, ...]
    home: str = ""

    @property
    def program(self) -> str:
        """The program, absolute."""
        return self.words[0]

    @property
    def with_home(self) -> tuple[str, ...]:
        """Program and arguments, through ``env`` where there is a home (POSIX)."""
        return ("env", f"{HOME_VARIABLE}={self.home}", *self.words) if self.home else self.words

    @property
    def text(self) -> str:
        """The command as people would type it."""
        if sys.platform == "win32":
            return subprocess.list2cmdline(self.words)
        return shlex.join(self.with_home)


def start_command(*arguments: str, environ: Mapping[str, str] = os.environ) -> StartCommand:
    """The command for this installation.

    Args:
        arguments: The application's own arguments.
        environ: Where ``CCMON_TRAY_HOME`` may be set.

    Returns:
        The console script beside the interpreter, which stays when the interpreter's version changes; without
        one, the module. On Windows always the module, by the interpreter that opens no console.
    """
    # Not resolved: an environment's interpreter is a link to one that knows nothing of the environment.
    interpreter = Path(sys.executable).absolute()
    script = interpreter.with_name("ccmon-tray")
    start: tuple[str, ...]
    if sys.platform == "win32":
        quiet = interpreter.with_name("pythonw.exe")
        start = (str(quiet if quiet.exists() else interpreter), "-m", "ccmon_tray")
    elif os.access(script, os.X_OK):
        start = (str(script),)
    else:
        start = (str(interpreter), "-m", "ccmon_tray")
    home = environ.get(HOME_VARIABLE, "")
    return StartCommand((*start, *arguments), str(Path(home).expanduser().absolute()) if home else "")
