"""The icon on a real session bus, seen by a desktop that follows the specification."""

import asyncio
import html
import itertools
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ccmon_tray.errors import TrayHostMissing
from ccmon_tray.tray.backends.pystray_adapter import PystrayBackend
from ccmon_tray.tray.backends.sni.icon import Icon
from ccmon_tray.tray.backends.sni.pixmap import pixmap
from tests.support.backends import Running, face, plain_icon, running
from tests.support.desktop import Desktop
from tests.support.patience import PATIENCE_S, allowed
from tests.support.sni_host import ITEM, MENU, Host, Watcher
from tests.support.sni_menu import LINES, NOTHING, OPEN, REFRESH, ids_of, is_error, layout_of, with_host

pytestmark = pytest.mark.needs("dbus-daemon")

# The type of each property by https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/, where
# WindowId is a signed integer in every implementation.
ITEM_TYPES = {
    "Category": "s",
    "Id": "s",
    "Title": "s",
    "Status": "s",
    "WindowId": "i",
    "IconThemePath": "s",
    "IconName": "s",
    "IconPixmap": "a(iiay)",
    "IconAccessibleDesc": "s",
    "OverlayIconName": "s",
    "OverlayIconPixmap": "a(iiay)",
    "AttentionIconName": "s",
    "AttentionIconPixmap": "a(iiay)",
    "AttentionMovieName": "s",
    "ToolTip": "(sa(iiay)ss)",
    "ItemIsMenu": "b",
    "Menu": "o",
}


def test_every_property_has_the_specifications_type(backend: PystrayBackend) -> None:
    async def scenario(host: Host, run: Running) -> None:
        properties = await host.properties(ITEM)
        assert {name: value.signature for name, value in properties.items()} == ITEM_TYPES
        assert properties["Menu"].value == MENU[0]
        assert properties["ItemIsMenu"].value is False
        menu = await host.properties(MENU)
        assert {name: value.signature for name, value in menu.items()} == {
            "Version": "u",
            "TextDirection": "s",
            "Status": "s",
            "IconThemePath": "as",
        }

    with_host(backend, scenario)


def test_the_icon_comes_in_every_size_and_is_drawn_for_it(session: Desktop) -> None:
    drawn: list[int] = []

    def renderer(_: object, size: int) -> Image.Image:
        drawn.append(size)
        return Image.new("RGBA", (size, size), (1, 2, 3, 128))

    async def scenario(host: Host, run: Running) -> None:
        pixmaps = (await host.properties(ITEM))["IconPixmap"].value
        assert [(p[0], p[1], len(p[2])) for p in pixmaps] == [
            (size, size, size * size * 4) for size in (16, 22, 24, 32, 48, 64)
        ]
        assert {p[2][:4] for p in pixmaps} == {bytes((128, 1, 2, 3))}
        assert set(drawn) == {16, 22, 24, 32, 48, 64}

    backend = PystrayBackend("sni", Icon, renderer)
    backend.show(face())
    with_host(backend, scenario)


def test_pixels_keep_their_place() -> None:
    image = Image.new("RGBA", (2, 1))
    image.putpixel((0, 0), (10, 20, 30, 40))
    image.putpixel((1, 0), (50, 60, 70, 80))
    assert pixmap(image) == [2, 1, bytes((40, 10, 20, 30, 80, 50, 60, 70))]


def test_tooltip_has_a_heading_and_escaped_details(backend: PystrayBackend) -> None:
    backend.show(face(tooltip="Today $12.34 <now> · shop & blog · <b>"))

    async def scenario(host: Host, run: Running) -> None:
        name, pixmaps, heading, details = (await host.properties(ITEM))["ToolTip"].value
        assert (name, heading) == ("", "Today $12.34 <now>")
        assert [(p[0], p[1]) for p in pixmaps] == [(48, 48)]
        assert details == "shop &amp; blog\n&lt;b&gt;"
        assert html.unescape(details) == "shop & blog\n<b>"

    with_host(backend, scenario)


