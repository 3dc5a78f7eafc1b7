"""The icon's menu on a real session bus, read and clicked by a desktop that follows the specification."""

from dataclasses import replace
from typing import Any

import pytest

from ccmon_tray.tray.backends.pystray_adapter import PystrayBackend
from ccmon_tray.tray.model import MenuItem
from tests.support.backends import Running, face
from tests.support.sni_host import MENU, Host
from tests.support.sni_menu import LINES, NOTHING, REFRESH, ids_of, is_error, layout_of, with_host

pytestmark = pytest.mark.needs("dbus-daemon")


def test_layout_is_given_to_the_depth_and_with_the_properties_asked_for(backend: PystrayBackend) -> None:
    async def scenario(host: Host, run: Running) -> None:
        _, (root, properties, children) = await layout_of(host)
        assert root == 0
        assert properties["children-display"].value == "submenu"
        assert len(children) == 4
        submenu = children[2].value
        assert [child.value[1]["label"].value for child in submenu[2]] == ["Opus 4.8 $10.20"]

        _, (_, _, none) = await layout_of(host, depth=0)
        assert none == []
        _, (_, _, first) = await layout_of(host, depth=1)
        assert [child.value[2] for child in first] == [[], [], [], []]

        answer = await host.call(MENU, "GetLayout", "iias", submenu[0], -1, ["label"])
        line_id, only, below = answer.body[1]
        assert (line_id, list(only)) == (submenu[0], ["label"])
        assert list(below[0].value[1]) == ["label"]

    with_host(backend, scenario)


def test_properties_of_lines(backend: PystrayBackend) -> None:
    async def scenario(host: Host, run: Running) -> None:
        _, layout = await layout_of(host)
        ids = ids_of(layout)
        today = ids["Today $12.34"]
        answer = await host.call(MENU, "GetGroupProperties", "aias", [today, 999], ["enabled"])
        assert answer.signature == "a(ia{sv})"
        assert [[i, {k: v.value for k, v in p.items()}] for i, p in answer.body[0]] == [
            [today, {"enabled": False}]
        ]
        everything = await host.call(MENU, "GetGroupProperties", "aias", [], [])
        assert {i for i, _ in everything.body[0]} >= {0, *ids.values()}
        assert (await host.call(MENU, "GetProperty", "is", today, "label")).body[0].value == "Today $12.34"
        assert (await host.call(MENU, "AboutToShow", "i", 0)).body == [False]
        assert (await host.call(MENU, "AboutToShowGroup", "ai", [0, 999])).body == [[], [999]]

    with_host(backend, scenario)


@pytest.mark.parametrize(
    ("member", "signature", "body"),
    [
        ("GetLayout", "iias", (999, -1, [])),
        ("GetProperty", "is", (999, "label")),
        ("GetProperty", "is", (0, "no-such-property")),
        ("AboutToShow", "i", (999,)),
        ("Event", "isvu", (999, "clicked", NOTHING, 0)),
        ("EventGroup", "a(isvu)", ([[999, "clicked", NOTHING, 0]],)),
    ],
)
def test_lines_that_do_not_exist_are_errors(
    backend: PystrayBackend, member: str, signature: str, body: tuple[Any, ...]
) -> None:
    async def scenario(host: Host, run: Running) -> None:
        assert is_error(await host.call(MENU, member, signature, *body))

    with_host(backend, scenario)


def test_a_new_figure_changes_a_property_and_new_lines_the_revision(backend: PystrayBackend) -> None:
    async def scenario(host: Host, run: Running) -> None:
        revision, layout = await layout_of(host)
        today = ids_of(layout)["Today $12.34"]
        host.signals.clear()
        backend.show(face(replace(LINES[0], label="Today $12.35"), *LINES[1:]))
        changed, gone = await host.heard("ItemsPropertiesUpdated")
        assert [[i, {k: v.value for k, v in p.items()}] for i, p in changed] == [
            [today, {"label": "Today $12.35"}]
        ]
        assert gone == []
        assert (await layout_of(host))[0] == revision
        assert "LayoutUpdated" not in dict(host.signals)

        backend.show(face(replace(LINES[0], label="Today $12.35"), *LINES[2:]))
        assert await host.heard("LayoutUpdated") == [revision + 1, 0]
        new_revision, new_layout = await layout_of(host)
        assert new_revision == revision + 1
        assert ids_of(new_layout)["Today $12.35"] == today

    with_host(backend, scenario)


async def opens_and_changes(backend: PystrayBackend, host: Host) -> int:
    """Open the menu, then add a line to it; give the revision before."""
    revision, _ = await layout_of(host)
    await host.call(MENU, "AboutToShow", "i", 0)
    host.signals.clear()
    backend.show(face(replace(LINES[0], label="Today $12.35"), *LINES[1:], MenuItem("new", "New", REFRESH)))
    await host.heard("ItemsPropertiesUpdated")
    assert "New" not in ids_of((await layout_of(host))[1])
    assert "LayoutUpdated" not in dict(host.signals)
    return int(revision)


@pytest.mark.parametrize(("event", "line"), [("closed", None), ("clicked", "Open dashboard")])
def test_lines_wait_while_the_menu_is_open(backend: PystrayBackend, event: str, line: str | None) -> None:
    async def scenario(host: Host, run: Running) -> None:
        revision = await opens_and_changes(backend, host)
        line_id = ids_of((await layout_of(host))[1])[line] if line else 0
        await host.call(MENU, "Event", "isvu", line_id, event, NOTHING, 0)
        assert await host.heard("LayoutUpdated") == [revision + 1, 0]
        assert "New" in ids_of((await layout_of(host))[1])

    with_host(backend, scenario)


def test_a_menu_that_opens_again_is_read_again(backend: PystrayBackend) -> None:
    async def scenario(host: Host, run: Running) -> None:
        await opens_and_changes(backend, host)
        assert (await host.call(MENU, "AboutToShowGroup", "ai", [0])).body == [[0], []]
        assert "New" in ids_of((await layout_of(host))[1])
        assert (await host.call(MENU, "AboutToShow", "i", 0)).body == [False]

    with_host(backend, scenario)


def test_a_menu_of_which_nothing_is_heard_counts_as_closed(
    backend: PystrayBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccmon_tray.tray.backends.sni.menu._OPEN_AT_MOST_S", 0.5)

    async def scenario(host: Host, run: Running) -> None:
        await opens_and_changes(backend, host)
        await host.heard("LayoutUpdated")
        assert "New" in ids_of((await layout_of(host))[1])

    with_host(backend, scenario)
