"""Settings files as tests write and find them."""

from pathlib import Path

from ccmon_tray.paths import Paths
from ccmon_tray.settings import Settings


def write(paths: Paths, text: str | bytes, mode: int = 0o600) -> None:
    """Put this into the settings file."""
    paths.config.mkdir(parents=True, exist_ok=True)
    paths.settings_file.write_bytes(text.encode() if isinstance(text, str) else text)
    paths.settings_file.chmod(mode)


def aside(paths: Paths) -> list[Path]:
    """The damaged files that were set aside, oldest first."""
    return sorted(paths.config.glob("settings.toml.damaged-*"))


def value(settings: Settings, dotted: str) -> object:
    """The value of a setting named ``section.name``."""
    section, _, name = dotted.partition(".")
    return getattr(getattr(settings, section), name)
