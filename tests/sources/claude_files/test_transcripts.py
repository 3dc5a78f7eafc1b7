import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccmon_tray.errors import SourceUnavailable
from ccmon_tray.settings import ClaudeSettings
from ccmon_tray.sources.base import Question, Row, Span
from ccmon_tray.sources.claude_files import LocalFiles
from ccmon_tray.sources.claude_files.transcripts import TranscriptsSource
from ccmon_tray.sources.readings.summary import read_summary
from ccmon_tray.sources.reports import build_report
from ccmon_tray.sources.snapshots import SnapshotBuilder
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import Report
from ccmon_tray.usage.states import SourceKind, State
from ccmon_tray.usage.windows import Calendar, Window
from tests.support.transcripts import BEGIN, FIXTURE, answer, tool_result, transcript, write

UTC = Calendar(ZoneInfo("UTC"), "UTC")
ALL = Span(0, 2**32)
HOUR = Span(BEGIN, BEGIN + 3600)
OTLP = FIXTURE.parent / "otlp"
DELTA, CUMULATIVE, JSON = (
    json.loads((OTLP / name / "expected.json").read_text())
    for name in ("delta-session", "cumulative-session", "json-session")
)
RESUMED = json.loads((OTLP / "cumulative-session-resumed" / "expected.json").read_text())


@pytest.fixture
def source(tmp_path: Path) -> Iterator[TranscriptsSource]:
    with closing(open_at(tmp_path)) as opened:
        yield opened


def open_at(folder: Path) -> TranscriptsSource:
    return TranscriptsSource([folder], cache_dir=None, clock=lambda: BEGIN + 3600.0)


def rows(
    source: TranscriptsSource, metric: Metric, *by: Label, span: Span = ALL
) -> dict[tuple[str, ...], float]:
    [found] = source.ask([Question(metric, span, by)])
    return {row.key: row.total for row in found.rows}


def report(folder: Path, by: str | None = None) -> Report:
    day = Window("yesterday", BEGIN - 43_200, BEGIN + 43_200)
    history = LocalFiles(ClaudeSettings(config_dir=folder)).history()
    with closing(TranscriptsSource([folder], cache_dir=None)) as source:
        return build_report(source, day, UTC, by=by, history=history)


def test_the_recorded_sessions_are_reported_as_the_model_server_counted_them() -> None:
    found = report(FIXTURE)
    sessions = {session.session_id: session for session in found.sessions}

    for expected in ([DELTA], [CUMULATIVE, RESUMED], [JSON]):
        session = sessions[expected[0]["session_id"]]
        assert session.cost_usd == pytest.approx(sum(part["total_cost_usd"] for part in expected), abs=1e-12)
        assert session.tokens is not None
        assert session.tokens.cache_read == sum(part["tokens"]["cacheRead"] for part in expected)
        assert session.tokens.output == sum(part["tokens"]["output"] for part in expected)
        assert session.tokens.input == sum(part["tokens"]["input"] for part in expected)
        assert session.tokens.cache_creation == sum(part["tokens"]["cacheCreation"] for part in expected)


def test_the_recorded_folder_adds_up_as_other_programs_have_it() -> None:
    totals = report(FIXTURE).totals

    assert totals.tokens is not None
    assert (totals.tokens.total, totals.sessions) == (170_298, 5)
    assert totals.cost_usd == pytest.approx(0.53047)
    assert (totals.lines_added, totals.lines_removed) == (9, 0)
    assert (totals.commits, totals.pull_requests) == (2, 1)


def test_what_transcripts_cannot_tell_is_unknown_and_not_nothing() -> None:
    found = report(FIXTURE)

    assert found.source.kind is SourceKind.TRANSCRIPTS
    assert found.totals.active_time_seconds is None
    assert found.totals.edit_decisions is None
    assert {session.active_time_seconds for session in found.sessions} == {None}


def test_steps_and_groups_add_up_to_the_totals() -> None:
    found = report(FIXTURE, by="project")

    assert sum(step.cost_usd or 0.0 for step in found.over_time) == pytest.approx(0.53047)
    assert sum(step.tokens or 0.0 for step in found.over_time) == 170_298
    [shop] = found.groups
    assert (shop.key, shop.name) == ("/home/dev/shop", "shop")
    assert shop.cost_usd == pytest.approx(0.53047)


def test_the_snapshot_of_the_tray() -> None:
    with closing(TranscriptsSource([FIXTURE], cache_dir=None)) as source:
        files = LocalFiles(ClaudeSettings(config_dir=FIXTURE))
        snapshot = SnapshotBuilder(source, UTC, files).build("today", BEGIN + 3600.0, None)

    assert (snapshot.state, snapshot.problem) == (State.FRESH, None)
    assert snapshot.figures is not None
    assert snapshot.figures.today.cost_usd == pytest.approx(0.53047)
    assert snapshot.figures.range.totals.sessions == 5
    assert snapshot.figures.range.totals.active_time_seconds is None


