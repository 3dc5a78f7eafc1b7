"""Loading and saving settings: defaults, above them the file, above that the environment.

The file belongs to the person who edits it. What is wrong in it never stops the program and is never thrown
away: a value that cannot be used counts as not set, a file that is no TOML is set aside under a dated name,
and both are said in a notice. The environment belongs to one start: a wrong value there ends it, in the words
of a :class:`~ccmon_tray.errors.SettingsError`.
"""

import json
import os
import tomllib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

from filelock import FileLock, Timeout
from pydantic import ValidationError

from ccmon_tray.errors import SettingsError
from ccmon_tray.files import private_folder, write_atomic
from ccmon_tray.paths import Paths
from ccmon_tray.setting_keys import KEYS, PREFIX, Key, secret_parts
from ccmon_tray.settings import Settings

_LOCK_TIMEOUT_S: Final = 5.0
_LONGEST_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, and what the person should know about the file they came from."""

    settings: Settings
    notices: tuple[str, ...] = ()


def load(paths: Paths, environ: Mapping[str, str] = os.environ) -> Loaded:
    """The settings to use.

    Args:
        paths: Where the file is; a missing file means defaults.
        environ: Overrides, ``CCMON_TRAY_SECTION__KEY``. An empty one sets its setting back to the default.

    Raises:
        SettingsError: A variable of the environment has a value that cannot be used.
    """
    notices: list[str] = []
    values = _usable(_read(paths, notices), paths.settings_file, notices)
    overrides, variables = _overrides(environ, notices)
    values |= overrides
    for dotted, words in _wrong(values).items():
        raise _unusable(variables[dotted], KEYS[dotted], values[dotted], words)
    return Loaded(Settings.model_validate(_nested(values)), tuple(notices))


def wanted(dotted: str, value: object) -> str:
    """What a setting may hold instead of a value that it cannot, in words; "" if it can hold it."""
    return _wrong({dotted: value}).get(dotted, "")


def with_value(settings: Settings, dotted: str, value: object, named: str) -> Settings:
    """The settings with one value replaced, checked as if it stood in the file.

    Args:
        settings: The settings so far.
        dotted: Which one: ``prometheus.url``.
        value: Its new value.
        named: What the person wrote it as, for the error: ``--prometheus-url``.

    Raises:
        SettingsError: The value cannot be used.
    """
    key = KEYS[dotted]
    for words in _wrong({dotted: value}).values():
        raise _unusable(named, key, value, words)
    section = key.model.model_validate({key.name: value})
    changed = getattr(settings, key.section).model_copy(update={key.name: getattr(section, key.name)})
    return settings.model_copy(update={key.section: changed})


def save(paths: Paths, changes: Mapping[str, object]) -> None:
    """Write some settings into the file; its comments, its order and keys unknown here stay as they are.

    Args:
        paths: Where the file is; it is made if there is none.
        changes: New values by dotted name (``{"tray.range": "7d"}``); None takes a setting out of the file.

    Raises:
        SettingsError: There is no such setting, its value cannot be used, it is a secret, or the file cannot
            be written. The file is then as it was.
    """
    for dotted, value in changes.items():
        if dotted not in KEYS:
            raise SettingsError(f"There is no setting {dotted}", next_step="See the table of settings")
        if secret_parts(KEYS[dotted], value) and value is not None:
            raise SettingsError(
                f"{dotted} is not saved",
                cause="secrets are not written to the settings file",
                next_step=f"Use {KEYS[dotted].variable}, a file, a command or the keyring",
            )
    given = {dotted: value for dotted, value in changes.items() if value is not None}
    for dotted, words in _wrong(given).items():
        raise _unusable(dotted, KEYS[dotted], given[dotted], words)
    checked = Settings.model_validate(_nested(given))
    plain = {
        dotted: None if value is None else _plain(getattr(getattr(checked, key.section), key.name))
        for dotted, value in changes.items()
        for key in (KEYS[dotted],)
    }
    path = paths.settings_file
    _read(paths, [])  # a damaged file steps aside before a new one takes its place
    try:
        with _lock(paths):
            before = path.read_bytes().decode("utf-8-sig") if path.exists() else ""
            write_atomic(path, _edited(before, plain, path).encode())
    except Timeout:
        raise SettingsError(
            "The settings could not be saved", cause="another process is writing them", next_step="Try again"
        ) from None
    except (OSError, ValueError) as error:
        raise SettingsError(
            "The settings could not be saved", cause=str(error), next_step=f"Check {path} and its folder"
        ) from error


# Reading


def _read(paths: Paths, notices: list[str]) -> dict[str, Any]:
    """The file as a table; a damaged one is set aside and counts as empty."""
    path = paths.settings_file
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        notices.append(f"{path} cannot be read ({error.strerror}), so defaults are used")
        return {}
    try:
        # Some Windows editors begin a file with a byte order mark, which TOML does not know.
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        why = "not UTF-8 text"
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        why = f"not TOML: {error}"
    try:
        with _lock(paths):
            if path.read_bytes() != content:
                return {}  # somebody is writing it at this moment
            aside = _free_name(path)
            path.rename(aside)
    except FileNotFoundError:
        return {}  # another process has set it aside, and says so
    except (OSError, Timeout) as error:
        notices.append(f"{path} is damaged ({why}), so defaults are used; it stays there, because {error}")
    else:
        notices.append(f"{path.name} was damaged ({why}), so defaults are used; it is kept as {aside}")
    return {}


def _free_name(path: Path) -> Path:
    stamp = datetime.now().astimezone().strftime("%Y-%m-%dT%H-%M-%S")
    name = base = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 2
    while name.exists():
        name = base.with_name(f"{base.name}-{number}")
        number += 1
    return name


def _usable(table: dict[str, Any], path: Path, notices: list[str]) -> dict[str, Any]:
    """What of the file can be used, by dotted name; a notice about each thing that cannot."""
    values: dict[str, Any] = {}
    unknown: list[str] = []
    for section, body in table.items():
        if section not in Settings.model_fields:
            unknown.append(section)
        elif not isinstance(body, dict):
            notices.append(f"{path.name}: {section} must be a section, [{section}], so it is not used")
        else:
            values |= {f"{section}.{name}": value for name, value in body.items()}
    unknown += values.keys() - KEYS.keys()
    if unknown:
        notices.append(f"{path.name}: unknown settings, kept but not used: {', '.join(sorted(unknown))}")
    values = {dotted: value for dotted, value in values.items() if dotted in KEYS}
    for dotted, words in _wrong(values).items():
        key = KEYS[dotted]
        shown = _shown(key, values.pop(dotted))
        notices.append(f"{path.name}: {dotted} = {shown} is not {words}; {_shown(key, key.default)} is used")
    if _read_by_others(path):
        _drop_secrets(values, path, notices)
    return values


def _read_by_others(path: Path) -> bool:
    # On Windows a file in the user's profile is private by its folder, and the mode says nothing.
    try:
        return os.name == "posix" and bool(path.stat().st_mode & 0o044)
    except OSError:
        return False


def _drop_secrets(values: dict[str, Any], path: Path, notices: list[str]) -> None:
    cure = f"because others can read the file. Run: chmod 600 {path}"
    for dotted, value in list(values.items()):
        for part in secret_parts(KEYS[dotted], value):
            if part:
                values[dotted] = {name: text for name, text in values[dotted].items() if name != part}
            else:
                del values[dotted]
            notices.append(f"{path.name}: {dotted}{part and '.'}{part} is not used, {cure}")
    if urlsplit(values.get("prometheus.url", "")).password:
        # Falling back to the default server would show somebody else's numbers.
        notices.append(f"{path.name}: the password in prometheus.url is not safe, {cure}")


def _overrides(environ: Mapping[str, str], notices: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values that the environment sets, and the variable of each."""
    values: dict[str, Any] = {}
    variables: dict[str, str] = {}
    for variable, text in sorted(environ.items()):
        section, separator, name = variable.removeprefix(PREFIX).lower().partition("__")
        if not variable.startswith(PREFIX) or not separator:
            continue
        dotted = f"{section}.{name}"
        if (key := KEYS.get(dotted)) is None:
            notices.append(f"{variable} names no setting, so it is not used")
            continue
        try:
            values[dotted] = key.parse(text)
        except ValueError:
            raise _unusable(variable, key, text, key.allowed()) from None
        variables[dotted] = variable
    return values, variables


