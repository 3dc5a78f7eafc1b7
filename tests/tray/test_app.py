"""The tray as a whole: commands, messages, files."""

import logging
import stat
import sys
import threading
import time
from pathlib import Path

import pytest

from ccmon_tray.desktop.channel import Message, Request, send
from ccmon_tray.errors import SecretUnavailable, SourceUnreachable, TrayHostMissing
from ccmon_tray.paths import find_paths
from ccmon_tray.settings import (
    AppearanceSettings,
    LogSettings,
    PollSettings,
    Settings,
    SourceSettings,
    Theme,
    TraySettings,
)
from ccmon_tray.settings_file import load
from ccmon_tray.sources.base import UsageSource
from ccmon_tray.tray import app as app_module
from ccmon_tray.tray.face import icon_face
from ccmon_tray.tray.model import Action, Command, IconFace
from ccmon_tray.usage.models import SourceInfo
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import SourceKind, State
from ccmon_tray.usage.windows import Calendar
from tests.support.desktop import wait_for
from tests.support.fake_source import FakeSource, request
from tests.support.patience import PATIENCE_S, allowed
from tests.support.running_tray import RunningTray, Start, is_fresh, used
from tests.support.snapshots import NOW, every_state, fresh


def poll_again(tray: RunningTray, source: FakeSource) -> None:
    before = len(source.asked)
    tray.app.on_command(Command(Action.REFRESH))
    wait_for(lambda: len(source.asked) > before, "a poll")


def label(tray: RunningTray, key: str) -> str:
    return tray.menu[key].label.replace("\N{EM SPACE}", " ")


def test_first_it_is_reading_then_it_shows_the_numbers(start: Start) -> None:
    with start(used()) as tray:
        tray.until(is_fresh, "numbers")

        assert tray.backend.faces[0].menu[0].label.endswith("Reading…")
        assert label(tray, "today") == "Today $14.00 · 600 tokens"
        assert tray.backend.face is not None
        assert "$14.00 today" in tray.backend.face.tooltip


def test_it_paints_only_what_changed(start: Start) -> None:
    source = used()
    with start(source) as tray:
        tray.until(is_fresh, "numbers")
        painted = len(tray.backend.faces)

        for _ in range(3):
            poll_again(tray, source)
        assert tray.end() < allowed(1)

        assert len(tray.backend.faces) == painted


def test_asked_to_refresh_it_shows_what_is_new_and_then_what_was_written_late(start: Start) -> None:
    source = used()
    with start(source) as tray:
        tray.until(is_fresh, "numbers")
        source.events += request(NOW - 5, "now", 1.0, {"input": 1})
        source.events += request(NOW - 3 * 3600, "late", 2.0, {"input": 1})

        tray.app.on_command(Command(Action.REFRESH))

        wait_for(lambda: label(tray, "today").startswith("Today $17.00"), "what was written late")
        tooltips = [face.tooltip for face in tray.backend.faces[-2:]]
        assert ["$15.00 today" in tooltips[0], "$17.00 today" in tooltips[1]] == [True, True]


def test_the_snapshot_is_left_for_others_whole_and_private(start: Start) -> None:
    with start(used()) as tray:
        tray.until(is_fresh, "numbers")
        file = tray.paths.snapshot_file

        assert Snapshot.model_validate_json(file.read_bytes()) == tray.snapshot
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_the_last_run_is_shown_as_stale_until_the_first_poll(start: Start) -> None:
    with start(used()) as tray:
        tray.until(is_fresh, "numbers")

    source = used()
    source.error = SourceUnreachable("Gone", next_step="Wait")
    with start(source) as tray:
        stale = tray.until(lambda snapshot: snapshot.problem is not None, "the first poll's end")

        assert stale.state is State.STALE
        assert label(tray, "today") == "Today $14.00 · 600 tokens"
        # The numbers were there before anything was heard from the server.
        assert [face.icon.state for face in tray.backend.faces][:2] == [State.NO_DATA, State.STALE]


