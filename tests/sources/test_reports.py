from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.errors import SourceUnreachable, UsageError
from ccmon_tray.sources.reports import GROUPINGS, build_report
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import UsageWarning
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import Calendar, Window, resolve
from tests.support.fake_source import Event, FakeSource, request

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
NOW = BERLIN.midnight(BERLIN.day_of(1_795_600_000)) + 15 * 3600
TODAY = resolve("today", NOW, BERLIN)


def _lively() -> FakeSource:
    events = [
        *request(NOW - 60, "s-new", 1.5, {"input": 10, "output": 20, "cacheRead": 300, "cacheCreation": 40}),
        # An older client spells its types the other way.
        *request(NOW - 7200, "s-old", 2.5, {"input": 1, "cache_read": 7}, model="claude-haiku-4-5"),
        *request(NOW - 3600, "s-old", 0.25, {"input": 2, "cache_creation": 5, "thinking": 11}),
        # Neither before the window nor after it counts.
        *request(TODAY.start, "s-yesterday", 50.0, {"input": 1000}),
        *request(NOW + 1, "s-tomorrow", 70.0, {"input": 1000}),
        Event(NOW - 50, Metric.ACTIVE_TIME, 12.5, {Label.SESSION: "s-new", Label.TYPE: "user"}),
        Event(NOW - 40, Metric.ACTIVE_TIME, 30.0, {Label.SESSION: "s-new", Label.TYPE: "cli"}),
        Event(NOW - 40, Metric.SESSIONS, 1.0, {Label.SESSION: "s-idle"}),
        Event(NOW - 30, Metric.LINES, 512.0, {Label.SESSION: "s-new", Label.TYPE: "added"}),
        Event(NOW - 30, Metric.LINES, 98.0, {Label.SESSION: "s-new", Label.TYPE: "removed"}),
        Event(NOW - 20, Metric.COMMITS, 3.0, {Label.SESSION: "s-new"}),
        Event(NOW - 20, Metric.EDIT_DECISIONS, 4.0, {Label.SESSION: "s-new", Label.DECISION: "accept"}),
        Event(NOW - 20, Metric.EDIT_DECISIONS, 1.0, {Label.SESSION: "s-new", Label.DECISION: "reject"}),
    ]
    return FakeSource(events)


def test_totals_count_what_lies_in_the_window_and_nothing_else() -> None:
    report = build_report(_lively(), TODAY, BERLIN)

    totals = report.totals
    assert report.state is State.FRESH
    assert totals.cost_usd == pytest.approx(4.25)
    assert totals.active_time_seconds is not None
    assert totals.active_time_seconds.model_dump() == {"total": 42.5, "user": 12.5, "cli": 30.0}
    assert (totals.sessions, totals.lines_added, totals.lines_removed) == (3, 512, 98)
    assert (totals.commits, totals.pull_requests) == (3, 0)
    assert totals.edit_decisions is not None
    assert totals.edit_decisions.model_dump() == {"accept": 4, "reject": 1}


def test_both_spellings_of_a_token_type_are_one_and_unknown_types_are_in_the_total_alone() -> None:
    totals = build_report(_lively(), TODAY, BERLIN).totals

    assert totals.tokens is not None
    assert totals.tokens.model_dump() == {
        "total": 396,
        "input": 13,
        "output": 20,
        "cache_read": 307,
        "cache_creation": 45,
    }
    assert totals.cache_hit_ratio == pytest.approx(307 / (13 + 307 + 45))


def test_models_come_dearest_first_and_keep_their_ids() -> None:
    source = _lively()
    source.events += request(NOW - 9, "s-new", 9.0, {"input": 1}, model="claude-opus-4-8[1m]")

    models = build_report(source, TODAY, BERLIN).by_model

    assert [(m.model, m.name, m.cost_usd) for m in models] == [
        ("claude-opus-4-8[1m]", "Opus 4.8", 9.0),
        ("claude-haiku-4-5", "Haiku 4.5", 2.5),
        ("claude-opus-4-8", "Opus 4.8", 1.75),
    ]
    assert models[1].tokens is not None
    assert (models[1].tokens.total, models[1].tokens.cache_read) == (8, 7)


