"""What a data point of a cumulative counter adds to what is known of its stream.

A stream is one process's counter: its labels, and the moment since which it counts. A resumed session, or two
processes on one session id, are different streams of the same labels, and each is counted once.
https://opentelemetry.io/docs/specs/otel/metrics/data-model/#resets-and-gaps
"""

from typing import NamedTuple


class Known(NamedTuple):
    """What is known of a stream: its highest value, and the time (Unix nanoseconds) at which it had it."""

    time_ns: int
    units: int


def rise(known: Known | None, time_ns: int, units: int, *, start_known: bool) -> tuple[int, Known | None]:
    """What a data point adds.

    A counter that knows its start never falls, so that what counts is its highest value: repeated and late
    exports add nothing. One that does not say when it started shows a restart by falling, as far as its data
    points come in the order of time; late ones add nothing.

    Args:
        known: What is known of the stream; None if nothing.
        time_ns: The data point's time, Unix nanoseconds.
        units: Its value.
        start_known: Whether the sender says when the counter started.

    Returns:
        The increment, and what is known now; None if that is what was known before.
    """
    if known is None:
        return units, Known(time_ns, units)
    if not start_known and time_ns <= known.time_ns:
        return 0, None
    if units > known.units:
        return units - known.units, Known(max(time_ns, known.time_ns), units)
    if units < known.units and not start_known:
        return units, Known(time_ns, units)
    return 0, None
