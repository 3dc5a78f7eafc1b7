"""What the view of the server's health shows."""

from dataclasses import dataclass

from ccmon_tray.sources.auto import in_use
from ccmon_tray.sources.base import Span, UsageSource
from ccmon_tray.sources.server_health import ServerHealth, TellsHealth
from ccmon_tray.usage.models import SourceInfo
from ccmon_tray.usage.states import SOURCE_TITLES
from ccmon_tray.usage.windows import Window


@dataclass(frozen=True, slots=True)
class PrometheusHealthReading:
    """How the server behind a source is.

    Attributes:
        source: The source.
        health: What its server tells; None where there is no server.
        reason: Why there is none.
    """

    source: SourceInfo
    health: ServerHealth | None
    reason: str = ""


def read_prometheus_health(source: UsageSource, window: Window) -> PrometheusHealthReading:
    """Ask the server behind a source how it is, and how it was over a window.

    Raises:
        SourceError: The server cannot be reached.
    """
    source = in_use(source)
    if isinstance(source, TellsHealth):
        health = source.health(Span(window.start, window.end))
        info = source.info
        if info.version is None:
            info = info.model_copy(update={"version": health.version.value})
        return PrometheusHealthReading(info, health)
    return PrometheusHealthReading(
        source.info, None, f"{SOURCE_TITLES[source.info.kind]} data come from no server"
    )