def test_every_session_with_any_use_is_there_dearest_first() -> None:
    sessions = build_report(_lively(), TODAY, BERLIN).sessions

    assert [(s.session_id, s.cost_usd) for s in sessions] == [("s-old", 2.75), ("s-new", 1.5), ("s-idle", 0)]
    old = sessions[0]
    assert (old.first_seen, old.last_seen) == (NOW - 7200, NOW - 3600)
    assert old.models == ("claude-haiku-4-5", "claude-opus-4-8")
    assert old.tokens is not None
    assert old.tokens.total == 26
    assert sessions[1].active_time_seconds == 42.5
    assert old.project is None


@given(
    moments=st.lists(st.integers(1, 40 * 86_400), max_size=30),
    start=st.integers(0, 30 * 86_400),
    length=st.integers(1, 40 * 86_400),
)
def test_over_time_tiles_the_range_and_sums_to_the_total(moments: list[int], start: int, length: int) -> None:
    base = BERLIN.midnight(BERLIN.day_of(1_774_000_000))  # the change to summer time is within
    source = FakeSource(
        event
        for i, at in enumerate(moments)
        for event in request(base + at, f"s{i}", 0.1 * (i + 1), {"input": i, "output": 3})
    )
    window = Window("custom", base + start, base + start + length)

    report = build_report(source, window, BERLIN)

    edges = [report.over_time[0].start, *(step.end for step in report.over_time)]
    assert (edges[0], edges[-1]) == (window.start, window.end)
    assert all(step.start == edge for step, edge in zip(report.over_time, edges, strict=False))
    assert sum(step.cost_usd or 0.0 for step in report.over_time) == pytest.approx(report.totals.cost_usd)
    assert report.totals.tokens is not None
    assert sum(step.tokens or 0.0 for step in report.over_time) == report.totals.tokens.total


def test_what_the_source_does_not_hold_is_unknown_not_nothing() -> None:
    source = _lively()
    source.metrics = (Metric.COST, Metric.TOKENS)

    report = build_report(source, TODAY, BERLIN)

    totals = report.totals
    assert totals.cost_usd == pytest.approx(4.25)
    assert (totals.active_time_seconds, totals.commits, totals.lines_added) == (None, None, None)
    assert totals.edit_decisions is None
    assert report.sessions[0].active_time_seconds is None

    source.metrics = (Metric.TOKENS,)
    report = build_report(source, TODAY, BERLIN)
    assert report.totals.cost_usd is None
    assert {m.cost_usd for m in report.by_model} == {None}
    assert {step.cost_usd for step in report.over_time} == {None}


def test_without_session_ids_their_number_is_unknown() -> None:
    source = FakeSource([Event(NOW - 5, Metric.COST, 1.0, {Label.MODEL: "claude-opus-4-8"})])

    report = build_report(source, TODAY, BERLIN)

    assert report.totals.sessions is None
    assert report.sessions == ()
    assert report.totals.cost_usd == 1.0


def test_states() -> None:
    assert build_report(FakeSource(metrics=()), TODAY, BERLIN).state is State.NO_TELEMETRY
    assert build_report(FakeSource(metrics=()), TODAY, BERLIN).totals.cost_usd is None
    empty = build_report(FakeSource(), TODAY, BERLIN)
    assert (empty.state, empty.totals.cost_usd, empty.totals.sessions) == (State.NO_DATA, 0.0, 0)


def test_a_source_that_cannot_answer_is_an_error_not_a_zero() -> None:
    source = _lively()
    source.error = SourceUnreachable("Prometheus cannot be reached")

    with pytest.raises(SourceUnreachable):
        build_report(source, TODAY, BERLIN)


