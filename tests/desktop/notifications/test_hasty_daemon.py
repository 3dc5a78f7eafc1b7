"""A daemon whose button is pressed before it has told the number of what it shows."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_method, dbus_signal

from ccmon_tray.desktop.notifications.base import Button, Notification
from ccmon_tray.desktop.notifications.freedesktop import FreedesktopNotifier
from ccmon_tray.desktop.notifications.loop import LoopThread
from tests.support.desktop import Desktop, wait_for

pytestmark = pytest.mark.needs("Xvfb", "dbus-daemon")


class HastyDaemon(ServiceInterface):
    """Tells of the button first, as a busy machine makes it seem."""

    def __init__(self) -> None:
        super().__init__("org.freedesktop.Notifications")
        self.closed: list[int] = []

    @dbus_method()
    def GetCapabilities(self) -> "as":  # type: ignore[valid-type]  # noqa: N802, F722
        return ["actions"]

    @dbus_method()
    def Notify(  # noqa: N802
        self,
        _name: "s",  # type: ignore[name-defined]  # noqa: F821
        _replaces: "u",  # type: ignore[name-defined]  # noqa: F821
        _icon: "s",  # type: ignore[name-defined]  # noqa: F821
        _title: "s",  # type: ignore[name-defined]  # noqa: F821
        _body: "s",  # type: ignore[name-defined]  # noqa: F821
        _actions: "as",  # type: ignore[valid-type]  # noqa: F722
        _hints: "a{sv}",  # type: ignore[valid-type]  # noqa: F722
        _expires: "i",  # type: ignore[name-defined]  # noqa: F821
    ) -> "u":  # type: ignore[name-defined]  # noqa: F821
        self.ActionInvoked(6, "another program's")
        self.ActionInvoked(7, "1h")
        return 7

    @dbus_method()
    def CloseNotification(self, number: "u") -> None:  # type: ignore[name-defined]  # noqa: N802, F821
        self.closed.append(number)

    @dbus_signal()
    def ActionInvoked(self, number: int, key: str) -> "us":  # type: ignore[name-defined]  # noqa: N802, F821
        return [number, key]


@pytest.fixture
def daemon(desktop: Desktop) -> Iterator[HastyDaemon]:
    daemon = HastyDaemon()
    thread = LoopThread("hasty daemon")

    async def begin() -> Any:
        bus = await MessageBus(bus_address=desktop.env["DBUS_SESSION_BUS_ADDRESS"]).connect()
        bus.export("/org/freedesktop/Notifications", daemon)
        await bus.request_name("org.freedesktop.Notifications")
        return bus

    async def end(bus: Any) -> None:
        bus.disconnect()
        await bus.wait_for_disconnect()

    bus = thread.run(begin(), 30)
    yield daemon
    thread.run(end(bus), 30)
    thread.close()


def test_a_button_that_is_pressed_at_once_counts(desktop: Desktop, daemon: HastyDaemon) -> None:
    pressed: list[str] = []
    with closing(FreedesktopNotifier(pressed.append)) as notifier:
        notifier.show(Notification("The budget is exceeded", buttons=(Button("1h", "Snooze 1 hour"),)))
        wait_for(lambda: pressed, "the button")
        assert pressed == ["1h"]
        wait_for(lambda: daemon.closed == [7], "the end of what was answered")
