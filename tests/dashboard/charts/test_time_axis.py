"""Times below a chart: local, round, and right where daylight saving changes the clock."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.dashboard.charts.time_axis import Tick, span_title, time_ticks
from ccmon_tray.usage.windows import Calendar, resolve

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
KOLKATA = Calendar(ZoneInfo("Asia/Kolkata"), "Asia/Kolkata")
NOW = int(datetime(2026, 11, 23, 14, 12, 37, tzinfo=BERLIN.zone).timestamp())


def at_most(count: int) -> Callable[[Sequence[Tick]], bool]:
    return lambda ticks: len(ticks) <= count


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("15m", ["13:58", "14:00", "14:02", "14:04", "14:06", "14:08", "14:10", "14:12"]),
        ("1h", ["13:20", "13:30", "13:40", "13:50", "14:00", "14:10"]),
        ("4h", ["10:30", "11:00", "11:30", "12:00", "12:30", "13:00", "13:30", "14:00"]),
        ("1d", ["15:00", "18:00", "21:00", "Mon 23", "03:00", "06:00", "09:00", "12:00"]),
        ("today", ["Mon 23", "02:00", "04:00", "06:00", "08:00", "10:00", "12:00", "14:00"]),
        ("7d", ["Tue 17", "Wed 18", "Thu 19", "Fri 20", "Sat 21", "Sun 22", "Mon 23"]),
        ("30d", ["26 Oct", "2 Nov", "9 Nov", "16 Nov", "23 Nov"]),
        ("90d", ["31 Aug", "14 Sep", "28 Sep", "12 Oct", "26 Oct", "9 Nov", "23 Nov"]),
    ],
)
def test_each_range(name: str, labels: list[str]) -> None:
    window = resolve(name, NOW, BERLIN)
    ticks = time_ticks(window.start, window.end, BERLIN, at_most(8))
    assert [tick.label for tick in ticks] == labels
    assert all(window.start <= tick.at <= window.end for tick in ticks)


def test_years_have_months() -> None:
    start = BERLIN.midnight(datetime(2025, 2, 10, tzinfo=BERLIN.zone).date())
    labels = [tick.label for tick in time_ticks(start, NOW, BERLIN, at_most(8))]
    assert labels == ["Apr", "Jul", "Oct", "Jan 2026", "Apr", "Jul", "Oct"]


def test_nothing_fits() -> None:
    assert time_ticks(NOW - 900, NOW, BERLIN, lambda _ticks: False) == ()


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        ("2026-03-29", [0, 3, 6, 9, 12, 15, 18, 21, 24]),  # 02:00 to 03:00 is skipped
        ("2026-10-25", [0, 3, 6, 9, 12, 15, 18, 21, 24]),  # 02:00 to 03:00 comes twice
    ],
)
def test_hours_are_the_clock_s_where_daylight_saving_changes_it(day: str, hours: list[int]) -> None:
    first = datetime.fromisoformat(day).date()
    start = BERLIN.midnight(first)
    end = BERLIN.same_time(start, 1)
    ticks = time_ticks(start, end, BERLIN, at_most(9))
    local = [BERLIN.local(tick.at) for tick in ticks]
    assert [moment.hour for moment in local] == [hour % 24 for hour in hours]
    assert all(moment.minute == 0 for moment in local)
    assert ticks[0].at == start
    assert ticks[-1].at == end


def test_an_hour_that_is_skipped_has_no_tick() -> None:
    start = BERLIN.midnight(datetime(2026, 3, 29, tzinfo=BERLIN.zone).date())
    labels = [tick.label for tick in time_ticks(start, start + 4 * 3600, BERLIN, at_most(5))]
    assert labels == ["Sun 29", "01:00", "03:00", "04:00", "05:00"]


def test_half_hours_from_utc() -> None:
    start = int(datetime(2026, 11, 23, 6, 10, tzinfo=UTC).timestamp())
    labels = [tick.label for tick in time_ticks(start, start + 4 * 3600, KOLKATA, at_most(4))]
    assert labels == ["12:00", "13:00", "14:00", "15:00"]
    minutes = [tick.label for tick in time_ticks(start, start + 3600, KOLKATA, at_most(4))]
    assert minutes == ["11:45", "12:00", "12:15", "12:30"]


def test_the_same_days_have_ticks_a_day_later() -> None:
    window, later = resolve("90d", NOW, BERLIN), resolve("90d", NOW + 86_400, BERLIN)
    now = {tick.at for tick in time_ticks(window.start, window.end, BERLIN, at_most(8))}
    then = {tick.at for tick in time_ticks(later.start, later.end, BERLIN, at_most(8))}
    assert len(now & then) >= 6


@pytest.mark.parametrize(
    ("start", "end", "step_s", "words"),
    [
        ("2026-11-21T14:00", "2026-11-21T16:00", 7200, "Sat 21 Nov, 14:00–16:00"),
        ("2026-11-21T22:00", "2026-11-22T00:00", 7200, "Sat 21 Nov, 22:00–24:00"),
        ("2026-11-21T14:00:15", "2026-11-21T14:00:30", 15, "Sat 21 Nov, 14:00:15–14:00:30"),
        ("2026-11-21", "2026-11-22", 86_400, "Sat 21 Nov"),
        ("2026-11-16", "2026-11-23", 7 * 86_400, "Mon 16 – Sun 22 Nov"),
        ("2026-10-26", "2026-11-09", 14 * 86_400, "Mon 26 Oct – Sun 8 Nov"),
        ("2026-10-25T00:00", "2026-10-25T06:00", 21_600, "Sun 25 Oct, 00:00–06:00"),
    ],
)
def test_a_step_in_words(start: str, end: str, step_s: int, words: str) -> None:
    first, last = (
        int(datetime.fromisoformat(text).replace(tzinfo=BERLIN.zone).timestamp()) for text in (start, end)
    )
    assert span_title(first, last, BERLIN, step_s) == words
