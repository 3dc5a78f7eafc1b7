"""The window as a process of its own, under a window manager: its place, its second start, its end."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from Xlib import X
from Xlib.display import Display
from Xlib.protocol.event import ClientMessage

from ccmon_tray.desktop.channel import Message, send
from ccmon_tray.desktop.instance import running_pid, wait_for_end
from ccmon_tray.paths import Paths, find_paths
from tests.support.command_line import COMMAND, ROOT, environment
from tests.support.desktop import Box, Desktop, press_until, wait_for
from tests.support.patience import PATIENCE_S, allowed

pytestmark = pytest.mark.needs("Xvfb", "xdotool", "openbox")

SCREEN = (1400, 1000)


@pytest.fixture(scope="module")
def managed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """A display with a window manager."""
    with Desktop(tmp_path_factory.mktemp("managed"), bus=False, size=SCREEN) as desktop:
        desktop._start(["openbox", "--sm-disable"])
        yield desktop


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"CCMON_TRAY_HOME": str(tmp_path)})


def titled(desktop: Desktop) -> list[str]:
    """The windows in sight that have our title."""
    try:
        return desktop._xdotool("search", "--onlyvisible", "--name", "^Claude Code Monitor$").split()
    except subprocess.CalledProcessError:  # none
        return []


class Window:
    """A process with the window."""

    def __init__(self, desktop: Desktop, paths: Paths, *words: str) -> None:
        self.desktop = desktop
        self.paths = paths
        self.environ = environment(paths.state.parent, DISPLAY=desktop.env["DISPLAY"])
        self.process = self.start("dashboard", "--source", "demo", *words)
        try:
            self.id = wait_for(self._find, "the window")
        except AssertionError:
            self.process.kill()
            self.process.communicate()
            raise

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*COMMAND, *words], cwd=ROOT, env=self.environ, stderr=subprocess.PIPE, encoding="utf-8"
        )

    def _find(self) -> str:
        if self.process.poll() is not None:
            raise AssertionError(self.process.communicate()[1])
        found = titled(self.desktop)
        return found[0] if found else ""

    def tell(self, *words: str) -> str:
        return self.desktop._xdotool(*words)

    def ask(self, what: str, *data: int) -> None:
        """Ask the window manager for something, as taskbars and buttons do."""
        display = Display(self.desktop.env["DISPLAY"])
        root = display.screen().root
        event = ClientMessage(
            window=display.create_resource_object("window", int(self.id)),
            client_type=display.intern_atom(what),
            data=(32, [*data, *[0] * (5 - len(data))]),
        )
        root.send_event(event, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
        display.sync()
        display.close()

    def maximise(self) -> None:
        """Maximise it as its frame's button does."""
        display = Display(self.desktop.env["DISPLAY"])
        states = [display.intern_atom(f"_NET_WM_STATE_MAXIMIZED_{way}") for way in ("HORZ", "VERT")]
        display.close()
        self.ask("_NET_WM_STATE", 1, *states, 2)

    @property
    def box(self) -> Box:
        lines = self.tell("getwindowgeometry", "--shell", self.id).split()
        x, y, width, height = (int(line.partition("=")[2]) for line in lines[1:5])
        return x, y, x + width, y + height

    @property
    def in_sight(self) -> bool:
        return self._find() == self.id

    @property
    def remembered(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self.paths.window_file.read_bytes())
        except FileNotFoundError:
            return {}
        return found

    def end(self) -> int:
        """Close it by its frame's button."""
        self.ask("_NET_CLOSE_WINDOW", 0, 2)
        _, words = self.process.communicate(timeout=PATIENCE_S)
        assert "Traceback" not in words
        return self.process.returncode


Open = Callable[..., Window]


@pytest.fixture
def opened(managed: Desktop, paths: Paths) -> Iterator[Open]:
    windows: list[Window] = []

    def make(*words: str) -> Window:
        windows.append(Window(managed, paths, *words))
        return windows[-1]

    yield make
    for window in windows:
        if window.process.poll() is None:
            window.process.kill()
            window.process.communicate()


def test_a_window_that_nobody_moved_comes_back_where_it_was(opened: Open) -> None:
    first = opened()
    wait_for(lambda: first.remembered.get("place"), "the place in the file")
    box = first.box
    assert first.end() == 0

    assert opened().box == box


def test_it_comes_back_where_it_was_with_view_and_range(opened: Open) -> None:
    first = opened("--view", "settings", "--range", "30d")
    first.tell(
        "windowsize", "--sync", first.id, "1000", "700", "windowmove", "--sync", first.id, "230", "140"
    )
    wait_for(
        lambda: (
            (first.remembered.get("place") or {}).get("width") == 1000
            and first.remembered["place"]["x"] > 200
        ),
        "the place in the file",
    )
    box = first.box
    assert first.end() == 0
    assert first.remembered["view"] == "settings"
    assert first.remembered["range"]["name"] == "30d"

    second = opened()

    assert second.box == box
    assert second.end() == 0
    assert second.remembered["view"] == "settings"
    assert second.remembered["range"]["name"] == "30d"


