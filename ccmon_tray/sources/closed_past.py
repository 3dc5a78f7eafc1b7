"""Answers about days that are over, remembered: a poll asks only about what can still change.

A question over a window is cut at local midnights into a head (a part of a day), a middle of whole days that
are over, and a tail (today so far). Windows are half open and increments tile, so the parts add up to the
whole exactly. The middle is asked once and kept; head and tail are a day long at most, whatever the window.
So a poll over 90 days costs a server about as much as one over a day or two.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from ccmon_tray.sources.base import Answer, Question, Row, Span, UsageSource
from ccmon_tray.sources.tally import Tally
from ccmon_tray.usage.windows import Calendar

KEEP_S: Final = 3600.0
"""After so many seconds the past is read again: late samples and deleted series show within the hour."""

SETTLE_S: Final = 900
"""A day counts as over so many seconds after its end: samples written late still fall into it until then."""


@dataclass(frozen=True, slots=True)
class _Part:
    question: Question
    closed: bool


class ClosedPast:
    """Asks a source, remembering what it said about days that are over.

    Args:
        source: Who is asked.
        calendar: The user's days.
    """

    def __init__(self, source: UsageSource, calendar: Calendar) -> None:
        self._source = source
        self._calendar = calendar
        self._kept: dict[Question, Answer] = {}
        self._kept_until = 0.0
        self._closed_at = 0

    def forget(self) -> None:
        """Ask about the past again next time."""
        self._kept = {}

    def ask(self, questions: Iterable[Question], now: float) -> dict[Question, Tally]:
        """The answers to all questions, by one ``ask`` of the source.

        Args:
            questions: What to ask; none with ``boundaries``, which are for charts.
            now: Unix seconds.

        Raises:
            SourceError: The source cannot answer; what was remembered before stays as it was.
        """
        closed_at = self._calendar.midnight(self._calendar.day_of(now - SETTLE_S))
        # A clock that was set back leaves a day of renewal in the future: its answers are not to be trusted.
        if closed_at != self._closed_at or not 0 <= self._kept_until - now <= KEEP_S:
            self.forget()
            self._closed_at, self._kept_until = closed_at, now + KEEP_S
        parts = {question: self._cut(question, closed_at) for question in dict.fromkeys(questions)}
        every = list(dict.fromkeys(part for cut in parts.values() for part in cut))
        finest = {part.question: _finest(part.question, every) for part in every}
        needed = list(dict.fromkeys(finest.values()))
        missing = [question for question in needed if question not in self._kept]
        answers = {q: self._kept[q] for q in needed if q in self._kept}
        if missing:
            answers.update(zip(missing, self._source.ask(missing), strict=True))
        closed = {finest[part.question] for part in every if part.closed}
        # What this poll did not need, a range no longer shown, is let go.
        self._kept = {question: answer for question, answer in answers.items() if question in closed}
        tallies = {}
        for question, cut in parts.items():
            pieces = [Tally(finest[part.question], answers[finest[part.question]]) for part in cut]
            tallies[question] = Tally(question, _joined(question, pieces))
        return tallies

    def _cut(self, question: Question, closed_at: int) -> tuple[_Part, ...]:
        start, end = question.span.start, question.span.end
        day = self._calendar.day_of(start)
        first = self._calendar.midnight(day)
        if first < start:
            first = self._calendar.midnight(day + timedelta(days=1))
        last = min(closed_at, self._calendar.midnight(self._calendar.day_of(end)))
        if first >= last:
            return (_Part(question, closed=False),)
        # The dearest groups of the parts are not the dearest of the whole: parts are asked in full.
        whole = replace(question, top=None)
        middle = _Part(replace(whole, span=Span(first, last)), closed=True)
        head = [_Part(replace(whole, span=Span(start, first)), closed=False)] if start < first else []
        tail = [_Part(replace(whole, span=Span(last, end)), closed=False)] if last < end else []
        return (*head, middle, *tail)


def _finest(question: Question, parts: Sequence[_Part]) -> Question:
    """A question among those to be asked that answers this one too, because it groups by more labels."""
    if question.top is not None:
        return question
    found = question
    for part in parts:
        other = part.question
        same = replace(other, by=question.by) == question
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
