"""Notices of what has just happened: told for a while, the newest few; and how far a deed is."""

import logging
import sys
from pathlib import Path

import pytest

from ccmon_tray.tray import app as app_module
from ccmon_tray.tray import notices as notices_module
from ccmon_tray.tray.model import Action, Command
from ccmon_tray.tray.notices import MARKED_S, SHOWN_S, Notices
from tests.support.desktop import wait_for
from tests.support.running_tray import RunningTray, Start, is_fresh, used


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def shown(tray: RunningTray) -> list[str]:
    return [item.label for key, item in tray.menu.items() if key.startswith("notice")]


def help_line(tray: RunningTray) -> str:
    return next(item.label for item in tray.menu["help"].children if item.key == "help.diagnostics")


def test_a_notice_goes_away_by_itself_and_stays_if_it_is_told_again() -> None:
    clock = Clock()
    notices = Notices(clock=clock)
    notices.tell("one")
    notices.tell("two")
    clock.now += SHOWN_S - 1
    notices.tell("one")
    assert list(notices.words) == ["two", "one"]

    clock.now += 2
    assert list(notices.words) == ["one"]
    clock.now += SHOWN_S
    assert list(notices.words) == []


def test_of_many_notices_the_newest_three_are_told() -> None:
    notices = Notices(clock=Clock())
    for words in "abcd":
        notices.tell(words)
    assert list(notices.words) == ["b", "c", "d"]
    notices.forget()
    assert list(notices.words) == []


def test_a_deed_is_marked_for_a_while_until_it_is_marked_anew() -> None:
    clock = Clock()
    notices = Notices(clock=clock)
    notices.mark(Action.COPY_DIAGNOSTICS, "looking…", SHOWN_S)
    clock.now += MARKED_S + 1
    assert notices.marks == {Action.COPY_DIAGNOSTICS: "looking…"}
    notices.mark(Action.COPY_DIAGNOSTICS, "copied")
    assert notices.marks == {Action.COPY_DIAGNOSTICS: "copied"}
    clock.now += MARKED_S
    assert notices.marks == {}
    notices.mark(Action.COPY_DIAGNOSTICS, "")
    assert notices.marks == {}


def test_a_complaint_leaves_menu_and_icon_without_any_other_news(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setattr(notices_module, "SHOWN_S", 1.0)
    with start(used()) as tray:
        tray.until(is_fresh, "numbers")
        tray.app.on_command(Command(Action.OPEN_DASHBOARD))

        faces = tray.backend.faces
        wait_for(lambda: any(face.icon.attention for face in faces), "the complaint")
        wait_for(lambda: not shown(tray) and not faces[-1].icon.attention, "an end of it")


def test_a_copied_summary_is_marked_in_the_menu(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "copy_text", lambda text: None)
    with start(used()) as tray:
        tray.until(is_fresh, "numbers")
        assert tray.menu["copy"].label == "Copy summary"

        tray.app.on_command(Command(Action.COPY_SUMMARY))

        assert tray.menu["copy"].label == "Copy summary · copied"
        assert not tray.backend.faces[-1].icon.attention


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell script here")
@pytest.mark.parametrize("status", [0, 1])
def test_diagnostics_say_that_they_are_on_their_way_and_then_that_they_are_copied(
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    status: int,
) -> None:
    label = "Copy diagnostics" if status else "Copy diagnostics · copied"
    caplog.set_level(logging.INFO, "ccmon_tray")
    program, goes_on = tmp_path / "python", tmp_path / "goes-on"
    program.write_text(f"#!/bin/sh\nuntil [ -e {goes_on} ]; do sleep 0.05; done\nexit {status}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with start(used()) as tray:
        tray.until(is_fresh, "numbers")

        tray.app.on_command(Command(Action.COPY_DIAGNOSTICS))
        assert help_line(tray) == "Copy diagnostics · looking…"
        goes_on.touch()

        wait_for(lambda: help_line(tray) == label, label)
        if status:
            wait_for(lambda: any("could not be copied" in line for line in shown(tray)), "the complaint")
            assert "could not be copied" in caplog.text  # where it is found once the menu has dropped it
