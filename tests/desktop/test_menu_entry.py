"""The entry in the menus of Linux desktops: valid, started as desktops do, in one piece with the window."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ccmon_tray.desktop.menu_entry import MenuEntry
from ccmon_tray.errors import CcmonError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a matter of Linux desktops")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_DATA_HOME": str(tmp_path / "data"), "XDG_CONFIG_HOME": str(tmp_path / "config")}


def files(environ: dict[str, str]) -> set[str]:
    data = Path(environ["XDG_DATA_HOME"])
    return {str(file.relative_to(data)) for file in data.rglob("*") if file.is_file()}


def test_added_with_icons_of_their_sizes_and_removed_again(environ: dict[str, str]) -> None:
    entry = MenuEntry(environ)
    assert not entry.is_there()
    entry.add()
    entry.add()
    assert entry.is_there()
    theme = Path(environ["XDG_DATA_HOME"]) / "icons" / "hicolor"
    sizes = {16, 32, 48, 64, 128, 256, 512}
    assert files(environ) == {
        "applications/ccmon-tray.desktop",
        "icons/hicolor/scalable/apps/ccmon-tray.svg",
        *(f"icons/hicolor/{size}x{size}/apps/ccmon-tray.png" for size in sizes),
    }
    for size in sizes:
        with Image.open(theme / f"{size}x{size}" / "apps" / "ccmon-tray.png") as icon:
            assert icon.size == (size, size)
    entry.remove()
    assert files(environ) == set()
    entry.remove()


@pytest.mark.needs("desktop-file-validate")
def test_the_entry_is_valid(environ: dict[str, str]) -> None:
    entry = MenuEntry(environ)
    entry.add()
    done = subprocess.run(["desktop-file-validate", entry.file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_program_that_has_gone_is_mended(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "old" / "python3"
    old.parent.mkdir()
    old.touch()
    entry = MenuEntry(environ)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(old))
        entry.add()
    assert entry.repair() == ""
    old.unlink()
    assert str(old) in entry.repair()
    assert sys.executable in entry.file.read_text() or "ccmon-tray run" in entry.file.read_text()
    assert entry.repair() == ""


def test_the_entry_of_another_home_stays_as_it_is(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(tmp_path / "gone" / "python3"))
        MenuEntry(environ).add()
    before = MenuEntry(environ).file.read_text()
    other = MenuEntry({**environ, "CCMON_TRAY_HOME": str(tmp_path / "home")})

    assert other.repair() == ""
    assert other.file.read_text() == before

    other.add()
    assert MenuEntry(environ).repair() == ""


def test_nothing_is_made_where_nobody_asked(environ: dict[str, str]) -> None:
    assert MenuEntry(environ).repair() == ""
    assert not Path(environ["XDG_DATA_HOME"]).exists()


def test_a_folder_that_cannot_be_written_is_told(environ: dict[str, str]) -> None:
    Path(environ["XDG_DATA_HOME"]).write_text("a file where the folder should be")
    with pytest.raises(CcmonError, match="cannot be written"):
        MenuEntry(environ).add()
