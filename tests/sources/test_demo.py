import statistics
import tracemalloc
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.demo import DemoSource
from ccmon_tray.sources.reports import build_report
from ccmon_tray.usage.metrics import Label, Metric, TokenType, token_type
from ccmon_tray.usage.model_names import model_key
from ccmon_tray.usage.states import SourceKind, State
from ccmon_tray.usage.steps import tile
from ccmon_tray.usage.windows import Calendar, resolve

DAY = 86_400
BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
NOW = int(datetime(2026, 11, 23, 14, 12, tzinfo=UTC).timestamp())  # a Monday

# USD per million tokens: input, written to the cache, read from it, output.
PRICES = {
    "opus-4-8": (5, 6.25, 0.50, 25),
    "opus-5-5": (4, 5, 0.20, 20),
    "sonnet-5-5": (2, 2.50, 0.10, 10),
    "haiku-4-5": (1, 1.25, 0.10, 5),
}


def at(now: float) -> Callable[[], float]:
    return lambda: now


SOURCE = DemoSource(BERLIN, clock=at(NOW))
# Two more, with days of 23 and a half to 25 hours in the window that is cut.
SOURCES = {
    "Europe/Berlin": SOURCE,
    **{
        zone: DemoSource(Calendar(ZoneInfo(zone), zone), clock=at(NOW))
        for zone in ("Australia/Lord_Howe", "America/New_York")
    },
}


def total(source: DemoSource, metric: Metric, start: int, end: int) -> float:
    return source.ask([Question(metric, Span(start, end))])[0].total or 0.0


def test_it_says_that_it_is_a_demonstration() -> None:
    inventory = SOURCE.inventory()
    assert inventory.info.kind is SourceKind.DEMO
    assert set(inventory.metrics) == set(Metric)
    assert SOURCE.warnings(Span(NOW - DAY, NOW)) == ()


def test_the_same_seed_tells_the_same_story_and_another_one_another() -> None:
    question = Question(Metric.COST, Span(NOW - 7 * DAY, NOW), (Label.SESSION, Label.MODEL))
    again = DemoSource(BERLIN, clock=at(NOW)).ask([question])
    assert again == SOURCE.ask([question])
    assert DemoSource(BERLIN, seed=1, clock=at(NOW)).ask([question]) != again


def test_the_past_does_not_change_as_time_goes_by() -> None:
    question = Question(Metric.TOKENS, Span(NOW - 7 * DAY, NOW), (Label.SESSION, Label.TYPE))
    later = DemoSource(BERLIN, clock=at(NOW + 30 * DAY))
    assert later.ask([question]) == SOURCE.ask([question])
    assert later.sessions_seen(question.span) == SOURCE.sessions_seen(question.span)


def test_nothing_is_known_of_the_future() -> None:
    midnight = resolve("today", NOW, BERLIN).start
    for metric in Metric:
        assert total(SOURCE, metric, midnight, midnight + DAY) == total(SOURCE, metric, midnight, NOW)
    assert total(SOURCE, Metric.TOKENS, NOW, NOW + DAY) == 0
    assert SOURCE.count_sessions(Span(NOW, NOW + DAY)) == 0


@settings(deadline=None)
@given(st.integers(NOW - 90 * DAY, NOW))
def test_something_happens_at_any_hour(moment: int) -> None:
    # Two of the watch's longest pauses, where one day's story gives way to the next one's.
    assert total(SOURCE, Metric.TOKENS, moment - 140, moment) > 0
    assert SOURCE.count_sessions(Span(moment - 140, moment)) >= 1


@pytest.mark.parametrize("zone", SOURCES)
@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(NOW - 60 * DAY, NOW), min_size=2, max_size=20, unique=True))
def test_windows_that_tile_a_longer_one_add_up_to_it(zone: str, cuts: list[int]) -> None:
    source = SOURCES[zone]
    cuts.sort()
    for metric in (Metric.TOKENS, Metric.SESSIONS, Metric.ACTIVE_TIME):
        parts = [total(source, metric, start, end) for start, end in pairwise(cuts)]
        assert sum(parts) == total(source, metric, cuts[0], cuts[-1])
    stepped = source.ask([Question(Metric.TOKENS, Span(cuts[0], cuts[-1]), boundaries=tuple(cuts))])[0]
    parts = [total(source, Metric.TOKENS, start, end) for start, end in pairwise(cuts)]
    assert [row.steps for row in stepped.rows] == ([tuple(parts)] if any(parts) else [])


