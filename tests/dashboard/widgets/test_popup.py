import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk

import pytest

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import DARK
from ccmon_tray.dashboard.widgets.popup import PopupMenu, opens_menu
from tests.support.dashboard import pump
from tests.support.desktop import Desktop

pytestmark = pytest.mark.needs("Xvfb", "xdotool")

CHOICES = (("a", "First"), ("b", "Second"), None, ("c", "Third"))


@pytest.fixture
def root(desktop: Desktop) -> Iterator[tk.Tk]:
    root = tk.Tk(screenName=desktop.env["DISPLAY"])
    root.geometry("500x400+100+50")
    root.update()
    yield root
    root.destroy()


class Menu:
    """A button at a place, and its menu."""

    def __init__(self, root: tk.Tk, *, x: int = 20, y: int = 20, chosen: str | None = "b") -> None:
        self.root = root
        self.chosen: list[str] = []
        self.escaped = False
        root.bind("<Escape>", lambda _event: setattr(self, "escaped", True))
        self.button = ttk.Button(root, text="Choose")
        self.button.place(x=x, y=y, width=80, height=30)
        root.update()
        self.button.focus_force()
        root.update()
        design = Design.of(root, DARK, scale=1.0)
        self.popup = PopupMenu(self.button, design, CHOICES, self.chosen.append, chosen=chosen)
        root.update()

    @property
    def is_open(self) -> bool:
        return bool(self.popup.winfo_exists())

    def press(self, desktop: Desktop, *keys: str) -> None:
        desktop.press(*keys)
        pump(self.root, lambda: not self.is_open, "the menu closed")

    def place(self, x: int, y: int) -> tuple[int, int]:
        """A place of the menu as one of the screen."""
        return self.popup.winfo_rootx() + x, self.popup.winfo_rooty() + y


def test_arrows_and_return_choose(desktop: Desktop, root: tk.Tk) -> None:
    menu = Menu(root)
    menu.press(desktop, "Down", "Down", "Return")  # over the line, and no further than the last one

    assert menu.chosen == ["c"]
    assert root.focus_get() is menu.button


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [(("Home", "Return"), "a"), (("End", "space"), "c"), (("t", "Return"), "c"), (("f", "Return"), "a")],
)
def test_each_choice_is_reached_by_a_key(
    desktop: Desktop, root: tk.Tk, keys: tuple[str, ...], chosen: str
) -> None:
    menu = Menu(root)
    menu.press(desktop, *keys)
    assert menu.chosen == [chosen]


def test_escape_closes_the_menu_alone(desktop: Desktop, root: tk.Tk) -> None:
    menu = Menu(root)
    menu.press(desktop, "Down", "Escape")

    assert not menu.chosen
    assert not menu.escaped
    assert root.focus_get() is menu.button


def test_a_click_chooses(desktop: Desktop, root: tk.Tk) -> None:
    menu = Menu(root)
    desktop.click(*menu.place(40, 5 + 28 // 2))
    pump(root, lambda: menu.chosen, "the choice")

    assert menu.chosen == ["a"]
    assert not menu.is_open


def test_a_click_beside_it_closes_it_and_does_nothing_else(desktop: Desktop, root: tk.Tk) -> None:
    menu = Menu(root)
    pressed: list[str] = []
    other = ttk.Button(root, text="Other", command=lambda: pressed.append("other"))
    other.place(x=300, y=300)
    root.update()

    desktop.click(other.winfo_rootx() + 5, other.winfo_rooty() + 5)
    pump(root, lambda: not menu.is_open, "the menu closed")

    assert not menu.chosen
    assert not pressed


def test_a_line_between_groups_cannot_be_chosen(desktop: Desktop, root: tk.Tk) -> None:
    menu = Menu(root)
    desktop.click(*menu.place(40, 5 + 2 * 28 + 4))
    root.update()
    assert menu.is_open
    menu.popup.close()


def test_something_else_that_gets_the_focus_closes_it(root: tk.Tk) -> None:
    menu = Menu(root)
    entry = ttk.Entry(root)
    entry.place(x=300, y=200)
    root.update()

    entry.focus_force()

    pump(root, lambda: not menu.is_open, "the menu closed")


@pytest.mark.parametrize(("x", "y"), [(20, 20), (460, 20), (20, 360), (470, 380)])
def test_it_is_whole_in_the_window(root: tk.Tk, x: int, y: int) -> None:
    popup = Menu(root, x=x, y=y).popup

    assert popup.winfo_x() >= 0
    assert popup.winfo_y() >= 0
    assert popup.winfo_x() + popup.winfo_width() <= 500
    assert popup.winfo_y() + popup.winfo_height() <= 400
    assert not [slot.text for slot in popup.painter.slots if slot.width > slot.room]


def test_without_a_choice_there_is_no_mark(root: tk.Tk) -> None:
    texts = [slot.text for slot in Menu(root, chosen=None).popup.painter.slots]
    assert texts == ["First", "Second", "Third"]
    marked = [slot.text for slot in Menu(root, x=200).popup.painter.slots]
    assert marked == ["First", "✓", "Second", "Third"]


def test_a_menu_at_the_right_ends_where_its_button_does(root: tk.Tk) -> None:
    menu = Menu(root, x=500 - 80 - 30)

    button, popup = menu.button, menu.popup
    assert popup.winfo_width() > button.winfo_width()
    assert popup.winfo_rootx() + popup.winfo_width() == button.winfo_rootx() + button.winfo_width()


@pytest.mark.parametrize("key", ["Return", "space", "Down"])
@pytest.mark.parametrize(("chosen", "marked"), [(None, 0), ("c", 3)])
def test_a_menu_opened_by_a_key_marks_where_to_go_on_from(
    desktop: Desktop, root: tk.Tk, key: str, chosen: str | None, marked: int
) -> None:
    design = Design.of(root, DARK, scale=1.0)
    button = ttk.Button(root, text="Choose")
    button.place(x=20, y=20, width=80, height=30)
    made: list[PopupMenu] = []

    def open_menu() -> PopupMenu:
        made.append(PopupMenu(button, design, CHOICES, lambda _value: None, chosen=chosen))
        return made[-1]

    opens_menu(button, open_menu)
    root.update()
    button.focus_force()
    root.update()
    desktop.press(key)
    pump(root, lambda: made, "the menu")
    assert [menu.lit for menu in made] == [marked]
    made[0].close()

    desktop.click(*(place + 10 for place in (button.winfo_rootx(), button.winfo_rooty())))
    pump(root, lambda: len(made) > 1, "the menu of a click")
    assert made[1].lit == (None if chosen is None else marked)
