"""The one question that every source of usage answers.

*The exact increase of these counters over this window, grouped by these labels, in total or per step.*
Prometheus answers it with PromQL, other sources with SQL or a scan. Views never see a query language, and
sources never see a view.

A window is half open, (start, end]: what happened at ``start`` belongs to the window before. So windows that
tile a longer one add up to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import SourceInfo, UsageWarning


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time (start, end], Unix seconds."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"a span needs end > start, got ({self.start}, {self.end}]")


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a source.

    Attributes:
        metric: The counter.
        span: The window.
        by: Labels to group by; rows carry their values in this order. A series without the label has "".
        boundaries: For an answer per step: n + 1 ascending Unix seconds from ``span.start`` to ``span.end``,
            which are the edges of n steps. None asks for the total alone.
        where: Only series whose label has one of these values: ((label, (value, …)), …).
        top: Only the so many groups with the largest totals. Needs ``by``; never with ``boundaries``.
    """

    metric: Metric
    span: Span
    by: tuple[Label, ...] = ()
    boundaries: tuple[int, ...] | None = None
    where: tuple[tuple[Label, tuple[str, ...]], ...] = ()
    top: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """The increase of one group: ``total``, and one value a step where steps were asked for."""

    key: tuple[str, ...]
    total: float
    steps: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a question, largest total first; groups that did not increase are left out.

    ``known`` is False where the source holds no such counter at all: the value is then unknown, not 0.
    """

    rows: tuple[Row, ...]
    known: bool = True

    @property
    def total(self) -> float | None:
        """Sum over the rows, or None where the counter is unknown."""
        return sum(row.total for row in self.rows) if self.known else None


@dataclass(frozen=True, slots=True)
class SessionSeen:
    """When a session was first and last active inside a window, Unix seconds, and to what precision."""

    session_id: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a source holds.

    Attributes:
        info: The source itself.
        metrics: The counters it has, under the names it stores them; empty means no telemetry.
        retention_s: How far back it keeps data, or None where it does not say.
    """

    info: SourceInfo
    metrics: Mapping[Metric, tuple[str, ...]]
    retention_s: float | None = None


class UsageSource(Protocol):
    """A source of usage. Safe to call from several threads; every call may raise ``SourceError``."""

    @property
    def info(self) -> SourceInfo:
        """Which source this is, as far as that is known without asking it: no call, no error."""
        ...

    def inventory(self, *, refresh: bool = False) -> Inventory:
        """What the source holds; remembered for a while unless ``refresh`` is set."""
        ...

    def ask(self, questions: Sequence[Question]) -> tuple[Answer, ...]:
        """The answers, in the order of the questions, which may be worked on side by side."""
        ...

    def count_sessions(self, span: Span) -> int:
        """How many distinct session ids had any use in the window."""
        ...

    def sessions_seen(self, span: Span, session_ids: Sequence[str] | None = None) -> tuple[SessionSeen, ...]:
        """First and last activity of the sessions with use in the window, or of those named."""
        ...

    def warnings(self, span: Span) -> tuple[UsageWarning, ...]:
        """Why answers about this window may be off."""
        ...

    def close(self) -> None:
        """Give connections back and make calls under way fail soon. The source is not used again."""
        ...
