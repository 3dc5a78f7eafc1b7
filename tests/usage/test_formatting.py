from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.usage import formatting as f

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("usd", "written"),
    [
        (None, "–"),
        (0, "$0.00"),
        (-0.0, "$0.00"),
        (0.0001, "<$0.01"),
        (0.0049999, "<$0.01"),
        (0.0051, "$0.01"),
        (12.34, "$12.34"),
        (999.994, "$999.99"),
        (999.996, "$1,000.00"),
        (1234.5, "$1,234.50"),
        (-12.5, "−$12.50"),
        (-0.001, "$0.00"),
    ],
)
def test_money(usd: float | None, written: str) -> None:
    assert f.money(usd) == written


@pytest.mark.parametrize(
    ("usd", "written"),
    [
        (None, "–"),
        (0, "$0.00"),
        (0.42, "$0.42"),
        (9.994, "$9.99"),
        (9.996, "$10"),
        (12.34, "$12"),
        (999.4, "$999"),
        (999.6, "$1.0k"),
        (1234, "$1.2k"),
        (9949, "$9.9k"),
        (9951, "$10k"),
        (12_345, "$12k"),
        (999_499, "$999k"),
        (999_500, "$1.0M"),
    ],
)
def test_money_for_an_icon(usd: float | None, written: str) -> None:
    assert f.short_money(usd) == written


@given(st.floats(0, 9e14))
def test_money_for_an_icon_has_five_characters_at_most(usd: float) -> None:
    written = f.short_money(usd)
    assert len(written) <= 5
    assert written.startswith("$")


@pytest.mark.parametrize(
    ("count", "written"),
    [
        (None, "–"),
        (0, "0"),
        (-0.0, "0"),
        (999.4, "999"),
        (999.5, "1.0k"),
        (999.95, "1.0k"),
        (5_649, "5.6k"),
        (99_949, "99.9k"),
        (99_950, "100k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (5_600_000, "5.6M"),
        (1_234_000_000, "1.2B"),
        (7.5e12, "7.5T"),
        (2e15, "2000T"),
        (-5_600, "−5.6k"),
        (-3, "−3"),
    ],
)
def test_tokens(count: float | None, written: str) -> None:
    assert f.tokens(count) == written


@given(st.floats(1, 9e14))
def test_tokens_are_never_off_by_more_than_they_are_rounded(count: float) -> None:
    written = f.tokens(count)
    size = {"k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}.get(written[-1], 1.0)
    number = written.rstrip("kMBT")
    step = 0.1 if "." in number else 1.0
    assert abs(float(number) * size - count) <= step * size * 0.5000001
    assert len(number) <= 4


@pytest.mark.parametrize(
    ("value", "written"),
    [(None, "–"), (0, "0"), (-0.4, "0"), (999.6, "1,000"), (27_612, "27,612"), (-3_636, "−3,636")],
)
def test_whole_numbers(value: float | None, written: str) -> None:
    assert f.count(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0 commits"), (1, "1 commit"), (1.2, "1 commit"), (3, "3 commits"), (None, "– commits")],
)
def test_numbers_with_their_noun(value: float | None, written: str) -> None:
    assert f.counted(value, "commit") == written


def test_a_noun_may_have_its_own_plural() -> None:
    assert f.counted(2, "entry", "entries") == "2 entries"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (None, "–"),
        (0, "0s"),
        (0.4, "0s"),
        (48, "48s"),
        (59.4, "59s"),
        (59.6, "1m"),
        (60, "1m"),
        (542, "9m 2s"),
        (3599.4, "59m 59s"),
        (3599.6, "1h"),
        (8_040, "2h 14m"),
        (8_040 + 29, "2h 14m"),
        (7_199, "2h"),
        (49_740, "13h 49m"),
        (99 * 3600 + 59 * 60 + 20, "99h 59m"),
        (99 * 3600 + 59 * 60 + 40, "4d 4h"),
        (76 * 3600 * 2, "6d 8h"),
        (10 * 86_400, "10d"),
        (-90, "−1m 30s"),
        (-0.2, "0s"),
    ],
)
def test_durations(seconds: float | None, written: str) -> None:
    assert f.duration(seconds) == written


@pytest.mark.parametrize(
    ("took_ms", "written"),
    [
        (None, f.UNKNOWN),
        (0, "0 ms"),
        (999.4, "999 ms"),
        (999.6, "1.0 s"),
        (59_949, "59.9 s"),
        (59_950, "1m"),
        (72_000, "1m 12s"),
    ],
)
def test_milliseconds(took_ms: float | None, written: str) -> None:
    assert f.milliseconds(took_ms) == written


@given(st.floats(0, 1e9))
def test_durations_never_show_a_full_unit_as_the_smaller_one(seconds: float) -> None:
    written = f.duration(seconds)
    most = {"s": 59, "m": 59, "h": 99, "d": 10**6}
    for part in written.split():
        assert int(part[:-1]) <= most[part[-1]]


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (-5, "now"),
        (1.9, "now"),
        (12.9, "12 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (2 * 86_400 - 1, "47 h ago"),
        (2 * 86_400, "2 d ago"),
    ],
)
def test_ages(seconds: float, written: str) -> None:
    assert f.age(seconds) == written


@pytest.mark.parametrize(
    ("then", "written"),
    [
        (datetime(2026, 11, 23, 14, 0, tzinfo=BERLIN), "12 min ago"),
        (datetime(2026, 11, 23, 0, 12, tzinfo=BERLIN), "14 h ago"),
        (datetime(2026, 11, 23, 15, 0, tzinfo=BERLIN), "now"),
        (datetime(2026, 11, 22, 9, 0, tzinfo=BERLIN), "yesterday"),
        (datetime(2026, 11, 21, 9, 0, tzinfo=BERLIN), "Sat 21"),
        (datetime(2026, 11, 16, 9, 0, tzinfo=BERLIN), "16 Nov"),
        (datetime(2025, 10, 3, 9, 0, tzinfo=BERLIN), "3 Oct 2025"),
    ],
)
def test_past_moments(then: datetime, written: str) -> None:
    assert f.when(then, datetime(2026, 11, 23, 14, 12, tzinfo=BERLIN)) == written


def test_twenty_minutes_are_twenty_minutes_though_the_clock_was_put_back() -> None:
    then = datetime(2026, 10, 25, 2, 50, tzinfo=BERLIN)
    now = datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1)
    assert f.when(then, now) == "20 min ago"


@pytest.mark.parametrize(
    ("ratio", "written"),
    [(None, "–"), (0.931, "93.1 %"), (1, "100.0 %"), (0, "0.0 %"), (-0.00001, "0.0 %"), (-0.05, "−5.0 %")],
)
def test_shares(ratio: float | None, written: str) -> None:
    assert f.percent(ratio) == written


@pytest.mark.parametrize(
    ("ratio", "written"),
    [
        (None, ""),
        (0.0, "± 0 %"),
        (0.004, "± 0 %"),
        (-0.004, "± 0 %"),
        (0.12, "▲ 12 %"),
        (-0.04, "▼ 4 %"),
        (-1.0, "▼ 100 %"),
        (9.99, "▲ 999 %"),
        (9.996, "▲ 11×"),
        (1199.0, "▲ 1,200×"),
    ],
)
def test_changes(ratio: float | None, written: str) -> None:
    assert f.change(ratio) == written


def test_sessions_are_known_by_the_first_eight_characters() -> None:
    assert f.short_id("1a2b3c4d-0000-4000-8000-000000000000") == "1a2b3c4d"
