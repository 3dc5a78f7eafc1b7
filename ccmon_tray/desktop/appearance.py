"""Whether the person's desktop is dark, asked of the desktop itself.

Each desktop has its own place for this. They are asked by small programs that come with it, each with a time
limit: an answer that never comes must not keep a window from opening.
"""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

Run = Callable[[list[str]], str]
"""Runs a command; returns what it says, or "" if it fails."""

_TIMEOUT_S: Final = 1.0

# https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.Settings.html
_PORTAL: Final = [
    *("gdbus", "call", "--session", "--timeout", "1"),
    *("--dest", "org.freedesktop.portal.Desktop", "--object-path", "/org/freedesktop/portal/desktop"),
    *("--method", "org.freedesktop.portal.Settings.Read", "org.freedesktop.appearance", "color-scheme"),
]
_GNOME: Final = ["gsettings", "get", "org.gnome.desktop.interface"]
_XFCE: Final = ["xfconf-query", "--channel", "xsettings", "--property", "/Net/ThemeName"]
_WINDOWS_KEY: Final = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"


def run_briefly(command: list[str]) -> str:
    """Run a command with a time limit; returns what it writes, or "" if it fails."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT_S,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def is_dark(run: Run = run_briefly, environ: Mapping[str, str] = os.environ) -> bool | None:
    """Ask the desktop whether it is dark; may take some tenths of a second.

    Args:
        run: Runs the programs that know.
        environ: Says whether there is a session bus.

    Returns:
        Whether it is; None where the desktop has no opinion, or none can be learnt.
    """
    if sys.platform == "darwin":
        # The setting exists only while it is dark.
        return run(["defaults", "read", "-g", "AppleInterfaceStyle"]).lower() == "dark"
    if sys.platform == "win32":
        return _windows_is_dark()
    return _freedesktop_is_dark(run, environ)


def _freedesktop_is_dark(run: Run, environ: Mapping[str, str]) -> bool | None:
    # Without a session bus some of these programs would start one, which nobody ends.
    if not _has_session_bus(environ):
        return None
    scheme = run(_PORTAL)  # (<<uint32 1>>,)
    for number, dark in (("1", True), ("2", False)):
        if f"uint32 {number}>" in scheme:
            return dark
    scheme = run([*_GNOME, "color-scheme"]).strip("'")
    if scheme in {"prefer-dark", "prefer-light"}:
        return scheme == "prefer-dark"
    theme = run(_XFCE) or run([*_GNOME, "gtk-theme"]).strip("'")
    return theme.lower().endswith("-dark") if theme else None


def _has_session_bus(environ: Mapping[str, str]) -> bool:
    if environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return True
    runtime = environ.get("XDG_RUNTIME_DIR")
    return bool(runtime) and (Path(runtime or "") / "bus").is_socket()


def _windows_is_dark() -> bool | None:
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415  there only

        with contextlib.suppress(OSError), winreg.OpenKey(winreg.HKEY_CURRENT_USER, _WINDOWS_KEY) as key:
            return not winreg.QueryValueEx(key, "AppsUseLightTheme")[0]
    return None


class SystemAppearance:
    """Asks on a thread of its own, so that a window can be made meanwhile.

    Args:
        ask: Whether the desktop is dark.
        later: Whether to wait for :meth:`begin`: the programs that are asked take their share of the machine.
    """

    def __init__(self, ask: Callable[[], bool | None] = is_dark, *, later: bool = False) -> None:
        self._answer: bool | None = None
        self._answered = threading.Event()
        self._begun = False
        self._ask = ask
        if not later:
            self.begin()

    def begin(self) -> None:
        """Ask, if that has not been done yet."""
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._learn, name="appearance", daemon=True).start()

    @property
    def asking(self) -> bool:
        """Whether there is no answer yet."""
        return not self._answered.is_set()

    def dark(self, patience_s: float = 0.0) -> bool | None:
        """The answer, as far as it is known after this time at the most."""
        self._answered.wait(patience_s)
        return self._answer

    def _learn(self) -> None:
        try:
            self._answer = self._ask()
        finally:
            self._answered.set()
