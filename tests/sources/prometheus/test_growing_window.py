"""One source that asks about a window again and again while it grows: nothing remembered may be wrong."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.sources.snapshots import SnapshotBuilder
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.windows import Calendar
from tests.support.servers import TOOLS, Kind, create_blocks, free_port, prometheus, serving
from tests.support.written import Written, import_json, openmetrics

NOW = 1_762_958_400
START = NOW - 1500
POLLS = (NOW - 120, NOW - 60, NOW)
COST = "claude_code_cost_usage_USD_total"
LINES = "claude_code_lines_of_code_count_total"

Samples = tuple[tuple[float, float], ...]


def cost(session: str, samples: Samples, *, model: str = "m1", terminal: str = "xterm") -> Written:
    return COST, {"session_id": session, "model": model, "terminal_type": terminal}, samples


def lines(session: str, samples: Samples, *, terminal: str = "xterm") -> Written:
    return LINES, {"session_id": session, "type": "added", "terminal_type": terminal}, samples


SERIES = [
    cost("steady", ((7200, 1), (1000, 2), (200, 3), (90, 4), (30, 5))),
    cost("restarts, then higher", ((2000, 10), (1000, 12), (100, 1), (80, 15), (20, 16))),
    cost("restarts, lower", ((2000, 10), (1000, 12), (50, 3))),
    cost("an idle series goes on", ((1000, 1), (30, 2))),
    cost("an idle series goes on", ((5000, 40), (90, 41)), model="m2"),
    cost("an idle series restarts", ((1000, 1),)),
    cost("an idle series restarts", ((5000, 40), (90, 7)), model="m2"),
    cost("another terminal goes on", ((1000, 1), (30, 2))),
    cost("another terminal goes on", ((5000, 40), (90, 44)), terminal="vscode"),
    cost("comes back", ((6000, 5), (70, 9))),
    cost("is new", ((100, 3), (40, 4))),
    cost("lines alone fall", ((1000, 1),)),
    lines("lines alone fall", ((5000, 50), (1000, 60), (90, 20))),
    cost("lines alone go on", ((1000, 1),)),
    lines("lines alone go on", ((1000, 1), (30, 3))),
    lines("lines alone go on", ((5000, 40), (90, 44)), terminal="vscode"),
]

COSTS = {
    "steady": (2, 3, 4),
    "restarts, then higher": (2, 17, 18),
    "restarts, lower": (2, 2, 5),
    "an idle series goes on": (1, 2, 3),
    "an idle series restarts": (1, 8, 8),
    "another terminal goes on": (1, 5, 6),
    "comes back": (0, 4, 4),
    "is new": (0, 3, 4),
}


def poll(source: PrometheusSource, end: int) -> dict[tuple[Metric, str], float]:
    span = Span(START, end)
    questions = [
        Question(Metric.COST, span, (Label.SESSION, Label.MODEL)),
        Question(Metric.LINES, span, (Label.SESSION, Label.TYPE)),
    ]
    found: dict[tuple[Metric, str], float] = {}
    for question, answer in zip(questions, source.ask(questions), strict=True):
        for row in answer.rows:
            key = question.metric, row.key[0]
            found[key] = found.get(key, 0.0) + row.total
    return found


@pytest.fixture(
    scope="module", params=[pytest.param(kind, marks=pytest.mark.needs(*TOOLS[kind])) for kind in Kind]
)
def asked(request: pytest.FixtureRequest) -> Iterator[PrometheusSource]:
    with (
        serving(
            request.param, openmetrics=openmetrics(SERIES, NOW), import_json=import_json(SERIES, NOW)
        ) as server,
        closing(PrometheusSource(PrometheusSettings(url=server.url), clock=lambda: NOW)) as source,
    ):
        yield source


@pytest.fixture(scope="module")
def polls(asked: PrometheusSource) -> list[dict[tuple[Metric, str], float]]:
    """What one source says at each poll."""
    return [poll(asked, end) for end in POLLS]


@pytest.mark.parametrize("session", COSTS)
def test_each_poll_is_exact(polls: list[dict[tuple[Metric, str], float]], session: str) -> None:
    said = tuple(found.get((Metric.COST, session), 0.0) for found in polls)
    assert said == pytest.approx(COSTS[session])


@pytest.mark.parametrize(
    ("session", "expected"), [("lines alone fall", (10, 20, 20)), ("lines alone go on", (1, 5, 7))]
)
def test_counters_other_than_cost_are_exact(
    polls: list[dict[tuple[Metric, str], float]], session: str, expected: tuple[float, ...]
) -> None:
    assert tuple(found[Metric.LINES, session] for found in polls) == pytest.approx(expected)


def test_what_fell_once_stays_told(asked: PrometheusSource, polls: object) -> None:
    (warning,) = asked.warnings(Span(START, POLLS[-1]))
    assert warning.code == "counter-resets"
    assert set(warning.sessions) == {
        "restarts, then higher",
        "restarts, lower",
        "an idle series restarts",
    }


@pytest.mark.needs(*TOOLS[Kind.PROMETHEUS])
def test_samples_written_late_count(tmp_path: Path) -> None:
    """Between two polls samples come in that are older than the first poll."""
    held = [
        cost("late", ((7200, 3), (300, 5))),
        cost("late restart", ((7200, 3), (300, 5))),
        lines("late", ((300, 1),)),
    ]
    late = [
        cost("late", ((200, 6),)),
        cost("late", ((7200, 10), (250, 11)), model="m2"),
        cost("late restart", ((500, 0.5),)),
        cost("late session", ((7200, 7), (250, 9))),
    ]
    data_dir, port = tmp_path / "data", free_port()

    def write(series: list[Written]) -> None:
        text = tmp_path / "samples.om"
        text.write_text("".join(openmetrics(series, NOW)))
        create_blocks(text, data_dir)

    settings = PrometheusSettings(url=f"http://127.0.0.1:{port}")
    with closing(PrometheusSource(settings, clock=lambda: NOW)) as source:
        write(held)
        with prometheus(data_dir, port=port):
            before = poll(source, POLLS[0])
        write(late)
        with prometheus(data_dir, port=port):
            after = poll(source, POLLS[1])
    assert before == pytest.approx(
        {(Metric.COST, "late"): 2, (Metric.COST, "late restart"): 2, (Metric.LINES, "late"): 1}
    )
    assert after == pytest.approx(
        {
            (Metric.COST, "late"): 3 + 1,
            (Metric.COST, "late restart"): 5,
            (Metric.COST, "late session"): 2,
            (Metric.LINES, "late"): 1,
        }
    )


@pytest.mark.needs(*TOOLS[Kind.PROMETHEUS])
def test_samples_written_very_late_count_within_the_hour_in_resumed_sessions_too(tmp_path: Path) -> None:
    data_dir, port = tmp_path / "data", free_port()

    def write(samples: Samples) -> None:
        text = tmp_path / "samples.om"
        text.write_text("".join(openmetrics([cost("resumed", samples)], NOW)))
        create_blocks(text, data_dir)

    def today(builder: SnapshotBuilder, now: int, last: Snapshot | None) -> Snapshot:
        with prometheus(data_dir, port=port):
            return builder.build("today", now, last)

    settings = PrometheusSettings(url=f"http://127.0.0.1:{port}")
    with closing(PrometheusSource(settings, clock=lambda: NOW)) as source:
        builder = SnapshotBuilder(source, Calendar(ZoneInfo("UTC"), "UTC"))
        write(((9000, 5), (8000, 1), (60, 2)))
        first = today(builder, NOW, None)
        write(((7000, 1.5), (6500, 0.25)))
        later = today(builder, NOW + 3600, first)

    assert first.figures is not None
    assert first.figures.today.cost_usd == 5 + 2
    assert later.figures is not None
    assert later.figures.today.cost_usd == 5 + 1.5 + 2


def overheard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries for instants that are asked from now on."""
    asked: list[str] = []
    query = PrometheusClient.query

    def record(client: PrometheusClient, promql: str, at: float) -> object:
        asked.append(promql)
        return query(client, promql, at)

    monkeypatch.setattr(PrometheusClient, "query", record)
    return asked


