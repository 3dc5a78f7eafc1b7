"""The telemetry switches of Claude Code on this machine: where each is set, and which setting wins.

An administrator's managed settings win over the user's ``settings.json``, whose ``env`` block wins over the
environment that ``claude`` was started in. Exporter variables in a project's settings are reported to be
ignored. Values that can hold a secret (headers, credentials in a URL) are never kept.

Where managed settings are: https://code.claude.com/docs/en/settings. Those that the server delivers are kept
in a file beside the user's. Profiles of macOS and the registry of Windows are read where there are any.
"""

import importlib
import json
import os
import plistlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from ccmon_tray.sources.claude_files.jsonc import NotJson, loads

ENABLE: Final = "CLAUDE_CODE_ENABLE_TELEMETRY"
HIDDEN: Final = "(set, not shown)"
COMMENTED: Final = "holds comments or commas at an end, and Claude Code passes over all of such a file"
"""What is wrong with a file of settings that people find readable: https://github.com/anthropics/claude-code/issues/17968."""

_REMOTE_NAMES: Final = ("remote-settings.json", "remote-managed-settings.json")
_REGISTRY_KEY: Final = r"SOFTWARE\Policies\ClaudeCode"


@dataclass(frozen=True, slots=True)
class Layer:
    """A place that sets switches.

    Attributes:
        title: Where it is, for people: a path, or "environment".
        managed: Whether an administrator sets it.
        values: The switches that it sets.
    """

    title: str
    managed: bool
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a switch is set to, and by which layer."""

    text: str
    layer: Layer


@dataclass(frozen=True, slots=True)
class TelemetrySettings:
    """All switches on this machine.

    Attributes:
        layers: The places that set any, the winning one first.
        user_file: The file in which the user sets them.
        has_claude: Whether there are signs of Claude Code on this machine.
        problems: Files that cannot be read, and why.
        unread: Those of them that could have set switches.
        ignored: Files of projects with exporter variables, which have no effect there.
    """

    layers: tuple[Layer, ...]
    user_file: Path
    has_claude: bool
    problems: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def get(self, *names: str) -> Setting | None:
        """The first of some switches that is set: the more special one is to be named first."""
        for name in names:
            for layer in self.layers:
                if layer.values.get(name):
                    return Setting(layer.values[name], layer)
        return None

    def text(self, *names: str) -> str:
        """What :meth:`get` finds, or ""."""
        found = self.get(*names)
        return found.text if found else ""

    @property
    def effective(self) -> dict[str, Setting]:
        """Every switch that is set, by name, with the layer that wins."""
        names = sorted({name for layer in self.layers for name in layer.values})
        return {name: found for name in names if (found := self.get(name)) is not None}


def managed_files(platform: str = sys.platform) -> tuple[Path, ...]:
    """The administrator's settings files of an operating system, the winning one first."""
    match platform:
        case "darwin":
            folders = [Path("/Library/Application Support/ClaudeCode")]
        case "win32":
            programs = os.environ.get("PROGRAMFILES", r"C:\Program Files")
            data = os.environ.get("PROGRAMDATA", r"C:\ProgramData")  # where older versions looked
            folders = [Path(programs) / "ClaudeCode", Path(data) / "ClaudeCode"]
        case _:
            folders = [Path("/etc/claude-code")]
    files: list[Path] = []
    for folder in folders:
        # Those of the .d folder are laid over the file, later names over earlier ones.
        files += sorted(folder.glob("managed-settings.d/*.json"), reverse=True)
        files.append(folder / "managed-settings.json")
    return tuple(files)


