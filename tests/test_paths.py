import os
import stat
import sys
from pathlib import Path

import pytest

from ccmon_tray.files import private_folder, write_atomic
from ccmon_tray.paths import find_paths

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_one_folder_holds_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = find_paths({"CCMON_TRAY_HOME": "home"})
    monkeypatch.chdir("/")
    folders = [paths.config, paths.data, paths.state, paths.cache, paths.log]
    assert all(folder.parent == tmp_path / "home" for folder in folders)
    assert len(set(folders)) == 5
    assert not (tmp_path / "home").exists()


def test_home_may_be_written_with_a_tilde() -> None:
    assert find_paths({"CCMON_TRAY_HOME": "~/x"}).config == Path.home() / "x" / "config"


@pytest.mark.skipif(sys.platform != "linux", reason="folders of XDG")
def test_without_a_home_the_systems_folders_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/x/config")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x/cache")
    paths = find_paths({"CCMON_TRAY_HOME": ""})
    assert paths.settings_file == Path("/x/config/ccmon-tray/settings.toml")
    assert paths.snapshot_file == Path("/x/cache/ccmon-tray/snapshot.json")


@posix
def test_new_folders_are_private_and_old_ones_stay_as_they_are(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    made = private_folder(shared / "a" / "b")
    assert (mode(shared), mode(made.parent), mode(made)) == (0o755, 0o700, 0o700)


@posix
def test_an_atomic_write_replaces_the_whole_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_atomic(path, b"a long first content")
    write_atomic(path, b"second")
    assert path.read_bytes() == b"second"
    assert mode(path) == 0o600
    write_atomic(path, b"", mode=0o644)
    assert mode(path) == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_content_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def disk_full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)  # a full disk cannot be had otherwise
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "settings.toml"
    write_atomic(real, b"old")
    link = tmp_path / "settings.toml"
    link.symlink_to(real)
    write_atomic(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
