"""A source of usage held in memory that answers exactly, by brute force over a list of events."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from ccmon_tray.sources.base import Answer, Inventory, Question, Row, SessionSeen, Span
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import SourceInfo, UsageWarning
from ccmon_tray.usage.states import SourceKind

if TYPE_CHECKING:
    from ccmon_tray.errors import CcmonError


@dataclass(frozen=True, slots=True)
class Event:
    """An increase of one counter at one moment (Unix seconds)."""

    at: float
    metric: Metric
    amount: float
    labels: Mapping[Label, str] = field(default_factory=dict)


def request(
    at: float,
    session: str,
    cost_usd: float,
    tokens: Mapping[str, float],
    *,
    model: str = "claude-opus-4-8",
    user: Mapping[Label, str] | None = None,
) -> list[Event]:
    """The events of one model request: its cost, and its tokens by ``type`` label as emitted."""
    labels = {Label.SESSION: session, Label.MODEL: model, **(user or {})}
    return [
        Event(at, Metric.COST, cost_usd, labels),
        *(Event(at, Metric.TOKENS, n, {**labels, Label.TYPE: kind}) for kind, n in tokens.items()),
    ]


class FakeSource:
    """A :class:`~ccmon_tray.sources.base.UsageSource` over events.

    Args:
        events: What was used.
        metrics: The counters it holds; by default all. Empty means no telemetry.
        warned: What :meth:`warnings` says about every window.
        info: How the source introduces itself.

    Attributes:
        error: Raised by every call while set.
        asked: The questions of each ``ask``, in order.
    """

    def __init__(
        self,
        events: Iterable[Event] = (),
        *,
        metrics: Iterable[Metric] = tuple(Metric),
        warned: tuple[UsageWarning, ...] = (),
        info: SourceInfo | None = None,
    ) -> None:
        self.events = list(events)
        self.metrics = tuple(metrics)
        self.warned = warned
        self.info = info or SourceInfo(
            kind=SourceKind.PROMETHEUS, url="http://localhost:9090", version="2.42.0"
        )
        self.error: CcmonError | None = None
        self.asked: list[tuple[Question, ...]] = []
        self.refreshes = 0
        self.closed = False

    def inventory(self, *, refresh: bool = False) -> Inventory:
        """What the source holds."""
        self._check()
        self.refreshes += refresh
        return Inventory(self.info, {m: (f"claude_code_{m.value.replace('.', '_')}",) for m in self.metrics})

    def ask(self, questions: Sequence[Question]) -> tuple[Answer, ...]:
        """The exact answers."""
        self._check()
        self.asked.append(tuple(questions))
        return tuple(self._answer(question) for question in questions)

    def count_sessions(self, span: Span) -> int:
        """Distinct session ids with any use."""
        return len(self.sessions_seen(span))

    def sessions_seen(self, span: Span, session_ids: Sequence[str] | None = None) -> tuple[SessionSeen, ...]:
        """First and last activity of each session."""
        self._check()
        moments: dict[str, list[float]] = {}
        for event in self.events:
            session = event.labels.get(Label.SESSION, "")
            wanted = session and (session_ids is None or session in session_ids)
            if wanted and event.amount > 0 and span.start < event.at <= span.end:
                moments.setdefault(session, []).append(event.at)
        return tuple(
            SessionSeen(session, math.floor(min(at)), math.floor(max(at))) for session, at in moments.items()
        )

    def warnings(self, span: Span) -> tuple[UsageWarning, ...]:
        """The warnings given at the start."""
        self._check()
        return self.warned

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    def _check(self) -> None:
        if self.error is not None:
            raise self.error

    def _answer(self, question: Question) -> Answer:
        if question.metric not in self.metrics:
            return Answer((), known=False)
        edges = question.boundaries or (question.span.start, question.span.end)
        assert (edges[0], edges[-1]) == (question.span.start, question.span.end)
        groups: dict[tuple[str, ...], list[list[float]]] = {}
        for event in self.events:
            if event.metric is not question.metric or not question.span.start < event.at <= question.span.end:
                continue
            if any(event.labels.get(label, "") not in values for label, values in question.where):
                continue
            key = tuple(event.labels.get(label, "") for label in question.by)
            steps = groups.setdefault(key, [[] for _ in edges[1:]])
            for step, (start, end) in zip(steps, pairwise(edges), strict=True):
                if start < event.at <= end:
                    step.append(event.amount)
        rows = []
        for key, steps in groups.items():
            total = math.fsum(amount for step in steps for amount in step)
            if total > 0:
                sums = tuple(map(math.fsum, steps)) if question.boundaries else ()
                rows.append(Row(key, total, sums))
        rows.sort(key=lambda row: (-row.total, row.key))
        return Answer(tuple(rows[: question.top]))


class CountingSource(FakeSource):
    """Notes what sessions and warnings are asked about.

    Attributes:
        seen: The window and ids of each ``sessions_seen``.
        warned_about: The window of each ``warnings``.
        counted: How often sessions were counted.
    """

    def __init__(self, events: Iterable[Event] = (), *, warned: tuple[UsageWarning, ...] = ()) -> None:
        super().__init__(events, warned=warned)
        self.seen: list[tuple[Span, tuple[str, ...]]] = []
        self.warned_about: list[Span] = []
        self.counted = 0

    def clear(self) -> None:
        """Forget what was noted so far."""
        self.asked, self.seen, self.warned_about, self.counted = [], [], [], 0

    def count_sessions(self, span: Span) -> int:
        """Distinct session ids with any use."""
        self.counted += 1
        return len(super().sessions_seen(span))

    def sessions_seen(self, span: Span, session_ids: Sequence[str] | None = None) -> tuple[SessionSeen, ...]:
        """First and last activity of each session."""
        self.seen.append((span, tuple(session_ids or ())))
        return super().sessions_seen(span, session_ids)

    def warnings(self, span: Span) -> tuple[UsageWarning, ...]:
        """The warnings given at the start."""
        self.warned_about.append(span)
        return super().warnings(span)
