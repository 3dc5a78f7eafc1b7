import random
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.errors import CcmonError, SourceDenied, SourceUnreachable, UsageError
from ccmon_tray.sources.base import SessionSeen, Span
from ccmon_tray.sources.reports import build_report
from ccmon_tray.sources.snapshots import TOP_SESSIONS, SnapshotBuilder
from ccmon_tray.usage.forecast import PACE_S, projected_cost_usd
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import SourceInfo
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import SourceKind, State
from ccmon_tray.usage.windows import RANGE_NAMES, Calendar, Window, month_end, previous, resolve
from tests.support.fake_source import CountingSource, Event, FakeSource, request

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
DAY = 86_400
NOW = BERLIN.midnight(BERLIN.day_of(1_795_600_000)) + 15 * 3600
DOWN = SourceUnreachable("Prometheus cannot be reached", cause="refused", next_step="Start it")


def _lively(seed: int = 0) -> FakeSource:
    chance = random.Random(seed)
    source = FakeSource()
    for i in range(300):
        at = NOW + 10 * 3600 - chance.random() ** 3 * 100 * DAY
        session = {Label.SESSION: f"s{i // 4}"}
        source.events += request(
            at,
            f"s{i // 4}",
            chance.random(),
            {"input": chance.randint(1, 99), "cacheRead": chance.randint(1, 99)},
            model=chance.choice(["claude-opus-4-8", "claude-haiku-4-5"]),
        )
        source.events.append(Event(at, Metric.COMMITS, 1.0, session))
        source.events.append(Event(at, Metric.ACTIVE_TIME, chance.random(), {**session, Label.TYPE: "user"}))
    return source


def _cost(source: FakeSource, window: Window) -> float:
    cost = build_report(source, window, BERLIN).totals.cost_usd
    assert cost is not None
    return cost


# The first poll reads the past. Until the others nothing moves, then starts, then the edge of the past; at
# last all is read again.
_BY_DAY = tuple(NOW + after for after in (0, 33, 330, 905.5, 1810, 3600))
_OVER_MIDNIGHT = tuple(NOW + 9 * 3600 + after for after in (-400, 0, 20, 905, 935))


@pytest.mark.parametrize("moments", [_BY_DAY, _OVER_MIDNIGHT], ids=["by day", "over midnight"])
@pytest.mark.parametrize("name", RANGE_NAMES)
def test_every_figure_is_that_of_the_report_poll_after_poll(name: str, moments: tuple[float, ...]) -> None:
    source = _lively()
    builder = SnapshotBuilder(source, BERLIN)
    last, moved_at = None, 0

    for now in moments:
        # A poll goes on from the starts and edges of the one before, and moves them on once it is shown.
        for place, snapshot in enumerate(builder.poll(name, lambda: now, last)):  # noqa: B023
            if last is None or place == 1:
                moved_at = int(now)
            last = snapshot
            _check_figures(snapshot, source, name, now, lag_s=int(now) - moved_at)


