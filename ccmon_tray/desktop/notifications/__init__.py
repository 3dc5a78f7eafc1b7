"""Notifications of the desktop, behind one small protocol.

- **Linux**: org.freedesktop.Notifications over dbus-fast, which the tray has loaded anyway. The library
  desktop-notifier would do it too, for 0.8 MB and 12 ms at its import, but it only logs what fails, and a
  connection that broke (the session bus was restarted) stays broken.
- **Windows**, and **macOS** inside an application's bundle: desktop-notifier.
- **macOS** otherwise: ``osascript``, since the Notification Center is closed to programs without a bundle;
  its notifications have no buttons.
"""

from ccmon_tray.desktop.notifications.base import CLICKED, Button, Notification, Notifier
from ccmon_tray.desktop.notifications.choose import choose_notifier

__all__ = ["CLICKED", "Button", "Notification", "Notifier", "choose_notifier"]
