"""Opening files of folders that others write to, where a name may stand for anything."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

_FLAGS: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file to read its bytes.

    A pipe is refused: opened the usual way, it would keep its reader waiting for a writer.

    Args:
        path: The file, or a symbolic link to it.

    Returns:
        The opened file.

    Raises:
        OSError: It cannot be opened, or is not a regular file.
    """
    file = open(path, "rb", opener=lambda name, _: os.open(name, _FLAGS))  # noqa: SIM115 — it is the caller's
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return file
