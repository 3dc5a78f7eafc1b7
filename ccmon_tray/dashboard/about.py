"""Which version this is, and what it is made of: names, versions and licences of what it needs."""

import platform
import re
import tkinter as tk
from dataclasses import dataclass
from importlib import metadata
from typing import Final

from ccmon_tray import __version__

LICENCE: Final = "MIT"
COMPONENTS: Final = (
    "dbus-fast",
    "desktop-notifier",
    "filelock",
    "grpclib",
    "httpx",
    "keyring",
    "matplotlib",
    "numpy",
    "opentelemetry-proto",
    "orjson",
    "Pillow",
    "platformdirs",
    "protobuf",
    "pydantic",
    "pystray",
    "python-xlib",
    "schedule",
    "shtab",
    "tomlkit",
    "tzdata",
    "tzlocal",
    "waitress",
)
"""What the application imports, by the names under which it is installed."""

_LONGEST: Final = 40  # a licence field that is longer holds the licence itself


@dataclass(frozen=True, slots=True)
class Component:
    """Something the application is made of."""

    name: str
    version: str
    licence: str


def components() -> tuple[Component, ...]:
    """The components that are installed, by name. Reads files: not for the Tk thread."""
    found = [
        Component("ccmon-tray", __version__, LICENCE),
        Component("Python", platform.python_version(), "PSF-2.0"),
        Component("Tk", str(tk.TkVersion), "TCL"),
    ]
    for name in COMPONENTS:
        try:
            told = metadata.metadata(name)
        except metadata.PackageNotFoundError:  # of use on other systems, or not asked for
            continue
        found.append(Component(told["Name"], told["Version"], _licence(told)))
    return tuple(found)


def _licence(told: metadata.PackageMetadata) -> str:
    for field in ("License-Expression", "License"):
        words = _field(told, field).strip()
        if words and len(words) <= _LONGEST and "\n" not in words:
            return words
    classifiers = [words for words in told.get_all("Classifier") or () if words.startswith("License ::")]
    names = [words.rpartition(" :: ")[2] for words in classifiers]
    if names:
        short = re.search(r"\((.+)\)$", names[0])
        return short[1] if short else names[0].removesuffix(" License")
    return _field(told, "License-Expression") or "see its files"


def _field(told: metadata.PackageMetadata, name: str) -> str:
    found = told.get_all(name)
    return str(found[0]) if found else ""
