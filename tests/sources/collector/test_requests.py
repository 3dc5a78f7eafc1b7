from pathlib import Path

import pytest

from ccmon_tray.sources.collector.exports import ApiError, ApiRequest, Event, ToolResult
from ccmon_tray.sources.collector.requests import read_requests
from ccmon_tray.sources.collector.source import CollectorSource
from ccmon_tray.sources.collector.store import Store
from ccmon_tray.sources.request_figures import (
    Latency,
    ModelRequests,
    RequestsReading,
    StatusErrors,
    ToolUse,
)
from ccmon_tray.usage.windows import Window
from tests.sources.collector.recorded import SESSIONS, UTC, WINDOW, bodies, received
from tests.sources.collector.tables import check_roll_ups

HOUR = Window("custom", 1_795_400_000, 1_795_403_600)


def request(at: int, number: int, duration_ms: int | None, model: str = "claude-opus-4-8") -> ApiRequest:
    return ApiRequest(at * 10**9, number, "s", model, "main", duration_ms, 20_000_000_000, 10, 20, 30, 40)


def reading(path: Path, events: list[Event], window: Window = HOUR) -> RequestsReading:
    store = Store(path, clock=lambda: window.end)
    store.write((), events)
    store.write((), events)  # exported again
    store.close()
    check_roll_ups(path)
    source = CollectorSource(path)
    found = read_requests(source, window, UTC)
    source.close()
    return found


@pytest.mark.parametrize("session", [name for name in SESSIONS if name != "cumulative-session-resumed"])
def test_the_fixtures_six_requests_and_their_tools(session: str, tmp_path: Path) -> None:
    path = tmp_path / "usage.sqlite3"
    received(path, [*bodies(session), *bodies(session)])  # twice over
    source = CollectorSource(path)
    found = read_requests(source, WINDOW, UTC)
    source.close()

    assert (found.known, found.requests, found.errors, found.errors_by_status) == (True, 6, 0, ())
    assert sum(step.requests for step in found.steps) == 6
    [model] = found.by_model
    assert (model.name, model.requests, round(model.cost_usd, 12)) == ("Opus 4.8", 6, 0.13845)
    assert {tool.tool: (tool.uses, tool.failures) for tool in found.tools}["Bash"][0] >= 2
    # One command failed in one of them.
    assert sum(tool.failures for tool in found.tools) == (session == "json-session")


def test_percentiles_are_measured_durations(tmp_path: Path) -> None:
    durations = [*range(1, 101), None]
    events = [request(HOUR.start + 1 + n, n, duration) for n, duration in enumerate(durations)]

    [model] = reading(tmp_path / "usage.sqlite3", list(events)).by_model

    assert model == ModelRequests("claude-opus-4-8", "Opus 4.8", 101, 0, 2.02, Latency(50, 90, 95, 99))


def test_errors_and_tools(tmp_path: Path) -> None:
    at = (HOUR.start + 60) * 10**9
    events: list[Event] = [
        request(HOUR.start + 60, 1, 40),
        ApiError(at, 2, "s", "claude-opus-4-8", 529, 1, 10),
        ApiError(at, 3, "s", "claude-opus-4-8", 529, 2, 10),
        ApiError(at, 4, "s", "", None, 1, None),
        ToolResult(at, 5, "s", "Bash", False, 100),
        ToolResult(at, 6, "s", "Bash", True, 300),
        ToolResult(at, 7, "s", "Read", None, None),
    ]

    found = reading(tmp_path / "usage.sqlite3", events)

    assert (found.requests, found.errors) == (1, 3)
    assert found.latency == Latency(40, 40, 40, 40)
    assert found.errors_by_status == (StatusErrors(529, 2), StatusErrors(None, 1))
    assert [(one.name, one.requests, one.errors) for one in found.by_model] == [
        ("Opus 4.8", 1, 2),
        ("(unknown)", 0, 1),
    ]
    assert found.tools == (
        ToolUse("Bash", 2, 1, Latency(100, 300, 300, 300)),
        ToolUse("Read", 1, 0, None),
    )
    [step] = [step for step in found.steps if step.requests or step.errors]
    assert (step.requests, step.errors) == (1, 3)
    assert step.start < HOUR.start + 60 <= step.end


def test_only_what_is_in_the_window_counts(tmp_path: Path) -> None:
    events = [request(at, at, 5) for at in (HOUR.start, HOUR.start + 1, HOUR.end, HOUR.end + 1)]

    found = reading(tmp_path / "usage.sqlite3", list(events))

    assert found.requests == 2
    assert [step.requests for step in (found.steps[0], found.steps[-1])] == [1, 1]


def test_without_events_nothing_is_known(tmp_path: Path) -> None:
    source = CollectorSource(tmp_path / "none.sqlite3")
    found = read_requests(source, HOUR, UTC)
    source.close()

    assert (found.known, found.requests, found.by_model, found.tools) == (False, 0, (), ())
    assert sum(step.end - step.start for step in found.steps) == HOUR.seconds
