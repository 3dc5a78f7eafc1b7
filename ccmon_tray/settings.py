"""Settings: their names, defaults and limits.

The file is ``settings.toml`` in the settings folder; every key can be overridden by the environment as
``CCMON_TRAY_SECTION__KEY`` (``CCMON_TRAY_PROMETHEUS__URL=…``). Loading and saving: :mod:`.settings_file`.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr


def _check_zone(value: str) -> str:
    if value != "system":
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError('not a time zone; use a name such as Europe/Berlin, or "system"') from None
    return value


class Section(BaseModel):
    """A section of the settings file: unknown keys are kept in the file but not used."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_default=False)


class SourceSettings(Section):
    """Which source of usage is read."""

    kind: Literal["auto", "prometheus", "collector", "transcripts", "demo"] = "auto"


class PrometheusSettings(Section):
    """How Prometheus (or Mimir, Thanos, VictoriaMetrics) is reached.

    A secret is given by one of: ``token``/``password`` in the environment (never written to the file), a
    file, a command that prints it, or a keyring entry.
    """

    url: str = "http://localhost:9090"
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 10.0
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    password_command: tuple[str, ...] | None = None
    password_keyring: str | None = None
    token: SecretStr | None = None
    token_file: Path | None = None
    token_command: tuple[str, ...] | None = None
    token_keyring: str | None = None
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    ca_file: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    verify_tls: bool = True
    matchers: str = ""
    lookback_days: Annotated[int, Field(ge=1, le=400)] = 30
    max_answer_mib: Annotated[int, Field(ge=1, le=512)] = 32
    concurrency: Annotated[int, Field(ge=1, le=16)] = 4


class PollSettings(Section):
    """How often the tray asks."""

    interval_s: Annotated[int, Field(ge=5, le=300)] = 30


class ClaudeSettings(Section):
    """Where Claude Code keeps its files; None is its own default."""

    config_dir: Path | None = None


class TimeSettings(Section):
    """The user's days and weeks. ``zone`` is "system" or a name such as Europe/Berlin."""

    zone: Annotated[str, AfterValidator(_check_zone)] = "system"
    week_start: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = (
        "monday"
    )


class TraySettings(Section):
    """What the tray shows: the range of its details, and text on the icon."""

    range: Literal[
        "15m",
        "1h",
        "4h",
        "1d",
        "7d",
        "30d",
        "90d",
        "today",
        "yesterday",
        "this week",
        "last week",
        "this month",
        "last month",
    ] = "today"
    icon_text: Literal["none", "today", "last hour"] = "none"
    backend: Literal["auto", "sni", "xorg", "macos", "windows", "none"] = "auto"


class Theme(StrEnum):
    """Colours of window and icon."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class AppearanceSettings(Section):
    """How things look."""

    theme: Theme = Theme.SYSTEM


class LogSettings(Section):
    """What is logged."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(Section):
    """All settings."""

    source: SourceSettings = Field(default_factory=SourceSettings)
    prometheus: PrometheusSettings = Field(default_factory=PrometheusSettings)
    poll: PollSettings = Field(default_factory=PollSettings)
    claude: ClaudeSettings = Field(default_factory=ClaudeSettings)
    time: TimeSettings = Field(default_factory=TimeSettings)
    tray: TraySettings = Field(default_factory=TraySettings)
    appearance: AppearanceSettings = Field(default_factory=AppearanceSettings)
    log: LogSettings = Field(default_factory=LogSettings)
