"""The session bus, and who on it shows icons."""

import asyncio
import socket
from typing import Any

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusFastError

from ccmon_tray.desktop.session_bus import bus_address
from ccmon_tray.errors import TrayHostMissing

WATCHER = "org.kde.StatusNotifierWatcher"
WATCHER_PATH = "/StatusNotifierWatcher"

_ANSWER_TIMEOUT_S = 5.0


class PatientSocket:
    """A socket that can be written to in vain, which dbus-fast takes for the end of the connection.

    A full buffer is no end: it happens when a host asks for all icons faster than it reads them, as a busy
    panel does. A real end is the reader's to find; dbus-fast's writer would close the socket and then wait
    for it. Having sent nothing, dbus-fast waits until the socket can be written to again.
    """

    def __init__(self, real: socket.socket) -> None:
        self._real = real

    def send(self, data: memoryview) -> int:
        """Send what can be sent now; returns how many bytes that was."""
        try:
            return self._real.send(data)
        except (BlockingIOError, ConnectionError):
            return 0


async def connect() -> MessageBus:
    """Connect to the session bus.

    Returns:
        The connected bus.

    Raises:
        TrayHostMissing: There is none, or it does not answer.
    """
    address = bus_address()
    if address is None:
        raise TrayHostMissing(
            "No tray icon",
            cause="there is no D-Bus session bus, through which desktops show tray icons",
            next_step="Start ccmon-tray from within a desktop session",
        )
    try:
        async with asyncio.timeout(_ANSWER_TIMEOUT_S):
            bus = await MessageBus(bus_address=address).connect()
    except (OSError, DBusFastError) as error:
        raise TrayHostMissing(
            "No tray icon",
            cause=f"the D-Bus session bus at {address} does not answer ({error or type(error).__name__})",
            next_step="Log in to the desktop again, or check DBUS_SESSION_BUS_ADDRESS",
        ) from error
    writer: Any = bus._writer  # noqa: SLF001
    writer.sock = PatientSocket(writer.sock)
    return bus


async def call(bus: MessageBus, message: Message) -> Message | None:
    """Call a method.

    Returns:
        The answer; None when it is an error, or none comes in time.
    """
    try:
        async with asyncio.timeout(_ANSWER_TIMEOUT_S):
            answer = await bus.call(message)
    except (TimeoutError, OSError, DBusFastError):
        return None
    return answer if answer.message_type is MessageType.METHOD_RETURN else None


async def call_bus(bus: MessageBus, member: str, signature: str, *body: Any) -> Message | None:
    """Call a method of the bus itself; see :func:`call`."""
    name = "org.freedesktop.DBus"
    path = "/org/freedesktop/DBus"
    return await call(bus, Message(name, path, name, member, signature=signature, body=list(body)))


async def _watcher_present() -> bool:
    bus = await connect()
    try:
        answer = await call_bus(bus, "NameHasOwner", "s", WATCHER)
        return answer is not None and bool(answer.body[0])
    finally:
        bus.disconnect()


def watcher_present() -> bool:
    """Tell whether this desktop shows StatusNotifierItem icons at this moment.

    Returns:
        Whether the session bus has a watcher.

    Raises:
        TrayHostMissing: There is no session bus.
    """
    return asyncio.run(_watcher_present())
