"""The whole program as a desktop starts it: at login by the autostart entry, and from the menu."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccmon_tray.desktop.channel import Message, send
from ccmon_tray.desktop.instance import wait_for_end
from ccmon_tray.paths import HOME_VARIABLE, Paths, find_paths
from tests.support.command_line import ROOT, run, start
from tests.support.desktop import Desktop, wait_for
from tests.support.patience import PATIENCE_S
from tests.support.settings_files import write
from tests.support.sni_host import MENU, Host
from tests.support.sni_menu import NOTHING, ids_of, layout_of

pytestmark = pytest.mark.needs("Xvfb", "dbus-daemon", "gio", "xdotool", "xprop")

DEMO = '[source]\nkind = "demo"\n'
WINDOW = ("xdotool", "search", "--onlyvisible", "--name", "^Claude Code Monitor$")


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    folder = tmp_path / "user"
    folder.mkdir()
    with Desktop(folder) as made:
        made.enter(monkeypatch)
        yield made


@pytest.fixture
def paths(tmp_path: Path, desktop: Desktop) -> Iterator[Paths]:
    paths = find_paths({HOME_VARIABLE: str(tmp_path / "home of it")})
    write(paths, DEMO)
    yield paths
    for endpoint in (paths.dashboard, paths.tray):
        send(endpoint, Message.QUIT)
        assert wait_for_end(endpoint, PATIENCE_S)


def command(desktop: Desktop, paths: Paths, *words: str) -> str:
    """Run a command in a terminal on the desktop."""
    done = run(paths.config.parent, *words, **desktop.env)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def launch(desktop: Desktop, entry: Path) -> None:
    """What a desktop does with an entry."""
    # The project is on the path of an installed program; this one runs from its source.
    environ = {**desktop.env, "PYTHONPATH": str(ROOT)}
    subprocess.run(["gio", "launch", entry], env=environ, cwd="/", check=True, timeout=20)


def told(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


async def line(host: Host, label: str) -> tuple[int, int]:
    """Number and check mark of a line of the tray's menu."""
    for child in (await layout_of(host))[1][2]:
        number, properties, _ = child.value
        if "label" in properties and properties["label"].value == label:
            return number, properties["toggle-state"].value
    raise AssertionError(label)


async def checked(host: Host, label: str, mark: int) -> int:
    """Wait for a line's mark; the line's number."""
    async with asyncio.timeout(10):
        while (found := await line(host, label))[1] != mark:  # noqa: ASYNC110  # of another process
            await asyncio.sleep(0.05)
    return found[0]


def test_it_starts_at_login_before_the_panel_and_its_menu_switches_that_off_and_on(
    desktop: Desktop, paths: Paths
) -> None:
    said = command(desktop, paths, "autostart", "enable")
    entry = Path(desktop.env["XDG_CONFIG_HOME"]) / "autostart" / "ccmon-tray.desktop"
    assert str(entry) in said
    launch(desktop, entry)
    wait_for(paths.snapshot_file.exists, "the tray")  # there is no panel yet

    async def scenario() -> None:
        async with Host() as host:
            await host.appear()
            number = await checked(host, "Start at login", 1)
            await host.call(MENU, "Event", "isvu", number, "clicked", NOTHING, 0)
            number = await checked(host, "Start at login", 0)
            assert not entry.exists()
            await host.call(MENU, "Event", "isvu", number, "clicked", NOTHING, 0)
            await checked(host, "Start at login", 1)
            assert entry.exists()
            # The command line is another process; the menu follows what it does.
            entry.unlink()
            await checked(host, "Start at login", 0)

    asyncio.run(scenario())
    assert told(*WINDOW) == ""  # it starts quietly


