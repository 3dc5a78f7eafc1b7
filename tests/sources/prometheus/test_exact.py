"""The arithmetic of counters that reset, against processes whose use is known."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.sources.prometheus.exact import (
    Track,
    has_two_writers,
    increments,
    increments_of_writers,
    restarts,
)

amounts = st.floats(min_value=0.001, max_value=50, allow_nan=False)


def track(*samples: tuple[float, float]) -> Track:
    made = Track()
    made.extend(samples)
    return made


def every_15_s(*values: float) -> Track:
    return track(*((15.0 * i, value) for i, value in enumerate(values, 1)))


def test_first_value_counts_in_full_and_so_does_the_one_after_a_drop() -> None:
    rises = increments(every_15_s(5, 8, 8, 2, 3))
    assert rises.over(0, 1000) == 5 + 3 + 2 + 1
    assert rises.moments(0, 1000) == (15, 30, 60, 75)


def test_a_window_begins_after_its_start_and_ends_with_its_end() -> None:
    rises = increments(every_15_s(5, 8, 9))
    assert rises.over(15, 30) == 3
    assert rises.over(30, 45) == 1
    assert rises.over(0, 14.9) == 0


@given(st.lists(st.lists(amounts, min_size=1, max_size=8), min_size=1, max_size=5), st.data())
def test_windows_that_tile_add_up_to_the_whole(processes: list[list[float]], data: st.DataObject) -> None:
    values = [sum(used[: i + 1]) for used in processes for i in range(len(used))]
    rises = increments(every_15_s(*values))
    end = 15.0 * len(values)
    cuts = sorted(data.draw(st.lists(st.floats(0, end), max_size=6)))
    edges = [0.0, *cuts, end]
    parts = sum(rises.over(a, b) for a, b in pairwise(edges))
    assert parts == pytest.approx(rises.over(0, end))


@given(st.lists(st.lists(amounts, min_size=2, max_size=6), min_size=2, max_size=4))
def test_a_restart_hidden_in_one_series_is_told_by_another(processes: list[list[float]]) -> None:
    """Each process counts cost from 0; its active time starts lower than the last one ended."""
    cost, active, truth, t = Track(), Track(), 0.0, 0.0
    for used in processes:
        t += 3600
        total = 0.0
        for i, amount in enumerate(used):
            total += amount
            t += 60
            cost.extend([(t, total)])
            active.extend([(t, 1.0 + i)])
        truth += total
    found = restarts([], [cost, active])
    assert len(found) == len(processes) - 1
    assert increments(cost, found).over(0, t) == pytest.approx(truth)


def test_a_begin_that_no_series_confirms_is_no_restart() -> None:
    """A pipeline that adds deltas up goes on counting when a session is resumed."""
    cost = every_15_s(1, 2, 2, 5)
    assert restarts([40.0], [cost]) == []
    assert increments(cost).over(0, 100) == 5


def test_a_begin_explains_drops_that_show_later() -> None:
    """The exporter shows the old value until the new process first uses the series."""
    cost = every_15_s(1, 2, 2, 2, 3, 3)
    tokens = every_15_s(100, 200, 200, 200, 200, 50)
    assert restarts([50.0], [cost, tokens]) == [50.0]
    assert increments(cost, [50.0]).over(0, 100) == 2 + 3


def test_the_same_value_after_a_pause_is_a_new_process_own() -> None:
    commits = track((60, 1), (120, 1), (4000, 1), (4060, 1))
    assert increments(commits, [3990.0]).over(0, 5000) == 2
    assert increments(commits).over(0, 5000) == 1


def test_two_writers_are_told_from_restarts() -> None:
    alternating = every_15_s(100, 5, 101, 6, 102, 6, 103, 7)
    assert has_two_writers(alternating)
    assert increments_of_writers(alternating).over(0, 1000) == 103 + 7
    assert increments(alternating).over(0, 1000) > 400


@pytest.mark.parametrize(
    "values",
    [
        (1, 2, 3, 1, 2, 3, 4, 1, 3, 5, 2, 4, 6),  # climbs back in its own time
        (5, 3, 6, 2, 7, 1, 8, 2, 9),  # single runs, large and small in turn
        (9, 7, 5, 3, 1),
    ],
)
def test_resumed_again_and_again_is_not_two_writers(values: tuple[float, ...]) -> None:
    assert not has_two_writers(every_15_s(*values))


def test_samples_that_tell_nothing_are_not_kept() -> None:
    idle = every_15_s(*([3.0] * 1000), 4.0)
    assert len(idle.times) == 2
    assert increments(idle).over(0, 1e6) == 4


def test_the_export_at_the_end_of_a_process_makes_no_pauses_of_the_intervals_after_it() -> None:
    first = [60.0, 120.0, 180.0, 240.0, 264.0]
    resumed = [t + 600 for t in first]
    shown = track(*((t, 1.0) for t in (*first, *resumed)))
    assert shown.appearances() == [first[0], resumed[0]]


@given(
    samples=st.lists(
        st.tuples(st.sampled_from((15, 60, 100, 400)), st.integers(0, 3)), min_size=1, max_size=20
    ),
    polls=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 900)), max_size=8),
)
def test_extending_in_parts_is_like_extending_at_once(
    samples: list[tuple[int, int]], polls: list[tuple[int, int]]
) -> None:
    """Each poll reads the last minutes again, from a moment that may lie anywhere, in a pause too."""
    # In step every 15 s at first: what a pause is does not depend on when it is met.
    gaps = [15] * 4 + [gap_s for gap_s, _ in samples]
    values = [0] * 4 + [value for _, value in samples]
    whole = [(float(t), float(value)) for t, value in zip(accumulate(gaps), values, strict=True)]
    parts, read = Track(), 60
    parts.extend(whole[:4])
    for end, again_s in sorted(polls):
        settled = min(end, read) - again_s
        parts = parts.until(settled)
        parts.extend((t, value) for t, value in whole if settled < t <= end)
        read = end
    parts.extend(whole)

    at_once = track(*whole)
    assert list(parts.times) == list(at_once.times)
    assert list(parts.values) == list(at_once.values)
    assert parts.appearances() == at_once.appearances()


def test_no_number_is_no_sample() -> None:
    assert increments(every_15_s(1, float("nan"), float("inf"), 2)).over(0, 100) == 2


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.integers(0, 200), st.integers(1, 200))
def test_by_expression_is_last_less_base(values: list[int], start: int, length: int) -> None:
    samples = [(15.0 * i, float(value)) for i, value in enumerate(values, 1)]
    inside = [value for t, value in samples if start < t <= start + length]
    before = [value for t, value in samples if t <= start]
    last, base = (inside[-1] if inside else 0.0), (before[-1] if before else 0.0)
    expected = 0.0 if not inside else last - base if last >= base else last
    assert track(*samples).by_expression(start, start + length) == expected


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=12),
    st.integers(-30, 200),
    st.integers(15, 200),
)
def test_the_height_is_the_last_value_that_a_server_would_see(
    values: list[int], start: int, length: int
) -> None:
    """Samples that repeat the value before are not kept, but a server sees them."""
    samples = [(15.0 * number, float(value)) for number, value in enumerate(values)]
    seen = [value for t, value in samples if start < t <= start + length]
    assert track(*samples).height(start, start + length) == (seen[-1] if seen else 0.0)


def test_a_series_that_paused_before_the_anchor_has_no_height_until_it_goes_on() -> None:
    paused = track((0, 5), (15, 5), (30, 5), (900, 5), (915, 5))
    assert [paused.height(100, end) for end in (400, 899, 900, 2000)] == [0, 0, 5, 5]
    assert paused.said(0, 2000, anchor=100.0) == 5
