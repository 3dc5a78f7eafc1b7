"""A menu with the lines that matter, and a desktop that reads it over the bus."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from dbus_fast import Message, MessageType, Variant

from ccmon_tray.tray.backends.pystray_adapter import PystrayBackend
from ccmon_tray.tray.model import Action, Command, MenuItem
from tests.support.backends import Running, running
from tests.support.sni_host import MENU, Host, Watcher

REFRESH = Command(Action.REFRESH)
OPEN = Command(Action.OPEN_DASHBOARD)
NOTHING = Variant("i", 0)

LINES = (
    MenuItem("today", "Today $12.34"),
    MenuItem("line", kind="separator"),
    MenuItem("models", "By model", children=(MenuItem("opus", "Opus 4.8 $10.20", REFRESH),)),
    MenuItem("dashboard", "Open dashboard", OPEN, default=True),
)


def with_host(
    backend: PystrayBackend,
    scenario: Callable[[Host, Running], Awaitable[None]],
    watcher: Watcher | None = None,
) -> None:
    """Let a scenario play with a desktop that has a host, while the backend runs."""

    async def play(run: Running) -> None:
        async with Host(watcher) as host:
            await host.appear()
            await scenario(host, run)

    with running(backend) as run:
        asyncio.run(play(run))


def ids_of(layout: list[Any]) -> dict[str, int]:
    line_id, properties, children = layout
    found = {properties["label"].value: line_id} if "label" in properties else {}
    for child in children:
        found |= ids_of(child.value)
    return found


async def layout_of(host: Host, depth: int = -1) -> list[Any]:
    answer = await host.call(MENU, "GetLayout", "iias", 0, depth, [])
    assert answer.signature == "u(ia{sv}av)"
    return list(answer.body)


def is_error(answer: Message) -> bool:
    return answer.message_type is MessageType.ERROR
