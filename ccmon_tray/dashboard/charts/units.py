"""What a chart's values are measured in: their words, and the round values an axis has."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ccmon_tray.usage import formatting

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measurement on an axis.

    Attributes:
        text: A value in words, as in a value box; None is unknown.
        mark: A value on an axis, given the distance of the axis' values too.
        steps: The round distances of an axis' values in ascending order, for the length of one (>= any).
    """

    text: Callable[[float | None], str]
    mark: Callable[[float, float], str]
    steps: Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Scale:
    """The values of an axis from 0.

    Attributes:
        top: Where it ends; at least the largest value.
        marks: The values with their words, ascending.
    """

    top: float
    marks: tuple[tuple[float, str], ...]


def scale_for(largest: float, unit: Unit, most: int = 4) -> Scale:
    """An axis from 0 to a round value.

    Args:
        largest: What it must reach.
        unit: What it measures.
        most: How many steps at most.
    """
    if not largest > 0:
        return Scale(1.0, ((0.0, unit.mark(0.0, 1.0)),))
    step = unit.steps(largest / most)
    count = max(1, math.ceil(largest / step - 1e-9))
    # Nothing is nothing, however fine the steps: "$0", not "$0.00000".
    nothing = (0.0, unit.mark(0.0, 1.0))
    marks = (nothing, *((i * step, unit.mark(i * step, step)) for i in range(1, count + 1)))
    return Scale(step * count, marks)


def _decimal(least: float, smallest: float = 0.0) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is at least ``least`` and ``smallest``."""
    power: float = 10.0 ** math.floor(math.log10(max(least, 1e-12)))
    for factor in (1, 2, 2.5, 5, 10):
        step = factor * power
        if step >= least * (1 - 1e-9) and (smallest == 0 or (step >= smallest and step % smallest == 0)):
            return step
    return max(10 * power, smallest)


def _chosen(least: float, nice: tuple[float, ...], beyond: float) -> float:
    for step in nice:
        if step >= least:
            return step
    return _decimal(least / beyond) * beyond


def _money_mark(value: float, step: float) -> str:
    if step >= 1 and step == int(step):
        return f"${value:,.0f}" if step < 1000 else "$" + _short(value)
    return f"${value:,.{max(2, _decimals(step))}f}"


def _decimals(step: float) -> int:
    """How many decimals it takes to write the multiples of a step."""
    return next((n for n in range(12) if math.isclose(round(step, n), step, rel_tol=1e-6)), 12)


def _short(value: float) -> str:
    """``250``, ``2.5k``, ``5M``: no decimals that are 0."""
    size, unit = value, ""
    for larger in ("k", "M", "B", "T"):
        if size < 999.5:
            break
        size, unit = size / 1000, larger
    return f"{size:.2f}".rstrip("0").rstrip(".") + unit


def _seconds(least: float) -> float:
    nice = (1, 2, 5, 10, 15, 30, *(_MINUTE * n for n in (1, 2, 5, 10, 15, 30)))
    hours = (_HOUR * n for n in (1, 2, 4, 6, 12))
    return _chosen(least, (*nice, *hours), _DAY)


def _duration_mark(value: float, _step: float) -> str:
    return formatting.duration(value) if value else "0"


def _bytes(least: float) -> float:
    power = 1024.0 ** max(0, math.floor(math.log(max(least, 1), 1024)))
    nice = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1024)
    return next(n * power for n in nice if n * power >= least)


def bytes_text(count: float | None) -> str:
    """Bytes: ``950 B``, ``5.6 kB``, ``1.2 GB`` in powers of 1024; unknown is a dash."""
    if count is None:
        return formatting.UNKNOWN
    size, unit = count, "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 999.5:
            break
        size, unit = size / 1024, larger
    return f"{size:.0f} {unit}" if unit == "B" or size >= 99.95 else f"{size:.1f} {unit}"


def _bytes_mark(value: float, _step: float) -> str:
    return bytes_text(value).replace(".0 ", " ") if value else "0"


def _plain_text(value: float | None) -> str:
    if value is None:
        return formatting.UNKNOWN
    if abs(value) >= 1000 or value == int(value):
        return formatting.count(value)
    return f"{value:.3g}".replace("-", formatting.MINUS)


def _thousands(value: float, step: float) -> str:
    return _short(value) if step >= 1 else f"{value:.{_decimals(step)}f}" if value else "0"


def _count_steps(least: float) -> float:
    return _decimal(least, 1)


def _ratio_mark(value: float, step: float) -> str:
    return f"{value * 100:.{_decimals(step * 100)}f} %"


MONEY: Final = Unit(formatting.money, _money_mark, _decimal)
TOKENS: Final = Unit(formatting.tokens, _thousands, _count_steps)
COUNT: Final = Unit(formatting.count, _thousands, _count_steps)
DURATION: Final = Unit(formatting.duration, _duration_mark, _seconds)
RATIO: Final = Unit(formatting.percent, _ratio_mark, _decimal)
BYTES: Final = Unit(bytes_text, _bytes_mark, _bytes)
NUMBER: Final = Unit(_plain_text, _thousands, _decimal)
