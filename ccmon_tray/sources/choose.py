"""Which source of usage is read, and opening it. Sources are imported only when they are chosen.

Whose files of Claude Code go with it is chosen here as well: a demo has generated ones.
"""

import time
from collections.abc import Callable

from ccmon_tray.errors import SettingsError
from ccmon_tray.paths import find_paths
from ccmon_tray.settings import PrometheusSettings, Settings, SourceSettings
from ccmon_tray.settings_file import with_value
from ccmon_tray.sources.auto import AutoSource, Candidate
from ccmon_tray.sources.base import UsageSource
from ccmon_tray.sources.claude_files import ClaudeFiles, LocalFiles
from ccmon_tray.sources.claude_files.folders import config_folders
from ccmon_tray.sources.snapshot_file import SnapshotFile, is_of, is_young
from ccmon_tray.usage.models import SourceInfo
from ccmon_tray.usage.states import SourceKind
from ccmon_tray.usage.windows import Calendar


def open_source(
    settings: Settings,
    calendar: Calendar,
    *,
    kind: str | None = None,
    prometheus_url: str | None = None,
    follow_tray: bool = False,
    clock: Callable[[], float] = time.time,
) -> UsageSource:
    """Open the source that the settings, or the command line above them, name.

    Args:
        settings: All settings; ``source.kind`` is used where ``kind`` is None.
        calendar: The user's days.
        kind: One of ``auto``, ``prometheus``, ``collector``, ``transcripts``, ``demo``.
        prometheus_url: Takes the place of ``prometheus.url``; without a kind it also means Prometheus.
        follow_tray: For ``auto``: whether to use what a running tray uses, so that both show the same.
        clock: Unix seconds now.

    Raises:
        SettingsError: This version does not have the source, or a value cannot be used.
    """
    if prometheus_url is not None:
        settings = with_value(settings, "prometheus.url", prometheus_url, "--prometheus-url")
        kind = kind or "prometheus"
    kind = kind or settings.source.kind
    if kind == "auto":
        return _auto(settings, calendar, follow_tray=follow_tray, clock=clock)
    return _open(kind, settings, calendar, clock)


def _open(kind: str, settings: Settings, calendar: Calendar, clock: Callable[[], float]) -> UsageSource:
    match kind:
        case "prometheus":
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


def _auto(
    settings: Settings, calendar: Calendar, *, follow_tray: bool, clock: Callable[[], float]
) -> AutoSource:
    def candidate(info: SourceInfo, *, insists: bool = False) -> Candidate:
        return Candidate(info, lambda: _open(info.kind, settings, calendar, clock), insists=insists)

    url = settings.prometheus.url
    paths = find_paths()
    file = SnapshotFile(paths.snapshot_file)
    file.look()
    left = file.snapshot
    if left is not None and not is_of(left, settings.model_copy(update={"source": SourceSettings()})):
        left = None
    # The process id is there as long as the tray is; a tray that died leaves it, but no young snapshot.
    runs = left is not None and paths.tray.pid_file.exists() and is_young(left, settings, clock())
    return AutoSource(
        (
            candidate(
                SourceInfo(kind=SourceKind.PROMETHEUS, url=None if "@" in url else url.rstrip("/")),
                insists=url != PrometheusSettings().url,
            ),
            candidate(SourceInfo(kind=SourceKind.COLLECTOR)),
            candidate(SourceInfo(kind=SourceKind.TRANSCRIPTS)),
        ),
        # A collector that is switched off, as by the stack, is not what data are missing from.
        fallback=SourceKind.COLLECTOR if settings.collector.enabled else SourceKind.PROMETHEUS,
        expected=left.source if left is not None else None,
        follow=follow_tray and runs,
        clock=clock,
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
