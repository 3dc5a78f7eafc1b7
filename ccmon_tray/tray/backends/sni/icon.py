"""The pystray icon that lives on the session bus."""

import asyncio
import contextlib
import itertools
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any

from dbus_fast import Message, MessageType
from dbus_fast.errors import DBusFastError

from ccmon_tray.tray.backends.pystray_base import TrayIcon
from ccmon_tray.tray.backends.sni import session
from ccmon_tray.tray.backends.sni.item import ITEM_INTERFACE, ITEM_PATH, MENU_PATH, Status, StatusNotifierItem
from ccmon_tray.tray.backends.sni.menu import DBusMenu
from ccmon_tray.tray.backends.sni.pixmap import pixmap
from ccmon_tray.tray.model import Action, Command, Face

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus

_log = logging.getLogger(__name__)

APP_TITLE = "Claude Code Monitor"

_ICON_NUMBERS = itertools.count(1)
_HOST_SIGNALS = {"StatusNotifierHostRegistered", "StatusNotifierHostUnregistered"}
_REGISTER_ATTEMPTS = 5
_RETRY_S = 2.0
_DISCONNECT_TIMEOUT_S = 0.5


class Icon(TrayIcon):
    """A StatusNotifierItem with a dbusmenu. Everything happens on an asyncio loop on the thread of ``run``.

    The desktop's watcher may come and go: the icon registers with each that appears. ``run`` ends when the
    session bus goes away, as at logout. While ``run`` has the main thread, any signal with a Python handler
    wakes the loop at once, so that a handler may simply call ``stop``.
    """

    image_sizes = (16, 22, 24, 32, 48, 64)

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, **options)
        self._item = StatusNotifierItem(
            name, APP_TITLE, activate=self._activate, activate_secondary=self._refresh
        )
        self._dbus_menu = DBusMenu(self._choose)
        self._needs_attention = False
        self._hosted = False
        self._registered = False
        self._talk: asyncio.Task[None] | None = None
        self._bus: MessageBus
        self._bus_name = f"{ITEM_INTERFACE}-{os.getpid()}-{next(_ICON_NUMBERS)}"
        self._loop: asyncio.AbstractEventLoop
        self._ended: asyncio.Event

    def post(self, change: Callable[[], None]) -> None:
        """Run a change soon on the loop's thread; after the end, do nothing."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(change)

    def face_changed(self, face: Face) -> None:
        """Ask for the person's eye, or no longer."""
        self._needs_attention = face.icon.attention
        if self.visible:
            self._show_status()

    @property
    def hosted(self) -> bool:
        """Whether the icon is registered with a watcher that has a host to show it."""
        return self._hosted

    # What pystray asks of an icon, called on the loop's thread.

    def _show(self) -> None:
        self._update_title()  # pystray does so only for an icon that is already visible
        self._show_status()
        if not self._registered:
            self._talk_to_watcher(self._register())

    def _hide(self) -> None:
        self._item.set_status(Status.PASSIVE)

    def _update_icon(self) -> None:
        self._item.set_pixmaps([pixmap(self.draw(size)) for size in self.image_sizes])
        self._icon_valid = True

    def _update_title(self) -> None:
        self._item.set_tooltip(self.title)

    def _update_menu(self) -> None:
        self._dbus_menu.update(self.menu or ())

    def _run(self) -> None:
        asyncio.run(self._serve())

    def _stop(self) -> None:
        self.post(self._ended.set)

    # Clicks. The items' actions only hand a command over, so they may run on the loop's thread.

    def _choose(self, item: Any) -> None:
        item(self)

    def _activate(self) -> None:
        default = next((item for item in self.menu or () if item.default), None)
        if default is not None:
            self._choose(default)

    def _refresh(self) -> None:
        self.send(Command(Action.REFRESH))

    # The bus.

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._bus = await session.connect()
        disconnected = asyncio.create_task(self._disconnected())
        try:
            await self._export()
            with _signals_wake(self._loop):
                self._mark_ready()
                await self._ended.wait()
        finally:
            self._running = False
            self._hosted = False
            if self._talk:
                self._talk.cancel()
            self._bus.disconnect()
            await asyncio.wait([disconnected], timeout=_DISCONNECT_TIMEOUT_S)

    async def _disconnected(self) -> None:
        try:
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
        except (OSError, EOFError, DBusFastError) as error:
            _log.info("The session bus went away: %s", error or type(error).__name__)
        self._ended.set()

    async def _export(self) -> None:
        self._bus.export(ITEM_PATH, self._item)
        self._bus.export(MENU_PATH, self._dbus_menu)
        self._bus.add_message_handler(self._heard)
        for rule in (
            f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{session.WATCHER}'",
            f"type='signal',sender='{session.WATCHER}',interface='{session.WATCHER}'",
        ):
            await session.call_bus(self._bus, "AddMatch", "s", rule)
        if await session.call_bus(self._bus, "RequestName", "su", self._bus_name, 0) is None:
            # A sandbox may forbid the name; hosts take the connection's own as well.
            self._bus_name = str(self._bus.unique_name)

    def _heard(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        if message.member == "NameOwnerChanged" and message.body[0] == session.WATCHER:
            self._registered = self._hosted = False
            if message.body[2] and self.visible:
                self._talk_to_watcher(self._register())
        elif message.member in _HOST_SIGNALS and message.interface == session.WATCHER and self._registered:
            self._talk_to_watcher(self._learn_hosted())

    def _talk_to_watcher(self, talk: Coroutine[Any, Any, None]) -> None:
        if self._talk:
            self._talk.cancel()
        self._talk = self._loop.create_task(talk)

    async def _register(self) -> None:
        """Make the icon known to the watcher, if there is one."""
        for _ in range(_REGISTER_ATTEMPTS):
            present = await session.call_bus(self._bus, "NameHasOwner", "s", session.WATCHER)
            if present is None or not present.body[0]:
                return
            if await self._call_watcher(session.WATCHER, "RegisterStatusNotifierItem", "s", self._bus_name):
                self._registered = True
                await self._learn_hosted()
                return
            _log.warning("The desktop's tray did not take the icon; asking it again")
            await asyncio.sleep(_RETRY_S)

    async def _learn_hosted(self) -> None:
        """Ask the watcher whether something shows its icons; one that cannot tell is believed to."""
        answer = await self._call_watcher(
            "org.freedesktop.DBus.Properties", "Get", "ss", session.WATCHER, "IsStatusNotifierHostRegistered"
        )
        self._hosted = answer is None or bool(answer.body[0].value)

    async def _call_watcher(self, interface: str, member: str, signature: str, *body: Any) -> Message | None:
        path = session.WATCHER_PATH
        call = Message(session.WATCHER, path, interface, member, signature=signature, body=list(body))
        return await session.call(self._bus, call)

    def _show_status(self) -> None:
        self._item.set_status(Status.NEEDS_ATTENTION if self._needs_attention else Status.ACTIVE)


@contextlib.contextmanager
def _signals_wake(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let each signal wake the loop, which else may sleep through one that comes just before it waits."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = socket.socketpair()
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)
        loop.add_reader(reader, reader.recv, 4096)
        previous = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(previous)
            loop.remove_reader(reader)
