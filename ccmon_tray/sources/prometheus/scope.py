"""Which sessions a window concerns: the active ones, and among them those whose counters reset.

Sessions whose series only rise are added up by the server. Those with a reset inside the window (or between
it and their base) are *irregular*: their raw samples are fetched and added up by :mod:`.exact`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from ccmon_tray.sources.base import Span
from ccmon_tray.sources.prometheus.answers import Series
from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.discovery import Catalogue
from ccmon_tray.sources.prometheus.exact import (
    Increments,
    Track,
    appearances,
    confirmed_restarts,
    has_two_writers,
    increments,
    increments_of_writers,
)
from ccmon_tray.sources.prometheus.promql import Matcher, Selector, Spelling, one_of
from ccmon_tray.usage.metrics import Label, Metric, canonical_label

# A list of ids makes a query of about 40 bytes each; the server turns it into index look-ups.
_IDS_A_QUERY: Final = 1_500
_MOST_IDS: Final = 12_000
# Raw samples fetched in one answer: about 2 MB of JSON.
_SAMPLES_AN_ANSWER: Final = 50_000
# A little longer than the longest block of Prometheus (31 d): an index look-up finds the sessions of every
# block that the window touches.
LONGEST_BLOCK_S: Final = 32 * 86_400

_RESUMED: Final = Matcher(Label.START_TYPE, "=~", "resume|continue")
# Counters that tell a restart by dropping. Tokens carry the labels of cost and drop with it.
_TELLTALE: Final = (Metric.COST, Metric.ACTIVE_TIME)


@dataclass(frozen=True, slots=True)
class IrregularSeries:
    """A series of an irregular session: its labels (canonical names) and what it rose by."""

    metric: Metric
    labels: Mapping[str, str]
    rises: Increments


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known of the sessions in a window.

    Attributes:
        span: The window.
        lists: Matchers that each select a share of the regular sessions, from the index; together with
            ``rest`` all of them.
        rest: Matchers for the regular series that no list holds (or all regular ones), or None.
        series: The series of irregular sessions, already added up.
        irregular: The ids of irregular sessions.
        two_writers: Those of them whose series oscillate.
        sawtooth: Those of them that drop although no process was resumed.
    """

    span: Span
    lists: tuple[Matcher, ...] = ()
    rest: tuple[Matcher, ...] | None = ()
    series: tuple[IrregularSeries, ...] = ()
    irregular: tuple[str, ...] = ()
    two_writers: tuple[str, ...] = ()
    sawtooth: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[tuple[Matcher, ...], ...]:
        """The matchers of each part of the regular series."""
        listed = tuple((matcher,) for matcher in self.lists)
        return listed if self.rest is None else (*listed, self.rest)


@dataclass(slots=True)
class _Session:
    tracks: dict[tuple[str, tuple[tuple[str, str], ...]], Track] = field(default_factory=dict)


