"""The person's own program for events: it gets one as JSON on its standard input."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence

from ccmon_tray.errors import CcmonError


def run_event_command(command: Sequence[str], event: bytes, timeout_s: float) -> None:
    """Run it to its end. There is no shell: the words are its arguments as they are.

    Args:
        command: The program and its arguments.
        event: What it reads.
        timeout_s: Seconds after which it is ended, with all that it started.

    Raises:
        CcmonError: It cannot be started, fails, or takes too long.
    """
    try:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, ValueError, IndexError) as error:
        raise _failed(command, str(error)) from error
    try:
        # One that ends without reading breaks the pipe, which communicate() takes as it comes.
        process.communicate(event, timeout_s)
    except subprocess.TimeoutExpired:
        _end(process)
        raise _failed(command, f"it took longer than {timeout_s:g} s and was ended") from None
    if process.returncode:
        raise _failed(command, f"it ended with status {process.returncode}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.communicate()


def _failed(command: Sequence[str], cause: str) -> CcmonError:
    return CcmonError(
        f"The alert command {command[0] if command else ''} failed",
        cause=cause,
        next_step="Run it by hand, or correct alerts.command",
    )
