"""Whether the desktop is dark: the answers of each kind of desktop, and one that never answers."""

import sys
import threading
import time
from collections.abc import Callable

import pytest

from ccmon_tray.desktop import appearance
from ccmon_tray.desktop.appearance import SystemAppearance, is_dark, run_briefly
from tests.support.patience import PATIENCE_S, allowed

BUS = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/somewhere"}


def answering(**answers: str) -> Callable[[list[str]], str]:
    """Runs no command: "portal", or the last word of the command, has this answer; others fail."""

    def run(command: list[str]) -> str:
        return answers.get(
            "portal" if command[0] == "gdbus" else command[-1].strip("/").replace("-", "_"), ""
        )

    return run


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="asks the desktops of Linux")
@pytest.mark.parametrize(
    ("answers", "dark"),
    [
        ({"portal": "(<<uint32 1>>,)", "color_scheme": "'prefer-light'"}, True),
        ({"portal": "(<<uint32 2>>,)", "color_scheme": "'prefer-dark'"}, False),
        ({"portal": "(<<uint32 0>>,)", "color_scheme": "'prefer-dark'"}, True),  # 0: no preference
        ({"color_scheme": "'prefer-light'", "gtk_theme": "'Adwaita-dark'"}, False),
        ({"color_scheme": "'default'", "gtk_theme": "'Adwaita-dark'"}, True),
        ({"color_scheme": "'default'", "gtk_theme": "'Adwaita'"}, False),
        ({"gtk_theme": "'Adwaita'", "Net/ThemeName": "Greybird-dark"}, True),
        ({}, None),
    ],
)
def test_desktops_of_linux(answers: dict[str, str], dark: bool | None) -> None:
    assert is_dark(answering(**answers), BUS) is dark


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="asks the desktops of Linux")
def test_no_session_bus_is_started_for_it() -> None:
    def run(command: list[str]) -> str:
        pytest.fail(f"{command} was run")

    assert is_dark(run, {"XDG_RUNTIME_DIR": "/nonexistent"}) is None


@pytest.mark.parametrize(("answer", "dark"), [("Dark", True), ("", False)])
def test_macos(monkeypatch: pytest.MonkeyPatch, answer: str, dark: bool) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert is_dark(answering(AppleInterfaceStyle=answer), {}) is dark


def test_commands_that_fail_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_briefly([sys.executable, "-c", "print('dark')"]) == "dark"
    assert run_briefly([sys.executable, "-c", "print('dark'); raise SystemExit(1)"]) == ""
    assert run_briefly(["/nonexistent/gsettings"]) == ""
    monkeypatch.setattr(appearance, "_TIMEOUT_S", 0.1)
    begun = time.monotonic()
    assert run_briefly([sys.executable, "-c", "import time; time.sleep(30)"]) == ""
    assert time.monotonic() - begun < allowed(5)


def test_nobody_waits_for_a_desktop_that_does_not_answer() -> None:
    answer = threading.Event()

    def ask() -> bool:
        return answer.wait(PATIENCE_S)

    asked = SystemAppearance(ask)
    begun = time.monotonic()
    assert asked.dark(0.05) is None
    assert time.monotonic() - begun < allowed(2)
    answer.set()
    assert asked.dark(10) is True


def test_a_desktop_can_be_asked_later_and_is_asked_once() -> None:
    times: list[int] = []

    def ask() -> bool:
        times.append(1)
        return True

    asked = SystemAppearance(ask, later=True)
    assert (asked.dark(0.02), asked.asking) == (None, True)
    asked.begin()
    asked.begin()
    assert (asked.dark(10), asked.asking) == (True, False)
    assert times == [1]


def test_a_desktop_that_cannot_be_asked_is_no_longer_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ask() -> bool:
        raise OSError

    monkeypatch.setattr(threading, "excepthook", lambda _arguments: None)
    asked = SystemAppearance(ask)
    assert (asked.dark(10), asked.asking) == (None, False)
