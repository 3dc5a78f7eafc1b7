"""What the links share: folders, settings, the source, and what earlier links learned."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ccmon_tray.calendars import calendar_from
from ccmon_tray.errors import CcmonError
from ccmon_tray.paths import Paths
from ccmon_tray.settings import Settings
from ccmon_tray.settings_file import load
from ccmon_tray.sources.auto import in_use
from ccmon_tray.sources.base import Inventory, UsageSource
from ccmon_tray.sources.choose import open_source
from ccmon_tray.sources.named import named_or_trays
from ccmon_tray.sources.prometheus.client import BuildInfo, PrometheusClient
from ccmon_tray.usage.models import SourceInfo, UsageWarning
from ccmon_tray.usage.states import SourceKind
from ccmon_tray.usage.windows import Calendar


@dataclass(slots=True)
class Context:
    """Filled in by the first links, read by the later ones.

    Attributes:
        paths: The application's folders.
        environ: The environment.
        clock: Unix seconds now.
        kind: The source's kind from the command line, or None.
        prometheus_url: The URL from the command line, or None.
        settings: Set by the link ``settings``, as are ``calendar``, ``source`` and ``client``.
        client: A connection of its own to Prometheus; None for another source.
        build: Which server answers.
        inventory: What the source holds.
        newest_at: Unix seconds of the newest sample, where that is known.
        warnings: What the source warns of over the last days.
        errors: Why links failed, by their id.
    """

    paths: Paths
    environ: Mapping[str, str]
    clock: Callable[[], float]
    kind: str | None = None
    prometheus_url: str | None = None
    settings: Settings = field(default_factory=Settings)
    calendar: Calendar | None = None
    source: UsageSource | None = None
    client: PrometheusClient | None = None
    build: BuildInfo | None = None
    inventory: Inventory | None = None
    newest_at: float | None = None
    warnings: tuple[UsageWarning, ...] | None = None
    errors: dict[str, CcmonError] = field(default_factory=dict)

    def open(self) -> tuple[str, ...]:
        """Load the settings and open the source.

        Returns:
            What the person should know about the settings.

        Raises:
            SettingsError: A setting cannot be used.
        """
        loaded = load(self.paths, self.environ)
        settings = named_or_trays(loaded.settings, self.kind, self.prometheus_url, self.paths, self.clock())
        self.settings = settings
        notices = list(loaded.notices)
        self.calendar = calendar_from(settings.time, notify=notices.append)
        self.source = in_use(open_source(settings, self.calendar, follow_tray=True, clock=self.clock))
        if self.source.info.kind is SourceKind.PROMETHEUS:
            self.client = PrometheusClient(settings.prometheus)
        return tuple(notices)

    @property
    def info(self) -> SourceInfo | None:
        """Which source this is, with its version once that is known."""
        if self.source is None:
            return None
        info = self.source.info
        if info.version is None and self.build is not None:
            return info.model_copy(update={"version": self.build.version})
        return info

    @property
    def opened(self) -> tuple[UsageSource, Calendar]:
        """Source and calendar, for links that need ``settings``."""
        assert self.source is not None
        assert self.calendar is not None
        return self.source, self.calendar

    def close(self) -> None:
        """Give connections back; calls under way fail soon."""
        for opened in (self.source, self.client):
            if opened is not None:
                opened.close()
