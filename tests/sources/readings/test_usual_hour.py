"""What an hour usually costs."""

from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.sources.readings.usual_hour import read_usual_hour
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.windows import Calendar
from tests.support.fake_source import Event, FakeSource
from tests.support.snapshots import NOW

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
WEEK_S = 7 * 86_400
TWO = NOW - 12 * 60  # 14:00


def cost(at: float, usd: float) -> Event:
    return Event(at, Metric.COST, usd)


def test_it_is_the_median_of_the_same_weekday_and_hour() -> None:
    source = FakeSource([cost(TWO - week * WEEK_S + 600, usd) for week, usd in enumerate((50, 1, 2, 4, 30))])
    assert read_usual_hour(source, BERLIN, NOW) == 3.0  # of 1, 2, 4, 30; not this week's, nor the fifth's
    assert [len(asked) for asked in source.asked] == [4]


def test_of_the_two_hours_of_the_clock_the_dearer_one_counts() -> None:
    events = [cost(TWO - week * WEEK_S + 600, 1.0) for week in range(1, 5)]
    events += [cost(TWO - week * WEEK_S - 600, 7.0) for week in range(1, 5)]
    assert read_usual_hour(FakeSource(events), BERLIN, NOW) == 7.0


def test_weeks_without_any_use_say_nothing() -> None:
    two_weeks = [cost(TWO - WEEK_S + 600, 6.0), cost(TWO - 2 * WEEK_S + 600, 2.0)]
    assert read_usual_hour(FakeSource(two_weeks), BERLIN, NOW) == 4.0
    assert read_usual_hour(FakeSource(two_weeks[:1]), BERLIN, NOW) is None
    assert read_usual_hour(FakeSource(metrics=()), BERLIN, NOW) is None


def test_an_idle_hour_of_a_week_with_use_is_usual() -> None:
    elsewhere = [cost(TWO - week * WEEK_S - 30 * 3600, 9.0) for week in range(1, 5)]
    assert read_usual_hour(FakeSource(elsewhere), BERLIN, NOW) == 0.0


def test_weeks_are_those_of_the_wall_clock() -> None:
    # 14:00 in Berlin on Monday 26 October 2026, the day after the clock went back.
    now = 1_793_019_600 + 720
    assert BERLIN.local(now).isoformat() == "2026-10-26T14:12:00+01:00"
    summer = [cost(now - week * WEEK_S - 3600, 5.0) for week in range(1, 5)]
    assert read_usual_hour(FakeSource(summer), BERLIN, now) == pytest.approx(5.0)
