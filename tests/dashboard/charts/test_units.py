"""The round values of an axis, and their words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.dashboard.charts.units import (
    BYTES,
    COUNT,
    DURATION,
    MONEY,
    NUMBER,
    RATIO,
    TOKENS,
    Unit,
    bytes_text,
    scale_for,
)


@pytest.mark.parametrize(
    ("unit", "largest", "marks"),
    [
        (MONEY, 84.1, ["$0", "$25", "$50", "$75", "$100"]),
        (MONEY, 5.2, ["$0", "$2", "$4", "$6"]),
        (MONEY, 0.9, ["$0", "$0.25", "$0.50", "$0.75", "$1.00"]),
        (MONEY, 0.01, ["$0", "$0.0025", "$0.0050", "$0.0075", "$0.0100"]),
        (MONEY, 4000.0, ["$0", "$1k", "$2k", "$3k", "$4k"]),
        (TOKENS, 9_400_000.0, ["0", "2.5M", "5M", "7.5M", "10M"]),
        (TOKENS, 3.0, ["0", "1", "2", "3"]),
        (COUNT, 7.0, ["0", "2", "4", "6", "8"]),
        (DURATION, 13_000.0, ["0", "1h", "2h", "3h", "4h"]),
        (DURATION, 100.0, ["0", "30s", "1m", "1m 30s", "2m"]),
        (RATIO, 0.93, ["0 %", "25 %", "50 %", "75 %", "100 %"]),
        (RATIO, 0.009, ["0 %", "0.25 %", "0.50 %", "0.75 %", "1.00 %"]),
        (BYTES, 700 * 1024**2, ["0", "200 MB", "400 MB", "600 MB", "800 MB"]),
        (NUMBER, 0.5, ["0", "0.2", "0.4", "0.6"]),
    ],
)
def test_marks(unit: Unit, largest: float, marks: list[str]) -> None:
    assert [words for _, words in scale_for(largest, unit).marks] == marks


@given(
    st.floats(min_value=1e-6, max_value=1e13),
    st.sampled_from([MONEY, TOKENS, COUNT, DURATION, RATIO, BYTES, NUMBER]),
    st.integers(1, 5),
)
def test_an_axis_reaches_the_largest_value_in_few_even_steps(largest: float, unit: Unit, most: int) -> None:
    scale = scale_for(largest, unit, most)
    values = [value for value, _ in scale.marks]
    assert scale.top >= largest * (1 - 1e-9)
    assert scale.top == values[-1]
    assert values[0] == 0
    assert 2 <= len(values) <= most + 1
    assert [value / values[1] for value in values] == pytest.approx(range(len(values)))


@given(
    st.floats(min_value=1e-3, max_value=1e13),
    st.sampled_from([MONEY, TOKENS, COUNT, DURATION, RATIO, BYTES, NUMBER]),
)
def test_no_two_marks_have_the_same_words(largest: float, unit: Unit) -> None:
    words = [words for _, words in scale_for(largest, unit).marks]
    assert len(set(words)) == len(words)


def test_nothing_has_an_axis_with_nothing_but_0() -> None:
    assert [words for _, words in scale_for(0.0, MONEY).marks] == ["$0"]


def test_bytes() -> None:
    assert bytes_text(None) == "–"
    assert bytes_text(950) == "950 B"
    assert bytes_text(1536) == "1.5 kB"
    assert bytes_text(1023 * 1024**2) == "1.0 GB"
    assert bytes_text(130 * 1024**2) == "130 MB"