@pytest.mark.needs(*TOOLS[Kind.PROMETHEUS])
def test_where_no_series_has_joined_or_fallen_no_base_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    series = [cost("s", ((7200, 1), (1000, 2), (90, 3))), cost("t", ((6000, 1), (40, 3)))]
    with (
        serving(Kind.PROMETHEUS, openmetrics=openmetrics(series, NOW), import_json=()) as server,
        closing(PrometheusSource(PrometheusSettings(url=server.url), clock=lambda: NOW)) as source,
    ):
        poll(source, POLLS[0])
        asked = overheard(monkeypatch)
        assert poll(source, POLLS[1]) == {(Metric.COST, "s"): 2}
        assert len(asked) == 2
        assert not any(" offset " in promql for promql in asked)
        asked.clear()
        assert poll(source, POLLS[2]) == {(Metric.COST, "s"): 2, (Metric.COST, "t"): 2}
        bases = [promql for promql in asked if " offset " in promql]
        assert bases
        # Only the session that came back is looked for.
        assert all('session_id="t"' in promql for promql in bases)


@pytest.mark.needs(*TOOLS[Kind.PROMETHEUS])
def test_of_a_session_that_began_in_the_window_no_base_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began = [cost("s", ((1000, 2), (90, 3))), cost("s", ((90, 5),), model="m2"), lines("s", ((40, 7),))]
    with (
        serving(Kind.PROMETHEUS, openmetrics=openmetrics(began, NOW), import_json=()) as server,
        closing(PrometheusSource(PrometheusSettings(url=server.url), clock=lambda: NOW)) as source,
    ):
        assert poll(source, POLLS[0]) == {(Metric.COST, "s"): 2}
        asked = overheard(monkeypatch)
        assert poll(source, POLLS[1]) == {(Metric.COST, "s"): 3 + 5}
        assert poll(source, POLLS[2]) == {(Metric.COST, "s"): 3 + 5, (Metric.LINES, "s"): 7}
        assert asked
        assert not any(" offset " in promql for promql in asked)


