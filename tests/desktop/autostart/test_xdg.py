"""The autostart entry: what desktops read in it, and what they start by it."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ccmon_tray.desktop.autostart import Autostart
from ccmon_tray.desktop.autostart.xdg import XdgAutostart
from ccmon_tray.errors import CcmonError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="entries of Linux and its kin")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path / "config")}


def autostart(environ: dict[str, str]) -> Autostart:
    return Autostart(environ, entry=XdgAutostart(environ))


def entry_file(environ: dict[str, str]) -> Path:
    return Path(environ["XDG_CONFIG_HOME"]) / "autostart" / "ccmon-tray.desktop"


def test_enabled_and_disabled_again(environ: dict[str, str], installed: Path) -> None:
    login = autostart(environ)
    assert not login.status().enabled
    login.enable()
    assert login.status().enabled
    assert login.status().place == str(entry_file(environ))
    assert stat.S_IMODE(entry_file(environ).stat().st_mode) == 0o644
    login.enable()  # again is no error
    login.disable()
    assert not login.status().enabled
    assert not entry_file(environ).exists()
    login.disable()


@pytest.mark.needs("desktop-file-validate")
def test_the_entry_is_valid(environ: dict[str, str], installed: Path, tmp_path: Path) -> None:
    autostart({**environ, "CCMON_TRAY_HOME": str(tmp_path / "a home")}).enable()
    done = subprocess.run(
        ["desktop-file-validate", entry_file(environ)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.needs("gio")
@pytest.mark.parametrize("home", ["", 'a $home with %f and "quotes"'])
def test_a_desktop_starts_the_program_by_it(
    environ: dict[str, str], installed: Path, tmp_path: Path, home: str
) -> None:
    said = tmp_path / "said"
    home = str(tmp_path / home) if home else ""
    autostart({**environ, "CCMON_TRAY_HOME": home}).enable()
    os.mkfifo(said)  # whose reader waits until the program has written and ended
    subprocess.run(
        ["gio", "launch", entry_file(environ)],
        env={"PATH": "/usr/bin:/bin", "SAID": str(said), "HOME": str(tmp_path)},
        check=True,
        timeout=20,
    )
    assert said.read_text() == f"{installed}\nrun\n{home}\n"


@pytest.mark.parametrize("switch", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_the_desktops_own_switch_counts(environ: dict[str, str], installed: Path, switch: str) -> None:
    login = autostart(environ)
    login.enable()
    file = entry_file(environ)
    key = switch.partition("=")[0]
    kept = [line for line in file.read_text().splitlines() if not line.startswith(key)]
    file.write_text("\n".join([*kept, switch, ""]))
    assert not login.status().enabled
    assert "switched it off" in login.status().words
    before = file.read_text()
    assert login.repair() == ""
    assert file.read_text() == before
    login.enable()
    assert login.status().enabled


def test_a_program_that_has_gone_is_mended_and_told(
    environ: dict[str, str], installed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    login = autostart(environ)
    login.enable()
    assert login.repair() == ""  # nothing to mend
    stamp = login.stamp()
    newer = tmp_path / "newer" / "ccmon-tray"
    newer.parent.mkdir()
    installed.rename(newer)
    assert not login.status().enabled
    assert f"{installed} is gone" in login.status().words
    monkeypatch.setattr(sys, "executable", str(newer.parent / "python3"))
    words = login.repair()
    assert str(installed) in words
    assert str(newer) in words
    assert login.status().enabled
    assert login.stamp() != stamp
    assert login.repair() == ""


def test_another_installation_that_is_there_keeps_its_entry(
    environ: dict[str, str], installed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    autostart(environ).enable()
    before = entry_file(environ).read_text()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "checkout" / "python3"))
    login = autostart(environ)
    assert login.repair() == ""
    assert login.status().enabled
    assert entry_file(environ).read_text() == before


def test_one_home_is_not_another(environ: dict[str, str], installed: Path, tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    autostart({**environ, "CCMON_TRAY_HOME": home}).enable()
    installed.unlink()
    usual = autostart(environ)
    assert not usual.status().enabled
    assert home in usual.status().words
    assert usual.repair() == ""


def test_a_file_that_is_no_entry_starts_nothing(environ: dict[str, str], installed: Path) -> None:
    file = entry_file(environ)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\xff\x00 no entry")
    login = autostart(environ)
    assert not login.status().enabled
    assert login.repair() == ""
    login.enable()
    assert login.status().enabled


def test_secrets_of_the_environment_stay_out_of_it(environ: dict[str, str], installed: Path) -> None:
    login = autostart({**environ, "CCMON_TRAY_PROMETHEUS__TOKEN": "hush", "CLAUDE_CONFIG_DIR": "/x"})
    login.enable()
    assert "hush" not in entry_file(environ).read_text()
    assert login.left_out() == ("CCMON_TRAY_PROMETHEUS__TOKEN", "CLAUDE_CONFIG_DIR")


def test_the_demo_does_not_start_at_login(environ: dict[str, str], installed: Path) -> None:
    with pytest.raises(CcmonError, match="demo"):
        autostart({**environ, "CCMON_TRAY_SOURCE__KIND": "demo"}).enable()
    assert not entry_file(environ).exists()


def test_a_folder_that_cannot_be_written_is_told(environ: dict[str, str], installed: Path) -> None:
    Path(environ["XDG_CONFIG_HOME"]).write_text("a file where the folder should be")
    with pytest.raises(CcmonError, match="cannot be written") as caught:
        autostart(environ).enable()
    assert str(entry_file(environ)) in caught.value.next_step


def test_without_a_console_script_it_starts_the_module(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    login = autostart(environ)
    login.enable()
    assert f"Exec={tmp_path}/python3 -m ccmon_tray run\n" in entry_file(environ).read_text()
