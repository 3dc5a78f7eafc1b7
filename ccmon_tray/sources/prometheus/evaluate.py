"""Turns questions into queries, and what comes back into answers."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from math import isfinite
from typing import Final

from ccmon_tray.errors import SourceAnswerInvalid
from ccmon_tray.sources.base import Answer, Question, Row
from ccmon_tray.sources.prometheus.batches import NOTHING, Batch, Rise, equal_steps
from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.discovery import Catalogue
from ccmon_tray.sources.prometheus.promql import (
    NAME_LABEL,
    Selector,
    increase,
    named,
    one_of,
    session_lists,
)
from ccmon_tray.sources.prometheus.scope import Need, Scope
from ccmon_tray.usage.metrics import Label, Metric, canonical_label

# The label under which values are counted.
_VALUE: Final = "ccmon_tray_value"
# Up to this length a window may be one that is asked about again and again while it grows.
_GROWS_S: Final = 3_600

# Above so many sessions, steps are cheaper without lists of them; unless there are many steps.
_MANY_SESSIONS: Final = 1_500
_MANY_STEPS: Final = 40


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
        """The calls whose results together are what the server can say of a batch: see :meth:`put_right`."""
        where = tuple(one_of(label, values) for label, values in batch.where)
        if self._in_stairs(batch, scope):
            regular = sorted(set(scope.active or ()) - set(scope.irregular))
            return [
                call
                for matcher in session_lists(regular)
                for selector in self._catalogue.selectors(*batch.metrics)
                for call in self._staircase(batch, selector.where(matcher, *where))
            ]
        if len(batch.boundaries) == 2 and scope.straddlers is not None:
            return [*self._last_values(batch, scope), *self.base_calls(batch, scope.straddlers)]
        if self._in_heights(batch, scope):
            return self._heights(batch)
        most = None if batch.top is None else batch.top + len(scope.irregular)
        return [
            call
            for selector in self._catalogue.selectors_by_name(*batch.metrics)
            for call in self._by_expression(batch, selector.where(*where), most)
        ]

    def early_calls(self, batch: Batch) -> list[Callable[[], list[Rise]]]:
        """Calls that need not wait for the scope: last values, counted if :meth:`counts_series`.

        Where the scope's straddlers are known, all that they leave to ask is :meth:`base_calls`; else their
        results say nothing. Where :meth:`is_early`, they leave nothing to ask.
        """
        if self.is_early(batch):
            return self._heights(batch)
        if len(batch.boundaries) > 2 or batch.top is not None or not self._catalogue.lists_sessions:
            return []
        if not self.counts_series(batch):
            return self._last_values(batch, None)
        # Tokens have more series than all others together: half the work, on another core of the server.
        halves = [Metric.TOKENS], [metric for metric in batch.metrics if metric is not Metric.TOKENS]
        return [
            self._counted(batch, selector)
            for metrics in halves
            for selector in self._catalogue.selectors(*metrics)
        ]

    def need(self, batch: Batch) -> Need:
        """How much must be known of the sessions in a batch's window."""
        if self.is_early(batch):
            return Need.IRREGULAR
        return Need.BASES if len(batch.boundaries) == 2 else Need.ACTIVE

    def is_early(self, batch: Batch) -> bool:
        """Whether :meth:`early_calls` are all that a batch needs, whichever sessions there are."""
        return self._catalogue.lists_sessions and batch.has_unequal_steps

    def counts_series(self, batch: Batch) -> bool:
        """Whether a batch's last values tell how many series each session has in a short window."""
        start, *_, end = batch.boundaries
        is_whole = batch.top is None and not batch.where and len(batch.boundaries) == 2
        is_all = {metric for metric, names in self._catalogue.names.items() if names} <= set(batch.metrics)
        lists = self._catalogue.lists_sessions and Label.SESSION in batch.by
        return lists and is_whole and is_all and end - start <= _GROWS_S

    def base_calls(self, batch: Batch, sessions: Iterable[str]) -> list[Callable[[], list[Rise]]]:
        """Calls for the bases of sessions that were there before the window, as rises below 0."""
        where = tuple(one_of(label, values) for label, values in batch.where)
        return [
            self._bases(batch, selector.where(matcher, *where))
            for matcher in session_lists(sorted(sessions))
            for selector in self._catalogue.selectors(*batch.metrics)
        ]

    def _in_stairs(self, batch: Batch, scope: Scope) -> bool:
        """Whether the steps of a batch are taken from sums over listed sessions.

        Otherwise each step looks for the base of every series anew, which is dearer the more steps there are.
        """
        steps = len(batch.boundaries) - 1
        if steps == 1 or scope.active is None or self.is_early(batch):
            return False
        return len(scope.active) <= _MANY_SESSIONS or steps > _MANY_STEPS

    def _in_heights(self, batch: Batch, scope: Scope) -> bool:
        """Whether the steps of a batch are taken from sums over all series there were.

        VictoriaMetrics, which takes no lists of sessions, answers all steps of an expression at once.
        """
        has_steps = len(batch.boundaries) > 2
        return has_steps and self._catalogue.lists_sessions and not self._in_stairs(batch, scope)

    def put_right(self, batch: Batch, scope: Scope, rises: Iterable[Rise]) -> dict[Metric, list[Rise]]:
        """All rises of a batch by metric: those that the server summed, those added up from raw samples.

        What queries say of irregular sessions is left out where it is told apart, and otherwise subtracted.
        """
        told_apart = Label.SESSION in batch.by
        irregular = set(scope.irregular) if told_apart else set()
        found: dict[Metric, list[Rise]] = defaultdict(list)
        for rise in rises:
            if rise.labels.get(Label.SESSION, "") not in irregular:
                found[rise.metric].append(rise)
        subtract = not told_apart and not self._in_stairs(batch, scope)
        anchor = self._anchor(batch) if self._in_heights(batch, scope) else None
        for series in scope.series:
            if series.metric not in batch.metrics:
                continue
            if any(series.labels.get(label, "") not in values for label, values in batch.where):
                continue
            steps = tuple(
                series.rises.over(start, end) - (series.track.said(start, end, anchor) if subtract else 0.0)
                for start, end in pairwise(batch.boundaries)
            )
            found[series.metric].append(Rise(series.metric, series.labels, steps))
        return found

    def answer(self, question: Question, rises: Iterable[Rise]) -> Answer:
        """The answer to a question from the rises of its metric."""
        # As plain strings: a poll looks them up thousands of times; members of an enumeration take longer.
        names = [label.value for label in question.by]
        groups: dict[tuple[str, ...], list[float]] = {}
        for rise in rises:
            labels = rise.labels
            key = tuple([labels.get(name, "") for name in names])
            steps = groups.get(key)
            groups[key] = (
                list(rise.steps)
                if steps is None
                else [sum(both) for both in zip(steps, rise.steps, strict=True)]
            )
        rows = [
            # Differences of sums leave crumbs of rounding, below 0 too.
            Row(key, total, tuple(max(0.0, step) for step in steps) if question.boundaries else ())
            for key, steps in groups.items()
            if (total := sum(steps)) > NOTHING
        ]
        rows.sort(key=lambda row: (-row.total, row.key))
        known = bool(self._catalogue.names.get(question.metric))
        return Answer(tuple(rows[: question.top]), known=known)

    def _staircase(self, batch: Batch, selector: Selector) -> list[Callable[[], list[Rise]]]:
        """Calls for last values at the steps' edges, summed; their differences are the increases.

        The last value is looked for so far back that no series of a session active in the window drops out of
        sight between two edges.
        """
        reach_s = batch.span.end - batch.span.start + self._lookback_s
        by = ", ".join(filter(None, ("__name__", selector.spelling.by(batch.by))))
        query = f"sum by ({by}) ({selector.last(reach_s)})"
        place = {edge: i for i, edge in enumerate(batch.boundaries[1:])}

        def climb(start: int, end: int, step: int) -> list[Rise]:
            rises = []
            for series in self._client.query_range(query, start, end, step):
                heights = {round(t): value for t, value in series.points}
                amounts = [0.0] * len(place)
                for before, after in pairwise(range(start, end + 1, step)):
                    # Differences of sums leave crumbs of rounding, below 0 too.
                    risen = heights.get(after, 0.0) - heights.get(before, 0.0)
                    amounts[place[after]] = 0.0 if risen < 0 else risen
                rises.append((series.labels, amounts, 0))
            return self._rises(rises)

        return [partial(climb, *run) for run in equal_steps(batch.boundaries)]

    def _anchor(self, batch: Batch) -> int:
        """The moment from which on last values are looked for, whichever edge they are of."""
        return batch.span.start - self._lookback_s

    def _heights(self, batch: Batch) -> list[Callable[[], list[Rise]]]:
        """Calls for the last values at each edge since one moment, summed: they differ by the increases.

        No series drops out of sight between two edges, so that it need not be known which ones are active.
        """
        where = tuple(one_of(label, values) for label, values in batch.where)
        anchor, steps = self._anchor(batch), len(batch.boundaries) - 1
        calls: list[Callable[[], list[Rise]]] = []
        for selector in self._catalogue.selectors(*batch.metrics):
            by = ", ".join(filter(None, ("__name__", selector.spelling.by(batch.by))))
            for place, edge in enumerate(batch.boundaries):
                query = f"sum by ({by}) ({selector.where(*where).last(edge - anchor)})"

                def height(query: str = query, place: int = place, edge: int = edge) -> list[Rise]:
                    return self._rises(
                        (sample.labels, _risen_to(sample.value, place, steps), 0)
                        for sample in self._client.query(query, edge)
                    )

                calls.append(height)
        return calls

    def _last_values(self, batch: Batch, scope: Scope | None) -> list[Callable[[], list[Rise]]]:
        """Calls for the last values in the window, summed: the increase of all series that appeared in it.

        Args:
            batch: The questions.
            scope: What is known of the sessions; needed for the largest groups only.
        """
        where = tuple(one_of(label, values) for label, values in batch.where)
        calls: list[Callable[[], list[Rise]]] = []
        for selector in self._catalogue.selectors(*batch.metrics):
            by = ", ".join(filter(None, ("__name__", selector.spelling.by(batch.by))))
            last = selector.where(*where).last(batch.span.end - batch.span.start)
            query = f"sum by ({by}) ({last})"
            if batch.top is not None and scope is not None:
                # So many may change places when bases are subtracted and irregular sessions put right.
                most = batch.top + len(scope.straddlers or ()) + len(scope.irregular)
                query = f"topk({most}, {query})"
            calls.append(
                lambda query=query: self._rises(  # type: ignore[misc]
                    (sample.labels, [sample.value], 0) for sample in self._client.query(query, batch.span.end)
                )
            )
        return calls

    def _counted(self, batch: Batch, selector: Selector) -> Callable[[], list[Rise]]:
        """One call: the last values of :meth:`_last_values`, and of how many series they are.

        The server tells each distinct value in a group, and how often it is there: no sum could be told from
        that of more series.
        """
        by = ", ".join(filter(None, ("__name__", selector.spelling.by(batch.by))))
        last = selector.last(batch.span.end - batch.span.start)
        query = f'count_values by ({by}) ("{_VALUE}", {last})'

        return lambda: self._rises(
            (sample.labels, [float(sample.labels[_VALUE]) * sample.value], sample.value)
            for sample in self._client.query(query, batch.span.end)
        )

    def _bases(self, batch: Batch, selector: Selector) -> Callable[[], list[Rise]]:
        """One call: less the bases of the series that were there before.

        A base above the last value is not subtracted: the counter began again at 0.
        """
        window_s = batch.span.end - batch.span.start
        by = ", ".join(filter(None, (NAME_LABEL, selector.spelling.by(batch.by))))
        base = named(selector.last(self._lookback_s, offset_s=window_s))
        last = named(selector.last(window_s))
        query = f"sum by ({by}) ({base} <= {last})"
        return lambda: self._rises(
            ({**sample.labels, "__name__": sample.labels[NAME_LABEL]}, [-sample.value], 0)
            for sample in self._client.query(query, batch.span.end)
        )

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

            return [
                lambda: self._rises(
                    ({**sample.labels, "__name__": name}, [sample.value], 0)
                    for sample in self._client.query(query, batch.span.end)
                )
            ]
        place = {edge: i for i, edge in enumerate(batch.boundaries[1:])}
        for start, end, step in equal_steps(batch.boundaries):
            query = f"{grouped} ({increase(selector, step, self._lookback_s)})"

            def steps(query: str = query, start: int = start, end: int = end, step: int = step) -> list[Rise]:
                rises = []
                for series in self._client.query_range(query, start + step, end, step):
                    amounts = [0.0] * len(place)
                    for t, value in series.points:
                        amounts[place[round(t)]] = value
                    rises.append(({**series.labels, "__name__": name}, amounts, 0))
                return self._rises(rises)

            calls.append(steps)
        return calls

    def _rises(self, found: Iterable[tuple[Mapping[str, str], Sequence[float], float]]) -> list[Rise]:
        """Rises from groups of series: their labels as stored, the steps, how many series if counted."""
        rises = []
        for labels, steps, series in found:
            metric = self._catalogue.metric_of(labels["__name__"])
            if metric is None:
                continue
            if not isfinite(sum(steps)):
                raise SourceAnswerInvalid(
                    "The server answers with no number",
                    cause=f"a sum over {labels['__name__']} is NaN or infinite",
                    next_step="Look at that metric's samples: a counter never holds such a value",
                )
            is_dotted = "." in "".join(labels)
            spelled = {canonical_label(key): value for key, value in labels.items()} if is_dotted else labels
            rises.append(Rise(metric, spelled, tuple(steps), series))
        return rises


def _risen_to(height: float, edge: int, steps: int) -> list[float]:
    """What a sum at one edge adds to the steps: the one before ends so high, the one after begins there."""
    amounts = [0.0] * steps
    if edge > 0:
        amounts[edge - 1] = height
    if edge < steps:
        amounts[edge] = -height
    return amounts
