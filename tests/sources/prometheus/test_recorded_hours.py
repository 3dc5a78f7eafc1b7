"""Which recorded hours can be used, and what the rules say of single counters. Without any server."""

from collections.abc import Sequence

import pytest

from ccmon_tray.sources.base import Span
from ccmon_tray.sources.prometheus.exact import Track
from ccmon_tray.sources.prometheus.recorded_hours import Run, by_rules, clipped, hours_with_two_falls, runs_of

HOUR = 3600
DELAY_MS = 1_417_290


def stamps(first: int, last: int, delay_ms: int = DELAY_MS) -> list[int]:
    """Samples of the hours that end from ``first`` to ``last``, counted in hours."""
    return [hour * HOUR * 1000 + delay_ms for hour in range(first, last + 1)]


def track(*samples: tuple[float, float]) -> Track:
    """Samples at so many hours."""
    found = Track()
    found.extend((hours * HOUR, value) for hours, value in samples)
    return found


def hours(runs: Sequence[Run]) -> list[tuple[int, int]]:
    return [(run.start // HOUR, run.end // HOUR) for run in runs]


def test_hours_without_a_gap_are_one_run() -> None:
    assert runs_of(stamps(10, 40)) == [Run(9 * HOUR, 40 * HOUR, DELAY_MS)]
    assert runs_of([]) == []
    # An hour may be evaluated 90 s after its end, and just before that of the next.
    assert hours(runs_of(stamps(10, 12, 90_000))) == hours(runs_of(stamps(10, 12, 3_689_999))) == [(9, 12)]


def test_a_gap_parts_runs() -> None:
    assert hours(runs_of([*stamps(10, 20), *stamps(22, 30)])) == [(9, 20), (21, 30)]


def test_another_moment_of_the_hour_parts_runs_too() -> None:
    later = DELAY_MS + 600_000
    assert hours(runs_of([*stamps(10, 20), *stamps(21, 30, later)])) == [(9, 20), (20, 30)]
    # The last hour was evaluated again after the move: nothing may be summed beyond that sample.
    again = runs_of([*stamps(10, 20), *stamps(20, 30, later)])
    assert hours(again) == [(9, 20), (20, 30)]
    assert again[1].stamp_s(21 * HOUR) == 21 * HOUR + later / 1000


def test_two_servers_in_turn_make_no_run() -> None:
    both = sorted([*stamps(10, 40), *stamps(10, 40, DELAY_MS + 600_000)])
    assert max(end - start for start, end in hours(runs_of(both))) == 1


def test_runs_are_clipped_to_whole_hours_of_a_window() -> None:
    runs = runs_of(stamps(1, 100))
    assert hours(clipped(runs, Span(10 * HOUR - 1, 50 * HOUR + 1))) == [(10, 50)]
    assert hours(clipped(runs, Span(10 * HOUR, 50 * HOUR))) == [(10, 50)]
    assert hours(clipped(runs, Span(10 * HOUR + 1, 50 * HOUR - 1))) == [(11, 49)]


def test_distrusted_hours_are_left_out_and_few_hours_are_not_worth_it() -> None:
    runs = runs_of(stamps(1, 100))
    span = Span(10 * HOUR, 50 * HOUR)
    assert hours(clipped(runs, span, {30 * HOUR})) == [(10, 29), (30, 50)]
    assert hours(clipped(runs, span, {13 * HOUR, 50 * HOUR})) == [(13, 49)]
    # Less than half of the window is left.
    assert clipped(runs, Span(10 * HOUR, 300 * HOUR)) == []


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ([(0.5, 3.0)], 3.0),
        ([(-0.5, 2.0), (0.5, 3.0)], 1.0),
        ([(-0.5, 5.0), (0.5, 3.0)], 3.0),
        ([(-0.5, 5.0), (0.5, 3.0), (0.6, 9.0)], 9.0),
        ([(-0.5, 5.0), (0.2, 8.0), (0.5, 3.0)], 6.0),
        ([(0.2, 8.0), (0.5, 3.0)], 11.0),
        # Above its peak again: short by what it had before, which only its samples can tell.
        ([(-0.5, 5.0), (0.2, 8.0), (0.5, 3.0), (0.6, 9.0)], 9.0),
        ([(-0.5, 1.0), (0.2, 8.0), (0.5, 3.0), (0.6, 9.0)], 8.0),
    ],
)
def test_what_the_rules_say_of_an_hour(samples: list[tuple[float, float]], said: float) -> None:
    assert by_rules(track(*samples), 0, HOUR) == pytest.approx(said)


def test_hours_add_up() -> None:
    counter = track((0.5, 3.0), (1.0, 4.0), (1.5, 6.0), (5.5, 2.0))
    assert by_rules(counter, 0, HOUR) == 4.0  # a sample at the hour's end belongs to it
    assert by_rules(counter, HOUR, 6 * HOUR) == 4.0
    assert by_rules(counter, 6 * HOUR, 9 * HOUR) == 0.0


def test_hours_in_which_a_counter_falls_twice() -> None:
    falls = track((0.5, 9.0), (1.5, 2.0), (1.6, 5.0), (1.7, 1.0), (2.5, 0.5))
    assert hours_with_two_falls([falls]) == {2 * HOUR}
    # One fall of each of two counters is none.
    assert hours_with_two_falls([track((0.5, 9.0), (1.5, 2.0)), track((0.5, 9.0), (1.6, 2.0))]) == set()
