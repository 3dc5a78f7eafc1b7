from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.errors import SourceUnreachable
from ccmon_tray.sources.claude_files.history import History, SessionRecord
from ccmon_tray.sources.demo import DemoFiles, DemoSource
from ccmon_tray.sources.readings.session import read_session
from ccmon_tray.sources.readings.sessions import SessionRow, read_sessions
from ccmon_tray.sources.reports import build_report
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import RANGE_NAMES, Calendar, Window, resolve
from tests.support.fake_source import Event, FakeSource, request

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
NOW = int(datetime(2026, 11, 23, 14, 12, tzinfo=UTC).timestamp())
DEMO = DemoSource(BERLIN, clock=lambda: NOW)
HISTORY = DemoFiles(BERLIN, clock=lambda: NOW).history()
HOUR = resolve("1h", NOW, BERLIN)


@pytest.mark.parametrize("name", RANGE_NAMES)
def test_the_numbers_are_the_reports(name: str) -> None:
    window = resolve(name, NOW, BERLIN)
    report = build_report(DEMO, window, BERLIN, by="project", history=HISTORY)

    reading = read_sessions(DEMO, window, BERLIN, HISTORY, now=NOW)

    assert reading.state is report.state
    assert [
        (row.session_id, row.project, row.project_path, row.cost_usd, row.tokens, row.active_s, row.messages)
        for row in reading.sessions
    ] == [
        (s.session_id, s.project, s.project_path, s.cost_usd, s.tokens, s.active_time_seconds, s.messages)
        for s in report.sessions
    ]
    assert [(row.first, row.last) for row in reading.sessions] == [
        (s.first_seen, s.last_seen) for s in report.sessions
    ]
    assert [(p.path or "", p.cost_usd, p.tokens) for p in reading.projects] == [
        (group.key, group.cost_usd, group.tokens) for group in report.groups
    ]
    assert sum(p.cost_usd or 0.0 for p in reading.projects) == pytest.approx(report.totals.cost_usd)
    assert sum(p.sessions or 0 for p in reading.projects) == len(report.sessions)
    assert reading.cost_usd == report.totals.cost_usd


def test_the_records_are_the_largest() -> None:
    reading = read_sessions(DEMO, resolve("30d", NOW, BERLIN), BERLIN, HISTORY, now=NOW)
    assert reading.dearest is not None
    assert reading.most_tokens is not None
    assert reading.longest is not None
    assert reading.dearest.cost_usd == max(row.cost_usd or 0 for row in reading.sessions)
    assert reading.longest.active_s == max(row.active_s or 0 for row in reading.sessions)
    counts = [row.tokens.total for row in reading.sessions if row.tokens]
    assert reading.most_tokens.tokens is not None
    assert reading.most_tokens.tokens.total == max(counts)


def row(cost_usd: float | None, active_s: float | None, first: int | None = 100) -> SessionRow:
    return SessionRow("s", None, None, (), cost_usd, None, active_s, first, 700, None)


def test_cost_per_minute_is_of_active_time_and_unknown_without_it() -> None:
    assert row(3.0, 90).cost_per_minute == 2.0
    assert row(3.0, 0).cost_per_minute is None
    assert row(3.0, None).cost_per_minute is None
    assert row(None, 60).cost_per_minute is None
    assert row(0.0, 60).cost_per_minute == 0


def test_duration_is_from_first_to_last() -> None:
    assert row(1, 1).duration_s == 600
    assert row(1, 1, None).duration_s is None


def test_variants_of_a_model_are_one_name() -> None:
    source = FakeSource(
        [
            *request(NOW - 60, "s", 1.0, {"input": 1}, model="claude-opus-4-8"),
            *request(NOW - 50, "s", 2.0, {"input": 1}, model="claude-opus-4-8[1m]"),
            *request(NOW - 40, "s", 5.0, {"input": 1}, model="claude-haiku-4-5"),
        ]
    )
    [session] = read_sessions(source, HOUR, BERLIN, None, now=NOW).sessions
    assert session.models == ("Haiku 4.5", "Opus 4.8")


def test_what_is_unknown_is_not_zero() -> None:
    source = FakeSource(request(NOW - 60, "s", 1.0, {"input": 1}), metrics=[Metric.COST])
    reading = read_sessions(source, HOUR, BERLIN, None, now=NOW)
    [session] = reading.sessions
    assert (session.tokens, session.active_s, session.messages, session.project) == (None,) * 4
    assert (reading.tokens, reading.active_s) == (None, None)
    assert (reading.most_tokens, reading.longest) == (None, None)
    assert not reading.history_known


def test_no_telemetry_and_no_use_are_states() -> None:
    nothing = read_sessions(FakeSource(metrics=[]), HOUR, BERLIN, None, now=NOW)
    assert (nothing.state, nothing.cost_usd, nothing.sessions) == (State.NO_TELEMETRY, None, ())
    unused = read_sessions(FakeSource(), HOUR, BERLIN, None, now=NOW)
    assert (unused.state, unused.cost_usd, unused.dearest) == (State.NO_DATA, 0, None)


