"""The quick-stats window on a real display: every state, both scales, its keys and its life."""

import os
import re
import subprocess
import sys
import threading
import time
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ccmon_tray.dashboard import quick_stats
from ccmon_tray.dashboard.quick_stats import QuickStatsWindow, place
from ccmon_tray.dashboard.quick_stats_content import clipboard_text
from ccmon_tray.dashboard.theme import DARK, LIGHT, Fonts
from ccmon_tray.desktop.appearance import SystemAppearance
from ccmon_tray.desktop.channel import Message
from ccmon_tray.settings import Theme
from ccmon_tray.sources.snapshot_file import SnapshotFile
from ccmon_tray.usage.snapshot import Snapshot
from tests.support.desktop import Box, Desktop, wait_for
from tests.support.patience import PATIENCE_S
from tests.support.snapshots import NOW, every_state, fresh

pytestmark = pytest.mark.needs("Xvfb", "xdotool")

MakeWindow = Callable[..., QuickStatsWindow]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "snapshot.json"


@pytest.fixture
def make_window(desktop: Desktop, file: Path) -> Iterator[MakeWindow]:
    roots: list[tk.Tk] = []

    def make(snapshot: Snapshot | None = None, **options: object) -> QuickStatsWindow:
        if snapshot is not None:
            _write(file, snapshot)
        roots.append(_new_root(desktop))
        settings = {"clock": lambda: float(NOW)} | options
        window = QuickStatsWindow(roots[-1], SnapshotFile(file), **settings)  # type: ignore[arg-type]
        roots[-1].update()
        return window

    yield make
    for root in roots:
        if _alive(root):
            root.destroy()


def _new_root(desktop: Desktop) -> tk.Tk:
    return tk.Tk(screenName=desktop.env["DISPLAY"], className="ccmon-tray")


def _alive(root: tk.Tk) -> bool:
    try:
        return bool(root.winfo_exists())
    except tk.TclError:
        return False


def _write(file: Path, snapshot: Snapshot) -> None:
    fresh_file = file.with_suffix(".new")
    fresh_file.write_text(snapshot.model_dump_json(by_alias=True), encoding="utf-8")
    fresh_file.replace(file)


def _words(window: QuickStatsWindow) -> list[str]:
    return [slot.text for slot in window.painter.slots]


@pytest.mark.parametrize("family", ["Inter", "DejaVu Sans"])
@pytest.mark.parametrize("scale", [1.0, 1.25, 2.0])
@pytest.mark.parametrize("theme", [Theme.DARK, Theme.LIGHT])
def test_every_state_fits(
    make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch, scale: float, theme: Theme, family: str
) -> None:
    monkeypatch.setattr(Fonts, "_find_family", lambda _self, *, strong: (family, strong))
    states: dict[str, Snapshot | None] = {"starting": None, **every_state()}
    for name, snapshot in states.items():
        window = make_window(snapshot, theme=theme, scale=scale)
        assert window.painter.slots, name
        for slot in window.painter.slots:
            assert slot.width <= slot.room, f"{name}: {slot} is clipped"
            assert not slot.text.endswith("…") or slot.text.startswith("a-project"), f"{name}: {slot} is cut"
        left, top, right, bottom = window.canvas.bbox("all")
        assert left >= 0, name
        assert top >= 0, name
        assert right <= window.view.width == window.root.winfo_width(), name
        assert bottom <= int(window.canvas.cget("scrollregion").split()[3]), name
        window.close()


