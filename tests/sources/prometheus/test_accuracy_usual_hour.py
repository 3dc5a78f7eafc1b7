"""What an hour usually costs, of a real server, against the known truth."""

from statistics import median

import pytest

from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.sources.readings.usual_hour import LEAST_WEEKS, WEEKS, read_usual_hour
from ccmon_tray.usage.metrics import Metric
from tests.support.truth.cases import CALENDAR, NOW
from tests.support.truth.loading import Loaded, on_servers

HOUR_S, WEEK_S = 3600, 7 * 86_400


@pytest.mark.parametrize("loaded", on_servers(("resumed, scraped",)), indirect=True, scope="session")
def test_the_median_of_the_same_hours(loaded: Loaded, source: PrometheusSource) -> None:
    truth = loaded.data.truth
    usual = []
    for back_h in (2, 20, 21):
        now = NOW - back_h * HOUR_S
        hour = now // HOUR_S * HOUR_S
        weeks = []
        for week in range(1, WEEKS + 1):
            then = CALENDAR.same_time(hour, -7 * week)
            if truth.total(Metric.COST, then - WEEK_S + 86_400, then + HOUR_S):
                edges = [then - HOUR_S, then, then + HOUR_S]
                weeks.append(list(truth.steps(Metric.COST, edges)))
        assert len(weeks) >= LEAST_WEEKS
        expected = max(median(steps[0] for steps in weeks), median(steps[1] for steps in weeks))
        usual.append(expected)
        assert read_usual_hour(source, CALENDAR, now) == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert any(usual)
