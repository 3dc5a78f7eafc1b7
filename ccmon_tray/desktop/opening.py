"""Files and folders in whatever the person opens them with."""

import subprocess
import sys
from pathlib import Path

from ccmon_tray.errors import CcmonError


def open_path(path: Path, *, as_text: bool = False) -> "subprocess.Popen[bytes] | None":
    """Open a file or a folder.

    Args:
        path: What to open.
        as_text: Whether it is text to edit: macOS knows no editor for TOML, but one for text.

    Returns:
        The program that opens it, which ends with another status than 0 if it cannot; None on Windows, which
        opens files itself.

    Raises:
        CcmonError: Nothing opens it.
    """
    try:
        if sys.platform == "win32":
            import os  # noqa: PLC0415  # of use there only

            os.startfile(path)  # noqa: S606
            return None
        command = ["open", *(["-t"] if as_text else [])] if sys.platform == "darwin" else ["xdg-open"]
        return subprocess.Popen(
            [*command, str(path)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
        )
    except OSError as error:
        raise CcmonError(
            f"Nothing opens {path}",
            cause=str(error),
            next_step="Install what is missing, or open it yourself",
        ) from error
