"""Tray backends run in tests: the loop on a thread of its own, and what it was asked for."""

import contextlib
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image

from ccmon_tray.tray.backends.base import TrayBackend
from ccmon_tray.tray.model import Action, Command, Face, IconFace, MenuItem
from ccmon_tray.usage.states import State
from tests.support.patience import PATIENCE_S, allowed

MAGENTA = (255, 0, 255)
CYAN = (0, 255, 255)
"""Colours that no desktop uses by itself: the icon's when all is well, and when it wants attention."""


def plain_icon(face: IconFace, size: int) -> Image.Image:
    """Draw a square of one colour."""
    return Image.new("RGBA", (size, size), (*(CYAN if face.attention else MAGENTA), 255))


def face(*menu: MenuItem, tooltip: str = "Today $12.34", attention: bool = False) -> Face:
    """Make a face; without lines its menu is a single default one."""
    default = MenuItem("dashboard", "Open dashboard", Command(Action.OPEN_DASHBOARD), default=True)
    return Face(IconFace(State.FRESH, attention=attention), tooltip, menu or (default,))


@dataclass
class Running:
    """A backend whose loop runs.

    Attributes:
        commands: What was asked for, in order.
        ready: Set when the backend said so.
        ended: Set when ``run`` returned.
    """

    backend: TrayBackend
    commands: "queue.Queue[Command]" = field(default_factory=queue.Queue)
    ready: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def command(self) -> Command:
        """Wait for the next thing asked for."""
        return self.commands.get(timeout=PATIENCE_S)

    def run(self) -> None:
        """Run the backend on this thread."""
        self.backend.run(on_command=self.commands.put, on_ready=self.ready.set)
        self.ended.set()


@contextlib.contextmanager
def running(backend: TrayBackend) -> Iterator[Running]:
    """Run a backend on a thread; afterwards it must end within a second and leave no thread behind."""
    before = set(threading.enumerate())
    run = Running(backend)
    thread = threading.Thread(target=run.run, name="tray")
    thread.start()
    try:
        assert run.ready.wait(PATIENCE_S), "the backend did not become ready"
        yield run
    finally:
        backend.stop()
        thread.join(allowed(1))
    assert not thread.is_alive(), "the backend did not end"
    assert set(threading.enumerate()) <= before, "threads are left"
