"""Requests, their errors and latencies, and tools: what sources that keep Claude Code's events can tell."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Protocol, runtime_checkable

from ccmon_tray.usage.models import RangeInfo, SourceInfo, UsageWarning
from ccmon_tray.usage.windows import Calendar, Window

_PERCENTS: Final = (50, 90, 95, 99)


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds that so many percent took at most (nearest rank: each is one that was measured)."""

    p50_ms: int
    p90_ms: int
    p95_ms: int
    p99_ms: int


def latency_of(durations_ms: Iterable[int]) -> Latency | None:
    """The percentiles of durations; None where there are none."""
    return latency_of_counts(Counter(durations_ms))


def latency_of_counts(counts: Mapping[int, int]) -> Latency | None:
    """The percentiles of durations, of which each is given with how often it was measured.

    Of hundreds of thousands, many are equal: to count them takes a fraction of sorting them.
    """
    ascending = sorted(counts)
    if not ascending:
        return None
    up_to = tuple(accumulate(counts[one] for one in ascending))
    # Nearest rank: the smallest value that so many percent do not exceed.
    return Latency(*(ascending[bisect_left(up_to, -(-up_to[-1] * percent // 100))] for percent in _PERCENTS))


@dataclass(frozen=True, slots=True)
class RequestsStep:
    """Requests to models in a step (start, end], Unix seconds: answered ones, and failed attempts."""

    start: int
    end: int
    requests: int
    errors: int


@dataclass(frozen=True, slots=True)
class ModelRequests:
    """Requests to a model.

    Attributes:
        model: Its id as emitted, or "".
        name: Its name for people.
        requests: How many were answered.
        errors: How many attempts failed.
        cost_usd: What the answered ones cost.
        latency: How long they took; None where that was not said.
    """

    model: str
    name: str
    requests: int
    errors: int
    cost_usd: float
    latency: Latency | None


@dataclass(frozen=True, slots=True)
class ToolUse:
    """How often a tool has run, how often it failed, and how long it took (None where that was not said)."""

    tool: str
    uses: int
    failures: int
    latency: Latency | None


@dataclass(frozen=True, slots=True)
class StatusErrors:
    """How many attempts failed with an HTTP status; None is that no answer came at all."""

    status: int | None
    errors: int


@dataclass(frozen=True, slots=True)
class RequestsReading:
    """Everything that the events of a range tell.

    Attributes:
        info: The range.
        source: The source.
        known: Whether any such event was ever received: ``OTEL_LOGS_EXPORTER`` may not be set.
        requests: How many requests were answered.
        errors: How many attempts failed.
        latency: How long the answered ones took; None where that was not said.
        steps: Both over time; the steps tile the range.
        by_model: Models, those with most requests first.
        tools: Tools, the most used first.
        errors_by_status: Statuses, the most frequent first.
        warnings: Why the figures may be off.
        retention_start: Unix seconds since when the source can know; set where the range begins before it.
    """

    info: RangeInfo
    source: SourceInfo
    known: bool
    requests: int
    errors: int
    latency: Latency | None
    steps: tuple[RequestsStep, ...]
    by_model: tuple[ModelRequests, ...]
    tools: tuple[ToolUse, ...]
    errors_by_status: tuple[StatusErrors, ...]
    warnings: tuple[UsageWarning, ...]
    retention_start: int | None = None


@runtime_checkable
class TellsRequests(Protocol):
    """A source that keeps the events of single requests."""

    def keeps_requests(self) -> bool:
        """Whether any such event was ever received.

        Raises:
            SourceError: The source cannot be read.
        """
        ...

    def requests(self, window: Window, calendar: Calendar) -> RequestsReading:
        """What the events of a range tell.

        Raises:
            SourceError: The source cannot be read.
        """
        ...