def test_figures_end_in_one_column(make_window: MakeWindow) -> None:
    canvas = make_window(fresh()).canvas
    rows: dict[int, list[tuple[int, str]]] = {}
    for item in canvas.find_all():
        if canvas.tk.call(canvas, "type", item) == "text":
            _, top, right, _ = canvas.bbox(item)
            rows.setdefault(top, []).append((right, canvas.tk.call(canvas, "itemcget", item, "-text")))
    # Figures are drawn digit by digit where digits differ in width; the week, the month, the hour, the models
    # and the sessions have one. Today's, at the left, is large and in one piece.
    figures = [max(row) for row in rows.values() if {"$", "."} <= {text for _, text in row}]
    figures += [max(row) for row in rows.values() if re.fullmatch(r"\$[\d,]+\.\d\d", max(row)[1])]
    ends = [right for right, _ in figures if right > canvas.winfo_width() // 2]
    assert len(ends) == 3 + 4 + 4
    assert max(ends) - min(ends) <= 1  # a narrow digit ends a pixel before its cell does


def test_follows_the_file(make_window: MakeWindow, file: Path) -> None:
    window = make_window()
    assert "Waiting for the first reading" in _words(window)
    whole = fresh()
    _write(file, whole)
    _wait_in_loop(window, "$12.34")
    assert whole.figures is not None
    today = whole.figures.today.model_copy(update={"cost_usd": 99.5})
    _write(file, whole.model_copy(update={"figures": whole.figures.model_copy(update={"today": today})}))
    _wait_in_loop(window, "$99.50")
    file.write_text("{}")
    _wait_in_loop(window, "The tray’s last reading cannot be understood")


def _wait_in_loop(window: QuickStatsWindow, word: str) -> None:
    def look() -> bool:
        window.root.update()
        return word in _words(window)

    wait_for(look, word)


def test_ages_count_on_without_a_new_file(make_window: MakeWindow) -> None:
    passed_s = 0.0
    window = make_window(fresh(), clock=lambda: NOW + passed_s)
    assert "updated 12 s ago" in _words(window)
    passed_s = 30.0
    _wait_in_loop(window, "updated 42 s ago")
    passed_s = 3600.0
    _wait_in_loop(window, "The tray has stopped reading")


def test_unchanged_content_is_not_drawn_again(make_window: MakeWindow) -> None:
    window = make_window(fresh())
    drawn = window.canvas.find_all()
    window.refresh()
    assert window.canvas.find_all() == drawn


@pytest.mark.parametrize("keys", [("Escape",), ("ctrl+w",)])
def test_keys_close_it(desktop: Desktop, make_window: MakeWindow, keys: tuple[str, ...]) -> None:
    window = make_window(fresh(), popup=True, at=(800, 600))
    window.root.focus_force()
    window.root.update()
    desktop.press(*keys)
    wait_for(lambda: not _alive_after_update(window.root), "closed")


def _focused(desktop: Desktop) -> str:
    return desktop._xdotool("getwindowfocus", "-f")


def _alive_after_update(root: tk.Tk) -> bool:
    try:
        root.update()
    except tk.TclError:
        return False
    return _alive(root)


def test_copies_the_summary(
    desktop: Desktop, make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    monkeypatch.setattr(quick_stats, "copy_text", copied.append)
    window = make_window(fresh())
    window.root.focus_force()
    window.root.update()
    desktop.press("ctrl+c")
    _wait_in_loop(window, "Copied")
    assert copied == [clipboard_text(fresh(), now=NOW)]
    assert "Today: $12.34, 5.6M tokens" in copied[0]


def test_popup_closes_when_another_window_gets_the_focus(desktop: Desktop, file: Path) -> None:
    _write(file, fresh())
    before = _focused(desktop)
    process = _start(desktop, file, "--popup", "--at", "800,600")
    try:
        wait_for(lambda: _shown(desktop), "the popup")
        # It takes the focus once it is shown: before that there is nothing to lose.
        wait_for(lambda: _focused(desktop) != before, "its focus")
        other = _new_root(desktop)
        try:
            other.update()
            other.focus_force()
            other.update()
            assert process.wait(PATIENCE_S) == 0
        finally:
            other.destroy()
    finally:
        process.kill()
        process.wait()


def _start(desktop: Desktop, file: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ccmon_tray.dashboard.quick_stats", "--snapshot", str(file)]
    return subprocess.Popen([*command, *options], env=desktop.env)


def _shown(desktop: Desktop) -> Box | None:
    """Where the window is: the only one that is as wide as it and higher than wide."""
    boxes = desktop.windows().values()
    return next((box for box in boxes if 380 <= box[2] - box[0] <= 480 and box[3] - box[1] > 500), None)


def test_a_window_with_a_frame_stays_without_focus(desktop: Desktop, make_window: MakeWindow) -> None:
    window = make_window(fresh())
    window.root.focus_force()
    window.root.update()
    other = _new_root(desktop)
    try:
        other.update()
        other.focus_force()
        wait_for(lambda: _alive_after_update(other) and other.focus_get() is not None, "focus elsewhere")
        deadline = time.monotonic() + 0.6
        while time.monotonic() < deadline:
            window.root.update()
        assert _alive(window.root)
    finally:
        other.destroy()


def test_the_system_theme_follows_the_desktop_even_late(make_window: MakeWindow) -> None:
    answer = threading.Event()
    late = SystemAppearance(lambda: not answer.wait(PATIENCE_S))
    window = make_window(fresh(), theme="system", appearance=late)
    assert window.painter.palette is DARK
    answer.set()

    def is_light() -> bool:
        window.root.update()
        return bool(window.canvas.cget("background") == LIGHT.background)

    wait_for(is_light, "the light theme")
    assert window.painter.palette is LIGHT


def test_without_a_menu_it_offers_the_window_settings_and_quit(
    desktop: Desktop, make_window: MakeWindow
) -> None:
    asked: list[Message] = []
    window = make_window(fresh(), popup=True, at=(800, 600), ask_tray=asked.append)
    assert {"Open dashboard", "Settings…", "Quit ccmon-tray"} <= set(_words(window))
    root, canvas = window.root, window.canvas
    root.focus_force()
    root.update()
    for keys in ("Tab", "Tab", "Tab", "Return", "shift+Tab", "Return"):
        desktop.press(keys)
    wait_for(lambda: _alive_after_update(root) and len(asked) == 2, "what the keys ask for")
    assert asked == [Message.QUIT, Message.OPEN_SETTINGS]
    asked.clear()
    for index, message in enumerate((Message.OPEN_DASHBOARD, Message.OPEN_SETTINGS, Message.QUIT)):
        left, top, right, bottom = canvas.bbox(f"action-{index}")
        x, y = canvas.winfo_rootx() + (left + right) // 2, canvas.winfo_rooty() + (top + bottom) // 2
        desktop.click(x, y)
        wait_for(lambda: _alive_after_update(root) and message in asked, message)  # noqa: B023


def test_with_a_menu_it_offers_nothing(make_window: MakeWindow) -> None:
    assert "Quit ccmon-tray" not in _words(make_window(fresh()))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ((500, 10), (300, 26)),  # under a bar at the top
        ((500, 790), (300, 174)),  # over a bar at the bottom
        ((0, 0), (8, 16)),
        ((999, 799), (592, 183)),
    ],
)
def test_place(at: tuple[int, int], expected: tuple[int, int]) -> None:
    assert place((400, 600), (1000, 800), at, 8) == expected


def test_place_on_a_screen_too_small_begins_at_its_corner() -> None:
    assert place((400, 900), (300, 800), (150, 790), 8) == (8, 8)


def test_the_program_shows_itself_by_the_pointer(desktop: Desktop, file: Path) -> None:
    _write(file, fresh())
    process = _start(desktop, file, "--popup", "--at", "1590,1190")
    try:
        box = wait_for(lambda: _shown(desktop), "the window")
        assert box is not None
        assert box[2] == 1600 - 8
        assert box[3] == 1190 - 16
        desktop.press("Escape")
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.wait()


def test_no_display_is_said(file: Path) -> None:
    command = [sys.executable, "-m", "ccmon_tray.dashboard.quick_stats", "--snapshot", str(file)]
    environ = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "cannot be shown" in done.stderr
