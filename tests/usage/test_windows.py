from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.errors import UsageError
from ccmon_tray.usage.windows import (
    CALENDAR,
    RANGE_NAMES,
    ROLLING_S,
    Calendar,
    Window,
    canonical_range_name,
    month_end,
    parse_moment,
    previous,
    resolve,
)

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # shifts by half an hour
    "Asia/Kathmandu",  # 5:45 ahead
    "America/Sao_Paulo",  # until 2018 the shift skipped midnight
    "Asia/Beirut",
    "Africa/Cairo",
    "America/Havana",  # midnight comes twice when daylight saving ends
    "Pacific/Apia",  # 30 December 2011 did not exist
)
HOUR = 3600
DAY = 86_400

calendars = st.builds(
    lambda name, week_start: Calendar(ZoneInfo(name), name, week_start),
    st.sampled_from(ZONES),
    st.integers(0, 6),
)
moments = st.integers(int(datetime(2010, 1, 1, tzinfo=UTC).timestamp()), 2_000_000_000)


def calendar(zone: str, week_start: int = 0) -> Calendar:
    return Calendar(ZoneInfo(zone), zone, week_start)


def local(zone: str, *parts: int, fold: int = 0) -> int:
    year, month, day, hour, minute, second = (*parts, 0, 0, 0)[:6]
    return int(datetime(year, month, day, hour, minute, second, tzinfo=ZoneInfo(zone), fold=fold).timestamp())


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", (2026, 3, 29), 23),
        ("Europe/Berlin", (2026, 10, 25), 25),
        ("Europe/Berlin", (2026, 7, 1), 24),
        ("America/New_York", (2026, 3, 8), 23),
        ("America/New_York", (2026, 11, 1), 25),
        ("Australia/Lord_Howe", (2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", (2026, 10, 4), 23.5),
        ("Asia/Kathmandu", (2026, 3, 29), 24),
        ("America/Sao_Paulo", (2018, 11, 4), 23),
        ("Asia/Beirut", (2026, 3, 29), 23),
        ("Africa/Cairo", (2026, 4, 24), 23),
        ("America/Havana", (2026, 11, 1), 25),
    ],
)
def test_a_day_is_as_long_as_it_is_where_the_user_lives(
    zone: str, day: tuple[int, int, int], hours: float
) -> None:
    days = calendar(zone)
    noon_after = local(zone, *day, 12) + DAY
    assert resolve("yesterday", noon_after, days).seconds == hours * HOUR


@pytest.mark.parametrize(
    ("zone", "day", "utc_hour"),
    [
        ("America/Sao_Paulo", date(2018, 11, 4), 3),
        ("Asia/Beirut", date(2026, 3, 29), 22),
        ("Africa/Cairo", date(2026, 4, 24), 22),
    ],
)
def test_where_midnight_is_skipped_the_day_begins_at_one(zone: str, day: date, utc_hour: int) -> None:
    begin = calendar(zone).midnight(day)
    assert calendar(zone).local(begin).hour == 1
    assert datetime.fromtimestamp(begin, UTC).hour == utc_hour
    assert calendar(zone).day_of(begin - 1) == day - timedelta(days=1)


def test_where_midnight_comes_twice_the_day_begins_with_the_first() -> None:
    day = date(2026, 11, 1)
    havana = calendar("America/Havana")
    assert havana.midnight(day) == local("America/Havana", 2026, 11, 1, fold=0)
    assert havana.day_of(havana.midnight(day) - 1) == date(2026, 10, 31)


def test_where_a_gap_begins_before_midnight_the_day_begins_at_its_end() -> None:
    toronto = calendar("America/Toronto")  # 23:30 became 0:30
    begin = toronto.midnight(date(1919, 3, 31))
    assert (toronto.local(begin).hour, toronto.local(begin).minute) == (0, 30)
    assert toronto.day_of(begin - 1) == date(1919, 3, 30)


@given(calendars, moments)
def test_midnight_is_the_first_moment_of_its_day(days: Calendar, now: int) -> None:
    day = days.day_of(now)
    begin = days.midnight(day)
    assert days.day_of(begin) == day
    assert days.day_of(begin - 1) < day
    assert begin <= now


@given(calendars, moments)
def test_today_follows_yesterday_and_both_add_up(days: Calendar, now: int) -> None:
    today, yesterday = resolve("today", now, days), resolve("yesterday", now, days)
    assert yesterday.end == today.start
    assert resolve("this week", now, days).start == resolve("last week", now, days).end
    assert resolve("this month", now, days).start == resolve("last month", now, days).end


@given(calendars, moments)
def test_seven_days_tile_a_week(days: Calendar, now: int) -> None:
    week = resolve("last week", now, days)
    first = days.day_of(week.start)
    assert first.weekday() == days.week_start
    edges = [days.midnight(first + timedelta(days=n)) for n in range(8)]
    assert (edges[0], edges[-1]) == (week.start, week.end)
    assert edges == sorted(edges)


@given(calendars, moments, st.sampled_from(RANGE_NAMES))
def test_a_range_ends_now_or_before_and_goes_by_its_name(days: Calendar, now: int, name: str) -> None:
    window = resolve(name, now, days)
    assert window.name == name
    assert window.start < window.end
    # At the very second of midnight "today" is one second long.
    assert window.end <= now + 1
    if name in ROLLING_S:
        assert (window.start, window.end) == (now - ROLLING_S[name], now)


@pytest.mark.parametrize("week_start", range(7))
def test_a_week_begins_on_the_set_weekday(week_start: int) -> None:
    days = calendar("Europe/Berlin", week_start)
    week = resolve("this week", local("Europe/Berlin", 2026, 11, 25, 15), days)
    begin = days.local(week.start)
    assert (begin.weekday(), begin.hour) == (week_start, 0)
    assert 0 <= (date(2026, 11, 25) - begin.date()).days < 7


