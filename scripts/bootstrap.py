"""The project's own environment, made with Python's standard library alone.

Shared by ``run.py`` and ``test.py``: finds a Python that will do, makes ``.venv`` beside the project,
installs the project and what it needs, and does none of that again while ``pyproject.toml`` stays as it is.
On Debian and its kin missing system packages are installed where that needs no password, and named elsewhere.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
OLDEST = (3, 11)
NEWEST_KNOWN = 14

POLICY = Path("/usr/sbin/policy-rc.d")


class CannotGoOn(Exception):
    """Something is missing that this script cannot get; the text says what to do."""


def say(text: str) -> None:
    """Tell the person at the terminal, at once, without mixing with output that a pipe wants."""
    print(text, file=sys.stderr, flush=True)


# Interpreters


def require_python() -> None:
    """Go on under a Python that is new enough, if this one is too old.

    Raises:
        CannotGoOn: There is none.
    """
    if sys.version_info >= OLDEST:
        return
    for name in _newer_names():
        found = shutil.which(name)
        if found:
            os.execv(found, [found, *sys.argv])  # noqa: S606  # the same script under another Python
    here = ".".join(map(str, sys.version_info[:2]))
    raise CannotGoOn(
        f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, and this is {here}. Install it (Debian 12: apt "
        "install python3, macOS: brew install python, Windows: python.org) and run this again with it."
    )


def _newer_names() -> list[str]:
    return [f"python3.{minor}" for minor in range(NEWEST_KNOWN, OLDEST[1] - 1, -1)]


def choose_python() -> str:
    """The Python that ``.venv`` is made from: this one, or another one that has tkinter if this has none."""
    candidates = [sys.executable, "/usr/bin/python3", *_newer_names()]
    complete = [python for python in candidates if _has(python, "venv, ensurepip, tkinter")]
    if complete:
        return complete[0]
    if Path("/usr/bin/python3").exists() and _has("/usr/bin/python3", "sys"):
        say("No Python here has venv and tkinter; adding them to Debian's.")
        install_debian(["python3-venv", "python3-tk"])
        if _has("/usr/bin/python3", "venv, ensurepip, tkinter"):
            return "/usr/bin/python3"
    if not _has(sys.executable, "venv, ensurepip"):
        raise CannotGoOn(
            f"{sys.executable} cannot make environments. Install its venv module "
            "(Debian: sudo apt install python3-venv) and run this again."
        )
    say(
        f"{sys.executable} has no tkinter: everything works except the window. "
        "To have that too, install it (Debian: sudo apt install python3-tk, macOS: brew install python-tk), "
        "remove .venv and run this again."
    )
    return sys.executable


def _has(python: str, modules: str) -> bool:
    code = f"import sys; assert sys.version_info >= {OLDEST}; import {modules}"
    try:
        return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


# The environment


def venv_program(venv: Path, name: str) -> Path:
    """A program of an environment, the interpreter included."""
    return venv / "Scripts" / f"{name}.exe" if os.name == "nt" else venv / "bin" / name


def make_venv(venv: Path, python: str) -> None:
    """A new environment in place of whatever is there."""
    run([python, "-m", "venv", "--clear", str(venv)])


def environment(*, with_dev: bool) -> Path:
    """The project's environment, made or brought up to date where needed.

    Args:
        with_dev: Whether the tools for checks and tests are wanted too.

    Returns:
        Its interpreter.

    Raises:
        CannotGoOn: It cannot be made.
    """
    import tomllib  # noqa: PLC0415  # an older Python must get as far as the words that say so

    python = venv_program(VENV, "python")
    stamp = VENV / "ccmon-tray.stamp"
    project = (PROJECT / "pyproject.toml").read_bytes()
    found = _read_stamp(stamp)
    digest = hashlib.sha256(project).hexdigest()
    # The programs of an environment know its folder, so one that has been moved is made anew.
    if not _has(str(python), "pip") or found.get("folder", str(PROJECT)) != str(PROJECT):
        say("Making the environment in .venv …")
        make_venv(VENV, choose_python())
    elif found.get("pyproject") == digest and (found.get("dev") or not with_dev):
        return python
    say("Installing what ccmon-tray needs …")
    extra = tomllib.loads(project.decode())["dependency-groups"]["dev"] if with_dev else []
    run([str(python), "-m", "pip", "install", "--quiet", "--editable", str(PROJECT), *extra])
    stamp.write_text(
        json.dumps({"pyproject": digest, "folder": str(PROJECT), "dev": with_dev}), encoding="utf-8"
    )
    return python


def _read_stamp(stamp: Path) -> dict[str, object]:
    try:
        found = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def run(command: Sequence[str], **environ: str) -> None:
    """Run a program that has to succeed.

    Raises:
        CannotGoOn: It did not.
    """
    # Without PIP_USER, say, what is installed does not go into the environment.
    env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_USER": "0", **environ}
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=env, check=False)
    if done.returncode != 0:
        raise CannotGoOn(f"This did not work (exit {done.returncode}): {' '.join(command)}")


# Debian


def install_debian(packages: Sequence[str]) -> list[str]:
    """Install Debian packages where that needs no password.

    Returns:
        Those that are still missing.
    """
    missing = [package for package in packages if not _installed(package)]
    if not missing:
        return []
    root = _root_prefix()
    if root is None:
        return missing
    say(f"Installing Debian packages: {' '.join(missing)} …")
    install = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-qq"]
    install += ["--yes", "--no-install-recommends"]
    with _no_services(root):
        _quietly([*root, "apt-get", "update", "-qq"])
        if not _quietly([*install, *missing]):
            for package in missing:  # one that this release does not have must not cost the others
                _quietly([*install, package])
    return [package for package in missing if not _installed(package)]


def _installed(package: str) -> bool:
    return (Path("/usr/share/doc") / package).exists()


def _root_prefix() -> list[str] | None:
    """What goes in front of a command to run it as root without a password, or None if nothing does."""
    if shutil.which("apt-get") is None:
        return None
    if os.name == "posix" and os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    return sudo if shutil.which("sudo") and _quietly([*sudo, "true"]) else None


@contextlib.contextmanager
def _no_services(root: list[str]) -> Iterator[None]:
    """Keep Debian from starting the servers that come with packages: tests start their own."""
    ours = not POLICY.exists()
    if ours:
        _quietly([*root, "sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' > {POLICY} && chmod 755 {POLICY}"])
    try:
        yield
    finally:
        if ours:
            _quietly([*root, "rm", "-f", str(POLICY)])


def _quietly(command: Sequence[str]) -> bool:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, text=True)
    if done.returncode != 0 and "apt-get" in command:
        say(done.stderr.strip())
    return done.returncode == 0
