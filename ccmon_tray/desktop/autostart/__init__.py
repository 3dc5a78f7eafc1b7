r"""Run at login: one entry where the system looks when its user logs in.

- Linux and the like: ``~/.config/autostart/ccmon-tray.desktop`` (:mod:`.xdg`)
- macOS: ``~/Library/LaunchAgents/ccmon-tray.plist`` (:mod:`.launch_agent`)
- Windows: a value of ``HKCU\…\CurrentVersion\Run`` (:mod:`.run_key`)

An entry counts at the next login; none of this starts or ends a tray. The entry carries the absolute command,
and ``CCMON_TRAY_HOME`` where that is set, but no other variable: they may hold secrets. An environment that
moves away leaves an entry that starts nothing; :meth:`Autostart.repair` mends it at the next start by hand.
The system's own switch (GNOME's Tweaks, xfce's Session and Startup, the task manager of Windows) counts: an
entry that it has switched off is disabled.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from ccmon_tray.desktop.autostart.entries import Found, LoginEntry, login_entry
from ccmon_tray.desktop.start_command import StartCommand, start_command
from ccmon_tray.errors import CcmonError
from ccmon_tray.paths import HOME_VARIABLE

__all__ = ["Autostart", "AutostartStatus", "is_offered"]

_T = TypeVar("_T")

_PREFIX: Final = "CCMON_TRAY_"
_CLAUDE_VARIABLE: Final = "CLAUDE_CONFIG_DIR"
_DEMO: Final = ("CCMON_TRAY_SOURCE__KIND", "demo")


def is_offered(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether it makes sense to start this at login: not for the demo, whose home goes with it."""
    name, demo = _DEMO
    return environ.get(name) != demo


@dataclass(frozen=True, slots=True)
class AutostartStatus:
    """How things stand.

    Attributes:
        enabled: Whether the tray of this home starts at the next login.
        words: That in a sentence, with the reason where it does not although there is an entry.
        place: Where the entry is or would be, for people.
        command: What is started, or would be.
        hindered: Whether there is an entry, but it starts no tray of this home.
    """

    enabled: bool
    words: str
    place: str
    command: str
    hindered: bool = False


class Autostart:
    """The entry of this user.

    Args:
        environ: For the system's folders and the home.
        entry: Where it is kept; None takes this system's.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ, *, entry: LoginEntry | None = None) -> None:
        self._environ = environ
        self._entry = entry or login_entry(environ)

    def status(self) -> AutostartStatus:
        """How things stand.

        Raises:
            CcmonError: The entry cannot be read.
        """
        found = self._try(self._entry.read, "read")
        ours = self._command("run")
        hindrance = "" if found is None else _hindrance(found, ours.home)
        enabled = found is not None and not hindrance
        return AutostartStatus(
            enabled=enabled,
            words=hindrance or ("It starts at login" if enabled else "It does not start at login"),
            place=self._entry.place,
            command=ours.text,
            hindered=bool(hindrance),
        )

    def enable(self) -> None:
        """Start the tray at every login from the next one on.

        Raises:
            CcmonError: The entry cannot be written, or this is the demo.
        """
        if not is_offered(self._environ):
            raise CcmonError(
                "The demo does not start at login",
                cause="its home goes with it",
                next_step="Start ccmon-tray itself, and switch it on there",
            )
        self._try(lambda: self._entry.write(self._command("run")), "written")

    def disable(self) -> None:
        """Do not start the tray at login; a tray that runs goes on.

        Raises:
            CcmonError: The entry cannot be removed.
        """
        self._try(self._entry.remove, "removed")

    def repair(self) -> str:
        """Mend an entry whose program has gone, as after an environment was made anew elsewhere.

        An entry that somebody switched off, of another home, or of another installation that is there, stays
        as it is.

        Returns:
            What was done, in words, or "".

        Raises:
            CcmonError: The entry cannot be read or written.
        """
        found = self._try(self._entry.read, "read")
        ours = self._command("run")
        if found is None or not found.switched_on or found.home != ours.home or not found.program:
            return ""
        if Path(found.program).exists():
            return ""
        self._try(lambda: self._entry.write(ours), "written")
        return f"Start at login led to {found.program}, which is gone: it now starts {ours.program}"

    def stamp(self) -> object:
        """What changes when somebody else changes the entry; costs nearly nothing."""
        return self._entry.stamp()

    def left_out(self) -> tuple[str, ...]:
        """Variables that are set here, and that a start at login may lack, by name."""
        return tuple(
            name
            for name in sorted(self._environ)
            if (name.startswith(_PREFIX) and name != HOME_VARIABLE) or name == _CLAUDE_VARIABLE
        )

    def _command(self, *arguments: str) -> StartCommand:
        return start_command(*arguments, environ=self._environ)

    def _try(self, job: Callable[[], _T], done: str) -> _T:
        try:
            return job()
        except OSError as error:
            raise CcmonError(
                f"The entry for the login cannot be {done}",
                cause=str(error),
                next_step=f"Check {self._entry.place}",
            ) from error


def _hindrance(found: Found, home: str) -> str:
    """Why an entry does not start the tray of a home, in a sentence; "" if it does."""
    if not found.switched_on:
        return f"It does not start at login: {found.switch} has switched it off"
    if found.home != home:
        return f"At login the tray of {found.home or 'the usual home'} starts, not this one"
    if not Path(found.program).exists():
        return f"It does not start at login: {found.program} is gone. Enable it again to mend that"
    return ""
