from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.usage.insights import DayUsage, busiest_hour, dearest_day, streaks, week_grid

TODAY = date(2026, 11, 23)
DAYS = st.sets(st.integers(-1, 60).map(lambda back: TODAY - timedelta(days=back)))


def brute_force(used: set[date]) -> int:
    """The longest run, by trying every start."""
    longest = 0
    for start in used:
        length = 0
        while start + timedelta(days=length) in used:
            length += 1
        longest = max(longest, length)
    return longest


@given(DAYS)
def test_the_longest_streak_is_the_longest_run_and_ends_where_it_says(used: set[date]) -> None:
    found = streaks(used, TODAY)

    assert found.longest == brute_force(used)
    if found.longest_end is None:
        assert not used
    else:
        run = {found.longest_end - timedelta(days=back) for back in range(found.longest)}
        assert run <= used
        assert found.longest_end + timedelta(days=1) not in used


@given(DAYS)
def test_the_current_streak_reaches_today_or_yesterday(used: set[date]) -> None:
    current = streaks(used, TODAY).current

    end = TODAY if TODAY in used else TODAY - timedelta(days=1)
    run = [end - timedelta(days=back) for back in range(current)]
    assert set(run) <= used
    assert end - timedelta(days=current) not in used


@given(DAYS)
def test_use_today_lengthens_the_current_streak_and_none_does_not_end_it(used: set[date]) -> None:
    without = streaks(used - {TODAY}, TODAY)

    assert streaks(used | {TODAY}, TODAY).current == without.current + 1


def test_of_equal_streaks_the_latest_is_named() -> None:
    used = [TODAY - timedelta(days=back) for back in (9, 8, 4, 3)]

    assert streaks(used, TODAY).longest_end == TODAY - timedelta(days=3)
    assert streaks(used, TODAY).current == 0


CELL = st.tuples(st.integers(0, 6), st.integers(0, 23), st.integers(0, 1000).map(float))


@given(st.lists(CELL))
def test_the_grid_keeps_every_value_in_its_cell(cells: list[tuple[int, int, float]]) -> None:
    grid = week_grid(cells)

    assert [len(row) for row in grid] == [24] * 7
    for weekday, row in enumerate(grid):
        for hour, value in enumerate(row):
            assert value == sum(v for d, h, v in cells if (d, h) == (weekday, hour))


def test_the_busiest_hour_is_that_of_all_weekdays_together() -> None:
    grid = week_grid([(0, 9, 5.0), (1, 14, 3.0), (6, 14, 3.0)])

    assert busiest_hour(grid) == 14
    assert busiest_hour(week_grid([])) is None


@pytest.mark.parametrize(
    ("costs", "dearest"), [((1.0, 7.5, None, 2.0), 1), ((3.0, 0.0, 3.0), 2), ((0.0, None), None), ((), None)]
)
def test_the_dearest_day(costs: tuple[float | None, ...], dearest: int | None) -> None:
    days = [DayUsage(TODAY + timedelta(days=i), cost, None, None) for i, cost in enumerate(costs)]

    assert dearest_day(days) == (None if dearest is None else days[dearest])
