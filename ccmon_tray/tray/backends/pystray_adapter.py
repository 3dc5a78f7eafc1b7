"""Any pystray icon as a :class:`.base.TrayBackend`."""

import functools
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any

from PIL import Image

from ccmon_tray.tray.backends.pystray_base import KeyedMenuItem, Menu, TrayIcon
from ccmon_tray.tray.model import Command, Face, IconFace, MenuItem

_log = logging.getLogger(__name__)

ICON_ID = "ccmon-tray"
"""The name under which desktops remember the icon."""

Renderer = Callable[[IconFace, int], Image.Image]
"""Draws an icon's face at a size in pixels, RGBA."""

_WORKER_GRACE_S = 0.5


class PystrayBackend:
    """Shows faces through a pystray icon, touching only what changed.

    Nothing here takes a lock: :meth:`stop` may run in a signal handler that interrupts any of the other
    methods on the main thread.

    Args:
        name: Name of the backend, for people.
        icon_class: The icon of one kind of desktop.
        renderer: Draws the icon.
    """

    def __init__(self, name: str, icon_class: type[TrayIcon], renderer: Renderer) -> None:
        self.name = name
        self._icon_class = icon_class
        self._renderer = renderer
        self._icon: TrayIcon | None = None
        self._wanted: Face | None = None
        self._shown: Face | None = None
        self._stopping = False

    def run(self, *, on_command: Callable[[Command], None], on_ready: Callable[[], None]) -> None:
        """Show the icon and serve the desktop until :meth:`stop`; on the main thread.

        Args:
            on_command: Called for each click, in order, on one thread of its own.
            on_ready: Called once on that thread when the desktop's loop runs.

        Raises:
            TrayHostMissing: This desktop cannot show a tray icon at all.
        """
        worker = _Worker()
        try:
            icon = self._icon_class(ICON_ID)
            icon.send = lambda command: worker.put(lambda: on_command(command))
            icon.run(setup=lambda icon: self._ready(icon, functools.partial(worker.put, on_ready)))
        finally:
            self._icon = None
            self._shown = None
            worker.close()

    def show(self, face: Face) -> None:
        """Show this from now on; from any thread."""
        self._wanted = face
        if icon := self._icon:
            icon.post(self._apply)

    def stop(self) -> None:
        """End :meth:`run` soon; from any thread or a signal handler, before, while or after it runs."""
        self._stopping = True
        if icon := self._icon:
            icon.stop()

    @property
    def hosted(self) -> bool:
        """Whether something on the desktop shows the icon now."""
        icon = self._icon
        return icon is not None and icon.hosted

    def _ready(self, icon: TrayIcon, announce: Callable[[], None]) -> None:
        # First publish the icon, then look at what happened before: whoever comes in between does it twice,
        # which is harmless; the other order could miss it.
        self._icon = icon
        if self._stopping:
            icon.stop()
            return
        icon.post(self._apply)
        announce()

    def _apply(self) -> None:
        """Bring the icon to the newest face; on the loop's thread."""
        icon, face, shown = self._icon, self._wanted, self._shown
        if icon is None or face is None or face == shown:
            return
        icon.face_changed(face)
        if shown is None or face.icon != shown.icon:
            icon.draw = functools.partial(self._renderer, face.icon)
            icon.icon = icon.draw(max(icon.image_sizes))
        if shown is None or face.tooltip != shown.tooltip:
            icon.title = face.tooltip
        if shown is None or face.menu != shown.menu:
            icon.menu = pystray_menu(face.menu, icon.send)
        icon.visible = True
        self._shown = face


def pystray_menu(items: Sequence[MenuItem], send: Callable[[Command], None]) -> Any:
    """Turn lines into a pystray menu.

    Args:
        items: The lines.
        send: Takes the command of a line that is chosen.

    Returns:
        The menu.
    """
    return Menu(*(_menu_item(item, send) for item in items))


def _menu_item(item: MenuItem, send: Callable[[Command], None]) -> Any:
    if item.kind == "separator":
        return Menu.SEPARATOR
    action: Any = None
    if item.children:
        action = pystray_menu(item.children, send)
    elif command := item.command:

        def action() -> None:
            send(command)

    return KeyedMenuItem(
        item.key,
        item.command,
        item.label,
        action,
        checked=(lambda _: item.checked) if item.kind in {"check", "radio"} else None,
        radio=item.kind == "radio",
        default=item.default,
        enabled=item.enabled,
    )


class _Worker:
    """One thread that runs jobs in order, so that no app code runs on the desktop's event thread."""

    def __init__(self) -> None:
        # A SimpleQueue is safe to put to from a signal handler.
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="tray-commands", daemon=True)
        self._thread.start()

    def put(self, job: Callable[[], None]) -> None:
        self._jobs.put(job)

    def close(self) -> None:
        """End after the jobs at hand; a job that hangs does not hold up the end of the process."""
        self._jobs.put(None)
        self._thread.join(_WORKER_GRACE_S)

    def _run(self) -> None:
        while job := self._jobs.get():
            try:
                job()
            except Exception:  # noqa: BLE001  a click that fails must not end the tray
                _log.exception("A command of the tray failed")
