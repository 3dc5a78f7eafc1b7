"""The ``org.kde.StatusNotifierItem`` object."""

import html
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

from dbus_fast import PropertyAccess
from dbus_fast.annotations import DBusBool, DBusInt32, DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from ccmon_tray.tray.backends.sni.pixmap import DBusPixmaps, Pixmap

ITEM_INTERFACE = "org.kde.StatusNotifierItem"
ITEM_PATH = "/StatusNotifierItem"
MENU_PATH = "/MenuBar"

DBusToolTip = Annotated[list[str | list[Pixmap]], DBusSignature("(sa(iiay)ss)")]

_READ = PropertyAccess.READ
_TOOLTIP_ICON_PX = 48
# Each part goes on a line of its own: hosts do not wrap, and one long line reaches over half the screen.
_PARTS_APART = " · "


class Status(StrEnum):
    """How much the icon asks for the person's eye; hosts may hide a passive one."""

    PASSIVE = "Passive"
    ACTIVE = "Active"
    NEEDS_ATTENTION = "NeedsAttention"


class StatusNotifierItem(ServiceInterface):
    """What the desktop reads to draw the icon, and calls when it is clicked.

    Every property of the specification is exported, since hosts differ in which ones they insist on.
    The setters emit the specification's signals, and only when something changed.

    Args:
        item_id: The name under which desktops remember the icon.
        title: The app's name, for lists of icons.
        activate: Called for a left click.
        activate_secondary: Called for a middle click.
    """

    def __init__(
        self,
        item_id: str,
        title: str,
        *,
        activate: Callable[[], None],
        activate_secondary: Callable[[], None],
    ) -> None:
        super().__init__(ITEM_INTERFACE)
        self._id = item_id
        self._title = title
        self._activate = activate
        self._activate_secondary = activate_secondary
        self._pixmaps: list[Pixmap] = []
        self._tooltip = ""
        self._status = Status.PASSIVE

    def set_pixmaps(self, pixmaps: list[Pixmap]) -> None:
        """Show this icon, given in several sizes."""
        if pixmaps != self._pixmaps:
            self._pixmaps = pixmaps
            self.new_icon()
            self.new_attention_icon()
            self.new_tooltip()

    def set_tooltip(self, text: str) -> None:
        """Show this while the pointer rests on the icon; its first part is the heading."""
        if text != self._tooltip:
            self._tooltip = text
            self.new_tooltip()

    def set_status(self, status: Status) -> None:
        """Ask for this much of the person's eye."""
        if status != self._status:
            self._status = status
            self.new_status()

    @dbus_property(_READ, name="Category")
    def category(self) -> DBusStr:
        """Tell what kind of icon it is: that of an application."""
        return "ApplicationStatus"

    @dbus_property(_READ, name="Id")
    def id(self) -> DBusStr:
        """Tell the name under which desktops remember the icon."""
        return self._id

    @dbus_property(_READ, name="Title")
    def title(self) -> DBusStr:
        """Tell the app's name."""
        return self._title

    @dbus_property(_READ, name="Status")
    def status(self) -> DBusStr:
        """Tell how much it asks for the person's eye."""
        return self._status.value

    @dbus_property(_READ, name="WindowId")
    def window_id(self) -> DBusInt32:
        """Tell that no window belongs to the icon."""
        return 0

    @dbus_property(_READ, name="IconThemePath")
    def icon_theme_path(self) -> DBusStr:
        """Tell that no icon theme is used."""
        return ""

    @dbus_property(_READ, name="IconName")
    def icon_name(self) -> DBusStr:
        """Tell that the icon comes as pixels, not by name."""
        return ""

    @dbus_property(_READ, name="IconPixmap")
    def icon_pixmap(self) -> DBusPixmaps:
        """Give the icon in several sizes."""
        return self._pixmaps

    @dbus_property(_READ, name="IconAccessibleDesc")
    def icon_accessible_desc(self) -> DBusStr:
        """Give the words that stand for the icon, for screen readers."""
        return self._tooltip

    @dbus_property(_READ, name="OverlayIconName")
    def overlay_icon_name(self) -> DBusStr:
        """Tell that nothing is laid over the icon."""
        return ""

    @dbus_property(_READ, name="OverlayIconPixmap")
    def overlay_icon_pixmap(self) -> DBusPixmaps:
        """Tell that nothing is laid over the icon."""
        return []

    @dbus_property(_READ, name="AttentionIconName")
    def attention_icon_name(self) -> DBusStr:
        """Tell that the icon comes as pixels, not by name."""
        return ""

    @dbus_property(_READ, name="AttentionIconPixmap")
    def attention_icon_pixmap(self) -> DBusPixmaps:
        """Give the icon for the status ``NeedsAttention``: the same one, which shows it by itself."""
        return self._pixmaps

    @dbus_property(_READ, name="AttentionMovieName")
    def attention_movie_name(self) -> DBusStr:
        """Tell that nothing moves."""
        return ""

    @dbus_property(_READ, name="ToolTip")
    def tooltip(self) -> DBusToolTip:
        """Give the tooltip: its icon, its heading, and the rest, which hosts read as markup."""
        heading, _, rest = self._tooltip.replace(_PARTS_APART, "\n").partition("\n")
        icon = [pixmap for pixmap in self._pixmaps if pixmap[0] == _TOOLTIP_ICON_PX]
        return ["", icon, heading, html.escape(rest, quote=False)]

    @dbus_property(_READ, name="ItemIsMenu")
    def item_is_menu(self) -> DBusBool:
        """Tell that a left click does something else than opening the menu."""
        return False

    @dbus_property(_READ, name="Menu")
    def menu(self) -> DBusObjectPath:
        """Tell where the menu is."""
        return MENU_PATH

    @dbus_method(name="Activate")
    def activate(self, x: DBusInt32, y: DBusInt32) -> None:  # noqa: ARG002  the specification's arguments
        """Take a left click at a place on the screen."""
        self._activate()

    @dbus_method(name="SecondaryActivate")
    def secondary_activate(self, x: DBusInt32, y: DBusInt32) -> None:  # noqa: ARG002
        """Take a middle click at a place on the screen."""
        self._activate_secondary()

    @dbus_method(name="ContextMenu")
    def context_menu(self, x: DBusInt32, y: DBusInt32) -> None:
        """Take a right click; nothing to do, since the host draws the menu."""

    @dbus_method(name="Scroll")
    def scroll(self, delta: DBusInt32, orientation: DBusStr) -> None:
        """Take a turn of the wheel; it means nothing here."""

    @dbus_signal(name="NewIcon")
    def new_icon(self) -> None:
        """Tell hosts to read the icon again."""

    @dbus_signal(name="NewAttentionIcon")
    def new_attention_icon(self) -> None:
        """Tell hosts to read the icon for attention again."""

    @dbus_signal(name="NewToolTip")
    def new_tooltip(self) -> None:
        """Tell hosts to read the tooltip again."""

    @dbus_signal(name="NewStatus")
    def new_status(self) -> DBusStr:
        """Tell hosts the new status."""
        return self._status.value
