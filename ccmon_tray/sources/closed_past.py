"""Answers about what is over, remembered: a poll asks only about what can still change.

Time is cut at an *edge*, the newest quarter of an hour that is a quarter of an hour past. What lies before it
is asked once and kept; what came after it, the *tail*, is asked at each poll, so that a poll looks at 15 to
30 minutes whatever the window. Windows are half open and increments tile, so the parts add up to the whole.

Where a window's start or end has moved, only the difference is asked: what a kept sum gains at its end is
added, and what it loses at its start is subtracted. Sums are due to be asked anew every hour all the same.

Each distinct window costs a source work of its own, so the questions of a poll share windows: all about the
tail have one, with one question a metric, and long windows of the past are asked as steps of one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ccmon_tray.sources.base import Answer, Question, Row, Span, UsageSource
from ccmon_tray.sources.sums import NONE, Sums, changed, largest, regrouped, session_ids
from ccmon_tray.sources.tally import Tally
from ccmon_tray.usage.metrics import Label, Metric

KEEP_S: Final = 3600.0
"""After so many seconds the past is read again: late samples and deleted series show within the hour."""

SETTLE_S: Final = 900
"""A moment counts as over after so many seconds: samples written late still fall into it until then."""

EDGE_STEP_S: Final = 900
"""The edge between what is kept and what is asked at each poll moves in steps of so many seconds."""

GLIDE_STEP_S: Final = 15
"""The start of a window of up to an hour, which moves at each poll, is to be a multiple of so many seconds.

