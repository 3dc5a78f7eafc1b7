"""The icon on a real panel: xfce4-panel on a virtual display."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from ccmon_tray.tray.backends.pystray_adapter import PystrayBackend
from ccmon_tray.tray.backends.sni.icon import Icon
from ccmon_tray.tray.model import Action, Command, MenuItem
from tests.support.backends import CYAN, MAGENTA, face, plain_icon, running
from tests.support.desktop import PROGRAMS, Box, Desktop, wait_for

pytestmark = pytest.mark.needs(*PROGRAMS)

OPEN = Command(Action.OPEN_DASHBOARD)
OPUS = Command(Action.COPY_SUMMARY, "opus")
WEEK = Command(Action.SET_RANGE, "7d")

LINES = (
    MenuItem("today", "Today   $12.34"),
    MenuItem("line", kind="separator"),
    MenuItem("models", "By model", children=(MenuItem("opus", "Opus_4.8", OPUS),)),
    MenuItem(
        "range",
        "Range",
        children=(
            MenuItem("1d", "1 day", Command(Action.SET_RANGE, "1d"), kind="radio", checked=True),
            MenuItem("7d", "7 days", WEEK, kind="radio"),
        ),
    ),
    MenuItem("dashboard", "Open dashboard", OPEN, default=True),
)


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    with Desktop(tmp_path) as desktop:
        desktop.enter(monkeypatch)
        yield desktop


@pytest.fixture
def backend(desktop: Desktop) -> PystrayBackend:
    backend = PystrayBackend("sni", Icon, plain_icon)
    backend.show(face(*LINES))
    return backend


def icon_place(desktop: Desktop, colour: tuple[int, int, int] = MAGENTA) -> Box:
    """Where the icon is, once all of it is: the panel makes room for it step by step."""

    def square() -> Box | None:
        found = desktop.find(colour)
        return found if found and found[2] - found[0] == found[3] - found[1] else None

    found = wait_for(square, "the whole icon")
    assert found
    return found


def middle(box: Box) -> tuple[int, int]:
    return (box[0] + box[2]) // 2, (box[1] + box[3]) // 2


def open_menu(desktop: Desktop) -> Box:
    """Open the menu with a right click, and give its place once it is drawn."""
    place = middle(icon_place(desktop))
    before = set(desktop.windows())
    desktop.click(*place, button=3)

    def menu() -> Box | None:
        new = [box for window, box in desktop.windows().items() if window not in before]
        return max((box for box in new if box[3] - box[1] > 50), default=None)

    found = wait_for(menu, "the menu")
    assert found
    settled(desktop, found)
    return found


def settled(desktop: Desktop, box: Box) -> Image.Image:
    """Wait until a part of the display no longer changes, and give it."""
    last = [desktop.screenshot().crop(box)]

    def same() -> bool:
        time.sleep(0.1)
        last.append(desktop.screenshot().crop(box))
        return last[-1] == last[-2] and len(last[-1].getcolors(1 << 20) or ()) > 1

    wait_for(same, "a display that is still")
    return last[-1]


def test_the_icon_appears_and_follows_its_face(desktop: Desktop, backend: PystrayBackend) -> None:
    desktop.start_panel()
    with running(backend):
        left, top, right, bottom = icon_place(desktop)
        assert right - left == bottom - top == 22  # as large as the panel draws icons, and sharp
        wait_for(lambda: backend.hosted, "hosted")
        backend.show(face(*LINES, attention=True))
        icon_place(desktop, CYAN)
        assert desktop.find(MAGENTA) is None
    wait_for(lambda: desktop.find(CYAN) is None, "the icon taken away")


def test_left_click_runs_the_default_and_middle_click_refreshes(
    desktop: Desktop, backend: PystrayBackend
) -> None:
    desktop.start_panel()
    with running(backend) as run:
        place = middle(icon_place(desktop))
        desktop.click(*place, button=1)
        assert run.command() == OPEN
        desktop.click(*place, button=2)
        assert run.command() == Command(Action.REFRESH)
        assert run.commands.empty()


def test_lines_of_menu_and_submenus_run_their_commands(desktop: Desktop, backend: PystrayBackend) -> None:
    desktop.start_panel()
    with running(backend) as run:
        for keys, command in (
            (["Up", "Return"], OPEN),
            (["Down", "Right", "Return"], OPUS),
            (["Up", "Up", "Right", "Down", "Return"], WEEK),
        ):
            open_menu(desktop)
            desktop.press(*keys)
            assert run.command() == command
        assert run.commands.empty()


def test_an_open_menu_changes_in_place(desktop: Desktop, backend: PystrayBackend) -> None:
    desktop.start_panel()
    with running(backend):
        box = open_menu(desktop)
        before = settled(desktop, box)
        windows = set(desktop.windows())
        backend.show(face(replace(LINES[0], label="Today   $98.76"), *LINES[1:]))
        wait_for(lambda: desktop.screenshot().crop(box) != before, "the new figure")
        after = settled(desktop, box)
        changed = ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox()
        assert changed
        assert changed[3] - changed[1] < 20, "only the words of one line"
        assert changed[3] < (box[3] - box[1]) / 3, "the first line"
        assert set(desktop.windows()) == windows
        backend.show(face(*LINES))
        wait_for(lambda: desktop.screenshot().crop(box) == before, "the old figure again")


def test_lines_that_come_while_the_menu_is_open_wait_until_it_closes(
    desktop: Desktop, backend: PystrayBackend
) -> None:
    desktop.start_panel()
    with running(backend) as run:
        box = open_menu(desktop)
        before = settled(desktop, box)
        quit_line = MenuItem("quit", "Quit", Command(Action.QUIT))
        backend.show(face(replace(LINES[0], label="Today   $98.76"), *LINES[1:], quit_line))
        wait_for(lambda: desktop.screenshot().crop(box) != before, "the new figure")
        after = settled(desktop, box)
        changed = ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox()
        assert changed
        assert changed[3] - changed[1] < 20, "only the words of one line"
        desktop.press("Up", "Return")
        assert run.command() == OPEN
        assert open_menu(desktop)[3] > box[3] + 10
        desktop.press("Up", "Return")
        assert run.command() == Command(Action.QUIT)


def test_a_panel_that_restarts_shows_it_again(desktop: Desktop, backend: PystrayBackend) -> None:
    desktop.start_panel()
    with running(backend) as run:
        icon_place(desktop)
        wait_for(lambda: backend.hosted, "hosted")
        desktop.stop_panel()
        wait_for(lambda: not backend.hosted, "no longer hosted")
        assert desktop.find(MAGENTA) is None
        desktop.start_panel()
        desktop.click(*middle(icon_place(desktop)))
        assert run.command() == OPEN
        wait_for(lambda: backend.hosted, "hosted again")


def test_a_panel_that_comes_late_shows_it(desktop: Desktop, backend: PystrayBackend) -> None:
    with running(backend):
        assert not backend.hosted
        desktop.start_panel()
        icon_place(desktop)
        wait_for(lambda: backend.hosted, "hosted")