def read_telemetry_settings(
    folders: Sequence[Path],
    environ: Mapping[str, str],
    *,
    projects: Iterable[Path] = (),
    managed: Sequence[Path] | None = None,
) -> TelemetrySettings:
    """Read all switches.

    Args:
        folders: Claude Code's folders, the most likely one first.
        environ: The environment that ``claude`` is started in.
        projects: Folders of projects, whose settings are looked at for what has no effect.
        managed: The administrator's files, the winning one first; None for those of this system.
    """
    problems: list[str] = []
    layers = [
        _layer(str(folder / name), _read(folder / name, problems), managed=True)
        for folder in folders
        for name in _REMOTE_NAMES
    ]
    if managed is None:
        layers += [_layer(title, policy, managed=True) for title, policy in _policies(sys.platform)]
        managed = managed_files()
    layers += [_layer(str(file), _read(file, problems), managed=True) for file in managed]
    layers += [
        _layer(str(folder / "settings.json"), _read(folder / "settings.json", problems)) for folder in folders
    ]
    layers.append(_layer("environment", {"env": environ}))
    unread = tuple(problems)
    ignored = [
        str(file)
        for project in projects
        for file in (project / ".claude" / "settings.json", project / ".claude" / "settings.local.json")
        # The home folder is a project too, with the user's own settings.
        if file.parent not in folders and _layer("", _read(file, problems)).values
    ]
    return TelemetrySettings(
        layers=tuple(layer for layer in layers if layer.values),
        user_file=folders[0] / "settings.json",
        has_claude=any(folder.is_dir() for folder in folders),
        problems=tuple(problems),
        unread=unread,
        ignored=tuple(ignored),
    )


def _layer(title: str, settings: Any, *, managed: bool = False) -> Layer:
    env = settings.get("env") if isinstance(settings, Mapping) else None
    values = {
        name: _presentable(name, value)
        for name, value in (env.items() if isinstance(env, Mapping) else ())
        if name == ENABLE or (isinstance(name, str) and name.startswith("OTEL_"))
    }
    return Layer(title, managed, values)


def _presentable(name: str, value: Any) -> str:
    """The value as text, without what lets its bearer in."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value).strip()
    if not text:
        return ""
    if name.endswith("_HEADERS"):
        return HIDDEN
    if name.endswith("_ENDPOINT"):
        try:
            url = urlsplit(text)
            netloc = url.netloc.rpartition("@")[2]
        except ValueError:
            return HIDDEN
        return urlunsplit((url.scheme, netloc, url.path, "", ""))
    return text


def _read(file: Path, problems: list[str]) -> Any:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        problems.append(f"{file} cannot be read: {error.strerror}")
        return None
    except UnicodeDecodeError:
        problems.append(f"{file} is not valid JSON: not UTF-8")
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        # Claude Code takes nothing from such a file, so that nothing is taken from it here either.
        why = f"is not valid JSON: {getattr(error, 'msg', 'too deep')}"
        problems.append(f"{file} {COMMENTED if is_commented(text) else why}")
    return None


def is_commented(text: str) -> bool:
    """Whether a text would be JSON without its comments and the commas at the ends of objects and lists."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        try:
            loads(text)
        except NotJson:
            return False
        return True
    return False


def _policies(platform: str) -> Iterable[tuple[str, Any]]:
    """What the system itself distributes: profiles of macOS, the registry of Windows."""
    if platform == "darwin":
        preferences = Path("/Library/Managed Preferences")
        for file in (
            *sorted(preferences.glob("*/com.anthropic.claudecode.plist")),
            preferences / "com.anthropic.claudecode.plist",
        ):
            yield str(file), _plist(file)
    elif platform == "win32":
        for hive in ("HKEY_LOCAL_MACHINE", "HKEY_CURRENT_USER"):
            yield f"{hive}\\{_REGISTRY_KEY}", _registry(hive)


def _plist(file: Path) -> Any:
    try:
        return plistlib.loads(file.read_bytes())
    except (OSError, ValueError, plistlib.InvalidFileException):
        return None


def _registry(hive: str) -> Any:
    winreg = importlib.import_module("winreg")  # only on Windows
    try:
        with winreg.OpenKey(getattr(winreg, hive), _REGISTRY_KEY) as key:
            return json.loads(winreg.QueryValueEx(key, "Settings")[0])
    except (OSError, ValueError, TypeError):
        return None
