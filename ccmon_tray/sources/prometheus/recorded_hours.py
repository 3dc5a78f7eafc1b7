"""What the recording rules of ``stack/rules.yml`` keep, and which of their hours can stand for the counters.

Pure arithmetic, no I/O. An hour is one of the clock (UTC), named by its end, Unix seconds.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from ccmon_tray.sources.base import Span
from ccmon_tray.sources.prometheus.exact import Track
from ccmon_tray.usage.metrics import Label, Metric

HOUR_S: Final = 3_600
_HOUR_MS: Final = 3_600_000
# An hour is evaluated at the first occasion so long after its end: the rules' offset.
_DELAY_MS: Final = 90_000
# A stretch of fewer hours saves nothing.
_FEWEST_HOURS: Final = 6
# Each gap between two stretches is asked of the counters by queries of its own.
_MOST_RUNS: Final = 6

_PERSON: Final = (Label.USER_EMAIL, Label.USER_ACCOUNT, Label.USER_ID)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the name of its series, the stored name of the counters it sums, and the labels it keeps."""

    record: str
    counter: str
    labels: frozenset[Label]


RULES: Final = {
    Metric.COST: Rule(
        "claude_code:cost_usd:increase1h",
        "claude_code_cost_usage_USD_total",
        frozenset({*_PERSON, Label.MODEL}),
    ),
    Metric.TOKENS: Rule(
        "claude_code:tokens:increase1h",
        "claude_code_token_usage_tokens_total",
        frozenset({*_PERSON, Label.MODEL, Label.TYPE}),
    ),
    Metric.ACTIVE_TIME: Rule(
        "claude_code:active_time_seconds:increase1h",
        "claude_code_active_time_seconds_total",
        frozenset({*_PERSON, Label.TYPE}),
    ),
}


@dataclass(frozen=True, slots=True)
class Run:
    """Hours without a gap, from ``start`` to ``end``, each evaluated ``delay_ms`` after its end."""

    start: int
    end: int
    delay_ms: int

    def stamp_s(self, hour: int) -> float:
        """The time of an hour's samples, Unix seconds."""
        return (hour * 1000 + self.delay_ms) / 1000


def runs_of(stamps_ms: Iterable[int]) -> list[Run]:
    """The stretches of hours for which there is one sample each, evenly spaced.

    Args:
        stamps_ms: The times of the samples, ascending, Unix milliseconds.
    """
    runs: list[Run] = []
    broken = False
    for stamp in stamps_ms:
        hour = (stamp - _DELAY_MS) // _HOUR_MS * HOUR_S
        delay = stamp - hour * 1000
        before = runs[-1] if runs else None
        if before is not None and hour <= before.end:
            # Evaluated twice, as after a move of the rules' file: sums beyond this sample would hold both.
            broken = True
            continue
        if before is not None and not broken and (before.end, before.delay_ms) == (hour - HOUR_S, delay):
            runs[-1] = replace(before, end=hour)
        else:
            runs.append(Run(hour - HOUR_S, hour, delay))
        broken = False
    return runs


def clipped(runs: Iterable[Run], span: Span, distrusted: AbstractSet[int] = frozenset()) -> list[Run]:
    """The parts of runs that can be used for a window, ascending: none if they would be less than half of it.

    Args:
        runs: What was recorded.
        span: The window; beyond its end nothing is settled.
        distrusted: Hours to leave out.
    """
    found: list[Run] = []
    for run in runs:
        start = max(run.start, -(-span.start // HOUR_S) * HOUR_S)
        end = min(run.end, span.end // HOUR_S * HOUR_S)
        edges = sorted(hour for hour in distrusted if start < hour <= end)
        for begin, until in zip([start, *edges], [*(hour - HOUR_S for hour in edges), end], strict=True):
            if until - begin >= _FEWEST_HOURS * HOUR_S:
                found.append(replace(run, start=begin, end=until))
    longest = sorted(found, key=lambda run: run.start - run.end)[:_MOST_RUNS]
    if 2 * sum(run.end - run.start for run in longest) < span.end - span.start:
        return []
    return sorted(longest, key=lambda run: run.start)


def hours_with_two_falls(tracks: Iterable[Track]) -> set[int]:
    """The hours in which one series falls more than once: :func:`by_rules` cannot tell of them."""
    found: set[int] = set()
    for track in tracks:
        seen: set[int] = set()
        for _, fallen_at in track.drops():
            hour = _hour_of(fallen_at)
            (found if hour in seen else seen).add(hour)
    return found


def by_rules(track: Track, start: int, end: int) -> float:
    """What the rules say a series rose by in the hours from ``start`` to ``end``.

    In each of them it must not fall more than once. Then the rules' three cases (see ``stack/rules.yml``) do
    not depend on samples that a track leaves out, because they repeat the value before.
    """
    first, after = bisect_right(track.times, start), bisect_right(track.times, end)
    total = 0.0
    while first < after:
        hour = _hour_of(track.times[first])
        past = bisect_right(track.times, hour, first, after)
        total += _one_hour(track.values[first - 1] if first else 0.0, track.values[first:past])
        first = past
    return total


def _one_hour(base: float, values: Sequence[float]) -> float:
    last, peak = values[-1], max(values)
    fell_within = any(later < earlier for earlier, later in pairwise(values))
    if fell_within and peak > last:
        return peak + last - base
    return last - base if min(values) >= base else last


def _hour_of(moment: float) -> int:
    return int(-(-moment // HOUR_S)) * HOUR_S