def test_the_summary_of_the_window() -> None:
    day = Window("yesterday", BEGIN - 43_200, BEGIN + 43_200)
    with closing(TranscriptsSource([FIXTURE], cache_dir=None, clock=lambda: BEGIN + 43_200.0)) as source:
        reading = read_summary(source, day, UTC, now=BEGIN + 43_200.0)

    assert reading.state is State.FRESH
    assert reading.totals.cost_usd == pytest.approx(0.53047)
    assert reading.totals.active_time_seconds is None
    assert [(model.name, model.tokens and model.tokens.total) for model in reading.by_model] == [
        ("Opus 4.8", 170_298)
    ]


def test_no_transcripts_are_no_telemetry(tmp_path: Path, source: TranscriptsSource) -> None:
    assert source.inventory().metrics == {}
    assert source.count_sessions(ALL) == 0
    assert report(tmp_path).state is State.NO_TELEMETRY


def test_transcripts_that_may_have_been_deleted_are_not_known_to_have_been_none(tmp_path: Path) -> None:
    write(transcript(tmp_path), answer(1))

    def retention_s(days: int) -> float | None:
        now = BEGIN + 86_400.0 * days
        with closing(TranscriptsSource([tmp_path], cache_dir=None, clock=lambda: now)) as source:
            return source.inventory().retention_s

    assert retention_s(28) is None
    assert retention_s(40) == 40 * 86_400


def test_an_answer_of_several_lines_in_several_files_counts_once(
    tmp_path: Path, source: TranscriptsSource
) -> None:
    lines = [answer(1, at=BEGIN + second, tokens=(10, second, 0, 0)) for second in (1, 2, 2)]
    write(transcript(tmp_path), *lines)
    write(transcript(tmp_path, "s2.jsonl"), *lines, answer(2, session="s2", tokens=(5, 0, 0, 0)))

    assert rows(source, Metric.TOKENS, Label.SESSION) == {("s1",): 12, ("s2",): 5}


def test_labels_and_filters(tmp_path: Path, source: TranscriptsSource) -> None:
    write(
        transcript(tmp_path),
        answer(1, tokens=(1, 0, 0, 0)),
        answer(2, tokens=(2, 0, 0, 0), model="claude-haiku-4-5", isSidechain=True),
    )
    write(transcript(tmp_path, "s1/subagents/deep/agent-x.jsonl"), answer(3, tokens=(4, 0, 0, 0)))

    assert rows(source, Metric.TOKENS, Label.QUERY_SOURCE) == {("main",): 1, ("subagent",): 6}
    assert rows(source, Metric.TOKENS, Label.MODEL, Label.TYPE, Label.USER_EMAIL) == {
        ("claude-opus-4-8", "input", ""): 5,
        ("claude-haiku-4-5", "input", ""): 2,
    }

    def where(label: Label, *values: str) -> float | None:
        [found] = source.ask([Question(Metric.TOKENS, ALL, where=((label, values),))])
        return found.total

    assert where(Label.MODEL, "claude-haiku-4-5", "other") == 2
    assert where(Label.SESSION, "s1") == 7
    assert where(Label.SESSION, "s2") == 0
    assert where(Label.QUERY_SOURCE, "subagent") == 6
    assert where(Label.TYPE, "input", "cacheRead") == 7
    assert where(Label.TYPE, "output") == 0
    assert where(Label.USER_ID, "") == 7
    assert where(Label.USER_ID, "me") == 0


def test_windows_are_half_open_and_steps_have_their_own_share(
    tmp_path: Path, source: TranscriptsSource
) -> None:
    for number, at in enumerate((BEGIN, BEGIN + 0.001, BEGIN + 10, BEGIN + 10.5)):
        write(transcript(tmp_path), answer(number, at=at, tokens=(10**number, 0, 0, 0)))
    edges = (BEGIN, BEGIN + 10, BEGIN + 20)
    [found] = source.ask([Question(Metric.TOKENS, Span(BEGIN, BEGIN + 20), boundaries=edges)])

    assert found.rows == (Row((), 1110.0, (110.0, 1000.0)),)


def test_the_largest_groups_only(tmp_path: Path, source: TranscriptsSource) -> None:
    for number in range(4):
        write(transcript(tmp_path), answer(number, session=f"s{number}", tokens=(10 + number, 0, 0, 0)))
    [found] = source.ask([Question(Metric.COST, ALL, (Label.SESSION,), top=2)])

    assert [row.key for row in found.rows] == [("s3",), ("s2",)]