def test_use_without_a_session_is_of_unknown_project() -> None:
    source = FakeSource(request(NOW - 60, "", 1.0, {"input": 5}))
    reading = read_sessions(source, HOUR, BERLIN, History(), now=NOW)
    assert (reading.state, reading.sessions) == (State.FRESH, ())
    [project] = reading.projects
    assert (project.name, project.cost_usd, project.sessions) == (None, 1.0, None)


def test_damaged_history_is_told() -> None:
    source = FakeSource(request(NOW - 60, "s", 1.0, {"input": 5}))
    assert read_sessions(source, HOUR, BERLIN, History(damaged=3), now=NOW).damaged_lines == 3


def test_a_source_that_cannot_answer_is_an_error() -> None:
    source = FakeSource()
    source.error = SourceUnreachable("down")
    with pytest.raises(SourceUnreachable):
        read_sessions(source, HOUR, BERLIN, None, now=NOW)
    with pytest.raises(SourceUnreachable):
        read_session(source, "s", BERLIN, None, HOUR)


@pytest.mark.parametrize("name", ["4h", "7d", "90d", "last month"])
def test_a_sessions_detail_adds_up_to_its_row(name: str) -> None:
    window = resolve(name, NOW, BERLIN)
    rows = read_sessions(DEMO, window, BERLIN, HISTORY, now=NOW).sessions
    for session in (rows[0], rows[len(rows) // 2], rows[-1]):
        detail = read_session(DEMO, session.session_id, BERLIN, HISTORY, window)
        assert detail.totals.cost_usd == pytest.approx(session.cost_usd)
        assert detail.totals.tokens == session.tokens
        assert (detail.first, detail.last, detail.messages) == (session.first, session.last, session.messages)
        assert (detail.project, detail.project_path) == (session.project, session.project_path)
        for parts in (detail.by_model, detail.by_query_source, detail.steps):
            assert sum(part.cost_usd or 0.0 for part in parts) == pytest.approx(session.cost_usd)
        assert sum(step.tokens or 0.0 for step in detail.steps) == pytest.approx(
            session.tokens.total if session.tokens else 0.0
        )
        assert len(detail.steps) <= 121
        assert window.start <= detail.steps[0].start < detail.steps[-1].end <= window.end


def test_who_asked_is_told_apart() -> None:
    main, sub = {Label.QUERY_SOURCE: "main"}, {Label.QUERY_SOURCE: "subagent"}
    source = FakeSource(
        [
            *request(NOW - 300, "s", 1.0, {"input": 10, "output": 3}, user=main),
            *request(NOW - 200, "s", 4.0, {"input": 20}, user=sub),
            *request(NOW - 200, "s", 0.5, {"input": 1}),
            *request(NOW - 100, "other", 9.0, {"input": 99}, user=main),
            Event(NOW - 100, Metric.COMMITS, 2, {Label.SESSION: "s"}),
        ]
    )
    record = SessionRecord("s", "/p/shop", NOW - 9000, NOW - 250, 2, (NOW - 9000, NOW - 250))
    history = History({"s": record}, names={"/p/shop": "shop"})
    detail = read_session(source, "s", BERLIN, history, HOUR)
    assert [
        (part.query_source, part.cost_usd, part.tokens.total if part.tokens else None)
        for part in detail.by_query_source
    ] == [("subagent", 4.0, 20), ("main", 1.0, 13), ("", 0.5, 1)]
    assert detail.totals.commits == 2
    assert detail.messages == 1
    assert detail.record == record


def test_the_chart_covers_the_time_of_use_alone() -> None:
    source = FakeSource(
        [*request(NOW - 5000, "s", 1.0, {"input": 1}), *request(NOW - 2000, "s", 2.0, {"input": 1})]
    )
    detail = read_session(source, "s", BERLIN, None, resolve("30d", NOW, BERLIN))
    assert (detail.steps[0].start, detail.steps[-1].end) == (NOW - 5060, NOW - 2000)
    assert sum(step.cost_usd or 0 for step in detail.steps) == 3.0


def test_a_session_of_a_moment_has_a_chart_all_the_same() -> None:
    window = Window("custom", NOW - 3600, NOW)
    source = FakeSource(request(NOW - 3600 + 1, "s", 1.0, {"input": 1}))
    detail = read_session(source, "s", BERLIN, None, window)
    assert detail.steps[0].start == window.start
    assert detail.steps[-1].end == window.start + 600


def test_a_session_without_use_in_the_range() -> None:
    detail = read_session(FakeSource(), "gone", BERLIN, None, HOUR)
    assert (detail.first, detail.by_model, detail.totals.cost_usd) == (None, (), 0)
