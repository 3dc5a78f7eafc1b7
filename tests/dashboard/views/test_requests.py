from collections.abc import Iterator
from pathlib import Path

import pytest

from ccmon_tray.dashboard.ranges import ChosenRange
from ccmon_tray.dashboard.views.registry import ORDER, SHORTCUTS
from ccmon_tray.dashboard.views.requests import ANSWERED, FAILED, RequestsView, status_words
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.errors import RequestsMissing
from ccmon_tray.sources.auto import AutoSource, Candidate
from ccmon_tray.sources.base import UsageSource
from ccmon_tray.sources.collector.exports import ApiError, ApiRequest, Event, ToolResult
from ccmon_tray.sources.collector.ingest import Ingest
from ccmon_tray.sources.collector.requests import read_requests
from ccmon_tray.sources.collector.source import CollectorSource
from ccmon_tray.sources.collector.store import Store
from ccmon_tray.usage import formatting
from ccmon_tray.usage.models import SourceInfo
from ccmon_tray.usage.states import SourceKind, State
from ccmon_tray.usage.windows import resolve
from tests.sources.collector.recorded import WINDOW, bodies, send
from tests.support.dashboard import await_drawn, pump
from tests.support.fake_source import FakeSource, request
from tests.support.snapshots import fresh
from tests.support.views import NOW, GivenServices, OpenView, cut_words

pytestmark = pytest.mark.needs("Xvfb")

OPUS, HAIKU = "claude-opus-4-8", "claude-haiku-4-5"


def answered(number: int, duration_ms: int | None, model: str = OPUS) -> ApiRequest:
    at = (NOW - 600 + number) * 10**9
    return ApiRequest(at, number, "s", model, "main", duration_ms, 20_000_000_000, 10, 20, 30, 40)


def events() -> list[Event]:
    """A hundred requests that took 0.1 s to 10 s, some of unknown length, errors and tools."""
    at = (NOW - 300) * 10**9
    return [
        *(answered(number, number * 100) for number in range(1, 101)),
        *(answered(number, None, HAIKU) for number in range(101, 104)),
        *(ApiError(at, 200 + number, "s", OPUS, 529, 1, 10) for number in range(4)),
        ApiError(at, 210, "s", OPUS, 429, 1, 10),
        ApiError(at, 211, "s", OPUS, None, 1, None),
        *(ToolResult(at, 300 + number, "s", "Bash", number > 0, 1500) for number in range(4)),
        ToolResult(at, 310, "s", "Read", None, None),
    ]


@pytest.fixture
def source(tmp_path: Path) -> Iterator[CollectorSource]:
    store = Store(tmp_path / "usage.sqlite3", clock=lambda: float(NOW))
    store.write((), events())
    store.close()
    made = CollectorSource(tmp_path / "usage.sqlite3", clock=lambda: float(NOW))
    yield made
    made.close()


def requests_view(window: DashboardWindow) -> RequestsView:
    view = window.page.view
    assert isinstance(view, RequestsView)
    return view


def listed(window: DashboardWindow) -> list[str]:
    return [entry.name for entry in window.sidebar._entries]


def test_the_figures_on_screen_are_the_events(open_view: OpenView, source: CollectorSource) -> None:
    window = open_view("requests", "1h", source=source)
    view = requests_view(window)

    assert [card.figure for card in (*view.main_cards, *view.more_cards)] == [
        "103",
        "6",
        "5.0 s",
        "9.5 s",
        "9.9 s",
        "5",
        "1",
    ]
    assert [row.cells for row in view.models.rows] == [
        ("Opus 4.8", "100", "6", "5.0 s", "9.0 s", "9.9 s", "$2.00"),
        ("Haiku 4.5", "3", "0", "–", "–", "–", "$0.06"),
    ]
    assert [row.cells for row in view.tools.rows] == [
        ("Bash", "4", "1", "25.0 %", "1.5 s"),
        ("Read", "1", "0", "0.0 %", "–"),
    ]
    assert [row.cells for row in view.errors.rows] == [
        ("529 Overloaded", "4", "66.7 %"),
        ("No answer", "1", "16.7 %"),
        ("429 Too many requests", "1", "16.7 %"),
    ]
    chart = view.charts[0].table()
    assert chart.header == ("start", "end", ANSWERED, FAILED)
    assert [sum(row[column] for row in chart.rows) for column in (2, 3)] == [103, 6]  # type: ignore[misc]


def test_the_figures_on_screen_are_those_of_a_real_session(open_view: OpenView, tmp_path: Path) -> None:
    ingest = Ingest(tmp_path / "recorded.sqlite3")
    for body in bodies("json-session"):
        send(ingest, body)
    ingest.close()
    source = CollectorSource(tmp_path / "recorded.sqlite3")

    window = open_view("requests", "1h", source=source, now=WINDOW.end)
    view, calendar = requests_view(window), window.services.calendar
    reading = read_requests(source, resolve("1h", WINDOW.end, calendar), calendar)
    source.close()

    assert reading.requests == 6
    assert reading.latency is not None
    assert view.main_cards[0].figure == "6"
    assert view.main_cards[2].figure == formatting.milliseconds(reading.latency.p50_ms)
    assert view.more_cards[3].figure == "1"
    assert {row.key: row.cells[1] for row in view.tools.rows} == {
        tool.tool: str(tool.uses) for tool in reading.tools
    }