@pytest.mark.parametrize(
    ("metric", "by"),
    [
        (Metric.COST, (Label.MODEL,)),
        (Metric.COST, (Label.SESSION, Label.QUERY_SOURCE)),
        (Metric.TOKENS, (Label.TYPE,)),
        (Metric.TOKENS, (Label.SESSION, Label.MODEL, Label.TYPE)),
        (Metric.ACTIVE_TIME, (Label.TYPE,)),
        (Metric.LINES, (Label.TYPE, Label.MODEL)),
        (Metric.EDIT_DECISIONS, (Label.DECISION, Label.TOOL)),
        (Metric.SESSIONS, (Label.START_TYPE,)),
        (Metric.COMMITS, (Label.USER_EMAIL, Label.USER_ACCOUNT, Label.USER_ID)),
    ],
)
def test_groups_and_their_steps_add_up_to_the_total(metric: Metric, by: tuple[Label, ...]) -> None:
    window = resolve("30d", NOW, BERLIN)
    span = Span(window.start, window.end)
    boundaries = tile(window, BERLIN).boundaries
    whole, groups, stepped = SOURCE.ask(
        [Question(metric, span), Question(metric, span, by), Question(metric, span, by, boundaries)]
    )
    assert whole.total
    assert groups.total == pytest.approx(whole.total)
    assert {row.key: row.total for row in stepped.rows} == pytest.approx(
        {row.key: row.total for row in groups.rows}
    )
    for row in stepped.rows:
        assert len(row.steps) == len(boundaries) - 1
        assert sum(row.steps) == pytest.approx(row.total)
    assert all(all(row.key) for row in groups.rows)
    amounts = [row.total for row in groups.rows]
    assert amounts == sorted(amounts, reverse=True)


def test_a_label_that_a_counter_lacks_is_empty() -> None:
    rows = SOURCE.ask([Question(Metric.COST, Span(NOW - DAY, NOW), (Label.DECISION,))])[0].rows
    assert [row.key for row in rows] == [("",)]


def test_only_the_largest_and_only_the_wanted() -> None:
    span = Span(NOW - 7 * DAY, NOW)
    everything = SOURCE.ask([Question(Metric.COST, span, (Label.SESSION,))])[0].rows
    top = SOURCE.ask([Question(Metric.COST, span, (Label.SESSION,), top=3)])[0].rows
    assert top == everything[:3]
    wanted = (everything[1].key[0], everything[4].key[0])
    where = ((Label.SESSION, wanted), (Label.QUERY_SOURCE, ("main", "subagent")))
    rows = SOURCE.ask([Question(Metric.COST, span, (Label.SESSION,), where=where)])[0].rows
    assert rows == (everything[1], everything[4])
    nobody = ((Label.SESSION, ("nobody",)),)
    assert SOURCE.ask([Question(Metric.COST, span, where=nobody)])[0].total == 0


def test_sessions_are_counted_and_seen_as_their_use_says() -> None:
    span = Span(NOW - 7 * DAY, NOW)
    with_use = {
        row.key[0]
        for answer in SOURCE.ask([Question(metric, span, (Label.SESSION,)) for metric in Metric])
        for row in answer.rows
    }
    seen = SOURCE.sessions_seen(span)
    assert {session.session_id for session in seen} == with_use
    assert SOURCE.count_sessions(span) == len(with_use)
    for session in seen:
        assert span.start < session.first <= session.last <= span.end
        where = ((Label.SESSION, (session.session_id,)),)
        inside = Question(Metric.TOKENS, Span(session.first - 1, session.last), where=where)
        whole = Question(Metric.TOKENS, span, where=where)
        assert SOURCE.ask([inside])[0].total == SOURCE.ask([whole])[0].total
    named = SOURCE.sessions_seen(span, [seen[2].session_id, "nobody"])
    assert named == (seen[2],)


def test_session_ids_look_like_claude_codes() -> None:
    for session in SOURCE.sessions_seen(Span(NOW - 7 * DAY, NOW)):
        assert str(uuid.UUID(session.session_id)) == session.session_id
        assert uuid.UUID(session.session_id).version == 4


def test_some_sessions_go_on_the_next_morning() -> None:
    spans = [(start, start + DAY) for start in range(NOW - 60 * DAY, NOW, DAY)]
    resumed = SOURCE.ask([Question(Metric.SESSIONS, Span(NOW - 60 * DAY, NOW), (Label.START_TYPE,))])[0]
    assert {row.key[0] for row in resumed.rows} == {"fresh", "resume"}
    days = [{s.session_id for s in SOURCE.sessions_seen(Span(*span))} for span in spans]
    # Besides the watch, which runs through the week.
    assert any(len(one & other) > 1 for one, other in pairwise(days))


