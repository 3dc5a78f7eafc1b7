import contextlib
import functools
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from ccmon_tray.errors import TrayHostMissing
from ccmon_tray.tray.backends.pystray_adapter import PystrayBackend
from ccmon_tray.tray.backends.pystray_base import Menu, TrayIcon
from ccmon_tray.tray.model import Action, Command, Face, IconFace, MenuItem
from tests.support.backends import face, plain_icon, running
from tests.support.patience import PATIENCE_S, allowed

REFRESH = Command(Action.REFRESH)

made: "list[LoopIcon]" = []


class LoopIcon(TrayIcon):
    """A desktop that is a queue of changes, and writes down what it is told."""

    image_sizes = (16, 48)

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, **options)
        self.told: list[str] = []
        self.faces: list[Face] = []
        self.changes: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        made.append(self)

    def post(self, change: Callable[[], None]) -> None:
        self.changes.put(change)

    def settle(self) -> None:
        """Wait until the loop has done all that was posted."""
        done = threading.Event()
        self.post(done.set)
        _wait(done)

    def face_changed(self, face: Face) -> None:
        self.faces.append(face)

    def _run(self) -> None:
        self._mark_ready()
        while change := self.changes.get():
            with contextlib.suppress(OSError):  # real loops log what a change raises, and go on
                change()

    def _stop(self) -> None:
        self.changes.put(None)

    def _tell(self, what: str) -> None:
        self.told.append(what)

    def _show(self) -> None:
        self._tell("show")

    def _update_icon(self) -> None:
        self._icon_valid = True
        self._tell("icon")

    def _update_title(self) -> None:
        self._tell("title")

    def _update_menu(self) -> None:
        self._tell("menu")


def _wait(event: threading.Event) -> None:
    assert event.wait(PATIENCE_S)


def _never(command: Command | None = None) -> None:
    raise AssertionError(f"called, with {command}")


@pytest.fixture
def backend() -> PystrayBackend:
    made.clear()
    return PystrayBackend("loop", LoopIcon, plain_icon)


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        ({}, []),
        ({"tooltip": "Today $12.35"}, ["title"]),
        ({"icon": replace(face().icon, attention=True)}, ["icon"]),
        ({"menu": ()}, ["menu"]),
    ],
)
def test_only_what_changed_is_touched(
    backend: PystrayBackend, change: dict[str, Any], touched: list[str]
) -> None:
    first = face()
    with running(backend):
        icon = made[0]
        backend.show(first)
        icon.settle()
        assert icon.told == ["menu", "icon", "show"]
        icon.told.clear()
        backend.show(replace(first, **change))
        icon.settle()
        assert icon.told == touched


def test_of_several_faces_the_newest_counts(backend: PystrayBackend) -> None:
    with running(backend):
        icon = made[0]
        blocked = threading.Event()
        icon.post(functools.partial(_wait, blocked))
        for cents in range(100):
            backend.show(face(tooltip=f"Today $1.{cents:02}"))
        blocked.set()
        icon.settle()
        assert icon.title == "Today $1.99"
        assert len(icon.faces) == 1


def test_the_icon_is_drawn_at_its_largest_size_and_at_any_other(backend: PystrayBackend) -> None:
    backend.show(face())
    with running(backend):
        icon = made[0]
        icon.settle()
        assert isinstance(icon.icon, Image.Image)
        assert icon.icon.size == (48, 48)
        assert icon.draw(16).size == (16, 16)


