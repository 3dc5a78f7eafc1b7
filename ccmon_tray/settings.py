"""Settings: their names, defaults and limits.

The file is ``settings.toml`` in the settings folder; every key can be overridden by the environment as
``CCMON_TRAY_SECTION__KEY`` (``CCMON_TRAY_PROMETHEUS__URL=…``). Loading and saving: :mod:`.settings_file`.
``docs/settings.md`` and the table in the README describe each; a test holds them to these models.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from ccmon_tray.errors import UsageError
from ccmon_tray.usage.alert_rules import AlertRules
from ccmon_tray.usage.budgets import BudgetPeriod
from ccmon_tray.usage.windows import RANGE_NAMES, canonical_range_name, parse_daily_span


def _check_zone(value: str) -> str:
    if value != "system":
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError('a time zone such as Europe/Berlin, or "system"') from None
    return value


def _check_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or any(c.isspace() or not c.isprintable() for c in value):
        raise ValueError("a URL such as http://localhost:9090 or https://example.com/prometheus")
    return value


def _check_host(value: str) -> str:
    if not value or any(c.isspace() or not c.isprintable() or c in "/@" for c in value):
        raise ValueError("a host such as 127.0.0.1, without a port")
    return value


def _check_range(value: str) -> str:
    try:
        return canonical_range_name(value)
    except UsageError:
        raise ValueError(f"one of {', '.join(RANGE_NAMES)}") from None


def _check_thresholds(value: tuple[int, ...]) -> tuple[int, ...]:
    if not all(1 <= percent <= 1000 for percent in value):
        raise ValueError("whole percents from 1 up to 1000, such as [50, 80, 100]")
    return tuple(sorted(set(value)))


def _check_quiet_hours(value: str) -> str:
    if value.strip():
        try:
            parse_daily_span(value)
        except ValueError:
            raise ValueError("two times of day such as 22:00-07:00, or nothing") from None
    return value.strip()


def _expand_user(value: Path) -> Path:
    try:
        return value.expanduser()
    except RuntimeError:
        raise ValueError("a path whose ~ names a user of this computer") from None


UserPath = Annotated[Path, AfterValidator(_expand_user)]


class Section(BaseModel):
    """A section of the settings file: unknown keys are kept in the file but not used."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_default=False)


class SourceSettings(Section):
    """Which source of usage is read."""

    kind: Literal["auto", "prometheus", "collector", "transcripts", "demo"] = "auto"


class PrometheusSettings(Section):
    """How Prometheus (or Mimir, Thanos, VictoriaMetrics) is reached.

    A secret (a password, a bearer token) is given by the environment, a file, a command that prints it, a
    keyring entry, or a settings file that others cannot read. The application never writes one.
    """

    url: Annotated[str, AfterValidator(_check_url)] = "http://localhost:9090"
    timeout_s: Annotated[float, Field(gt=0, le=120, allow_inf_nan=False)] = 10.0
    username: str | None = None
    password: SecretStr | None = None
    password_file: UserPath | None = None
    password_command: tuple[str, ...] | None = None
    password_keyring: str | None = None
    token: SecretStr | None = None
    token_file: UserPath | None = None
    token_command: tuple[str, ...] | None = None
    token_keyring: str | None = None
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    ca_file: UserPath | None = None
    client_cert: UserPath | None = None
    client_key: UserPath | None = None
    verify_tls: bool = True
    matchers: str = ""
    lookback_days: Annotated[int, Field(ge=1, le=400)] = 30
    max_answer_mib: Annotated[int, Field(ge=1, le=512)] = 32
    concurrency: Annotated[int, Field(ge=1, le=16)] = 4


class CollectorSettings(Section):
    """The built-in collector, which receives Claude Code's OpenTelemetry itself.

    Port 0 means no listener of that kind. Days count back from now; ``retention_days`` 0 keeps for ever.
    """

    enabled: bool = True
    host: Annotated[str, AfterValidator(_check_host)] = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65535)] = 4318
    grpc_port: Annotated[int, Field(ge=0, le=65535)] = 4317
    token: SecretStr | None = None
    token_file: UserPath | None = None
    detail_days: Annotated[int, Field(ge=1, le=3650)] = 90
    retention_days: Annotated[int, Field(ge=0, le=36500)] = 0