def test_the_menu_opens_tray_and_window_which_docks_know(desktop: Desktop, paths: Paths) -> None:
    command(desktop, paths, "menu-entry", "add")
    entry = Path(desktop.env["XDG_DATA_HOME"]) / "applications" / "ccmon-tray.desktop"
    launch(desktop, entry)
    window = wait_for(lambda: told(*WINDOW).split(), "the window")
    fields = dict(each.split("=", 1) for each in entry.read_text().splitlines() if "=" in each)
    assert f'"{fields["StartupWMClass"]}"' in told("xprop", "-id", window[0], "WM_CLASS")
    icon = ("xprop", "-id", window[0], "_NET_WM_ICON")
    wait_for(lambda: "_NET_WM_ICON(CARDINAL)" in told(*icon), "its icon")
    wait_for(paths.snapshot_file.exists, "the tray")
    wait_for(paths.dashboard.channel_file.exists, "a window that listens")

    send(paths.dashboard, Message.QUIT)
    assert wait_for_end(paths.dashboard, PATIENCE_S)
    launch(desktop, entry)  # the tray runs: it is the one that opens the window again
    wait_for(lambda: told(*WINDOW).split(), "the window again")
    wait_for(paths.dashboard.channel_file.exists, "a window that listens")


def test_entries_that_lead_to_a_program_that_has_gone_are_mended_and_told(
    desktop: Desktop, paths: Paths
) -> None:
    command(desktop, paths, "autostart", "enable")
    entries = (
        Path(desktop.env["XDG_CONFIG_HOME"]) / "autostart" / "ccmon-tray.desktop",
        Path(desktop.env["XDG_DATA_HOME"]) / "applications" / "ccmon-tray.desktop",
    )
    good = [entry.read_text() for entry in entries]
    for entry in entries:
        entry.write_text(entry.read_text().replace(str(Path(sys.executable).parent), "/gone/bin"))
    with start(paths.config.parent, "run", "--headless", **desktop.env) as tray:
        wait_for(paths.snapshot_file.exists, "the tray")
        said = command(desktop, paths, "status")
        send(paths.tray, Message.QUIT)
        tray.communicate(timeout=PATIENCE_S)
    assert [entry.read_text() for entry in entries] == good
    assert "Start at login led to /gone/bin" in said
    assert "The entry in the application menu led to /gone/bin" in said


@pytest.mark.needs("xclip")
def test_help_in_the_menu_copies_diagnostics_and_opens_the_logs(
    desktop: Desktop, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener = tmp_path / "programs" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened\n')
    opener.chmod(0o755)
    desktop.env["PATH"] = f"{opener.parent}:{desktop.env['PATH']}"
    command(desktop, paths, "menu-entry", "add")
    command(desktop, paths, "autostart", "enable")
    launch(desktop, Path(desktop.env["XDG_CONFIG_HOME"]) / "autostart" / "ccmon-tray.desktop")

    async def scenario() -> None:
        async with Host() as host:
            await host.appear()
            lines = ids_of((await layout_of(host))[1])
            for label in ("Open logs", "Copy diagnostics"):
                await host.call(MENU, "Event", "isvu", lines[label], "clicked", NOTHING, 0)

    asyncio.run(scenario())
    wait_for((tmp_path / "opened").exists, "the logs")
    assert (tmp_path / "opened").read_text() == str(paths.log)
    copied = wait_for(lambda: told("xclip", "-selection", "clipboard", "-o"), "the diagnostics")
    assert copied.startswith("System\n")
    assert "ccmon-tray.log:" in copied


def test_status_tells_by_its_exit_code(desktop: Desktop, paths: Paths) -> None:
    home = paths.config.parent
    assert run(home, "autostart", "status", **desktop.env).returncode == 1
    assert run(home, "menu-entry", "status", **desktop.env).returncode == 1
    command(desktop, paths, "autostart", "enable")  # which puts it into the menu, too
    assert "It starts at login" in command(desktop, paths, "autostart", "status")
    assert "applications/ccmon-tray.desktop" in command(desktop, paths, "menu-entry", "status")
    command(desktop, paths, "autostart", "disable")
    command(desktop, paths, "menu-entry", "remove")
    assert run(home, "autostart", "status", **desktop.env).returncode == 1
    assert run(home, "menu-entry", "status", **desktop.env).returncode == 1