def test_menu_lines_become_pystray_items(backend: PystrayBackend) -> None:
    lines = (
        MenuItem("info", "Today $12.34"),
        MenuItem("line", kind="separator"),
        MenuItem("go", "Refresh", REFRESH, default=True),
        MenuItem(
            "range",
            "Range",
            children=(
                MenuItem("1d", "1 day", Command(Action.SET_RANGE, "1d"), kind="radio", checked=True),
                MenuItem("7d", "7 days", Command(Action.SET_RANGE, "7d"), kind="radio"),
                MenuItem("login", "At login", REFRESH, kind="check", checked=True),
            ),
        ),
    )
    backend.show(face(*lines))
    with running(backend) as run:
        icon = made[0]
        icon.settle()
        info, line, go, ranges = icon.menu.items
        assert (info.text, info.enabled, info.checked, info.default) == ("Today $12.34", False, None, False)
        assert line is Menu.SEPARATOR
        assert (go.enabled, go.default) == (True, True)
        assert ranges.enabled
        assert [(i.key, i.checked, i.radio) for i in ranges.submenu.items] == [
            ("1d", True, True),
            ("7d", False, True),
            ("login", True, False),
        ]
        ranges.submenu.items[1](icon)
        icon()
        assert [run.command(), run.command()] == [Command(Action.SET_RANGE, "7d"), REFRESH]


def test_commands_run_in_order_on_one_thread_that_is_not_the_loops(backend: PystrayBackend) -> None:
    seen: list[tuple[str, str]] = []
    done = threading.Event()

    def on_command(command: Command) -> None:
        seen.append((command.argument, threading.current_thread().name))
        if command.argument == "1":
            raise ValueError("a command that fails")
        if command.argument == "9":
            done.set()

    def on_ready() -> None:
        for number in range(10):
            made[0].send(Command(Action.SET_RANGE, str(number)))

    loop = threading.Thread(target=lambda: backend.run(on_command=on_command, on_ready=on_ready), name="loop")
    loop.start()
    assert done.wait(PATIENCE_S)
    backend.stop()
    loop.join(allowed(1))
    assert not loop.is_alive()
    assert seen == [(str(number), "tray-commands") for number in range(10)]


def test_a_command_may_stop_the_backend(backend: PystrayBackend) -> None:
    backend.show(face(MenuItem("quit", "Quit", Command(Action.QUIT), default=True)))
    before = threading.active_count()

    def on_ready() -> None:
        icon = made[0]
        icon.post(icon)  # a click

    backend.run(on_command=lambda _: backend.stop(), on_ready=on_ready)
    assert threading.active_count() == before


@pytest.mark.parametrize("times", [1, 2])
def test_stopped_before_it_runs_it_ends_at_once(backend: PystrayBackend, times: int) -> None:
    for _ in range(times):
        backend.stop()
    backend.run(on_command=_never, on_ready=_never)
    backend.stop()


def test_after_the_end_faces_are_ignored(backend: PystrayBackend) -> None:
    with running(backend):
        pass
    backend.show(face())
    assert not backend.hosted
    assert made[0].told == []


def test_a_desktop_that_fails_leaves_no_thread() -> None:
    class NoDesktop(LoopIcon):
        def _run(self) -> None:
            raise TrayHostMissing("No tray icon")

    before = threading.active_count()
    with pytest.raises(TrayHostMissing):
        PystrayBackend("none", NoDesktop, plain_icon).run(on_command=_never, on_ready=_never)
    assert threading.active_count() == before


def test_a_face_that_could_not_be_drawn_is_tried_again() -> None:
    failures = [OSError("no font"), None]

    def renderer(icon_face: IconFace, size: int) -> Image.Image:
        if failure := failures.pop(0):
            raise failure
        return plain_icon(icon_face, size)

    backend = PystrayBackend("loop", LoopIcon, renderer)
    with running(backend):
        icon = made[-1]
        for shown in (False, True):
            backend.show(face())
            icon.settle()
            assert icon.visible is shown


@pytest.mark.parametrize("chosen", [None, "xorg"])
def test_importing_pystray_needs_no_display_and_leaves_the_environment_alone(chosen: str | None) -> None:
    environ = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "PYSTRAY_BACKEND"}}
    if chosen:
        environ["PYSTRAY_BACKEND"] = chosen
    program = "import os, ccmon_tray.tray.backends.pystray_adapter; print(os.environ.get('PYSTRAY_BACKEND'))"
    answer = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == str(chosen)
