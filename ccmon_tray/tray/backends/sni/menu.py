"""The ``com.canonical.dbusmenu`` object."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

from dbus_fast import DBusError, ErrorType, PropertyAccess, Variant
from dbus_fast.annotations import DBusBool, DBusInt32, DBusSignature, DBusStr, DBusUInt32, DBusVariant
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from ccmon_tray.tray.backends.sni.tree import ROOT_ID, Line, MenuTree, Properties

MENU_INTERFACE = "com.canonical.dbusmenu"
DBusIds = Annotated[list[int], DBusSignature("ai")]
DBusNames = Annotated[list[str], DBusSignature("as")]
DBusPropertiesOfIds = Annotated[list[list[Any]], DBusSignature("a(ia{sv})")]
DBusEvents = Annotated[list[list[Any]], DBusSignature("a(isvu)")]
DBusLayout = Annotated[list[Any], DBusSignature("u(ia{sv}av)")]
DBusTwoIdLists = Annotated[list[list[int]], DBusSignature("aiai")]
DBusLayoutChange = Annotated[list[int], DBusSignature("ui")]
DBusPropertyChanges = Annotated[list[list[list[Any]]], DBusSignature("a(ia{sv})a(ias)")]

_READ = PropertyAccess.READ
_OPEN_AT_MOST_S = 30.0


def _only(properties: Properties, names: Sequence[str]) -> Properties:
    return {name: properties[name] for name in names if name in properties} if names else properties


class DBusMenu(ServiceInterface):
    """What the desktop reads to draw the menu, and calls when a line is clicked.

    While the menu is open its words change in place, but lines neither come nor go: GTK does not resize an
    open menu, so that new lines would hide behind a scroll arrow. Not all hosts tell when it closes; it is
    taken to be closed after a click, or some time without a sign of it.

    Args:
        choose: Called with the pystray item of a line that was clicked.
    """

    def __init__(self, choose: Callable[[Any], None]) -> None:
        super().__init__(MENU_INTERFACE)
        self._tree = MenuTree(choose)
        self._revision = 1
        self._newest: Iterable[Any] = ()
        self._lines_are_late = False
        self._closing: asyncio.TimerHandle | None = None

    def update(self, menu: Iterable[Any]) -> None:
        """Show this menu from now on, telling hosts what changed and no more.

        Args:
            menu: The pystray menu.
        """
        self._newest = menu
        is_open = self._closing is not None
        changes = self._tree.update(menu, keep_lines=is_open)
        if changes.set or changes.unset:
            self.items_properties_updated([changes.set, changes.unset])
        self._lines_are_late = is_open and changes.layout_under is not None
        if changes.layout_under is not None and not is_open:
            self._revision += 1
            self.layout_updated([self._revision, changes.layout_under])

    def close(self) -> None:
        """Take the menu to be closed: lines that waited come and go now."""
        if self._closing:
            self._closing.cancel()
            self._closing = None
        if self._lines_are_late:
            self.update(self._newest)

    def _opens(self, line_id: int) -> bool:
        """Take note that the menu or a submenu opens; tell whether it must be read again."""
        was_late = self._lines_are_late
        if line_id == ROOT_ID:
            self.close()
        if self._closing:
            self._closing.cancel()
        self._closing = asyncio.get_running_loop().call_later(_OPEN_AT_MOST_S, self.close)
        return was_late and line_id == ROOT_ID

    @dbus_property(_READ, name="Version")
    def version(self) -> DBusUInt32:
        """Tell the protocol's version."""
        return 3

    @dbus_property(_READ, name="TextDirection")
    def text_direction(self) -> DBusStr:
        """Tell that the words run from left to right."""
        return "ltr"

    @dbus_property(_READ, name="Status")
    def status(self) -> DBusStr:
        """Tell that the menu need not be pushed forward."""
        return "normal"

    @dbus_property(_READ, name="IconThemePath")
    def icon_theme_path(self) -> DBusNames:
        """Tell that no icon theme is used."""
        return []

    @dbus_method(name="GetLayout")
    def get_layout(self, parent: DBusInt32, depth: DBusInt32, names: DBusNames) -> DBusLayout:
        """Give the lines under a line, to a depth (−1: all), with these properties (none named: all)."""
        return [self._revision, self._layout(self._line(parent), depth, names)]

    @dbus_method(name="GetGroupProperties")
    def get_group_properties(self, ids: DBusIds, names: DBusNames) -> DBusPropertiesOfIds:
        """Give the properties of several lines (none named: all lines)."""
        lines = self._tree.lines
        return [[i, _only(lines[i].properties, names)] for i in ids or lines if i in lines]

    @dbus_method(name="GetProperty")
    def get_property(self, line_id: DBusInt32, name: DBusStr) -> DBusVariant:
        """Give one property of a line."""
        try:
            return self._line(line_id).properties[name]
        except KeyError:
            raise DBusError(ErrorType.INVALID_ARGS, f"line {line_id} has no {name}") from None

    @dbus_method(name="Event")
    def event(self, line_id: DBusInt32, event: DBusStr, data: DBusVariant, timestamp: DBusUInt32) -> None:  # noqa: ARG002
        """Take note of a click, or of a line that is hovered, opened or closed."""
        self._take(self._line(line_id), event)

    @dbus_method(name="EventGroup")
    def event_group(self, events: DBusEvents) -> DBusIds:
        """Take note of several events, and give the ids of lines that do not exist."""
        lines = self._tree.lines
        known = [event for event in events if event[0] in lines]
        if events and not known:
            raise DBusError(ErrorType.INVALID_ARGS, "none of these lines exists")
        for line_id, event, _data, _timestamp in known:
            self._take(lines[line_id], event)
        return [event[0] for event in events if event[0] not in lines]

    @dbus_method(name="AboutToShow")
    def about_to_show(self, line_id: DBusInt32) -> DBusBool:
        """Tell whether a menu must be read again before it opens."""
        self._line(line_id)
        return self._opens(line_id)

    @dbus_method(name="AboutToShowGroup")
    def about_to_show_group(self, ids: DBusIds) -> DBusTwoIdLists:
        """Tell which menus must be read again before they open, and which do not exist."""
        known = [line_id for line_id in ids if line_id in self._tree.lines]
        return [[i for i in known if self._opens(i)], [i for i in ids if i not in known]]

    @dbus_signal(name="LayoutUpdated")
    def layout_updated(self, change: list[int]) -> DBusLayoutChange:
        """Tell hosts to read the lines under a line again: revision and line."""
        return change

    @dbus_signal(name="ItemsPropertiesUpdated")
    def items_properties_updated(self, changes: list[list[list[Any]]]) -> DBusPropertyChanges:
        """Tell hosts which properties of which lines have new values, and which are gone."""
        return changes

    def _line(self, line_id: int) -> Line:
        try:
            return self._tree.lines[line_id]
        except KeyError:
            raise DBusError(ErrorType.INVALID_ARGS, f"there is no line {line_id}") from None

    def _layout(self, line: Line, depth: int, names: Sequence[str]) -> list[Any]:
        children = line.children if depth else []
        return [
            line.line_id,
            _only(line.properties, names),
            [Variant("(ia{sv}av)", self._layout(child, depth - 1, names)) for child in children],
        ]

    def _take(self, line: Line, event: str) -> None:
        if event == "clicked" and line.choose:
            line.choose()
        if event == "clicked" or (event == "closed" and line.line_id == ROOT_ID):
            self.close()
