import pytest

from ccmon_tray.usage.forecast import PACE_S, projected_cost_usd

DAY = 86_400


def test_the_rest_of_the_month_goes_on_at_the_last_seven_days_pace() -> None:
    # $14 in seven days is $2 a day; ten days are left.
    assert projected_cost_usd(30.0, 14.0, pace_s=PACE_S, left_s=10 * DAY) == pytest.approx(50.0)
    assert PACE_S == 7 * DAY


def test_after_the_end_nothing_is_added() -> None:
    assert projected_cost_usd(30.0, 14.0, pace_s=PACE_S, left_s=-DAY) == 30.0


@pytest.mark.parametrize(("so_far", "pace"), [(None, 1.0), (1.0, None)])
def test_an_unknown_cost_stays_unknown(so_far: float | None, pace: float | None) -> None:
    assert projected_cost_usd(so_far, pace, pace_s=PACE_S, left_s=DAY) is None
