"""“Start at login” as the menu shows it: known without asking the system at every look."""

from ccmon_tray.desktop.autostart import Autostart
from ccmon_tray.errors import CcmonError


class LoginSwitch:
    """What the menu knows of the entry for the login.

    Args:
        autostart: The entry; None where starting at login makes no sense.
    """

    def __init__(self, autostart: Autostart | None) -> None:
        self._autostart = autostart
        self._stamp: object = None
        self.enabled: bool | None = None
        """Whether the tray starts at login; None where that is not offered or cannot be told."""
        self.look(again=True)

    def look(self, *, again: bool = False) -> None:
        """See whether somebody else has changed the entry: the window, the command line, the desktop."""
        if self._autostart is None:
            return
        stamp = self._autostart.stamp()
        if stamp == self._stamp and not again:
            return
        self._stamp = stamp
        try:
            self.enabled = self._autostart.status().enabled
        except CcmonError:  # trying to change it tells why
            self.enabled = False

    def toggle(self) -> None:
        """Change it.

        Raises:
            CcmonError: It cannot be changed.
        """
        if self._autostart is None:
            return
        try:
            if self.enabled:
                self._autostart.disable()
            else:
                self._autostart.enable()
        finally:
            self.look(again=True)
