import os
import stat
import sys
from pathlib import Path

import pytest

from ccmon_tray.desktop.settings_editor import edit_settings, settings_template
from ccmon_tray.errors import CcmonError
from ccmon_tray.paths import Paths, find_paths
from ccmon_tray.setting_keys import KEYS
from ccmon_tray.settings import Settings
from ccmon_tray.settings_file import load
from tests.support.patience import PATIENCE_S

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the programs are shell scripts here")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"CCMON_TRAY_HOME": str(tmp_path / "home")})


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the person's editor was asked to open."""
    note, program = tmp_path / "opened", tmp_path / "xdg-open"
    program.write_text(f"#!/bin/sh\necho $1 > {note}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return note


@on_linux
def test_settings_open_in_what_the_person_uses(paths: Paths, opened: Path) -> None:
    program = edit_settings(paths)

    assert program is not None
    assert program.wait(PATIENCE_S) == 0
    assert opened.read_text().strip() == str(paths.settings_file)
    assert paths.settings_file.read_text() == settings_template()
    assert stat.S_IMODE(paths.settings_file.stat().st_mode) == 0o600


@on_linux
def test_settings_that_exist_are_left_as_they_are(paths: Paths, opened: Path) -> None:
    paths.config.mkdir(parents=True)
    paths.settings_file.write_text("# mine\n")

    program = edit_settings(paths)

    assert program is not None
    assert program.wait(PATIENCE_S) == 0
    assert paths.settings_file.read_text() == "# mine\n"


@on_linux
def test_without_a_program_that_opens_files_it_says_so(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CcmonError, match="Nothing opens") as caught:
        edit_settings(paths)
    assert "yourself" in caught.value.next_step


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CcmonError, match="cannot be made"):
        edit_settings(find_paths({"CCMON_TRAY_HOME": str(tmp_path / "file")}))


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