def test_attention_is_a_status_with_an_icon(backend: PystrayBackend) -> None:
    async def scenario(host: Host, run: Running) -> None:
        assert (await host.properties(ITEM))["Status"].value == "Active"
        host.signals.clear()
        backend.show(face(*LINES, attention=True))
        assert await host.heard("NewStatus") == ["NeedsAttention"]
        await host.heard("NewIcon")
        properties = await host.properties(ITEM)
        assert properties["AttentionIconPixmap"].value == properties["IconPixmap"].value
        host.signals.clear()
        backend.show(face(*LINES))
        assert await host.heard("NewStatus") == ["Active"]

    with_host(backend, scenario)


def test_only_what_changed_is_announced(backend: PystrayBackend) -> None:
    async def scenario(host: Host, run: Running) -> None:
        await host.properties(ITEM)
        host.signals.clear()
        backend.show(face(*LINES, tooltip="Today $12.35"))
        await host.heard("NewToolTip")
        backend.show(face(*LINES, tooltip="Today $12.35"))
        await host.properties(ITEM)
        assert host.signals == [("NewToolTip", [])]

    with_host(backend, scenario)


def test_clicks_become_commands(backend: PystrayBackend) -> None:
    async def scenario(host: Host, run: Running) -> None:
        _, layout = await layout_of(host)
        ids = ids_of(layout)
        opus, today = ids["Opus 4.8 $10.20"], ids["Today $12.34"]
        clicks: list[tuple[Any, ...]] = [
            (ITEM, "Activate", "ii", (1, 2), OPEN),
            (ITEM, "SecondaryActivate", "ii", (1, 2), REFRESH),
            (ITEM, "ContextMenu", "ii", (1, 2), None),
            (ITEM, "Scroll", "is", (120, "vertical"), None),
            (MENU, "Event", "isvu", (opus, "hovered", NOTHING, 0), None),
            (MENU, "Event", "isvu", (today, "clicked", NOTHING, 0), None),
            (MENU, "Event", "isvu", (opus, "clicked", NOTHING, 0), REFRESH),
        ]
        for target, member, signature, body, command in clicks:
            answer = await host.call(target, member, signature, *body)
            assert not is_error(answer), answer.body
            if command:
                assert await asyncio.to_thread(run.command) == command
        group = [[ids["Open dashboard"], "clicked", NOTHING, 0], [999, "clicked", NOTHING, 0]]
        answer = await host.call(MENU, "EventGroup", "a(isvu)", group)
        assert answer.body == [[999]]
        assert await asyncio.to_thread(run.command) == OPEN
        assert run.commands.empty()

    with_host(backend, scenario)


def test_it_registers_with_each_watcher_that_comes(backend: PystrayBackend) -> None:
    async def play() -> None:
        assert not backend.hosted
        async with Host() as host:
            await host.appear()
            first = await host.item()
            await host.until(lambda: backend.hosted, "hosted")
            await host.vanish()
            await host.until(lambda: not backend.hosted, "no longer hosted")
            await host.appear()
            assert await host.item() == first
            await host.until(lambda: backend.hosted, "hosted again")
            assert host.watcher.items == [first]

    with running(backend):
        asyncio.run(play())


def test_a_watcher_without_a_host_does_not_count_as_shown(backend: PystrayBackend) -> None:
    async def scenario(host: Host, run: Running) -> None:
        await host.properties(ITEM)
        assert not backend.hosted
        host.watcher.host_registered()
        await host.until(lambda: backend.hosted, "hosted")
        host.watcher.host_unregistered()
        await host.until(lambda: not backend.hosted, "no longer hosted")
        assert len(host.watcher.items) == 1

    with_host(backend, scenario, Watcher(has_host=False))


