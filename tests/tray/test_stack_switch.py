"""The stack in the menu: offered where it can be, true to what runs, its failures told."""

import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.paths import Paths, find_paths
from ccmon_tray.settings import Settings
from ccmon_tray.stack.folder import StackFolder
from ccmon_tray.stack.names import VARIABLES
from ccmon_tray.tray.menu import build_menu
from ccmon_tray.tray.model import Action, StackFace
from ccmon_tray.tray.stack_switch import StackSwitch
from ccmon_tray.usage.windows import Calendar
from tests.support.fake_engines import FakeEngines, fake_engines
from tests.support.patience import PATIENCE_S
from tests.support.servers import free_port

CALENDAR = Calendar(ZoneInfo("UTC"), "UTC")


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngines]:
    with fake_engines(tmp_path / "engines") as engines:
        monkeypatch.setenv("PATH", str(engines.path))
        yield engines


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A home whose stack has free ports, for this process and those it starts."""
    monkeypatch.setenv("CCMON_TRAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    folder = tmp_path / "home" / "data" / "stack"
    folder.mkdir(parents=True)
    lines = [f"{variable}={free_port()}\n" for variable in VARIABLES.values()]
    (folder / ".env").write_text("".join(lines))
    return find_paths({"CCMON_TRAY_HOME": str(tmp_path / "home")})


class Clock:
    """Monotonic seconds that jump a minute at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 61
        return self.now


def until(switch: StackSwitch, words: str) -> tuple[str, ...]:
    """Tick until the menu says so; what was told meanwhile."""
    told: list[str] = []
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        told += switch.tick()
        if switch.face is not None and switch.face.words == words:
            return tuple(told)
        time.sleep(0.05)  # as the tray does between two ticks
    raise AssertionError(f"the menu says {switch.face}, and was told {told}")


def test_without_an_engine_and_a_stack_nothing_is_offered(engines: FakeEngines, paths: Paths) -> None:
    switch = StackSwitch(paths)
    assert switch.face is None
    assert switch.tick() == ()


def test_with_an_engine_a_start_is_offered(engines: FakeEngines, paths: Paths) -> None:
    engines.install("podman")
    assert StackSwitch(paths).face == StackFace("stopped", can_start=True)


def test_it_starts_and_stops_and_says_so(engines: FakeEngines, paths: Paths) -> None:
    engines.install("docker")
    switch = StackSwitch(paths, clock=Clock())

    switch.start()
    assert switch.face == StackFace("starting…")
    (told,) = until(switch, "running")
    endpoint = StackFolder(paths).ports.otlp_endpoint
    assert told == f"The stack runs. Next: ccmon-tray connect --endpoint {endpoint}"
    assert switch.face == StackFace("running", can_stop=True)

    switch.stop()
    assert switch.face == StackFace("stopping…")
    assert until(switch, "stopped") == ()


def test_a_second_click_while_it_starts_does_nothing(engines: FakeEngines, paths: Paths) -> None:
    engines.install("docker")
    switch = StackSwitch(paths, clock=Clock())
    switch.start()
    switch.start()
    switch.stop()
    until(switch, "running")
    assert [words for words in engines.asked if words[-1] in {"-d", "down"}] == [
        ["docker", "compose", "-p", StackFolder(paths).project, "-f", "compose.yaml", "up", "-d"]
    ]


def test_why_a_start_failed_is_told(engines: FakeEngines, paths: Paths) -> None:
    engines.install("docker")
    engines.plan(up={"status": 1, "complains": "toomanyrequests: slow down\n"})
    switch = StackSwitch(paths, clock=Clock())

    switch.start()
    (told,) = until(switch, "stopped")

    assert told.startswith("The images could not be fetched: toomanyrequests")


def test_a_part_that_ended_is_seen(engines: FakeEngines, paths: Paths) -> None:
    engines.install("docker")
    switch = StackSwitch(paths, clock=Clock())
    switch.start()
    until(switch, "running")

    engines.close()

    assert until(switch, "stopped") == ()


@pytest.mark.parametrize(
    ("face", "deeds"),
    [
        (StackFace("stopped", can_start=True), {"Start": Action.START_STACK}),
        (StackFace("running", can_stop=True), {"Stop": Action.STOP_STACK}),
        (
            StackFace("partly running", can_start=True, can_stop=True),
            {"Start": Action.START_STACK, "Stop": Action.STOP_STACK},
        ),
        (StackFace("starting…"), {}),
    ],
    ids=lambda value: value.words if isinstance(value, StackFace) else "",
)
def test_the_menu_offers_what_can_be_done(face: StackFace, deeds: dict[str, Action]) -> None:
    menu = build_menu(None, now=0, calendar=CALENDAR, settings=Settings(), stack=face)
    (line,) = [item for item in menu if item.key == "stack"]
    assert line.label == f"Prometheus stack · {face.words}"
    assert {item.label: item.command.action for item in line.children if item.command} == deeds
    assert line.enabled is bool(deeds)


def test_the_menu_is_silent_where_there_can_be_no_stack() -> None:
    menu = build_menu(None, now=0, calendar=CALENDAR, settings=Settings())
    assert "stack" not in {item.key for item in menu}
