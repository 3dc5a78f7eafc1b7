"""When sessions were used, and what figures are warned of: remembered like the answers about what is over."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ccmon_tray.sources.base import SessionSeen, Span, UsageSource
from ccmon_tray.sources.closed_past import KEEP_S, ClosedPast, SessionRows
from ccmon_tray.usage.models import UsageWarning


class ClosedSessions:
    """Asks a source about sessions and warnings, remembering what it said about what is over.

    Args:
        source: Who is asked.
        past: Its answers of the poll under way.
    """

    def __init__(self, source: UsageSource, past: ClosedPast) -> None:
        self._source = source
        self._past = past
        self.forget()

    def forget(self) -> None:
        """Ask about the past again."""
        self._warned: tuple[Span, tuple[UsageWarning, ...]] | None = None
        self._seen: dict[str, SessionSeen | None] = {}
        self._seen_span: Span | None = None
        self._tail_start = 0
        self._tail_rows: dict[str, SessionRows] = {}
        self._tail_seen: dict[str, SessionSeen] = {}

    def warnings(self, span: Span) -> tuple[UsageWarning, ...]:
        """Why answers about a window may be off."""
        closed, tail = self._past.halves(span)
        found: tuple[UsageWarning, ...] = ()
        if closed is not None:
            if self._warned is None or not _continues(closed, self._warned[0]):
                self._warned = closed, self._source.warnings(closed)
            elif closed.end > self._warned[0].end:
                before, known = self._warned
                new = self._source.warnings(Span(before.end, closed.end))
                self._warned = Span(before.start, closed.end), _united([*known, *new])
            found = self._warned[1]
        return found if tail is None else _united([*found, *self._source.warnings(tail)])

    def sessions_seen(self, span: Span, session_ids: Sequence[str]) -> dict[str, SessionSeen]:
        """First and last activity inside a window of the sessions named, by id.

        Needs this poll's answers about all use in the window, by session: in its tail only those whose use
        has changed since the poll before are asked for.
        """
        closed, tail = self._past.halves(span)
        known: dict[str, SessionSeen] = {}
        if closed is not None:
            self._look_back(closed, session_ids)
            known = {session: seen for session in session_ids if (seen := self._seen[session]) is not None}
        if tail is not None:
            self._look_at_tail(tail, session_ids)
            for session, seen in self._tail_seen.items():
                known[session] = _joined(known.get(session), seen)
        return known

    def _look_back(self, closed: Span, session_ids: Sequence[str]) -> None:
        """Know of each session when it was used in what is over."""
        before = self._seen_span
        if before is None or not _continues(closed, before):
            self._seen = {}
        else:
            self._seen = {session: self._seen[session] for session in session_ids if session in self._seen}
            if self._seen and closed.end > before.end:
                for seen in self._source.sessions_seen(Span(before.end, closed.end), tuple(self._seen)):
                    self._seen[seen.session_id] = _joined(self._seen[seen.session_id], seen)
        self._seen_span = closed
        # Where the window's start has passed a session's first activity, the next one is not known yet.
        unknown = [
            session
            for session in session_ids
            if session not in self._seen
            or ((known := self._seen[session]) is not None and known.first <= closed.start)
        ]
        if unknown:
            found = {seen.session_id: seen for seen in self._source.sessions_seen(closed, unknown)}
            self._seen |= {session: found.get(session) for session in unknown}

    def _look_at_tail(self, tail: Span, session_ids: Sequence[str]) -> None:
        rows = {session: used for session in session_ids if (used := self._past.used_in(tail, session))}
        if tail.start != self._tail_start:
            self._tail_rows = {}
        self._tail_start = tail.start
        changed = [session for session, used in rows.items() if used != self._tail_rows.get(session)]
        seen = {session: one for session, one in self._tail_seen.items() if session in rows}
        if changed:
            seen |= {one.session_id: one for one in self._source.sessions_seen(tail, changed)}
        self._tail_seen, self._tail_rows = seen, rows


def _continues(span: Span, before: Span) -> bool:
    """Whether a window is an earlier one gone on with the clock."""
    return 0 <= span.start - before.start <= KEEP_S and span.end >= before.end


def _joined(earlier: SessionSeen | None, later: SessionSeen) -> SessionSeen:
    return later if earlier is None else replace(earlier, last=later.last)


def _united(warnings: Iterable[UsageWarning]) -> tuple[UsageWarning, ...]:
    """One warning of each code, about the sessions of all, in the words of the one with the most."""
    found: dict[str, UsageWarning] = {}
    for warning in warnings:
        other = found.get(warning.code, warning)
        sessions = tuple(sorted({*other.sessions, *warning.sessions}))
        words = max(other, warning, key=lambda one: len(one.sessions))
        found[warning.code] = words.model_copy(update={"sessions": sessions})
    return tuple(found.values())
