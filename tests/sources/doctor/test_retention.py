"""How long a server keeps data, in words."""

import pytest

from ccmon_tray.sources.doctor.contents import _days

_DAY_S = 86_400


@pytest.mark.parametrize(
    ("days", "words"),
    [(0.5, "12h"), (15, "15 days"), (62.54, "62.5 days"), (400, "400 days"), (36_500, "36,500 days")],
)
def test_days(days: float, words: str) -> None:
    assert _days(days * _DAY_S) == words
