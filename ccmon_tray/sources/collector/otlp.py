"""OTLP as far as it is needed here: walked through alike, whether it came as protobuf or as JSON.

https://opentelemetry.io/docs/specs/otlp/ and the messages of opentelemetry-proto.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

Attributes = tuple[tuple[str, str], ...]
"""Names and values; a value that is no string is written like one."""

DELTA: Final = 1
CUMULATIVE: Final = 2


class NumberPoint(NamedTuple):
    """A data point with one number, or None where it holds none; times in Unix nanoseconds."""

    attributes: Attributes
    start_ns: int
    time_ns: int
    value: float | None


class Metric(NamedTuple):
    """A metric of an export.

    Attributes:
        resource: What its sender says of itself.
        name: As exported.
        temporality: ``DELTA`` or ``CUMULATIVE`` for monotonic sums, 0 for all else.
        points: Its data points if it is a monotonic sum.
        size: How many data points it has.
    """

    resource: Attributes
    name: str
    temporality: int
    points: Iterable[NumberPoint]
    size: int


class LogRecord(NamedTuple):
    """A log record: its event's name (or ""), its attributes, and its time in Unix nanoseconds."""

    name: str
    attributes: Attributes
    time_ns: int


def text(value: bool | float) -> str:
    """A value that is no string, as a label has it."""
    return str(value).lower() if isinstance(value, bool) else repr(value)
