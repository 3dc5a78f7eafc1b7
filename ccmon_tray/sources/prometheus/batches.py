"""Questions that are asked together, and what comes back for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ccmon_tray.sources.base import Question, Span
from ccmon_tray.usage.metrics import Label, Metric

NOTHING: Final = 1e-9
"""Below this a difference of sums is rounding, not use: a token is 1, a thousandth of a cent 1e-5."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Questions that one query can answer: same window, steps and filter; labels and metrics together.

    ``has_unequal_steps`` where about every step needs a query of its own.
    """

    span: Span
    boundaries: tuple[int, ...]
    where: tuple[tuple[Label, tuple[str, ...]], ...]
    metrics: tuple[Metric, ...]
    by: tuple[Label, ...]
    top: int | None
    has_unequal_steps: bool

    @classmethod
    def of(cls, questions: Sequence[Question]) -> "Batch":
        """The batch of questions that share a :func:`batch_key`."""
        first = questions[0]
        boundaries = first.boundaries or (first.span.start, first.span.end)
        return cls(
            first.span,
            boundaries,
            first.where,
            tuple(dict.fromkeys(question.metric for question in questions)),
            tuple(dict.fromkeys(label for question in questions for label in question.by)),
            first.top,
            1 < len(boundaries) - 1 <= 2 * len(equal_steps(boundaries)),
        )


@dataclass(slots=True)  # not frozen: a poll makes hundreds, and freezing doubles their price
class Rise:
    """What one group of series of one metric rose by, step by step; of how many series, if counted."""

    metric: Metric
    labels: Mapping[str, str]
    steps: tuple[float, ...]
    series: float = 0


def batch_key(question: Question, place: int) -> object:
    """What questions of one batch have in common; those for the largest groups are on their own."""
    if question.top is not None:
        return place
    # Apart, for by session there may be thousands of rows that the others do not need.
    return question.span, question.boundaries, question.where, Label.SESSION in question.by


def equal_steps(boundaries: Sequence[int]) -> list[tuple[int, int, int]]:
    """Stretches of equal steps: (first edge, last edge, step), Unix seconds. Each is one range query."""
    runs: list[tuple[int, int, int]] = []
    for start, end in pairwise(boundaries):
        if runs and runs[-1][2] == end - start:
            runs[-1] = (runs[-1][0], end, end - start)
        else:
            runs.append((start, end, end - start))
    return runs
