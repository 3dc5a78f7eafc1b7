"""The Windows icon against a desktop that follows the documented API; not yet seen on the real one."""

import sys
import threading

import pytest

from ccmon_tray.tray.backends.pystray_adapter import PystrayBackend
from ccmon_tray.tray.model import Action, Command, MenuItem
from tests.support import fake_win32
from tests.support.backends import face, plain_icon, running
from tests.support.desktop import wait_for
from tests.support.fake_win32 import Windows
from tests.support.patience import allowed

QUIT = Command(Action.QUIT)


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Windows:
    return fake_win32.install(monkeypatch)


@pytest.fixture
def backend(desktop: Windows) -> PystrayBackend:
    from ccmon_tray.tray.backends import windows  # noqa: PLC0415 - needs the desktop while it is imported

    return PystrayBackend("windows", windows.Icon, plain_icon)


def _labels(desktop: Windows) -> list[str]:
    menu = max((number for number in desktop.menus), default=None)
    return [] if menu is None else [item.dwTypeData for item in desktop.menus[menu]]


def test_icon_tip_and_menu(desktop: Windows, backend: PystrayBackend) -> None:
    with running(backend):
        backend.show(face(MenuItem("q", "Quit R&D", QUIT), tooltip="Today $12.34"))
        wait_for(lambda: desktop.icon, "the icon")
        assert desktop.icon is not None
        assert desktop.icon["szTip"] == "Today $12.34"
        assert _labels(desktop) == ["Quit R&&D"]
        assert set(desktop.icon_sizes) == {(24, 24)}  # the small icon's size at this scaling
    assert not desktop.icon
    assert not desktop.owners
    assert not desktop.menus
    assert desktop.errors == []


def test_menus_are_made_on_the_windows_thread(desktop: Windows, backend: PystrayBackend) -> None:
    with running(backend):
        for number in range(5):
            backend.show(face(MenuItem("q", f"Quit {number}", QUIT)))
        wait_for(lambda: _labels(desktop) == ["Quit 4"], "the newest menu")
        assert threading.get_ident() not in desktop.menu_threads
        assert len(desktop.menu_threads) == 1
        assert len(desktop.menus) == 1


def test_tip_longer_than_windows_allows(desktop: Windows, backend: PystrayBackend) -> None:
    with running(backend):
        backend.show(face(tooltip="first"))
        backend.show(face(tooltip="🎉" * 100))
        wait_for(lambda: desktop.icon is not None and desktop.icon["szTip"] == "🎉" * 63, "the cut tip")
        assert desktop.errors == []


def test_left_click_opens_the_window(desktop: Windows, backend: PystrayBackend) -> None:
    with running(backend) as run:
        backend.show(face())
        desktop.send(fake_win32.WM_NOTIFY, lparam=fake_win32.WM_LBUTTONUP)
        assert run.command() == Command(Action.OPEN_DASHBOARD)


def test_open_menu_survives_new_figures(desktop: Windows, backend: PystrayBackend) -> None:
    with running(backend) as run:
        backend.show(face(MenuItem("r", "Refresh", Command(Action.REFRESH)), MenuItem("q", "Quit", QUIT)))
        wait_for(lambda: desktop.icon, "the icon")
        desktop.send(fake_win32.WM_NOTIFY, lparam=fake_win32.WM_RBUTTONUP)
        wait_for(lambda: desktop.tracked, "the open menu")
        opened = desktop.tracked
        backend.show(face(MenuItem("q", "Quit now", QUIT), tooltip="newer"))
        wait_for(lambda: desktop.icon is not None and desktop.icon["szTip"] == "newer", "the newer tip")
        assert desktop.tracked == opened
        desktop.choose(2)
        assert run.command() == QUIT
        wait_for(lambda: _labels(desktop) == ["Quit now"], "the newer menu after the choice")
        assert desktop.errors == []


def test_end_of_the_session_is_not_refused(desktop: Windows, backend: PystrayBackend) -> None:
    with running(backend) as run:
        backend.show(face())
        wait_for(lambda: desktop.icon, "the icon")
        assert desktop.ask(fake_win32.WM_QUERYENDSESSION) == 1
        desktop.send(fake_win32.WM_ENDSESSION, wparam=0)  # somebody else refused it
        desktop.send(fake_win32.WM_NOTIFY, lparam=fake_win32.WM_LBUTTONUP)
        assert run.command().action is Action.OPEN_DASHBOARD
        desktop.send(fake_win32.WM_ENDSESSION, wparam=1)
        assert run.ended.wait(allowed(2))


def test_explorer_that_restarts_gets_the_icon_again(desktop: Windows, backend: PystrayBackend) -> None:
    with running(backend):
        backend.show(face())
        wait_for(lambda: desktop.icon, "the icon")
        desktop.icon = None
        desktop.send(sys.modules["pystray._util.win32"].WM_TASKBARCREATED)
        wait_for(lambda: desktop.icon, "the icon again")


def test_change_after_the_end_does_nothing(desktop: Windows, backend: PystrayBackend) -> None:
    with running(backend):
        backend.show(face())
    backend.show(face(tooltip="late"))
    assert desktop.icon is None
