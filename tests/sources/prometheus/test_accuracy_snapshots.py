"""Snapshots from real servers, poll after poll, against the known truth: at most 0.01 % off."""

import pytest

from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.sources.snapshots import TOP_SESSIONS, SnapshotBuilder
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import RANGE_NAMES
from tests.support.servers import TOOLS, Kind
from tests.support.truth.cases import CALENDAR, NOW
from tests.support.truth.loading import Loaded, on_servers

CASES = ("resumed, scraped", "samples at export times only")

ON_PROMETHEUS = [pytest.param((CASES[1], Kind.PROMETHEUS), marks=pytest.mark.needs(*TOOLS[Kind.PROMETHEUS]))]


def exactly(value: float) -> object:
    return pytest.approx(value, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", RANGE_NAMES)
@pytest.mark.parametrize("loaded", on_servers(CASES), indirect=True, scope="session")
def test_snapshot(loaded: Loaded, source: PrometheusSource, name: str) -> None:
    truth = loaded.data.truth
    builder = SnapshotBuilder(source, CALENDAR)
    last = None
    # The first poll reads the past, the second remembers it; then starts move, and the edge of the past.
    for now in (NOW - 1230, NOW - 1200, NOW - 900, NOW):
        last = builder.build(name, now, last)

        assert last.state is State.FRESH, last.problem
        assert last.warnings == ()
        figures = last.figures
        assert figures is not None
        for period in (figures.today, figures.this_week, figures.this_month):
            assert period.end == now
            assert period.cost_usd == exactly(truth.total(Metric.COST, period.start, now))
        assert figures.today.tokens == exactly(truth.total(Metric.TOKENS, figures.today.start, now))
        assert figures.last_hour_cost_usd == exactly(truth.total(Metric.COST, (now - 3600) // 15 * 15, now))
        week = figures.this_week
        start = CALENDAR.same_time(week.start, -7)
        end = CALENDAR.same_time(now, -7) // 300 * 300
        assert week.previous_cost_usd == exactly(truth.total(Metric.COST, start, end))

        start, end = figures.range.info.start, figures.range.info.end
        totals = figures.range.totals
        assert totals.cost_usd == exactly(truth.total(Metric.COST, start, end))
        assert totals.tokens is not None
        assert totals.tokens.total == exactly(truth.total(Metric.TOKENS, start, end))
        assert totals.active_time_seconds is not None
        assert totals.active_time_seconds.total == exactly(truth.total(Metric.ACTIVE_TIME, start, end))
        assert totals.commits == exactly(truth.total(Metric.COMMITS, start, end))
        assert totals.sessions == len(truth.sessions(start, end))
        costs = truth.by(Metric.COST, start, end, (Label.MODEL,))
        assert {(m.model,): m.cost_usd for m in figures.range.by_model} == {
            model: exactly(cost) for model, cost in costs.items()
        }
        sessions = truth.by(Metric.COST, start, end, (Label.SESSION,))
        dearest = sorted(sessions.values(), reverse=True)[:TOP_SESSIONS]
        assert [s.cost_usd for s in figures.range.top_sessions] == [exactly(cost) for cost in dearest]
        # Times come from a grid, of the counters that every use shows in sooner or later.
        precision_s = 240 + (end - start) / 10_000
        for session in figures.range.top_sessions:
            assert session.cost_usd == exactly(sessions[session.session_id,])
            seen = truth.sessions(start, end)[session.session_id]
            assert session.first_seen == pytest.approx(seen.first, abs=precision_s)
            assert session.last_seen == pytest.approx(seen.last, abs=precision_s)


@pytest.mark.parametrize("loaded", ON_PROMETHEUS, indirect=True, scope="session")
def test_a_poll_that_finds_nothing_new_is_three_queries(
    source: PrometheusSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = SnapshotBuilder(source, CALENDAR)
    last = builder.build("7d", NOW - 5, None)
    asked: list[str] = []
    query = PrometheusClient.query

    def record(client: PrometheusClient, promql: str, at: float) -> object:
        asked.append(promql)
        return query(client, promql, at)

    monkeypatch.setattr(PrometheusClient, "query", record)
    assert builder.build("7d", NOW, last).state is State.FRESH
    assert len(asked) == 3
