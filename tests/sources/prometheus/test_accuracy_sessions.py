"""Sessions as the views show them of a real server, against the known truth: at most 0.01 % off."""

import pytest

from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.sources.readings.session import read_session
from ccmon_tray.sources.readings.sessions import read_sessions
from ccmon_tray.sources.reports import build_report
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.windows import resolve
from tests.support.truth.cases import CALENDAR, NOW
from tests.support.truth.loading import Loaded, on_servers

CASES = ("resumed, scraped", "samples at export times only")


def exactly(value: float) -> object:
    return pytest.approx(value, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", ["4h", "30d", "this week"])
@pytest.mark.parametrize("loaded", on_servers(CASES), indirect=True, scope="session")
def test_sessions_and_their_details(loaded: Loaded, source: PrometheusSource, name: str) -> None:
    truth, window = loaded.data.truth, resolve(name, NOW, CALENDAR)
    report = build_report(source, window, CALENDAR)

    reading = read_sessions(source, window, CALENDAR, None, now=NOW)

    assert {row.session_id for row in reading.sessions} == {s.session_id for s in report.sessions}
    costs = truth.by(Metric.COST, window.start, window.end, (Label.SESSION,))
    assert {row.session_id: row.cost_usd for row in reading.sessions if row.cost_usd} == {
        session: exactly(cost) for (session,), cost in costs.items() if session
    }
    assert [project.cost_usd for project in reading.projects] == [
        exactly(truth.total(Metric.COST, window.start, window.end))
    ]
    chosen = {reading.sessions[0].session_id, reading.sessions[-1].session_id}
    for row in (row for row in reading.sessions if row.session_id in chosen):
        detail = read_session(source, row.session_id, CALENDAR, None, window)
        assert detail.totals.cost_usd == exactly(row.cost_usd or 0.0)
        assert detail.totals.tokens is not None
        assert detail.totals.tokens.total == exactly(row.tokens.total if row.tokens else 0.0)
        for parts in (detail.by_model, detail.by_query_source, detail.steps):
            assert sum(part.cost_usd or 0.0 for part in parts) == exactly(row.cost_usd or 0.0)
