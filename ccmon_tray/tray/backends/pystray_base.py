"""pystray's own classes, imported so that the choice of a desktop stays ours, and the base of our icons.

Importing ``pystray`` picks a backend at once; on Linux without a display that raises. Its ``dummy`` backend
is asked for instead, only for the moment of the import, so that child processes never see the variable.
"""

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from PIL import Image

from ccmon_tray.tray.model import Command, Face

_CHOICE = "PYSTRAY_BACKEND"
_previous = os.environ.get(_CHOICE)
os.environ[_CHOICE] = "dummy"
try:
    from pystray import _base
finally:
    if _previous is None:
        del os.environ[_CHOICE]
    else:
        os.environ[_CHOICE] = _previous

Menu = _base.Menu

if TYPE_CHECKING:
    # pystray ships no types: what is used of it, as of 0.19.5.
    class _MenuItem:
        text: str
        checked: bool | None
        radio: bool
        default: bool
        enabled: bool
        submenu: "Iterable[_MenuItem] | None"

        def __init__(self, text: str, action: Any, **options: Any) -> None: ...
        def __call__(self, icon: Any) -> None: ...

    class _Icon:
        name: str
        icon: Image.Image | None
        title: str
        menu: Any
        visible: bool
        _running: bool
        _icon_valid: bool

        def __init__(self, name: str, **options: Any) -> None: ...
        def __call__(self) -> None: ...
        def run(self, setup: Callable[[Any], None]) -> None: ...
        def _stop(self) -> None: ...
else:
    _MenuItem = _base.MenuItem
    _Icon = _base.Icon


class KeyedMenuItem(_MenuItem):
    """A menu line that knows key and command of the :class:`~ccmon_tray.tray.model.MenuItem` it draws."""

    def __init__(self, key: str, command: Command | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = key
        self.command = command


class TrayIcon(_Icon):
    """What :class:`.pystray_adapter.PystrayBackend` asks of an icon class, beside what pystray asks.

    Put it first among the bases: ``class Icon(TrayIcon, _xorg.Icon)``. All methods but :meth:`post` and
    :meth:`stop` are called on the thread of the icon's loop.

    Differences from pystray: the set-up function runs on the loop's own thread when the loop is ready
    (pystray starts a thread for it, which waits for ever when the loop fails to start), and an icon
    that is thrown away does not touch the desktop.

    Attributes:
        image_sizes: Sizes in pixels the desktop may want; the largest becomes pystray's ``icon``. May be a
            property.
        draw: Draws the present face at a size in pixels. Set before ``icon`` changes.
        send: Hands a command to the app, at once and from any thread.
    """

    image_sizes: tuple[int, ...] = (64,)
    draw: Callable[[int], Image.Image]
    send: Callable[[Command], None]

    def post(self, change: Callable[[], None]) -> None:
        """Run a change soon on the loop's thread. May be called from any thread once the loop is ready."""
        change()

    def face_changed(self, face: Face) -> None:
        """Take note of a new face; called before icon, title and menu are changed to it."""

    @property
    def hosted(self) -> bool:
        """Whether the desktop shows the icon now, as far as can be told."""
        return bool(self.visible)

    def stop(self) -> None:
        """End the loop soon; from any thread, or a signal handler."""
        if self._running:
            self._running = False
            self._stop()

    def _start_setup(self, setup: Callable[[Any], None]) -> None:
        self._setup = setup

    def _mark_ready(self) -> None:
        self._running = True
        self._setup(self)

    def __del__(self) -> None:
        """Do nothing; the loop has taken the icon away before it ended."""
