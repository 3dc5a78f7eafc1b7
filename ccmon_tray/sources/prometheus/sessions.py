"""Which sessions had any use in a window, and when."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ccmon_tray.sources.base import SessionSeen, Span
from ccmon_tray.sources.prometheus.answers import Sample, Series
from ccmon_tray.sources.prometheus.batches import NOTHING
from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.discovery import Catalogue
from ccmon_tray.sources.prometheus.promql import Matcher, Selector, increase, one_of, session_lists
from ccmon_tray.sources.prometheus.scope import IrregularSeries, Scope
from ccmon_tray.sources.prometheus.uses import uses_by_samples
from ccmon_tray.usage.metrics import Label, Metric

# Any use of a session shows in one of these; tokens come with cost, and in many times as many series.
_USE: Final = (
    Metric.SESSIONS,
    Metric.COST,
    Metric.ACTIVE_TIME,
    Metric.LINES,
    Metric.COMMITS,
    Metric.PULL_REQUESTS,
)
# The agents view is a process that shows sessions, and none itself. Other counters have no such label.
_NO_VIEW: Final = Matcher(Label.START_TYPE, "!=", "agents_view")
_NAMED: Final = Matcher(Label.SESSION, "!=", "")

# Prometheus answers a range query with at most 11,000 points a series.
_MOST_POINTS: Final = 11_000
_FEWEST_POINTS: Final = 200
# Series times points that a look-up of sessions' times may cost the server: ten seconds of one busy core.
_SEEN_BUDGET: Final = 4_000_000
# Of one query: each must be answered within the time limit, and several go side by side.
_QUERY_BUDGET: Final = 500_000
_FINEST_STEP_S: Final = 60
# So many sessions are looked at one by one, after a rough look at all of them together.
_FEW_SESSIONS: Final = 10
_ROUGH_POINTS: Final = 300


class Sessions:
    """Looks sessions up on one server.

    Args:
        client: The connection.
        catalogue: What the server holds.
        lookback_s: How far before a window a counter's base may lie, seconds.
    """

    def __init__(self, client: PrometheusClient, catalogue: Catalogue, lookback_s: int) -> None:
        self._client = client
        self._lookback_s = lookback_s
        self._metrics = _USE if catalogue.names.get(Metric.COST) else (*_USE, Metric.TOKENS)
        self._selectors = [
            selector.where(_NO_VIEW, _NAMED) for selector in catalogue.selectors(*self._metrics)
        ]

    def count(self, scope: Scope) -> int:
        """How many sessions had any use; those without an id are no sessions."""
        start, end = scope.span.start, scope.span.end
        window_s = end - start
        # Those that were there before count only if they rose; of all others it is enough to have a value.
        signs: list[tuple[int, str]] = []
        for selector in self._selectors:
            if scope.straddlers is None:
                signs.append((1, self._rose(selector, window_s)))
                continue
            signs.append((1, self._has_value(selector, window_s)))
            for matcher in session_lists([session for session in scope.straddlers if session]):
                signs.append((-1, self._has_value(selector.where(matcher), window_s)))
                signs.append((1, self._rose(selector.where(matcher), window_s)))
        answers = self._client.gather([self._query_call(f"count({sign})", end) for _, sign in signs])
        counted = sum(
            weight * sample.value
            for (weight, _), answer in zip(signs, answers, strict=True)
            for sample in answer
        )
        truly: set[str] = set()
        by_expression: set[str] = set()
        for session, series in self._irregular(scope):
            if series.rises.moments(start, end):
                truly.add(session)
            if series.track.by_expression(start, end) > NOTHING:
                by_expression.add(session)
        return round(counted) + len(truly) - len(by_expression)

    def seen(self, scope: Scope, session_ids: Sequence[str] | None) -> tuple[SessionSeen, ...]:
        """First and last use of sessions in the window (or of those named), by id."""
        moments: dict[str, list[float]] = defaultdict(list)
        for session, series in self._irregular(scope):
            moments[session] += series.rises.moments(scope.span.start, scope.span.end)
        irregular = set(scope.irregular)
        regular = None if session_ids is None else sorted(set(session_ids) - irregular - {""})
        for session, t in [] if regular == [] else self._uses_of(scope, regular):
            if session not in irregular:
                moments[session].append(t)
        return tuple(
            SessionSeen(session, round(min(times)), round(max(times)))
            for session, times in sorted(moments.items())
            if times and (session_ids is None or session in session_ids)
        )

    def _uses_of(self, scope: Scope, ids: Sequence[str] | None) -> list[tuple[str, float]]:
        """(session, Unix seconds) of first and last uses; of irregular sessions nothing that can be used."""
        narrowed = [()] if ids is None else [(matcher,) for matcher in session_lists(ids)]
        selectors = [selector.where(*part) for part in narrowed for selector in self._selectors]
        few = ids is not None and len(ids) <= _FEW_SESSIONS
        uses = uses_by_samples(self._client, selectors, self._bases(scope, ids), scope.span, few=few)
        if uses is not None:
            return uses
        if ids is not None and few:
            return self._uses_of_few(scope.span, ids)
        return [use for part in narrowed for use in self._uses_of_many(scope.span, part)]

    def _bases(self, scope: Scope, ids: Sequence[str] | None) -> list[str]:
        """Expressions for the bases of all series that are in the window, of all sessions or some."""
        window_s = scope.span.end - scope.span.start

        def base(selector: Selector) -> str:
            return selector.last(self._lookback_s, offset_s=window_s)

        before = ids
        if scope.straddlers is not None:
            wanted = set(scope.straddlers if ids is None else ids)
            before = [one for one in scope.straddlers if one and one in wanted]
        if before is not None:
            return [
                base(selector.where(matcher))
                for matcher in session_lists(before)
                for selector in self._selectors
            ]
        return [
            f"{base(one)} and {one.last(window_s)}"
            for selector in self._selectors
            for one in selector.by_name()
        ]

    def _irregular(self, scope: Scope) -> Iterator[tuple[str, IrregularSeries]]:
        for series in scope.series:
            is_view = series.labels.get(_NO_VIEW.name) == _NO_VIEW.value
            session = series.labels.get(Label.SESSION)
            if session and series.metric in self._metrics and not is_view:
                yield session, series

    def _has_value(self, selector: Selector, window_s: int) -> str:
        """An expression with a value for each session of which some counter is above 0 in the window."""
        return f"count by ({selector.spelling.written(Label.SESSION)}) ({selector.last(window_s)} > 0)"

    def _rose(self, selector: Selector, window_s: int) -> str:
        """An expression with a value for each session of which some counter rose in the last ``window_s``."""
        rise = increase(selector, window_s, self._lookback_s)
        return f"count by ({selector.spelling.written(Label.SESSION)}) (({rise}) > {NOTHING})"

    def _uses_of_few(self, span: Span, ids: Sequence[str]) -> list[tuple[str, float]]:
        """Times of use, to the minute for first and last: found roughly first, then looked at closely."""
        # Of whole fine steps, so that no remainder has to be asked for beside them.
        rough_s = -(-(span.end - span.start) // (_ROUGH_POINTS * _FINEST_STEP_S)) * _FINEST_STEP_S
        found = self._uses(span, (one_of(Label.SESSION, ids),), rough_s)
        if rough_s == _FINEST_STEP_S:
            return found
        times: dict[str, list[float]] = defaultdict(list)
        for session, t in found:
            times[session].append(t)
        steps = {
            (session, round(t))
            for session, all_of_it in times.items()
            for t in (min(all_of_it), max(all_of_it))
        }
        calls = [
            self._uses_call(session, Span(max(t - rough_s, span.start), t)) for session, t in sorted(steps)
        ]
        return [use for uses in self._client.gather(calls) for use in uses]

    def _uses_call(self, session: str, span: Span) -> Callable[[], list[tuple[str, float]]]:
        return lambda: self._uses(span, (Matcher(Label.SESSION, "=", session),), _FINEST_STEP_S)

    def _uses_of_many(self, span: Span, part: tuple[Matcher, ...]) -> list[tuple[str, float]]:
        """Times of use on a grid as fine as the number of series lets it be."""
        counts = [
            f"count({selector.where(*part).last(span.end - span.start)})" for selector in self._selectors
        ]
        series = sum(
            sample.value
            for answer in self._client.gather([self._query_call(query, span.end) for query in counts])
            for sample in answer
        )
        points = max(_FEWEST_POINTS, min(_MOST_POINTS - 1, int(_SEEN_BUDGET / max(series, 1))))
        step = max(_FINEST_STEP_S, -(-(span.end - span.start) // points))
        return self._uses(span, part, step, max(1, int(_QUERY_BUDGET / max(series, 1))))

    def _uses(
        self, span: Span, part: tuple[Matcher, ...], step: int, points: int = _MOST_POINTS
    ) -> list[tuple[str, float]]:
        """(session, end in Unix seconds) of the steps, of ``step`` seconds, in which some counter rose.

        Each query answers for at most so many ``points``.
        """
        rest = (span.end - span.start) % step
        calls: list[Callable[[], list[Series]]] = []
        for selector in self._selectors:
            one = selector.where(*part)
            for start in range(span.start, span.end - rest, step * points):
                end = min(start + step * points, span.end - rest)
                calls.append(self._grid(self._rose(one, step), start, end, step))
            if rest:
                calls.append(self._grid(self._rose(one, rest), span.end - rest, span.end, rest))
        # Grouped by the session alone, under whichever spelling.
        return [
            (next(iter(series.labels.values()), ""), t)
            for found in self._client.gather(calls)
            for series in found
            for t, _ in series.points
        ]

    def _query_call(self, query: str, at: int) -> Callable[[], list[Sample]]:
        return lambda: self._client.query(query, at)

    def _grid(self, query: str, start: int, end: int, step: int) -> Callable[[], list[Series]]:
        return lambda: self._client.query_range(query, start + step, end, step)
