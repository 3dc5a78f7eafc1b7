"""``ccmon-tray autostart`` and ``menu-entry``: what the desktop knows of the tray."""

import sys

from ccmon_tray.cli.arguments import Arguments
from ccmon_tray.cli.output import tell, write
from ccmon_tray.desktop.autostart import Autostart
from ccmon_tray.desktop.menu_entry import MenuEntry
from ccmon_tray.errors import CcmonError

DONE = 0
IT_IS_NOT = 1


def autostart(arguments: Arguments) -> int:
    """Start the tray at login or not, or tell how things stand."""
    login = Autostart()
    match arguments.deed:
        case "enable":
            login.enable()
            status = login.status()
            tell(f"From the next login on this starts: {status.command}\nThe entry is {status.place}")
            if left_out := login.left_out():
                tell(
                    f"A start at login may lack what is set here: {', '.join(left_out)}. "
                    "What belongs into the settings file counts there, too"
                )
            if sys.platform == "linux" and not MenuEntry().is_there():
                _add(MenuEntry())
        case "disable":
            login.disable()
            tell("It does not start at login any more. A tray that runs goes on")
        case _:
            status = login.status()
            write(f"{status.words}\nEntry: {status.place}\nCommand: {status.command}\n")
            return DONE if status.enabled else IT_IS_NOT
    return DONE


def menu_entry(arguments: Arguments) -> int:
    """Add the application to the desktop's menu, remove it, or tell whether it is there."""
    if sys.platform != "linux":
        raise CcmonError(
            "Only Linux desktops have such a menu",
            cause="elsewhere it is made by what installs programs",
            next_step="Use ccmon-tray autostart enable, or keep the icon where you want it yourself",
        )
    entry = MenuEntry()
    match arguments.deed:
        case "add":
            _add(entry)
        case "remove":
            entry.remove()
            tell("It is not in the application menu any more")
        case _:
            there = entry.is_there()
            write(f"It is {'' if there else 'not '}in the application menu\nEntry: {entry.file}\n")
            return DONE if there else IT_IS_NOT
    return DONE


def _add(entry: MenuEntry) -> None:
    entry.add()
    tell(f"It is in the application menu: {entry.file}")
