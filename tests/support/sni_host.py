"""A desktop's side of StatusNotifierItem on a bus, by the specification; it writes down what it hears."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Self

from dbus_fast import BusType, Message, MessageType, PropertyAccess, RequestNameReply, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusInt32, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from tests.support.patience import PATIENCE_S

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = ("/StatusNotifierItem", "org.kde.StatusNotifierItem")
MENU = ("/MenuBar", "com.canonical.dbusmenu")


class Watcher(ServiceInterface):
    """The registry of icons."""

    def __init__(self, *, has_host: bool = True, refusals: int = 0) -> None:
        super().__init__(WATCHER)
        self.items: list[str] = []
        self.has_host = has_host
        self.refusals = refusals

    @dbus_method(name="RegisterStatusNotifierItem")
    def register_item(self, service: DBusStr) -> None:
        if self.refusals:
            self.refusals -= 1
            raise RuntimeError("not now")
        self.items.append(service)

    @dbus_property(PropertyAccess.READ, name="RegisteredStatusNotifierItems")
    def registered_items(self) -> Annotated[list[str], DBusSignature("as")]:
        return self.items

    @dbus_property(PropertyAccess.READ, name="IsStatusNotifierHostRegistered")
    def is_host_registered(self) -> DBusBool:
        return self.has_host

    @dbus_property(PropertyAccess.READ, name="ProtocolVersion")
    def protocol_version(self) -> DBusInt32:
        return 0

    @dbus_signal(name="StatusNotifierHostRegistered")
    def host_registered(self) -> None:
        self.has_host = True

    @dbus_signal(name="StatusNotifierHostUnregistered")
    def host_unregistered(self) -> None:
        self.has_host = False


class Host:
    """A connection that plays watcher and host. Use it as an async context manager.

    Attributes:
        signals: Name and body of each signal heard from icons, in order.
    """

    def __init__(self, watcher: Watcher | None = None) -> None:
        self.watcher = watcher or Watcher()
        self.signals: list[tuple[str, list[Any]]] = []
        self._bus: MessageBus

    async def __aenter__(self) -> Self:
        self._bus = await MessageBus(bus_type=BusType.SESSION).connect()
        self._bus.export("/StatusNotifierWatcher", self.watcher)
        self._bus.add_message_handler(self._heard)
        for interface in (ITEM[1], MENU[1]):
            await self._bus.call(
                Message(
                    "org.freedesktop.DBus",
                    "/org/freedesktop/DBus",
                    "org.freedesktop.DBus",
                    "AddMatch",
                    signature="s",
                    body=[f"type='signal',interface='{interface}'"],
                )
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._bus.disconnect()
        await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]

    async def appear(self) -> None:
        """Take the watcher's name, as a panel does when it starts."""
        assert await self._bus.request_name(WATCHER) is RequestNameReply.PRIMARY_OWNER

    async def vanish(self) -> None:
        """Give the watcher's name up, as a panel does when it ends."""
        await self._bus.release_name(WATCHER)
        self.watcher.items.clear()

    async def until(self, look: Callable[[], Any], what: str) -> Any:
        """Wait until there is something, letting the bus work."""
        async with asyncio.timeout(PATIENCE_S):
            while not (seen := look()):  # noqa: ASYNC110  what is looked at may be another thread's
                await asyncio.sleep(0.01)
        assert seen, what
        return seen

    async def item(self) -> str:
        """Wait for an icon, and give its bus name."""
        return str(await self.until(lambda: self.watcher.items and self.watcher.items[-1], "an icon"))

    async def heard(self, name: str) -> list[Any]:
        """Wait for a signal of this name, and give the body of the newest."""
        await self.until(lambda: name in dict(self.signals), name)
        return dict(self.signals)[name]

    async def call(
        self,
        target: tuple[str, str],
        member: str,
        signature: str = "",
        *body: Any,
        timeout_s: float = PATIENCE_S,
    ) -> Message:
        """Call a method of the icon (``ITEM``) or its menu (``MENU``) and give the answer, maybe an error."""
        return await self.call_interface(target[0], target[1], member, signature, *body, timeout_s=timeout_s)

    async def call_interface(
        self,
        path: str,
        interface: str,
        member: str,
        signature: str,
        *body: Any,
        timeout_s: float = PATIENCE_S,
    ) -> Message:
        """Call a method of any interface at a path of the icon."""
        message = Message(await self.item(), path, interface, member, signature=signature, body=list(body))
        async with asyncio.timeout(timeout_s):
            return await self._bus.call(message)

    async def properties(self, target: tuple[str, str]) -> dict[str, Variant]:
        """Read all properties, as they came over the wire."""
        path, interface = target
        answer = await self.call_interface(path, "org.freedesktop.DBus.Properties", "GetAll", "s", interface)
        assert answer.message_type is MessageType.METHOD_RETURN, answer.body
        found: dict[str, Variant] = answer.body[0]
        return found

    def _heard(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.interface in {ITEM[1], MENU[1]}:
            self.signals.append((str(message.member), message.body))
