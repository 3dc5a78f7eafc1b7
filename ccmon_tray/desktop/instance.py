"""One tray per user and home: a lock that ends with its process, whichever way that ends."""

import contextlib
import os
from typing import Self

from filelock import FileLock, Timeout

from ccmon_tray.errors import AlreadyRunning, CcmonError
from ccmon_tray.files import private_folder, write_atomic
from ccmon_tray.paths import Paths


class SingleInstance:
    """The right to be the running tray, held as long as this object lives. Also a context manager.

    Args:
        paths: The home whose tray this is.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._lock = FileLock(paths.lock_file, mode=0o600)

    def acquire(self) -> None:
        """Become the running tray.

        Raises:
            AlreadyRunning: Another process is.
            CcmonError: The lock cannot be made.
        """
        try:
            private_folder(self._paths.state)
            self._lock.acquire(blocking=False)
        except Timeout:
            pid = running_pid(self._paths)
            raise AlreadyRunning(
                "ccmon-tray is already running",
                cause=f"process {pid} holds {self._paths.lock_file}" if pid else "",
                next_step="Look for its icon in the tray, or end it with Quit in its menu",
            ) from None
        except (OSError, NotImplementedError) as error:
            raise CcmonError(
                "The tray cannot make sure that it is the only one",
                cause=f"{self._paths.lock_file}: {error}",
                next_step="Check that the folder can be written, or set CCMON_TRAY_HOME to one that can",
            ) from error
        with contextlib.suppress(OSError):  # only words would be missing
            write_atomic(self._paths.pid_file, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Stop being the running tray; does nothing if this is not."""
        if self._lock.is_locked:
            with contextlib.suppress(OSError):
                self._paths.pid_file.unlink()
            self._lock.release()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def running_pid(paths: Paths) -> int | None:
    """The process id that the running tray has left, or None; it says nothing about whether that lives."""
    try:
        return int(paths.pid_file.read_bytes())
    except (OSError, ValueError):
        return None
