"""Amounts as whole numbers of a small unit, so that sums are exact in any order.

A float sum depends on the order of its parts, a sum of integers does not. So roll-ups equal what they roll
up, and the increments of a cumulative counter add up to its last value.
"""

from typing import Final

from ccmon_tray.usage.metrics import Metric

_PICO: Final = 10**12
_MICRO: Final = 10**6
# SQLite's integers, and their sums, end at 9.2e18. A single amount beyond this is no amount but a mistake:
# a hundred thousand dollars, or a hundred billion tokens, in one data point.
_MOST: Final = 10**17


def units_per_one(metric: Metric) -> int:
    """How many units make 1: costs are counted in 1e-12 USD, all else in millionths."""
    return _PICO if metric is Metric.COST else _MICRO


def to_units(metric: Metric, value: float) -> int | None:
    """A value of a counter in whole units; None for what no such counter can be (negative, NaN, absurd)."""
    scaled = value * units_per_one(metric)
    # Not-a-number fails both comparisons.
    return round(scaled) if 0 <= scaled <= _MOST else None


def from_units(metric: Metric, units: int) -> float:
    """The value that so many units are."""
    return units / units_per_one(metric)