# Checking


def _nested(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    nested: dict[str, dict[str, Any]] = {}
    for dotted, value in values.items():
        section, _, name = dotted.partition(".")
        nested.setdefault(section, {})[name] = value
    return nested


def _wrong(values: Mapping[str, Any]) -> dict[str, str]:
    """The settings whose values cannot be used, with what they may hold instead."""
    try:
        Settings.model_validate(_nested(values))
    except ValidationError as error:
        wrong = {}
        # Inputs are left out, because they may be secrets.
        for item in error.errors(include_url=False, include_input=False):
            dotted = f"{item['loc'][0]}.{item['loc'][1]}"
            own_words = item["type"] == "value_error"
            wrong[dotted] = str(item["ctx"]["error"]) if own_words else KEYS[dotted].allowed()
        return wrong
    return {}


def _unusable(named: str, key: Key, value: object, words: str) -> SettingsError:
    return SettingsError(
        f"{named} cannot be used",
        cause=f"{_shown(key, value)} is not {words}",
        next_step=f"Correct it or leave it out (default: {_shown(key, key.default)})",
    )


def _shown(key: Key, value: object) -> str:
    if value is None:
        return "nothing"
    if value != key.default and (key.secret or "@" in str(value)):
        return "(not shown)"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


# Writing


def _lock(paths: Paths) -> FileLock:
    return FileLock(private_folder(paths.state) / "settings.lock", timeout=_LOCK_TIMEOUT_S)


def _plain(value: object) -> object:
    """A checked value as TOML holds it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict):  # headers, none of which is secret
        return {name: text.get_secret_value() for name, text in value.items()}
    return value


def _edited(before: str, changes: Mapping[str, object], path: Path) -> str:
    """The file's text with the changes made and everything else as it was."""
    import tomlkit  # noqa: PLC0415  # saving is rare, and the tray should stay small

    document = tomlkit.parse(before)
    expected = tomllib.loads(before)
    for dotted, value in changes.items():
        section, _, name = dotted.partition(".")
        if section not in document:
            if value is None:
                continue
            if document.body:
                document.add(tomlkit.nl())
            document.add(section, tomlkit.table())
        table = cast("MutableMapping[str, object]", document[section])
        if not isinstance(expected.setdefault(section, {}), dict):
            raise SettingsError(
                "The settings could not be saved",
                cause=f"“{section}” in {path} is not a section",
                next_step=f"Write it as [{section}]",
            )
        if value is None:
            table.pop(name, None)
            expected[section].pop(name, None)
        else:
            table[name] = value
            expected[section][name] = value
    text = tomlkit.dumps(document)
    # A section whose last setting is gone may go as well.
    if _without_empty(tomllib.loads(text)) != _without_empty(expected):
        raise SettingsError(
            "The settings could not be saved",
            cause=f"{path} is written in a way that cannot be edited without loss",
            next_step="Change it by hand",
        )
    return text


def _without_empty(table: dict[str, Any]) -> dict[str, Any]:
    return {name: body for name, body in table.items() if body != {}}