@pytest.mark.parametrize(
    "info",
    [
        SourceInfo(kind=SourceKind.PROMETHEUS, url="http://another:9090"),
        SourceInfo(kind=SourceKind.DEMO),
    ],
)
def test_the_last_run_of_another_source_is_not_shown(start: Start, info: SourceInfo) -> None:
    with start(used()) as tray:
        tray.until(is_fresh, "numbers")

    source = FakeSource(info=info)
    source.error = SourceUnreachable("Gone", next_step="Wait")
    with start(source) as tray:
        offline = tray.until(lambda snapshot: snapshot.problem is not None, "the first poll's end")

        assert offline.state is State.OFFLINE
        assert not any("$" in str(face) for face in tray.backend.faces)


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema": "ccmon-tray/snapshot/9"}', b"\xff\0"])
def test_a_damaged_snapshot_is_ignored(start: Start, tmp_path: Path, content: bytes) -> None:
    file = find_paths({"CCMON_TRAY_HOME": str(tmp_path)}).snapshot_file
    file.parent.mkdir(parents=True)
    file.write_bytes(content)

    with start(used()) as tray:
        tray.until(is_fresh, "numbers")


def test_a_range_that_is_chosen_is_shown_read_and_remembered(start: Start) -> None:
    with start(used()) as tray:
        tray.until(is_fresh, "numbers")

        tray.app.on_command(Command(Action.SET_RANGE, "7d"))

        assert label(tray, "range") == "Range: Last 7 days"
        tray.until(
            lambda s: s.figures is not None and s.figures.range.info.name == "7d", "the range's numbers"
        )
        assert label(tray, "range.total").startswith("$34.00")
        assert load(tray.paths, {}).settings.tray.range == "7d"


def test_settings_that_changed_count_at_once(start: Start) -> None:
    first, second = used(), FakeSource()
    sources = {"prometheus": first, "demo": second}
    with start(
        lambda settings, _: sources[settings.source.kind], Settings(source=SourceSettings(kind="prometheus"))
    ) as tray:
        tray.until(is_fresh, "numbers")

        tray.settings = Settings(source=SourceSettings(kind="demo"), poll=PollSettings(interval_s=7))
        assert send(tray.paths.tray, Message.SETTINGS_CHANGED)

        tray.until(lambda snapshot: snapshot.state is State.NO_DATA, "the other source")
        assert first.closed
        assert not second.closed
        assert tray.app._poller._interval_s == 7
    assert second.closed


def test_an_edited_settings_file_is_noticed_without_a_message(start: Start) -> None:
    with start(used()) as tray:
        tray.until(is_fresh, "numbers")
        tray.settings = Settings(tray=TraySettings(icon_text="today"))
        tray.paths.settings_file.parent.mkdir(parents=True)
        tray.paths.settings_file.write_text("")

        tray.app._tick()

        assert tray.backend.face is not None
        assert tray.backend.face.icon.text == "$14"


def test_a_source_that_cannot_be_opened_is_a_problem_and_tried_again(start: Start) -> None:
    secrets = iter([SecretUnavailable("No token", cause="pass failed", next_step="Unlock it")])
    source = used()

    def open_source(_settings: Settings, _calendar: Calendar) -> UsageSource:
        for error in secrets:
            raise error
        return source

    with start(open_source) as tray:
        offline = tray.until(lambda snapshot: snapshot.problem is not None, "the problem")
        assert offline.state is State.OFFLINE
        assert label(tray, "problem").startswith("⚠ No token")

        tray.app.on_command(Command(Action.REFRESH))
        tray.until(is_fresh, "numbers")


