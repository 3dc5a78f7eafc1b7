"""The window's head: what gives way first, and controls of one height."""

import tkinter as tk
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.widgets.header import Header
from ccmon_tray.usage.windows import Calendar
from tests.support.dashboard import pump

pytestmark = pytest.mark.needs("Xvfb")


def header(root: tk.Tk, design: Design, width: int, title: str) -> Header:
    made = Header(
        root,
        design,
        choose_range=lambda _chosen: None,
        export=lambda _kind: None,
        exports=lambda: ("csv", "png"),
        refresh=lambda: None,
        calendar=lambda: Calendar(ZoneInfo("UTC"), "UTC"),
        now=lambda: 1_795_443_120.0,
    )
    made.pack(fill="x")
    made.show(title, "Mon 16 Nov 15:12", ranged=True, exportable=True, demo=True)
    root.geometry(f"{width}x200")
    pump(root, lambda: root.winfo_width() == width, "the width")
    root.update()
    return made


@pytest.mark.parametrize(
    ("width", "title", "expected"),
    [
        (1100, "Summary", (True, "Demo · generated figures")),
        (972, "Prometheus health", (True, "Demo")),  # words that say the same as one give way first
        (592, "Summary", (False, "Demo · generated figures")),
        (540, "Prometheus health", (False, "Demo")),
    ],
)
def test_what_gives_way_to_the_ranges(
    root: tk.Tk, design: Design, width: int, title: str, expected: tuple[bool, str]
) -> None:
    made = header(root, design, width, title)

    assert (bool(made.picker.segments.winfo_ismapped()), made._chip.words) == expected
    assert all(slot.width <= slot.room for slot in made._chip.painter.slots)


@pytest.mark.parametrize("width", [1100, 592])
def test_all_controls_are_as_high_and_the_sign_is_in_a_square(
    root: tk.Tk, design: Design, width: int
) -> None:
    made = header(root, design, width, "Summary")

    assert {w.winfo_height() for w in (made.picker, made.refresh_button, made.export_button)} == {30}
    assert made.refresh_button.winfo_width() == 30
