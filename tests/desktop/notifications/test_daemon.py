"""Notifications on a real daemon: shown, clicked, and what happens where there is none."""

import functools
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ccmon_tray.desktop.notifications.base import Button, Notification, Notifier
from ccmon_tray.desktop.notifications.freedesktop import FreedesktopNotifier
from ccmon_tray.desktop.notifications.library import LibraryNotifier
from ccmon_tray.errors import CcmonError
from tests.support.desktop import Desktop, wait_for
from tests.support.dunst import PROGRAMS, Dunst

pytestmark = pytest.mark.needs(*PROGRAMS)

ICON = Path(__file__).parents[3] / "assets" / "icon-64.png"
MAKERS: dict[str, Callable[[Callable[[str], None]], Notifier]] = {
    "freedesktop": FreedesktopNotifier,
    "library": lambda on_action: LibraryNotifier(on_action, ICON),
}
ALERT = Notification(
    "80 % of the day’s budget is used",
    "$16.00 of $20.00: $4.00 left & <falling>.",
    buttons=(Button("1h", "Snooze 1 hour"), Button("today", "Snooze for today")),
)


@pytest.fixture
def pressed() -> list[str]:
    return []


@pytest.fixture(params=MAKERS)
def notifier(request: pytest.FixtureRequest, desktop: Desktop, pressed: list[str]) -> Iterator[Notifier]:
    with closing(MAKERS[request.param](pressed.append)) as notifier:
        yield notifier
        if isinstance(notifier, LibraryNotifier):
            notifier._thread.run(_disconnected(notifier), 5)


async def _disconnected(notifier: LibraryNotifier) -> None:
    """Close the library's connection, which it has no way to give back."""
    bus: Any = getattr(notifier._notifier._backend, "bus", None)
    if bus is not None:
        bus.disconnect()
        await bus.wait_for_disconnect()


def test_it_shows_title_text_and_urgency(dunst: Dunst, notifier: Notifier) -> None:
    notifier.show(ALERT)
    notifier.show(Notification("The day’s budget is exceeded", urgent=True))

    assert dunst.displayed == 2
    urgent, alert = sorted(dunst.close_all(), key=lambda shown: "80" in shown["summary"])
    assert (alert["appname"], alert["summary"]) == ("Claude Code Monitor", ALERT.title)
    assert (alert["timeout"] > 0, urgent["timeout"]) == (True, 0)  # what is urgent stays


def test_text_is_shown_as_it_is(dunst: Dunst, desktop: Desktop) -> None:
    with closing(FreedesktopNotifier(lambda _key: None)) as notifier:
        notifier.show(ALERT)
    (alert,) = dunst.close_all()
    assert alert["body"] == "$16.00 of $20.00: $4.00 left &amp; &lt;falling&gt;."  # markup of the text


@pytest.mark.parametrize(("words", "key"), [("Snooze 1 hour", "1h"), ("Snooze for today", "today")])
def test_a_button_tells_its_key(
    dunst: Dunst, notifier: Notifier, pressed: list[str], words: str, key: str
) -> None:
    notifier.show(ALERT)
    dunst.press(words)
    wait_for(lambda: pressed, "the button's key")
    assert pressed == [key]


def test_what_was_answered_leaves_the_screen(dunst: Dunst, desktop: Desktop, pressed: list[str]) -> None:
    """dunst, for one, leaves what is urgent there."""
    with closing(FreedesktopNotifier(pressed.append)) as notifier:
        notifier.show(Notification("The day’s budget is exceeded", urgent=True, buttons=ALERT.buttons))
        dunst.press("Snooze 1 hour")
        wait_for(lambda: dunst.displayed == 0, "its end")
    assert pressed == ["1h"]


def test_it_goes_on_after_the_daemon_was_started_anew(
    dunst: Dunst, desktop: Desktop, pressed: list[str]
) -> None:
    with closing(FreedesktopNotifier(pressed.append)) as notifier:
        notifier.show(ALERT)
        dunst.stop()
        with pytest.raises(CcmonError, match="could not be shown"):
            notifier.show(ALERT)
        dunst.start()
        notifier.show(ALERT)
        dunst.press("Snooze 1 hour")
        wait_for(lambda: pressed, "the button's key")


def test_a_fault_of_what_is_clicked_does_not_end_it(dunst: Dunst, desktop: Desktop) -> None:
    seen: list[str] = []

    def fails(key: str) -> None:
        seen.append(key)
        raise CcmonError("It does not work")

    with closing(FreedesktopNotifier(fails)) as notifier:
        for count in (1, 2):
            notifier.show(ALERT)
            dunst.press("Snooze 1 hour")
            wait_for(functools.partial(_has, seen, count), "a click")


def _has(seen: list[str], count: int) -> bool:
    return len(seen) == count


def test_without_a_daemon_it_says_so(desktop: Desktop, notifier: Notifier) -> None:
    with pytest.raises(CcmonError, match="A notification could not be shown"):
        notifier.show(ALERT)


def test_without_a_bus_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with (
        closing(FreedesktopNotifier(lambda _key: None)) as notifier,
        pytest.raises(CcmonError, match="there is no D-Bus session bus"),
    ):
        notifier.show(ALERT)
