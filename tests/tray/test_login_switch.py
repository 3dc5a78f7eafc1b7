"""“Start at login” in the running tray: followed, switched, mended and told."""

import sys
from pathlib import Path

import pytest

from ccmon_tray.desktop.autostart import Autostart
from ccmon_tray.desktop.autostart.xdg import XdgAutostart
from ccmon_tray.errors import CcmonError
from ccmon_tray.tray.login_switch import LoginSwitch

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="on an entry of Linux and its kin")


@pytest.fixture
def autostart(tmp_path: Path) -> Autostart:
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    return Autostart(environ, entry=XdgAutostart(environ))


def marked(switch: LoginSwitch) -> bool | None:
    return switch.enabled


def test_it_follows_what_others_do(autostart: Autostart) -> None:
    switch = LoginSwitch(autostart)
    assert marked(switch) is False
    autostart.enable()
    assert marked(switch) is False
    switch.look()
    assert marked(switch) is True
    autostart.disable()
    switch.look()
    assert marked(switch) is False


def test_it_is_switched(autostart: Autostart) -> None:
    switch = LoginSwitch(autostart)
    switch.toggle()
    assert marked(switch) is True
    assert autostart.status().enabled
    switch.toggle()
    assert marked(switch) is False
    assert not autostart.status().enabled


def test_what_fails_is_raised_and_the_mark_tells_the_truth(autostart: Autostart, tmp_path: Path) -> None:
    (tmp_path / "autostart").write_text("a file where the folder should be")
    switch = LoginSwitch(autostart)
    with pytest.raises(CcmonError, match="cannot be written"):
        switch.toggle()
    assert marked(switch) is False


def test_where_it_makes_no_sense_there_is_none() -> None:
    switch = LoginSwitch(None)
    switch.look()
    switch.toggle()
    assert marked(switch) is None
