"""The pystray icon of macOS' menu bar.

AppKit allows changes on the main thread only, so they are marshalled to its run loop. pystray's own loop also
ends the process where it stands at Ctrl-C, and leaves other signals waiting until the next click: here
Python's handlers run on the loop at once.
"""

import io
import signal
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import AppKit
from PyObjCTools import AppHelper, MachSignals

from ccmon_tray.tray.backends.pystray_base import TrayIcon

if TYPE_CHECKING:
    # What is used of pystray's class, as of 0.19.5.
    class _DarwinIcon(TrayIcon):
        _app: Any
        _icon_image: Any
        _status_bar: Any
        _status_item: Any
else:
    from pystray import _darwin

    class _DarwinIcon(TrayIcon, _darwin.Icon):
        pass


_POINTS: Final = 18  # what Apple's guidelines give an icon in a menu bar of 22 points
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Icon(_DarwinIcon):
    """A status item whose menu opens at any click; there is no icon in the Dock."""

    image_sizes = (_POINTS, 2 * _POINTS)

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, **options)
        self._app.setActivationPolicy_(AppKit.NSApplicationActivationPolicyAccessory)

    def post(self, change: Callable[[], None]) -> None:
        """Run a change soon on the main thread, also while the menu is open."""
        AppHelper.callAfter(change)

    def _update_icon(self) -> None:
        self._assert_image()
        self._icon_valid = True

    def _assert_image(self) -> None:
        """Show the face in both resolutions; the system takes the one that suits the screen."""
        image = AppKit.NSImage.alloc().initWithSize_((_POINTS, _POINTS))
        for size in self.image_sizes:
            png = io.BytesIO()
            self.draw(size).save(png, "png")
            representation = AppKit.NSBitmapImageRep.imageRepWithData_(png.getvalue())
            representation.setSize_((_POINTS, _POINTS))
            image.addRepresentation_(representation)
        self._icon_image = image
        self._status_item.button().setImage_(image)

    def _run(self) -> None:
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler):
                MachSignals.signal(number, _on_loop(handler))
        try:
            self._mark_ready()
            self._app.run()
        finally:
            self._running = False
            self._status_bar.removeStatusItem_(self._status_item)

    def _stop(self) -> None:
        # On the loop, where it counts even if the loop has not begun to run yet.
        self.post(super()._stop)


def _on_loop(handler: Callable[[int, FrameType | None], Any]) -> Callable[[int], None]:
    """A handler of Python's kind as PyObjC's run loop calls it."""

    def handle(number: int) -> None:
        handler(number, None)

    return handle
