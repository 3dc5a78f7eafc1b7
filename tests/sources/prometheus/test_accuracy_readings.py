"""What the views show of a real server, against the known truth: at most 0.01 % off."""

from datetime import timedelta

import pytest

from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.sources.readings.insights import InsightsReader
from ccmon_tray.sources.readings.summary import read_summary
from ccmon_tray.sources.readings.tokens import read_tokens
from ccmon_tray.sources.reports import build_report
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import previous, resolve
from tests.support.truth.cases import CALENDAR, NOW
from tests.support.truth.loading import Loaded, on_servers

# Sessions that count from 0 again, and samples far apart: where sums per step go wrong first.
CASES = ("resumed, scraped", "samples at export times only")


def exactly(value: float) -> object:
    return pytest.approx(value, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", ["4h", "30d", "this week"])
@pytest.mark.parametrize("loaded", on_servers(CASES), indirect=True, scope="session")
def test_summary_and_tokens(loaded: Loaded, source: PrometheusSource, name: str) -> None:
    truth, window = loaded.data.truth, resolve(name, NOW, CALENDAR)
    report = build_report(source, window, CALENDAR)

    summary = read_summary(source, window, CALENDAR, now=NOW)

    assert summary.state is State.FRESH
    assert summary.totals.model_dump(exclude={"tokens", "active_time_seconds", "edit_decisions"}) == {
        key: exactly(value)
        for key, value in report.totals.model_dump().items()
        if key not in {"tokens", "active_time_seconds", "edit_decisions"}
    }
    assert summary.totals.cost_usd == exactly(truth.total(Metric.COST, window.start, window.end))
    assert [step.cost_usd for step in summary.steps] == [
        exactly(step.cost_usd or 0.0) for step in report.over_time
    ]
    edges = [window.start, *(step.end for step in summary.steps)]
    assert list(summary.active_steps or ()) == [
        exactly(active) for active in truth.steps(Metric.ACTIVE_TIME, edges)
    ]
    before = previous(window, CALENDAR)
    assert summary.previous is not None
    assert summary.previous.cost_usd == exactly(truth.total(Metric.COST, before.start, before.end))

    tokens = read_tokens(source, window, CALENDAR, now=NOW)

    kinds = truth.by(Metric.TOKENS, window.start, window.end, (Label.TYPE,))
    assert tokens.tokens is not None
    assert {kind: getattr(tokens.tokens, kind) for (kind,) in kinds} == {
        kind: exactly(count) for (kind,), count in kinds.items()
    }
    for series in (tokens.by_type, tokens.by_model):
        columns = [sum(column) for column in zip(*(one.steps for one in series), strict=True)]
        assert columns == [exactly(count) for count in truth.steps(Metric.TOKENS, edges)]


@pytest.mark.parametrize("loaded", on_servers(CASES), indirect=True, scope="session")
def test_insights(loaded: Loaded, source: PrometheusSource) -> None:
    truth, reader = loaded.data.truth, InsightsReader(source, CALENDAR)
    # The first reading asks for the past, the second remembers it.
    for now in (NOW - 60, NOW):
        reading = reader.read(now)

        for period in reading.periods:
            for window, shown in ((period.window, period.now), (period.before, period.then)):
                assert shown is not None
                assert shown.cost_usd == exactly(truth.total(Metric.COST, window.start, window.end))
                assert shown.tokens == exactly(truth.total(Metric.TOKENS, window.start, window.end))
                assert shown.active_s == exactly(truth.total(Metric.ACTIVE_TIME, window.start, window.end))
                assert shown.sessions == len(truth.sessions(window.start, window.end))
        edges = [CALENDAR.midnight(reading.days[0].day)]
        edges += [CALENDAR.midnight(day.day + timedelta(days=1)) for day in reading.days[:-1]]
        assert [day.cost_usd for day in reading.days] == [
            exactly(cost) for cost in truth.steps(Metric.COST, [*edges, now])
        ]
        start = CALENDAR.midnight(reading.days[-30].day)
        hours = range(start, now, 3600)
        known = [[0.0] * 24 for _ in range(7)]
        for begin, cost in zip(hours, truth.steps(Metric.COST, [*hours, now]), strict=True):
            known[CALENDAR.local(begin).weekday()][CALENDAR.local(begin).hour] += cost
        grid = reading.grids[30].cost_usd
        assert grid is not None
        assert [list(row) for row in grid] == [[exactly(cost) for cost in row] for row in known]
        month = reading.period("30d")
        assert month is not None
        active = truth.by(Metric.ACTIVE_TIME, month.window.start, month.window.end, (Label.SESSION,))
        assert reading.longest_session is not None
        assert reading.longest_session.active_s == exactly(max(active.values()))
