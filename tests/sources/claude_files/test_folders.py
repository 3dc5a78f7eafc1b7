from pathlib import Path

import pytest

from ccmon_tray.settings import ClaudeSettings
from ccmon_tray.sources.claude_files.folders import config_folders, in_short

DEFAULTS = ClaudeSettings()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


def test_without_any_folder_it_is_the_usual_one(home: Path) -> None:
    assert config_folders(DEFAULTS, {}) == (home / ".claude",)


def test_the_usual_folders_count_if_they_are_there(home: Path) -> None:
    (home / ".config" / "claude").mkdir(parents=True)
    assert config_folders(DEFAULTS, {}) == (home / ".config" / "claude",)
    (home / ".claude").mkdir()
    assert config_folders(DEFAULTS, {}) == (home / ".claude", home / ".config" / "claude")


def test_the_folder_of_settings_may_lie_elsewhere(home: Path) -> None:
    (home / "etc" / "claude").mkdir(parents=True)
    assert config_folders(DEFAULTS, {"XDG_CONFIG_HOME": str(home / "etc")}) == (home / "etc" / "claude",)


def test_the_environment_may_name_several(home: Path) -> None:
    (home / ".claude").mkdir()
    environ = {"CLAUDE_CONFIG_DIR": f"~/work, {home / 'play'},,~/work"}
    assert config_folders(DEFAULTS, environ) == (home / "work", home / "play")


def test_the_setting_comes_first(home: Path) -> None:
    settings = ClaudeSettings(config_dir=home / "mine")
    assert config_folders(settings, {"CLAUDE_CONFIG_DIR": "/elsewhere"}) == (home / "mine",)


def test_a_link_to_a_folder_is_that_folder(home: Path) -> None:
    (home / ".config").mkdir()
    (home / ".claude").mkdir()
    (home / ".config" / "claude").symlink_to(home / ".claude")
    assert config_folders(DEFAULTS, {}) == (home / ".claude",)


def test_the_home_folder_is_written_short(home: Path) -> None:
    assert in_short(home / ".claude") == str(Path("~") / ".claude")
    assert in_short(home.parent / "elsewhere") == str(home.parent / "elsewhere")
    assert in_short(home) == str(home)
