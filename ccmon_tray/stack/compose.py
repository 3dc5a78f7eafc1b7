"""Running compose on the stack's folder: its output is passed on as it comes, its failures become words."""

import os
import re
import subprocess
from collections import deque
from collections.abc import Callable
from typing import Final

from ccmon_tray.errors import CcmonError
from ccmon_tray.stack.engines import Engine
from ccmon_tray.stack.folder import StackFolder

_ASK_S: Final = 30.0
_REMEMBERED: Final = 40
# Started from the menu on Windows, each would open a console.
_NO_WINDOW: Final = getattr(subprocess, "CREATE_NO_WINDOW", 0)

# What engines say, in their own words, and what it means. The first that fits is told.
_FAULTS: Final = (
    (
        re.compile(
            r"cannot connect to the docker daemon|is the docker daemon running|connect to podman|"
            r"permission denied.*docker\.sock|docker\.sock.*permission denied",
            re.IGNORECASE,
        ),
        "The container engine stopped answering",
        "Start it, and run ccmon-tray stack up again",
    ),
    (
        re.compile(
            r"address already in use|port is already allocated|ports are not available", re.IGNORECASE
        ),
        "A port of the stack is taken",
        "ccmon-tray stack ports shows by whom, and chooses another one",
    ),
    (
        re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE),
        "The disk is full",
        "Make room for about 1 GB, and run ccmon-tray stack up again",
    ),
    (
        re.compile(
            r"manifest unknown|pull access denied|unauthorized|toomanyrequests|no such host|i/o timeout|"
            r"tls handshake|failed to resolve reference|initializing source|unable to copy from source|"
            r"error pulling image|failed to copy|context deadline exceeded|server misbehaving|proxyconnect",
            re.IGNORECASE,
        ),
        "The images could not be fetched",
        "Check the network (docker.io must be reached once), and run ccmon-tray stack up again",
    ),
)


class ComposeFailed(CcmonError):
    """Compose did not do what it was asked for."""

    code = "compose"


class Compose:
    """One engine's compose on the stack's folder.

    Args:
        engine: Which.
        folder: The files.
        progress: Gets each line of output as it comes.
    """

    def __init__(self, engine: Engine, folder: StackFolder, progress: Callable[[str], None]) -> None:
        self._engine = engine
        self._folder = folder
        self._progress = progress

    def run(self, *words: str) -> None:
        """Run a command to its end.

        Raises:
            ComposeFailed: It failed; why, as far as its output tells.
        """
        last: deque[str] = deque(maxlen=_REMEMBERED)
        try:
            with subprocess.Popen(
                self._command(words),
                cwd=self._folder.path,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                env=self._environ(),
                creationflags=_NO_WINDOW,
            ) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    last.append(line.rstrip())
                    self._progress(line.rstrip())
        except OSError as error:
            raise ComposeFailed(
                f"{self._engine.name} could not be started", cause=str(error), next_step="Install it anew"
            ) from error
        if process.returncode != 0:
            raise _failure(words[0], process.returncode, last)

    def running(self) -> bool:
        """Whether containers of the stack run; podman-compose would name stopped ones, hence the engine."""
        label = f"label=com.docker.compose.project={self._folder.project}"
        try:
            done = subprocess.run(
                [self._engine.program, "ps", "--quiet", "--filter", label],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_ASK_S,
                check=False,
                encoding="utf-8",
                errors="replace",
                creationflags=_NO_WINDOW,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0 and bool(done.stdout.strip())

    def show_logs(self, *, follow: bool, lines: int, service: str | None) -> int:
        """Let compose write its logs to this process's own output.

        Returns:
            Its exit status.
        """
        words = (
            "logs",
            *(("--follow",) if follow else ()),
            "--tail",
            str(lines),
            *((service,) if service else ()),
        )
        return subprocess.run(
            self._command(words), cwd=self._folder.path, check=False, env=self._environ()
        ).returncode

    def _command(self, words: tuple[str, ...]) -> list[str]:
        return [*self._engine.compose, "-p", self._folder.project, "-f", "compose.yaml", *words]

    def _environ(self) -> dict[str, str]:
        # The file beside compose.yaml decides; the shell's variables would win over it.
        return {name: value for name, value in os.environ.items() if not name.startswith("CCMON_")}


def _failure(command: str, status: int, output: deque[str]) -> ComposeFailed:
    said = [line for line in output if line]
    for pattern, title, step in _FAULTS:
        for line in reversed(said):
            if pattern.search(line):
                return ComposeFailed(title, cause=line.strip(), next_step=step)
    cause = said[-1].strip() if said else f"it ended with status {status} and without a word"
    return ComposeFailed(
        f"compose {command} failed",
        cause=cause,
        next_step="What it wrote before that tells more, and so does ccmon-tray stack logs",
    )