def _check_figures(snapshot: Snapshot, source: FakeSource, name: str, now: float, lag_s: int) -> None:
    assert snapshot.state in {State.FRESH, State.NO_DATA}
    assert (snapshot.polled_at, snapshot.taken_at) == (now, now)
    figures = snapshot.figures
    assert figures is not None
    info = figures.range.info
    window = resolve(name, now, BERLIN)
    assert (info.name, info.end) == (window.name, window.end)
    # The start of a rolling range moves in steps.
    if name == "1h":
        assert info.start == window.start // 15 * 15
    elif step_s := {"4h": 60, "1d": 300, "7d": 300, "30d": 300, "90d": 300}.get(name):
        assert info.start == (window.start - lag_s) // step_s * step_s
    else:
        assert info.start == window.start
    report = build_report(source, Window(name, info.start, info.end), BERLIN)
    shown, expected = figures.range.totals.model_dump(), report.totals.model_dump()
    assert shown.keys() == expected.keys()
    for key, value in expected.items():
        assert shown[key] == pytest.approx(value), key
    assert [m.model for m in figures.range.by_model] == [m.model for m in report.by_model]
    assert info == report.range
    for top, session in zip(figures.range.top_sessions, report.sessions[:TOP_SESSIONS], strict=True):
        assert top.session_id == session.session_id
        assert top.cost_usd == pytest.approx(session.cost_usd)
        assert (top.first_seen, top.last_seen) == (session.first_seen, session.last_seen)
        assert top.tokens == session.tokens
        assert set(top.models) == set(session.models)

    week, month = (resolve(period, now, BERLIN) for period in ("this week", "this month"))
    today = build_report(source, resolve("today", now, BERLIN), BERLIN).totals
    assert today.tokens is not None
    assert figures.today.cost_usd == pytest.approx(today.cost_usd)
    assert figures.today.tokens == today.tokens.total
    assert figures.this_week.cost_usd == pytest.approx(_cost(source, week))
    before = previous(week, BERLIN)
    before = replace(before, end=(before.end - lag_s) // 300 * 300)
    assert figures.this_week.previous_cost_usd == pytest.approx(_cost(source, before))
    assert figures.this_month.cost_usd == pytest.approx(_cost(source, month))
    hour = Window("custom", (int(now) - 3600) // 15 * 15, int(now))
    assert figures.last_hour_cost_usd == pytest.approx(_cost(source, hour))
    pace = Window("custom", (int(now) - PACE_S - lag_s) // 300 * 300, int(now))
    assert figures.this_month.projected_cost_usd == pytest.approx(
        projected_cost_usd(
            _cost(source, month), _cost(source, pace), pace.seconds, month_end(now, BERLIN) - now
        )
    )


@pytest.mark.parametrize("name", RANGE_NAMES)
def test_a_steady_poll_asks_once_about_the_last_half_hour(name: str) -> None:
    source = CountingSource(_lively().events)
    builder = SnapshotBuilder(source, BERLIN)
    last = builder.build(name, NOW, None)
    source.clear()

    builder.build(name, NOW + 12, last)

    (asked,) = source.asked
    # Each distinct window is work of its own for a server.
    tail = Span(NOW - 900, NOW + 12)
    windows = {question.span for question in asked}
    assert windows == ({tail, Span(NOW + 12 - 900, NOW + 12)} if name == "15m" else {tail})
    for window in windows:
        metrics = [question.metric for question in asked if question.span == window]
        assert len(metrics) == len(set(metrics))
    assert all(span in windows for span in source.warned_about)
    assert len(source.warned_about) <= 1
    assert source.counted == 0


def test_a_poll_after_the_edge_has_moved_asks_only_what_it_has_moved_by() -> None:
    source = CountingSource(_lively().events)
    builder = SnapshotBuilder(source, BERLIN)
    last = builder.build("30d", NOW, None)
    source.clear()

    # The edge and all starts have moved.
    builder.build("30d", NOW + 910, last)

    asked = {question.span for questions in source.asked for question in questions if not question.boundaries}
    assert max(span.end - span.start for span in asked) == 910
    assert sum(span.end - span.start for span in asked) <= 4 * 910
    assert max(span.end - span.start for span in source.warned_about) == 910
    assert all(span.end - span.start <= 910 for span, _ in source.seen)


def _past_read_again(source: FakeSource) -> bool:
    return any(question.span.start < NOW - DAY for question in source.asked[0])


@pytest.mark.parametrize(
    ("last_state", "refresh", "again"),
    [
        (State.FRESH, False, False),
        (State.NO_DATA, False, False),
        (State.FRESH, True, True),
        (State.STALE, False, True),
        (State.OFFLINE, False, True),
    ],
)
def test_the_past_is_read_again_when_asked_to_or_after_trouble(
    last_state: State, refresh: bool, again: bool
) -> None:
    source = _lively()
    builder = SnapshotBuilder(source, BERLIN)
    last = builder.build("today", NOW, None)
    assert _past_read_again(source)
    source.asked.clear()

    builder.build("today", NOW + 30, last.model_copy(update={"state": last_state}), refresh=refresh)

    assert _past_read_again(source) is again


def test_a_new_counter_makes_the_past_be_read_again() -> None:
    source = _lively()
    source.metrics = (Metric.COST,)
    builder = SnapshotBuilder(source, BERLIN)
    last = builder.build("30d", NOW, None)
    assert last.figures is not None
    assert last.figures.range.totals.commits is None

    source.metrics = tuple(Metric)
    figures = builder.build("30d", NOW + 30, last).figures

    assert figures is not None
    commits = build_report(source, resolve("30d", NOW + 30, BERLIN), BERLIN).totals.commits
    assert figures.range.totals.commits == commits


def test_offline_shows_no_figures_and_says_what_to_do() -> None:
    source = _lively()
    source.error = DOWN

    snapshot = SnapshotBuilder(source, BERLIN).build("today", NOW, None)

    assert (snapshot.state, snapshot.figures, snapshot.taken_at) == (State.OFFLINE, None, None)
    assert snapshot.source == source.info
    assert snapshot.problem is not None
    assert snapshot.problem.model_dump() == {
        "code": "unreachable",
        "title": "Prometheus cannot be reached",
        "cause": "refused",
        "next_step": "Start it",
        "since": NOW,
    }


def test_a_failing_source_keeps_the_last_figures_and_the_problems_begin() -> None:
    source = _lively()
    builder = SnapshotBuilder(source, BERLIN)
    good = builder.build("today", NOW, None)

    source.error = DOWN
    first = builder.build("today", NOW + 30, good)
    second = builder.build("today", NOW + 60, first)
    source.error = SourceDenied("Credentials are refused")
    other = builder.build("today", NOW + 90, second)
    source.error = None
    back = builder.build("today", NOW + 120, other)

    for snapshot in (first, second, other):
        assert snapshot.state is State.STALE
        assert snapshot.figures == good.figures
        assert snapshot.taken_at == NOW
    assert (second.polled_at, second.age_s(NOW + 60)) == (NOW + 60, 60)
    assert [s.problem.since if s.problem else None for s in (first, second, other)] == [
        NOW + 30,
        NOW + 30,
        NOW + 90,
    ]
    assert (back.state, back.problem, back.taken_at) == (State.FRESH, None, NOW + 120)


class _FailsAtTheEnd(FakeSource):
    """Answers everything but the very last call of a poll."""

    failing: CcmonError | None = None

    def sessions_seen(self, span: Span, session_ids: object = None) -> tuple[SessionSeen, ...]:
        if self.failing is not None and session_ids is not None:
            raise self.failing
        return super().sessions_seen(span)


def test_a_poll_answered_in_part_does_not_mix_old_and_new() -> None:
    source = _FailsAtTheEnd(_lively().events)
    builder = SnapshotBuilder(source, BERLIN)
    good = builder.build("today", NOW, None)
    source.events += request(NOW + 10, "s-new", 100.0, {"input": 1})
    source.failing = DOWN

    snapshot = builder.build("today", NOW + 30, good)

    assert snapshot.state is State.STALE
    assert snapshot.figures == good.figures
    source.failing = None
    figures = builder.build("today", NOW + 60, snapshot).figures
    assert figures is not None
    assert figures.today.cost_usd == pytest.approx(_cost(source, resolve("today", NOW + 60, BERLIN)))


def test_figures_of_another_source_are_not_kept() -> None:
    other = SnapshotBuilder(
        FakeSource(_lively().events, info=SourceInfo(kind=SourceKind.DEMO)), BERLIN
    ).build("today", NOW, None)
    source = _lively()
    source.error = DOWN

    snapshot = SnapshotBuilder(source, BERLIN).build("today", NOW, other)

    assert (snapshot.state, snapshot.figures) == (State.OFFLINE, None)
    assert snapshot.source == source.info


def test_no_telemetry_says_so_until_the_first_metric_comes() -> None:
    source = FakeSource(metrics=())
    builder = SnapshotBuilder(source, BERLIN)

    none = builder.build("today", NOW, None)
    still = builder.build("today", NOW + 30, none)

    assert (still.state, still.figures) == (State.NO_TELEMETRY, None)
    assert still.problem is not None
    assert still.problem.since == NOW
    assert "http://localhost:9090" in still.problem.cause
    assert "CLAUDE_CODE_ENABLE_TELEMETRY=1" in still.problem.next_step
    source.metrics = tuple(Metric)
    source.events += request(NOW + 35, "s", 1.0, {"input": 1})
    asked_anew = source.refreshes
    assert builder.build("today", NOW + 60, still).state is State.FRESH
    assert source.refreshes == asked_anew + 1


def test_no_data_is_nothing_in_the_range_and_nothing_today() -> None:
    def state(at: float, name: str) -> State:
        source = FakeSource(request(at, "s", 1.0, {"input": 1}))
        return SnapshotBuilder(source, BERLIN).build(name, NOW, None).state

    assert state(NOW - 3 * DAY, "today") is State.NO_DATA
    assert state(NOW - 3 * DAY, "7d") is State.FRESH
    assert state(NOW - 60, "yesterday") is State.FRESH


def test_no_data_still_has_the_other_periods() -> None:
    source = FakeSource(request(NOW - 3 * DAY, "s", 1.0, {"input": 1}))

    snapshot = SnapshotBuilder(source, BERLIN).build("today", NOW, None)

    assert snapshot.figures is not None
    assert snapshot.figures.today.cost_usd == 0.0
    assert snapshot.figures.this_month.cost_usd == 1.0


def test_an_unknown_range_is_wrong_usage() -> None:
    with pytest.raises(UsageError):
        SnapshotBuilder(_lively(), BERLIN).build("fortnight", NOW, None)