def test_warnings_come_along() -> None:
    warning = UsageWarning(code="saw-tooth", message="Too low", cure="Use cumulative temporality")
    source = FakeSource(_lively().events, warned=(warning,))

    assert build_report(source, TODAY, BERLIN).warnings == (warning,)


@pytest.mark.parametrize("by", [None, *GROUPINGS])
def test_everything_is_asked_at_once(by: str | None) -> None:
    source = _lively()

    build_report(source, TODAY, BERLIN, by=by)

    assert len(source.asked) == 1
    assert len(source.asked[0]) == len(set(source.asked[0])) <= 11


@pytest.mark.parametrize("by", [g for g in GROUPINGS if g != "type"])
def test_groups_add_up_to_the_totals(by: str) -> None:
    report = build_report(_lively(), TODAY, BERLIN, by=by)

    assert report.by == by
    assert sum(g.cost_usd or 0.0 for g in report.groups) == pytest.approx(report.totals.cost_usd)
    assert report.totals.tokens is not None
    for field in report.totals.tokens.model_dump():
        total = sum(getattr(g.tokens, field) for g in report.groups)
        assert total == getattr(report.totals.tokens, field), field


def test_groups_by_type_know_tokens_but_no_cost() -> None:
    groups = build_report(_lively(), TODAY, BERLIN, by="type").groups

    counts = {g.key: g.tokens.total for g in groups if g.tokens}
    assert counts == {"cache_read": 307, "cache_creation": 45, "output": 20, "input": 13, "thinking": 11}
    assert {g.cost_usd for g in groups} == {None}


def test_groups_by_day_are_local_days_idle_ones_included() -> None:
    midnight = TODAY.start
    source = FakeSource(
        [
            *request(midnight, "a", 1.0, {"input": 1}),  # the last instant of yesterday
            *request(midnight + 1, "a", 2.0, {"input": 2}),
        ]
    )
    window = Window("custom", midnight - 2 * 86_400, NOW)

    groups = build_report(source, window, BERLIN, by="day").groups

    today = BERLIN.day_of(NOW)
    assert [g.cost_usd for g in groups] == [0.0, 1.0, 2.0]
    assert groups[-1].key == today.isoformat()


def test_a_user_is_an_email_else_an_account_else_an_id() -> None:
    def by(labels: dict[Label, str], cost: float) -> list[Event]:
        return request(NOW - 5, "s", cost, {"input": 1, "cacheRead": 2}, user=labels)

    account = {Label.USER_ACCOUNT: "acc", Label.USER_ID: "id-1"}
    source = FakeSource(
        [
            *by({**account, Label.USER_EMAIL: "a@example.com"}, 4.0),
            *by({**account, Label.USER_EMAIL: "a@example.com", Label.USER_ID: "id-2"}, 1.0),
            *by(account, 3.0),
            *by({Label.USER_ID: "id-1"}, 2.0),
            *by({}, 0.5),
        ]
    )

    groups = build_report(source, TODAY, BERLIN, by="user").groups

    assert [(g.key, g.cost_usd) for g in groups] == [
        ("a@example.com", 5.0),
        ("acc", 3.0),
        ("id-1", 2.0),
        ("", 0.5),
    ]
    assert groups[0].tokens is not None
    assert (groups[0].tokens.total, groups[0].tokens.cache_read) == (6, 4)
    assert groups[-1].name == "(unknown)"


def test_the_project_is_not_known_to_telemetry() -> None:
    (group,) = build_report(_lively(), TODAY, BERLIN, by="project").groups

    assert (group.key, group.name) == ("", "(unknown)")


def test_an_unknown_grouping_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="colour"):
        build_report(_lively(), TODAY, BERLIN, by="colour")


def test_the_range_says_what_it_covers() -> None:
    info = build_report(_lively(), replace(TODAY, name="custom"), BERLIN).range

    assert (info.name, info.start, info.end, info.timezone) == ("custom", TODAY.start, NOW, "Europe/Berlin")
    assert info.step_seconds == 600
