import os
import queue
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccmon_tray.desktop.channel import ChannelServer, Message, Request
from ccmon_tray.errors import CcmonError
from ccmon_tray.paths import Paths, find_paths
from ccmon_tray.settings import Theme
from ccmon_tray.tray import launch
from ccmon_tray.tray.launch import Launcher
from tests.support.desktop import wait_for
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the programs are shell scripts here")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"CCMON_TRAY_HOME": str(tmp_path / "home")})


def program(folder: Path, name: str, body: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python that notes what it was asked to run, and runs until it is ended."""
    told = tmp_path / "told"
    program(tmp_path, "python", f'echo "$@" >> {told}; exec sleep 60')
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    return told


@pytest.fixture
def launcher(paths: Paths) -> Iterator[Launcher]:
    launcher = Launcher(paths, ("--source", "demo"))
    yield launcher
    launcher.close()
    for child in launcher._windows:
        child.kill()
        child.wait()


def test_the_window_is_started_with_what_it_shall_show(launcher: Launcher, python: Path) -> None:
    launcher.open_dashboard("sessions", "this week")

    wait_for(lambda: python.exists() and python.read_text(), "the child")
    assert python.read_text() == ("-m ccmon_tray dashboard --source demo --view sessions --range this week\n")
    (child,) = launcher._windows
    launcher.close()
    assert child.poll() is None  # it is the person's, and stays when the tray ends
    assert launcher.reap() == ()


def test_an_open_window_is_raised_instead(launcher: Launcher, paths: Paths, python: Path) -> None:
    heard: queue.Queue[Request] = queue.Queue()
    window = ChannelServer(paths.dashboard, heard.put)
    window.start()
    try:
        launcher.open_dashboard("tokens", "7d")
        launcher.open_settings()
    finally:
        window.close()

    assert heard.get(timeout=PATIENCE_S) == Request(Message.RAISE, "tokens", "7d")
    assert heard.get(timeout=PATIENCE_S) == Request(Message.RAISE, "settings")
    assert not launcher._windows
    assert not python.exists()


def test_a_second_click_takes_the_quick_stats_away(launcher: Launcher, paths: Paths, python: Path) -> None:
    launcher.toggle_quick_stats(Theme.DARK, "10,20")
    child = launcher._quick_stats
    wait_for(python.exists, "the child")

    assert python.read_text().split() == [
        *("-m", "ccmon_tray.dashboard.quick_stats", "--snapshot", str(paths.snapshot_file)),
        *("--theme", "dark", "--popup", "--at", "10,20", "--actions"),
    ]
    launcher.toggle_quick_stats(Theme.DARK, "10,20")
    assert child is not None
    assert child.returncode is not None
    assert launcher._quick_stats is None


def test_windows_that_fail_are_told_once(
    launcher: Launcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "python", "exit 3")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    launcher.toggle_quick_stats(Theme.SYSTEM, "1,1")
    assert "quick stats ended with status 3" in wait_for(launcher.reap, "the complaint")[0]
    launcher.open_dashboard()
    assert "window ended with status 3" in wait_for(launcher.reap, "the complaint")[0]
    assert launcher.reap() == ()


def test_what_cannot_be_started_is_an_error_with_words(
    launcher: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    with pytest.raises(CcmonError, match="quick stats cannot be shown"):
        launcher.toggle_quick_stats(Theme.SYSTEM, "1,1")
    with pytest.raises(CcmonError, match="window cannot be shown"):
        launcher.open_dashboard()


def test_without_tkinter_the_window_is_an_error_and_settings_open_in_an_editor(
    launcher: Launcher, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = tmp_path / "opened"
    program(tmp_path, "xdg-open", f"echo $1 > {opened}; exit 3")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(launch, "_has_tk", lambda: False)

    with pytest.raises(CcmonError, match="no tkinter"):
        launcher.open_dashboard()
    launcher.open_settings()

    assert str(paths.settings_file) in wait_for(launcher.reap, "the complaint")[0]
    assert opened.read_text().strip() == str(paths.settings_file)
