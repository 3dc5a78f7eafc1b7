"""The autostart entry of freedesktop.org's desktops (Desktop Application Autostart Specification 0.5)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ccmon_tray.desktop import desktop_entry
from ccmon_tray.desktop.autostart.entries import Found
from ccmon_tray.desktop.start_command import StartCommand
from ccmon_tray.files import file_stamp

# After panel and network, which start at the same time. A panel that is later still is waited for.
_DELAY_S: Final = "5"
_SWITCHES: Final = (("Hidden", "true"), ("X-GNOME-Autostart-enabled", "false"))


class XdgAutostart:
    """``~/.config/autostart/ccmon-tray.desktop``."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        config = environ.get("XDG_CONFIG_HOME", "")
        # A relative path counts as not set, by the Base Directory Specification.
        folder = Path(config) if config.startswith("/") else Path.home() / ".config"
        self._file = folder / "autostart" / desktop_entry.FILE_NAME

    @property
    def place(self) -> str:
        """The file."""
        return str(self._file)

    def read(self) -> Found | None:
        """The entry, or None."""
        fields = desktop_entry.read_entry(self._file)
        if fields is None:
            return None
        off = not fields or any(fields.get(key, "").lower() == value for key, value in _SWITCHES)
        return Found(
            fields.get("TryExec", ""),
            fields.get(desktop_entry.HOME_KEY, ""),
            not off,
            "the desktop’s own list of programs",
        )

    def write(self, command: StartCommand) -> None:
        """Write the entry."""
        fields = {
            "Type": "Application",
            "Version": "1.4",
            "Name": desktop_entry.TITLE,
            "Comment": "Shows in the tray what Claude Code costs",
            "Icon": desktop_entry.ICON,
            "TryExec": command.program,
            "Exec": desktop_entry.exec_value(command.with_home),
            "Terminal": "false",
            "StartupNotify": "false",
            "X-GNOME-Autostart-enabled": "true",
            "X-GNOME-Autostart-Delay": _DELAY_S,
            "X-MATE-Autostart-Delay": _DELAY_S,
            "X-KDE-autostart-after": "panel",
            "X-LXQt-Need-Tray": "true",
        }
        if command.home:
            fields[desktop_entry.HOME_KEY] = command.home
        desktop_entry.write_entry(self._file, fields)

    def remove(self) -> None:
        """Remove the file."""
        self._file.unlink(missing_ok=True)

    def stamp(self) -> object:
        """When the file was written."""
        return file_stamp(self._file)
