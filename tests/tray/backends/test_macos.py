"""The macOS icon against a menu bar that follows the documented API; not yet seen on the real one."""

import signal
from collections.abc import Iterator

import pytest

from ccmon_tray.tray.backends.pystray_adapter import PystrayBackend
from ccmon_tray.tray.model import Action, Command, MenuItem
from tests.support import fake_appkit
from tests.support.backends import face, plain_icon, running
from tests.support.desktop import wait_for
from tests.support.fake_appkit import MenuBar

QUIT = MenuItem("q", "Quit", Command(Action.QUIT))


@pytest.fixture
def bar(monkeypatch: pytest.MonkeyPatch) -> MenuBar:
    return fake_appkit.install(monkeypatch)


@pytest.fixture
def backend(bar: MenuBar) -> PystrayBackend:
    from ccmon_tray.tray.backends import macos  # noqa: PLC0415 - needs AppKit while it is imported

    return PystrayBackend("macos", macos.Icon, plain_icon)


def test_icon_tip_and_menu(bar: MenuBar, backend: PystrayBackend) -> None:
    with running(backend) as run:
        more = MenuItem("m", "By model", children=(MenuItem("o", "Opus 4.8", Command(Action.REFRESH)),))
        backend.show(face(more, QUIT, tooltip="Today $12.34"))
        wait_for(lambda: bar.lines == ["By model", "Quit"], "the menu")
        assert bar.item is not None
        button = bar.item.button().values
        wait_for(lambda: button.get("Hidden") is False, "the icon")
        assert button["ToolTip"] == "Today $12.34"
        image = button["Image"].values
        assert image["Size"] == (18, 18)
        assert [each.values["pixels"] for each in image["representations"]] == [(18, 18), (36, 36)]
        assert all(each.values["Size"] == (18, 18) for each in image["representations"])
        bar.choose("Quit")
        assert run.command() == Command(Action.QUIT)
    assert bar.removed
    assert bar.errors == []


def test_no_icon_in_the_dock(bar: MenuBar, backend: PystrayBackend) -> None:
    with running(backend):
        assert bar.app.values["ActivationPolicy"] == 1


def test_changes_happen_on_the_loop(bar: MenuBar, backend: PystrayBackend) -> None:
    with running(backend):
        for number in range(5):
            backend.show(
                face(MenuItem("n", f"Today ${number}.00", Command(Action.REFRESH)), tooltip=f"{number}")
            )
        wait_for(lambda: bar.lines == ["Today $4.00"], "the newest menu")
        assert bar.errors == []


def test_end_before_the_loop_runs(bar: MenuBar, backend: PystrayBackend) -> None:
    backend.stop()
    backend.run(on_command=lambda _command: None, on_ready=lambda: None)
    assert bar.removed


@pytest.fixture
def terminated() -> Iterator[list[int]]:
    numbers: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: numbers.append(number))
    yield numbers
    signal.signal(signal.SIGTERM, before)


def test_signals_reach_pythons_handlers_at_once(
    bar: MenuBar, backend: PystrayBackend, terminated: list[int]
) -> None:
    with running(backend):
        bar.signal(signal.SIGTERM)
        wait_for(lambda: terminated == [signal.SIGTERM], "the handler called")
