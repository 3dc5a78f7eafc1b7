"""Which sessions a window concerns: the active ones, and among them those whose counters reset.

Sessions whose series only rise are added up by the server. Those with a reset inside the window (or between
it and their base) are *irregular*: their raw samples are fetched and added up by :mod:`.exact`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from ccmon_tray.sources.base import Span
from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.discovery import Catalogue
from ccmon_tray.sources.prometheus.exact import (
    Increments,
    Track,
    has_two_writers,
    increments,
    increments_of_writers,
    restarts,
)
from ccmon_tray.sources.prometheus.history import Histories, SessionHistory
from ccmon_tray.sources.prometheus.promql import Matcher, Spelling, one_of
from ccmon_tray.usage.metrics import Label, Metric

T = TypeVar("T")

# A list of ids makes a query of about 40 bytes each; the server turns it into index look-ups.
_IDS_A_QUERY: Final = 1_500
_MOST_IDS: Final = 12_000
# A little longer than the longest block of Prometheus (31 d): an index look-up finds the sessions of every
# block that the window touches.
LONGEST_BLOCK_S: Final = 32 * 86_400

_RESUMED: Final = Matcher(Label.START_TYPE, "=~", "resume|continue")
# Counters that tell a restart by dropping. Tokens carry the labels of cost and drop with it.
_TELLTALE: Final = (Metric.COST, Metric.ACTIVE_TIME)


@dataclass(frozen=True, slots=True)
class IrregularSeries:
    """A series of an irregular session: its labels (canonical names), samples, and what it rose by."""

    metric: Metric
    labels: Mapping[str, str]
    track: Track
    rises: Increments


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known of the sessions in a window.

    Attributes:
        span: The window.
        lists: Matchers that each select a share of the regular sessions, from the index.
        rest: Matchers for the regular series that no list holds, or None if there are none.
        whole: There are no lists: queries cover every series, irregular ones included, whose share has to be
            put right afterwards.
        series: The series of irregular sessions, already added up.
        irregular: The ids of irregular sessions.
        two_writers: Those of them whose series oscillate.
        sawtooth: Those of them that drop although no process was resumed.
    """

    span: Span
    lists: tuple[Matcher, ...] = ()
    rest: tuple[Matcher, ...] | None = ()
    whole: bool = True
    series: tuple[IrregularSeries, ...] = ()
    irregular: tuple[str, ...] = ()
    two_writers: tuple[str, ...] = ()
    sawtooth: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[tuple[Matcher, ...], ...]:
        """The matchers of each part of the regular series."""
        listed = tuple((matcher,) for matcher in self.lists)
        return listed if self.rest is None else (*listed, self.rest)


