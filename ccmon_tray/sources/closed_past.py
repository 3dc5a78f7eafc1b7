"""Answers about days that are over, remembered: a poll asks only about what can still change.

A question over a window is cut at local midnights into a head (a part of a day), a middle of whole days that
are over, and a tail (today so far). Windows are half open and increments tile, so the parts add up to the
whole exactly. Parts that are over are asked once and kept; what is left to ask again is a day long at most,
whatever the window. So a poll over 90 days costs a server about as much as one over today.

Each distinct window costs a source work of its own, so windows are made common: missing parts of the past are
asked as steps of one longer window, and a lone window inside today as the last step of today.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Final

from ccmon_tray.sources.base import Answer, Question, Row, SessionSeen, Span, UsageSource
from ccmon_tray.sources.tally import Tally
from ccmon_tray.usage.models import UsageWarning
from ccmon_tray.usage.windows import Calendar

KEEP_S: Final = 3600.0
"""After so many seconds the past is read again: late samples and deleted series show within the hour."""

SETTLE_S: Final = 900
"""A day counts as over so many seconds after its end: samples written late still fall into it until then."""


class ClosedPast:
    """Asks a source, remembering what it said about days that are over.

    Args:
        source: Who is asked.
        calendar: The user's days.
    """

    def __init__(self, source: UsageSource, calendar: Calendar) -> None:
        self._source = source
        self._calendar = calendar
        self._closed_at = 0
        self._kept_until = 0.0
        self._kept: dict[Question, Answer] = {}
        self._used: set[Question] = set()
        self._warned: tuple[int, tuple[UsageWarning, ...]] | None = None
        self._seen: dict[str, SessionSeen | None] = {}
        self._seen_from = 0

    def forget(self) -> None:
        """Ask about the past again."""
        self._kept = {}
        self._used = set()
        self._warned = None
        self._seen = {}

    def begin(self, now: float) -> None:
        """Begin a poll: forget what is too old, or was of no use to the poll before.

        Args:
            now: Unix seconds.
        """
        closed_at = self._calendar.midnight(self._calendar.day_of(now - SETTLE_S))
        # A clock that was set back leaves a time of renewal too far ahead: do not trust those answers.
        if closed_at != self._closed_at or not 0 <= self._kept_until - now <= KEEP_S:
            self.forget()
            self._closed_at, self._kept_until = closed_at, now + KEEP_S
        self._kept = {question: answer for question, answer in self._kept.items() if question in self._used}
        self._used = set()

    def reaches_back(self, span: Span) -> bool:
        """Whether a window begins before the days that are over end, so that parts of it are remembered."""
        return len(self._parts(span)) > 1 or self._is_closed(span)

    def ask(self, questions: Iterable[Question]) -> dict[Question, Tally]:
        """The answers to all questions, by at most one ``ask`` of the source.

        Args:
            questions: What to ask; none with ``boundaries``, which are for charts.

        Raises:
            SourceError: The source cannot answer; what was remembered before stays as it was.
        """
        cuts = {question: self._cut(question) for question in dict.fromkeys(questions)}
        every = list(dict.fromkeys(part for cut in cuts.values() for part in cut))
        finest = {part: _finest(part, every) for part in every}
        needed = list(dict.fromkeys(finest.values()))
        missing = [part for part in needed if part not in self._kept]
        answers = {part: self._kept[part] for part in needed if part in self._kept}
        answers |= self._ask_together(missing)
        self._used |= set(needed)
        self._kept |= {part: _compact(answers[part]) for part in missing if self._is_closed(part.span)}
        return {
            question: Tally(
                question, _joined(question, [Tally(finest[part], answers[finest[part]]) for part in cut])
            )
            for question, cut in cuts.items()
        }

    def warnings(self, span: Span) -> tuple[UsageWarning, ...]:
        """Why answers about a window may be off. What concerns days that are over is asked hourly."""
        if not self.reaches_back(span):
            return self._source.warnings(span)
        closed, still_open = self._halves(span)
        if self._warned is None or not 0 <= span.start - self._warned[0] <= KEEP_S:
            self._warned = span.start, self._source.warnings(closed)
        found = {warning.code: warning for warning in self._warned[1]}
        if still_open is not None:
            for warning in self._source.warnings(still_open):
                found.setdefault(warning.code, warning)
        return tuple(found.values())

    def sessions_seen(self, span: Span, session_ids: Sequence[str]) -> dict[str, SessionSeen]:
        """First and last activity inside a window of the sessions named, by id."""
        if not self.reaches_back(span):
            return {seen.session_id: seen for seen in self._source.sessions_seen(span, session_ids)}
        closed, still_open = self._halves(span)
        if not 0 <= span.start - self._seen_from <= KEEP_S:
            self._seen, self._seen_from = {}, span.start
        # Where the window's start has passed a session's first activity, the next one is not known yet.
        unknown = [
            session
            for session in session_ids
            if session not in self._seen
            or ((before := self._seen[session]) is not None and before.first <= span.start)
        ]
        if unknown:
            found = {seen.session_id: seen for seen in self._source.sessions_seen(closed, unknown)}
            self._seen |= {session: found.get(session) for session in unknown}
        known = {s: seen for s in session_ids if (seen := self._seen[s]) is not None}
        if still_open is not None:
            for seen in self._source.sessions_seen(still_open, session_ids):
                earlier = known.get(seen.session_id)
                known[seen.session_id] = seen if earlier is None else replace(earlier, last=seen.last)
        return known

    def _is_closed(self, span: Span) -> bool:
        return span.end <= self._closed_at

    def _halves(self, span: Span) -> tuple[Span, Span | None]:
        if self._is_closed(span):
            return span, None
        return Span(span.start, self._closed_at), Span(self._closed_at, span.end)

    def _parts(self, span: Span) -> tuple[Span, ...]:
        """Head, middle and tail of a window, as far as there are any."""
        day = self._calendar.day_of(span.start)
        first = self._calendar.midnight(day)
        if first < span.start:
            first = self._calendar.midnight(day + timedelta(days=1))
        last = min(self._closed_at, self._calendar.midnight(self._calendar.day_of(span.end)))
        if first > last:
            return (span,)
        edges = sorted({span.start, first, last, span.end})
        return tuple(Span(start, end) for start, end in pairwise(edges))

    def _cut(self, question: Question) -> tuple[Question, ...]:
        parts = self._parts(question.span)
        if len(parts) == 1:
            return (question,)
        # The dearest groups of the parts are not the dearest of the whole: parts are asked in full.
        return tuple(replace(question, span=part, top=None) for part in parts)

    def _ask_together(self, parts: Sequence[Question]) -> dict[Question, Answer]:
        """The answers to parts, asked over as few distinct windows as possible."""
        asked = self._with_common_windows(parts)
        distinct = tuple(dict.fromkeys(asked.values()))
        answers = dict(zip(distinct, self._source.ask(distinct), strict=True)) if distinct else {}
        return {part: _share(part, question, answers[question]) for part, question in asked.items()}

    def _with_common_windows(self, parts: Sequence[Question]) -> Mapping[Question, Question]:
        """What to ask for each part: itself, or a question of which it is some of the steps."""
        asked = {part: part for part in parts}
        alike: dict[Question, list[Question]] = defaultdict(list)
        for part in parts:
            if self._is_closed(part.span) and part.top is None:
                alike[replace(part, span=Span(0, 1))].append(part)
        for group in alike.values():
            edges = sorted({edge for part in group for edge in (part.span.start, part.span.end)})
            if len(edges) > 2:
                asked |= {part: _stepped(part, edges) for part in group}
        users = Counter(part.span for part in parts)
        for part in parts:
            outer = [s for s in users if s.start < part.span.start and s.end == part.span.end]
            if outer and users[part.span] == 1 and part.top is None and not self._is_closed(part.span):
                asked[part] = _stepped(part, (outer[0].start, part.span.start, part.span.end))
        return asked


def _stepped(part: Question, edges: Sequence[int]) -> Question:
    return replace(part, span=Span(edges[0], edges[-1]), boundaries=tuple(edges))


def _share(part: Question, asked: Question, answer: Answer) -> Answer:
    """What the answer to a stepped question says about one part of its window."""
    if asked == part or asked.boundaries is None:
        return answer
    low, high = asked.boundaries.index(part.span.start), asked.boundaries.index(part.span.end)
    rows = [Row(row.key, sum(row.steps[low:high])) for row in answer.rows]
    return Answer(tuple(row for row in rows if row.total > 0), known=answer.known)


def _finest(question: Question, parts: Sequence[Question]) -> Question:
    """A question among those to be asked that answers this one too, because it groups by more labels."""
    found = question
    for other in parts:
        same = other.top is question.top is None and replace(other, by=question.by) == question
        if same and len(other.by) > len(found.by) and set(question.by) <= set(other.by):
            found = other
    return found


def _joined(question: Question, pieces: Sequence[Tally]) -> Answer:
    """The answer to a question from the answers to its parts."""
    if len(pieces) == 1 and pieces[0].question == question:
        return pieces[0].answer
    sums: dict[tuple[str, ...], float] = {}
    for piece in pieces:
        for key, amount in piece.per(*question.by).items():
            sums[key] = sums.get(key, 0.0) + amount
    rows = sorted((Row(key, total) for key, total in sums.items()), key=lambda row: (-row.total, row.key))
    return Answer(tuple(rows[: question.top]), known=all(piece.answer.known for piece in pieces))


def _compact(answer: Answer) -> Answer:
    """The answer with each distinct label value held once, however many answers it is part of."""
    rows = tuple(Row(tuple(map(sys.intern, row.key)), row.total) for row in answer.rows)
    return Answer(rows, answer.known)
