"""What an hour usually costs, of a real server, against the known truth."""

from statistics import median

import pytest

from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.sources.readings.usual_hour import LEAST_WEEKS, WEEKS, read_usual_hour
from ccmon_tray.usage.metrics import Metric
from tests.support.truth.cases import CALENDAR, NOW
from tests.support.truth.loading import Loaded, on_servers

HOUR_S, WEEK_S = 3600, 7 * 86_400


def usual(loaded: Loaded, now: int) -> float | None:
    """What the truth says."""
    truth = loaded.data.truth
    hour = now // HOUR_S * HOUR_S
    weeks = []
    for week in range(1, WEEKS + 1):
        then = CALENDAR.same_time(hour, -7 * week)
        if truth.total(Metric.COST, then - WEEK_S + 86_400, then + HOUR_S):
            weeks.append(list(truth.steps(Metric.COST, [then - HOUR_S, then, then + HOUR_S])))
    if len(weeks) < LEAST_WEEKS:
        return None
    return max(median(steps[0] for steps in weeks), median(steps[1] for steps in weeks))


@pytest.mark.parametrize("loaded", on_servers(("resumed, scraped",)), indirect=True, scope="session")
def test_the_median_of_the_same_hours(loaded: Loaded, source: PrometheusSource) -> None:
    hours = {now: usual(loaded, now) for now in range(NOW - WEEK_S, NOW, HOUR_S)}
    dear = sorted(hours, key=lambda now: hours[now] or 0.0)[-3:]
    assert all(hours[now] for now in dear)
    for now in (*dear, NOW):
        found = read_usual_hour(source, CALENDAR, now)
        assert found == pytest.approx(usual(loaded, now), rel=1e-4, abs=1e-6)
