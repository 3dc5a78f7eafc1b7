"""The Run key of Windows, on a registry that follows winreg's documents."""

import sys
from pathlib import Path

import pytest

from ccmon_tray.desktop.autostart import Autostart
from ccmon_tray.desktop.autostart.run_key import ENVIRONMENT_KEY, RUN_KEY, SWITCH_KEY, RunKey
from ccmon_tray.errors import CcmonError
from tests.support.fake_winreg import REG_BINARY, REG_SZ, FakeWinreg, Keys

OFF = bytes([3, *([0] * 3), *range(8)])  # and when it was switched off
ON = bytes([2, *([0] * 11)])


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Keys:
    folder = tmp_path / "Program Files" / "Scripts"
    folder.mkdir(parents=True)
    (folder / "pythonw.exe").touch()
    monkeypatch.setattr(sys, "executable", str(folder / "python.exe"))
    monkeypatch.setattr(sys, "platform", "win32")
    keys: Keys = {RUN_KEY: {"Other": ("other.exe", REG_SZ)}}
    monkeypatch.setitem(sys.modules, "winreg", FakeWinreg(keys))
    return keys


def login(**environ: str) -> Autostart:
    return Autostart(environ, entry=RunKey(environ))


def test_enabled_and_disabled_again(keys: Keys, tmp_path: Path) -> None:
    assert not login().status().enabled
    login().enable()
    program = tmp_path / "Program Files" / "Scripts" / "pythonw.exe"  # which opens no console
    assert keys[RUN_KEY]["ccmon-tray"] == (f'"{program}" -m ccmon_tray run', REG_SZ)
    assert login().status().enabled
    login().disable()
    assert keys[RUN_KEY] == {"Other": ("other.exe", REG_SZ)}
    login().disable()


def test_the_task_managers_switch_counts(keys: Keys) -> None:
    login().enable()
    keys[SWITCH_KEY] = {"ccmon-tray": (ON, REG_BINARY)}
    assert login().status().enabled
    keys[SWITCH_KEY] = {"ccmon-tray": (OFF, REG_BINARY)}
    assert not login().status().enabled
    assert "task manager" in login().status().words
    assert login().repair() == ""
    login().enable()
    assert login().status().enabled
    assert keys[SWITCH_KEY] == {}


def test_a_program_that_has_gone_is_mended(
    keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login().enable()
    stamp = login().stamp()
    old = tmp_path / "Program Files" / "Scripts" / "pythonw.exe"
    new = old.rename(tmp_path / "pythonw.exe")
    assert not login().status().enabled
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python.exe"))
    assert str(old) in login().repair()
    assert keys[RUN_KEY]["ccmon-tray"] == (f"{new} -m ccmon_tray run", REG_SZ)
    assert login().stamp() != stamp


def test_a_home_has_to_be_set_for_the_user(keys: Keys, tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    with pytest.raises(CcmonError, match="setx CCMON_TRAY_HOME"):
        login(CCMON_TRAY_HOME=home).enable()
    keys[ENVIRONMENT_KEY] = {"CCMON_TRAY_HOME": (home, REG_SZ)}
    login(CCMON_TRAY_HOME=home).enable()
    assert login(CCMON_TRAY_HOME=home).status().enabled
    assert not login().status().enabled


def test_a_command_that_windows_would_not_start_is_refused(
    keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / ("x" * 240) / "python.exe"))
    with pytest.raises(CcmonError, match="260 characters"):
        login().enable()
    assert "ccmon-tray" not in keys[RUN_KEY]
