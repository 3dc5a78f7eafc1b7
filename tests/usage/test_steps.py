from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.usage.steps import MAX_STEPS, nominal_step_s, tile
from ccmon_tray.usage.windows import ROLLING_S, Calendar, Window, resolve
from tests.usage.test_windows import DAY, HOUR, ZONES, calendar, local

calendars = st.builds(lambda name: Calendar(ZoneInfo(name), name), st.sampled_from(ZONES))
moments = st.integers(int(datetime(2010, 1, 1, tzinfo=UTC).timestamp()), 2_000_000_000)
lengths = st.one_of(st.integers(1, 4 * DAY), st.integers(1, 500 * DAY))


@given(calendars, moments, lengths)
def test_steps_tile_any_window(days: Calendar, end: int, length: int) -> None:
    steps = tile(Window("custom", end - length, end), days)
    assert (steps.boundaries[0], steps.boundaries[-1]) == (end - length, end)
    assert all(start < stop for start, stop in steps.pairs)
    assert sum(stop - start for start, stop in steps.pairs) == length
    assert 1 <= steps.count == len(steps.pairs) <= MAX_STEPS + 1


@given(calendars, moments, lengths)
def test_inner_steps_begin_on_round_local_times(days: Calendar, end: int, length: int) -> None:
    steps = tile(Window("custom", end - length, end), days)
    for edge in steps.boundaries[1:-1]:
        here, just_before = days.local(edge), days.local(edge - 1)
        if edge == days.midnight(here.date()):
            continue  # a day's begin is round, though its clock may show one
        if here.replace(tzinfo=None) - just_before.replace(tzinfo=None) != timedelta(seconds=1):
            continue  # the round time was skipped: the step begins where the gap ends
        assert steps.seconds < DAY
        assert (here.hour * HOUR + here.minute * 60 + here.second) % steps.seconds == 0


def test_half_hours_stay_round_where_daylight_saving_is_half_an_hour() -> None:
    days = calendar("Australia/Lord_Howe")
    end = local("Australia/Lord_Howe", 2026, 4, 5, 18)
    edges = tile(Window("custom", end - 36 * HOUR, end), days).boundaries[1:-1]
    assert {days.local(edge).minute for edge in edges} == {0, 30}


@pytest.mark.parametrize(
    "name", ["1h", "4h", "1d", "7d", "30d", "90d", "yesterday", "last week", "last month"]
)
def test_every_named_range_has_enough_steps_for_a_chart(name: str) -> None:
    steps = tile(
        resolve(name, local("Europe/Berlin", 2026, 11, 23, 14, 12), calendar("Europe/Berlin")),
        calendar("Europe/Berlin"),
    )
    assert 45 <= steps.count <= MAX_STEPS + 1


@pytest.mark.parametrize(
    ("length", "step"),
    [
        (1, 1),
        (120, 1),
        (121, 2),
        (ROLLING_S["15m"], 10),
        (ROLLING_S["1h"], 30),
        (ROLLING_S["4h"], 120),
        (ROLLING_S["1d"], 900),
        (ROLLING_S["7d"], 2 * HOUR),
        (ROLLING_S["30d"], 6 * HOUR),
        (ROLLING_S["90d"], DAY),
        (366 * DAY, 7 * DAY),
        (364 * 120 * DAY + 1, 365 * DAY),
    ],
)
def test_the_smallest_round_step_that_is_enough(length: int, step: int) -> None:
    assert nominal_step_s(length) == step


@pytest.mark.parametrize(
    ("zone", "day", "count", "odd_hours"),
    [
        ("Europe/Berlin", (2026, 3, 29), 23, set()),
        ("Europe/Berlin", (2026, 10, 25), 24, {2.0}),  # the repeated hour is one step
        ("Australia/Lord_Howe", (2026, 4, 5), 24, {1.5}),
        ("Australia/Lord_Howe", (2026, 10, 4), 24, {0.5}),
        ("Asia/Kathmandu", (2026, 3, 29), 24, set()),
        ("America/Sao_Paulo", (2018, 11, 4), 23, set()),
        ("Africa/Cairo", (2026, 4, 24), 23, set()),
    ],
)
def test_hours_follow_the_clock_on_the_wall(
    zone: str, day: tuple[int, int, int], count: int, odd_hours: set[float]
) -> None:
    days = calendar(zone)
    start = days.midnight(date(*day))
    end = days.midnight(date(*day) + timedelta(days=1))
    steps = tile(Window("custom", start, end), days, HOUR)
    assert steps.count == count
    assert {(stop - begin) / HOUR for begin, stop in steps.pairs} - {1.0} == odd_hours


def test_days_begin_at_midnight_across_daylight_saving() -> None:
    days = calendar("Europe/Berlin")
    window = Window(
        "custom", local("Europe/Berlin", 2026, 10, 23, 8), local("Europe/Berlin", 2026, 10, 27, 9)
    )
    edges = [days.local(edge) for edge in tile(window, days, DAY).boundaries]
    assert [edge.hour for edge in edges] == [8, 0, 0, 0, 0, 9]
    assert [edge.day for edge in edges] == [23, 24, 25, 26, 27, 27]


def test_weeks_begin_on_the_set_weekday() -> None:
    days = calendar("America/New_York", week_start=6)
    now = local("America/New_York", 2026, 11, 23, 10)
    steps = tile(Window("custom", now - 100 * DAY, now), days, 7 * DAY)
    assert {days.local(edge).weekday() for edge in steps.boundaries[1:-1]} == {6}


def test_quarter_hours_are_round_where_the_clock_is_5_45_ahead() -> None:
    days = calendar("Asia/Kathmandu")
    now = local("Asia/Kathmandu", 2026, 11, 23, 10, 7)
    edges = tile(Window("custom", now - DAY, now), days).boundaries[1:-1]
    assert {days.local(edge).minute for edge in edges} == {0, 15, 30, 45}


def test_a_day_that_never_was_is_no_step() -> None:
    days = calendar("Pacific/Apia")
    window = Window("custom", local("Pacific/Apia", 2011, 12, 29), local("Pacific/Apia", 2012, 1, 1))
    assert [days.local(edge).day for edge in tile(window, days, DAY).boundaries] == [29, 31, 1]