def test_a_range_that_begins_before_the_source_knew_anything_says_so(
    open_view: OpenView, tmp_path: Path
) -> None:
    ingest = Ingest(tmp_path / "recorded.sqlite3")
    for body in bodies("json-session"):
        send(ingest, body)
    ingest.close()
    source = CollectorSource(tmp_path / "recorded.sqlite3", clock=lambda: float(WINDOW.end))

    window = open_view("requests", "7d", source=source, now=WINDOW.end)
    page = window.page
    since = page.view.known_since(page.reading)

    assert since is not None
    assert WINDOW.end - 3600 < since <= WINDOW.end
    window.choose_range(ChosenRange.custom(str(since), str(WINDOW.end), window.services.calendar))
    await_drawn(window)
    source.close()
    assert page.view.known_since(page.reading) is None


def test_a_series_that_is_left_out_stays_so(open_view: OpenView, source: CollectorSource) -> None:
    window = open_view("requests", "1h", source=source)
    view = requests_view(window)
    view.legend.focus_force()
    pump(window.root, lambda: view.legend.focused, "the focus")
    view.legend.event_generate("<space>")
    await_drawn(window)

    assert view.charts[0].table().header == ("start", "end", FAILED)
    again = requests_view(open_view("requests", "1h", source=source, memory=window.memory))
    assert again.charts[0].table().header == ("start", "end", FAILED)


def test_export_is_exact(open_view: OpenView, source: CollectorSource) -> None:
    tables = {table.name: table for table in open_view("requests", "1h", source=source).tables()}

    assert [sum(row[column] for row in tables["over_time"].rows) for column in (2, 3)] == [103, 6]  # type: ignore[misc]
    assert tables["models"].rows == (
        (OPUS, "Opus 4.8", 100, 6, 5000, 9000, 9500, 9900, 2.0),
        (HAIKU, "Haiku 4.5", 3, 0, None, None, None, None, 0.06),
    )
    assert tables["tools"].rows[0] == ("Bash", 4, 1, 1500, 1500, 1500, 1500)
    assert (None, 1) in tables["errors_by_status"].rows
    assert ("p95_ms", 9500) in tables["totals"].rows


def test_a_range_without_requests_says_so(open_view: OpenView, source: CollectorSource) -> None:
    window = open_view("requests", "1h", source=source, now=NOW + 90_000)

    assert window.page.covered
    assert window.page.view.state(window.page.reading) is State.NO_DATA


def test_a_collector_that_received_none_says_what_to_do(open_view: OpenView, tmp_path: Path) -> None:
    window = open_view("requests", source=CollectorSource(tmp_path / "none.sqlite3"))

    error = window.page.error
    assert isinstance(error, RequestsMissing)
    assert error.title == "No requests received yet"
    assert "OTEL_LOGS_EXPORTER" in error.next_step


def test_another_source_keeps_none_and_the_view_says_so(open_view: OpenView) -> None:
    window = open_view("requests", source=FakeSource())

    error = window.page.error
    assert isinstance(error, RequestsMissing)
    assert error.title == "Only the built-in collector keeps requests"
    assert window.page.covered
    assert "requests" in listed(window)  # as long as it is open
    window.open_view("tokens")
    pump(window.root, lambda: "requests" not in listed(window), "the sidebar without it")


def test_a_view_that_was_merely_open_last_gives_way_to_the_summary(open_view: OpenView) -> None:
    window = open_view("requests", source=FakeSource(), asked=False, wait=False)

    pump(window.root, lambda: window.view_name == "summary", "the summary")
    assert window.toast.words == "Only the built-in collector keeps requests"
    assert "requests" not in listed(window)


def test_the_sidebar_follows_the_source(open_view: OpenView, source: CollectorSource, tmp_path: Path) -> None:
    """Prometheus is in use first, then the collector."""

    def auto(kind: SourceKind) -> AutoSource:
        def opened() -> UsageSource:
            if kind is SourceKind.PROMETHEUS:
                return FakeSource(request(NOW - 60, "s", 1.0, {"input": 5}))
            return CollectorSource(tmp_path / "usage.sqlite3", clock=lambda: float(NOW))

        return AutoSource([Candidate(SourceInfo(kind=kind), opened)], fallback=kind, clock=lambda: float(NOW))

    window = open_view("summary", source=auto(SourceKind.PROMETHEUS))
    pump(window.root, lambda: listed(window) == [name for name in ORDER if name != "requests"], "the rest")

    assert isinstance(window.services, GivenServices)
    window.services.given_source = auto(SourceKind.COLLECTOR)
    window._on_snapshot(fresh())

    pump(window.root, lambda: listed(window) == list(ORDER), "all views")
    again = open_view("summary", source=window.services.source, memory=window.memory, wait=False)
    assert listed(again) == list(ORDER)  # from the first frame on
    window.services.source.close()


def test_its_number_is_the_last_and_others_keep_theirs(open_view: OpenView) -> None:
    numbers = {entry.name: entry.shortcut for entry in open_view("summary").sidebar._entries}

    assert numbers == SHORTCUTS
    assert list(numbers)[3:5] == ["sessions", "requests"]
    assert (numbers["stats-cache"], numbers["settings"], numbers["requests"]) == ("5", "8", "9")


@pytest.mark.parametrize("size", [(800, 600), (1180, 800), (1600, 1000)])
def test_no_words_are_cut(open_view: OpenView, source: CollectorSource, size: tuple[int, int]) -> None:
    assert cut_words(open_view("requests", "1h", source=source, size=size)) == []


@pytest.mark.parametrize(
    ("status", "words"),
    [(None, "No answer"), (500, "500 Internal server error"), (529, "529 Overloaded"), (599, "599")],
)
def test_statuses_in_words(status: int | None, words: str) -> None:
    assert status_words(status) == words
