"""What pystray uses of Windows, on one machine-wide desktop of our own.

It follows the documented behaviour where that matters: a window's messages are dispatched on the thread that
made it; ``TrackPopupMenuEx`` runs a loop of its own until the menu is closed; a menu that is destroyed must
exist; the tip of an icon has room for 127 UTF-16 units; a window procedure that answers WM_QUERYENDSESSION
with 0 stops the end of the session.
"""

import ctypes
import importlib
import itertools
import queue
import sys
import threading
import types
from collections.abc import Callable, Iterator
from ctypes import wintypes
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

WM_STOP = 0x400 + 10
WM_NOTIFY = 0x400 + 11
WM_LBUTTONUP = 0x0202
WM_RBUTTONUP = 0x0205
WM_QUERYENDSESSION = 0x0011
WM_ENDSESSION = 0x0016
_WM_QUIT = 0x0012
_MENU_CLOSED = -1


class Struct(ctypes.Structure):
    """A structure of the API: what its fields are set to."""

    _fields_ = ()

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


class IconData(Struct):
    """NOTIFYICONDATAW, with the real one's limit."""

    def __init__(self, **fields: Any) -> None:
        tip = fields.get("szTip", "")
        if len(tip.encode("utf-16-le")) // 2 > 127:
            raise ValueError("string too long")
        super().__init__(**fields)


@dataclass
class Windows:
    """The desktop: windows, menus, the icon, and what was done to them on which thread."""

    procedure: Callable[[int, int, int, int], int] | None = None
    messages: "queue.Queue[tuple[int, int, int, int]]" = field(default_factory=queue.Queue)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(100))
    owners: dict[int, int] = field(default_factory=dict)
    menus: dict[int, list[Struct]] = field(default_factory=dict)
    tracked: int | None = None
    icon: dict[str, Any] | None = None
    icon_sizes: list[tuple[int, int]] = field(default_factory=list)
    menu_threads: set[int] = field(default_factory=set)
    dpi_aware: bool = False
    errors: list[str] = field(default_factory=list)

    def window(self) -> int:
        """The icon's window."""
        return min(self.owners)

    def send(self, message: int, wparam: int = 0, lparam: int = 0) -> None:
        """Let the desktop send a message to the icon's window."""
        self.messages.put((self.window(), message, wparam, lparam))

    def ask(self, message: int, wparam: int = 0) -> int:
        """Ask the window procedure directly and return what it answers."""
        assert self.procedure is not None
        return self.procedure(self.window(), message, wparam, 0)

    def choose(self, number: int) -> None:
        """Close the open menu with a choice; 0 chooses nothing."""
        self.messages.put((self.window(), _MENU_CLOSED, number, 0))

    # The API.

    def create_window(self, *_arguments: Any) -> int:
        window = next(self.numbers)
        self.owners[window] = threading.get_ident()
        return window

    def post(self, window: int, message: int, wparam: int, lparam: int) -> bool:
        if window not in self.owners:
            return False
        self.messages.put((window, message, wparam, lparam))
        return True

    def get_message(self, pointer: Any, *_filter: Any) -> int:
        window, message, wparam, lparam = self.messages.get(timeout=20)
        pointer._obj.hWnd, pointer._obj.message = window, message
        pointer._obj.wParam, pointer._obj.lParam = wparam, lparam
        return 0 if message == _WM_QUIT else 1

    def dispatch(self, pointer: Any) -> None:
        read = pointer._obj
        self._dispatch(read.hWnd, read.message, read.wParam, read.lParam)

    def _dispatch(self, window: int, message: int, wparam: int, lparam: int) -> None:
        if self.owners.get(window) != threading.get_ident():
            self.errors.append(f"message {message:#x} on a wrong thread")
        assert self.procedure is not None
        self.procedure(window, message, wparam, lparam)

    def quit(self, _status: int) -> None:
        self.messages.put((0, _WM_QUIT, 0, 0))

    def destroy_window(self, window: int) -> None:
        del self.owners[window]

    def create_menu(self) -> int:
        menu = next(self.numbers)
        self.menus[menu] = []
        self.menu_threads.add(threading.get_ident())
        return menu

    def insert_menu_item(self, menu: int, _place: int, _by_place: bool, item: Any) -> None:
        self.menus[menu].append(item)

    def destroy_menu(self, menu: int) -> None:
        if menu == self.tracked:
            self.errors.append("an open menu was destroyed")
        del self.menus[menu]

    def track(self, menu: int, *_arguments: Any) -> int:
        self.tracked = menu
        while True:
            window, message, wparam, lparam = self.messages.get(timeout=20)
            if message == _MENU_CLOSED:
                self.tracked = None
                return wparam
            self._dispatch(window, message, wparam, lparam)

    def notify_icon(self, code: int, data: IconData) -> None:
        if code == 0:
            self.icon = dict(data.__dict__)
        elif code == 2:
            self.icon = None
        elif self.icon is not None:
            self.icon |= data.__dict__

    def load_image(self, _instance: Any, path: str, _kind: int, width: int, height: int, _flags: int) -> int:
        with Image.open(Path(path)) as image:
            self.icon_sizes.append(image.size)
            assert image.size == (width, height)
        return next(self.numbers)

    def cursor(self, pointer: Any) -> None:
        pointer._obj.x, pointer._obj.y = 1900, 1060

    def set_dpi_awareness(self, _kind: int) -> None:
        if self.owners:
            self.errors.append("DPI awareness after the first window has no effect")
        self.dpi_aware = True

    def metric(self, number: int) -> int:
        assert number == 49
        return 24 if self.dpi_aware else 16