def test_a_maximised_window_comes_back_maximised_and_knows_its_place(opened: Open) -> None:
    first = opened("--view", "settings")
    first.tell("windowsize", "--sync", first.id, "900", "700")
    wait_for(lambda: (first.remembered.get("place") or {}).get("width") == 900, "the place in the file")
    first.maximise()
    wait_for(lambda: first.remembered.get("maximised"), "the state in the file")
    assert first.remembered["place"]["width"] == 900
    first.end()

    second = opened()

    wait_for(lambda: second.box[2] - second.box[0] > 1350, "the maximised window")
    second.end()
    assert second.remembered["maximised"]
    assert second.remembered["place"]["width"] == 900


def test_a_second_start_raises_the_first_with_view_and_range(managed: Desktop, opened: Open) -> None:
    first = opened("--view", "settings")
    first.tell("windowminimize", "--sync", first.id)
    wait_for(lambda: not first.in_sight, "the window out of sight")

    second = first.start("dashboard", "--view", "summary", "--range", "yesterday")
    _, words = second.communicate(timeout=PATIENCE_S)

    assert second.returncode == 0
    assert "already open" in words
    wait_for(lambda: first.in_sight, "the window in sight")
    wait_for(lambda: first.remembered.get("view") == "summary", "the other view")
    assert first.remembered["range"]["name"] == "yesterday"
    wait_for(lambda: first.tell("getactivewindow").strip() == first.id, "the window in front")


def test_a_request_it_does_not_understand_is_logged_and_the_next_one_heard(
    opened: Open, paths: Paths
) -> None:
    first = opened("--view", "settings")
    wait_for(lambda: send(paths.dashboard, Message.RAISE, view="of-a-later-version"), "the channel")
    wait_for(lambda: "of-a-later-version" in paths.window_log_file.read_text(), "the log")
    assert send(paths.dashboard, Message.RAISE, view="summary")
    wait_for(lambda: first.remembered.get("view") == "summary", "the other view")


@pytest.mark.parametrize("how", ["quit", "terminate", "keys"])
def test_each_end_is_clean_and_soon(managed: Desktop, opened: Open, paths: Paths, how: str) -> None:
    window = opened("--view", "settings")
    wait_for(paths.dashboard.channel_file.exists, "the channel")
    began = time.monotonic()
    match how:
        case "quit":
            assert send(paths.dashboard, Message.QUIT)
        case "terminate":
            window.process.send_signal(signal.SIGTERM)
        case _:
            window.tell("windowactivate", "--sync", window.id)
            # Active is what the window manager calls it; keys go where the focus is, a little later.
            wait_for(lambda: window.tell("getwindowfocus").strip() == window.id, "the focus")
            ended = window.process.poll
            press_until(lambda: managed.press("ctrl+q"), lambda: ended() is not None, "the end")
    _, words = window.process.communicate(timeout=PATIENCE_S)

    assert time.monotonic() - began < allowed(5)
    assert (window.process.returncode, words) == (0, "")
    assert not paths.dashboard.channel_file.exists()
    assert window.remembered["view"] == "settings"


def test_the_tray_opens_it_raises_it_and_leaves_it_open(managed: Desktop, paths: Paths) -> None:
    environ = environment(paths.state.parent, DISPLAY=managed.env["DISPLAY"])
    words = [*COMMAND, "run", "--headless", "--source", "demo"]
    tray = subprocess.Popen(words, cwd=ROOT, env=environ, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: send(paths.tray, Message.OPEN_DASHBOARD), "the tray")
        wait_for(lambda: send(paths.dashboard, Message.RAISE, view="settings"), "the window")
        number = running_pid(paths.dashboard)

        assert send(paths.tray, Message.OPEN_SETTINGS)
        wait_for(lambda: titled(managed), "the window in sight")
        tray.terminate()
        assert tray.wait(PATIENCE_S) == 0

        assert running_pid(paths.dashboard) == number
        assert len(titled(managed)) == 1
        assert send(paths.dashboard, Message.QUIT)
        assert wait_for_end(paths.dashboard, PATIENCE_S)
    finally:
        send(paths.dashboard, Message.QUIT)
        tray.kill()
        tray.wait()


def test_another_zone_of_screens_brings_the_window_into_sight(opened: Open, paths: Paths) -> None:
    paths.state.mkdir(parents=True)
    paths.window_file.write_text('{"place": {"x": 3000, "y": 200, "width": 900, "height": 650}}')

    left, top, right, bottom = opened("--view", "settings").box

    assert left >= 0
    assert top >= 0
    assert right <= SCREEN[0]
    assert bottom <= SCREEN[1]
