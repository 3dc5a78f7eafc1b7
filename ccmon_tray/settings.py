"""Settings: their names, defaults and limits.

What stands below a field says what it means, in ``docs/settings.md`` too (``scripts/write_references.py``).
The file is ``settings.toml`` in the settings folder; every key can be overridden by the environment as
``CCMON_TRAY_SECTION__KEY`` (``CCMON_TRAY_PROMETHEUS__URL=…``). Loading and saving: :mod:`.settings_file`.
A test holds the table in the README to these models.
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
    """Where usage is read: Prometheus, the built-in collector, Claude Code's transcripts, generated data.
    `auto` is the first of Prometheus, collector and transcripts that has data.
    """


class PrometheusSettings(Section):
    """How Prometheus (or Mimir, Thanos, VictoriaMetrics) is reached.

    A secret (a password, a bearer token) is given by the environment, a file, a command that prints it, a
    keyring entry, or a settings file that others cannot read. The application never writes one.
    """

    url: Annotated[str, AfterValidator(_check_url)] = "http://localhost:9090"
    """Base URL of the query API, with its path prefix if there is one (`https://host/prometheus`)."""
    timeout_s: Annotated[float, Field(gt=0, le=120, allow_inf_nan=False)] = 10.0
    """Seconds until an answer counts as missing."""
    username: str | None = None
    """User for basic authentication."""
    password: SecretStr | None = None
    """Its password, or one of the three below."""
    password_file: UserPath | None = None
    """A file with the password."""
    password_command: tuple[str, ...] | None = None
    """A program and its arguments that print the password; no shell."""
    password_keyring: str | None = None
    """Keyring entry `service/user`; needs `pip install "ccmon-tray[keyring]"`."""
    token: SecretStr | None = None
    """Bearer token, or one of the three below; not together with a user."""
    token_file: UserPath | None = None
    """A file with the token."""
    token_command: tuple[str, ...] | None = None
    """A program and its arguments that print the token; no shell."""
    token_keyring: str | None = None
    """Keyring entry `service/user`."""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """More headers, such as `{ X-Scope-OrgID = "team" }` for Mimir."""
    ca_file: UserPath | None = None
    """PEM file of the certificate authority to trust instead of the system's."""
    client_cert: UserPath | None = None
    """PEM file of a client certificate."""
    client_key: UserPath | None = None
    """PEM file of its key, if it is not in the same file."""
    verify_tls: bool = True
    """`false` accepts any certificate: anybody on the way can then read and change everything."""
    matchers: str = ""
    """Label matchers that every query carries: `'{user_email="me@example.com"}'`."""
    lookback_days: Annotated[int, Field(ge=1, le=400)] = 30
    """How far before a range the last value of an idle counter is looked for, days. A session idle
    for longer and then resumed would be counted again from its start.
    """
    recording_rules: Literal["auto", "off"] = "auto"
    """`auto` takes whole hours of long curves from the series that the recording rules of
    `stack/rules.yml` keep, where the server has them and they agree with the counters; `off` never does.
    """
    max_answer_mib: Annotated[int, Field(ge=1, le=512)] = 32
    """Largest answer that is read, MiB."""
    concurrency: Annotated[int, Field(ge=1, le=16)] = 4
    """Queries at the same time."""


class CollectorSettings(Section):
    """The built-in collector, which receives Claude Code's OpenTelemetry itself.

    Port 0 means no listener of that kind. Days count back from now; ``retention_days`` 0 keeps for ever.
    """

    enabled: bool = True
    """Whether the tray receives Claude Code's telemetry itself (the built-in collector)."""
    host: Annotated[str, AfterValidator(_check_host)] = "127.0.0.1"
    """Where it listens. Beyond this computer only with a token."""
    http_port: Annotated[int, Field(ge=0, le=65535)] = 4318
    """Port for OTLP over HTTP; 0 is none."""
    grpc_port: Annotated[int, Field(ge=0, le=65535)] = 4317
    """Port for OTLP over gRPC; 0 is none."""
    token: SecretStr | None = None
    """Bearer token that senders must show (16 characters or more), or the file below."""
    token_file: UserPath | None = None
    """A file with the token."""
    detail_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """Days that single increments and requests are kept; sums by the hour stay."""
    retention_days: Annotated[int, Field(ge=0, le=36500)] = 0
    """Days that sums are kept; 0 keeps them for ever."""


class PollSettings(Section):
    """How often the tray asks."""

    interval_s: Annotated[int, Field(ge=5, le=300)] = 30
    """Seconds between two readings; failures stretch it up to 5 minutes."""