class Scoper:
    """Finds the :class:`Scope` of windows on one server.

    Args:
        client: The connection.
        catalogue: What the server holds.
        histories: Where the samples of irregular sessions come from.
        lookback_s: How far before a window a counter's base may lie, seconds.
    """

    def __init__(
        self, client: PrometheusClient, catalogue: Catalogue, histories: Histories, lookback_s: int
    ) -> None:
        self._client = client
        self._catalogue = catalogue
        self._histories = histories
        self._lookback_s = lookback_s

    def find(self, spans: Sequence[Span]) -> list[Scope]:
        """Who was active in each window, and how each session is to be added up."""
        everyone = self._each([lambda span=span: self._active_ids(span) for span in spans])  # type: ignore[misc]
        irregular = self._each(
            [
                lambda span=span, ids=ids: self._irregular_ids(span, ids)  # type: ignore[misc]
                for span, ids in zip(spans, everyone, strict=True)
            ]
        )
        scopes = [self._add_up_all(span, ids) for span, ids in zip(spans, irregular, strict=True)]
        return self._each(
            [
                lambda scope=scope, ids=ids: self._listed(scope, ids)  # type: ignore[misc]
                for scope, ids in zip(scopes, everyone, strict=True)
            ]
        )

    def _each(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """Run a call for each window side by side; a single one here, so that its queries are."""
        return [calls[0]()] if len(calls) == 1 else self._client.gather(calls)

    def _listed(self, scope: Scope, ids: list[str] | None) -> Scope:
        """The scope with lists of its regular sessions, where there are ids to list."""
        if ids is None:
            return scope
        regular = tuple(_lists(sorted(set(ids) - set(scope.irregular))))
        return replace(scope, lists=regular, rest=self._rest(scope.span, ids, scope.irregular), whole=False)

    def _active_ids(self, span: Span) -> list[str] | None:
        if not self._catalogue.lists_sessions:
            return None
        ids: set[str] = set()
        for selector in self._catalogue.selectors(*Metric):
            label = selector.spelling.label(Label.SESSION)
            ids.update(self._client.label_values(label, [str(selector)], span.start, span.end))
        ids.discard("")
        return None if len(ids) > _MOST_IDS else sorted(ids)

    def _rest(self, span: Span, ids: Sequence[str], irregular: Sequence[str]) -> tuple[Matcher, ...] | None:
        """Matchers for series without a session id, or not in the index' list; None if there are none."""
        others = (_none_of(sorted({*ids, *irregular})),) if ids or irregular else ()
        for selector in self._catalogue.selectors(*Metric):
            window_s = span.end - span.start
            if self._client.query(f"count({selector.where(*others).last(window_s)})", span.end):
                return others
        return None

    def _irregular_ids(self, span: Span, ids: Sequence[str] | None) -> list[str]:
        """Sessions with a drop inside the window, or between it and the base, or of a resumed process."""
        window_s = span.end - span.start
        parts: list[tuple[Matcher, ...]] = [()] if ids is None else [(matcher,) for matcher in _lists(ids)]
        calls: list[Callable[[], list[str]]] = []
        for part in parts:
            for selector in self._catalogue.selectors_by_name(*_TELLTALE):
                series = selector.where(*part)
                base = series.last(self._lookback_s, offset_s=window_s)
                lowest = f"min_over_time({series.over(window_s)})"
                calls += [
                    self._ids_call(f"resets({series.over(window_s)}) > 0", series.spelling, span.end),
                    self._ids_call(f"({lowest}) < ({base})", series.spelling, span.end),
                ]
            for selector in self._catalogue.selectors(Metric.SESSIONS):
                resumed = selector.where(*part, _RESUMED)
                calls.append(self._ids_call(resumed.last(window_s), resumed.spelling, span.end))
        found = {session for ids in self._client.gather(calls) for session in ids}
        return sorted(found - {""})

    def _ids_call(self, expression: str, spelling: Spelling, at: float) -> Callable[[], list[str]]:
        query = f"count by ({spelling.written(Label.SESSION)}) ({expression})"
        label = spelling.label(Label.SESSION)
        return lambda: [sample.labels.get(label, "") for sample in self._client.query(query, at)]

    def _add_up_all(self, span: Span, ids: Sequence[str]) -> Scope:
        """The irregular part of a scope: every series of these sessions, added up from its samples."""
        if not ids:
            return Scope(span)
        series: list[IrregularSeries] = []
        two_writers: list[str] = []
        sawtooth: list[str] = []
        for session_id, history in self._histories.read(self._catalogue, ids, span.start, span.end).items():
            fell_here = any(
                span.start < t <= span.end for track in history.tracks.values() for _, t in track.drops()
            )
            oscillates, resumed = self._add_up(history, series)
            if fell_here and oscillates:
                two_writers.append(session_id)
            elif fell_here and not resumed:
                sawtooth.append(session_id)
        return Scope(
            span,
            series=tuple(series),
            irregular=tuple(ids),
            two_writers=tuple(two_writers),
            sawtooth=tuple(sawtooth),
        )

    def _add_up(self, history: SessionHistory, into: list[IrregularSeries]) -> tuple[bool, bool]:
        """Add up a session's series. Returns whether they oscillate, and whether it was ever resumed."""
        tracks = history.tracks
        begins = [
            t
            for (name, labels), track in tracks.items()
            if self._catalogue.metric_of(name) is Metric.SESSIONS
            and dict(labels).get(Label.START_TYPE) in {"resume", "continue"}
            for t in track.appearances()
        ]
        oscillates = any(has_two_writers(track) for track in tracks.values())
        restarted = restarts(begins, list(tracks.values())) if begins and not oscillates else []
        for (name, labels), track in tracks.items():
            metric = self._catalogue.metric_of(name)
            if metric is not None:
                rises = increments_of_writers(track) if oscillates else increments(track, restarted)
                into.append(IrregularSeries(metric, dict(labels), track, rises))
        return oscillates, bool(begins)


def _lists(ids: Sequence[str]) -> list[Matcher]:
    return [one_of(Label.SESSION, ids[i : i + _IDS_A_QUERY]) for i in range(0, len(ids), _IDS_A_QUERY)]


def _none_of(ids: Sequence[str]) -> Matcher:
    return one_of(Label.SESSION, ids, negate=True)
