"""Notifications on macOS for programs without a bundle: the system's own ``osascript``."""

import subprocess
from typing import Final

from ccmon_tray.desktop.notifications.base import APP_NAME, Notification, not_shown

_TIMEOUT_S: Final = 5.0
# Texts are arguments, so that nothing in them can be a part of the script.
_SCRIPT: Final = (
    "on run words",
    "display notification (item 2 of words) with title (item 3 of words) subtitle (item 1 of words)",
    "end run",
)


class OsascriptNotifier:
    """Shows notifications without buttons."""

    def show(self, notification: Notification) -> None:
        """Show one.

        Raises:
            CcmonError: The system does not take it.
        """
        command = ["osascript"]
        for line in _SCRIPT:
            command += ["-e", line]
        command += [notification.title, notification.body, APP_NAME]
        try:
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_TIMEOUT_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise not_shown(
                f"osascript failed ({error})", "Allow notifications of Script Editor in the system's settings"
            ) from error

    def close(self) -> None:
        """Nothing is held."""