def test_a_watcher_that_refuses_is_asked_again(
    backend: PystrayBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccmon_tray.tray.backends.sni.icon._RETRY_S", 0.01)

    async def scenario(host: Host, run: Running) -> None:
        await host.item()
        await host.until(lambda: backend.hosted, "hosted")

    with_host(backend, scenario, Watcher(refusals=2))


def test_nothing_is_registered_before_there_is_a_face(session: Desktop) -> None:
    backend = PystrayBackend("sni", Icon, plain_icon)

    async def scenario(host: Host, run: Running) -> None:
        assert host.watcher.items == []
        backend.show(face())
        await host.item()
        assert (await host.properties(ITEM))["IconPixmap"].value

    with_host(backend, scenario)


def test_a_bus_that_is_too_busy_to_listen_loses_nothing(session: Desktop, backend: PystrayBackend) -> None:
    async def scenario(host: Host, run: Running) -> None:
        await host.properties(ITEM)
        with session.bus_stopped():
            for cents in range(2_000):
                # Each text is shown for a moment, so that each is announced.
                shown = threading.Event()
                backend.show(face(*LINES, tooltip=f"Today ${cents / 100:.2f}"))
                assert backend._icon
                backend._icon.post(shown.set)
                assert shown.wait(PATIENCE_S)
        assert (await host.properties(ITEM))["ToolTip"].value[2] == "Today $19.99"
        assert [name for name, _ in host.signals].count("NewToolTip") >= 2_000
        assert not run.ended.is_set()

    with_host(backend, scenario)


def test_logout_ends_it(session: Desktop, backend: PystrayBackend) -> None:
    with running(backend) as run:
        session.stop_bus()
        assert run.ended.wait(allowed(2))
        assert not backend.hosted
        backend.show(face(tooltip="after the end"))


@pytest.mark.parametrize("by", ["stop", "logout"])
def test_the_end_amid_repaints_is_quiet(
    session: Desktop, backend: PystrayBackend, caplog: pytest.LogCaptureFixture, by: str
) -> None:
    end = {"stop": backend.stop, "logout": session.stop_bus}

    def repaint(run: Running, painted: threading.Event) -> None:
        for number in itertools.count():
            backend.show(face(tooltip=f"No. {number}", attention=number % 2 == 1))
            if number == 100:
                painted.set()
            if run.ended.is_set():
                return

    with running(backend) as run:
        painted = threading.Event()
        painter = threading.Thread(target=repaint, args=(run, painted))
        painter.start()
        assert painted.wait(PATIENCE_S)
        end[by]()
        assert run.ended.wait(allowed(2))
        painter.join(allowed(2))
    assert [record.getMessage() for record in caplog.records if record.levelname != "INFO"] == []


@pytest.mark.parametrize("address", ["unix:path=/nonexistent/bus", "nonsense", "tcp:host=127.0.0.1,port=1"])
def test_without_a_session_bus_it_says_so(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    with pytest.raises(TrayHostMissing, match=r"D-Bus session bus .* does not answer"):
        PystrayBackend("sni", Icon, plain_icon).run(on_command=lambda _: None, on_ready=lambda: None)


def test_a_signal_handler_may_stop_it(session: Desktop) -> None:
    program = """
        import signal, sys, threading
        from ccmon_tray.tray.backends.pystray_adapter import PystrayBackend
        from ccmon_tray.tray.backends.sni.icon import Icon
        from tests.support.backends import face, plain_icon

        backend = PystrayBackend("sni", Icon, plain_icon)
        signal.signal(signal.SIGTERM, lambda *_: backend.stop())
        backend.show(face())
        backend.run(on_command=print, on_ready=lambda: print("ready", flush=True))
        print([thread.name for thread in threading.enumerate()])
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": "."},
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (out, err, process.returncode) == ("['MainThread']\n", "", 0)
    assert time.monotonic() - began < allowed(1)


def test_the_bus_is_found_where_systemd_puts_it(
    session: Desktop, backend: PystrayBackend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address = session.env["DBUS_SESSION_BUS_ADDRESS"]
    socket = Path(dict(part.split("=") for part in address.split(":", 1)[1].split(","))["path"])
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    runtime = tmp_path / "run"
    runtime.mkdir()
    (runtime / "bus").symlink_to(socket)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    with running(backend) as run:
        assert run.ready.is_set()