def install(monkeypatch: pytest.MonkeyPatch) -> Windows:
    """Make ``pystray._util.win32`` this desktop, for modules imported from now on."""
    desktop = Windows()
    api = types.ModuleType("pystray._util.win32")
    user32 = types.SimpleNamespace(GetSystemMetrics=desktop.metric, SetTimer=lambda *_: 1)
    shcore = types.SimpleNamespace(SetProcessDpiAwareness=desktop.set_dpi_awareness)

    def register(window_class: Any) -> int:
        desktop.procedure = window_class.lpfnWndProc
        return 1

    functions: dict[str, Any] = {
        "windll": types.SimpleNamespace(user32=user32, shcore=shcore),
        "WNDPROC": lambda procedure: procedure,
        "WNDCLASSEX": type("WNDCLASSEX", (Struct,), {}),
        "MENUITEMINFO": type("MENUITEMINFO", (ctypes.Structure,), {"_fields_": _MENU_FIELDS}),
        "NOTIFYICONDATAW": IconData,
        "RegisterClassEx": register,
        "UnregisterClass": lambda *_: True,
        "GetModuleHandle": lambda _name: 1,
        "CreateWindowEx": desktop.create_window,
        "DestroyWindow": desktop.destroy_window,
        "DefWindowProc": lambda *_: 0,
        "ChangeWindowMessageFilterEx": lambda *_: True,
        "PeekMessage": lambda *_: False,
        "GetMessage": desktop.get_message,
        "TranslateMessage": lambda _message: False,
        "DispatchMessage": desktop.dispatch,
        "PostMessage": desktop.post,
        "PostQuitMessage": desktop.quit,
        "CreatePopupMenu": desktop.create_menu,
        "InsertMenuItem": lambda menu, place, by, item: desktop.insert_menu_item(menu, place, by, item._obj),
        "DestroyMenu": desktop.destroy_menu,
        "TrackPopupMenuEx": desktop.track,
        "SetForegroundWindow": lambda _window: True,
        "GetCursorPos": desktop.cursor,
        "LoadImage": desktop.load_image,
        "DestroyIcon": lambda _icon: True,
        "Shell_NotifyIcon": desktop.notify_icon,
    }
    for name, value in (_CONSTANTS | functions).items():
        setattr(api, name, value)
    monkeypatch.setattr(importlib.import_module("pystray._util"), "win32", api, raising=False)
    monkeypatch.setitem(sys.modules, "pystray._util.win32", api)
    forget(monkeypatch, "pystray._win32", "ccmon_tray.tray.backends.windows")
    return desktop


def forget(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """Let these modules be imported anew, whatever they were built upon before."""
    for module in modules:
        package, _, name = module.rpartition(".")
        monkeypatch.delitem(sys.modules, module, raising=False)
        monkeypatch.delattr(importlib.import_module(package), name, raising=False)


_MENU_FIELDS = [
    ("cbSize", wintypes.UINT),
    ("fMask", wintypes.UINT),
    ("fType", wintypes.UINT),
    ("fState", wintypes.UINT),
    ("wID", wintypes.UINT),
    ("hSubMenu", ctypes.c_void_p),
    ("dwTypeData", wintypes.LPCWSTR),
]

_CONSTANTS: dict[str, Any] = {
    "WM_CREATE": 0x0001,
    "WM_DISPLAYCHANGE": 0x007E,
    "WM_NCCREATE": 0x0081,
    "WM_LBUTTONUP": WM_LBUTTONUP,
    "WM_RBUTTONUP": WM_RBUTTONUP,
    "WM_USER": 0x400,
    "WM_STOP": WM_STOP,
    "WM_NOTIFY": WM_NOTIFY,
    "WM_TASKBARCREATED": 0xC000,
    "LR_LOADFROMFILE": 0x10,
    "IMAGE_ICON": 1,
    "MFS_CHECKED": 0x8,
    "MFS_DEFAULT": 0x1000,
    "MFS_DISABLED": 0x3,
    "MFT_RADIOCHECK": 0x200,
    "MFT_SEPARATOR": 0x800,
    "MIIM_FTYPE": 0x100,
    "MIIM_ID": 0x2,
    "MIIM_STATE": 0x1,
    "MIIM_STRING": 0x40,
    "MIIM_SUBMENU": 0x4,
    "MSGFLT_ALLOW": 1,
    "NIF_MESSAGE": 1,
    "NIF_ICON": 2,
    "NIF_TIP": 4,
    "NIM_ADD": 0,
    "NIM_MODIFY": 1,
    "NIM_DELETE": 2,
    "PM_NOREMOVE": 0,
    "COLOR_WINDOW": 5,
    "TPM_RIGHTALIGN": 8,
    "TPM_BOTTOMALIGN": 0x20,
    "TPM_RETURNCMD": 0x100,
    "WS_POPUP": 0x80000000,
}
