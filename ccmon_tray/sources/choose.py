"""Which source of usage is read, and opening it. Sources are imported only when they are chosen.

Whose files of Claude Code go with it is chosen here as well: a demo has generated ones.
"""

import time
from collections.abc import Callable

from ccmon_tray.errors import SettingsError
from ccmon_tray.paths import find_paths
from ccmon_tray.settings import Settings
from ccmon_tray.settings_file import with_value
from ccmon_tray.sources.base import UsageSource
from ccmon_tray.sources.claude_files import ClaudeFiles, LocalFiles
from ccmon_tray.sources.claude_files.folders import config_folders
from ccmon_tray.usage.models import SourceKind
from ccmon_tray.usage.windows import Calendar


def open_source(
    settings: Settings,
    calendar: Calendar,
    *,
    kind: str | None = None,
    prometheus_url: str | None = None,
    clock: Callable[[], float] = time.time,
) -> UsageSource:
    """Open the source that the settings, or the command line above them, name.

    Args:
        settings: All settings; ``source.kind`` is used where ``kind`` is None.
        calendar: The user's days.
        kind: One of ``auto``, ``prometheus``, ``collector``, ``transcripts``, ``demo``.
        prometheus_url: Takes the place of ``prometheus.url``; without a kind it also means Prometheus.
        clock: Unix seconds now.

    Raises:
        SettingsError: This version does not have the source, or a value cannot be used.
    """
    if prometheus_url is not None:
        settings = with_value(settings, "prometheus.url", prometheus_url, "--prometheus-url")
        kind = kind or "prometheus"
    kind = kind or settings.source.kind
    match kind:
        case "auto" | "prometheus":
            from ccmon_tray.sources.prometheus.source import PrometheusSource  # noqa: PLC0415

            return PrometheusSource(settings.prometheus, clock=clock)
        case "demo":
            from ccmon_tray.sources.demo import DemoSource  # noqa: PLC0415

            return DemoSource(calendar, clock=clock)
        case "collector":
            from ccmon_tray.sources.collector import usage_file  # noqa: PLC0415
            from ccmon_tray.sources.collector.source import CollectorSource  # noqa: PLC0415

            return CollectorSource(usage_file(find_paths()), clock=clock)
        case "transcripts":
            from ccmon_tray.sources.claude_files.transcripts import TranscriptsSource  # noqa: PLC0415

            return TranscriptsSource(
                config_folders(settings.claude),
                cache_dir=find_paths().cache,
                provider=settings.pricing.provider,
                regional=settings.pricing.regional,
                clock=clock,
            )
        case _:
            raise SettingsError(
                f"The source “{kind}” cannot be used",
                cause="there is no such source",
                next_step="Set source.kind to auto, prometheus, collector, transcripts or demo",
            )


def open_files(
    source: UsageSource,
    settings: Settings,
    calendar: Calendar,
    *,
    recent_s: float | None = None,
    clock: Callable[[], float] = time.time,
) -> ClaudeFiles:
    """The files of Claude Code that go with a source.

    Args:
        source: An open source; a demo's files are generated, as its figures are.
        settings: All settings, which say where the files are.
        calendar: The user's days.
        recent_s: How many seconds back the history is kept in memory; None keeps it all.
        clock: Unix seconds now.
    """
    if source.info.kind is SourceKind.DEMO:
        from ccmon_tray.sources.demo import DemoFiles  # noqa: PLC0415

        return DemoFiles(calendar, clock=clock)
    return LocalFiles(settings.claude, recent_s=recent_s, clock=clock)
