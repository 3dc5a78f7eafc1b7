"""The pystray icon of Windows' notification area.

Changes are posted to the icon's window, so that menu and icon are rebuilt on the thread that shows them, and
never while the menu is open. pystray's window also refuses the end of the session, since it answers every
message with 0; and its icon is a large one scaled down.
"""

import contextlib
import os
import queue
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ccmon_tray.tray.backends.pystray_base import TrayIcon
from ccmon_tray.tray.model import Action, Command

if TYPE_CHECKING:
    # What is used of pystray, as of 0.19.5.
    win32: Any

    class _Win32Icon(TrayIcon):
        _hwnd: Any
        _icon_handle: Any
        _message_handlers: dict[int, Callable[[int, int], int | None]]

        def _message(self, code: int, flags: int, **values: Any) -> None: ...
        def _create_menu_item(self, descriptor: Any, callbacks: list[Any]) -> Any: ...
        def _on_notify(self, wparam: int, lparam: int) -> None: ...
        def _mark_ready(self) -> None: ...
        def _update_menu(self) -> None: ...
else:
    from pystray import _win32
    from pystray._util import win32

    class _Win32Icon(TrayIcon, _win32.Icon):
        pass


_WM_QUERYENDSESSION: Final = 0x0011
_WM_ENDSESSION: Final = 0x0016
_WM_CHANGES: Final = 0x0400 + 20  # WM_USER and a number that pystray does not use
_SM_CXSMICON: Final = 49
_PROCESS_SYSTEM_DPI_AWARE: Final = 1
_MOST_TIP: Final = 127  # UTF-16 units: szTip holds 128 with its closing zero
_SIGNAL_CHECK_MS: Final = 500


class Icon(_Win32Icon):
    """An icon in the notification area: a left click opens the window, a right click the menu."""

    def __init__(self, name: str, **options: Any) -> None:
        with contextlib.suppress(OSError, AttributeError):  # said already, or before Windows 8.1
            win32.windll.shcore.SetProcessDpiAwareness(_PROCESS_SYSTEM_DPI_AWARE)
        super().__init__(name, **options)
        self._changes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._menu_handle: tuple[Any, list[Any]] | None = None
        self._menu_open = False
        self._menu_outdated = False
        self._message_handlers |= {
            _WM_CHANGES: self._on_changes,
            _WM_QUERYENDSESSION: lambda _w, _l: 1,
            _WM_ENDSESSION: self._on_end_session,
        }

    @property
    def image_sizes(self) -> tuple[int, ...]:  # type: ignore[override]
        """The size of small icons at this screen's scaling, pixels."""
        return (int(win32.windll.user32.GetSystemMetrics(_SM_CXSMICON)),)

    def post(self, change: Callable[[], None]) -> None:
        """Run a change soon on the thread of the icon's window."""
        self._changes.put(change)
        win32.PostMessage(self._hwnd, _WM_CHANGES, 0, 0)

    def _mark_ready(self) -> None:
        # Python's signal handlers run between messages only: without any, Ctrl-C would wait for a click.
        win32.windll.user32.SetTimer(self._hwnd, 1, _SIGNAL_CHECK_MS, None)
        super()._mark_ready()

    def _update_menu(self) -> None:
        if self._menu_open:
            self._menu_outdated = True  # the open one must not be destroyed
        else:
            super()._update_menu()

    def _create_menu_item(self, descriptor: Any, callbacks: list[Any]) -> Any:
        item = super()._create_menu_item(descriptor, callbacks)
        if item.dwTypeData:
            item.dwTypeData = item.dwTypeData.replace("&", "&&")  # one alone underlines the next letter
        return item

    def _message(self, code: int, flags: int, **values: Any) -> None:
        if "szTip" in values:
            values["szTip"] = _shortened(values["szTip"])
        super()._message(code, flags, **values)

    def _assert_icon_handle(self) -> None:
        if self._icon_handle:
            return
        (size,) = self.image_sizes
        number, path = tempfile.mkstemp(".ico")
        try:
            with os.fdopen(number, "wb") as file:
                self.draw(size).save(file, "ICO", sizes=[(size, size)])
            self._icon_handle = win32.LoadImage(
                None, path, win32.IMAGE_ICON, size, size, win32.LR_LOADFROMFILE
            )
        finally:
            os.unlink(path)  # noqa: PTH108  the name of an open file, as Windows gave it

    def _on_notify(self, wparam: int, lparam: int) -> None:
        if lparam == win32.WM_LBUTTONUP:
            self.send(Command(Action.OPEN_DASHBOARD))
        elif lparam == win32.WM_RBUTTONUP and not self._menu_open:
            self._open_menu(wparam, lparam)

    def _open_menu(self, wparam: int, lparam: int) -> None:
        # Windows runs a loop of its own until the menu is closed, and our changes with it.
        self._menu_open = True
        try:
            super()._on_notify(wparam, lparam)
        finally:
            self._menu_open = False
            if self._menu_outdated:
                self._menu_outdated = False
                super()._update_menu()

    def _on_changes(self, _wparam: int, _lparam: int) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._changes.get_nowait()()

    def _on_end_session(self, wparam: int, _lparam: int) -> None:
        if wparam:  # else somebody else refused it
            self.stop()


def _shortened(tip: str) -> str:
    """As much of a tooltip as Windows has room for, whole characters only."""
    return tip.encode("utf-16-le")[: 2 * _MOST_TIP].decode("utf-16-le", "ignore")
