import json
import tkinter as tk
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.dashboard.ranges import ChosenRange
from ccmon_tray.dashboard.remembered import Keeper, Remembered, fitted, recall
from ccmon_tray.dashboard.screens import Box, screens
from ccmon_tray.view_names import ViewName
from tests.support.desktop import Desktop, wait_for

ONE = Box(0, 0, 1920, 1080)
RIGHT = Box(1920, 0, 2560, 1440)
ABOVE = Box(0, -1080, 1920, 1080)

boxes = st.builds(
    Box, st.integers(-5000, 5000), st.integers(-5000, 5000), st.integers(200, 4000), st.integers(200, 3000)
)


@pytest.mark.parametrize(
    "place", [Box(100, 50, 1180, 800), Box(-200, 300, 900, 700), Box(1500, 0, 1000, 900)]
)
def test_a_place_that_can_be_seen_stays(place: Box) -> None:
    assert fitted(place, [ONE, RIGHT]) == place
    above = replace(place, y=place.y - 1080)
    assert fitted(above, [ONE, ABOVE, replace(RIGHT, y=-1080)]) == above


def test_a_window_of_a_monitor_that_went_away_comes_to_the_nearest_one() -> None:
    assert fitted(Box(2600, 400, 1180, 800), [ONE]) == Box(732, 240, 1180, 800)
    assert fitted(Box(100, -900, 1180, 800), [ONE, RIGHT]) == Box(100, 0, 1180, 800)
    assert fitted(Box(9000, 100, 1180, 800), [ONE, RIGHT]) == Box(3292, 100, 1180, 800)


def test_a_window_larger_than_the_screens_shrinks() -> None:
    assert fitted(Box(0, 0, 3000, 1400), [ONE]) == Box(0, 0, 1912, 1040)


def test_a_window_whose_upper_edge_cannot_be_reached_is_moved() -> None:
    assert fitted(Box(200, -300, 1180, 800), [ONE]) == Box(200, 0, 1180, 800)


def test_nothing_is_known_about_the_screens() -> None:
    place = Box(5000, 5000, 900, 700)
    assert fitted(place, []) == place


@given(boxes, st.lists(boxes, min_size=1, max_size=4))
def test_half_a_window_at_least_is_on_screens(place: Box, there: list[Box]) -> None:
    found = fitted(place, there)
    assert sum(found.shared(screen) for screen in there) >= 0.5 * found.area
    assert fitted(found, there) == found


WHOLE = Remembered(
    ViewName.SESSIONS, ChosenRange("custom", 1_000, 2_000), Box(-20, 30, 900, 700), True, {"a": "b"}, False
)


def written(tmp_path: Path, told: object) -> Remembered:
    file = tmp_path / "dashboard.json"
    file.write_text(json.dumps(told))
    return recall(file)


def test_damage_is_no_reason_to_say_anything(tmp_path: Path) -> None:
    file = tmp_path / "dashboard.json"
    assert recall(file) == Remembered()
    for content in (b"", b"{", b"\xff\0", b"[1]", b"null", b"[" * 100_000, b'{"view": 3, "place": []}'):
        file.write_bytes(content)
        assert recall(file) == Remembered()
    file.unlink()
    file.mkdir()
    assert recall(file) == Remembered()


def test_what_makes_sense_is_kept_beside_what_does_not(tmp_path: Path) -> None:
    told = {
        "view": "no-such-view",
        "range": {"name": "this week"},
        "place": {"x": 1, "y": 2, "width": -5, "height": 7},
        "maximised": "yes",
        "switches": {"summary.cost": "steps", "other": 3},
        "dark": "very",
        "later": True,
    }
    assert written(tmp_path, told) == Remembered(
        range=ChosenRange("this week"), switches={"summary.cost": "steps"}
    )


@pytest.mark.parametrize(
    "told",
    [
        {"name": "fortnight"},
        {"name": "custom"},
        {"name": "custom", "start": 5, "end": 5},
        {"name": "custom", "start": "yesterday", "end": 9},
        "7d",
    ],
)
def test_a_range_that_is_none_is_forgotten(tmp_path: Path, told: object) -> None:
    assert written(tmp_path, {"range": told, "view": "tokens"}) == Remembered(view=ViewName.TOKENS)


@pytest.fixture
def root(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> Iterator[tk.Tk]:
    desktop.enter(monkeypatch)
    root = tk.Tk()
    root.withdraw()
    yield root
    if not gone(root):
        root.destroy()


def gone(root: tk.Tk) -> bool:
    try:
        return not root.winfo_exists()
    except tk.TclError:
        return True


@pytest.mark.needs("Xvfb")
def test_a_window_comes_back_as_it_was(root: tk.Tk, tmp_path: Path) -> None:
    file = tmp_path / "state" / "dashboard.json"
    state = replace(WHOLE, place=None, maximised=False)
    keeper = Keeper(root, file, Remembered(), lambda: state, usual=(640, 480))
    root.deiconify()
    root.update()
    assert (root.winfo_width(), root.winfo_height()) == (640, 480)

    root.geometry("800x610+150+90")

    def seen() -> bool:
        root.update()
        return recall(file).place == Box(150, 90, 800, 610)

    wait_for(seen, "the place in the file")
    assert recall(file) == replace(state, place=Box(150, 90, 800, 610))

    state = replace(state, view=ViewName.TOKENS)
    keeper.note()
    root.destroy()  # before it is written
    assert recall(file).view is ViewName.TOKENS


@pytest.mark.needs("Xvfb")
def test_a_window_opens_where_it_was_or_where_there_is_a_screen(root: tk.Tk, tmp_path: Path) -> None:
    remembered = replace(WHOLE, place=Box(2000, 100, 700, 500), maximised=False)
    Keeper(root, tmp_path / "f", remembered, lambda: remembered, usual=(640, 480))
    root.deiconify()
    root.update()

    # The tests' display is 1600 pixels wide.
    assert (root.winfo_rootx(), root.winfo_rooty()) == (892, 100)
    assert (root.winfo_width(), root.winfo_height()) == (700, 500)


@pytest.mark.needs("Xvfb")
def test_a_file_that_cannot_be_written_disturbs_nothing(
    root: tk.Tk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("a file")
    Keeper(root, tmp_path / "state" / "f", Remembered(), lambda: WHOLE, usual=(640, 480))
    root.destroy()
    assert "cannot be kept" in caplog.text


@pytest.mark.needs("Xvfb")
def test_the_screens_there_are(root: tk.Tk) -> None:
    assert screens(root) == (Box(0, 0, 1600, 1200),)
