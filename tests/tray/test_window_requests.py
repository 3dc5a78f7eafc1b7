"""What the tray tells an open window."""

import queue
from collections.abc import Callable

import pytest

from ccmon_tray.desktop.channel import ChannelServer, Message, Request, send
from ccmon_tray.files import write_atomic
from ccmon_tray.tray.model import Action, Command
from tests.support.patience import PATIENCE_S
from tests.support.running_tray import RunningTray, Start, is_fresh, used


@pytest.mark.parametrize(
    ("ask", "shown"),
    [
        (lambda tray: tray.app.on_command(Command(Action.OPEN_DASHBOARD)), Request(Message.RAISE)),
        (
            lambda tray: tray.app.on_command(Command(Action.OPEN_DASHBOARD, "summary this week")),
            Request(Message.RAISE, "summary", "this week"),
        ),
        (
            lambda tray: tray.app.on_command(Command(Action.OPEN_SETTINGS)),
            Request(Message.RAISE, "settings"),
        ),
        (lambda tray: send(tray.paths.tray, Message.RAISE), Request(Message.RAISE)),
        (lambda tray: send(tray.paths.tray, Message.OPEN_DASHBOARD), Request(Message.RAISE)),
        (
            lambda tray: tray.app.on_command(Command(Action.SET_RANGE, "7d")),
            Request(Message.SETTINGS_CHANGED),
        ),
    ],
    ids=["open", "view-and-range", "settings", "second-start", "popup", "range-chosen"],
)
def test_what_the_open_window_is_told(
    start: Start, ask: Callable[[RunningTray], object], shown: Request
) -> None:
    heard: queue.Queue[Request] = queue.Queue()
    with start(used()) as tray:
        tray.until(is_fresh, "numbers")
        window = ChannelServer(tray.paths.dashboard, heard.put)
        window.start()
        try:
            ask(tray)
            assert heard.get(timeout=PATIENCE_S) == shown
        finally:
            window.close()
        assert heard.empty()


def test_the_window_is_told_when_somebody_edits_the_settings_but_gets_no_echo(start: Start) -> None:
    heard: queue.Queue[Request] = queue.Queue()
    with start(used()) as tray:
        tray.until(is_fresh, "numbers")
        window = ChannelServer(tray.paths.dashboard, heard.put)
        window.start()
        try:
            write_atomic(tray.paths.settings_file, b"# first\n")
            tray.app.on_request(Request(Message.SETTINGS_CHANGED))  # the window's own change
            tray.app._tick()
            assert heard.empty()
            write_atomic(tray.paths.settings_file, b"# second line\n")
            tray.app._tick()
            assert heard.get(timeout=PATIENCE_S) == Request(Message.SETTINGS_CHANGED)
        finally:
            window.close()
