"""Which backend suits this desktop. Each is imported only when it is chosen."""

import importlib
import os
import sys
from typing import TYPE_CHECKING

from ccmon_tray.errors import TrayHostMissing

if TYPE_CHECKING:
    from ccmon_tray.settings import TraySettings
    from ccmon_tray.tray.backends.base import TrayBackend
    from ccmon_tray.tray.backends.pystray_adapter import Renderer

_ICON_MODULES = {"sni": "sni.icon", "xorg": "xorg", "macos": "macos", "windows": "windows"}


def choose_backend(settings: "TraySettings", renderer: "Renderer") -> "TrayBackend":
    """Choose the backend: the one in the settings, else by platform and desktop.

    On Linux a StatusNotifierItem is preferred, since it has a menu. It is chosen as well where no desktop
    shows icons yet but one may come (at login the tray may start before its host); it then waits.

    Args:
        settings: Names a backend, or "auto"; "none" is the one without a desktop.
        renderer: Draws the icon.

    Returns:
        The backend, not yet running.

    Raises:
        TrayHostMissing: Nothing here can show a tray icon.
    """
    name = settings.backend if settings.backend != "auto" else _auto()
    if name == "none":
        from ccmon_tray.tray.backends.dummy import DummyBackend  # noqa: PLC0415

        return DummyBackend()
    from ccmon_tray.tray.backends.pystray_adapter import PystrayBackend  # noqa: PLC0415

    try:
        module = importlib.import_module(f"ccmon_tray.tray.backends.{_ICON_MODULES[name]}")
    except (ImportError, AttributeError) as error:  # ctypes lacks Windows' parts elsewhere
        raise TrayHostMissing(
            "No tray icon",
            cause=f"the backend {name} does not work on this system ({error})",
            next_step='Set tray.backend to "auto"',
        ) from error
    return PystrayBackend(name, module.Icon, renderer)


def _auto() -> str:
    if sys.platform == "darwin":
        return "macos"
    if sys.platform == "win32":
        return "windows"
    return _auto_linux()


def _auto_linux() -> str:
    from ccmon_tray.tray.backends import x11  # noqa: PLC0415
    from ccmon_tray.tray.backends.sni import session  # noqa: PLC0415

    try:
        if session.watcher_present():
            return "sni"
        has_bus = True
    except TrayHostMissing:
        has_bus = False
    if x11.xembed_tray_present():
        return "xorg"
    has_display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if has_bus and has_display:
        return "sni"
    missing = "no display" if not has_display else "neither a D-Bus session bus nor an X11 system tray"
    raise TrayHostMissing(
        "No tray icon",
        cause=f"there is {missing} here",
        next_step="Start ccmon-tray within a desktop",
    )
