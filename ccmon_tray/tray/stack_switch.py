"""The Prometheus stack in the menu: how it is, and starting and stopping it.

A start can take minutes and says what it does, so it is a process of its own, ``ccmon-tray stack up``, whose
words go into a file beside the log. How the stack is, is asked of its own pages once a minute, on a thread of
its own, and only where there is a stack.
"""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ccmon_tray.errors import CcmonError
from ccmon_tray.files import private_folder
from ccmon_tray.paths import Paths
from ccmon_tray.tray.model import StackFace

_LOOK_EVERY_S: Final = 60.0
_ENGINES: Final = ("podman", "docker")
_DOING: Final = {"up": "starting…", "down": "stopping…"}


class StackSwitch:
    """What the menu knows of the stack.

    Args:
        paths: The home it is of.
        clock: Monotonic seconds.
    """

    def __init__(self, paths: Paths, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._paths = paths
        self._clock = clock
        self._words = "stopped"
        self._due = float("-inf")
        self._looking: threading.Thread | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._doing = ""
        # Asked once: a tray that is always on need not search the disk for an engine that may come.
        self._possible = any(shutil.which(name) for name in _ENGINES)

    @property
    def face(self) -> StackFace | None:
        """What the menu shows; None where there is neither a stack nor an engine to run one."""
        if self._child is not None:
            return StackFace(_DOING[self._doing])
        if not (self._possible or self._set_up):
            return None
        return StackFace(self._words, can_start=self._words != "running", can_stop=self._words != "stopped")

    def start(self) -> None:
        """Start the stack.

        Raises:
            CcmonError: The program cannot be run.
        """
        self._do("up")

    def stop(self) -> None:
        """Stop it; what it has stored stays.

        Raises:
            CcmonError: The program cannot be run.
        """
        self._do("down")

    def tick(self) -> tuple[str, ...]:
        """See whether something has changed; never waits.

        Returns:
            What the person should know.
        """
        told: tuple[str, ...] = ()
        if self._child is not None and (status := self._child.poll()) is not None:
            self._child = None
            self._due = float("-inf")
            told = (self._complaint(),) if status != 0 else self._next_step()
        idle = self._looking is None or not self._looking.is_alive()
        if self._set_up and self._child is None and idle and self._clock() >= self._due:
            self._due = self._clock() + _LOOK_EVERY_S
            self._looking = threading.Thread(target=self._look, name="stack", daemon=True)
            self._looking.start()
        return told

    @property
    def _set_up(self) -> bool:
        return (self._paths.data / "stack" / "compose.yaml").exists()

    def _look(self) -> None:
        # What asks is imported where there is a stack alone: the tray stays small without one.
        from ccmon_tray.stack.folder import StackFolder  # noqa: PLC0415
        from ccmon_tray.stack.health import look  # noqa: PLC0415

        self._words = look(StackFolder(self._paths).ports).state.value

    def _do(self, deed: str) -> None:
        if self._child is not None:
            return
        self._doing = deed
        try:
            private_folder(self._paths.log)
            with self._said.open("wb") as said:
                self._child = subprocess.Popen(
                    [sys.executable, "-m", "ccmon_tray", "stack", deed],
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    # It is not for Ctrl-C in the tray's terminal, and finishes if the tray ends.
                    start_new_session=True,
                )
        except OSError as error:
            raise CcmonError(
                "The stack’s program cannot be run",
                cause=str(error),
                next_step=f"Run ccmon-tray stack {deed}",
            ) from error

    @property
    def _said(self) -> Path:
        return self._paths.log / "stack.log"

    def _complaint(self) -> str:
        """The last sentence of the program's own, which says why it failed."""
        lead = "ccmon-tray: "
        own = [line.removeprefix(lead) for line in self._lines() if line.startswith(lead)]
        return own[-1] if own else f"ccmon-tray stack {self._doing} failed; {self._said} tells why"

    def _next_step(self) -> tuple[str, ...]:
        """What a start has left for the person to do."""
        return tuple(f"The stack runs. {line}" for line in self._lines() if line.startswith("Next: "))

    def _lines(self) -> list[str]:
        try:
            return self._said.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
