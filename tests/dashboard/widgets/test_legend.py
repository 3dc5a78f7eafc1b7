import tkinter as tk
from collections.abc import Iterator

import pytest

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import DARK
from ccmon_tray.dashboard.widgets.legend import Entry, Legend
from tests.support.dashboard import pump
from tests.support.desktop import Desktop

ENTRIES = [Entry(name, "#4cc2ff") for name in ("Input", "Output", "Cache read", "Cache creation")]


@pytest.fixture
def root(desktop: Desktop) -> Iterator[tk.Tk]:
    root = tk.Tk(screenName=desktop.env["DISPLAY"])
    root.geometry("600x200+0+0")
    yield root
    root.destroy()


def legend_in(root: tk.Tk, told: list[frozenset[str]]) -> Legend:
    legend = Legend(root, Design.of(root, DARK, scale=1), told.append)
    legend.pack(fill="x")
    legend.show(ENTRIES)
    root.update()
    return legend


def items(legend: Legend, kind: str, option: str) -> list[tuple[int, str]]:
    """What is drawn of a kind, with an option of each."""
    call = legend.tk.call
    found = [item for item in legend.find_all() if call(legend, "type", item) == kind]
    return [(item, str(call(legend, "itemcget", item, option))) for item in found]


def click(legend: Legend, name: str) -> None:
    """Click on a name as it is drawn."""
    item = next(item for item, text in items(legend, "text", "-text") if text == name)
    x, y = map(round, legend.coords(item))
    legend.event_generate("<Button-1>", x=x + 3, y=y + 3)


def test_a_click_leaves_a_series_out_and_takes_it_in_again(root: tk.Tk) -> None:
    told: list[frozenset[str]] = []
    legend = legend_in(root, told)

    click(legend, "Cache read")
    click(legend, "Output")
    click(legend, "Cache read")

    assert told == [{"Cache read"}, {"Cache read", "Output"}, {"Output"}]
    assert legend.hidden == {"Output"}


def test_the_last_one_cannot_be_left_out(root: tk.Tk) -> None:
    told: list[frozenset[str]] = []
    legend = legend_in(root, told)

    for entry in ENTRIES:
        click(legend, entry.name)
        root.update()

    assert told[-2] == {"Input", "Output", "Cache read"}
    assert told[-1] == frozenset()


def test_by_the_keyboard(root: tk.Tk) -> None:
    told: list[frozenset[str]] = []
    legend = legend_in(root, told)
    legend.focus_force()
    pump(root, lambda: legend.focused, "the focus")

    for key in ("Right", "Right", "space", "Left", "Return"):
        legend.event_generate(f"<{key}>")

    assert told == [{"Cache read"}, {"Cache read", "Output"}]


def test_what_is_left_out_is_told_by_shape_too(root: tk.Tk) -> None:
    legend = legend_in(root, [])
    assert {fill for _, fill in items(legend, "rectangle", "-fill")} == {"#4cc2ff"}

    legend.show(ENTRIES, {"Output", "of another chart"})
    root.update()

    assert legend.hidden == {"Output"}
    assert [fill for _, fill in items(legend, "rectangle", "-fill")].count(DARK.card) == 1


def test_a_narrow_one_has_more_lines(root: tk.Tk) -> None:
    legend = legend_in(root, [])
    one = legend.winfo_reqheight()

    root.geometry("250x200")
    pump(root, lambda: legend.winfo_reqheight() >= 2 * one, "a second line")

    tops = [legend.coords(item)[1] for item, _ in items(legend, "text", "-text")]
    assert max(tops) < legend.winfo_height()
    assert not any(slot.text.endswith("…") for slot in legend.painter.slots)
