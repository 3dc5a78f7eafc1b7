import pytest

from ccmon_tray.usage.comparisons import relative_change


@pytest.mark.parametrize(
    ("now", "before", "change"),
    [(112.0, 100.0, 0.12), (0.0, 50.0, -1.0), (5.0, 0.0, None), (None, 5.0, None), (5.0, None, None)],
)
def test_relative_change(now: float | None, before: float | None, change: float | None) -> None:
    assert relative_change(now, before) == (None if change is None else pytest.approx(change))