def test_at_the_second_of_midnight_today_has_begun() -> None:
    midnight = local("Europe/Berlin", 2026, 11, 23)
    assert resolve("today", midnight, calendar("Europe/Berlin")) == Window("today", midnight, midnight + 1)


@pytest.mark.parametrize(
    ("said", "meant"),
    [("7D", "7d"), (" this-week ", "this week"), ("Last_Month", "last month"), ("THIS   WEEK", "this week")],
)
def test_ranges_are_understood_as_people_write_them(said: str, meant: str) -> None:
    assert canonical_range_name(said) == meant


def test_an_unknown_range_names_those_there_are() -> None:
    with pytest.raises(UsageError) as raised:
        resolve("fortnight", 0, calendar("UTC"))
    assert "this-week" in raised.value.next_step
    assert "fortnight" in raised.value.title


def test_a_window_must_not_be_empty() -> None:
    with pytest.raises(UsageError):
        Window("custom", 10, 10)


@given(calendars, moments, st.sampled_from(RANGE_NAMES))
def test_the_period_before_ends_where_the_window_starts_or_sooner(
    days: Calendar, now: int, name: str
) -> None:
    window = resolve(name, now, days)
    before = previous(window, days)
    assert before.start < before.end <= window.start
    if name in ROLLING_S:
        assert (before.seconds, before.end) == (window.seconds, window.start)
    if name in {"yesterday", "last week", "last month"}:
        assert before.end == window.start


@pytest.mark.parametrize(
    ("name", "now", "start", "end"),
    [
        ("today", (2026, 11, 23, 14, 30), (2026, 11, 22), (2026, 11, 22, 14, 30)),
        ("yesterday", (2026, 11, 23, 14, 30), (2026, 11, 21), (2026, 11, 22)),
        ("this week", (2026, 11, 25, 9), (2026, 11, 16), (2026, 11, 18, 9)),
        ("last week", (2026, 11, 25, 9), (2026, 11, 9), (2026, 11, 16)),
        ("this month", (2026, 11, 30, 9), (2026, 10, 1), (2026, 10, 30, 9)),
        # 31 March is beyond February's end.
        ("this month", (2026, 3, 31, 9), (2026, 2, 1), (2026, 3, 1)),
        ("last month", (2026, 1, 5), (2025, 11, 1), (2025, 12, 1)),
        # The day before had an hour more, or less: the same wall time counts.
        ("today", (2026, 10, 26, 9), (2026, 10, 25), (2026, 10, 25, 9)),
        ("today", (2026, 3, 29, 9), (2026, 3, 28), (2026, 3, 28, 9)),
    ],
)
def test_what_a_period_is_compared_with(
    name: str, now: tuple[int, ...], start: tuple[int, ...], end: tuple[int, ...]
) -> None:
    zone = "Europe/Berlin"
    window = resolve(name, local(zone, *now), calendar(zone))
    assert previous(window, calendar(zone)) == Window("custom", local(zone, *start), local(zone, *end))


def test_yesterday_and_the_day_before_share_no_hour_where_midnight_is_skipped() -> None:
    zone = "America/Sao_Paulo"
    window = resolve("yesterday", local(zone, 2018, 11, 4, 12), calendar(zone))  # ends at one o'clock
    before = previous(window, calendar(zone))
    assert before.end == window.start == local(zone, 2018, 11, 3)


@pytest.mark.parametrize(
    ("now", "end"),
    [((2026, 1, 31, 23), (2026, 2, 1)), ((2026, 2, 1), (2026, 3, 1)), ((2026, 12, 15), (2027, 1, 1))],
)
def test_the_end_of_the_month(now: tuple[int, ...], end: tuple[int, ...]) -> None:
    zone = "America/New_York"
    assert month_end(local(zone, *now), calendar(zone)) == local(zone, *end)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1795000000", 1_795_000_000),
        ("1795000000.9", 1_795_000_000),
        ("0", 0),
        ("2026-11-23T14:00:00Z", 1_795_442_400),
        ("2026-11-23t14:00:00z", 1_795_442_400),
        ("2026-11-23T15:00:00+01:00", 1_795_442_400),
        (" 2026-11-23T15:00 ", 1_795_442_400),
        ("2026-11-23 15:00:00", 1_795_442_400),
        ("2026-11-23", 1_795_388_400),
        ("20261123", 1_795_388_400),
    ],
)
def test_moments_as_people_give_them(text: str, moment: int) -> None:
    assert parse_moment(text, calendar("Europe/Berlin")) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "noon",
        "2026-13-01",
        "2026-02-30",
        "1e9",
        "-5",
        "1795000000000",
        "9" * 40,
        "nan",
        "0001-01-01T00:00",
    ],
)
def test_what_is_no_moment_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_moment(text, calendar("Europe/Berlin"))
    assert "RFC 3339" in raised.value.next_step


@given(calendars, moments)
def test_the_same_wall_time_on_another_day(days: Calendar, now: int) -> None:
    there = days.local(days.same_time(now, -7))
    here = days.local(now)
    # Where that wall time was skipped, it is the moment that a clock not yet changed would have shown.
    if there.time() == here.time():
        assert (here.date() - there.date()).days == 7
    else:
        assert abs(days.same_time(now, -7) - (now - 7 * DAY)) <= DAY


def test_every_range_of_a_calendar_is_named_once() -> None:
    assert len(set(RANGE_NAMES)) == len(ROLLING_S) + len(CALENDAR)