def test_costs_are_the_tokens_at_list_price() -> None:
    span = Span(NOW - 90 * DAY, NOW)
    costs, counts = SOURCE.ask(
        [
            Question(Metric.COST, span, (Label.MODEL, Label.QUERY_SOURCE)),
            Question(Metric.TOKENS, span, (Label.MODEL, Label.QUERY_SOURCE, Label.TYPE)),
        ]
    )
    tokens: dict[tuple[str, ...], dict[TokenType | None, float]] = {}
    for row in counts.rows:
        tokens.setdefault(row.key[:2], {})[token_type(row.key[2])] = row.total
    expected = {}
    for (model, query_source), used in tokens.items():
        assert set(used) == set(TokenType)
        prices = zip(
            ("INPUT", "CACHE_CREATION", "CACHE_READ", "OUTPUT"), PRICES[model_key(model)], strict=True
        )
        expected[model, query_source] = sum(used[TokenType[kind]] * price for kind, price in prices) / 1e6
    assert {row.key: row.total for row in costs.rows} == pytest.approx(expected)
    assert {model_key(model) for model, _ in expected} == set(PRICES)
    assert {query_source for _, query_source in expected} == {"main", "subagent"}


def daily_costs(days: int) -> dict[date, float]:
    last = BERLIN.day_of(NOW)
    costs = {}
    for back in range(1, days + 1):
        day = last - timedelta(days=back)
        start, end = BERLIN.midnight(day), BERLIN.midnight(day + timedelta(days=1))
        costs[day] = total(SOURCE, Metric.COST, start, end)
    return costs


def test_days_cost_what_such_days_cost() -> None:
    costs = daily_costs(90)
    weekdays = [cost for day, cost in costs.items() if day.weekday() < 5]
    weekends = [cost for day, cost in costs.items() if day.weekday() >= 5]
    assert 8 < statistics.median(weekdays) < 18
    assert sum(5 <= cost <= 25 for cost in weekdays) > 0.8 * len(weekdays)
    assert statistics.median(weekends) < statistics.median(weekdays) / 2
    assert len({round(cost, 2) for cost in costs.values()}) > 80


def test_nights_are_quiet() -> None:
    nights = days = 0.0
    for back in range(30):
        midnight = BERLIN.midnight(BERLIN.day_of(NOW) - timedelta(days=back + 1))
        nights += total(SOURCE, Metric.COST, midnight, midnight + 8 * 3600)
        days += total(SOURCE, Metric.COST, midnight + 8 * 3600, midnight + 16 * 3600)
    assert nights < days / 5


def test_prompts_come_mostly_from_the_cache() -> None:
    report = build_report(SOURCE, resolve("7d", NOW, BERLIN), BERLIN)
    assert report.state is State.FRESH
    assert report.totals.cache_hit_ratio is not None
    assert 0.9 < report.totals.cache_hit_ratio < 0.99
    assert report.totals.sessions == len(report.sessions) > 10
    assert report.totals.commits
    assert report.totals.lines_added is not None
    assert report.totals.lines_removed is not None
    assert report.totals.lines_added > report.totals.lines_removed > 0
    assert sum(step.cost_usd or 0 for step in report.over_time) == pytest.approx(report.totals.cost_usd)


def test_history_reaches_as_far_back_as_it_says() -> None:
    retention_s = SOURCE.inventory().retention_s
    assert retention_s is not None
    horizon = NOW - int(retention_s)
    assert total(SOURCE, Metric.TOKENS, horizon, horizon + DAY) > 0
    assert total(SOURCE, Metric.TOKENS, horizon - 9 * DAY, horizon - 2 * DAY) == 0


def test_ninety_days_take_little_memory() -> None:
    source = DemoSource(BERLIN, clock=at(NOW))
    tracemalloc.start()
    try:
        source.ask([Question(Metric.COST, Span(NOW - 90 * DAY, NOW), (Label.MODEL,))])
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 3_000_000


def test_its_requests_cost_what_its_counters_say() -> None:
    window = resolve("7d", NOW, BERLIN)
    found = SOURCE.requests(window, BERLIN)
    report = build_report(SOURCE, window, BERLIN)

    assert {one.model: one.cost_usd for one in found.by_model} == pytest.approx(
        {one.model: one.cost_usd for one in report.by_model}
    )
    assert found.requests == sum(one.requests for one in found.by_model)
    assert found.errors == sum(one.errors for one in found.errors_by_status) > 0
    assert SOURCE.requests(window, BERLIN) == found
