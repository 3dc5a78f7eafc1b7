"""The settings view's cards: their places, what is folded, and room for every word."""

import sys
import tkinter as tk

import pytest

from ccmon_tray.dashboard.setting_groups import GROUPS
from ccmon_tray.dashboard.views.settings import SettingsView
from ccmon_tray.dashboard.widgets.card import Card
from ccmon_tray.dashboard.widgets.folding_card import FoldSwitch
from ccmon_tray.dashboard.widgets.form import EntryRow
from tests.support.dashboard import descendants, pump
from tests.support.views import OpenView, cut_words

pytestmark = pytest.mark.needs("Xvfb", "xdotool")


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(("size", "scale"), [((800, 600), 1.0), ((1180, 800), 1.0), ((1180, 800), 2.0)])
def test_every_word_has_room(open_view: OpenView, size: tuple[int, int], scale: float, theme: str) -> None:
    window = open_view("settings", size=size, scale=scale, theme=theme)
    window.root.update()

    allowed = {"/"}  # paths and long licences are cut where they must be, and copied in full
    assert [words for words in cut_words(window) if words[0] not in allowed and "AND" not in words] == []
    for widget in descendants(window.page.frame):
        if isinstance(widget, tk.Label) and widget.winfo_ismapped() and widget.cget("text"):
            assert widget.winfo_reqwidth() <= widget.winfo_width(), widget.cget("text")
            assert widget.winfo_reqheight() <= widget.winfo_height(), widget.cget("text")


@pytest.mark.parametrize("width", [800, 1180])
def test_cards_made_one_after_another_end_in_their_order(open_view: OpenView, width: int) -> None:
    window = open_view("summary", size=(width, 800))
    window.open_view("settings")
    view = window.page.view
    assert isinstance(view, SettingsView)
    assert len(view.rows) < 20  # the others come while the window is in use
    pump(window.root, lambda: window.page.current, "all settings")

    columns = {"Claude Code": 1}
    for group in GROUPS:
        columns[group.title] = group.places[0]
        if group.title == "Tray":
            columns["Desktop"] = group.places[0]
    columns |= {"Folders": 1, "Version and licences": 1}
    cards = [each for each in view._columns.winfo_children() if isinstance(each, Card)]
    assert [title_of(each) for each in cards] == list(columns)  # Tab goes by this
    places = {(each.winfo_rootx(), each.winfo_rooty()): title_of(each) for each in cards}
    expected = sorted(columns, key=columns.__getitem__) if width == 1180 else list(columns)
    assert [title for _, title in sorted(places.items())] == expected


def key(switch: FoldSwitch, name: str) -> None:
    switch.focus_force()
    pump(switch, lambda: switch.focused, "the focus")
    switch.event_generate(f"<{name}>")
    switch.update()


def test_what_is_seldom_needed_is_folded_until_a_key_opens_it_and_that_is_remembered(
    open_view: OpenView,
) -> None:
    memory: dict[str, str] = {}
    window = open_view("settings", memory=memory)
    view = window.page.view
    assert isinstance(view, SettingsView)
    card, user = view.folds["Authentication"], view.rows["prometheus.username"]
    assert set(view.folds) == {"Authentication", "Connection"}
    assert card.switch.words == "None"
    assert not user.winfo_viewable()
    high = card.winfo_height()

    key(card.switch, "space")
    assert user.winfo_viewable()
    assert card.winfo_height() > high
    assert not view.rows["prometheus.timeout_s"].winfo_viewable()
    again = open_view("settings", memory=memory).page.view
    assert isinstance(again, SettingsView)
    assert again.folds["Authentication"].opened
    assert not again.folds["Connection"].opened

    key(card.switch, "Return")
    assert not user.winfo_viewable()
    assert card.winfo_height() == high


def test_what_is_typed_and_wrong_cannot_be_folded_away(open_view: OpenView) -> None:
    window = open_view("settings")
    view = window.page.view
    assert isinstance(view, SettingsView)
    card, row = view.folds["Connection"], view.rows["prometheus.timeout_s"]
    assert isinstance(row, EntryRow)
    card.switch.event_generate("<Button-1>", x=5, y=5)
    assert card.opened
    row.type("soon")
    card.switch.event_generate("<Button-1>", x=5, y=5)
    assert card.opened
    row.type("10")
    card.switch.event_generate("<Button-1>", x=5, y=5)
    assert not card.opened


def test_the_columns_end_where_the_header_does(open_view: OpenView) -> None:
    window = open_view("settings", size=(2560, 1440))
    view = window.page.view
    assert isinstance(view, SettingsView)
    right = max(card.winfo_rootx() + card.winfo_width() for card in view._columns.winfo_children())
    refresh = window.header.refresh_button
    assert abs(right - refresh.winfo_rootx() - refresh.winfo_width()) <= 2


def title_of(card: Card) -> str:
    return str(card.title.cget("text"))


def test_licences_can_be_copied(open_view: OpenView) -> None:
    window = open_view("settings")
    view = window.page.view
    assert isinstance(view, SettingsView)

    view._copy_components()

    lines = window.root.clipboard_get().splitlines()
    assert lines[0] == "Part\tVersion\tLicence"
    assert f"Python\t{sys.version.split()[0]}\tPSF-2.0" in lines