@pytest.mark.needs(*TOOLS[Kind.PROMETHEUS])
@pytest.mark.parametrize(("refresh", "again"), [(False, False), (True, True)])
def test_looking_up_what_the_server_holds_leaves_what_is_known_of_windows(
    monkeypatch: pytest.MonkeyPatch, refresh: bool, again: bool
) -> None:
    series, moments = [cost("s", ((7200, 1), (1000, 2), (90, 3)))], [NOW]
    with (
        serving(Kind.PROMETHEUS, openmetrics=openmetrics(series, NOW), import_json=()) as server,
        closing(PrometheusSource(PrometheusSettings(url=server.url), clock=lambda: moments[-1])) as source,
    ):
        poll(source, POLLS[0])
        asked = overheard(monkeypatch)
        moments.append(NOW + 301)
        source.inventory(refresh=refresh)
        assert asked  # it has looked
        assert poll(source, POLLS[1]) == {(Metric.COST, "s"): 2}
        assert any(" offset " in promql for promql in asked) is again


@pytest.mark.needs(*TOOLS[Kind.PROMETHEUS])
def test_the_first_cost_there_is_shows_at_the_next_poll(tmp_path: Path) -> None:
    """The counter of sessions is exported before those of use."""
    data_dir, port, now = tmp_path / "data", free_port(), [POLLS[0]]

    def write(series: list[Written]) -> None:
        text = tmp_path / "samples.om"
        text.write_text("".join(openmetrics(series, NOW)))
        create_blocks(text, data_dir)

    settings = PrometheusSettings(url=f"http://127.0.0.1:{port}")
    with closing(PrometheusSource(settings, clock=lambda: now[0])) as source:
        write([("claude_code_session_count_total", {"session_id": "s"}, ((150, 1),))])
        with prometheus(data_dir, port=port):
            assert source.inventory().metrics.keys() == {Metric.SESSIONS}
        write([cost("s", ((100, 2),))])
        now[0] += 30
        with prometheus(data_dir, port=port):
            assert source.inventory().metrics.keys() == {Metric.SESSIONS, Metric.COST}
            assert poll(source, now[0]) == {(Metric.COST, "s"): 2}
