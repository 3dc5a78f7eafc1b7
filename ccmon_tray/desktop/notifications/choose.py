"""Which notifications this desktop has. What shows them is imported with the first one."""

import sys

from ccmon_tray.desktop import assets
from ccmon_tray.desktop.notifications.base import Notifier, OnAction


def choose_notifier(on_action: OnAction) -> Notifier:
    """What shows notifications here.

    Args:
        on_action: Told of clicks.
    """
    platform: str = sys.platform  # the checker knows only the one it runs on
    icon = assets.folder() / "icon-128.png"
    if platform == "linux":
        from ccmon_tray.desktop.notifications.freedesktop import FreedesktopNotifier  # noqa: PLC0415

        return FreedesktopNotifier(on_action, str(icon))
    if platform == "darwin" and not getattr(sys, "frozen", False):
        from ccmon_tray.desktop.notifications.osascript import OsascriptNotifier  # noqa: PLC0415

        return OsascriptNotifier()
    from ccmon_tray.desktop.notifications.library import LibraryNotifier  # noqa: PLC0415

    return LibraryNotifier(on_action, icon)
