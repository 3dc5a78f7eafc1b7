"""The application's entry and icons for the menus of Linux desktops.

The entry opens the window, of the running tray or with a new one. Its name is what docks and task bars find
the window's icon by: ``StartupWMClass`` is the class of the window.
"""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from os import environ as process_environ
from pathlib import Path
from typing import Final

from ccmon_tray.desktop import assets, desktop_entry
from ccmon_tray.desktop.start_command import StartCommand, start_command
from ccmon_tray.errors import CcmonError

_WINDOW_CLASS: Final = "Ccmon-tray"  # Tk begins it with a capital
_WORDS: Final = "Claude;Claude Code;Anthropic;Cost;Tokens;Usage;Prometheus;Monitor;"


class MenuEntry:
    """``~/.local/share/applications/ccmon-tray.desktop`` and the icons it names.

    Args:
        environ: For the desktop's folders and the home.
    """

    def __init__(self, environ: Mapping[str, str] = process_environ) -> None:
        self._environ = environ
        data = environ.get("XDG_DATA_HOME", "")
        folder = Path(data) if data.startswith("/") else Path.home() / ".local" / "share"
        self.file = folder / "applications" / desktop_entry.FILE_NAME
        self._theme = folder / "icons" / "hicolor"

    def is_there(self) -> bool:
        """Whether the entry is there."""
        return self.file.exists()

    def add(self) -> None:
        """Write entry and icons anew.

        Raises:
            CcmonError: They cannot be written.
        """
        command = self._command()
        whose = {desktop_entry.HOME_KEY: command.home} if command.home else {}
        try:
            for icon, place in self._icons():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(icon, place)
            self._announce_icons()
            desktop_entry.write_entry(
                self.file,
                {
                    "Type": "Application",
                    "Version": "1.4",
                    "Name": desktop_entry.TITLE,
                    "GenericName": "Usage Monitor",
                    "Comment": "What Claude Code costs, exactly, at a glance",
                    "Icon": desktop_entry.ICON,
                    "TryExec": command.program,
                    "Exec": desktop_entry.exec_value(command.with_home),
                    "Terminal": "false",
                    "StartupNotify": "false",
                    "StartupWMClass": _WINDOW_CLASS,
                    "Categories": "System;Monitor;",
                    "Keywords": _WORDS,
                    **whose,
                },
            )
        except OSError as error:
            raise CcmonError(
                "The entry in the application menu cannot be written",
                cause=str(error),
                next_step=f"Check {self.file.parent} and {self._theme}",
            ) from error

    def remove(self) -> None:
        """Remove entry and icons, if they are there.

        Raises:
            CcmonError: They cannot be removed.
        """
        try:
            self.file.unlink(missing_ok=True)
            for _, place in self._icons():
                place.unlink(missing_ok=True)
            self._announce_icons()
        except OSError as error:
            raise CcmonError(
                "The entry in the application menu cannot be removed",
                cause=str(error),
                next_step=f"Check {self.file}",
            ) from error

    def repair(self) -> str:
        """Write it anew if the program it starts has gone, as after an environment was made anew elsewhere.

        An entry of another home stays as it is.

        Returns:
            What was done, in words, or "".

        Raises:
            CcmonError: It cannot be written.
        """
        try:
            fields = desktop_entry.read_entry(self.file) or {}
        except OSError:  # no reason to bother anybody
            return ""
        program = fields.get("TryExec", "")
        ours = fields.get(desktop_entry.HOME_KEY, "") == self._command().home
        if not ours or not program or Path(program).exists():
            return ""
        self.add()
        return f"The entry in the application menu led to {program}, which is gone: it is mended"

    def _command(self) -> StartCommand:
        return start_command("run", "--dashboard", environ=self._environ)

    def _icons(self) -> list[tuple[Path, Path]]:
        """Each icon's file and its place in the icon theme."""
        places = [
            (assets.folder() / "icon.svg", self._theme / "scalable" / "apps" / f"{desktop_entry.ICON}.svg")
        ]
        for icon in sorted(assets.folder().glob("icon-*.png")):
            size = icon.stem.removeprefix("icon-")
            places.append((icon, self._theme / f"{size}x{size}" / "apps" / f"{desktop_entry.ICON}.png"))
        return places

    def _announce_icons(self) -> None:
        # By the Icon Theme Specification: desktops look again when the theme's folder is newer.
        with suppress(OSError):
            self._theme.touch()
