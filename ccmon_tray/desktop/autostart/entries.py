"""What the entries of all systems have in common, and which one this system has."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ccmon_tray.desktop.start_command import StartCommand


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that is there.

    Attributes:
        program: What it starts, without arguments; "" where it cannot be told.
        home: The home whose tray it starts; "" is the usual one.
        switched_on: Whether the system would start it.
        switch: What has switched it off, in words.
    """

    program: str
    home: str
    switched_on: bool = True
    switch: str = ""


class LoginEntry(Protocol):
    """Where a system keeps what it starts at login. Methods raise OSError."""

    @property
    def place(self) -> str:
        """Where it is, for people."""

    def read(self) -> Found | None:
        """The entry, or None."""

    def write(self, command: StartCommand) -> None:
        """Make or replace the entry, switched on."""

    def remove(self) -> None:
        """Remove the entry, if there is one."""

    def stamp(self) -> object:
        """What changes when the entry does."""


def login_entry(environ: Mapping[str, str]) -> LoginEntry:
    """This system's entry."""
    if sys.platform == "win32":
        from ccmon_tray.desktop.autostart.run_key import RunKey  # noqa: PLC0415  # of use there only

        return RunKey(environ)
    if sys.platform == "darwin":
        from ccmon_tray.desktop.autostart.launch_agent import LaunchAgent  # noqa: PLC0415  # likewise

        return LaunchAgent(environ)
    from ccmon_tray.desktop.autostart.xdg import XdgAutostart  # noqa: PLC0415  # likewise

    return XdgAutostart(environ)
