"""Chosen ranges: names, moments of one's own, words."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.dashboard.ranges import PICKED, ChosenRange, span_words
from ccmon_tray.errors import UsageError
from ccmon_tray.usage.windows import RANGE_NAMES, Calendar, Window, resolve

ZONE = ZoneInfo("Europe/Berlin")
CALENDAR = Calendar(ZONE, "Europe/Berlin")


def at(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=ZONE).timestamp())  # type: ignore[misc, arg-type]


NOW = at(2026, 11, 23, 15, 12)


def test_the_picker_offers_what_the_report_knows() -> None:
    names = [name for name, _ in PICKED]
    assert len(names) == len(set(names)) == 10
    assert set(names) <= set(RANGE_NAMES)


@pytest.mark.parametrize("name", RANGE_NAMES)
def test_a_named_range_is_the_reports(name: str) -> None:
    assert ChosenRange(name).window(NOW, CALENDAR) == resolve(name, NOW, CALENDAR)
    assert ChosenRange.named(name.replace(" ", "-").upper()) == ChosenRange(name)


def test_moments_of_ones_own_do_not_move_with_the_clock() -> None:
    chosen = ChosenRange.custom("2026-11-01", "2026-11-20 18:30", CALENDAR)

    assert chosen.window(NOW, CALENDAR) == Window("custom", at(2026, 11, 1), at(2026, 11, 20, 18, 30))
    assert chosen.window(NOW + 86_400, CALENDAR) == chosen.window(NOW, CALENDAR)


@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-11-20", "2026-11-20"), ("2026-11-21", "2026-11-20"), ("2026-13-01", "2026-12-24"), ("", "now")],
)
def test_what_is_no_range_is_refused_in_words(start: str, end: str) -> None:
    with pytest.raises(UsageError) as caught:
        ChosenRange.custom(start, end, CALENDAR)
    assert caught.value.title
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ((2026, 11, 17, 9), (2026, 11, 23, 14, 12), "Tue 17 Nov 09:00 – Mon 23 Nov 14:12"),
        ((2026, 11, 23, 0), (2026, 11, 23, 14, 12), "Mon 23 Nov 00:00 – 14:12"),
        ((2025, 12, 30, 8), (2026, 1, 2, 8), "Tue 30 Dec 2025 08:00 – Fri 2 Jan 2026 08:00"),
    ],
)
def test_a_window_in_words(start: tuple[int, ...], end: tuple[int, ...], words: str) -> None:
    assert span_words(Window("custom", at(*start), at(*end)), CALENDAR) == words
