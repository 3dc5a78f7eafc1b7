"""What helps somebody else to see what is wrong here, without what is nobody else's business.

Secrets are never in it, and what names the person is taken out: e-mail addresses, the home folder, who signs
in at the server.
"""

import locale
import os
import platform
import re
import sys
import time
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

from ccmon_tray import __version__
from ccmon_tray.desktop.autostart import Autostart
from ccmon_tray.errors import CcmonError
from ccmon_tray.paths import Paths
from ccmon_tray.setting_keys import KEYS, Key
from ccmon_tray.settings_file import load

_LOG_LINES: Final = 60
_TAIL_BYTES: Final = 32 * 1024
_DISTRIBUTION: Final = "ccmon-tray"
_SESSION_VARIABLES: Final = (
    "XDG_CURRENT_DESKTOP",
    "XDG_SESSION_TYPE",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "CLAUDE_CONFIG_DIR",
)
# How somebody signs in is their own business, even where it is no secret.
_PRIVATE = re.compile(r"\.(username|(password|token)(_\w+)?|command|headers)$")

_E_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_USER_INFO = re.compile(r"(://)[^/\s@\"']+@")
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{4,}", re.IGNORECASE)
_NAMED_SECRET = re.compile(
    r"\b(authorization|cookie|password|passwd|secret|token|api[-_]?key)(\"|')?(\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|\S+)",
    re.IGNORECASE,
)


def scrub(text: str, home: Path | None = None) -> str:
    """A text without credentials, e-mail addresses and the name of the home folder.

    Args:
        text: What is to be shown to others.
        home: The home folder, which becomes ``~``; None is this user's.
    """
    text = _USER_INFO.sub(r"\1…@", text)
    text = _BEARER.sub(r"\1 …", text)
    text = _NAMED_SECRET.sub(r"\1\2\3…", text)
    text = _E_MAIL.sub("…@…", text)
    folder = str(home or Path.home())
    return re.sub(rf"{re.escape(folder)}(?=[/\\]|\b)", "~", text) if len(folder) > 1 else text


def system_text(environ: Mapping[str, str] = os.environ) -> str:
    """This machine, its desktop, and the versions of all that the application is made of."""
    lines = [
        f"ccmon-tray {__version__}, {time.strftime('%Y-%m-%d %H:%M:%S %z')}",
        f"Python {platform.python_version()} ({platform.python_implementation()}), {sys.executable}",
        f"{_system()}, {platform.machine()}",
        f"Encoding {locale.getpreferredencoding(do_setlocale=False)}, time zone {time.tzname[0]}",
        *(f"{name}={environ[name]}" for name in _SESSION_VARIABLES if environ.get(name)),
    ]
    try:
        lines.append(Autostart(environ).status().words)
    except CcmonError as error:
        lines.append(str(error))
    if libraries := ", ".join(_libraries()):
        lines.append(libraries)
    return "\n".join(lines)


def settings_text(paths: Paths, environ: Mapping[str, str] = os.environ) -> str:
    """The settings that differ from their defaults; of what lets somebody in, only that it is set."""
    lines = [f"File: {paths.settings_file}" + ("" if paths.settings_file.exists() else " (there is none)")]
    try:
        loaded = load(paths, environ)
    except CcmonError as error:
        return "\n".join([*lines, str(error)])
    for dotted, key in KEYS.items():
        value = getattr(getattr(loaded.settings, key.section), key.name)
        if value != key.default:
            by = f" (by {key.variable})" if key.variable in environ else ""
            lines.append(f"{dotted} = {_shown(key, value)}{by}")
    return "\n".join([*lines, *loaded.notices])


def log_text(paths: Paths) -> str:
    """The last lines of each log."""
    parts = []
    for file in sorted(paths.log.glob("*.log")):
        try:
            with file.open("rb") as opened:
                opened.seek(max(0, file.stat().st_size - _TAIL_BYTES))
                tail = opened.read().decode(errors="replace")
        except OSError as error:
            tail = str(error)
        parts.append("\n".join([f"{file.name}:", *tail.splitlines()[-_LOG_LINES:]]))
    return "\n\n".join(parts) or f"There are no logs in {paths.log}"


def _shown(key: Key, value: object) -> str:
    return "…" if key.secret or _PRIVATE.search(key.dotted) else str(value)


def _system() -> str:
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, kernel {platform.release()}"
    except (OSError, KeyError):  # not Linux
        return platform.platform()


def _libraries() -> Iterator[str]:
    try:
        wanted = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:  # run from its source without being installed
        wanted = []
    for requirement in wanted:
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        try:
            yield f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:  # of use on other systems, or optional
            continue
