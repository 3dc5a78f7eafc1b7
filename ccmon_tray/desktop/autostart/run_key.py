r"""The ``Run`` key of Windows' registry, and the switch that the task manager keeps beside it.

A value of ``StartupApproved\Run`` is twelve bytes whose first one is even for what may start, odd for what a
person has switched off; without a value it may. Command lines of ``Run`` have at most 260 characters.
"""

import importlib
import subprocess
from collections.abc import Mapping
from typing import Any, Final

from ccmon_tray.desktop.autostart.entries import Found
from ccmon_tray.desktop.start_command import StartCommand
from ccmon_tray.paths import HOME_VARIABLE

NAME: Final = "ccmon-tray"
RUN_KEY: Final = r"Software\Microsoft\Windows\CurrentVersion\Run"
SWITCH_KEY: Final = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
ENVIRONMENT_KEY: Final = "Environment"

_LONGEST: Final = 260


class RunKey:
    r"""``HKCU\Software\Microsoft\Windows\CurrentVersion\Run``, value ``ccmon-tray``."""

    def __init__(self, environ: Mapping[str, str]) -> None:  # noqa: ARG002  # as the other systems' have it
        # Imported by name, since type checkers elsewhere know nothing of it.
        self._winreg: Any = importlib.import_module("winreg")

    @property
    def place(self) -> str:
        """The value."""
        return rf"HKEY_CURRENT_USER\{RUN_KEY}\{NAME}"

    def read(self) -> Found | None:
        """The entry, or None."""
        command = self._get(RUN_KEY, NAME)
        if command is None:
            return None
        switch = self._get(SWITCH_KEY, NAME)
        off = isinstance(switch, bytes) and bool(switch) and switch[0] % 2 == 1
        # At login it sees what is set for the user, and nothing else.
        home = self._get(ENVIRONMENT_KEY, HOME_VARIABLE) or ""
        return Found(_program(str(command)), str(home), not off, "the task manager’s list of startup apps")

    def write(self, command: StartCommand) -> None:
        """Set the value, and remove the switch."""
        line = subprocess.list2cmdline(command.words)
        if len(line) > _LONGEST:
            raise OSError(f"Windows starts no command of more than {_LONGEST} characters: {line}")
        if command.home != str(self._get(ENVIRONMENT_KEY, HOME_VARIABLE) or ""):
            raise OSError(
                f"at login {HOME_VARIABLE} has the value that is set for the user: set it there with "
                f'setx {HOME_VARIABLE} "{command.home}"'
            )
        winreg = self._winreg
        with winreg.CreateKeyEx(winreg.HKEY_CURRENT_USER, RUN_KEY, 0, winreg.KEY_SET_VALUE) as key:
            winreg.SetValueEx(key, NAME, 0, winreg.REG_SZ, line)
        self._delete(SWITCH_KEY, NAME)

    def remove(self) -> None:
        """Delete the value and the switch."""
        self._delete(RUN_KEY, NAME)
        self._delete(SWITCH_KEY, NAME)

    def stamp(self) -> object:
        """The two values."""
        return self._get(RUN_KEY, NAME), self._get(SWITCH_KEY, NAME)

    def _get(self, key_name: str, name: str) -> object:
        winreg = self._winreg
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key_name, 0, winreg.KEY_QUERY_VALUE) as key:
                value, _kind = winreg.QueryValueEx(key, name)
        except FileNotFoundError:
            return None
        found: object = value
        return found

    def _delete(self, key_name: str, name: str) -> None:
        winreg = self._winreg
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key_name, 0, winreg.KEY_SET_VALUE) as key:
                winreg.DeleteValue(key, name)
        except FileNotFoundError:
            pass


def _program(line: str) -> str:
    """The program of a command line as :func:`subprocess.list2cmdline` writes it."""
    if line.startswith('"'):
        return line[1:].partition('"')[0]
    return line.partition(" ")[0]
