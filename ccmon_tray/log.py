"""The log: a small file that rotates, and warnings on stderr. Nothing in it is secret, and nothing leaves."""

import logging
import os
import sys
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from ccmon_tray import __version__
from ccmon_tray.files import private_folder

_LARGEST_BYTES: Final = 512 * 1024
_OLD_FILES: Final = 2
_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _PrivateFile(RotatingFileHandler):
    """Whose files only their owner reads, those made at rotation included."""

    def _open(self) -> TextIOWrapper:
        return open(  # type: ignore[return-value]  # Path.open has no opener
            self.baseFilename,
            self.mode,
            encoding=self.encoding,
            errors=self.errors,
            opener=lambda path, flags: os.open(path, flags, 0o600),
        )


def configure(level: str, path: Path | None = None) -> None:
    """Send what this package logs to stderr (warnings), and to the log file if there is to be one.

    Args:
        level: Least important level that the file takes: debug, info, warning or error. It is for this
            package; libraries log warnings only, because their details can hold URLs with credentials.
        path: The log file, written by one process at a time; None writes none.
    """
    handlers: list[logging.Handler] = []
    if sys.stderr is not None:  # as under pythonw
        console = logging.StreamHandler()
        console.setLevel(logging.WARNING)
        console.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
        handlers.append(console)
    if path is not None:
        try:
            private_folder(path.parent)
            file = _PrivateFile(path, maxBytes=_LARGEST_BYTES, backupCount=_OLD_FILES, encoding="utf-8")
        except OSError as error:
            logging.getLogger(__name__).warning("There is no log file: %s", error)
        else:
            file.setFormatter(logging.Formatter(_FORMAT))
            handlers.append(file)
    logging.basicConfig(level=logging.WARNING, handlers=handlers, force=True)
    set_level(level)
    logging.getLogger("ccmon_tray").info(
        "ccmon-tray %s, Python %s, %s", __version__, sys.version.split()[0], sys.platform
    )


def set_level(level: str) -> None:
    """Let the log file take what is at least so important: debug, info, warning or error."""
    logging.getLogger("ccmon_tray").setLevel(level.upper())
