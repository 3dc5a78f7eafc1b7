"""Where day, week and month are heading: what is spent, and the rest at the last seven days' pace."""

from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.sources.snapshots import SnapshotBuilder
from ccmon_tray.usage.windows import Calendar
from tests.support.running_tray import used
from tests.support.snapshots import MIDNIGHT, NOW

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
DAY_S = 86_400


def test_each_period_goes_on_at_the_pace_of_the_last_seven_days() -> None:
    figures = SnapshotBuilder(used(), BERLIN).build("today", NOW, None).figures
    assert figures is not None
    periods = (
        (figures.today, 14.0, MIDNIGHT + DAY_S),
        (figures.this_week, 14.0, MIDNIGHT + 7 * DAY_S),  # it is Monday
        (figures.this_month, 34.0, MIDNIGHT + 8 * DAY_S),
    )
    for period, spent, end in periods:
        assert period.cost_usd == pytest.approx(spent)
        # 34 dollars in seven days; the pace's window moves in steps of five minutes.
        assert period.projected_cost_usd == pytest.approx(spent + (end - NOW) * 34 / (7 * DAY_S), rel=1e-3)