def test_a_poll_that_crashes_keeps_the_numbers_and_says_so(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    source = used()
    with start(source) as tray:
        good = tray.until(is_fresh, "numbers")
        source.metrics = None  # type: ignore[assignment]  # something nobody thought of
        tray.app.on_command(Command(Action.REFRESH))

        stale = tray.until(lambda snapshot: snapshot.state is State.STALE, "the crash")

        assert stale.figures == good.figures
        assert "error in ccmon-tray itself" in label(tray, "problem.cause.0")
        assert "TypeError" in caplog.text


def test_copying_gives_the_summary_to_the_clipboard(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    monkeypatch.setattr(app_module, "copy_text", copied.append)
    with start(used()) as tray:
        tray.until(is_fresh, "numbers")

        tray.app.on_command(Command(Action.COPY_SUMMARY))

    assert "Today: $14.00, 600 tokens" in copied[0]
    assert "not a bill" in copied[0]


def test_what_a_command_could_not_do_is_said_in_the_menu(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with start(used()) as tray:
        tray.until(is_fresh, "numbers")

        assert send(tray.paths.tray, Message.OPEN_SETTINGS)

        def said() -> bool:
            lines = [item.label for key, item in tray.menu.items() if key.startswith("notice")]
            return "window cannot be shown" in " ".join(lines)

        wait_for(said, "the complaint")


@pytest.mark.parametrize("how", ["command", "message", "stop"])
def test_each_way_to_quit_leaves_no_thread(start: Start, how: str) -> None:
    before = set(threading.enumerate())
    with start(used()) as tray:
        tray.until(is_fresh, "numbers")
        began = time.monotonic()
        match how:
            case "command":
                tray.app.on_command(Command(Action.QUIT))
            case "message":
                assert send(tray.paths.tray, Message.QUIT)
            case _:
                tray.app.stop()
        tray._thread.join(PATIENCE_S)
        assert time.monotonic() - began < allowed(1)

    assert tray.status == 0
    assert set(threading.enumerate()) <= before
    assert not tray.paths.tray.channel_file.exists()


def test_without_a_host_it_goes_on_headless_and_says_how_to_see_the_numbers(start: Start) -> None:
    tray = start(used())

    def run(**_: object) -> None:
        raise TrayHostMissing("No tray icon", cause="no display", next_step="Use a desktop")

    tray.backend.run = run  # type: ignore[method-assign]
    with tray:
        wait_for(lambda: any("ccmon-tray status" in words for words in tray.said), "how to see the numbers")
        tray.app.on_command(Command(Action.REFRESH))
        wait_for(lambda: any("$14.00 today" in words for words in tray.said), "the numbers")

    assert tray.status == 0


def test_headless_says_news_once(start: Start) -> None:
    source = used()
    with start(source, headless=True) as tray:
        wait_for(lambda: len(tray.said) == 2, "two lines")
        for _ in range(2):
            poll_again(tray, source)
        source.error = SourceUnreachable("Gone", next_step="Wait")
        tray.app.on_command(Command(Action.REFRESH))
        wait_for(lambda: len(tray.said) > 2, "the fault")

    # The first poll may be over before the main thread says that there is no tray.
    assert "Prometheus: fresh · $14.00 today, $14.00 this week, $34.00 this month" in tray.said[:2]
    assert tray.said[2].endswith("Gone. Wait.")
    assert len(tray.said) == 3


def test_theme_and_log_level_count_at_once(start: Start) -> None:
    package = logging.getLogger("ccmon_tray")
    before = package.level
    try:
        with start(used()) as tray:
            tray.until(is_fresh, "numbers")
            tray.settings = Settings(
                appearance=AppearanceSettings(theme=Theme.LIGHT), log=LogSettings(level="debug")
            )
            tray.app.on_request(Request(Message.SETTINGS_CHANGED))

            shades = [face.icon.dark_bar for face in tray.backend.faces]
            assert (shades[0], shades[-1]) == (True, False)
            assert package.level == logging.DEBUG
    finally:
        package.setLevel(before)


def test_the_icon_says_state_cost_and_whether_to_look() -> None:
    text = Settings(tray=TraySettings(icon_text="last hour"))

    assert icon_face(None, Settings()) == IconFace(State.NO_DATA)
    assert icon_face(fresh(), Settings()) == IconFace(State.FRESH)
    assert icon_face(fresh(), text) == IconFace(State.FRESH, text="$2.10")
    assert icon_face(every_state()["stale"], Settings()) == IconFace(State.STALE, attention=True)
    assert icon_face(every_state()["warned"], Settings()).attention
    assert icon_face(every_state()["demo"], Settings()).demo
    assert icon_face(every_state()["offline"], text).text == ""