def test_a_session_begins_once_and_is_seen_as_long_as_it_is_used(
    tmp_path: Path, source: TranscriptsSource
) -> None:
    write(transcript(tmp_path), *(answer(number, at=BEGIN + 1000 * number) for number in range(4)))
    write(
        transcript(tmp_path, "s2.jsonl"),
        tool_result(
            1, {"type": "create", "content": "x", "structuredPatch": []}, at=BEGIN + 60, session="s2"
        ),
    )

    assert rows(source, Metric.SESSIONS, Label.SESSION, span=Span(BEGIN - 1, BEGIN)) == {("s1",): 1}
    assert rows(source, Metric.SESSIONS, span=HOUR) == {(): 1}
    assert source.count_sessions(HOUR) == 2
    seen = {session.session_id: (session.first, session.last) for session in source.sessions_seen(HOUR)}
    assert seen == {"s1": (BEGIN + 1000, BEGIN + 3000), "s2": (BEGIN + 60, BEGIN + 60)}
    assert [session.session_id for session in source.sessions_seen(ALL, ["s2", "s3"])] == ["s2"]


def test_each_request_has_the_price_of_its_kind(tmp_path: Path, source: TranscriptsSource) -> None:
    million = 1_000_000
    fast = answer(4, model="claude-opus-4-8", tokens=(million, 0, 0, 0))
    fast["message"]["usage"]["speed"] = "fast"
    write(
        transcript(tmp_path),
        answer(1, tokens=(0, 0, 0, million), session="5 minutes"),
        answer(2, tokens=(0, 0, 0, million), written_1h=million, session="1 hour"),
        answer(3, model="claude-haiku-5-5", tokens=(1000, 0, 99_000, 0), session="short prompt"),
        answer(5, model="claude-haiku-5-5", tokens=(1001, 0, 99_000, 0), session="long prompt"),
        fast | {"sessionId": "fast"},
        answer(6, model="claude-opus-9", tokens=(1, 0, 0, 0), costUSD=0.75, session="noted"),
    )

    assert rows(source, Metric.COST, Label.SESSION) == {
        ("5 minutes",): pytest.approx(6.25),
        ("1 hour",): pytest.approx(10),
        ("short prompt",): pytest.approx(0.0001 + 0.00099),
        ("long prompt",): pytest.approx(0.0005005 + 0.00495),
        ("fast",): pytest.approx(10),
        ("noted",): 0.75,
    }


def test_the_price_is_that_of_the_day(tmp_path: Path, source: TranscriptsSource) -> None:
    change = 1_791_331_200  # 2026-10-07
    for number, at in enumerate((change - 1, change + 1)):
        line = answer(
            number, at=at, model="claude-sonnet-5-5", tokens=(0, 0, 1_000_000, 0), session=f"s{number}"
        )
        write(transcript(tmp_path), line)

    assert rows(source, Metric.COST, Label.SESSION) == {
        ("s0",): pytest.approx(0.2),
        ("s1",): pytest.approx(0.1),
    }


def test_other_prices_hold_for_what_was_read_before(tmp_path: Path) -> None:
    write(transcript(tmp_path), answer(1, tokens=(1_000_000, 0, 0, 0)))

    def cost(provider: str, *, regional: bool) -> float | None:
        source = TranscriptsSource(
            [tmp_path], cache_dir=tmp_path / "cache", provider=provider, regional=regional
        )
        with closing(source):
            return source.ask([Question(Metric.COST, ALL)])[0].total

    assert cost("anthropic", regional=False) == pytest.approx(5)
    assert cost("bedrock", regional=True) == pytest.approx(5.5)
    assert cost("anthropic", regional=False) == pytest.approx(5)


def test_models_without_a_price_are_named_and_cost_not_nothing(
    tmp_path: Path, source: TranscriptsSource
) -> None:
    write(
        transcript(tmp_path),
        answer(1, at=BEGIN + 10, tokens=(1_000_000, 0, 0, 0)),
        answer(2, at=BEGIN + 10, model="claude-opus-9-1", tokens=(3_000_000, 0, 0, 0)),
        answer(3, at=BEGIN - 10, model="gpt-oss", tokens=(1, 0, 0, 0)),
    )

    [warning] = source.warnings(HOUR)
    assert warning.code == "unpriced-models"
    assert "Opus 9.1" in warning.message
    assert "3.0M" in warning.message
    assert "gpt-oss" not in warning.message
    assert rows(source, Metric.COST, Label.MODEL, span=HOUR) == {("claude-opus-4-8",): 5}
    assert source.warnings(Span(BEGIN + 20, BEGIN + 30)) == ()


