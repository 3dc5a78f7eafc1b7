"""The settings view in the whole program's window: typed into, saved, followed."""

import subprocess
import tkinter as tk
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ccmon_tray.dashboard.main import Dashboard
from ccmon_tray.dashboard.theme import DARK, LIGHT
from ccmon_tray.dashboard.views.settings import SettingsView
from ccmon_tray.dashboard.widgets.form import EntryRow, FormRow, MenuRow, SegmentsRow
from ccmon_tray.paths import Paths, find_paths
from ccmon_tray.settings_file import load
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.view_names import ViewName
from tests.support.command_line import COMMAND, ROOT, environment
from tests.support.dashboard import descendants, pump
from tests.support.desktop import Desktop, wait_for
from tests.support.patience import PATIENCE_S
from tests.support.servers import free_port, prometheus
from tests.support.settings_files import write

pytestmark = pytest.mark.needs("Xvfb", "xdotool")

DEMO = '[source]\nkind = "demo"\n[appearance]\ntheme = "dark"\n'


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    paths = find_paths({"CCMON_TRAY_HOME": str(tmp_path / "home")})
    write(paths, DEMO)
    return paths


Open = Callable[..., Dashboard]


@pytest.fixture
def dashboard(desktop: Desktop, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens the program's window at its settings, without a main loop: tests handle its events."""
    desktop.enter(monkeypatch)
    made: list[Dashboard] = []

    def make(**words: Any) -> Dashboard:
        dashboard = Dashboard(paths, "settings", **words)
        made.append(dashboard)
        dashboard.root.report_callback_exception = _fail
        dashboard.root.geometry("1180x800+0+0")
        dashboard.root.deiconify()
        dashboard.root.update()
        dashboard._begin()
        pump(dashboard.root, lambda: dashboard.window.page.current, "the settings")
        return dashboard

    yield make
    for each in made:
        if each._channel is not None:
            each._channel.close()
        each.window.close()


def _fail(_kind: type[BaseException], error: BaseException, _trace: object) -> None:
    raise error


def view_of(dashboard: Dashboard) -> SettingsView:
    view = dashboard.window.page.view
    assert isinstance(view, SettingsView)
    return view


def entry(dashboard: Dashboard, dotted: str) -> EntryRow:
    row = view_of(dashboard).rows[dotted]
    assert isinstance(row, EntryRow)
    return row


def said(row: FormRow) -> str:
    """What stands below the field."""
    return str(row.note.cget("text")) if row.note is not None and row.note.winfo_manager() else ""


def type_into(desktop: Desktop, dashboard: Dashboard, row: EntryRow, text: str, *then: str) -> None:
    """Replace what is in a field by keys, as a person does."""
    row.field.focus_force()
    dashboard.root.update()
    row.field.selection_range(0, "end")
    desktop._xdotool("type", "--delay", "1", text)
    if then:
        desktop.press(*then)
    pump(dashboard.root, lambda: then or row.text == text, "what was typed")


def choose(dashboard: Dashboard, dotted: str, words: str) -> None:
    """Choose from the menu of a setting."""
    row = view_of(dashboard).rows[dotted]
    assert isinstance(row, MenuRow)
    row.open_menu().invoke(words)


def saved(paths: Paths, section: str, name: str) -> object:
    return getattr(getattr(load(paths, {}).settings, section), name)


def test_a_mistake_is_said_while_typing_and_the_right_value_is_saved(
    desktop: Desktop, dashboard: Open, paths: Paths
) -> None:
    window = dashboard()
    row = entry(window, "poll.interval_s")
    before = paths.settings_file.read_bytes()

    type_into(desktop, window, row, "3", "Return")
    pump(window.root, lambda: "✗" in said(row), "the mistake")
    assert said(row) == "✗ Needs a whole number from 5 up to 300"
    assert row.field.instate(["invalid"])
    assert paths.settings_file.read_bytes() == before

    type_into(desktop, window, row, "45")
    assert said(row) == "Return saves it, Esc takes it back"
    assert not row.field.instate(["invalid"])
    desktop.press("Return")
    pump(window.root, lambda: not row.dirty, "the saved value")
    assert saved(paths, "poll", "interval_s") == 45
    pump(window.root, lambda: window.window.services.settings.poll.interval_s == 45, "the window follows")
    assert entry(window, "poll.interval_s") is row  # nothing was made anew under the person's hands


def test_escape_takes_back_and_another_field_saves(desktop: Desktop, dashboard: Open, paths: Paths) -> None:
    window = dashboard()
    zone, url = entry(window, "time.zone"), entry(window, "prometheus.url")

    type_into(desktop, window, zone, "Asia/Tokyo", "Escape")
    pump(window.root, lambda: zone.text == "system", "the old value")
    assert window.root.winfo_exists()

    type_into(desktop, window, zone, "Asia/Tokyo", "Tab")
    pump(window.root, lambda: window.window.services.calendar.zone_name == "Asia/Tokyo", "the other zone")
    assert saved(paths, "time", "zone") == "Asia/Tokyo"

    type_into(desktop, window, url, "http://other:9090")
    window.window.open_view("summary")
    wait_for(lambda: saved(paths, "prometheus", "url") == "http://other:9090", "what was typed, saved")
    pump(
        window.root,
        lambda: window.window.services.settings.prometheus.url == "http://other:9090",
        "the window follows",
    )
    assert window.window.view_name is ViewName.SUMMARY


def test_the_theme_counts_at_once_and_nothing_typed_is_lost(
    desktop: Desktop, dashboard: Open, paths: Paths
) -> None:
    window = dashboard()
    assert window.window.design.palette == DARK
    type_into(desktop, window, entry(window, "prometheus.url"), "http://half")
    theme = view_of(window).rows["appearance.theme"]
    assert isinstance(theme, SegmentsRow)
    entry(window, "prometheus.url").field.unbind("<FocusOut>")  # a person is not done yet
    theme.field.focus_force()
    window.root.update()

    desktop.press("Left")

    pump(window.root, lambda: window.window.design.palette == LIGHT, "the light window")
    pump(window.root, lambda: window.window.page.current, "the settings again")
    assert saved(paths, "appearance", "theme") == "light"
    assert entry(window, "prometheus.url").text == "http://half"
    assert window.root.focus_get() is view_of(window).rows["appearance.theme"].field


def test_the_text_size_counts_at_once(dashboard: Open, paths: Paths) -> None:
    window = dashboard()
    before = window.window.design.px(100)

    choose(window, "appearance.text_size", "120 %")

    pump(window.root, lambda: window.window.design.px(100) == round(before * 1.2), "larger text")
    assert saved(paths, "appearance", "text_size") == 120
    pump(window.root, lambda: window.window.page.current, "the settings again")
    assert str(view_of(window).rows["appearance.text_size"].field.cget("text")).startswith("120 %")


def test_the_last_of_quick_choices_counts(desktop: Desktop, dashboard: Open, paths: Paths) -> None:
    window = dashboard()
    icon = view_of(window).rows["tray.icon_text"]
    assert isinstance(icon, SegmentsRow)
    icon.field.focus_force()
    window.root.update()

    desktop.press("Right", "Right", "Left", "Left", "Right")

    pump(window.root, lambda: icon.value.text == "today", "the last choice")
    pump(window.root, lambda: window.window.services.settings.tray.icon_text == "today", "the window follows")
    assert saved(paths, "tray", "icon_text") == "today"
    assert icon.field.chosen == "today"


def test_what_cannot_be_saved_is_said_and_shown_as_it_is(dashboard: Open, paths: Paths) -> None:
    window = dashboard()
    paths.settings_file.unlink()
    paths.settings_file.mkdir()  # no file can take its place
    icon, interval = view_of(window).rows["tray.icon_text"], entry(window, "poll.interval_s")
    assert isinstance(icon, SegmentsRow)

    icon.field.focus_force()
    icon.field.event_generate("<Right>")
    interval.type("44")
    interval.commit()

    pump(window.root, lambda: "could not be saved" in said(icon), "the words")
    pump(window.root, lambda: "could not be saved" in said(interval), "the words")
    assert icon.field.chosen == "none"
    assert interval.text == "44"
    assert interval.dirty


def test_what_the_environment_sets_cannot_be_changed(
    dashboard: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCMON_TRAY_POLL__INTERVAL_S", "77")
    monkeypatch.setenv("CCMON_TRAY_TRAY__ICON_TEXT", "last hour")
    window = dashboard()
    interval, icon = entry(window, "poll.interval_s"), view_of(window).rows["tray.icon_text"]

    assert interval.field.instate(["disabled"])
    assert interval.text == "77"
    assert said(interval) == "CCMON_TRAY_POLL__INTERVAL_S sets it"
    assert not icon.field.winfo_manager()
    shown = [str(each.cget("text")) for each in descendants(icon) if isinstance(each, tk.Label)]
    assert "Last hour" in shown


def test_mistakes_in_the_file_are_said_above(dashboard: Open, paths: Paths) -> None:
    write(paths, DEMO + "[poll]\ninterval_s = 1\n")
    window = dashboard()
    banner = view_of(window).banner

    words = " ".join(str(each.cget("text")) for each in descendants(banner) if isinstance(each, tk.Label))
    assert banner.winfo_ismapped()
    assert "The settings file has mistakes" in words
    assert "interval_s = 1" in words

    write(paths, DEMO)
    window.window.reload()
    pump(window.root, lambda: not banner.winfo_ismapped(), "the banner gone")


def test_settings_that_do_not_go_together_are_said_above(dashboard: Open, paths: Paths) -> None:
    write(paths, '[source]\nkind = "prometheus"\n[prometheus]\npassword_file = "/nowhere"\n')
    window = dashboard()

    labels = [each for each in descendants(view_of(window).banner) if isinstance(each, tk.Label)]
    assert any("password for Prometheus is set without a user" in str(each.cget("text")) for each in labels)


@contextmanager
def tried(window: Dashboard, url: str) -> Iterator[str]:
    row = entry(window, "prometheus.url")
    row.type(url)
    view_of(window).test.invoke()
    assert said(row) == "Trying…"
    pump(window.root, lambda: said(row) != "Trying…", "the end of the try")
    yield said(row)


def test_a_source_that_cannot_be_reached_is_said_with_its_cure(dashboard: Open, paths: Paths) -> None:
    window = dashboard()

    with tried(window, f"http://127.0.0.1:{free_port()}") as words:
        assert words.startswith("✗ Nothing answers at 127.0.0.1:")
        assert "Start Prometheus there" in words
    assert view_of(window).test.instate(["!disabled"])


@pytest.mark.needs("prometheus")
def test_a_source_that_answers_is_said_with_its_version(
    dashboard: Open, paths: Paths, tmp_path: Path
) -> None:
    window = dashboard()

    with prometheus(tmp_path / "data") as server, tried(window, server.url) as words:
        assert "Claude Code metrics" in words  # it holds none, and that is said
    assert saved(paths, "prometheus", "url") == "http://localhost:9090"  # trying is not saving


def test_a_try_ends_with_the_view(dashboard: Open, paths: Paths) -> None:
    write(paths, DEMO.replace("demo", "prometheus"))
    window = dashboard()
    view = view_of(window)
    entry(window, "prometheus.url").type("http://192.0.2.1:9")  # an address that nobody answers at
    view.test.invoke()
    assert view._test is not None

    window.window.open_view("summary")

    assert view._test is None


def test_the_real_tray_follows(dashboard: Open, paths: Paths, tmp_path: Path) -> None:
    tray = subprocess.Popen(
        [*COMMAND, "run", "--headless"],
        cwd=ROOT,
        env=environment(paths.config.parent),
        stderr=subprocess.DEVNULL,
    )

    def range_read() -> str:
        figures = Snapshot.model_validate_json(paths.snapshot_file.read_bytes()).figures
        return figures.range.info.name if figures else ""

    try:
        wait_for(paths.snapshot_file.exists, "the tray")
        assert range_read() == "today"
        window = dashboard()
        choose(window, "tray.range", "Last 7 days")
        pump(window.root, lambda: range_read() == "7d", "the tray's other range")
    finally:
        tray.terminate()
        tray.wait(PATIENCE_S)


def test_what_is_set_or_wrong_is_not_folded(dashboard: Open, paths: Paths) -> None:
    write(paths, DEMO + '[prometheus]\nusername = "me"\ntoken = "s3cret"\ntimeout_s = -1\n')
    view = view_of(dashboard())
    assert view.folds["Authentication"].opened
    assert view.folds["Authentication"].switch.words == "2 set"
    assert view.folds["Connection"].opened  # the file's mistake is here
    assert view.folds["Connection"].switch.words == "As usual"
