"""Which sessions a window concerns, and how each is to be added up.

Most series appear inside the window: their last value is their increase. Some were there before: they
*straddle* the window's start, and their base has to be subtracted. Few drop inside the window, or between
their base and it: their sessions are *irregular*, and their raw samples are added up by :mod:`.exact`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

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
from ccmon_tray.sources.prometheus.promql import Matcher, Spelling, labelled, one_of
from ccmon_tray.usage.metrics import Label, Metric

# A list of ids makes a query of about 40 bytes each, and a regular expression that takes the server longer to
# compile than the look-ups take that it becomes.
_IDS_A_QUERY: Final = 1_500
# With more sessions than this in a window, or across its start, no list is worth its price.
_MOST_ACTIVE: Final = 12_000
_MOST_STRADDLERS: Final = 1_000
_SHORT_S: Final = 2 * 86_400
_FEW: Final = 60

# The label that tells apart what one query answers at once.
_PART: Final = "ccmon_tray_part"
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
        active: The sessions with samples in it, "" for series without an id; None where they were not asked
            for, or are too many.
        straddlers: Those of them that may have had samples before, too; None where that is not known.
        series: The series of irregular sessions, already added up.
        irregular: The ids of irregular sessions.
        two_writers: Those of them whose series oscillate.
        sawtooth: Those of them that drop although no process was resumed.
        stored_twice: Sessions whose cost is stored under several names at once.
    """

    span: Span
    active: tuple[str, ...] | None = None
    straddlers: tuple[str, ...] | None = None
    series: tuple[IrregularSeries, ...] = ()
    irregular: tuple[str, ...] = ()
    two_writers: tuple[str, ...] = ()
    sawtooth: tuple[str, ...] = ()
    stored_twice: tuple[str, ...] = ()


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
        # Tokens come with cost, in many times as many series.
        self._telling = [
            metric for metric in Metric if metric is not Metric.TOKENS or not catalogue.names.get(Metric.COST)
        ]

    def find(self, span: Span, *, listed: bool) -> Scope:
        """How each session is to be added up in a window.

        Args:
            span: The window.
            listed: Whether its active sessions must be known.
        """
        listing = self._catalogue.lists_sessions
        straddlers: set[str] | None = None
        if listing and span.end - span.start > _SHORT_S:
            # Before a long window there may be few sessions, and in it many.
            before = self._sessions_before(span)
            if len(before) <= _MOST_STRADDLERS:
                straddlers = before
        parts = self._ask_sessions(span, active=listing and (listed or straddlers is None))
        active: set[str] | None = parts["active"] if listing and (listed or straddlers is None) else None
        if active is not None and len(active) > _MOST_ACTIVE:
            active = None
        if straddlers is None and active is not None:
            # To tell of a few whether they were there before is no cheaper than to look for their bases.
            straddlers = active if len(active) <= _FEW else active & self._sessions_before(span)
            if len(straddlers) > _MOST_STRADDLERS:
                straddlers = None
        suspects = parts["suspect"] | self._fallen_since_base(span, straddlers)
        return replace(
            self._add_up_all(span, sorted(suspects)),
            active=None if active is None else tuple(sorted(active)),
            straddlers=None if straddlers is None else tuple(sorted(straddlers)),
            stored_twice=tuple(sorted(self._stored_twice(span))),
        )

    def _stored_twice(self, span: Span) -> set[str]:
        """Sessions with cost under more than one stored name: two pipelines, and both are added up."""
        selectors = self._catalogue.selectors_by_name(Metric.COST)
        if len(selectors) < 2:
            return set()
        calls = []
        for selector in selectors:
            last = selector.last(span.end - span.start)
            query = labelled(_per_session(selector.spelling, last), _PART, selector.names[0])
            calls.append(self._sessions_call(selector.spelling, query, span.end))
        counts = Counter(session for found in self._client.gather(calls) for _, session in found if session)
        return {session for session, names in counts.items() if names > 1}

    def _sessions_before(self, span: Span) -> set[str]:
        """Sessions that may have samples at or before the window's start, from the server's index.

        The index tells by blocks, so that there may be some among them that have none.
        """
        found: set[str] = set()
        start = span.start - self._lookback_s
        for selector in self._catalogue.selectors(*self._telling):
            label = selector.spelling.label(Label.SESSION)
            found.update(self._client.label_values(label, [str(selector)], start, span.start))
        # Series without an id are not told apart: some may have been there.
        return found | {""} if self._catalogue.has_unnamed else found - {""}

    def _ask_sessions(self, span: Span, *, active: bool) -> dict[str, set[str]]:
        """The sessions that drop in the window or are of a resumed process; those active in it if asked."""
        window_s = span.end - span.start
        expressions: dict[Spelling, list[str]] = defaultdict(list)
        for selector in self._catalogue.selectors(*self._telling) if active else ():
            expressions[selector.spelling].append(
                labelled(_per_session(selector.spelling, selector.last(window_s)), _PART, "active")
            )
        for selector in self._catalogue.selectors_by_name(*_TELLTALE):
            drops = f"resets({selector.over(window_s)}) > 0"
            expressions[selector.spelling].append(
                labelled(_per_session(selector.spelling, drops), _PART, "suspect")
            )
        for selector in self._catalogue.selectors(Metric.SESSIONS):
            resumed = selector.where(_RESUMED).last(window_s)
            expressions[selector.spelling].append(
                labelled(_per_session(selector.spelling, resumed), _PART, "suspect")
            )
        return self._collect(expressions, span)

    def _fallen_since_base(self, span: Span, straddlers: set[str] | None) -> set[str]:
        """Sessions that drop between their base and the window: its lowest value is below the base."""
        if straddlers is not None and not straddlers:
            return set()
        window_s = span.end - span.start
        parts = [()] if straddlers is None else [(matcher,) for matcher in session_lists(sorted(straddlers))]
        expressions: dict[Spelling, list[str]] = defaultdict(list)
        for part in parts:
            for selector in self._catalogue.selectors_by_name(*_TELLTALE):
                series = selector.where(*part)
                base = series.last(self._lookback_s, offset_s=window_s)
                fallen = f"min_over_time({series.over(window_s)}) < ({base})"
                expressions[series.spelling].append(
                    labelled(_per_session(series.spelling, fallen), _PART, "suspect")
                )
        return self._collect(expressions, span)["suspect"]

    def _collect(self, expressions: Mapping[Spelling, Sequence[str]], span: Span) -> dict[str, set[str]]:
        calls: list[Callable[[], list[tuple[str, str]]]] = [
            self._sessions_call(spelling, " or ".join(found), span.end)
            for spelling, found in expressions.items()
        ]
        parts: dict[str, set[str]] = defaultdict(set)
        for found in self._client.gather(calls):
            for part, session in found:
                parts[part].add(session)
        return parts

    def _sessions_call(self, spelling: Spelling, query: str, at: int) -> Callable[[], list[tuple[str, str]]]:
        label = spelling.label(Label.SESSION)
        return lambda: [
            (sample.labels[_PART], sample.labels.get(label, "")) for sample in self._client.query(query, at)
        ]

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


def session_lists(ids: Sequence[str]) -> list[Matcher]:
    """Matchers that each select a share of some sessions; "" stands for series without an id."""
    return [one_of(Label.SESSION, ids[i : i + _IDS_A_QUERY]) for i in range(0, len(ids), _IDS_A_QUERY)]


def _per_session(spelling: Spelling, expression: str) -> str:
    return f"count by ({spelling.written(Label.SESSION)}) ({expression})"
