"""What only the collector can tell: requests and errors over time, how long they took, and tools.

Claude Code sends these as events, one for each request and each use of a tool, so that latencies are exact
percentiles and no guesses from buckets.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ccmon_tray.sources.collector.source import CollectorSource
from ccmon_tray.sources.collector.units import from_units
from ccmon_tray.sources.reports import range_info
from ccmon_tray.sources.tally import model_name
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.models import RangeInfo, SourceInfo
from ccmon_tray.usage.steps import tile
from ccmon_tray.usage.windows import Calendar, Window

_PERCENTS: Final = (50, 90, 99)


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds that so many percent took at most (nearest rank: each is one that was measured)."""

    p50_ms: int
    p90_ms: int
    p99_ms: int


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
        source: The collector.
        known: Whether any such event was ever received: ``OTEL_LOGS_EXPORTER`` may not be set.
        requests: How many requests were answered.
        errors: How many attempts failed.
        steps: Both over time; the steps tile the range.
        by_model: Models, those with most requests first.
        tools: Tools, the most used first.
        errors_by_status: Statuses, the most frequent first.
        detail_from: Unix seconds since when events are kept; set where the range begins before it.
    """

    info: RangeInfo
    source: SourceInfo
    known: bool
    requests: int
    errors: int
    steps: tuple[RequestsStep, ...]
    by_model: tuple[ModelRequests, ...]
    tools: tuple[ToolUse, ...]
    errors_by_status: tuple[StatusErrors, ...]
    detail_from: int | None


def read_requests(source: CollectorSource, window: Window, calendar: Calendar) -> RequestsReading:
    """What the events of a range tell.

    Args:
        source: The collector.
        window: The range.
        calendar: The user's days, which steps are aligned to.

    Raises:
        SourceError: The file cannot be read.
    """
    steps = tile(window, calendar)
    found = source.read(lambda reader: _read(reader.connection, steps.boundaries)) or _Found()
    detail_from = source.read(lambda reader: reader.detail_from) or 0
    nothing = [0] * steps.count
    counts = zip(steps.pairs, found.requests or nothing, found.errors or nothing, strict=True)
    return RequestsReading(
        info=range_info(window, steps, calendar),
        source=source.info,
        known=found.known,
        requests=sum(found.requests),
        errors=sum(found.errors),
        steps=tuple(RequestsStep(start, end, requests, errors) for (start, end), requests, errors in counts),
        by_model=found.by_model,
        tools=found.tools,
        errors_by_status=found.by_status,
        detail_from=detail_from if window.start < detail_from else None,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read at one moment; ``requests`` and ``errors`` are counts of each step."""

    known: bool = False
    requests: Sequence[int] = ()
    errors: Sequence[int] = ()
    by_model: tuple[ModelRequests, ...] = ()
    tools: tuple[ToolUse, ...] = ()
    by_status: tuple[StatusErrors, ...] = ()


_KNOWN: Final = (
    "SELECT EXISTS (SELECT 1 FROM api_requests) OR EXISTS (SELECT 1 FROM api_errors) "
    "OR EXISTS (SELECT 1 FROM tool_results)"
)
_BY_STATUS: Final = (
    "SELECT status, COUNT(*) FROM api_errors WHERE at > ? AND at <= ? GROUP BY status ORDER BY 2 DESC, 1"
)
_REQUESTS: Final = "SELECT model, duration_ms, cost_units FROM api_requests WHERE at > ? AND at <= ?"
_FAILED: Final = "SELECT model, COUNT(*) FROM api_errors WHERE at > ? AND at <= ? GROUP BY model"
_TOOLS: Final = "SELECT tool, duration_ms, success = 0 FROM tool_results WHERE at > ? AND at <= ?"


def _read(connection: sqlite3.Connection, edges: Sequence[int]) -> _Found:
    span = edges[0], edges[-1]
    words: dict[int, str] = dict(connection.execute("SELECT id, word FROM words").fetchall())
    return _Found(
        known=bool(connection.execute(_KNOWN).fetchone()[0]),
        requests=_counts(connection, "api_requests", edges),
        errors=_counts(connection, "api_errors", edges),
        by_model=_by_model(connection, span, words),
        tools=_tools(connection, span, words),
        by_status=tuple(StatusErrors(*row) for row in connection.execute(_BY_STATUS, span)),
    )


def _counts(connection: sqlite3.Connection, table: str, edges: Sequence[int]) -> list[int]:
    """How many rows of a table are in each step."""
    query = f"SELECT COUNT(*) FROM {table} WHERE at > ? AND at <= ?"  # noqa: S608 — one of ours
    return [int(connection.execute(query, step).fetchone()[0]) for step in pairwise(edges)]


def _by_model(
    connection: sqlite3.Connection, span: tuple[int, int], words: Mapping[int, str]
) -> tuple[ModelRequests, ...]:
    took, costs = _gathered(connection.execute(_REQUESTS, span))
    failed = dict(connection.execute(_FAILED, span).fetchall())
    models = [
        ModelRequests(
            model=words[model],
            name=model_name(words[model]),
            requests=len(took.get(model, ())),
            errors=failed.get(model, 0),
            cost_usd=from_units(Metric.COST, costs.get(model, 0)),
            latency=_latency(took.get(model, ())),
        )
        for model in took.keys() | failed.keys()
    ]
    return tuple(sorted(models, key=lambda one: (-one.requests, -one.errors, one.model)))


def _tools(
    connection: sqlite3.Connection, span: tuple[int, int], words: Mapping[int, str]
) -> tuple[ToolUse, ...]:
    took, failures = _gathered(connection.execute(_TOOLS, span))
    tools = [
        ToolUse(words[tool], len(durations), failures[tool], _latency(durations))
        for tool, durations in took.items()
    ]
    return tuple(sorted(tools, key=lambda one: (-one.uses, one.tool)))


def _gathered(
    rows: Iterable[tuple[int, int | None, int | None]],
) -> tuple[dict[int, list[int | None]], dict[int, int]]:
    """Of rows with a word, a duration and an amount: the durations of each word, and the sum of amounts."""
    took: dict[int, list[int | None]] = defaultdict(list)
    sums: dict[int, int] = defaultdict(int)
    for word, duration_ms, amount in rows:
        took[word].append(duration_ms)
        if amount:
            sums[word] += amount
    return took, sums


def _latency(durations_ms: Iterable[int | None]) -> Latency | None:
    known = sorted(duration for duration in durations_ms if duration is not None)
    if not known:
        return None
    # Nearest rank: the smallest value that so many percent do not exceed.
    return Latency(*(known[-(-len(known) * percent // 100) - 1] for percent in _PERCENTS))
