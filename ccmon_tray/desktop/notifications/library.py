"""Notifications through desktop-notifier, where it is the best way: Windows, and bundles on macOS."""

import contextlib
import functools
import logging
from pathlib import Path
from typing import Final

from desktop_notifier import Button, DesktopNotifier, Icon, Urgency
from desktop_notifier import Notification as LibraryNotification

from ccmon_tray.desktop.notifications.base import APP_NAME, CLICKED, Notification, OnAction, not_shown
from ccmon_tray.desktop.notifications.loop import LoopThread

_TIMEOUT_S: Final = 5.0

# It logs what fails with a traceback, and goes on; the person is told here.
logging.getLogger("desktop_notifier").setLevel(logging.ERROR)


class LibraryNotifier:
    """Shows notifications through desktop-notifier.

    Args:
        on_action: Told of clicks.
        icon: The icon's file.
    """

    def __init__(self, on_action: OnAction, icon: Path) -> None:
        self._on_action = on_action
        self._thread = LoopThread("notifications")
        self._notifier = DesktopNotifier(app_name=APP_NAME, app_icon=Icon(path=icon))

    def show(self, notification: Notification) -> None:
        """Show one.

        Raises:
            CcmonError: The desktop does not take it.
        """
        taken: list[bool] = []
        wanted = LibraryNotification(
            title=notification.title,
            message=notification.body,
            urgency=Urgency.Critical if notification.urgent else Urgency.Normal,
            buttons=tuple(
                Button(title=button.words, on_pressed=functools.partial(self._on_action, button.key))
                for button in notification.buttons
            ),
            on_dispatched=lambda: taken.append(True),
            on_clicked=lambda: self._on_action(CLICKED),
        )
        with contextlib.suppress(TimeoutError):
            self._thread.run(self._notifier.send_notification(wanted), _TIMEOUT_S)
        if not taken:
            raise not_shown("the desktop did not take it", "Allow notifications in the system's settings")

    def close(self) -> None:
        """End the thread on which clicks come."""
        self._thread.close()
