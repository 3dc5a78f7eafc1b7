import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from Xlib import X
from Xlib.display import Display

from ccmon_tray.errors import TrayHostMissing
from ccmon_tray.settings import TraySettings
from ccmon_tray.tray.backends import choose
from ccmon_tray.tray.backends.choose import choose_backend
from ccmon_tray.tray.backends.sni.session import watcher_present
from ccmon_tray.tray.backends.x11 import xembed_tray_present
from tests.support.backends import plain_icon
from tests.support.desktop import PROGRAMS, Desktop, wait_for

AUTO = TraySettings()


def chosen(settings: TraySettings = AUTO) -> str:
    return choose_backend(settings, plain_icon).name


@contextmanager
def old_x11_tray(desktop: Desktop) -> Iterator[None]:
    """Own the selection that a tray of the old kind owns."""
    display = Display(desktop.env["DISPLAY"])
    try:
        screen = display.screen()
        window = screen.root.create_window(0, 0, 1, 1, 0, screen.root_depth)
        window.set_selection_owner(display.intern_atom("_NET_SYSTEM_TRAY_S0"), X.CurrentTime)
        display.sync()
        yield
    finally:
        display.close()


@pytest.mark.needs(*PROGRAMS)
@pytest.mark.parametrize(
    ("bus", "old_tray", "name"),
    [
        (True, False, "sni"),  # a host may come later
        (True, True, "xorg"),
        (False, True, "xorg"),
    ],
)
def test_without_a_watcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bus: bool, old_tray: bool, name: str
) -> None:
    with Desktop(tmp_path, bus=bus) as desktop:
        desktop.enter(monkeypatch)
        if old_tray:
            with old_x11_tray(desktop):
                assert chosen() == name
        else:
            assert chosen() == name


@pytest.mark.needs(*PROGRAMS)
def test_a_panel_of_both_kinds_gets_the_one_with_a_menu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Desktop(tmp_path) as desktop:
        desktop.enter(monkeypatch)
        desktop.start_panel()
        wait_for(lambda: watcher_present() and xembed_tray_present(), "a panel with both kinds of tray")
        assert chosen() == "sni"


@pytest.mark.needs("Xvfb", "dbus-daemon")
@pytest.mark.parametrize(
    ("display", "bus", "cause"),
    [
        (True, False, "neither a D-Bus session bus nor an X11 system tray"),
        (False, True, "no display"),
        (False, False, "no display"),
    ],
)
def test_where_nothing_can_show_an_icon_it_says_why_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, display: bool, bus: bool, cause: str
) -> None:
    with Desktop(tmp_path, display=display, bus=bus) as desktop:
        desktop.enter(monkeypatch)
        with pytest.raises(TrayHostMissing) as raised:
            chosen()
        assert cause in raised.value.cause
        assert "within a desktop" in raised.value.next_step


# python-xlib leaves the socket of a refused connection to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_display_that_is_gone_is_no_display(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with Desktop(tmp_path, display=False, bus=False) as desktop:
        desktop.enter(monkeypatch)
        monkeypatch.setenv("DISPLAY", ":4040")
        with pytest.raises(TrayHostMissing):
            chosen()


@pytest.mark.parametrize(("platform", "name"), [("darwin", "macos"), ("win32", "windows")])
def test_other_platforms_have_one_backend(platform: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", platform)
    assert choose._auto() == name


@pytest.mark.skipif(sys.platform != "linux", reason="these are other platforms' backends only on Linux")
@pytest.mark.parametrize("name", ["macos", "windows"])
def test_a_backend_of_another_platform_is_refused_with_words(name: Literal["macos", "windows"]) -> None:
    with pytest.raises(TrayHostMissing, match=f"the backend {name} does not work on this system") as raised:
        chosen(TraySettings(backend=name))
    assert "auto" in raised.value.next_step


@pytest.mark.parametrize("name", ["sni", "none"])
def test_a_setting_overrides_what_the_desktop_offers(
    name: Literal["sni", "none"], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Desktop(tmp_path, display=False, bus=False) as desktop:
        desktop.enter(monkeypatch)
        assert chosen(TraySettings(backend=name)) == name
