"""Podman or docker, each with its compose: which of them is there and works, else what is missing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ccmon_tray.errors import CcmonError

NAMES: Final = ("podman", "docker")
_LOOK_S: Final = 20.0

_GET: Final = {
    "linux": (
        "Install podman and podman-compose (Debian, Ubuntu: sudo apt install podman podman-compose; "
        "Fedora: sudo dnf install podman podman-compose), or docker with its compose plugin"
    ),
    "darwin": (
        "Install Docker Desktop, or podman: brew install podman podman-compose, then podman machine init and "
        "podman machine start"
    ),
    "win32": "Install Docker Desktop, or Podman Desktop with its compose extension",
}
_GET_COMPOSE: Final = {
    "podman": (
        "Install podman-compose (Debian, Ubuntu: sudo apt install podman-compose; else: pipx install "
        "podman-compose)"
    ),
    "docker": "Install docker's compose plugin (docs.docker.com/compose/install)",
}
_WITHOUT: Final = "ccmon-tray itself needs none of it: its own collector takes what Claude Code sends"


class EngineUnusable(CcmonError):
    """Nothing here can run the stack."""

    code = "no-container-engine"


class _Stage(IntEnum):
    """How far a look at an engine got; the farthest is told."""

    MISSING = 0
    WITHOUT_COMPOSE = 1
    NOT_RUNNING = 2


@dataclass(frozen=True, slots=True)
class Engine:
    """A program that runs containers.

    Attributes:
        name: ``podman`` or ``docker``.
        program: Its path.
        compose: The words that run its compose.
    """

    name: str
    program: str
    compose: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Trouble:
    stage: _Stage
    error: EngineUnusable


def find_engine(wanted: str = "") -> Engine:
    """The first engine that can run the stack: podman before docker, since it needs no rights and no daemon.

    Args:
        wanted: Only this one: ``podman`` or ``docker``.

    Raises:
        EngineUnusable: There is none; what is missing, and how to get it on this system.
    """
    if wanted and not is_there(wanted):
        step = f"Install it, or leave out --engine {wanted}. {_WITHOUT}"
        raise EngineUnusable(f"{wanted} is not installed", next_step=step)
    troubles = []
    for name in (wanted,) if wanted else NAMES:
        found = _look(name)
        if isinstance(found, Engine):
            return found
        troubles.append(found)
    raise max(troubles, key=lambda trouble: trouble.stage).error


def is_there(name: str) -> bool:
    """Whether an engine is installed, usable or not; asks no program."""
    return shutil.which(name) is not None


def _look(name: str) -> Engine | _Trouble:
    program = shutil.which(name)
    if program is None:
        title = "Neither podman nor docker is installed"
        platform = sys.platform if sys.platform in _GET else "linux"
        return _Trouble(_Stage.MISSING, EngineUnusable(title, next_step=f"{_GET[platform]}. {_WITHOUT}"))
    # First, because every other answer needs a daemon that answers.
    answered, told = _answers(program, "info")
    if not answered:
        return _Trouble(_Stage.NOT_RUNNING, _not_running(name, told))
    for words in _compose_words(name, program):
        if _answers(*words, "version")[0]:
            return Engine(name, program, words)
    return _Trouble(
        _Stage.WITHOUT_COMPOSE,
        EngineUnusable(f"{name} has no compose", next_step=f"{_GET_COMPOSE[name]}. {_WITHOUT}"),
    )


def _compose_words(name: str, program: str) -> Iterator[tuple[str, ...]]:
    own = shutil.which(f"{name}-compose")
    if name == "podman":
        # "podman compose" hands over to whatever it finds, which may need podman's socket; this one does not.
        if own:
            yield (own,)
        yield (program, "compose")
        return
    yield (program, "compose")
    if own:
        yield (own,)


def _not_running(name: str, told: str) -> EngineUnusable:
    first = next((line.strip() for line in told.splitlines() if line.strip()), "it does not answer")
    cause = first.partition(". ")[0]  # docker goes on to ask whether its daemon is running
    if "permission denied" in told.lower():
        step = f"Let yourself use it (sudo usermod -aG {name} {_user()}, then log in anew)"
    elif name == "podman":
        step = "Start its machine: podman machine start" if sys.platform != "linux" else "Run podman info"
    elif sys.platform == "linux":
        step = "Start it: sudo systemctl start docker"
    else:
        step = "Start Docker Desktop"
    return EngineUnusable(f"{name} is installed, but does not run", cause=cause, next_step=step)


def _user() -> str:
    return os.environ.get("USER") or "YOUR-NAME"


def _answers(*command: str) -> tuple[bool, str]:
    """Whether a command succeeds, and what it said on stderr."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_LOOK_S,
            check=False,
            encoding="utf-8",
            errors="replace",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired:
        return False, f"no answer within {_LOOK_S:.0f} s"
    except OSError as error:
        return False, str(error)
    return done.returncode == 0, done.stderr