class PollSettings(Section):
    """How often the tray asks."""

    interval_s: Annotated[int, Field(ge=5, le=300)] = 30


class ClaudeSettings(Section):
    """Where Claude Code keeps its files; None is its own default."""

    config_dir: UserPath | None = None


class PricingSettings(Section):
    """Whose list prices estimate what the files of Claude Code, which hold no cost, would have cost."""

    provider: Literal["anthropic", "bedrock", "vertex"] = "anthropic"
    regional: bool = False


class TimeSettings(Section):
    """The user's days and weeks. ``zone`` is "system" or a name such as Europe/Berlin."""

    zone: Annotated[str, AfterValidator(_check_zone)] = "system"
    week_start: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = (
        "monday"
    )


class TraySettings(Section):
    """What the tray shows: the range of its details, and text on the icon."""

    range: Annotated[str, AfterValidator(_check_range)] = "today"
    icon_text: Literal["none", "today", "last hour"] = "none"
    backend: Literal["auto", "sni", "xorg", "macos", "windows", "none"] = "auto"


class Theme(StrEnum):
    """Colours of window and icon."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class AppearanceSettings(Section):
    """How things look; ``text_size`` is in percent of the usual."""

    theme: Theme = Theme.SYSTEM
    text_size: Annotated[int, Field(ge=80, le=150)] = 100


_Usd = Annotated[float | None, Field(gt=0, allow_inf_nan=False)]


class BudgetSettings(Section):
    """What may be spent, in US dollars; None is no budget."""

    daily_usd: _Usd = None
    weekly_usd: _Usd = None
    monthly_usd: _Usd = None

    @property
    def limits(self) -> dict[BudgetPeriod, float]:
        """The budgets that are set."""
        values = zip(BudgetPeriod, (self.daily_usd, self.weekly_usd, self.monthly_usd), strict=True)
        return {period: usd for period, usd in values if usd is not None}


class AlertSettings(Section):
    """When the person is warned, and how; None and 0 leave a warning out.

    ``command`` is a program and its arguments, which gets each alert as JSON on its standard input.
    """

    enabled: bool = True
    notifications: bool = True
    thresholds_percent: Annotated[tuple[int, ...], AfterValidator(_check_thresholds)] = (50, 80, 100)
    projection: bool = True
    burn_rate_usd_per_hour: _Usd = None
    unusual_hour_factor: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 3.0
    silent_minutes: Annotated[int, Field(ge=0, le=1440)] = 15
    offline_minutes: Annotated[int, Field(ge=0, le=10_080)] = 30
    quiet_hours: Annotated[str, AfterValidator(_check_quiet_hours)] = ""
    command: tuple[str, ...] | None = None
    command_timeout_s: Annotated[float, Field(gt=0, le=300, allow_inf_nan=False)] = 10.0

    @property
    def rules(self) -> AlertRules:
        """What is warned of."""
        return AlertRules(
            thresholds_percent=self.thresholds_percent,
            projection=self.projection,
            burn_rate_usd_per_hour=self.burn_rate_usd_per_hour,
            unusual_hour_factor=self.unusual_hour_factor,
            silent_s=self.silent_minutes * 60,
            offline_s=self.offline_minutes * 60,
        )


class LogSettings(Section):
    """What is logged."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(Section):
    """All settings."""

    source: SourceSettings = Field(default_factory=SourceSettings)
    prometheus: PrometheusSettings = Field(default_factory=PrometheusSettings)
    collector: CollectorSettings = Field(default_factory=CollectorSettings)
    poll: PollSettings = Field(default_factory=PollSettings)
    claude: ClaudeSettings = Field(default_factory=ClaudeSettings)
    pricing: PricingSettings = Field(default_factory=PricingSettings)
    time: TimeSettings = Field(default_factory=TimeSettings)
    tray: TraySettings = Field(default_factory=TraySettings)
    appearance: AppearanceSettings = Field(default_factory=AppearanceSettings)
    budgets: BudgetSettings = Field(default_factory=BudgetSettings)
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    log: LogSettings = Field(default_factory=LogSettings)
