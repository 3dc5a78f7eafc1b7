"""The menu's lines, with ids that last, so that an open menu changes in place."""

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbus_fast import Variant

from ccmon_tray.tray.backends.pystray_base import Menu

ROOT_ID = 0

Properties = dict[str, Variant]
Path = tuple[str, ...]


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

    def update(self, menu: Iterable[Any], *, keep_lines: bool = False) -> Changes:
        """Take over a new state of the menu.

        Args:
            menu: The pystray menu.
            keep_lines: Change only what the present lines say and do; lines neither come nor go.

        Returns:
            What changed; with ``keep_lines``, ``layout_under`` tells what an update without it will change.
        """
        ids_before, self._ids = self._ids, {}
        lines_before, self.lines = self.lines, {}
        root = Line(ROOT_ID, {"children-display": Variant("s", "submenu")})
        self._fill(root, menu, (), ids_before)
        changes = _differences(lines_before, self.lines)
        if keep_lines and changes.layout_under is not None:
            for line_id, line in lines_before.items():
                if new := self.lines.get(line_id):
                    line.properties, line.choose = new.properties, new.choose
            self.lines, self._ids = lines_before, ids_before | self._ids
        return changes

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
