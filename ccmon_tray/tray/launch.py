"""Programs that the tray starts: the quick-stats window, and the editor of the settings file."""

import os
import subprocess
import sys
from typing import Final, get_origin

from ccmon_tray.errors import CcmonError
from ccmon_tray.files import write_atomic
from ccmon_tray.paths import Paths
from ccmon_tray.setting_keys import KEYS, Key
from ccmon_tray.settings import Theme

_GRACE_S: Final = 0.3


class Launcher:
    """Starts the programs and looks after them until they end.

    Args:
        paths: Where the snapshot and the settings are.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._quick_stats: subprocess.Popen[bytes] | None = None
        self._openers: list[subprocess.Popen[bytes]] = []

    def toggle_quick_stats(self, theme: Theme, at: str = "", *, actions: bool = False) -> None:
        """Open the quick stats, or close them: a second click on the icon takes them away.

        Args:
            theme: Their colours.
            at: The point of the screen that was clicked, as ``X,Y``; "" opens a window with a frame.
            actions: Whether they offer "Settings" and "Quit", as the menu does where there is one.

        Raises:
            CcmonError: They cannot be started.
        """
        if self._quick_stats is not None and self._quick_stats.poll() is None:
            self.close()
        else:
            self.raise_quick_stats(theme, at, actions=actions)

    def raise_quick_stats(self, theme: Theme, at: str = "", *, actions: bool = False) -> None:
        """Open the quick stats on top of other windows, anew if they are open.

        The tray never imports a toolkit: they are a process of their own.

        Raises:
            CcmonError: They cannot be started.
        """
        self.close()
        command = [sys.executable, "-m", "ccmon_tray.dashboard.quick_stats"]
        command += ["--snapshot", str(self._paths.snapshot_file), "--theme", theme.value]
        if at:
            command += ["--popup", "--at", at]
        if actions:
            command.append("--actions")
        self._quick_stats = _start(command, "The quick stats cannot be shown")

    def open_settings(self) -> None:
        """Open the settings file in the person's editor; make one that explains itself if there is none.

        Raises:
            CcmonError: The file cannot be made, or nothing opens it.
        """
        file = self._paths.settings_file
        try:
            if not file.exists():
                write_atomic(file, settings_template().encode())
        except OSError as error:
            raise CcmonError(
                "The settings file cannot be made", cause=str(error), next_step=f"Check the folder of {file}"
            ) from error
        if sys.platform == "win32":
            os.startfile(file)  # noqa: S606
            return
        # On macOS -t is whatever edits text, since nothing may be registered for TOML.
        command = ["open", "-t", str(file)] if sys.platform == "darwin" else ["xdg-open", str(file)]
        self._openers.append(_start(command, f"Nothing opens {file}"))

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
        for opener in [each for each in self._openers if each.poll() is not None]:
            self._openers.remove(opener)
            if opener.returncode != 0:
                complaints.append(
                    f"Nothing opens the settings file: edit {self._paths.settings_file} yourself"
                )
        return tuple(complaints)

    def close(self) -> None:
        """Close the quick stats if they are open. An editor is the person's, and stays."""
        child, self._quick_stats = self._quick_stats, None
        if child is None or child.poll() is not None:
            return
        child.terminate()
        try:
            child.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def settings_template() -> str:
    """A settings file in which every setting stands as a comment with its default."""
    lines = [
        "# Settings of ccmon-tray. Take the # from a line to set it; the values here are the defaults.",
        "# Changes count at once. What each one means: docs/settings.md",
    ]
    section = ""
    for key in KEYS.values():
        if key.section != section:
            section = key.section
            lines += ["", f"[{section}]"]
        if not key.secret:
            lines.append(f"# {key.name} = {_toml(key)}")
    return "\n".join(lines) + "\n"


def _toml(key: Key) -> str:
    match key.default:
        case None:
            return "[]" if get_origin(key.kind) is tuple else '""'
        case bool() | int() | float() as value:
            return str(value).lower()
        case value:
            return f'"{value}"'


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