def test_what_has_no_price_is_reported_without_a_cost(tmp_path: Path) -> None:
    line = answer(1, model="claude-opus-9-1", tokens=(3_000_000, 0, 0, 0))
    write(
        transcript(tmp_path), line, line | {"message": line["message"] | {"id": "msg_2"}, "sessionId": "s2"}
    )
    found = report(tmp_path)

    assert [(model.name, model.cost_usd) for model in found.by_model] == [("Opus 9.1", None)]
    assert [session.cost_usd for session in found.sessions] == [None, None]
    assert found.totals.cost_usd is None
    assert [warning.code for warning in found.warnings] == ["unpriced-models"]

    write(transcript(tmp_path), answer(3, tokens=(1_000_000, 0, 0, 0)))
    found = report(tmp_path)
    assert {model.name: model.cost_usd for model in found.by_model} == {"Opus 4.8": 5, "Opus 9.1": None}
    assert found.totals.cost_usd == 5


def test_it_is_seen_when_something_was_written(tmp_path: Path, source: TranscriptsSource) -> None:
    def look() -> None:
        for folder in tmp_path.rglob(
            "projects/**/"
        ):  # changed so long ago that the clock's steps do not matter
            os.utime(folder, (BEGIN, BEGIN))
        source.inventory(refresh=True)
        assert not source.changed()

    path = transcript(tmp_path)
    write(path, answer(1))
    assert source.changed()
    look()
    write(path, answer(2))
    assert source.changed()
    look()
    write(transcript(tmp_path, "new/subagents/agent-1.jsonl"), answer(3))
    assert source.changed()
    look()
    write(transcript(tmp_path, "new/subagents/agent-2.jsonl"), answer(4))
    assert source.changed()
    look()
    path.unlink()
    assert source.changed()


def test_several_folders_of_claude_code_are_one(tmp_path: Path) -> None:
    write(transcript(tmp_path / "a"), answer(1, tokens=(1, 0, 0, 0)))
    write(transcript(tmp_path / "b"), answer(1, tokens=(1, 5, 0, 0)), answer(2, tokens=(10, 0, 0, 0)))
    folders = [tmp_path / "a", tmp_path / "b", tmp_path / "nowhere"]
    with closing(TranscriptsSource(folders, cache_dir=None)) as source:
        assert rows(source, Metric.TOKENS) == {(): 16}


def test_a_closed_source_says_so(source: TranscriptsSource) -> None:
    source.close()
    with pytest.raises(SourceUnavailable):
        source.inventory()


LINES = st.lists(
    st.builds(
        lambda number, second, output, session, model: answer(
            number, at=BEGIN + second, tokens=(7, output, 3, 1), session=session, model=model
        ),
        st.integers(0, 5),
        st.integers(0, 3),
        st.integers(1, 4),
        st.sampled_from(["s1", "s2"]),
        st.sampled_from(["claude-opus-4-8", "claude-haiku-4-5", "unknown"]),
    ),
    max_size=12,
)


def everything(folder: Path) -> list[tuple[Row, ...]]:
    with closing(open_at(folder)) as source:
        return known(source)


def known(source: TranscriptsSource) -> list[tuple[Row, ...]]:
    by = (Label.SESSION, Label.MODEL)
    edges = tuple(range(BEGIN - 1, BEGIN + 5))
    span = Span(edges[0], edges[-1])
    questions = [Question(metric, span, by, boundaries=edges) for metric in (Metric.COST, Metric.TOKENS)]
    return [found.rows for found in source.ask(questions)]


@settings(deadline=None, max_examples=60)
@given(LINES, st.data())
def test_lines_in_any_order_files_and_number_add_up_to_the_same(
    lines: list[dict[str, Any]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(lines))
    repeated = data.draw(st.lists(st.sampled_from(lines), max_size=4)) if lines else []
    names = st.sampled_from(["s1.jsonl", "s2.jsonl", "other/s3.jsonl"])
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        write(transcript(Path(one)), *lines)
        for line in [*repeated, *shuffled]:
            write(transcript(Path(other), data.draw(names)), line)

        assert everything(Path(other)) == everything(Path(one))


@settings(deadline=None, max_examples=40)
@given(LINES, st.data())
def test_reading_on_equals_reading_all(lines: list[dict[str, Any]], data: st.DataObject) -> None:
    names = st.sampled_from(["s1.jsonl", "s2.jsonl"])
    with tempfile.TemporaryDirectory() as folder, closing(open_at(Path(folder))) as source:
        for line in lines:
            write(transcript(Path(folder), data.draw(names)), line)
            if data.draw(st.booleans()):
                source.inventory(refresh=True)
        source.inventory(refresh=True)

        assert known(source) == everything(Path(folder))
