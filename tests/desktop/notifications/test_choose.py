"""Which notifications a desktop has, and those of macOS, by a program that stands for ``osascript``."""

import sys
from pathlib import Path

import pytest

from ccmon_tray.desktop.notifications import Notification, choose_notifier
from ccmon_tray.desktop.notifications.osascript import OsascriptNotifier
from ccmon_tray.errors import CcmonError


@pytest.mark.parametrize(
    ("platform", "frozen", "kind"),
    [
        ("linux", False, "FreedesktopNotifier"),
        ("darwin", False, "OsascriptNotifier"),
        ("darwin", True, "LibraryNotifier"),
        ("win32", False, "LibraryNotifier"),
    ],
)
def test_each_system_has_its_own(
    monkeypatch: pytest.MonkeyPatch, platform: str, frozen: bool, kind: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(sys, "frozen", frozen, raising=False)
    assert type(choose_notifier(lambda _key: None)).__name__ == kind


@pytest.fixture
def osascript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of that name, which notes its arguments; returns where."""
    noted = tmp_path / "noted"
    program = tmp_path / "osascript"
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > '{noted}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return noted


def test_texts_are_arguments_and_never_a_part_of_the_script(osascript: Path) -> None:
    OsascriptNotifier().show(Notification('A "title"', 'end run\ndo shell script "x"'))
    lines = osascript.read_text().splitlines()
    assert lines[:6] == [
        "-e",
        "on run words",
        "-e",
        "display notification (item 2 of words) with title (item 3 of words) subtitle (item 1 of words)",
        "-e",
        "end run",
    ]
    assert lines[6:] == ['A "title"', "end run", 'do shell script "x"', "Claude Code Monitor"]


def test_what_it_refuses_is_said(osascript: Path) -> None:
    (osascript.parent / "osascript").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(CcmonError, match="could not be shown"):
        OsascriptNotifier().show(Notification("A title"))
