"""How a long question is cut into recorded hours and pieces asked of the counters, and both put together."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from ccmon_tray.sources.base import Answer, Question, Span
from ccmon_tray.sources.prometheus.batches import Rise
from ccmon_tray.sources.prometheus.recorded_hours import Run, by_rules, hours_with_two_falls
from ccmon_tray.sources.prometheus.scope import IrregularSeries, Scope
from ccmon_tray.usage.metrics import Metric


@dataclass(frozen=True, slots=True)
class Plan:
    """How a question is answered: the hours that were recorded, and what is asked of the counters."""

    question: Question
    runs: tuple[Run, ...]

    @property
    def pieces(self) -> tuple[Question, ...]:
        """What lies between and around the runs."""
        span = self.question.span
        starts = [span.start, *(run.end for run in self.runs)]
        ends = [*(run.start for run in self.runs), span.end]
        return tuple(self._piece(start, end) for start, end in zip(starts, ends, strict=True) if start < end)

    def edges_within(self, start: int, end: int) -> tuple[int, ...]:
        """The edges of the steps in a part of the window, and its own."""
        return start, *(edge for edge in self.question.boundaries or () if start < edge < end), end

    def placed(self, amounts: Mapping[int, float]) -> tuple[float, ...]:
        """Amounts, by the moment after which they came, as those of the question's steps."""
        edges = self.question.boundaries or (self.question.span.start, self.question.span.end)
        steps = [0.0] * (len(edges) - 1)
        for start, amount in amounts.items():
            steps[bisect_right(edges, start) - 1] += amount
        return tuple(steps)

    def _piece(self, start: int, end: int) -> Question:
        edges = self.edges_within(start, end)
        return replace(self.question, span=Span(start, end), boundaries=edges if len(edges) > 2 else None)


def put_right(plan: Plan, irregular: Iterable[IrregularSeries]) -> Iterator[Rise]:
    """What the series of irregular sessions rose by, less what the rules say of them."""
    question = plan.question
    for series in irregular:
        if series.metric is not question.metric:
            continue
        if any(series.labels.get(label, "") not in values for label, values in question.where):
            continue
        amounts = {
            start: series.rises.over(start, end) - by_rules(series.track, start, end)
            for run in plan.runs
            for start, end in pairwise(plan.edges_within(run.start, run.end))
        }
        if any(amounts.values()):
            yield Rise(question.metric, series.labels, plan.placed(amounts))


def counted_rises(plan: Plan, answers: Mapping[Question, Answer]) -> Iterator[Rise]:
    """What the counters say of a plan's pieces."""
    for piece in plan.pieces:
        starts = plan.edges_within(piece.span.start, piece.span.end)[:-1]
        for row in answers[piece].rows:
            amounts = dict(zip(starts, row.steps if piece.boundaries else (row.total,), strict=True))
            yield Rise(piece.metric, dict(zip(piece.by, row.key, strict=True)), plan.placed(amounts))


def distrusted_hours(scope: Scope, metric: Metric) -> set[int]:
    """The hours of a window that only the counters can tell of."""
    return hours_with_two_falls(series.track for series in scope.series if series.metric is metric)
