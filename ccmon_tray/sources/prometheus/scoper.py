"""Finds which sessions a window concerns (:mod:`.scope`), and adds up those that the server cannot."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from ccmon_tray.sources.base import Span
from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.discovery import Catalogue
from ccmon_tray.sources.prometheus.exact import has_two_writers, increments, increments_of_writers, restarts
from ccmon_tray.sources.prometheus.history import Histories, SessionHistory
from ccmon_tray.sources.prometheus.promql import Matcher, Spelling, labelled, one_of, session_lists
from ccmon_tray.sources.prometheus.scope import IrregularSeries, Need, Scope, Shape
from ccmon_tray.usage.metrics import Label, Metric

# With more sessions than this in a window, or across its start, no list is worth its price.
_MOST_ACTIVE: Final = 12_000
_MOST_STRADDLERS: Final = 1_000
_SHORT_S: Final = 2 * 86_400
_FEW: Final = 60

# The label that tells apart what one query answers at once.
_PART: Final = "ccmon_tray_part"
_LOWEST: Final = "lowest "
_RESUMED: Final = Matcher(Label.START_TYPE, "=~", "resume|continue")
# Counters that tell a restart by dropping. Tokens carry the labels of cost and drop with it.
_TELLTALE: Final = (Metric.COST, Metric.ACTIVE_TIME)


@dataclass(frozen=True, slots=True)
class Look:
    """What the server says at first of the sessions in a window.

    Attributes:
        span: The window.
        parts: By what was asked, and session: see :meth:`Scoper.look`.
        is_listed: Whether the active sessions are among the parts.
        early: The sessions that may have samples before the window and in it, if it is long.
        stored_twice: Sessions whose cost is stored under several names at once.
        irregular_only: Nothing but the irregular sessions is asked for.
    """

    span: Span
    parts: Mapping[str, Mapping[str, float]]
    is_listed: bool
    early: frozenset[str] | None
    stored_twice: frozenset[str]
    irregular_only: bool = False


@dataclass(frozen=True, slots=True)
class Sighting:
    """Which sessions a window concerns, and which of them may be irregular.

    Attributes:
        scope: What is known so far, which may be all.
        suspects: Those that are irregular for what they did in the window.
        unsure: Those that may have dropped between their base and the window; None for all.
    """

    scope: Scope
    suspects: frozenset[str] = frozenset()
    unsure: frozenset[str] | None = frozenset()

    @property
    def is_settled(self) -> bool:
        """Whether nothing more need be asked."""
        return not self.suspects and self.unsure is not None and not self.unsure


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

    def look(self, span: Span, need: Need, *, counted: bool = False, before: Scope | None = None) -> Look:
        """Ask about the sessions in a window what need not wait for anything.

        Args:
            span: The window.
            need: How much must be known of them.
            counted: Their series are counted elsewhere: which are active is not asked for here.
            before: What was found when the window, which has grown since, ended earlier.
        """
        lists = self._catalogue.lists_sessions
        # Of a long window the index tells at once which sessions may have been there before.
        early = self._straddlers(span) if lists and span.end - span.start > _SHORT_S else None
        wants = Need.BASES if early is None else Need.ACTIVE
        is_listed = lists and not counted and need >= wants
        straddled = before.straddlers if before is not None and before.straddlers else ()
        parts = self._ask_sessions(span, active=is_listed, lowest_of=straddled)
        irregular_only = need is Need.IRREGULAR and early is None
        twice = frozenset(self._stored_twice(span))
        return Look(span, parts, is_listed, early, twice, irregular_only)

    def sight(
        self, look: Look, counts: Mapping[str, float] | None = None, before: Scope | None = None
    ) -> Sighting:
        """Which sessions a window concerns, before it is known which of them are irregular.

        Args:
            look: What was asked of it.
            counts: How many series each active session has in it, if they were counted.
            before: What was found when the window, which has grown since, ended earlier: of sessions whose
                series are still the same nothing is asked that cannot have changed.
        """
        span, parts = look.span, look.parts
        active: set[str] | None = None
        if counts is not None or look.is_listed:
            active = set(parts["active"] if counts is None else counts)
            if len(active) > _MOST_ACTIVE:
                active = None
        if before is None or before.straddlers is None:
            before = Scope(span)
        straddlers: set[str] | None = None if look.early is None else set(look.early)
        if straddlers is not None and active is not None:
            straddlers &= active
        elif active is not None:
            # To tell of a few whether they were there before is no cheaper than to look for their bases.
            new = active - before.shapes.keys()
            straddlers = new if len(new) <= _FEW else new & self._sessions_before(span)
            straddlers |= active.intersection(before.straddlers or ())
            straddlers -= before.begun
        if straddlers is not None and len(straddlers) > _MOST_STRADDLERS:
            straddlers = None
        scope = Scope(
            span,
            active=None if active is None else tuple(sorted(active)),
            straddlers=None if straddlers is None else tuple(sorted(straddlers)),
            stored_twice=tuple(sorted(look.stored_twice)),
            begun=before.begun,
            shapes=_shapes(counts or {}, parts),
            irregular_only=look.irregular_only,
        )
        same = scope.unchanged(before.shapes)
        fallen = before.fallen & same
        return Sighting(
            replace(scope, fallen=fallen),
            fallen.union(parts["suspect"]),
            None if straddlers is None else frozenset(straddlers - same),
        )

    def settle(self, sighting: Sighting) -> Scope:
        """Find the irregular sessions among those seen, and add them up."""
        scope = sighting.scope
        if sighting.is_settled:
            return scope
        # Only a window that grows is asked about again.
        told = self._compared_with_before(scope.span, sighting.unsure, grows=bool(scope.shapes))
        fallen = set(told["fallen"])
        begun = (sighting.unsure or frozenset()) - told["before"].keys() if scope.shapes else frozenset()
        lowest = _lowest(told)
        shapes = {
            session: replace(shape, lowest=lowest.get(session, shape.lowest))
            for session, shape in scope.shapes.items()
        }
        return replace(
            self._add_up_all(scope.span, sorted(sighting.suspects | fallen)),
            active=scope.active,
            straddlers=scope.straddlers,
            stored_twice=scope.stored_twice,
            fallen=scope.fallen | fallen,
            begun=scope.begun | begun,
            shapes=shapes,
            irregular_only=scope.irregular_only,
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
        counts = Counter(
            session for found in self._client.gather(calls) for _, session, _ in found if session
        )
        return {session for session, names in counts.items() if names > 1}

    def _straddlers(self, span: Span) -> frozenset[str]:
        """Sessions that may have samples both at or before the window's start and in it, from the index."""
        before = self._sessions_before(span)
        if len(before) > _FEW:
            before &= self._sessions_within(span.start, span.end)
        return frozenset(before)

    def _sessions_before(self, span: Span) -> set[str]:
        """Sessions that may have samples at or before the window's start, from the index."""
        return self._sessions_within(span.start - self._lookback_s, span.start)

    def _sessions_within(self, start: int, end: int) -> set[str]:
        """Sessions that may have samples in a stretch of time, from the server's index.

        The index tells by blocks, so that there may be some among them that have none.
        """
        found: set[str] = set()
        for selector in self._catalogue.selectors(*self._telling):
            label = selector.spelling.label(Label.SESSION)
            found.update(self._client.label_values(label, [str(selector)], start, end))
        # Series without an id are not told apart: some may have been there.
        return found | {""} if self._catalogue.has_unnamed else found - {""}

    def _ask_sessions(
        self, span: Span, *, active: bool, lowest_of: Sequence[str]
    ) -> dict[str, dict[str, float]]:
        """By session: those that drop in the window or are of a resumed process, and what else is asked for.

        Args:
            span: The window.
            active: Ask which are active in it.
            lowest_of: Sessions of which to ask for the lowest values of the counters that tell a restart,
                summed: a sample that comes late may be the first one in the window, and lie below the base.
        """
        window_s = span.end - span.start
        expressions: dict[Spelling, list[str]] = defaultdict(list)

        def ask(part: str, spelling: Spelling, operator: str, expression: str) -> None:
            per_session = f"{operator} by ({spelling.written(Label.SESSION)}) ({expression})"
            expressions[spelling].append(labelled(per_session, _PART, part))

        for selector in self._catalogue.selectors(*self._telling) if active else ():
            ask("active", selector.spelling, "count", selector.last(window_s))
        narrowed = (one_of(Label.SESSION, lowest_of),) if len(lowest_of) <= _FEW else ()
        # Each in a part of its own: of equal labels, "or" keeps one side alone.
        for i, selector in enumerate(self._catalogue.selectors_by_name(*_TELLTALE) if lowest_of else ()):
            lowest = f"min_over_time({selector.where(*narrowed).over(window_s)})"
            ask(f"{_LOWEST}{i}", selector.spelling, "sum", lowest)
        for selector in self._catalogue.selectors_by_name(*_TELLTALE):
            ask("suspect", selector.spelling, "count", f"resets({selector.over(window_s)}) > 0")
        for selector in self._catalogue.selectors(Metric.SESSIONS):
            ask("suspect", selector.spelling, "count", selector.where(_RESUMED).last(window_s))
        return self._collect(expressions, span)

    def _compared_with_before(
        self, span: Span, straddlers: AbstractSet[str] | None, *, grows: bool
    ) -> dict[str, dict[str, float]]:
        """What is told of sessions that may have been there before a window.

        Args:
            span: The window.
            straddlers: The sessions; None for all.
            grows: The window is asked about again: tell more, unless all are asked about.

        Returns:
            By session: "fallen" are those whose lowest value in the window is below their base, "before"
            those that were there; and the lowest values of :meth:`_ask_sessions`.
        """
        if straddlers is not None and not straddlers:
            return defaultdict(dict)
        window_s = span.end - span.start
        tells_more = grows and straddlers is not None
        parts = [()] if straddlers is None else [(matcher,) for matcher in session_lists(sorted(straddlers))]
        expressions: dict[Spelling, list[str]] = defaultdict(list)

        def ask(part: str, spelling: Spelling, expression: str, operator: str = "count") -> None:
            per_session = f"{operator} by ({spelling.written(Label.SESSION)}) ({expression})"
            expressions[spelling].append(labelled(per_session, _PART, part))

        for part in parts:
            for i, selector in enumerate(self._catalogue.selectors_by_name(*_TELLTALE)):
                series = selector.where(*part)
                base = series.last(self._lookback_s, offset_s=window_s)
                lowest = f"min_over_time({series.over(window_s)})"
                ask("fallen", series.spelling, f"{lowest} < ({base})")
                if tells_more:
                    ask(f"{_LOWEST}{i}", series.spelling, lowest, "sum")
            for selector in self._catalogue.selectors(*self._telling) if tells_more else ():
                series = selector.where(*part)
                ask("before", series.spelling, series.last(self._lookback_s, offset_s=window_s))
        return self._collect(expressions, span)

    def _collect(
        self, expressions: Mapping[Spelling, Sequence[str]], span: Span
    ) -> dict[str, dict[str, float]]:
        calls: list[Callable[[], list[tuple[str, str, float]]]] = [
            self._sessions_call(spelling, " or ".join(found), span.end)
            for spelling, found in expressions.items()
        ]
        parts: dict[str, dict[str, float]] = defaultdict(dict)
        for found in self._client.gather(calls):
            for part, session, value in found:
                parts[part][session] = parts[part].get(session, 0.0) + value
        return parts

    def _sessions_call(
        self, spelling: Spelling, query: str, at: int
    ) -> Callable[[], list[tuple[str, str, float]]]:
        label = spelling.label(Label.SESSION)
        return lambda: [
            (sample.labels[_PART], sample.labels.get(label, ""), sample.value)
            for sample in self._client.query(query, at)
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


def _shapes(counts: Mapping[str, float], parts: Mapping[str, Mapping[str, float]]) -> dict[str, Shape]:
    lowest = _lowest(parts)
    return {session: Shape(series, lowest.get(session, 0.0)) for session, series in counts.items()}


def _lowest(parts: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The lowest values of each session, summed."""
    lowest: dict[str, float] = defaultdict(float)
    for part, values in parts.items():
        if part.startswith(_LOWEST):
            for session, value in values.items():
                lowest[session] += value
    return lowest


def _per_session(spelling: Spelling, expression: str) -> str:
    return f"count by ({spelling.written(Label.SESSION)}) ({expression})"
