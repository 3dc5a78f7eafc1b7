"""Desktop entries: the files by which Linux desktops know programs, in their menus and at login.

The format is freedesktop.org's Desktop Entry Specification 1.4. Its ``Exec`` has two layers of escapes: words
are quoted for the command line, and the whole is then escaped as every string value is.
"""

import configparser
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ccmon_tray.files import write_atomic

FILE_NAME: Final = "ccmon-tray.desktop"
TITLE: Final = "Claude Code Monitor"
ICON: Final = "ccmon-tray"
HOME_KEY: Final = "X-CcmonTray-Home"
"""Whose tray an entry is for: its ``CCMON_TRAY_HOME``; without this key, the usual home."""

_GROUP: Final = "Desktop Entry"
_RESERVED = re.compile(r"[\s\"'\\><~|&;$*?#()`%]")
_ESCAPES: Final = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_UNESCAPES: Final = {"\\\\": "\\", "\\n": "\n", "\\t": "\t", "\\r": "\r", "\\s": " "}


def exec_value(words: Sequence[str]) -> str:
    """Words of a command as ``Exec`` wants them, before they are escaped as a string."""
    return " ".join(_quoted(word) for word in words)


def write_entry(path: Path, fields: Mapping[str, str]) -> None:
    """Write an entry.

    Args:
        path: The file.
        fields: Keys and values; values are escaped here.

    Raises:
        OSError: It cannot be written.
    """
    lines = [f"[{_GROUP}]", *(f"{key}={_escaped(value)}" for key, value in fields.items())]
    write_atomic(path, ("\n".join(lines) + "\n").encode(), mode=0o644)


def read_entry(path: Path) -> dict[str, str] | None:
    """Keys and values of an entry, or None where there is no file.

    A file that is no entry has no keys.

    Raises:
        OSError: It is there, but cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys differ by case; as documented
    try:
        parser.read_string(text)
        return {key: _unescaped(value) for key, value in parser.items(_GROUP)}
    except configparser.Error:
        return {}


def _quoted(word: str) -> str:
    # A percent sign would begin a field code, quoted or not.
    word = word.replace("%", "%%")
    if word and not _RESERVED.search(word):
        return word
    return '"' + re.sub(r'(["`$\\])', r"\\\1", word) + '"'


def _escaped(value: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in value)


def _unescaped(value: str) -> str:
    return re.sub(r"\\[\\ntrs]", lambda found: _UNESCAPES[found[0]], value)
