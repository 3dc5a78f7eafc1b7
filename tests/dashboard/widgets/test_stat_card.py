import tkinter as tk

import pytest

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.widgets.stat_card import Stat, StatCard, least_width

pytestmark = pytest.mark.needs("Xvfb")


def shown(root: tk.Tk, design: Design, stat: Stat | None, width: int, *, large: bool = False) -> StatCard:
    card = StatCard(root, design, "Lines removed", large=large, copy=lambda _text: None)
    card.place(x=0, y=0, width=width, height=100)
    card.show(stat)
    root.update()
    return card


def words(card: StatCard) -> list[str]:
    return [slot.text for slot in card.painter.slots]


@pytest.mark.parametrize("figure", ["8", "−1,234", "−1,234,567", "−12,345,678"])
def test_a_long_figure_is_set_smaller_rather_than_cut(root: tk.Tk, design: Design, figure: str) -> None:
    width = round(least_width(design, ["Lines removed"]))
    card = shown(root, design, Stat(figure), width)

    assert words(card) == ["Lines removed", figure]
    assert all(slot.width <= slot.room for slot in card.painter.slots)


def test_a_figure_keeps_its_size_where_there_is_room(root: tk.Tk, design: Design) -> None:
    card = shown(root, design, Stat("$1,234.56"), 240, large=True)

    assert card.painter.slots[1].width == design.fonts.get(28, strong=True).measure("$1,234.56")


def test_the_last_part_of_a_long_note_gives_way(root: tk.Tk, design: Design) -> None:
    note = "infra · ac0e5ca5 · last 30 days"
    assert note in words(shown(root, design, Stat("4h 24m", note), 300))
    assert "infra · ac0e5ca5" in words(shown(root, design, Stat("4h 24m", note), 170))
    assert "infra" in words(shown(root, design, Stat("4h 24m", note), 100))


def test_what_is_awaited_has_no_figure(root: tk.Tk, design: Design) -> None:
    card = shown(root, design, None, 200)

    assert words(card) == ["Lines removed"]
    assert card.figure == ""