Its past is then asked in such steps once, instead of anew for each start. Few servers scrape more often.
"""

# A window of an hour that ends now begins at most so far before the edge.
_GLIDE_S: Final = 3600 - SETTLE_S
# Windows up to this long are asked with one question a metric, by all labels: so few sessions are in them.
_SHORT_S: Final = 3600


SessionRows = tuple[tuple[Metric, Row], ...]
"""What some answers say of one session."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What this poll knows about a question: the kept sums over what is over, and answers to add to them."""

    question: Question
    sums: Sums
    rest: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the answer to a question comes about: from a kept sum, and pieces added to it or subtracted.

    Attributes:
        closed: The part of the question that is over, if its sum is to be kept.
        base: The kept sum to begin with.
        gliding: The part that is over, if it is asked in small steps.
    """

    closed: Question | None = None
    base: Question | None = None
    gliding: Question | None = None
    added: tuple[Question, ...] = ()
    subtracted: tuple[Question, ...] = ()
    tail: Question | None = None

    @property
    def pieces(self) -> tuple[Question, ...]:
        """All that is asked, but for ``gliding``."""
        return (*self.added, *self.subtracted, *((self.tail,) if self.tail else ()))


class ClosedPast:
    """Asks a source, remembering what it said about what is over.

    Args:
        source: Who is asked.
    """

    def __init__(self, source: UsageSource) -> None:
        self._source = source
        self._now = 0.0
        self._edge = 0
        self._renew_at: float | None = None
        self._sums: dict[Question, Sums] = {}
        self._by_step: dict[Question, Answer] = {}
        self._used: set[Question] = set()
        self._short: dict[tuple[Metric, Span], Tally] = {}
        self._by_session: dict[Span, Mapping[str, Sequence[tuple[Metric, Row]]]] = {}
        self._pieces: dict[Question, Answer] = {}
        self._found: dict[Question, _Found] = {}
        self._counted: tuple[tuple[Sums, ...], frozenset[str]] = ((), frozenset())

    def forget(self) -> None:
        """Ask about the past again."""
        self._sums = {}
        self._by_step = {}
        self._used = set()
        self._renew_at = None

    def is_due(self, now: float) -> bool:
        """Whether the past is to be read again: it is time, the clock was set back, or nothing is known."""
        return self._renew_at is None or now < self._now or now >= self._renew_at

    def goes_on(self, now: float) -> bool:
        """Whether a poll can keep the edge of the poll before: nothing but its tail is to be asked then."""
        return bool(self._sums) and self._now <= now <= self._edge + _SHORT_S

    def begin(self, now: float, moved_at: float | None = None) -> None:
        """Begin a poll: forget what was of no use to the poll before.

        Args:
            now: Unix seconds.
            moved_at: Unix seconds for which the edge is worked out, if it is to stay where it was then.
        """
        if self._renew_at is None:
            self._renew_at = now + KEEP_S
        self._now = now
        settled = int((now if moved_at is None else moved_at) - SETTLE_S)
        self._edge = settled // EDGE_STEP_S * EDGE_STEP_S
        self._sums = {question: sums for question, sums in self._sums.items() if question in self._used}
        self._by_step = {piece: kept for piece, kept in self._by_step.items() if piece in self._used}
        self._used = set()
        self._short = {}
        self._by_session = {}
        self._pieces = {}
        self._found = {}

    def halves(self, span: Span) -> tuple[Span | None, Span | None]:
        """What is over of a window, and its tail."""
        closed = Span(span.start, min(span.end, self._edge)) if span.start < self._edge else None
        tail = Span(max(span.start, self._edge), span.end) if span.end > self._edge else None
        return closed, tail

    def used_in(self, span: Span, session_id: str) -> SessionRows:
        """What this poll's answers about a tail say of one session."""
        if span not in self._by_session:
            rows: dict[str, list[tuple[Metric, Row]]] = defaultdict(list)
            for (metric, of), tally in self._short.items():
                if of == span:
                    place = tally.question.by.index(Label.SESSION)
                    for row in tally.answer.rows:
                        rows[row.key[place]].append((metric, row))
            self._by_session[span] = rows
        return tuple(self._by_session[span].get(session_id, ()))

    def ask(self, questions: Iterable[Question], users: Iterable[Question] = ()) -> dict[Question, Tally]:
        """The answers to all questions, by at most one ``ask`` of the source.

        Args:
            questions: What to ask; none with ``boundaries``, which are for charts.
            users: What else to ask, by session, for :meth:`count_sessions`.

        Raises:
            SourceError: The source cannot answer; what was remembered before stays as it was.
        """
        questions, users = dict.fromkeys(questions), dict.fromkeys(users)
        # The dearest groups of the parts are not the dearest of the whole: parts are asked in full.
        in_full = {question: replace(question, top=None) for question in (*questions, *users)}
        finest = {question: _finest(full, in_full.values()) for question, full in in_full.items()}
        plans = {question: self._plan(question) for question in dict.fromkeys(finest.values())}
        self._fetch(plans.values())
        found = {question: self._carry_out(question, plan) for question, plan in plans.items()}
        self._found |= {question: found[finest[question]] for question in users}
        return {
            question: Tally(question, _answer(question, found[finest[question]])) for question in questions
        }

    def count_sessions(self, users: Iterable[Question]) -> int:
        """How many distinct session ids have rows in the answers to questions asked as ``users``."""
        found = [self._found[question] for question in users]
        sums = tuple(one.sums for one in found)
        if sums != self._counted[0]:
            closed = (session_ids(one.question, one.sums.amounts) for one in found)
            self._counted = sums, frozenset().union(*closed)
        known = self._counted[1]
        new = (
            session_ids(one.question, (row.key for row in answer.rows))
            for one in found
            for answer in one.rest
        )
        return len(known) + len(set().union(*new) - known)

    def _plan(self, question: Question) -> _Plan:
        closed_span, tail_span = self.halves(question.span)
        tail = replace(question, span=tail_span) if tail_span else None
        if closed_span is None:
            return _Plan(tail=tail)
        closed = replace(question, span=closed_span)
        if closed in self._sums:
            return _Plan(closed, closed, tail=tail)
        if self._glides(closed_span):
            return _Plan(gliding=closed, tail=tail)
        base = self._nearest(closed)
        if base is None:
            return _Plan(closed, added=(closed,), tail=tail)
        gained = _between(closed, base.span.end, closed_span.end)
        lost = _between(closed, base.span.start, closed_span.start)
        return _Plan(closed, base, added=gained, subtracted=lost, tail=tail)

    def _nearest(self, closed: Question) -> Question | None:
        """The kept sum from which the least is missing, if that is not much."""

        def missing_s(kept: Question) -> int:
            return (closed.span.start - kept.span.start) + (closed.span.end - kept.span.end)

        near = [
            kept
            for kept in self._sums
            if 0 <= closed.span.start - kept.span.start <= _SHORT_S
            and 0 <= closed.span.end - kept.span.end <= _SHORT_S
            and closed.span.start < kept.span.end
            and replace(kept, span=closed.span) == closed
        ]
        return min(near, key=missing_s, default=None)

    def _glides(self, span: Span) -> bool:
        begins = span.start >= self._edge - _GLIDE_S and span.start % GLIDE_STEP_S == 0
        return begins and span.end == self._edge

    def _carry_out(self, question: Question, plan: _Plan) -> _Found:
        """What a plan finds; the sums over what is over are kept."""
        sums = self._sums[plan.base] if plan.base else NONE
        if plan.added or plan.subtracted:
            sums = changed(
                sums,
                [self._pieces[piece] for piece in plan.added],
                [self._pieces[piece] for piece in plan.subtracted],
            )
        if plan.closed is not None:
            self._sums[plan.closed] = sums
            self._used.add(plan.closed)
        rest = tuple(self._pieces[piece] for piece in (plan.gliding, plan.tail) if piece is not None)
        return _Found(question, sums, rest)

    def _fetch(self, plans: Iterable[_Plan]) -> None:
        """Have the answers to all pieces of plans, asked over as few distinct windows as possible."""
        known = self._pieces.keys()
        gliding = dict.fromkeys(plan.gliding for plan in plans if plan.gliding and plan.gliding not in known)
        wanted = (piece for plan in plans for piece in plan.pieces)
        pieces = dict.fromkeys(piece for piece in wanted if piece not in known and piece not in gliding)
        short = [piece for piece in pieces if _is_short(piece.span)]
        # What is asked for each piece: it answers this one, besides others.
        asked = {piece: self._every_step(piece) for piece in gliding}
        asked |= _in_steps([piece for piece in pieces if not _is_short(piece.span)])
        asked |= self._one_a_metric(short)
        answers = {tally.question: tally.answer for tally in self._short.values()} | self._by_step
        new = [question for question in dict.fromkeys(asked.values()) if question not in answers]
        if new:
            answers |= zip(new, self._source.ask(new), strict=True)
        for piece, question in asked.items():
            self._pieces[piece] = _share(piece, question, answers[question])
        self._by_session = {}
        for piece in short:
            self._short[piece.metric, piece.span] = Tally(asked[piece], answers[asked[piece]])
        steps = {asked[piece] for piece in gliding}
        self._used |= steps
        self._by_step |= {question: answers[question] for question in steps}

    def _one_a_metric(self, pieces: Iterable[Question]) -> dict[Question, Question]:
        """What to ask for short windows: of each metric and window one question, by all labels."""
        alike: dict[tuple[Metric, Span], list[Question]] = defaultdict(list)
        for piece in pieces:
            alike[piece.metric, piece.span].append(piece)
        asked: dict[Question, Question] = {}
        for place, group in alike.items():
            question, known = _by_all_labels(group), self._short.get(place)
            if known is not None and set(question.by) <= set(known.question.by):
                question = known.question
            asked |= dict.fromkeys(group, question)
        return asked

    def _every_step(self, piece: Question) -> Question:
        edges = tuple(range(self._edge - _GLIDE_S, self._edge + 1, GLIDE_STEP_S))
        return replace(piece, span=Span(edges[0], edges[-1]), boundaries=edges)


