"""The first frame of a start: real figures before anything that takes long is imported."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ccmon_tray.dashboard import first_frame
from ccmon_tray.dashboard.main import Dashboard
from ccmon_tray.dashboard.remembered import Remembered, recall
from ccmon_tray.dashboard.screens import Box
from ccmon_tray.dashboard.start import make_root
from ccmon_tray.dashboard.widgets.stat_card import StatCard
from ccmon_tray.files import write_atomic
from ccmon_tray.paths import Paths, find_paths
from tests.support.command_line import ROOT
from tests.support.dashboard import descendants, pump
from tests.support.desktop import Desktop
from tests.support.settings_files import write
from tests.support.snapshots import NOW, fresh

SEEN = Remembered(
    place=Box(0, 0, 1180, 800),
    dark=True,
    cards=tuple(Box(232 + 312 * number, 77, 300, 99) for number in range(3)),
    cards_in=(1180, 800),
    scale=1.0,
)


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    for name in [name for name in os.environ if name.startswith("CCMON_TRAY_")]:
        monkeypatch.delenv(name)
    return find_paths({"CCMON_TRAY_HOME": str(tmp_path)})


def leave(paths: Paths, **changes: Any) -> None:
    told = json.loads(fresh().model_dump_json(by_alias=True))
    write_atomic(paths.snapshot_file, json.dumps({**told, **changes}).encode())


def test_it_says_what_the_tray_left(paths: Paths) -> None:
    leave(paths)
    assert first_frame.left_figures(paths, "today", NOW + 60) == ("$12.34", "2h 14m", "5.6M")


def test_it_says_nothing_that_may_be_wrong(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    assert first_frame.left_figures(paths, "today", NOW) is None  # there is no snapshot
    leave(paths)
    assert first_frame.left_figures(paths, "7d", NOW) is None
    assert first_frame.left_figures(paths, "today", NOW + first_frame.YOUNG_S + 1) is None
    assert first_frame.left_figures(paths, "today", NOW - 60) is None  # the clock was set back
    monkeypatch.setenv("CCMON_TRAY_SOURCE__KIND", "collector")
    assert first_frame.left_figures(paths, "today", NOW) is None
    monkeypatch.setenv("CCMON_TRAY_SOURCE__KIND", "auto")
    monkeypatch.setenv("CCMON_TRAY_PROMETHEUS__URL", "http://another:9090")
    assert first_frame.left_figures(paths, "today", NOW) is None
    monkeypatch.setenv("CCMON_TRAY_PROMETHEUS__URL", "http://localhost:9090/")
    assert first_frame.left_figures(paths, "today", NOW) is not None
    write(paths, '[source]\nkind = "transcripts"\n')  # since the snapshot
    assert first_frame.left_figures(paths, "today", NOW) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"figures": None},
        {"figures": {"range": 3}},
        {"taken_at": "yesterday"},
        {"source": {"kind": "demo", "url": None, "version": None}},
    ],
)
def test_what_cannot_be_read_is_left_to_the_window(paths: Paths, changes: dict[str, Any]) -> None:
    leave(paths, **changes)
    assert first_frame.left_figures(paths, "today", NOW) is None
    write_atomic(paths.snapshot_file, b'{"figures": [')
    assert first_frame.left_figures(paths, "today", NOW) is None


def test_unknown_figures_are_dashes(paths: Paths) -> None:
    told = json.loads(fresh().model_dump_json(by_alias=True))
    told["figures"]["range"]["totals"] |= {"cost_usd": None, "tokens": None, "active_time_seconds": None}
    leave(paths, figures=told["figures"])
    assert first_frame.left_figures(paths, "today", NOW) == ("–", "–", "–")


@pytest.mark.parametrize(
    ("view", "remembered", "expected"),
    [
        (None, SEEN, True),
        ("summary", SEEN, True),
        ("tokens", SEEN, False),
        (None, replace(SEEN, maximised=True), False),
        (None, replace(SEEN, cards=()), False),
        (None, replace(SEEN, dark=None), False),
        (None, replace(SEEN, place=Box(0, 0, 1000, 800)), False),
        (None, Remembered(), False),
    ],
)
def test_it_is_laid_only_where_the_cards_were_seen(
    view: str | None, remembered: Remembered, expected: bool
) -> None:
    assert first_frame.can_be_laid(view, remembered) is expected


def test_it_needs_nothing_that_takes_long_to_import() -> None:
    code = (
        "import json, sys, ccmon_tray.cli.dashboard, ccmon_tray.dashboard.start; "
        "print(json.dumps([m for m in ('pydantic', 'matplotlib', 'numpy', 'httpx') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


@pytest.mark.needs("Xvfb", "xdotool")
@pytest.mark.parametrize("size", [(1180, 800), (900, 640)])
def test_its_cards_stand_where_the_window_s_do(
    desktop: Desktop, paths: Paths, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    desktop.enter(monkeypatch)
    write(paths, '[prometheus]\nurl = "http://127.0.0.1:9"\n[appearance]\ntheme = "dark"\n')
    seen = Dashboard(paths, "summary", "today")
    seen.root.geometry(f"{size[0]}x{size[1]}+0+0")
    seen.root.deiconify()
    pump(seen.root, lambda: seen.root.winfo_width() == size[0], "the size")
    pump(seen.root, lambda: first_frame.can_be_laid(None, recall(paths.window_file)), "what is remembered")
    seen.window.close()
    remembered = recall(paths.window_file)

    root = make_root()
    cover = first_frame.lay_figures(root, remembered, ("$12.34", "2h 14m", "5.6M"))
    app = Dashboard(paths, "summary", "today", root=root, cover=cover)
    root.deiconify()
    root.update()
    cards = [each for each in descendants(cover) if isinstance(each, StatCard)]

    assert [card.figure for card in cards] == ["$12.34", "2h 14m", "5.6M"]
    assert all(card.winfo_viewable() for card in cards)
    assert root.winfo_containing(root.winfo_rootx() + 300, root.winfo_rooty() + 100) in cards
    laid = tuple(Box(c.winfo_x(), c.winfo_y(), c.winfo_width(), c.winfo_height()) for c in cards)
    assert laid == app.window.main_cards() == remembered.cards
    app.window.close()


@pytest.mark.needs("Xvfb", "xdotool")
def test_where_the_cards_are_is_seen_when_another_view_takes_their_place(
    desktop: Desktop, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop.enter(monkeypatch)
    write(paths, '[prometheus]\nurl = "http://127.0.0.1:9"\n[appearance]\ntheme = "dark"\n')
    app = Dashboard(paths, "summary", "today")
    app.root.deiconify()
    pump(app.root, lambda: first_frame.can_be_laid("summary", recall(paths.window_file)), "the first size")
    app.root.geometry("1000x700")
    pump(app.root, lambda: app.root.winfo_width() == 1000, "the other size")
    app.window.open_view("settings")
    pump(app.root, lambda: recall(paths.window_file).cards_in == (1000, 700), "what is remembered")
    app.window.close()
    assert first_frame.can_be_laid("summary", recall(paths.window_file))


@pytest.mark.needs("Xvfb", "xdotool")
def test_it_goes_when_the_window_is_drawn(
    desktop: Desktop, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop.enter(monkeypatch)
    write(paths, '[source]\nkind = "demo"\n[appearance]\ntheme = "dark"\n')
    root = make_root()
    cover = first_frame.lay_figures(root, SEEN, ("$1.00", "1m", "1"))
    app = Dashboard(paths, "summary", "today", root=root, cover=cover)
    drawn = []

    def look() -> None:
        if cover.winfo_exists():
            root.after(10, look)
        else:
            drawn.append(app.window.page.view.name)
            app.window.close()

    root.after(10, look)
    assert app.run() == 0
    assert drawn == ["summary"]
