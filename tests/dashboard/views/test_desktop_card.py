"""What the desktop does with the application, switched in the settings view, by keys."""

from pathlib import Path

import pytest

from ccmon_tray.dashboard.settings_form import Note
from ccmon_tray.dashboard.views.settings import SettingsView
from ccmon_tray.dashboard.widgets.form import FormRow, SegmentsRow
from ccmon_tray.dashboard.window import DashboardWindow
from tests.support.dashboard import pump
from tests.support.desktop import Desktop
from tests.support.views import OpenView

_DONT_WAIT = 2  # Tcl_DoOneEvent's flag

pytestmark = pytest.mark.needs("Xvfb", "xdotool")


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The two entries."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return (
        tmp_path / "config" / "autostart" / "ccmon-tray.desktop",
        tmp_path / "data" / "applications" / "ccmon-tray.desktop",
    )


def row_of(window: DashboardWindow, name: str) -> FormRow:
    view = window.page.view
    assert isinstance(view, SettingsView)
    row = view.desktop.rows[name]
    assert isinstance(row, SegmentsRow)
    return row


def press(desktop: Desktop, window: DashboardWindow, row: FormRow, key: str) -> None:
    row.field.focus_force()
    window.root.update()
    desktop.press(key)


@pytest.mark.parametrize(("name", "which"), [("desktop.autostart", 0), ("desktop.menu-entry", 1)])
def test_each_is_switched_on_and_off(
    desktop: Desktop, open_view: OpenView, folders: tuple[Path, Path], name: str, which: int
) -> None:
    window = open_view("settings")
    row = row_of(window, name)
    assert row.value.text == "false"
    press(desktop, window, row, "Right")
    pump(window.root, lambda: row.value.text == "true", "switched on")
    assert [file.exists() for file in folders] == [which == 0, which == 1]
    press(desktop, window, row, "Left")
    pump(window.root, lambda: row.value.text == "false", "switched off")
    assert not any(file.exists() for file in folders)


def test_what_cannot_be_done_is_told_and_not_shown_as_done(
    desktop: Desktop, open_view: OpenView, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("a file where the folder should be")
    window = open_view("settings")
    row = row_of(window, "desktop.autostart")
    press(desktop, window, row, "Right")
    pump(window.root, lambda: row.note and "cannot be written" in row.note.cget("text"), "the reason")
    assert row.value.text == "false"
    assert row.field.chosen == "false"  # type: ignore[attr-defined]


def test_an_entry_that_the_desktop_has_switched_off_says_so_until_it_is_on_again(
    desktop: Desktop, open_view: OpenView, folders: tuple[Path, Path]
) -> None:
    entry, _ = folders
    entry.parent.mkdir(parents=True)
    entry.write_text("[Desktop Entry]\nType=Application\nHidden=true\n")
    window = open_view("settings")
    row = row_of(window, "desktop.autostart")
    assert row.value.text == "false"
    assert row.note is not None
    assert "switched it off" in row.note.cget("text")
    press(desktop, window, row, "Right")
    pump(window.root, lambda: row.value.text == "true", "switched on")
    assert "switched it off" not in row.note.cget("text")


def test_the_demo_offers_no_login(
    open_view: OpenView, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCMON_TRAY_SOURCE__KIND", "demo")
    row = row_of(open_view("settings"), "desktop.autostart")
    assert "demo" in row.value.lock


def test_long_words_in_a_column_let_the_window_come_to_rest(
    open_view: OpenView, folders: tuple[Path, Path]
) -> None:
    window = open_view("settings")
    path = (
        "/srv/pytest-of-root/pytest-999/test_what_cannot_be_done_is_told0/config/autostart/ccmon-tray.desktop"
    )
    row_of(window, "desktop.autostart").say(
        Note(f"It cannot be read: Not a directory: '{path}'. Check {path}.")
    )
    for width in range(1180, 1184):  # columns of one width have a pixel left over in one of them
        window.root.geometry(f"{width}x800")
        handled = 0
        while window.root.tk.dooneevent(_DONT_WAIT) and handled < 20_000:
            handled += 1
        assert 0 < handled < 20_000
