"""Turns questions into queries, and what comes back into answers."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ccmon_tray.sources.base import Answer, Question, Row, Span
from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.discovery import Catalogue
from ccmon_tray.sources.prometheus.promql import Selector, increase, one_of
from ccmon_tray.sources.prometheus.scope import Scope
from ccmon_tray.usage.metrics import Label, Metric, canonical_label

# Below this a difference of sums is rounding, not use: a token is 1, a thousandth of a cent 1e-5.
NOTHING: Final = 1e-9

# So many sessions may be listed one by one in an answer: 40 kB.
FEW_SESSIONS: Final = 500


@dataclass(frozen=True, slots=True)
class Batch:
    """Questions that one query can answer: same window, steps and filter; labels and metrics together."""

    span: Span
    boundaries: tuple[int, ...]
    where: tuple[tuple[Label, tuple[str, ...]], ...]
    metrics: tuple[Metric, ...]
    by: tuple[Label, ...]
    top: int | None

    @classmethod
    def of(cls, questions: Sequence[Question]) -> "Batch":
        """The batch of questions that share a :func:`batch_key`."""
        first = questions[0]
        return cls(
            first.span,
            first.boundaries or (first.span.start, first.span.end),
            first.where,
            tuple(dict.fromkeys(question.metric for question in questions)),
            tuple(dict.fromkeys(label for question in questions for label in question.by)),
            first.top,
        )


@dataclass(frozen=True, slots=True)
class Rise:
    """What one group of series of one metric rose by, step by step."""

    metric: Metric
    labels: Mapping[str, str]
    steps: tuple[float, ...]


def batch_key(question: Question, place: int) -> object:
    """What questions of one batch have in common; those that group by session are on their own."""
    if question.top is not None or Label.SESSION in question.by:
        return place
    return question.span, question.boundaries, question.where


class Evaluator:
    """Answers questions on one server.

    Args:
        client: The connection.
        catalogue: What the server holds.
        lookback_s: How far before a window a counter's base may lie, seconds.
    """

    def __init__(self, client: PrometheusClient, catalogue: Catalogue, lookback_s: int) -> None:
        self._client = client
        self._catalogue = catalogue
        self._lookback_s = lookback_s

    def calls(self, batch: Batch, scope: Scope) -> list[Callable[[], list[Rise]]]:
        """The calls whose results together are the rises of all regular series of a batch."""
        where = tuple(one_of(label, values) for label, values in batch.where)
        # The largest groups of each part are a superset of the largest of all; the places of irregular
        # sessions may change when they are put right.
        most = None if batch.top is None else batch.top + len(scope.irregular)
        few = most is None or len(scope.ids) <= FEW_SESSIONS
        calls: list[Callable[[], list[Rise]]] = []
        if few:
            calls += [
                self._staircase(batch, selector.where(matcher, *where))
                for matcher in scope.lists
                for selector in self._catalogue.selectors(*batch.metrics)
            ]
        for part in scope.rest if few else scope.parts:
            for selector in self._catalogue.selectors_by_name(*batch.metrics):
                calls += self._by_expression(batch, selector.where(*part, *where), most)
        return calls

    def put_right(self, batch: Batch, scope: Scope, rises: Iterable[Rise]) -> list[Rise]:
        """All rises of a batch: those that the server summed, and those added up from raw samples.

        Where queries covered irregular series too, their share in the sums is replaced: by session it can be
        left out, otherwise what the expression says of them is subtracted.
        """
        by_session = Label.SESSION in batch.by
        irregular = set(scope.irregular) if by_session else set()
        found = [rise for rise in rises if rise.labels.get(Label.SESSION, "") not in irregular]
        subtract = scope.whole and not by_session
        for series in scope.series:
            if series.metric not in batch.metrics:
                continue
            if any(series.labels.get(label, "") not in values for label, values in batch.where):
                continue
            steps = tuple(
                series.rises.over(start, end) - (series.track.by_expression(start, end) if subtract else 0.0)
                for start, end in pairwise(batch.boundaries)
            )
            found.append(Rise(series.metric, series.labels, steps))
        return found

    def answer(self, question: Question, batch: Batch, rises: Iterable[Rise]) -> Answer:
        """The answer to one question of a batch from the batch's rises."""
        groups: dict[tuple[str, ...], list[float]] = defaultdict(lambda: [0.0] * (len(batch.boundaries) - 1))
        for rise in rises:
            if rise.metric is question.metric:
                steps = groups[tuple(rise.labels.get(label, "") for label in question.by)]
                for i, value in enumerate(rise.steps):
                    steps[i] += value
        rows = [
            Row(key, sum(steps), tuple(steps) if question.boundaries else ())
            for key, steps in groups.items()
            if sum(steps) > NOTHING
        ]
        rows.sort(key=lambda row: (-row.total, row.key))
        known = bool(self._catalogue.names.get(question.metric))
        return Answer(tuple(rows[: question.top]), known=known)

    def _staircase(self, batch: Batch, selector: Selector) -> Callable[[], list[Rise]]:
        """One call: last values at the steps' edges, summed; their differences are the increases.

        The last value is looked for so far back that no series of a session active in the window drops out of
        sight between two edges.
        """
        reach_s = batch.span.end - batch.span.start + self._lookback_s
        by = ", ".join(filter(None, ("__name__", selector.spelling.by(batch.by))))
        query = f"sum by ({by}) ({selector.last(reach_s)})"

        def call() -> list[Rise]:
            values: dict[tuple[tuple[str, str], ...], dict[int, float]] = defaultdict(dict)
            for start, end, step in _runs(batch.boundaries):
                for series in self._client.query_range(query, start, end, step):
                    values[tuple(sorted(series.labels.items()))].update(
                        {round(t): value for t, value in series.points}
                    )
            rises = []
            for labels, at in values.items():
                heights = [at.get(edge, 0.0) for edge in batch.boundaries]
                rises.append(self._rise(dict(labels), [b - a for a, b in pairwise(heights)]))
            return [rise for rise in rises if rise is not None]

        return call

    def _by_expression(
        self, batch: Batch, selector: Selector, most: int | None
    ) -> list[Callable[[], list[Rise]]]:
        """Calls that use the exact increase of each series as an expression, for series of one name."""
        name = selector.names[0]
        by = selector.spelling.by(batch.by)
        grouped = f"sum by ({by})" if by else "sum"
        calls: list[Callable[[], list[Rise]]] = []
        if len(batch.boundaries) == 2:
            window_s = batch.span.end - batch.span.start
            query = f"{grouped} ({increase(selector, window_s, self._lookback_s)})"
            if most is not None:
                query = f"topk({most}, {query})"

            def total() -> list[Rise]:
                found = self._client.query(query, batch.span.end)
                rises = [self._rise({**sample.labels, "__name__": name}, [sample.value]) for sample in found]
                return [rise for rise in rises if rise is not None]

            return [total]
        place = {edge: i for i, edge in enumerate(batch.boundaries[1:])}
        for start, end, step in _runs(batch.boundaries):
            query = f"{grouped} ({increase(selector, step, self._lookback_s)})"

            def steps(query: str = query, start: int = start, end: int = end, step: int = step) -> list[Rise]:
                rises = []
                for series in self._client.query_range(query, start + step, end, step):
                    amounts = [0.0] * len(place)
                    for t, value in series.points:
                        amounts[place[round(t)]] = value
                    rises.append(self._rise({**series.labels, "__name__": name}, amounts))
                return [rise for rise in rises if rise is not None]

            calls.append(steps)
        return calls

    def _rise(self, labels: Mapping[str, str], steps: Sequence[float]) -> Rise | None:
        metric = self._catalogue.metric_of(labels["__name__"])
        if metric is None:
            return None
        plain = {canonical_label(name): value for name, value in labels.items()}
        # Differences of sums leave crumbs of rounding, and a NaN is no use.
        return Rise(metric, plain, tuple(value if value > NOTHING else 0.0 for value in steps))


def _runs(boundaries: Sequence[int]) -> list[tuple[int, int, int]]:
    """Stretches of equal steps: (first edge, last edge, step), Unix seconds. Each is one range query."""
    runs: list[tuple[int, int, int]] = []
    for start, end in pairwise(boundaries):
        if runs and runs[-1][2] == end - start:
            runs[-1] = (runs[-1][0], end, end - start)
        else:
            runs.append((start, end, end - start))
    return runs
