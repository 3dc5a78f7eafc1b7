"""Sources in the tray: the one in use is named, another one can be chosen; the first step; first exports."""

import threading
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.desktop.channel import ChannelServer, Message, Request
from ccmon_tray.settings import Settings, SourceSettings
from ccmon_tray.settings_file import load
from ccmon_tray.sources.base import UsageSource
from ccmon_tray.tray.first_exports import FirstExports
from ccmon_tray.tray.menu import build_menu
from ccmon_tray.tray.model import Action, Command, MenuItem, SourcesShown
from ccmon_tray.usage.models import SourceInfo
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import SourceKind, State
from ccmon_tray.usage.windows import Calendar
from ccmon_tray.view_names import ViewName
from tests.support.desktop import wait_for
from tests.support.fake_source import FakeSource, request
from tests.support.patience import PATIENCE_S
from tests.support.running_tray import Start
from tests.support.snapshots import NOW, every_state, fresh

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
LINES = ("OTLP/HTTP at port 4318", "OTLP/gRPC: port 4317 is otelcol’s")


def menu(snapshot: Snapshot | None, sources: SourcesShown | None = None) -> dict[str, MenuItem]:
    items = build_menu(snapshot, now=NOW, calendar=BERLIN, settings=Settings(), sources=sources)
    return {item.key: item for item in items}


def of_kind(kind: SourceKind, state: State) -> Snapshot:
    return Snapshot(source=SourceInfo(kind=kind), state=state, polled_at=NOW)


def test_the_menu_offers_every_source_and_names_the_one_in_use() -> None:
    item = menu(fresh(), SourcesShown("auto", LINES))["source"]
    assert item.label == "Source: Automatic"
    radios = [child for child in item.children if child.kind == "radio"]
    assert [(child.label, child.command, child.checked) for child in radios] == [
        ("Automatic", Command(Action.SET_SOURCE, "auto"), True),
        ("Prometheus", Command(Action.SET_SOURCE, "prometheus"), False),
        ("Built-in collector", Command(Action.SET_SOURCE, "collector"), False),
        ("Transcripts", Command(Action.SET_SOURCE, "transcripts"), False),
    ]
    quiet = [child.label for child in item.children if child.kind == "plain" and not child.enabled]
    assert quiet == ["In use: Prometheus", *LINES]
    assert item.children[-1].command == Command(Action.OPEN_DASHBOARD, ViewName.SETTINGS)


def test_a_source_from_the_command_line_is_no_choice() -> None:
    item = menu(fresh(), SourcesShown(None, LINES))["source"]
    assert item.label == "Source"
    assert not any(child.kind == "radio" for child in item.children)
    assert "source" not in menu(fresh())


@pytest.mark.parametrize("kind", [SourceKind.COLLECTOR, SourceKind.TRANSCRIPTS])
def test_without_any_data_the_one_next_step_is_to_connect(kind: SourceKind) -> None:
    item = menu(of_kind(kind, State.NO_TELEMETRY))["connect"]
    assert item.label == "Connect Claude Code…"
    assert item.command == Command(Action.OPEN_DASHBOARD, ViewName.SETTINGS)


@pytest.mark.parametrize("name", every_state())
def test_elsewhere_connecting_is_not_pressed_upon_anybody(name: str) -> None:
    assert "connect" not in menu(every_state()[name])
    assert "connect" not in menu(of_kind(SourceKind.COLLECTOR, State.NO_DATA))


def test_a_source_that_is_chosen_is_used_at_once_and_remembered(start: Start) -> None:
    sources = {
        "auto": FakeSource(request(NOW - 60, "s1", 1.0, {"input": 1})),
        "collector": FakeSource(
            request(NOW - 60, "s1", 2.0, {"input": 1}), info=SourceInfo(kind=SourceKind.COLLECTOR)
        ),
    }

    def open_source(settings: Settings, _calendar: Calendar) -> UsageSource:
        return sources[settings.source.kind]

    heard: list[Request] = []
    with start(open_source, Settings(source=SourceSettings(kind="auto"))) as tray:
        window = ChannelServer(tray.paths.dashboard, heard.append)
        window.start()
        tray.until(lambda snapshot: snapshot.state is State.FRESH, "the first source")
        assert tray.menu["source"].label == "Source: Automatic"

        tray.app.on_command(Command(Action.SET_SOURCE, "collector"))

        assert tray.menu["source"].label == "Source: Built-in collector"
        found = tray.until(lambda snapshot: snapshot.source.kind is SourceKind.COLLECTOR, "the other one")
        assert found.figures is not None
        assert found.figures.today.cost_usd == 2.0
        assert sources["auto"].closed
        assert load(tray.paths, {}).settings.source.kind == "collector"
        wait_for(
            lambda: Message.SETTINGS_CHANGED in [each.message for each in heard], "the window hears of it"
        )
        window.close()


class Bell:
    """Counts how often a poll is asked for."""

    def __init__(self) -> None:
        self.rung = threading.Semaphore(0)

    def ring(self) -> None:
        self.rung.release()


def exports(snapshot: Callable[[], Snapshot | None], bell: Bell) -> FirstExports:
    return FirstExports(snapshot, bell.ring)


def test_first_exports_call_for_one_poll_however_many_come() -> None:
    bell = Bell()
    first = exports(lambda: of_kind(SourceKind.COLLECTOR, State.NO_TELEMETRY), bell)
    for _ in range(50):
        first.heard()
    assert bell.rung.acquire(timeout=PATIENCE_S)
    assert not bell.rung.acquire(timeout=0.2)
    first.heard()
    assert bell.rung.acquire(timeout=PATIENCE_S)


def test_exports_call_for_nothing_where_figures_are_shown_or_the_tray_ends() -> None:
    bell = Bell()
    shown = exports(fresh, bell)
    shown.heard()
    ended = exports(lambda: of_kind(SourceKind.COLLECTOR, State.NO_DATA), bell)
    ended.heard()
    ended.close()
    assert not bell.rung.acquire(timeout=2)
