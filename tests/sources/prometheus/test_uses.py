"""How a window is cut whose raw samples are read."""

import pytest

from ccmon_tray.sources.base import Span
from ccmon_tray.sources.prometheus.uses import parts_of

DAY = 86_400
WEEK = Span(0, 7 * DAY)


def counts(*samples: float) -> dict[Span, float]:
    return {Span(day * DAY, (day + 1) * DAY): number for day, number in enumerate(samples)}


@pytest.mark.parametrize(
    ("samples", "edges"),
    [
        ((), ()),
        ((10, 20, 0, 5, 9_000, 10_900, 1), ()),
        ((10_000, 9_000, 2_000, 0, 1_000, 18_000, 5_000), (2 * DAY, 5 * DAY, 6 * DAY)),
        # A burst: its day is cut, and the others stay in one piece.
        ((5, 5, 5, 80_000, 5, 5, 5), (3 * DAY, 3.25 * DAY, 3.5 * DAY, 3.75 * DAY, 4 * DAY)),
        ((0, 0, 0, 0, 0, 0, 30_000), (6 * DAY, 6.5 * DAY)),
    ],
)
def test_a_part_has_few_enough_samples_and_parts_tile_the_window(
    samples: tuple[float, ...], edges: tuple[float, ...]
) -> None:
    parts = parts_of(WEEK, counts(*samples))

    assert [part.start for part in parts] == [0, *edges]
    assert [part.end for part in parts] == [*edges, WEEK.end]
