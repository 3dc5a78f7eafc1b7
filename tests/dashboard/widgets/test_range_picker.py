import tkinter as tk
from datetime import datetime
from tkinter import ttk
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.ranges import PICKED, ChosenRange
from ccmon_tray.dashboard.widgets.range_picker import CustomRange, RangePicker
from ccmon_tray.usage.windows import Calendar
from tests.support.dashboard import descendants

pytestmark = pytest.mark.needs("Xvfb")

ZONE = ZoneInfo("Europe/Berlin")
CALENDAR = Calendar(ZONE, "Europe/Berlin")
NOW = datetime(2026, 11, 23, 15, 12, tzinfo=ZONE).timestamp()


class Picker:
    """A picker in a window, and what was chosen."""

    def __init__(self, root: tk.Tk, design: Design) -> None:
        self.chosen: list[ChosenRange] = []
        self.root = root
        self.picker = RangePicker(
            root, design, self.chosen.append, calendar=lambda: CALENDAR, now=lambda: NOW
        )
        self.picker.pack()
        self.picker.show(ChosenRange("7d"))
        root.update()

    def ask(self) -> CustomRange:
        self.picker.ask_custom()
        self.root.update()
        (dialog,) = [widget for widget in descendants(self.root) if isinstance(widget, CustomRange)]
        return dialog


@pytest.fixture
def shown(root: tk.Tk, design: Design) -> Picker:
    return Picker(root, design)


def test_a_click_on_each_range_chooses_it(shown: Picker) -> None:
    segments, x = shown.picker.segments, 0
    for (name, _), width in zip(PICKED, segments._widths, strict=False):
        segments.event_generate("<Button-1>", x=x + width // 2, y=10)
        x += width
        assert shown.chosen[-1] == ChosenRange(name)


def test_it_becomes_a_button_where_there_is_no_room(shown: Picker) -> None:
    picker = shown.picker
    picker.fit(picker.wanted_width - 1)
    shown.root.update()
    assert picker.button.winfo_ismapped()
    assert not picker.segments.winfo_ismapped()
    assert picker.button.cget("text").startswith("Last 7 days")
    assert picker.button.winfo_reqwidth() == picker.least_width < picker.wanted_width

    picker.fit(picker.wanted_width)
    shown.root.update()
    assert picker.segments.winfo_ismapped()
    assert not picker.button.winfo_ismapped()


def test_the_dialog_begins_with_the_range_that_is_shown(shown: Picker) -> None:
    dialog = shown.ask()

    assert dialog.start.get() == "2026-11-16 15:12"
    assert dialog.end.get() == "2026-11-23 15:12"
    assert "Europe/Berlin" in dialog.hint.cget("text")
    assert dialog.focus_lastfor() is dialog.entries[0]
    assert dialog.entries[0].selection_present()


def test_two_moments_are_chosen_by_return(shown: Picker) -> None:
    dialog = shown.ask()
    dialog.start.set("2026-11-01")
    dialog.end.set("2026-11-20 18:30")
    dialog.entries[1].focus_force()
    shown.root.update()
    dialog.entries[1].event_generate("<Return>")

    assert shown.chosen == [ChosenRange.custom("2026-11-01", "2026-11-20 18:30", CALENDAR)]
    assert not dialog.winfo_exists()


@pytest.mark.parametrize(
    ("start", "end", "wrong", "words"),
    [
        (
            "2026-11-3x",
            "2026-11-20",
            (True, False),
            "“2026-11-3x” is not a date and time. Write it as 2026-11",
        ),
        (
            "2026-11-03",
            "soon",
            (False, True),
            "“soon” is not a date and time. Write it as 2026-11-23 14:00, or",
        ),
        (
            "",
            "",
            (True, True),
            "A date and time is missing. Write it as 2026-11-23 14:00, or the date alone.",
        ),
        (
            "2026-11-20",
            "2026-11-03",
            (True, True),
            "The range is empty. Give a start that is before the end.",
        ),
        ("2026-11-20", "2026-11-20", (True, True), "The range is empty."),
    ],
)
def test_what_is_no_range_is_said_while_typing(
    shown: Picker, start: str, end: str, wrong: tuple[bool, bool], words: str
) -> None:
    dialog = shown.ask()
    plain = dialog.hint.cget("text")
    dialog.start.set(start)
    dialog.end.set(end)
    shown.root.update()

    assert tuple(entry.instate(["invalid"]) for entry in dialog.entries) == wrong
    assert dialog.apply.instate(["disabled"])
    said = dialog.hint.cget("text")
    assert said.startswith(words)
    assert said != plain
    assert dialog.hint.winfo_reqwidth() <= dialog.hint.winfo_width()
    dialog.event_generate("<Return>")
    dialog.apply.invoke()
    assert shown.chosen == []
    assert dialog.winfo_exists()

    dialog.start.set("2026-11-01")
    dialog.end.set("2026-11-02")
    assert not any(entry.instate(["invalid"]) for entry in dialog.entries)
    assert dialog.hint.cget("text") == plain
    dialog.apply.invoke()
    assert len(shown.chosen) == 1


def test_escape_leaves_everything_as_it_was(shown: Picker) -> None:
    closed: list[int] = []
    shown.root.bind("<Escape>", lambda _event: closed.append(1))
    dialog = shown.ask()
    dialog.entries[0].focus_force()
    shown.root.update()
    dialog.entries[0].event_generate("<Escape>")

    assert not dialog.winfo_exists()
    assert shown.chosen == []
    assert closed == []  # the window itself stays


def test_return_on_cancel_cancels(shown: Picker) -> None:
    dialog = shown.ask()
    buttons = (widget for widget in descendants(dialog) if isinstance(widget, ttk.Button))
    cancel = next(button for button in buttons if button.cget("text") == "Cancel")
    cancel.focus_force()
    shown.root.update()
    cancel.event_generate("<Return>")

    assert not dialog.winfo_exists()
    assert shown.chosen == []


def test_asked_twice_there_is_one_dialog(shown: Picker) -> None:
    dialog = shown.ask()
    dialog.start.set("2026-11-01")

    shown.picker.ask_custom()
    shown.root.update()

    dialogs = [widget for widget in descendants(shown.root) if isinstance(widget, CustomRange)]
    assert dialogs == [dialog]
    assert dialog.start.get() == "2026-11-01"
    dialog.destroy()
    assert shown.ask().start.get() == "2026-11-16 15:12"


def test_custom_in_the_segments_opens_the_dialog_and_marks_nothing(shown: Picker) -> None:
    segments = shown.picker.segments
    segments.event_generate("<Button-1>", x=segments.wanted_width - 10, y=10)
    shown.root.update()

    assert any(isinstance(widget, CustomRange) for widget in descendants(shown.root))
    assert segments.chosen == "7d"
    assert shown.chosen == []
