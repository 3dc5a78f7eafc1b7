"""What the desktop does with the application: it starts at login, it is in the application menu.

These are entries of the desktop, no settings: each is read and changed where the desktop keeps it.
"""

import os
import sys
import tkinter as tk
from collections.abc import Mapping
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.setting_groups import Item, Kind
from ccmon_tray.dashboard.settings_form import Note, Tone, Value
from ccmon_tray.dashboard.views.base import Host
from ccmon_tray.dashboard.widgets.card import Card
from ccmon_tray.dashboard.widgets.form import FormRow, make_row
from ccmon_tray.desktop.autostart import Autostart, is_offered
from ccmon_tray.desktop.menu_entry import MenuEntry
from ccmon_tray.errors import CcmonError

_LOGIN: Final = Item(
    "desktop.autostart",
    "Start at login",
    "The tray comes with the desktop",
    Kind.SEGMENTS,
    (("false", "Off"), ("true", "On")),
)
_MENU: Final = Item(
    "desktop.menu-entry",
    "In the app menu",
    "An entry that opens this window",
    Kind.SEGMENTS,
    (("false", "Off"), ("true", "On")),
)
_ROW_GAP: Final = 12


Switches = Mapping[str, tuple[Value, Note | None]]
"""By the switch's name how it stands, and what else is to be said of it."""


def read_switches(environ: Mapping[str, str] = os.environ) -> Switches:
    """How things stand. Reads files: not for the Tk thread.

    Args:
        environ: For the desktop's folders.
    """
    values = {_LOGIN.dotted: _login(environ)}
    if sys.platform == "linux":
        values[_MENU.dotted] = Value(_text(there=MenuEntry(environ).is_there())), None
    return values


def turn(name: str, *, on: bool, environ: Mapping[str, str] = os.environ) -> None:
    """Switch something on or off.

    Args:
        name: The switch.
        on: Whether it is to be on.
        environ: For the desktop's folders.

    Raises:
        CcmonError: The desktop's entry cannot be changed.
    """
    if name == _LOGIN.dotted:
        login = Autostart(environ)
        (login.enable if on else login.disable)()
    else:
        entry = MenuEntry(environ)
        (entry.add if on else entry.remove)()


class DesktopCard(Card):
    """The switches.

    Args:
        parent: Where it lives.
        design: How things look.
        host: The window.

    Attributes:
        rows: Each switch, by its name.
    """

    def __init__(self, parent: tk.Misc, design: Design, host: Host) -> None:
        super().__init__(parent, design, "Desktop")
        self._host = host
        self.rows: dict[str, FormRow] = {}
        for item in (_LOGIN, *([_MENU] if sys.platform == "linux" else [])):
            row = make_row(self.body, design, item, check=lambda _item, _text: None, save=self._turn)
            row.pack(fill="x", pady=(design.px(_ROW_GAP), 0))
            self.rows[item.dotted] = row

    def show(self, switches: Switches) -> None:
        """Show how things stand."""
        for name, (value, note) in switches.items():
            self.rows[name].show(value)
            self.rows[name].say(note)

    def _turn(self, row: FormRow, text: str) -> None:
        name = row.item.dotted

        def job() -> Switches:
            turn(name, on=text == "true")
            return read_switches()

        def failed(error: Exception) -> None:
            row.show(row.value)
            row.say(Note(str(error), Tone.BAD))

        self._host.work(job, self.show, failed)


def _login(environ: Mapping[str, str]) -> tuple[Value, Note | None]:
    if not is_offered(environ):
        return Value("false", "The demo does not start at login"), None
    try:
        status = Autostart(environ).status()
    except CcmonError as error:
        return Value("false", str(error)), None
    # An entry that is there and does not count needs words: why, and that On mends it.
    return Value(_text(there=status.enabled)), Note(status.words, Tone.WARNING) if status.hindered else None


def _text(*, there: bool) -> str:
    return "true" if there else "false"
