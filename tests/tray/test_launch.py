import os
import stat
import sys
from pathlib import Path

import pytest

from ccmon_tray.errors import CcmonError
from ccmon_tray.paths import Paths, find_paths
from ccmon_tray.setting_keys import KEYS
from ccmon_tray.settings import Settings, Theme
from ccmon_tray.settings_file import load
from ccmon_tray.tray.launch import Launcher, settings_template
from tests.support.desktop import wait_for

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


def test_a_second_click_takes_the_quick_stats_away(paths: Paths, python: Path) -> None:
    launcher = Launcher(paths)

    launcher.toggle_quick_stats(Theme.DARK, "10,20", actions=True)
    child = launcher._quick_stats
    wait_for(python.exists, "the child")

    assert python.read_text().split() == [
        *("-m", "ccmon_tray.dashboard.quick_stats", "--snapshot", str(paths.snapshot_file)),
        *("--theme", "dark", "--popup", "--at", "10,20", "--actions"),
    ]
    launcher.toggle_quick_stats(Theme.DARK)
    assert child is not None
    assert child.returncode is not None
    assert launcher._quick_stats is None


def test_raising_opens_them_anew(paths: Paths, python: Path) -> None:
    launcher = Launcher(paths)
    launcher.raise_quick_stats(Theme.SYSTEM)
    first = launcher._quick_stats

    launcher.raise_quick_stats(Theme.SYSTEM)

    assert first is not None
    assert first.returncode is not None
    assert launcher._quick_stats is not None
    assert launcher._quick_stats.poll() is None
    launcher.close()


def test_a_window_that_fails_is_told_once(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "python", "exit 3")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    launcher = Launcher(paths)
    launcher.raise_quick_stats(Theme.SYSTEM)

    assert "status 3" in wait_for(launcher.reap, "the complaint")[0]
    assert launcher.reap() == ()


def test_what_cannot_be_started_is_an_error_with_words(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    with pytest.raises(CcmonError, match="quick stats cannot be shown"):
        Launcher(paths).raise_quick_stats(Theme.SYSTEM)


def test_settings_open_in_what_the_person_uses(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = tmp_path / "opened"
    program(tmp_path, "xdg-open", f"echo $1 > {opened}")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    launcher = Launcher(paths)

    launcher.open_settings()

    wait_for(lambda: opened.exists() and opened.read_text(), "the editor")
    assert opened.read_text().strip() == str(paths.settings_file)
    assert stat.S_IMODE(paths.settings_file.stat().st_mode) == 0o600
    wait_for(lambda: not launcher._openers or launcher.reap() == (), "the end")


def test_settings_that_exist_are_left_as_they_are(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "xdg-open", "exit 3")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    paths.config.mkdir(parents=True)
    paths.settings_file.write_text("# mine\n")
    launcher = Launcher(paths)

    launcher.open_settings()

    assert str(paths.settings_file) in wait_for(launcher.reap, "the complaint")[0]
    assert paths.settings_file.read_text() == "# mine\n"


def test_the_template_is_good_as_it_is_and_names_every_setting_that_is_no_secret(paths: Paths) -> None:
    paths.config.mkdir(parents=True)
    paths.settings_file.write_text(settings_template())

    loaded = load(paths, {})

    assert loaded.notices == ()
    assert loaded.settings == Settings()
    for key in KEYS.values():
        assert (f"\n# {key.name} = " in settings_template()) or key.secret


def test_each_default_of_the_template_can_be_switched_on(paths: Paths) -> None:
    paths.config.mkdir(parents=True)
    optional = ('= ""', "= []")
    lines = [
        line.removeprefix("# ") if " = " in line and not line.endswith(optional) else line
        for line in settings_template().splitlines()
    ]
    paths.settings_file.write_text("\n".join(lines))

    loaded = load(paths, {})

    assert loaded.notices == ()
    assert loaded.settings == Settings()