class Scoper:
    """Finds the :class:`Scope` of windows on one server.

    Args:
        client: The connection.
        catalogue: What the server holds.
        lookback_s: How far before a window a counter's base may lie, seconds.
    """

    def __init__(self, client: PrometheusClient, catalogue: Catalogue, lookback_s: int) -> None:
        self._client = client
        self._catalogue = catalogue
        self._lookback_s = lookback_s

    def find(self, span: Span) -> Scope:
        """Who was active in a window, and how each session is to be added up."""
        ids = self._active_ids(span)
        if ids is None:
            irregular = self._irregular_ids(span, ((),))
        else:
            irregular = self._irregular_ids(span, [(m,) for m in _lists(ids)])
        scope = self._add_up_all(span, irregular)
        if ids is None:
            return replace(scope, rest=(_none_of(irregular),) if irregular else ())
        regular = sorted(set(ids) - set(irregular))
        return replace(scope, lists=tuple(_lists(regular)), rest=self._rest(span, ids, irregular))

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

    def _irregular_ids(self, span: Span, parts: Iterable[tuple[Matcher, ...]]) -> list[str]:
        """Sessions with a drop inside the window, or between it and the base, or of a resumed process."""
        window_s = span.end - span.start
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
        sessions: dict[str, _Session] = {session: _Session() for session in ids}
        for matcher in _lists(ids):
            for selector in self._catalogue.selectors(*Metric):
                self._fetch(span, selector.where(matcher), sessions)
        series: list[IrregularSeries] = []
        irregular: list[str] = []
        two_writers: list[str] = []
        sawtooth: list[str] = []
        for session_id, session in sessions.items():
            irregular.append(session_id)
            oscillates, unexplained = self._add_up(session, series)
            if oscillates:
                two_writers.append(session_id)
            elif unexplained:
                sawtooth.append(session_id)
        return Scope(
            span,
            series=tuple(series),
            irregular=tuple(irregular),
            two_writers=tuple(two_writers),
            sawtooth=tuple(sawtooth),
        )

    def _add_up(self, session: _Session, into: list[IrregularSeries]) -> tuple[bool, bool]:
        """Add up a session's series. Returns whether they oscillate, and whether drops are unexplained."""
        begins: list[float] = []
        resumed = False
        drops: list[float] = []
        for (name, labels), track in session.tracks.items():
            metric = self._catalogue.metric_of(name)
            if metric is Metric.SESSIONS and dict(labels).get(Label.START_TYPE) in {"resume", "continue"}:
                begins += appearances(track)
                resumed = True
            elif metric is not Metric.SESSIONS:
                drops += track.drops()
        oscillates = any(has_two_writers(track) for track in session.tracks.values())
        restarts = [] if oscillates else confirmed_restarts(begins, drops)
        for (name, labels), track in session.tracks.items():
            metric = self._catalogue.metric_of(name)
            if metric is None:
                continue
            rises = increments_of_writers(track) if oscillates else increments(track, restarts)
            into.append(IrregularSeries(metric, dict(labels), rises))
        return oscillates, bool(drops) and not resumed

    def _fetch(self, span: Span, selector: Selector, sessions: dict[str, _Session]) -> None:
        """Fetch the raw samples of (start, end] and the bases, in slices of bounded size."""
        window_s = span.end - span.start
        counted = self._client.query(f"sum(count_over_time({selector.over(window_s)}))", span.end)
        samples = counted[0].value if counted else 0.0
        slices = max(1, -(-int(samples) // _SAMPLES_AN_ANSWER))
        edges = [span.start + window_s * i // slices for i in range(slices + 1)]
        base = self._client.query(selector.last(self._lookback_s, offset_s=window_s), span.end)
        for sample in base:
            _track(sessions, sample.labels).base = sample.value
        for start, end in pairwise(edges):
            for found in self._raw(selector, start, end):
                track = _track(sessions, found.labels)
                for t, value in found.points:
                    # Before Prometheus 3 a range includes its first moment: it belongs to the slice before.
                    if t > start and (not track.times or t > track.times[-1]):
                        track.times.append(t)
                        track.values.append(value)

    def _raw(self, selector: Selector, start: float, end: float) -> list[Series]:
        return self._client.query_samples(selector.over(end - start), end)


def _track(sessions: dict[str, _Session], labels: Mapping[str, str]) -> Track:
    plain = {canonical_label(name): value for name, value in labels.items()}
    name = labels["__name__"]
    del plain["__name__"]
    session = sessions.setdefault(plain.get(Label.SESSION, ""), _Session())
    return session.tracks.setdefault((name, tuple(sorted(plain.items()))), Track())


def _lists(ids: Sequence[str]) -> list[Matcher]:
    return [one_of(Label.SESSION, ids[i : i + _IDS_A_QUERY]) for i in range(0, len(ids), _IDS_A_QUERY)]


def _none_of(ids: Sequence[str]) -> Matcher:
    return one_of(Label.SESSION, ids, negate=True)
