"""What pystray and our icon use of AppKit, on a menu bar of our own.

It follows the documented behaviour where that matters: views may be touched on the main thread only;
``stop:`` counts only while ``run`` runs, and takes effect after the next event; ``callAfter`` runs its
function on the main loop.
"""

import io
import queue
import sys
import threading
import types
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from tests.support.fake_win32 import forget


class Object:
    """An object of AppKit that remembers what was set on it, and on which thread."""

    bar: "MenuBar"

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    @classmethod
    def alloc(cls) -> Any:
        return cls()

    def init(self) -> "Object":
        return self

    def __getattr__(self, name: str) -> Callable[..., None]:
        if not (name.startswith("set") and name.endswith("_")):
            raise AttributeError(name)

        def setter(value: Any) -> None:
            self.bar.check_thread(name)
            self.values[name[3:-1]] = value

        return setter


class NSImage(Object):
    """An image made of representations."""

    def initWithSize_(self, size: tuple[int, int]) -> "NSImage":  # noqa: N802
        self.values |= {"Size": size, "representations": []}
        return self

    def addRepresentation_(self, representation: Object) -> None:  # noqa: N802
        self.values["representations"].append(representation)


class NSBitmapImageRep(Object):
    """Pixels from PNG data."""

    @classmethod
    def imageRepWithData_(cls, data: bytes) -> "NSBitmapImageRep":  # noqa: N802
        made = cls()
        with Image.open(io.BytesIO(data)) as image:
            made.values["pixels"] = image.size
        return made


class NSMenu(Object):
    """A menu; its items in order."""

    def initWithTitle_(self, _title: str) -> "NSMenu":  # noqa: N802
        self.values["items"] = []
        return self

    def addItem_(self, item: Object) -> None:  # noqa: N802
        self.values["items"].append(item)


class NSMenuItem(Object):
    """A line of a menu."""

    def initWithTitle_action_keyEquivalent_(self, title: str, _action: bytes, _key: str) -> "NSMenuItem":  # noqa: N802
        self.values["title"] = title
        return self

    @classmethod
    def separatorItem(cls) -> "NSMenuItem":  # noqa: N802
        return cls()

    def tag(self) -> int:
        return int(self.values["Tag"])


class StatusItem(Object):
    """The place in the menu bar."""

    def __init__(self) -> None:
        super().__init__()
        self._button = Object()

    def button(self) -> Object:
        return self._button


class Application(Object):
    """The application with its main loop."""

    def __init__(self) -> None:
        super().__init__()
        self.events: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self.running = False
        self.stopped = False

    def run(self) -> None:
        self.running = True
        self.stopped = False
        while not self.stopped:
            if event := self.events.get(timeout=20):
                event()
        self.running = False

    def stop_(self, _sender: Any) -> None:
        self.stopped = self.running

    def postEvent_atStart_(self, _event: Any, _at_start: bool) -> None:  # noqa: N802
        self.events.put(None)


class MenuBar:
    """The menu bar with our status item, and what was done wrong."""

    def __init__(self) -> None:
        self.app = Application()
        self.item: StatusItem | None = None
        self.removed = False
        self.errors: list[str] = []
        self.main_thread: int | None = None
        self.signals: dict[int, Callable[[int], None]] = {}

    def check_thread(self, what: str) -> None:
        """Note a view that was touched off the main thread, which is the first one that touched any."""
        self.main_thread = self.main_thread or threading.get_ident()
        if threading.get_ident() != self.main_thread:
            self.errors.append(f"{what} off the main thread")

    @property
    def lines(self) -> list[str]:
        """The menu's words."""
        return [item.values["title"] for item in self._items()]

    def choose(self, title: str) -> None:
        """Click on a line of the menu."""
        assert self.item is not None
        (line,) = [item for item in self._items() if item.values["title"] == title]
        self.app.events.put(lambda: line.values["Target"].activate_menu_item(line))

    def signal(self, number: int) -> None:
        """Let a signal arrive: PyObjC runs its handler on the loop."""
        self.app.events.put(lambda: self.signals[number](number))

    def _items(self) -> list[NSMenuItem]:
        menu = self.item.values.get("Menu") if self.item else None
        return [] if menu is None else [item for item in menu.values["items"] if "title" in item.values]

    def statusItemWithLength_(self, _length: float) -> StatusItem:  # noqa: N802
        self.item = StatusItem()
        return self.item

    def removeStatusItem_(self, _item: StatusItem) -> None:  # noqa: N802
        self.removed = True

    def thickness(self) -> float:
        return 22.0


def install(monkeypatch: pytest.MonkeyPatch) -> MenuBar:
    """Make AppKit and its bridge this menu bar, for modules imported from now on."""
    bar = MenuBar()
    monkeypatch.setattr(Object, "bar", bar, raising=False)
    event = "otherEventWithType_location_modifierFlags_timestamp_windowNumber_context_subtype_data1_data2_"
    modules: dict[str, dict[str, Any]] = {
        "AppKit": {
            "NSApplication": types.SimpleNamespace(sharedApplication=lambda: bar.app),
            "NSStatusBar": types.SimpleNamespace(systemStatusBar=lambda: bar),
            "NSImage": NSImage,
            "NSBitmapImageRep": NSBitmapImageRep,
            "NSMenu": NSMenu,
            "NSMenuItem": NSMenuItem,
            "NSEvent": types.SimpleNamespace(**{event: lambda *_: object()}),
            "NSPoint": lambda x, y: (x, y),
            "NSFont": types.SimpleNamespace(
                boldSystemFontOfSize_=lambda size: size,
                menuFontOfSize_=lambda _size: types.SimpleNamespace(pointSize=lambda: 13),
            ),
            "NSVariableStatusItemLength": -1,
            "NSApplicationActivationPolicyAccessory": 1,
            "NSApplicationDefined": 15,
            "NSFontAttributeName": "NSFont",
            "NSOnState": 1,
            "NSOffState": 0,
        },
        "Foundation": {
            "NSObject": Object,
            "NSAttributedString": type(
                "NSAttributedString",
                (Object,),
                {"initWithString_attributes_": lambda _self, text, _values: text},
            ),
            "NSDictionary": type(
                "NSDictionary", (Object,), {"initWithObjectsAndKeys_": lambda _self, *values: values}
            ),
        },
        "objc": {"namedSelector": lambda _name: lambda method: method},
        "PyObjCTools": {},
        "PyObjCTools.AppHelper": {"callAfter": bar.app.events.put},
        "PyObjCTools.MachSignals": {"signal": bar.signals.__setitem__, "getsignal": bar.signals.get},
    }
    made = {name: types.ModuleType(name) for name in modules}
    for name, values in modules.items():
        for key, value in values.items():
            setattr(made[name], key, value)
        monkeypatch.setitem(sys.modules, name, made[name])
    for name in ("AppHelper", "MachSignals"):
        setattr(made["PyObjCTools"], name, made[f"PyObjCTools.{name}"])
    forget(monkeypatch, "pystray._darwin", "ccmon_tray.tray.backends.macos")
    return bar
