from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccmon_tray.tray.backends.pystray_adapter import pystray_menu
from ccmon_tray.tray.backends.sni.tree import ROOT_ID, Line, MenuTree
from ccmon_tray.tray.model import Action, Command, MenuItem

REFRESH = Command(Action.REFRESH)

KEYS = st.sampled_from("abcde")

# A busy machine makes the making of examples slow; that says nothing about the code.
PROPERTY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _lines(depth: int) -> st.SearchStrategy[tuple[MenuItem, ...]]:
    line = st.builds(
        MenuItem,
        key=KEYS,
        label=st.sampled_from(["$1", "$2", "a_b", ""]),
        command=st.sampled_from([None, REFRESH]),
        kind=st.sampled_from(["plain", "plain", "separator", "check", "radio"]),
        checked=st.booleans(),
        children=_lines(depth - 1) if depth else st.just(()),
    )
    return st.lists(line, max_size=4, unique_by=lambda item: item.key).map(tuple)


def tree_of(*menus: tuple[MenuItem, ...]) -> MenuTree:
    tree = MenuTree(lambda _: None)
    for menu in menus:
        tree.update(pystray_menu(menu, lambda _: None))
    return tree


def labels(tree: MenuTree) -> dict[str, int]:
    return {
        line.properties["label"].value: line_id
        for line_id, line in tree.lines.items()
        if "label" in line.properties
    }


class Host:
    """A host that reads the menu once, and then believes what it is told."""

    def __init__(self, tree: MenuTree) -> None:
        self.lines: dict[int, tuple[dict[str, Any], list[int]]] = {}
        self.read(tree, ROOT_ID)

    def read(self, tree: MenuTree, line_id: int) -> None:
        for line in _under(tree.lines[line_id]):
            self.lines[line.line_id] = (dict(line.properties), [child.line_id for child in line.children])

    def shown(self, line_id: int = ROOT_ID) -> Any:
        properties, children = self.lines[line_id]
        return line_id, properties, [self.shown(child) for child in children]


def _under(line: Line) -> Iterator[Line]:
    yield line
    for child in line.children:
        yield from _under(child)


@PROPERTY
@given(st.lists(_lines(1), min_size=2, max_size=4))
def test_a_host_that_follows_the_changes_shows_what_a_fresh_one_reads(
    menus: list[tuple[MenuItem, ...]],
) -> None:
    tree = MenuTree(lambda _: None)
    host = Host(tree)
    for menu in menus:
        changes = tree.update(pystray_menu(menu, lambda _: None))
        for line_id, properties in changes.set:
            host.lines[line_id][0].update(properties)
        for line_id, names in changes.unset:
            for name in names:
                del host.lines[line_id][0][name]
        if changes.layout_under is not None:
            host.read(tree, changes.layout_under)
        assert host.shown() == Host(tree).shown()


@PROPERTY
@given(_lines(1))
def test_the_same_menu_again_changes_nothing(menu: tuple[MenuItem, ...]) -> None:
    tree = tree_of(menu)
    changes = tree.update(pystray_menu(menu, lambda _: None))
    assert (changes.set, changes.unset, changes.layout_under) == ([], [], None)


@PROPERTY
@given(st.lists(_lines(1), min_size=1, max_size=4))
def test_an_id_stays_with_its_path_of_keys_and_is_never_given_to_another(
    menus: list[tuple[MenuItem, ...]],
) -> None:
    tree = MenuTree(lambda _: None)
    owners: dict[int, str] = {}
    ids: dict[str, int] = {}
    for menu in menus:
        tree.update(pystray_menu(_labelled_by_path(menu), lambda _: None))
        present = labels(tree)
        for path, line_id in present.items():
            assert owners.setdefault(line_id, path) == path
            assert ids.get(path, line_id) == line_id
        ids = present


def _labelled_by_path(menu: tuple[MenuItem, ...], path: str = "") -> tuple[MenuItem, ...]:
    return tuple(
        replace(
            item,
            label=f"{path}/{item.key}",
            kind="plain",
            children=_labelled_by_path(item.children, f"{path}/{item.key}"),
        )
        for item in menu
    )


def test_a_figure_that_changes_is_one_property_of_one_line() -> None:
    def menu(cost: str) -> tuple[MenuItem, ...]:
        return (
            MenuItem("today", f"Today {cost}"),
            MenuItem("models", "By model", children=(MenuItem("opus", f"Opus {cost}", REFRESH),)),
        )

    tree = tree_of(menu("$1"))
    opus = labels(tree)["Opus $1"]
    changes = tree.update(pystray_menu(menu("$2"), lambda _: None))
    assert [[i, {k: v.value for k, v in new.items()}] for i, new in changes.set] == [
        [labels(tree)["Today $2"], {"label": "Today $2"}],
        [opus, {"label": "Opus $2"}],
    ]
    assert changes.layout_under is None


def test_lines_keep_their_ids_when_others_come_and_go() -> None:
    a, b, c = (MenuItem(key, key.upper(), REFRESH) for key in "abc")
    tree = tree_of((a, b))
    before = labels(tree)
    changes = tree.update(pystray_menu((c, b, a), lambda _: None))
    assert changes.layout_under == ROOT_ID
    assert {key: labels(tree)[key] for key in before} == before
    assert labels(tree)["C"] not in before.values()


def test_a_change_of_lines_in_one_submenu_concerns_that_submenu_alone() -> None:
    def menu(*sessions: str) -> tuple[MenuItem, ...]:
        return (
            MenuItem("sessions", "Sessions", children=tuple(MenuItem(s, s, REFRESH) for s in sessions)),
            MenuItem("quit", "Quit", REFRESH),
        )

    tree = tree_of(menu("shop"))
    changes = tree.update(pystray_menu(menu("shop", "blog"), lambda _: None))
    assert changes.layout_under == labels(tree)["Sessions"]


def test_properties_say_what_a_line_is() -> None:
    tree = tree_of(
        (
            MenuItem("info", "snake_case"),
            MenuItem("line", kind="separator"),
            MenuItem("radio", "7 days", REFRESH, kind="radio", checked=True),
            MenuItem("check", "At login", REFRESH, kind="check"),
            MenuItem("sub", "More", children=(MenuItem("x", "x"),)),
        )
    )
    lines = [
        {name: (value.signature, value.value) for name, value in line.properties.items()}
        for line in tree.lines[ROOT_ID].children
    ]
    shown = {"visible": ("b", True)}
    assert lines == [
        {"label": ("s", "snake__case"), "enabled": ("b", False), **shown},
        {"type": ("s", "separator")},
        {
            "label": ("s", "7 days"),
            "enabled": ("b", True),
            "toggle-type": ("s", "radio"),
            "toggle-state": ("i", 1),
            **shown,
        },
        {
            "label": ("s", "At login"),
            "enabled": ("b", True),
            "toggle-type": ("s", "checkmark"),
            "toggle-state": ("i", 0),
            **shown,
        },
        {"label": ("s", "More"), "enabled": ("b", True), "children-display": ("s", "submenu"), **shown},
    ]
