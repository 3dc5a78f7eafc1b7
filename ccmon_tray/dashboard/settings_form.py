"""The settings as a form: which there are, what each holds now, and whether what a person types can be used.

What the environment or the command line sets is shown and locked, since a value in the file would not count.
Secrets are neither shown nor written: a form that holds none cannot lose one.
"""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from ccmon_tray.dashboard.setting_groups import ITEMS, SECRETS, Item, Kind
from ccmon_tray.desktop.channel import Message, send
from ccmon_tray.errors import SettingsError
from ccmon_tray.paths import Paths
from ccmon_tray.setting_keys import KEYS
from ccmon_tray.settings import Settings
from ccmon_tray.settings_file import load, save, wanted
from ccmon_tray.usage.checks import CheckStatus

_HIDDEN_PART = "It holds a password, which is not shown: change it in the settings file"
_LAST_LINK = "metrics"
_COMMAND_LINE = "Given on the command line at the start"


class Tone(StrEnum):
    """What a note below a field is."""

    PLAIN = ""
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Note:
    """Words below a field."""

    words: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Value:
    """What a setting holds.

    Attributes:
        text: Its value as a person writes it.
        lock: Why it cannot be changed here; "" if it can.
    """

    text: str
    lock: str = ""


@dataclass(frozen=True, slots=True)
class FormReading:
    """All settings of the form, as they are.

    Attributes:
        values: By dotted name.
        secrets: By dotted name, whether each is set and by what, in words.
        notices: What is wrong in the file.
        changed: The dotted names, secrets included, of what holds something else than its default.
    """

    values: Mapping[str, Value]
    secrets: Mapping[str, str]
    notices: tuple[str, ...]
    changed: frozenset[str]


def read_form(paths: Paths, used: Settings, environ: Mapping[str, str] = os.environ) -> FormReading:
    """What the settings hold.

    Args:
        paths: Where their file is.
        used: What the window goes by, the command line's values included.
        environ: What goes before the file.

    Raises:
        SettingsError: A variable of the environment has a value that cannot be used.
    """
    loaded = load(paths, environ)
    values = {}
    for item in ITEMS:
        dotted, key = item.dotted, KEYS[item.dotted]
        now = _held(used, dotted)
        if key.variable in environ:
            values[dotted] = Value(_text(now), f"{key.variable} sets it")
        elif now != _held(loaded.settings, dotted):
            values[dotted] = Value(_text(now), _COMMAND_LINE)
        else:
            values[dotted] = Value(_text(now))
        if dotted == "prometheus.url" and _has_password(str(now)):
            values[dotted] = Value(_safe_url(str(now)), values[dotted].lock or _HIDDEN_PART)
    secrets = {
        dotted: _told(loaded.settings, dotted, by_environment=KEYS[dotted].variable in environ)
        for dotted in SECRETS
    }
    usual = Settings()
    changed = {item.dotted for item in ITEMS if _held(used, item.dotted) != _held(usual, item.dotted)}
    changed |= {dotted for dotted in SECRETS if _held(loaded.settings, dotted) != _held(usual, dotted)}
    return FormReading(values, secrets, loaded.notices, frozenset(changed))


def check(item: Item, text: str) -> Note | None:
    """What is to be said of a text while it is typed: why it cannot be used, or what may be wrong with it."""
    text = text.strip()
    if not text:
        return None
    if words := _unusable(item, text):
        return Note(words, Tone.BAD)
    if item.kind is Kind.PATH:
        path = Path(text).expanduser()
        if not path.exists():
            return Note("There is nothing at this path", Tone.WARNING)
    return None


def _unusable(item: Item, text: str) -> str:
    key = KEYS[item.dotted]
    try:
        value = key.parse(text)
    except ValueError:
        return f"Needs {key.allowed()}"
    if words := wanted(item.dotted, value):
        return f"Needs {words}"
    try:
        if item.dotted == "prometheus.matchers":
            from ccmon_tray.sources.prometheus.promql import parse_matchers  # noqa: PLC0415  # as below

            parse_matchers(text)
        elif item.dotted == "prometheus.url":
            # Imports httpx, which a window on the demo has no use for before somebody types here.
            from ccmon_tray.sources.prometheus.address import parse_address  # noqa: PLC0415

            if _has_password(text):
                return "Leave the password out: set a user, and below where its password is"
            parse_address(text)
    except SettingsError as error:
        return f"{error.title}. {error.next_step}"
    return ""


def save_setting(paths: Paths, item: Item, text: str) -> None:
    """Write one setting, and tell the tray.

    Args:
        paths: Where the file is, and the tray.
        item: The setting.
        text: Its value; an empty text takes it out of the file, so that its default counts.

    Raises:
        SettingsError: It cannot be used or written. The file is then as it was.
    """
    text = text.strip()
    if text and (words := _unusable(item, text)):
        raise SettingsError(f"“{item.title}” was not saved", cause=words)
    save(paths, {item.dotted: KEYS[item.dotted].parse(text) if text else None})
    send(paths.tray, Message.SETTINGS_CHANGED)


class Reachability:
    """One try to reach a Prometheus; for one use.

    Args:
        paths: Where the settings are that tell how to sign in.
        url: The URL to try; None is the one that is set.
    """

    def __init__(self, paths: Paths, url: str | None) -> None:
        from ccmon_tray.sources.doctor import Doctor  # noqa: PLC0415  # for this alone

        self._doctor = Doctor(paths, kind="prometheus", prometheus_url=url or None)

    def run(self) -> Note:
        """Try it; takes as long as the source does."""
        took_ms = 0.0
        server = ""
        try:
            for check in self._doctor.run():
                if check.status is CheckStatus.FAILED:
                    parts = [part.rstrip(".") for part in (check.result, check.cause, check.cure) if part]
                    return Note(" ".join(f"{part[:1].upper()}{part[1:]}." for part in parts), Tone.BAD)
                if check.id == "api":
                    server, took_ms = check.result, check.took_ms or 0.0
                elif check.id == _LAST_LINK:
                    answers = f"{server} answers within {took_ms:.0f} ms" if took_ms else server
                    return Note(f"✓ {answers}. {check.result}.")
        finally:
            self._doctor.cancel()
        return Note("The try was given up", Tone.WARNING)

    def cancel(self) -> None:
        """End :meth:`run` soon, from any thread."""
        self._doctor.cancel()


def _held(settings: Settings, dotted: str) -> object:
    section, _, name = dotted.partition(".")
    return getattr(getattr(settings, section), name)


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Enum():
            return str(value.value)
        case float():
            return f"{value:.15g}"
        case tuple():
            words = shlex.join(map(str, value))
            return words.replace(" ", ", ") if all(isinstance(part, int) for part in value) else words
        case _:
            return str(value)


def _told(settings: Settings, dotted: str, *, by_environment: bool) -> str:
    value = _held(settings, dotted)
    if isinstance(value, Mapping):
        if not value:
            return "None"
        return "Set: " + ", ".join(sorted(value))
    if not isinstance(value, SecretStr) or not value.get_secret_value():
        return "Not set"
    return f"Set by {KEYS[dotted].variable}" if by_environment else "Set in the settings file"


def _has_password(url: str) -> bool:
    try:
        return urlsplit(url).password is not None
    except ValueError:
        return False


def _safe_url(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
