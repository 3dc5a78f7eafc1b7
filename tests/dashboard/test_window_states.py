"""What the window says when there are no figures, or none to be trusted; and that it never stands still."""

import json
import time
import tkinter as tk
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tkinter import ttk
from typing import Any

import pytest

from ccmon_tray.dashboard.page import Page
from ccmon_tray.dashboard.ranges import ChosenRange
from ccmon_tray.dashboard.views.registry import ORDER
from ccmon_tray.dashboard.views.summary import SummaryView
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.sources.snapshots import SnapshotBuilder
from ccmon_tray.usage import wording
from ccmon_tray.usage.states import State
from tests.support.dashboard import await_drawn, descendants, pump
from tests.support.fake_source import FakeSource, request
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.patience import allowed
from tests.support.replies import Answer, Request, Response, forward_to
from tests.support.servers import TOOLS, Kind, prometheus
from tests.support.snapshots import every_state, fresh
from tests.support.truth.anomalies import saw_tooth
from tests.support.truth.cases import NOW, dataset
from tests.support.truth.loading import loading
from tests.support.views import NOW as DEMO_NOW
from tests.support.views import OpenView

pytestmark = pytest.mark.needs("Xvfb", *TOOLS[Kind.PROMETHEUS])

ASKING = [
    name for name in ORDER if name in {"summary", "tokens", "insights", "sessions", "prometheus-health"}
]
DAY = 86_400
LONGEST_PAUSE_S = 0.5


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A real server with use until ``NOW``."""
    with loading(dataset("scraped every 15 s"), Kind.PROMETHEUS) as loaded:
        yield loaded.server.url


@dataclass
class Failing:
    """A window over a server that can fail."""

    window: DashboardWindow
    server: FaultyServer

    @property
    def page(self) -> Page:
        return self.window.page


Open = Callable[..., Failing]


@pytest.fixture
def failing(open_view: OpenView, url: str, tmp_path: Path) -> Iterator[Open]:
    """Opens a view over a server that passes questions on to the real one while nothing is wrong with it."""
    servers: list[FaultyServer] = []

    def make(
        view: str, chosen: str = "30d", fault: Fault = Fault.NONE, answer: Answer | None = None, **more: Any
    ) -> Failing:
        server = FaultyServer(answer or forward_to(url))
        servers.append(server)
        server.fault = fault
        settings = {
            "source": {"kind": "prometheus"},
            "prometheus": {"url": server.url, "timeout_s": 20},
            "claude": {"config_dir": str(tmp_path / "claude")},
        }
        window = open_view(view, chosen, settings=settings, **{"now": NOW, **more})
        return Failing(window, server)

    yield make
    for server in servers:
        server.close()


def words(part: tk.Misc) -> str:
    """All words that stand in a part."""
    labels = (widget for widget in descendants(part) if isinstance(widget, tk.Label))
    return "\n".join(str(label.cget("text")) for label in labels)


def button(part: tk.Misc, text: str) -> ttk.Button:
    buttons = {str(w.cget("text")): w for w in descendants(part) if isinstance(w, ttk.Button)}
    assert text in buttons
    return buttons[text]


def panel(page: Page) -> tk.Misc:
    assert page.covered
    return page._panel


def banner(page: Page) -> tk.Misc:
    assert page._banner.winfo_manager()
    return page._banner


def figures(window: DashboardWindow) -> list[str]:
    view = window.page.view
    assert isinstance(view, SummaryView)
    return [card.figure for card in (*view.main_cards, *view.more_cards)]


@pytest.mark.parametrize("name", ASKING)
def test_a_server_that_is_not_there_until_it_is(failing: Open, name: str) -> None:
    found = failing(name, fault=Fault.ABSENT)

    said = words(panel(found.page))
    assert "Prometheus" in said
    assert found.server.url.removeprefix("http://") in said
    found.server.fault = Fault.NONE
    button(found.page._panel, "Try again").invoke()
    await_drawn(found.window)
    assert not found.page.covered
    assert found.page.error is None
    assert found.page.current


@pytest.mark.parametrize("name", ASKING)
def test_a_server_that_comes_back_is_read_without_a_click(failing: Open, name: str) -> None:
    found = failing(name, fault=Fault.ABSENT)
    window = found.window
    assert "since 15:37" in words(panel(found.page))
    window.feed._take(every_state()["offline"])
    again = button(found.page._panel, "Try again")
    found.page.say()
    assert again.winfo_exists()  # who stands on it stays there while nothing changes

    found.server.fault = Fault.NONE
    window.feed._take(fresh())

    pump(window.root, lambda: found.page.error is None and not found.page.loading, "figures")
    assert found.page.current
    assert not found.page.covered


def test_a_server_that_goes_is_said_without_a_click(failing: Open) -> None:
    found = failing("summary")
    found.server.fault = Fault.UNAVAILABLE

    found.window.feed._take(every_state()["stale"])
    pump(found.window.root, lambda: found.page.error is not None, "the error")

    assert "last good ones" in words(banner(found.page))


def test_a_view_that_alone_fails_is_not_asked_for_all_the_time(failing: Open) -> None:
    found = failing("summary", fault=Fault.ABSENT)
    found.server.fault = Fault.NONE

    found.window.feed._take(fresh())

    assert not found.page.loading


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in {
    Fault.NONE, Fault.ABSENT, Fault.HANG, Fault.HANG_IN_BODY, Fault.DRIP, Fault.HUGE, Fault.HUGE_PACKED,
}])  # fmt: skip
def test_no_failure_looks_like_nothing_used(failing: Open, fault: Fault) -> None:
    window = failing("summary", fault=fault).window

    title, *reasons = words(panel(window.page)).split("\n")
    assert title
    assert reasons
    assert figures(window) == [""] * 10
    button(window.page._panel, "Smoke test").invoke()
    assert window.view_name == "smoke-test"


@pytest.mark.parametrize("name", ASKING)
def test_figures_stay_when_the_server_fails_later(failing: Open, name: str) -> None:
    found = failing(name)
    reading = found.page.reading
    found.server.fault = Fault.UNAVAILABLE

    found.window.reload()
    pump(found.window.root, lambda: found.page.error is not None, "the error")
    found.window.root.update()

    assert not found.page.covered
    assert found.page.reading is reading
    said = words(banner(found.page))
    assert "since 15:37" in said
    assert "last good ones" in said
    found.server.fault = Fault.NONE
    button(found.page._banner, "Try again").invoke()
    pump(found.window.root, lambda: found.page.error is None and not found.page.loading, "figures")
    assert not found.page._banner.winfo_manager()


def test_another_range_of_a_failing_server_shows_no_figures_of_the_one_before(failing: Open) -> None:
    found = failing("summary")
    assert all(figures(found.window))
    found.server.fault = Fault.INTERNAL

    found.window.choose_range(ChosenRange("7d"))
    pump(found.window.root, lambda: found.page.error is not None, "the error")

    assert panel(found.page)
    assert figures(found.window) == [""] * 10


@pytest.mark.parametrize("name", ["summary", "tokens", "insights", "sessions"])
def test_a_server_without_telemetry(failing: Open, tmp_path: Path, name: str) -> None:
    with prometheus(tmp_path / "empty") as server:
        window = failing(name, answer=forward_to(server.url)).window

    said = words(panel(window.page))
    assert wording.TELEMETRY_OFF in said
    assert "CLAUDE_CODE_ENABLE_TELEMETRY" in said
    button(window.page._panel, "Settings").invoke()
    assert window.view_name == "settings"


@pytest.mark.parametrize("name", ["summary", "tokens", "sessions"])
def test_nothing_used_in_the_range_and_the_way_to_a_wider_one(failing: Open, name: str) -> None:
    window = failing(name, "today", now=NOW + 20 * DAY).window

    assert "Nothing used today" in words(panel(window.page))
    button(window.page._panel, "Last 30 days").invoke()
    await_drawn(window)
    assert not window.page.covered
    assert window.chosen_range().name == "30d"


@pytest.mark.parametrize("name", ["summary", "tokens", "sessions"])
def test_a_range_beyond_the_retention_says_so(failing: Open, url: str, name: str) -> None:
    passed_on = forward_to(url)

    def keeping_ten_days(asked: Request) -> Response:
        answer = passed_on(asked)
        if not asked.path.endswith("/status/runtimeinfo"):
            return answer
        told = json.loads(answer.body)
        told["data"]["storageRetention"] = "10d"
        return Response.json(told)

    window = failing(name, answer=keeping_ten_days).window

    said = words(banner(window.page))
    assert "Prometheus keeps data since Sun 2 Nov 2025" in said
    assert "Choose a shorter range" in said
    assert "may be off" not in said
    window.choose_range(ChosenRange("7d"))
    await_drawn(window)
    assert not window.page._banner.winfo_manager()


def test_figures_that_may_be_off_say_why_and_lead_to_the_cure(open_view: OpenView, tmp_path: Path) -> None:
    with loading(saw_tooth().data, Kind.PROMETHEUS) as loaded:
        settings: dict[str, dict[str, object]] = {
            "source": {"kind": "prometheus"},
            "prometheus": {"url": loaded.server.url},
            "claude": {"config_dir": str(tmp_path / "claude")},
        }
        window = open_view("summary", "1d", settings=settings, now=NOW)

        assert "These figures may be off" in words(banner(window.page))
        assert all(figures(window))
        button(window.page._banner, "Smoke test").invoke()
        assert window.view_name == "smoke-test"


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.DRIP, Fault.HANG_IN_BODY])
def test_the_window_never_stands_still_while_the_server_does(failing: Open, fault: Fault) -> None:
    found = failing("summary")
    root = found.window.root
    for name in ORDER:  # modules are imported and widgets are made once
        found.window.open_view(name)
        await_drawn(found.window)
    ticks: list[float] = []

    def tick() -> None:
        ticks.append(time.monotonic())
        root.after(10, tick)

    found.server.fault = fault
    tick()
    for name in (*ASKING, *ASKING):
        found.window.open_view(name)
        found.window.reload()
        until = time.monotonic() + 0.3
        pump(root, lambda: time.monotonic() > until, "time passing")  # noqa: B023
    found.window.choose_range(ChosenRange("1h"))
    root.update()
    assert found.page.loading

    longest = max(later - earlier for earlier, later in pairwise(ticks))
    assert longest < allowed(LONGEST_PAUSE_S)
    began = time.monotonic()
    found.window.jobs.close()
    found.window.services.drop()
    assert time.monotonic() - began < allowed(LONGEST_PAUSE_S)


def test_a_view_that_breaks_says_so_and_leaves_the_others_alone(
    open_view: OpenView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(SummaryView, "read", broken)
    window = open_view("summary")

    said = words(panel(window.page))
    assert "This view could not be read" in said
    assert "RuntimeError: a mistake" in said
    window.open_view("tokens")
    await_drawn(window)
    assert window.page.error is None


@pytest.mark.parametrize(
    ("state", "expected"),
    [(State.FRESH, "fresh"), (State.OFFLINE, "offline"), (State.STALE, "stale"), (State.NO_DATA, "no use")],
)
def test_the_footer_names_the_state(open_view: OpenView, state: State, expected: str) -> None:
    source = FakeSource(request(DEMO_NOW - 60, "s1", 1.0, {"input": 5.0}))
    window = open_view("summary", source=source)
    snapshot = SnapshotBuilder(source, window.services.calendar).build("7d", DEMO_NOW, None)

    window.feed._take(snapshot.model_copy(update={"state": state}))

    assert window.sidebar._status.state is state
    assert expected in window.sidebar._status.source


def test_a_snapshot_that_nobody_renews_becomes_stale(open_view: OpenView) -> None:
    source = FakeSource(request(DEMO_NOW - 3600, "s1", 1.0, {"input": 5.0}))
    window = open_view("summary", source=source)
    snapshot = SnapshotBuilder(source, window.services.calendar).build("7d", DEMO_NOW - 600, None)

    window.feed._take(snapshot)

    assert window.sidebar._status.state is State.STALE
    assert window.sidebar._status.age == "updated 10 min ago"
