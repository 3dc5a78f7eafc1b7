"""The source that is named on a command line, above the one in the settings."""

from ccmon_tray.paths import Paths
from ccmon_tray.settings import Settings
from ccmon_tray.settings_file import with_value
from ccmon_tray.sources.snapshot_file import is_young, left_by_tray


def with_named_source(settings: Settings, kind: str | None, prometheus_url: str | None) -> Settings:
    """The settings with what ``--source`` and ``--prometheus-url`` say.

    Args:
        settings: The settings.
        kind: ``--source``, or None.
        prometheus_url: ``--prometheus-url``, or None.

    Raises:
        SettingsError: One of them cannot be used.
    """
    if prometheus_url is not None:
        settings = with_value(settings, "prometheus.url", prometheus_url, "--prometheus-url")
        kind = kind or "prometheus"
    return settings if kind is None else with_value(settings, "source.kind", kind, "--source")


def named_or_trays(
    settings: Settings, kind: str | None, prometheus_url: str | None, paths: Paths, now: float
) -> Settings:
    """As :func:`with_named_source`; where nothing is named, what a running tray was started with counts.

    Args:
        settings: The settings.
        kind: ``--source``, or None.
        prometheus_url: ``--prometheus-url``, or None.
        paths: The folders, in one of which the tray leaves its snapshots.
        now: Unix seconds.

    Raises:
        SettingsError: One of them cannot be used.
    """
    if kind is None and prometheus_url is None:
        snapshot = left_by_tray(paths)
        if snapshot is not None and snapshot.pinned and is_young(snapshot, settings, now):
            kind, prometheus_url = snapshot.source.kind.value, snapshot.source.url
    return with_named_source(settings, kind, prometheus_url)
