import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.settings import ClaudeSettings
from ccmon_tray.sources.base import Span
from ccmon_tray.sources.claude_files import LocalFiles
from ccmon_tray.sources.snapshots import SnapshotBuilder
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.windows import Calendar
from tests.support.fake_source import CountingSource, Event, FakeSource, request

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
DAY = 86_400
NOW = BERLIN.midnight(BERLIN.day_of(1_795_600_000)) + 15 * 3600


def test_only_top_sessions_whose_use_changed_are_looked_up_again() -> None:
    source = CountingSource(
        [
            *request(NOW - 3 * 3600, "idle", 9.0, {"input": 1}),
            *request(NOW - 3 * 3600, "busy", 5.0, {"input": 1}),
            *request(NOW - 60, "busy", 1.0, {"input": 1}),
        ]
    )
    builder = SnapshotBuilder(source, BERLIN)
    last = builder.build("today", NOW, None)
    source.clear()

    last = builder.build("today", NOW + 30, last)
    assert source.seen == []
    source.events += request(NOW + 40, "busy", 1.0, {"input": 1})
    last = builder.build("today", NOW + 60, last)

    assert source.seen == [(Span(NOW - 900, NOW + 60), ("busy",))]
    assert last.figures is not None
    seen = {s.session_id: (s.first_seen, s.last_seen) for s in last.figures.range.top_sessions}
    assert seen == {"busy": (NOW - 3 * 3600, NOW + 40), "idle": (NOW - 3 * 3600, NOW - 3 * 3600)}


@pytest.mark.parametrize("name", ["today", "7d", "4h"])
def test_sessions_are_counted_once_however_often_they_come_back(name: str) -> None:
    source = FakeSource(
        [
            *request(NOW - 2 * 3600, "before", 1.0, {"input": 1}),
            *request(NOW - 2 * 3600, "idle", 1.0, {"input": 1}),
        ]
    )
    builder = SnapshotBuilder(source, BERLIN)

    def count(now: float) -> int | None:
        figures = builder.build(name, now, builder.build(name, now - 5, None)).figures
        assert figures is not None
        return figures.range.totals.sessions

    assert count(NOW) == 2
    source.events += request(NOW + 10, "before", 1.0, {"input": 1})
    assert count(NOW + 30) == 2
    source.events.append(Event(NOW + 40, Metric.COMMITS, 1.0, {Label.SESSION: "new"}))
    assert count(NOW + 60) == 3
    source.events.append(Event(NOW + 70, Metric.COST, 1.0, {Label.MODEL: "claude-opus-4-8"}))
    assert count(NOW + 90) == 3
    # The edge of the past has moved beyond them all.
    assert count(NOW + 2000) == 3


def test_a_session_that_the_window_has_left_behind_is_no_longer_counted() -> None:
    source = FakeSource(
        [
            *request(NOW - 4 * 3600 + 50, "old", 0.1, {"input": 1}),
            *request(NOW - 3600, "new", 0.3, {"input": 1}),
        ]
    )
    builder = SnapshotBuilder(source, BERLIN)
    last = builder.build("4h", NOW, None)
    later = builder.build("4h", NOW + 60, last)

    assert last.figures is not None
    assert later.figures is not None
    assert [last.figures.range.totals.sessions, later.figures.range.totals.sessions] == [2, 1]
    assert [s.session_id for s in later.figures.range.top_sessions] == ["new"]


def test_the_agents_view_is_no_session() -> None:
    source = FakeSource(
        [
            Event(at, Metric.SESSIONS, 1.0, {Label.SESSION: session, Label.START_TYPE: kind})
            for at, session, kind in [
                (NOW - 3 * DAY, "a", "fresh"),
                (NOW - 60, "a", "resume"),
                (NOW - 60, "view", "agents_view"),
                (NOW - 60, "b", "fresh"),
            ]
        ]
    )

    figures = SnapshotBuilder(source, BERLIN).build("30d", NOW, None).figures

    assert figures is not None
    assert figures.range.totals.sessions == 2


def test_use_without_a_session_id_is_no_session() -> None:
    source = FakeSource(
        [
            Event(NOW - 5, Metric.COST, 9.0, {Label.MODEL: "claude-opus-4-8"}),
            *request(NOW - 5, "s", 1.0, {"input": 1}),
        ]
    )

    figures = SnapshotBuilder(source, BERLIN).build("today", NOW, None).figures

    assert figures is not None
    assert [s.session_id for s in figures.range.top_sessions] == ["s"]
    assert figures.range.totals.sessions == 1
    assert figures.today.cost_usd == 10.0


def test_the_dearest_sessions_have_their_projects_where_the_history_tells_them(tmp_path: Path) -> None:
    line = {"display": "", "timestamp": (NOW - 60) * 1000, "project": "/home/dev/shop", "sessionId": "known"}
    (tmp_path / "history.jsonl").write_text(json.dumps(line) + "\n")
    source = FakeSource(
        [*request(NOW - 90, "known", 2.0, {"input": 1}), *request(NOW - 30, "unknown", 1.0, {"input": 1})]
    )
    builder = SnapshotBuilder(source, BERLIN, LocalFiles(ClaudeSettings(config_dir=tmp_path)))
    snapshot = builder.build("today", NOW, None)
    assert snapshot.figures is not None
    assert [(s.session_id, s.project, s.messages) for s in snapshot.figures.range.top_sessions] == [
        ("known", "shop", 1),
        ("unknown", None, None),
    ]
