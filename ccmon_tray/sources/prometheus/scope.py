"""Which sessions a window concerns: the active ones, and among them those whose counters reset.

Sessions whose series only rise are added up by the server. Those with a reset inside the window (or between
it and their base) are *irregular*: their raw samples are fetched and added up by :mod:`.exact`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
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

_UNNAMED: Final = Matcher(Label.SESSION, "=", "")
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
        ids: The regular sessions; empty where queries do not list them.
        unnamed: There are series without a session id.
        whole: Queries do not list sessions but cover every series, irregular ones included, whose share has
            to be put right afterwards.
        series: The series of irregular sessions, already added up.
        irregular: The ids of irregular sessions.
        two_writers: Those of them whose series oscillate.
        sawtooth: Those of them that drop although no process was resumed.
    """

    span: Span
    ids: tuple[str, ...] = ()
    unnamed: bool = False
    whole: bool = True
    series: tuple[IrregularSeries, ...] = ()
    irregular: tuple[str, ...] = ()
    two_writers: tuple[str, ...] = ()
    sawtooth: tuple[str, ...] = ()

    @property
    def lists(self) -> tuple[Matcher, ...]:
        """Matchers that each select a share of the regular sessions."""
        return tuple(_lists(self.ids))

    @property
    def rest(self) -> tuple[tuple[Matcher, ...], ...]:
        """The matchers for regular series that no list holds, if there are any."""
        if self.whole:
            return ((),)
        return ((_UNNAMED,),) if self.unnamed else ()

    @property
    def parts(self) -> tuple[tuple[Matcher, ...], ...]:
        """The matchers of each part of the regular series."""
        return (*((matcher,) for matcher in self.lists), *self.rest)


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
        suspects = self._each(
            [
                lambda span=span, ids=ids: self._suspects(span, ids)  # type: ignore[misc]
                for span, ids in zip(spans, everyone, strict=True)
            ]
        )
        return [
            self._scope(span, ids, found) for span, ids, found in zip(spans, everyone, suspects, strict=True)
        ]

    def _scope(self, span: Span, ids: list[str] | None, suspects: set[str]) -> Scope:
        scope = self._add_up_all(span, sorted(suspects - {""}))
        if ids is None:
            return scope
        regular = tuple(session for session in ids if session and session not in suspects)
        return replace(scope, ids=regular, unnamed="" in ids, whole=False)

    def _each(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """Run a call for each window side by side; a single one here, so that its queries are."""
        return [calls[0]()] if len(calls) == 1 else self._client.gather(calls)

    def _active_ids(self, span: Span) -> list[str] | None:
        """The sessions with samples in the window, "" for those without an id; None if not to be listed."""
        if not self._catalogue.lists_sessions:
            return None
        window_s = span.end - span.start
        calls = [
            self._ids_call(selector.spelling, _per_session(selector.spelling, selector.last(window_s)), span)
            for selector in self._catalogue.selectors(*Metric)
        ]
        ids = set().union(*self._client.gather(calls))
        return None if len(ids) > _MOST_IDS else sorted(ids)

    def _suspects(self, span: Span, ids: Sequence[str] | None) -> set[str]:
        """Sessions with a drop inside the window, or between it and the base, or of a resumed process."""
        parts: list[tuple[Matcher, ...]] = [()] if ids is None else [(matcher,) for matcher in _lists(ids)]
        signs: dict[Spelling, list[str]] = defaultdict(list)
        for part in parts:
            for spelling, sign in self._signs(span, part):
                signs[spelling].append(_per_session(spelling, sign))
        calls = [self._ids_call(spelling, " or ".join(found), span) for spelling, found in signs.items()]
        return set().union(*self._client.gather(calls))

    def _ids_call(self, spelling: Spelling, query: str, span: Span) -> Callable[[], set[str]]:
        label = spelling.label(Label.SESSION)
        return lambda: {sample.labels.get(label, "") for sample in self._client.query(query, span.end)}

    def _signs(self, span: Span, part: tuple[Matcher, ...]) -> Iterator[tuple[Spelling, str]]:
        """Expressions with a value for each series that speaks for a reset of its session."""
        window_s = span.end - span.start
        for selector in self._catalogue.selectors_by_name(*_TELLTALE):
            series = selector.where(*part)
            base = series.last(self._lookback_s, offset_s=window_s)
            yield series.spelling, f"resets({series.over(window_s)}) > 0"
            yield series.spelling, f"min_over_time({series.over(window_s)}) < ({base})"
        for selector in self._catalogue.selectors(Metric.SESSIONS):
            yield selector.spelling, selector.where(*part, _RESUMED).last(window_s)

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


def _per_session(spelling: Spelling, expression: str) -> str:
    return f"count by ({spelling.written(Label.SESSION)}) ({expression})"
