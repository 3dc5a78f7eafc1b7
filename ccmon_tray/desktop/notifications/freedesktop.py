"""Notifications of Linux desktops: org.freedesktop.Notifications on the session bus.

https://specifications.freedesktop.org/notification-spec/latest/
"""

import contextlib
import html
import logging
from typing import Any, Final

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusFastError

from ccmon_tray.desktop.notifications.base import (
    APP_NAME,
    CLICKED,
    Notification,
    OnAction,
    not_shown,
)
from ccmon_tray.desktop.notifications.loop import LoopThread
from ccmon_tray.desktop.session_bus import bus_address
from ccmon_tray.errors import CcmonError

_log = logging.getLogger(__name__)

_NAME: Final = "org.freedesktop.Notifications"
_PATH: Final = "/org/freedesktop/Notifications"
_TIMEOUT_S: Final = 5.0
_GOODBYE_S: Final = 0.5
_MOST_OPEN: Final = 32  # a daemon that never says that one was closed must not fill the memory


class FreedesktopNotifier:
    """Shows notifications through the desktop's daemon, which the bus starts where that is set up.

    Args:
        on_action: Told of clicks.
        icon: Name or path of the icon.
    """

    def __init__(self, on_action: OnAction, icon: str = "ccmon-tray") -> None:
        self._on_action = on_action
        self._icon = icon
        self._thread = LoopThread("notifications")
        self._bus: MessageBus | None = None
        self._open: dict[int, None] = {}
        self._early: list[Message] | None = None  # signals that came before the number they are about

    def show(self, notification: Notification) -> None:
        """Show one.

        Raises:
            CcmonError: There is no session bus, or no daemon on it, or it refuses.
        """
        cure = "Start a notification daemon (dunst, mako or the desktop's own), or set alerts.command"
        try:
            self._thread.run(self._show(notification), _TIMEOUT_S)
        except TimeoutError:
            raise not_shown("the desktop's notification daemon does not answer", cure) from None
        except (OSError, DBusFastError) as error:
            raise not_shown(str(error) or type(error).__name__, cure) from error

    def close(self) -> None:
        """Disconnect from the bus."""
        bus, self._bus = self._bus, None
        if bus is not None:
            with contextlib.suppress(TimeoutError, OSError, DBusFastError):
                self._thread.run(_disconnected(bus), _GOODBYE_S)
        self._thread.close()

    async def _show(self, notification: Notification) -> None:
        bus = await self._connected()
        able = (await self._call(bus, "GetCapabilities", ""))[0]
        body = html.escape(notification.body, quote=False) if "body-markup" in able else notification.body
        actions = [CLICKED, "Open"]
        for button in notification.buttons:
            actions += [button.key, button.words]
        hints = {
            "urgency": Variant("y", 2 if notification.urgent else 1),
            "desktop-entry": Variant("s", "ccmon-tray"),
        }
        told = (APP_NAME, 0, self._icon, notification.title, body)
        rest = (actions if "actions" in able else [], hints, -1)
        early = self._early = []
        try:
            (number,) = await self._call(bus, "Notify", "susssasa{sv}i", *told, *rest)
        finally:
            self._early = None
        self._open[number] = None
        for message in early:
            self._on_message(message)
        while len(self._open) > _MOST_OPEN:
            del self._open[next(iter(self._open))]

    async def _connected(self) -> MessageBus:
        if self._bus is not None and self._bus.connected:
            return self._bus
        address = bus_address()
        if address is None:
            raise not_shown(
                "there is no D-Bus session bus",
                "Start ccmon-tray from within a desktop session, or set alerts.command",
            )
        self._open.clear()
        bus = await MessageBus(bus_address=address).connect()
        bus.add_message_handler(self._on_message)
        rule = f"type='signal',interface='{_NAME}',path='{_PATH}'"
        name = "org.freedesktop.DBus"
        await bus.call(Message(name, "/org/freedesktop/DBus", name, "AddMatch", signature="s", body=[rule]))
        self._bus = bus
        return bus

    async def _call(self, bus: MessageBus, member: str, signature: str, *body: Any) -> list[Any]:
        call = Message(_NAME, _PATH, _NAME, member, signature=signature, body=list(body))
        answer = await bus.call(call)
        if answer is None or answer.message_type is not MessageType.METHOD_RETURN:
            words = answer.body[0] if answer is not None and answer.body else "no answer"
            raise DBusFastError(f"the desktop's notification daemon says: {words}")
        return answer.body

    def _on_message(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL or message.interface != _NAME:
            return
        number = message.body[0] if message.body else None
        if number not in self._open:  # another program's, or one that is being shown just now
            if self._early is not None:
                self._early.append(message)
            return
        if message.member == "NotificationClosed":
            del self._open[number]
        elif message.member == "ActionInvoked":
            # Answered, it is of no more use; some daemons leave what is urgent on the screen all the same.
            self._close_soon(number)
            try:
                self._on_action(str(message.body[1]))
            except CcmonError as error:
                _log.warning("%s", error)

    def _close_soon(self, number: int) -> None:
        """Take a notification off the screen; on the bus's thread, without waiting for an answer."""
        if self._bus is not None:
            self._bus.send(Message(_NAME, _PATH, _NAME, "CloseNotification", signature="u", body=[number]))


async def _disconnected(bus: Any) -> None:
    bus.disconnect()
    await bus.wait_for_disconnect()
