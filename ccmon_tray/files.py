"""Writing files so that a reader never meets half of one, and others never read them."""

import contextlib
import os
from pathlib import Path
from typing import Final

# O_BINARY: Windows would translate line ends.
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def private_folder(folder: Path) -> Path:
    """Make a folder that only its owner enters, with those above it that are missing.

    Folders that exist keep their permissions.

    Returns:
        The folder.

    Raises:
        OSError: It cannot be made.
    """
    if not folder.is_dir():
        # Path.mkdir(parents=True) would give the ones above the usual permissions.
        if folder.parent != folder:
            private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def file_stamp(path: Path) -> tuple[int, int] | None:
    """What changes when somebody writes a file: when that was (nanoseconds), and its size in bytes.

    None where there is no file.
    """
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def write_atomic(path: Path, data: bytes, mode: int = 0o600, *, durable: bool = True) -> None:
    """Replace a file's content as a whole: after a crash or a full disk it is the old or the new.

    Args:
        path: The file; where it is a symbolic link, the file it points to. Missing folders are made.
        data: Its whole content.
        mode: Its permissions (POSIX).
        durable: Whether to wait for the disk, which can take a tenth of a second; if not, the file may be
            empty after the machine has lost its power.

    Raises:
        OSError: It cannot be written; the file is then as it was.
    """
    target = Path(os.path.realpath(path))
    folder = private_folder(target.parent)
    # tempfile would do as well, but takes its imports 10 ms, of which a window's start has few to spare.
    name = folder / f".{target.name}.{os.urandom(6).hex()}.tmp"
    handle = os.open(name, _NEW_FILE, 0o600)  # nobody reads it before it has its own permissions
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        name.chmod(mode)
        name.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            name.unlink()
        raise
