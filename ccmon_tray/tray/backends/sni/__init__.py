"""StatusNotifierItem: the tray of KDE, xfce, LXQt, waybar, and GNOME with its AppIndicator extension.

- :mod:`.icon`: the pystray icon: the bus, the loop, the registration with the desktop's watcher.
- :mod:`.item`: the ``org.kde.StatusNotifierItem`` object.
- :mod:`.menu`: the ``com.canonical.dbusmenu`` object; :mod:`.tree`: its lines, with ids that last.
- :mod:`.pixmap`: images as the specification wants them.
- :mod:`.session`: finding the session bus, and who would show an icon.

Specifications: https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/ and
https://github.com/AyatanaIndicators/libdbusmenu/blob/master/libdbusmenu-glib/dbus-menu.xml
"""
