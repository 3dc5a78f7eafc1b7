"""What the view of requests shows, where the source keeps them."""

from dataclasses import replace

from ccmon_tray.errors import RequestsMissing
from ccmon_tray.sources.auto import AutoSource, in_use
from ccmon_tray.sources.base import UsageSource
from ccmon_tray.sources.readings.reach import known_since, reaches
from ccmon_tray.sources.request_figures import RequestsReading, TellsRequests
from ccmon_tray.usage.states import SOURCE_TITLES
from ccmon_tray.usage.windows import Calendar, Window


def keeps_requests(source: UsageSource) -> bool:
    """Whether there are single requests to show.

    Raises:
        CcmonError: The source cannot be read.
    """
    source = in_use(source)
    return isinstance(source, TellsRequests) and source.keeps_requests()


def read_requests(
    source: UsageSource, window: Window, calendar: Calendar, *, now: float, refresh: bool = False
) -> RequestsReading:
    """What single requests tell about a range.

    Args:
        source: The source.
        window: The range.
        calendar: The user's days.
        now: Unix seconds now.
        refresh: A person asked for it: trust nothing remembered.

    Raises:
        RequestsMissing: The source keeps none, or never received any.
        SourceError: It cannot be read.
    """
    if isinstance(source, AutoSource):
        source.inventory(refresh=refresh)  # which begins with the choice
    source = in_use(source)
    if not isinstance(source, TellsRequests):
        raise RequestsMissing(
            "Only the built-in collector keeps requests",
            cause=f"The source in use is {SOURCE_TITLES[source.info.kind]}, which has none",
            next_step="Choose the collector in the settings, and connect Claude Code with it",
        )
    reading = source.requests(window, calendar)
    if not reading.known:
        raise RequestsMissing(
            "No requests received yet",
            cause="Claude Code sends them as events, and none have come so far",
            next_step="Connect Claude Code in the settings: that sets OTEL_LOGS_EXPORTER",
        )
    since = known_since(source.inventory(), now)
    return replace(reading, retention_start=None if reaches(window, since) else since)