def _answer(question: Question, found: _Found) -> Answer:
    """The answer to a question from what is known about it, or about a finer one."""
    sums, rest = found.sums, found.rest
    if found.question.by != question.by:
        sums = sums.grouped(tuple(found.question.by.index(label) for label in question.by))
        rest = tuple(regrouped(Tally(found.question, answer), question.by) for answer in rest)
    if question.top is not None:
        return largest(question.top, sums, rest)
    whole = changed(sums, rest)
    return Answer(tuple(Row(key, whole.amounts[key]) for key in whole.ranking), whole.known)


def _between(question: Question, start: int, end: int) -> tuple[Question, ...]:
    return (replace(question, span=Span(start, end)),) if start < end else ()


def _is_short(span: Span) -> bool:
    return span.end - span.start <= _SHORT_S


def _in_steps(pieces: Iterable[Question]) -> dict[Question, Question]:
    """What to ask for long windows: where those of equal questions overlap, the steps of one."""
    alike: dict[Question, list[Question]] = defaultdict(list)
    for piece in pieces:
        alike[replace(piece, span=Span(0, 1))].append(piece)
    asked: dict[Question, Question] = {}
    for group in alike.values():
        together: list[Question] = []
        for piece in sorted(group, key=lambda one: one.span.start):
            if together and piece.span.start >= max(other.span.end for other in together):
                asked |= dict.fromkeys(together, _stepped(together))
                together = []
            together.append(piece)
        asked |= dict.fromkeys(together, _stepped(together))
    return asked


def _stepped(pieces: Sequence[Question]) -> Question:
    edges = sorted({edge for piece in pieces for edge in (piece.span.start, piece.span.end)})
    boundaries = tuple(edges) if len(edges) > 2 else None
    return replace(pieces[0], span=Span(edges[0], edges[-1]), boundaries=boundaries)


def _by_all_labels(alike: Sequence[Question]) -> Question:
    """One question that answers all these about one metric and window, and more about its sessions."""
    labels = dict.fromkeys(label for piece in alike for label in (*piece.by, *(of for of, _ in piece.where)))
    return replace(alike[0], by=tuple(dict.fromkeys((Label.SESSION, *labels))), where=())


def _share(piece: Question, asked: Question, answer: Answer) -> Answer:
    """What the answer to a wider question says about a piece."""
    if asked == piece:
        return answer
    rows = answer.rows
    if asked.boundaries is not None:
        low, high = (asked.boundaries.index(edge) for edge in (piece.span.start, piece.span.end))
        shares = [Row(row.key, sum(row.steps[low:high])) for row in rows]
        rows = tuple(row for row in shares if row.total > 0)
    if asked.where != piece.where:
        places = [(asked.by.index(label), values) for label, values in piece.where]
        rows = tuple(row for row in rows if all(row.key[place] in values for place, values in places))
    return regrouped(Tally(asked, Answer(rows, answer.known)), piece.by)


def _finest(question: Question, others: Iterable[Question]) -> Question:
    """A question among those to be asked that answers this one too, because it groups by more labels."""
    found = question
    for other in others:
        same = other.metric is question.metric and other.span == question.span
        finer = same and len(other.by) > len(found.by) and set(question.by) <= set(other.by)
        if finer and other.where == question.where:
            found = other
    return found
