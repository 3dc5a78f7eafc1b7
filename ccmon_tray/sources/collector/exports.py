"""What an export says, in plain values: data points of counters, and the events that are kept."""

from dataclasses import dataclass
from typing import NamedTuple

from ccmon_tray.usage.metrics import Metric

Labels = tuple[tuple[str, str], ...]


class Point(NamedTuple):
    """A data point of a counter; a tuple, because hundreds of exports of dozens may come in a second.

    Attributes:
        metric: The counter.
        session: The session's id, or "".
        labels: All other labels under canonical names, sorted.
        start_ns: Since when the counter counts (cumulative), or the interval began (delta), Unix nanoseconds.
        time_ns: When it had the value, Unix nanoseconds.
        units: The value, see :mod:`.units`.
        cumulative: Whether the value is all since the start, or what was added in the interval.
    """

    metric: Metric
    session: str
    labels: Labels
    start_ns: int
    time_ns: int
    units: int
    cumulative: bool


@dataclass(frozen=True, slots=True)
class MetricsExport:
    """The data points of an export, and how many others it had that are of no use here."""

    points: tuple[Point, ...]
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request to a model that was answered.

    Attributes:
        time_ns: When, Unix nanoseconds.
        identity: A number that the same event has whenever it is exported.
        session: The session's id, or "".
        model: The model's id, or "".
        query_source: Who asked, or "".
        duration_ms: How long it took.
        cost_units: Its cost, see :mod:`.units`.
        input_tokens: Tokens read anew.
        output_tokens: Tokens written.
        cache_read_tokens: Tokens read from the cache.
        cache_creation_tokens: Tokens put into the cache.
    """

    time_ns: int
    identity: int
    session: str
    model: str
    query_source: str
    duration_ms: int | None
    cost_units: int | None
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_creation_tokens: int | None


@dataclass(frozen=True, slots=True)
class ApiError:
    """A request to a model that failed; ``status`` is None where no answer came at all."""

    time_ns: int
    identity: int
    session: str
    model: str
    status: int | None
    attempt: int | None
    duration_ms: int | None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """A tool that has run; ``success`` is None where that is not said."""

    time_ns: int
    identity: int
    session: str
    tool: str
    success: bool | None
    duration_ms: int | None


Event = ApiRequest | ApiError | ToolResult


@dataclass(frozen=True, slots=True)
class LogsExport:
    """The events of an export that are kept, and how many others it had."""

    events: tuple[Event, ...]
    skipped: int = 0