class ClaudeSettings(Section):
    """Where Claude Code keeps its files; None is its own default."""

    config_dir: UserPath | None = None
    """Claude Code's folder, whose history names the projects of sessions; else `CLAUDE_CONFIG_DIR`, which may
    name several with commas between, `~/.claude`, `$XDG_CONFIG_HOME/claude`.
    """


class PricingSettings(Section):
    """Whose list prices estimate what the files of Claude Code, which hold no cost, would have cost."""

    provider: Literal["anthropic", "bedrock", "vertex"] = "anthropic"
    """Whose list prices estimate costs that Claude Code did not report (the stats cache, cache savings).
    """
    regional: bool = False
    """`true` for a regional end point of Bedrock or Vertex AI, 10 % dearer since the 4.5 models; global ones
    cost the same as Anthropic.
    """


class TimeSettings(Section):
    """The user's days and weeks. ``zone`` is "system" or a name such as Europe/Berlin."""

    zone: Annotated[str, AfterValidator(_check_zone)] = "system"
    """Zone whose midnights begin the days, such as `Europe/Berlin`."""
    week_start: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = (
        "monday"
    )
    """Day that begins the week."""


class TraySettings(Section):
    """What the tray shows: the range of its details, and text on the icon."""

    range: Annotated[str, AfterValidator(_check_range)] = "today"
    """Range of the menu's details: `15m`, `1h`, `4h`, `1d`, `7d`, `30d`, `90d`, `today`, `yesterday`, `this
    week`, `last week`, `this month`, `last month`.
    """
    icon_text: Literal["none", "today", "last hour"] = "none"
    """Figure on the icon."""
    backend: Literal["auto", "sni", "xorg", "macos", "windows", "none"] = "auto"
    """How the icon is shown."""


class Theme(StrEnum):
    """Colours of window and icon."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class AppearanceSettings(Section):
    """How things look; ``text_size`` is in percent of the usual."""

    theme: Theme = Theme.SYSTEM
    """Colours of the window and the quick stats, and of the icon for bars of that kind: `system` (as the
    desktop is; the icon for dark bars), or one of the two.
    """
    text_size: Annotated[int, Field(ge=80, le=150)] = 100
    """Size of the window’s text and what goes with it, percent."""


_Usd = Annotated[float | None, Field(gt=0, allow_inf_nan=False)]


class BudgetSettings(Section):
    """What may be spent, in US dollars; None is no budget."""

    daily_usd: _Usd = None
    """Budget of a day from midnight to midnight, US dollars. Budgets show in the menu, the tooltip,
    the icon, the Summary and `status`; see [Budgets and alerts](budgets.md).
    """
    weekly_usd: _Usd = None
    """Budget of a week, US dollars."""
    monthly_usd: _Usd = None
    """Budget of a calendar month, US dollars."""

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
    """`false`: no alert of any kind."""
    notifications: bool = True
    """`false`: alerts go to the menu and to `alerts.command` alone."""
    thresholds_percent: Annotated[tuple[int, ...], AfterValidator(_check_thresholds)] = (50, 80, 100)
    """Percents of each budget at which an alert comes; `[]` is never."""
    projection: bool = True
    """An alert when a budget will be exceeded if the last seven days' pace goes on."""
    burn_rate_usd_per_hour: _Usd = None
    """An alert when the last hour cost more than so many US dollars."""
    unusual_hour_factor: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 3.0
    """An alert when an hour costs so many times the median of the same weekday and hour of the last four
    weeks; 0 is never.
    """
    silent_minutes: Annotated[int, Field(ge=0, le=1440)] = 15
    """An alert when prompts were written but no telemetry came for so many minutes while Claude Code runs;
    0 is never.
    """
    offline_minutes: Annotated[int, Field(ge=0, le=10_080)] = 30
    """An alert when the source cannot be reached for so many minutes; 0 is never."""
    quiet_hours: Annotated[str, AfterValidator(_check_quiet_hours)] = ""
    """Two times of day such as `"22:00-07:00"`, between which alerts are held back; what still holds then
    comes afterwards.
    """
    command: tuple[str, ...] | None = None
    """A program and its arguments, which gets each alert as JSON on its standard input; no shell."""
    command_timeout_s: Annotated[float, Field(gt=0, le=300, allow_inf_nan=False)] = 10.0
    """Seconds after which it is ended."""

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
    """Least important level in the log file."""


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
