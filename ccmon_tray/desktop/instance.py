"""One tray and one window per user and home: locks that end with their process, whichever way that ends."""

import contextlib
import os
import time
from dataclasses import dataclass
from typing import Final, Self

from filelock import FileLock, Timeout

from ccmon_tray.errors import AlreadyRunning, CcmonError
from ccmon_tray.files import private_folder, write_atomic
from ccmon_tray.paths import Endpoint

_PAUSE_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class _Words:
    what: str
    running: str
    next_step: str


_WORDS: Final = {
    "tray": _Words(
        "The tray",
        "ccmon-tray is already running",
        "Look for its icon in the tray, or end it with Quit in its menu",
    ),
    "dashboard": _Words(
        "The window",
        "The dashboard is already open",
        "Look for its window, or end its process if it does not answer",
    ),
}


class SingleInstance:
    """The right to be the one process of a kind, held as long as this object lives. Also a context manager.

    Args:
        endpoint: Which kind, and of which home: ``paths.tray``.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._lock = FileLock(endpoint.lock_file, mode=0o600)

    def acquire(self) -> None:
        """Become the running process.

        Raises:
            AlreadyRunning: Another process is.
            CcmonError: The lock cannot be made.
        """
        endpoint = self._endpoint
        try:
            private_folder(endpoint.folder)
            self._lock.acquire(blocking=False)
        except Timeout:
            pid = running_pid(endpoint)
            words = _WORDS[endpoint.name]
            raise AlreadyRunning(
                words.running,
                cause=f"process {pid} holds {endpoint.lock_file}" if pid else "",
                next_step=words.next_step,
            ) from None
        except (OSError, NotImplementedError) as error:
            raise CcmonError(
                f"{_WORDS[endpoint.name].what} cannot make sure that it is the only one",
                cause=f"{endpoint.lock_file}: {error}",
                next_step="Check that the folder can be written, or set CCMON_TRAY_HOME to one that can",
            ) from error
        with contextlib.suppress(OSError):  # only words would be missing
            write_atomic(self._endpoint.pid_file, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Stop being the running process; does nothing if this is not."""
        if self._lock.is_locked:
            with contextlib.suppress(OSError):
                self._endpoint.pid_file.unlink()
            self._lock.release()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def wait_for_end(endpoint: Endpoint, timeout_s: float) -> bool:
    """Wait until no process of a kind runs; returns whether that was so in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            with SingleInstance(endpoint):
                return True
        except AlreadyRunning:
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE_S)


def running_pid(endpoint: Endpoint) -> int | None:
    """The process id that the running process has left, or None; it does not say whether that lives."""
    try:
        return int(endpoint.pid_file.read_bytes())
    except (OSError, ValueError):
        return None
