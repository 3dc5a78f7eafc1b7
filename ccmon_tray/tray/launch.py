"""Programs that the tray starts: the window, the quick stats, diagnostics, and what opens files."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ccmon_tray.desktop.channel import Message, send
from ccmon_tray.desktop.instance import wait_for_end
from ccmon_tray.desktop.opening import open_path
from ccmon_tray.desktop.settings_editor import edit_settings
from ccmon_tray.errors import CcmonError
from ccmon_tray.paths import Paths
from ccmon_tray.settings import Theme
from ccmon_tray.view_names import ViewName

_GRACE_S: Final = 0.3
_WINDOW_GRACE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class _Running:
    """A program, what to say if it fails, and who hears whether it did what it was for."""

    process: subprocess.Popen[bytes]
    complaint: str
    ended: Callable[[bool], None] | None = None


class Launcher:
    """Starts the programs and looks after them until they end.

    Args:
        paths: Where the snapshot and the settings are.
        window_words: Words of the command line that the window gets: the source they name.
    """

    def __init__(self, paths: Paths, window_words: tuple[str, ...] = ()) -> None:
        self._paths = paths
        self._window_words = window_words
        self._quick_stats: subprocess.Popen[bytes] | None = None
        self._windows: list[subprocess.Popen[bytes]] = []
        self._others: list[_Running] = []

    def open_dashboard(self, view: str = "", range_name: str = "") -> None:
        """Open the window, or bring the open one to the front. It stays when the tray ends.

        Args:
            view: The view to show, by name; "" is the one it showed last.
            range_name: The range to show, by name; "" is the one it showed last.

        Raises:
            CcmonError: It cannot be started.
        """
        if send(self._paths.dashboard, Message.RAISE, view=view, range_name=range_name):
            return
        if not _has_tk():
            raise CcmonError(
                "The window cannot be shown",
                cause="this Python has no tkinter",
                next_step="Install it (Debian, Ubuntu: apt install python3-tk), or run ccmon-tray report",
            )
        # Of two that start at once, the later one finds the lock taken and raises the earlier one.
        command = [sys.executable, "-m", "ccmon_tray", "dashboard", *self._window_words]
        if view:
            command += ["--view", view]
        if range_name:
            command += ["--range", range_name]
        self._windows.append(_start(command, "The window cannot be shown"))

    def close_dashboard(self) -> None:
        """Close the window if it is open, and wait until it has gone: the demo's home goes with it."""
        if send(self._paths.dashboard, Message.QUIT):
            wait_for_end(self._paths.dashboard, _WINDOW_GRACE_S)
        for window in self._windows:
            try:
                window.wait(_WINDOW_GRACE_S)
            except subprocess.TimeoutExpired:  # it was about to open, and did not listen yet
                window.kill()
                window.wait()
        self._windows.clear()

    def toggle_quick_stats(self, theme: Theme, at: str) -> None:
        """Open the quick stats, or close them: a second click on the icon takes them away.

        They are for trays without a menu. The tray never imports a toolkit: they are a process of their own.

        Args:
            theme: Their colours.
            at: The point of the screen that was clicked, as ``X,Y``.

        Raises:
            CcmonError: They cannot be started.
        """
        if self._quick_stats is not None and self._quick_stats.poll() is None:
            self.close()
            return
        command = [sys.executable, "-m", "ccmon_tray.dashboard.quick_stats"]
        command += ["--snapshot", str(self._paths.snapshot_file), "--theme", theme.value]
        command += ["--popup", "--at", at, "--actions"]
        self._quick_stats = _start(command, "The quick stats cannot be shown")

    def open_settings(self) -> None:
        """Open the window's settings; without tkinter, the settings file in the person's editor.

        Raises:
            CcmonError: The window cannot be started, or the file cannot be made, or nothing opens it.
        """
        if _has_tk():
            self.open_dashboard(ViewName.SETTINGS)
        elif (opener := edit_settings(self._paths)) is not None:
            edit = f"edit {self._paths.settings_file} yourself"
            self._others.append(_Running(opener, f"Nothing opens the settings file: {edit}"))

    def open_logs(self) -> None:
        """Open the folder of the logs.

        Raises:
            CcmonError: There is none, or nothing opens it.
        """
        folder = self._paths.log
        if not folder.is_dir():
            raise CcmonError("There are no logs", cause=f"{folder} could not be made")
        if (opener := open_path(folder)) is not None:
            self._others.append(_Running(opener, f"Nothing opens the folder of the logs, {folder}"))

    def copy_diagnostics(self, ended: Callable[[bool], None]) -> None:
        """Look at everything, and put what was found into the clipboard: a few seconds of another process.

        Args:
            ended: Hears from :meth:`reap` that this is over, and whether it went well.

        Raises:
            CcmonError: It cannot be started.
        """
        command = [sys.executable, "-m", "ccmon_tray", "diagnostics", "--copy", *self._window_words]
        complaint = "The diagnostics could not be copied; ccmon-tray diagnostics prints them"
        self._others.append(_Running(_start(command, "There are no diagnostics"), complaint, ended))

    def reap(self) -> tuple[str, ...]:
        """Let the system forget programs that have ended.

        Returns:
            Words about those that failed.
        """
        complaints = []
        if self._quick_stats is not None and (status := self._quick_stats.poll()) is not None:
            self._quick_stats = None
            if status != 0:
                complaints.append(f"The quick stats ended with status {status}; the log may say why")
        for window in [each for each in self._windows if each.poll() is not None]:
            self._windows.remove(window)
            if window.returncode != 0:
                complaints.append(
                    f"The window ended with status {window.returncode}; ccmon-tray dashboard says why"
                )
        for other in [each for each in self._others if each.process.poll() is not None]:
            self._others.remove(other)
            well = other.process.returncode == 0
            if not well:
                complaints.append(other.complaint)
            if other.ended is not None:
                other.ended(well)
        return tuple(complaints)

    def close(self) -> None:
        """Close the quick stats if they are open. The window and an editor are the person's, and stay."""
        child, self._quick_stats = self._quick_stats, None
        if child is None or child.poll() is not None:
            return
        child.terminate()
        try:
            child.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _has_tk() -> bool:
    return importlib.util.find_spec("_tkinter") is not None


def _start(command: list[str], title: str) -> subprocess.Popen[bytes]:
    try:
        # A session of its own: Ctrl-C in the tray's terminal is for the tray.
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise CcmonError(
            title, cause=str(error), next_step="Install what is missing, or open it yourself"
        ) from error
