"""The X11 icon on a real display, in the trays of two real panels, with real clicks."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image, ImageDraw

from ccmon_tray.tray.backends.pystray_adapter import PystrayBackend, Renderer
from ccmon_tray.tray.model import Action, Command, IconFace
from tests.support.backends import CYAN, MAGENTA, face, plain_icon, running
from tests.support.desktop import Box, Desktop, wait_for
from tests.support.patience import PATIENCE_S, allowed

pytestmark = pytest.mark.needs("Xvfb", "xdotool", "trayer")


class Tray:
    """A panel with nothing but an XEmbed tray."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, height: int = 28) -> None:
        words = ["trayer", "--edge", "bottom", "--align", "left", "--widthtype", "request"]
        self._process = subprocess.Popen([*words, "--height", str(height)], env=self._desktop.env)

    def stop(self, *, crash: bool = False) -> None:
        if self._process is not None:
            (self._process.kill if crash else self._process.terminate)()
            self._process.wait(PATIENCE_S)
            self._process = None


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    with Desktop(tmp_path, bus=False) as made:
        made.enter(monkeypatch)
        yield made


@pytest.fixture
def tray(desktop: Desktop) -> Iterator[Tray]:
    made = Tray(desktop)
    yield made
    made.stop()


@pytest.fixture
def xorg(desktop: Desktop) -> ModuleType:
    from ccmon_tray.tray.backends import xorg  # noqa: PLC0415 - needs the display while it is imported

    return xorg


@pytest.fixture
def make_backend(xorg: ModuleType) -> Callable[..., PystrayBackend]:
    def make(renderer: Renderer = plain_icon) -> PystrayBackend:
        return PystrayBackend("xorg", xorg.Icon, renderer)

    return make


MakeBackend = Callable[..., PystrayBackend]


def _icon_box(desktop: Desktop, colour: tuple[int, int, int] = MAGENTA) -> Box:
    box = wait_for(lambda: desktop.find(colour), "the icon in the panel")
    assert box is not None
    return box


def _click(desktop: Desktop, button: int = 1) -> None:
    x, y = _middle(desktop).split(",")
    desktop.click(int(x), int(y), button)


def _middle(desktop: Desktop) -> str:
    left, top, right, bottom = _icon_box(desktop)
    return f"{(left + right) // 2},{(top + bottom) // 2}"


def test_icon_fills_its_slot_and_clicks_arrive(
    desktop: Desktop, tray: Tray, make_backend: MakeBackend
) -> None:
    tray.start()
    backend = make_backend()
    with running(backend) as run:
        backend.show(face())
        left, top, right, bottom = _icon_box(desktop)
        assert right - left == bottom - top >= 22
        wait_for(lambda: backend.hosted, "hosted")
        _click(desktop)
        assert run.command() == Command(Action.OPEN_QUICK_STATS, _middle(desktop))
        _click(desktop, button=3)
        assert run.command() == Command(Action.OPEN_QUICK_STATS, _middle(desktop))
        _click(desktop, button=2)
        assert run.command() == Command(Action.REFRESH)
        backend.show(face(attention=True))
        _icon_box(desktop, CYAN)
    wait_for(lambda: desktop.find(CYAN) is None, "the icon taken away")
    assert not backend.hosted


@pytest.mark.parametrize("title", ["Heute 12 € · 日本 · Σ", "Today $12.34"])
def test_title_in_any_script(desktop: Desktop, tray: Tray, make_backend: MakeBackend, title: str) -> None:
    tray.start()
    backend = make_backend()
    with running(backend) as run:
        backend.show(face(tooltip="first"))
        _icon_box(desktop)
        backend.show(face(tooltip=title))
        wait_for(lambda: title in _titles(desktop), "the title as _NET_WM_NAME")
        _click(desktop)
        assert run.command().action is Action.OPEN_QUICK_STATS


def _titles(desktop: Desktop) -> set[str]:
    from Xlib.display import Display  # noqa: PLC0415 - pystray's test double must not be imported first

    display = Display(desktop.env["DISPLAY"])
    try:
        wanted, utf8 = display.intern_atom("_NET_WM_NAME"), display.intern_atom("UTF8_STRING")
        waiting, titles = [display.screen().root], set()
        while waiting:
            window = waiting.pop()
            if found := window.get_full_property(wanted, utf8):
                titles.add(found.value.decode())
            waiting += window.query_tree().children
        return titles
    finally:
        display.close()


