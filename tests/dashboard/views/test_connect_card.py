"""Connecting Claude Code in the window: shown before it is written, written once, undone."""

import json
from pathlib import Path
from tkinter import ttk

import pytest

from ccmon_tray.dashboard.views.settings import SettingsView
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.sources.claude_files.connect import RESTART, UNTIL_END
from ccmon_tray.usage import wording
from ccmon_tray.usage.models import SourceInfo
from ccmon_tray.usage.states import SourceKind
from tests.support.dashboard import descendants, pump
from tests.support.fake_source import FakeSource
from tests.support.views import OpenView

pytestmark = pytest.mark.needs("Xvfb")

MINE = '{\n  "model": "opus", // mine\n  "env": {\n    "OTEL_METRICS_EXPORTER": "console"\n  }\n}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "claude"
    folder.mkdir()
    return folder


def settings_view(open_view: OpenView, folder: Path) -> tuple[DashboardWindow, SettingsView]:
    given: dict[str, dict[str, object]] = {
        "source": {"kind": "collector"},
        "claude": {"config_dir": str(folder)},
    }
    window = open_view("settings", settings=given)
    view = window.page.view
    assert isinstance(view, SettingsView)
    return window, view


def shown(view: SettingsView) -> list[str]:
    return [
        str(widget.cget("text"))
        for widget in descendants(view.claude.difference)
        if widget.winfo_class() == "Label"
    ]


def test_the_difference_is_shown_written_and_undone(open_view: OpenView, folder: Path) -> None:
    file = folder / "settings.json"
    file.write_text(MINE)
    window, view = settings_view(open_view, folder)
    card = view.claude
    assert card.words.cget("text") == "Not connected with the built-in collector"
    assert not card.write.winfo_ismapped()

    card.button.invoke()
    window.root.update()
    assert '"CLAUDE_CODE_ENABLE_TELEMETRY": "1",' in shown(view)
    assert shown(view).count("+") == 7
    assert shown(view).count("−") == 1
    assert f"{RESTART}." in shown(view)
    assert file.read_text() == MINE

    card.cancel.invoke()
    window.root.update()
    assert not card.write.winfo_ismapped()
    assert file.read_text() == MINE

    card.button.invoke()
    card.write.invoke()
    pump(window.root, lambda: "Connected" in card.words.cget("text"), "the file")
    assert '"CLAUDE_CODE_ENABLE_TELEMETRY": "1"' in file.read_text()
    assert not card.button.winfo_ismapped()

    card.undo.invoke()
    assert f"{UNTIL_END}." in shown(view)
    card.write.invoke()
    pump(window.root, lambda: "Not connected" in card.words.cget("text"), "the file as it was")
    assert file.read_text() == MINE


def test_a_file_that_cannot_be_changed_is_said(open_view: OpenView, folder: Path) -> None:
    (folder / "settings.json").write_text("{")
    _, view = settings_view(open_view, folder)
    assert "cannot be changed" in view.claude.words.cget("text")
    assert "not JSON" in view.claude.hint.cget("text")
    assert not view.claude.button.winfo_ismapped()


def test_what_somebody_changes_meanwhile_is_not_overwritten(open_view: OpenView, folder: Path) -> None:
    file = folder / "settings.json"
    window, view = settings_view(open_view, folder)
    view.claude.button.invoke()
    file.write_text(json.dumps({"model": "haiku"}))
    view.claude.write.invoke()
    pump(window.root, lambda: "has changed" in view.claude.hint.cget("text"), "the reason")
    assert json.loads(file.read_text()) == {"model": "haiku"}


def test_the_demo_leaves_the_settings_alone(open_view: OpenView) -> None:
    window = open_view("settings")
    view = window.page.view
    assert isinstance(view, SettingsView)
    assert "demo" in view.claude.words.cget("text")
    assert not view.claude.button.winfo_ismapped()


def test_without_any_data_the_first_step_is_to_connect(open_view: OpenView, folder: Path) -> None:
    nothing = FakeSource(metrics=(), info=SourceInfo(kind=SourceKind.COLLECTOR))
    window = open_view("summary", source=nothing, settings={"claude": {"config_dir": str(folder)}})
    pump(window.root, lambda: window.page.covered, "the panel")
    panel = list(descendants(window.page._panel))
    words = [str(widget.cget("text")) for widget in panel if widget.winfo_class() == "Label"]
    assert wording.ONBOARDING[0] in words
    first = next(widget for widget in panel if isinstance(widget, ttk.Button))
    assert first.cget("text") == "Connect Claude Code"
    first.invoke()
    window.root.update()
    assert window.view_name == "settings"
