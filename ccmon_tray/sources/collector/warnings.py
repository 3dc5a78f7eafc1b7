"""Why numbers from the collector may be off: each warning's code, its effect and its cure."""

from datetime import UTC, datetime

from ccmon_tray.sources.base import Span
from ccmon_tray.sources.collector.schema import HOUR_S
from ccmon_tray.usage.models import UsageWarning


def warnings_of(span: Span, detail_from: int) -> tuple[UsageWarning, ...]:
    """The warnings that a window's figures carry.

    Args:
        span: The window.
        detail_from: Unix seconds up to which only sums over hours are kept.
    """
    if not any(edge < detail_from and edge % HOUR_S for edge in (span.start, span.end)):
        return ()
    since = datetime.fromtimestamp(detail_from, UTC)
    return (
        UsageWarning(
            code="rounded-to-hours",
            message=f"Before {since:%Y-%m-%d} only sums over hours are kept. This range begins or ends in "
            "the middle of such an hour, and is counted from or to its start.",
            cure="Choose a range that begins and ends at full hours, or keep single increments for longer.",
        ),
    )