def test_tray_that_comes_late(desktop: Desktop, tray: Tray, make_backend: MakeBackend) -> None:
    backend = make_backend()
    with running(backend) as run:
        backend.show(face())
        backend.show(face(tooltip="second"))
        assert not backend.hosted
        tray.start()
        wait_for(lambda: backend.hosted, "hosted")
        _click(desktop)
        assert run.command().action is Action.OPEN_QUICK_STATS


@pytest.mark.parametrize("crash", [False, True])
def test_tray_that_restarts(desktop: Desktop, tray: Tray, make_backend: MakeBackend, crash: bool) -> None:
    tray.start()
    backend = make_backend()
    with running(backend) as run:
        backend.show(face())
        _icon_box(desktop)
        for height in (40, 24):
            tray.stop(crash=crash)
            wait_for(lambda: not backend.hosted, "not hosted any more")
            wait_for(lambda: desktop.find(MAGENTA) is None, "no icon left lying on the desktop")
            backend.show(face(tooltip=f"while away {height}"))
            tray.start(height)
            wait_for(lambda: backend.hosted, "hosted again")
            _click(desktop)
            assert run.command().action is Action.OPEN_QUICK_STATS


@pytest.mark.needs("xfce4-panel", "dbus-daemon")
@pytest.mark.parametrize("dark", [False, True])
def test_transparent_on_a_panel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dark: bool, make_backend: MakeBackend
) -> None:
    home = tmp_path / "panel"
    home.mkdir()
    with Desktop(home, dark=dark) as desktop:
        desktop.enter(monkeypatch)
        desktop.start_panel()
        backend = make_backend(_ring)
        with running(backend):
            backend.show(face())
            left, top, right, bottom = _icon_box(desktop)
            picture = desktop.screenshot().convert("RGB")
            inside = picture.getpixel(((left + right) // 2, (top + bottom) // 2))
            panel = picture.getpixel((right + 40, (top + bottom) // 2))
            assert isinstance(inside, tuple)
            assert isinstance(panel, tuple)
            assert max(abs(one - other) for one, other in zip(inside, panel, strict=True)) <= 2


def test_transparent_where_the_tray_does_not_blend(
    desktop: Desktop, tray: Tray, make_backend: MakeBackend
) -> None:
    tray.start()
    backend = make_backend(_ring)
    with running(backend):
        backend.show(face())
        left, top, right, bottom = _icon_box(desktop)
        picture = desktop.screenshot().convert("RGB")
        inside = picture.getpixel(((left + right) // 2, (top + bottom) // 2))
        # The ring leaves a pixel free all around, which no drawing touches.
        assert inside == picture.getpixel((left - 1, top - 1)) != (0, 0, 0)


def _ring(_face: IconFace, size: int) -> Image.Image:
    image = Image.new("RGBA", (size, size))
    ImageDraw.Draw(image).rectangle((1, 1, size - 2, size - 2), outline=(*MAGENTA, 255), width=2)
    return image


def test_idle_icon_takes_no_time(desktop: Desktop, tray: Tray, make_backend: MakeBackend) -> None:
    tray.start()
    backend = make_backend()
    with running(backend):
        backend.show(face())
        _icon_box(desktop)
        before = time.process_time()
        time.sleep(1)  # measured is what happens in a second in which nothing should
        assert time.process_time() - before < 0.05


def test_ends_with_the_display(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, xorg: ModuleType) -> None:
    home = tmp_path / "second"
    home.mkdir()
    desktop = Desktop(home, bus=False)
    with desktop:
        desktop.enter(monkeypatch)
        backend = PystrayBackend("xorg", xorg.Icon, plain_icon)
        with running(backend) as run:
            backend.show(face())
            desktop.close()
            assert run.ended.wait(allowed(5))


def test_no_display_is_no_tray_host() -> None:
    code = """
from ccmon_tray.errors import TrayHostMissing
try:
    import ccmon_tray.tray.backends.xorg
except TrayHostMissing as error:
    print(error)
"""
    environ = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("No tray icon: the X display cannot be opened")
