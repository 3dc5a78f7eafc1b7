"""The menu as ``com.canonical.dbusmenu``: lines with ids that last, so that an open menu changes in place."""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from dbus_fast import DBusError, ErrorType, PropertyAccess, Variant
from dbus_fast.annotations import DBusBool, DBusInt32, DBusSignature, DBusStr, DBusUInt32, DBusVariant
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from ccmon_tray.tray.backends.pystray_base import Menu

MENU_INTERFACE = "com.canonical.dbusmenu"
ROOT_ID = 0

Properties = dict[str, Variant]
Path = tuple[str, ...]

DBusIds = Annotated[list[int], DBusSignature("ai")]
DBusNames = Annotated[list[str], DBusSignature("as")]
DBusPropertiesOfIds = Annotated[list[list[Any]], DBusSignature("a(ia{sv})")]
DBusEvents = Annotated[list[list[Any]], DBusSignature("a(isvu)")]
DBusLayout = Annotated[list[Any], DBusSignature("u(ia{sv}av)")]
DBusTwoIdLists = Annotated[list[list[int]], DBusSignature("aiai")]
DBusLayoutChange = Annotated[list[int], DBusSignature("ui")]
DBusPropertyChanges = Annotated[list[list[list[Any]]], DBusSignature("a(ia{sv})a(ias)")]

_READ = PropertyAccess.READ


@dataclass
class Line:
    """A line of the menu under its id. ``choose`` does what a click asks for, or is None."""

    line_id: int
    properties: Properties
    children: list["Line"] = field(default_factory=list)
    choose: Callable[[], None] | None = None


@dataclass
class Changes:
    """What differs between two states of a menu.

    Attributes:
        set: Id and new values of the properties that differ, of lines that were there before.
        unset: Id and names of the properties that are gone.
        layout_under: The line whose subtree has other lines than before, or None.
    """

    set: list[list[Any]] = field(default_factory=list)
    unset: list[list[Any]] = field(default_factory=list)
    layout_under: int | None = None


class MenuTree:
    """A pystray menu as lines. A line keeps its id as long as its path of keys stays in the menu.

    Args:
        choose: Called with the pystray item of a line that was clicked.
    """

    def __init__(self, choose: Callable[[Any], None]) -> None:
        self._choose = choose
        self._ids: dict[Path, int] = {}
        self._last_id = ROOT_ID
        self.lines: dict[int, Line] = {}
        self.update(())

    def update(self, menu: Iterable[Any]) -> Changes:
        """Take over a new state of the menu.

        Args:
            menu: The pystray menu.

        Returns:
            What changed.
        """
        ids_before, self._ids = self._ids, {}
        lines_before, self.lines = self.lines, {}
        root = Line(ROOT_ID, {"children-display": Variant("s", "submenu")})
        self._fill(root, menu, (), ids_before)
        return _differences(lines_before, self.lines)

    def _fill(self, parent: Line, menu: Iterable[Any], path: Path, ids_before: Mapping[Path, int]) -> None:
        self.lines[parent.line_id] = parent
        key = ""
        for item in menu:
            # A separator has no key of its own; there is at most one below each line.
            key = f"{key}\n" if item is Menu.SEPARATOR else item.key
            line_path = (*path, key)
            line = Line(ids_before.get(line_path) or self._new_id(), _properties(item))
            self._ids[line_path] = line.line_id
            parent.children.append(line)
            if item.submenu is None and item.enabled and item is not Menu.SEPARATOR:
                line.choose = functools.partial(self._choose, item)
            self._fill(line, item.submenu or (), line_path, ids_before)

    def _new_id(self) -> int:
        self._last_id += 1
        return self._last_id


def _properties(item: Any) -> Properties:
    if item is Menu.SEPARATOR:
        return {"type": Variant("s", "separator")}
    properties = {
        # A single underscore would mark the next letter as the line's access key.
        "label": Variant("s", item.text.replace("_", "__")),
        "enabled": Variant("b", bool(item.enabled)),
        "visible": Variant("b", True),
    }
    if item.checked is not None:
        properties["toggle-type"] = Variant("s", "radio" if item.radio else "checkmark")
        properties["toggle-state"] = Variant("i", int(item.checked))
    if item.submenu:
        properties["children-display"] = Variant("s", "submenu")
    return properties


def _differences(before: Mapping[int, Line], after: Mapping[int, Line]) -> Changes:
    changes = Changes()
    rearranged: list[int] = []
    for line_id, line in after.items():
        old = before.get(line_id)
        if old is None:
            continue
        if new := {
            name: value for name, value in line.properties.items() if old.properties.get(name) != value
        }:
            changes.set.append([line_id, new])
        if gone := [name for name in old.properties if name not in line.properties]:
            changes.unset.append([line_id, gone])
        if [child.line_id for child in line.children] != [child.line_id for child in old.children]:
            rearranged.append(line_id)
    if rearranged:
        changes.layout_under = rearranged[0] if len(rearranged) == 1 else ROOT_ID
    return changes


def _only(properties: Properties, names: Sequence[str]) -> Properties:
    return {name: properties[name] for name in names if name in properties} if names else properties


class DBusMenu(ServiceInterface):
    """What the desktop reads to draw the menu, and calls when a line is clicked.

    Args:
        choose: Called with the pystray item of a line that was clicked.
    """

    def __init__(self, choose: Callable[[Any], None]) -> None:
        super().__init__(MENU_INTERFACE)
        self._tree = MenuTree(choose)
        self._revision = 1

    def update(self, menu: Iterable[Any]) -> None:
        """Show this menu from now on, telling hosts what changed and no more.

        Args:
            menu: The pystray menu.
        """
        changes = self._tree.update(menu)
        if changes.set or changes.unset:
            self.items_properties_updated([changes.set, changes.unset])
        if changes.layout_under is not None:
            self._revision += 1
            self.layout_updated([self._revision, changes.layout_under])

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
        """Tell whether a submenu must be read again before it opens: never, it is always current."""
        self._line(line_id)
        return False

    @dbus_method(name="AboutToShowGroup")
    def about_to_show_group(self, ids: DBusIds) -> DBusTwoIdLists:
        """Tell which submenus must be read again, and which do not exist."""
        return [[], [line_id for line_id in ids if line_id not in self._tree.lines]]

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

    @staticmethod
    def _take(line: Line, event: str) -> None:
        if event == "clicked" and line.choose:
            line.choose()
