"""The launch agent of macOS, with a launchctl that answers as the real one is documented to."""

import plistlib
import sys
from pathlib import Path

import pytest

from ccmon_tray.desktop.autostart import Autostart
from ccmon_tray.desktop.autostart.launch_agent import LaunchAgent

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")

_LAUNCHCTL = """#!/bin/sh
case "$1" in
print-disabled) printf 'disabled services = {\\n\\t"com.apple.ManagedClient" => disabled\\n'
    [ -e "$HOME/off" ] && printf '\\t"ccmon-tray" => %s\\n' "$(cat "$HOME/off")"
    printf '}\\n' ;;
enable) echo "$2" >> "$HOME/enabled"; rm -f "$HOME/off" ;;
*) exit 64 ;;
esac
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "bin" / "launchctl"
    program.parent.mkdir()
    program.write_text(_LAUNCHCTL)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def login(home: Path, **environ: str) -> Autostart:
    environ = {"HOME": str(home), **environ}
    return Autostart(environ, entry=LaunchAgent(environ))


def agent(home: Path) -> dict[str, object]:
    found = plistlib.loads((home / "Library" / "LaunchAgents" / "ccmon-tray.plist").read_bytes())
    assert isinstance(found, dict)
    return found


def test_enabled_and_disabled_again(home: Path, installed: Path) -> None:
    assert not login(home).status().enabled
    login(home).enable()
    assert agent(home) == {
        "Label": "ccmon-tray",
        "ProgramArguments": [str(installed), "run"],
        "RunAtLoad": True,
        "ProcessType": "Interactive",
        "LimitLoadToSessionType": "Aqua",
    }
    assert login(home).status().enabled
    assert not (home / "enabled").exists()  # there was nothing to take back
    login(home).disable()
    assert not login(home).status().enabled
    login(home).disable()


def test_the_home_goes_with_it(home: Path, installed: Path) -> None:
    login(home, CCMON_TRAY_HOME="/x y").enable()
    assert agent(home)["EnvironmentVariables"] == {"CCMON_TRAY_HOME": "/x y"}
    assert login(home, CCMON_TRAY_HOME="/x y").status().enabled
    assert not login(home).status().enabled


@pytest.mark.parametrize("word", ["disabled", "true"])  # the latter before macOS 13
def test_launchctls_switch_counts(home: Path, installed: Path, word: str) -> None:
    login(home).enable()
    (home / "off").write_text(word)
    assert not login(home).status().enabled
    assert login(home).repair() == ""
    login(home).enable()
    assert login(home).status().enabled
    assert (home / "enabled").read_text().endswith("/ccmon-tray\n")


def test_the_file_itself_can_be_switched_off(home: Path, installed: Path) -> None:
    login(home).enable()
    file = home / "Library" / "LaunchAgents" / "ccmon-tray.plist"
    file.write_bytes(plistlib.dumps({**agent(home), "Disabled": True}))
    assert not login(home).status().enabled


@pytest.mark.parametrize("data", [b"", b"<plist>", b"bplist00junk", plistlib.dumps(["a list"])])
def test_a_file_that_is_no_agent_starts_nothing(home: Path, installed: Path, data: bytes) -> None:
    login(home).enable()
    (home / "Library" / "LaunchAgents" / "ccmon-tray.plist").write_bytes(data)
    assert not login(home).status().enabled
    login(home).enable()
    assert login(home).status().enabled


def test_a_program_that_has_gone_is_mended(
    home: Path, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(home).enable()
    (home / "new").mkdir()
    new = installed.rename(home / "new" / "ccmon-tray")
    monkeypatch.setattr(sys, "executable", str(home / "new" / "python3"))
    assert str(new) in login(home).repair()
    assert agent(home)["ProgramArguments"] == [str(new), "run"]
