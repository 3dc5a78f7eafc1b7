"""All checks, for people and for CI: ``python3 scripts/test.py [--fast] [arguments of pytest]``.

Lint, format, types, layers, the wheel in a clean environment, and the tests, whose closing line comes last.
``--fast`` leaves out the wheel and the tests that start servers or desktops. Needs nothing but Python; on
Debian the programs that the tests drive are installed where that needs no password.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable

# Debian's package: a program in it, or None for files that tests only look better with.
PACKAGES = {
    "prometheus": "promtool",
    "victoria-metrics": "victoria-metrics",
    "xvfb": "Xvfb",
    "xauth": "xauth",
    "openbox": "openbox",
    "xfce4-panel": "xfce4-panel",
    "xfconf": "xfconf-query",
    "trayer": "trayer",
    "dbus": "dbus-daemon",
    "dunst": "dunst",
    "dbus-x11": "dbus-launch",
    "xdotool": "xdotool",
    "xclip": "xclip",
    "xsel": "xsel",
    "openssl": "openssl",
    "x11-utils": "xprop",
    "desktop-file-utils": "desktop-file-validate",
    "libglib2.0-bin": "gio",
    "bash": "bash",
    "fish": "fish",
    "zsh": "zsh",
    "mandoc": "mandoc",
    "imagemagick": "convert",
    "scrot": "scrot",
    "fonts-inter": None,
    "fonts-dejavu-core": None,
}


ASSETS = (
    "ccmon_tray/assets/icon.svg",
    "ccmon_tray/assets/icon-64.png",
    "ccmon_tray/stack/files/compose.yaml",
)


TESTS_LIMIT_S = 40 * 60  # over three times what they take on two cores; some test then waits for ever


class Checks:
    """Runs one check after another, and remembers how each went."""

    def __init__(self) -> None:
        self.results: list[tuple[str, bool, float]] = []

    def run(self, name: str, check: Callable[[], bool]) -> None:
        """Run a function that says whether the check passed."""
        print(f"\n━━━ {name} ━━━", flush=True)
        begin = time.monotonic()
        try:
            passed = check()
        except (bootstrap.CannotGoOn, OSError) as error:
            print(error)
            passed = False
        self.results.append((name, passed, time.monotonic() - begin))

    def program(self, name: str, *command: str | Path) -> None:
        """Run a program; the check passes if it exits with 0."""
        arguments = [str(part) for part in command]

        def passes() -> bool:
            done = subprocess.run(arguments, cwd=bootstrap.PROJECT, stdin=subprocess.DEVNULL, check=False)
            return done.returncode == 0

        self.run(name, passes)

    @property
    def passed(self) -> bool:
        """Whether all did."""
        return all(passed for _, passed, _ in self.results)

    def print_summary(self) -> None:
        """One line a check, and the time of all."""
        print("\n━━━ Summary ━━━")
        for name, passed, seconds in self.results:
            print(f"{'✓' if passed else '✗'} {name:<32} {seconds:6.1f} s")
        print(f"  {'in total':<32} {sum(seconds for *_, seconds in self.results):6.1f} s")


def install_programs() -> bool:
    """Install what the tests drive, or say what is missing: in CI that is a failure of the tests."""
    missing = [
        package for package, program in PACKAGES.items() if program is None or shutil.which(program) is None
    ]
    left = bootstrap.install_debian(missing) if sys.platform == "linux" else []
    if left and shutil.which("apt-get"):
        print(f"Missing: {' '.join(left)}. Install them (sudo apt install …), else their tests are skipped.")
    elif left:
        programs = [PACKAGES[package] or package for package in left]
        print(f"Missing: {', '.join(programs)}. Tests that need them are skipped.")
    else:
        print("Everything is here.")
    return True


def wheel_works(python: Path) -> bool:
    """Build the wheel, look into it, install it into a clean environment and start it there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pip = [str(python), "-m", "pip"]
        bootstrap.run([*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", name, str(bootstrap.PROJECT)])
        (wheel,) = folder.glob("*.whl")
        inside = set(zipfile.ZipFile(wheel).namelist())
        missing = [asset for asset in ASSETS if asset not in inside]
        if missing:
            print(f"{wheel.name} lacks {', '.join(missing)}")
            return False
        venv = folder / "venv"
        bootstrap.make_venv(venv, str(python))
        bootstrap.run(
            [str(bootstrap.venv_program(venv, "python")), "-m", "pip", "install", "--quiet", str(wheel)]
        )
        done = subprocess.run(
            [str(bootstrap.venv_program(venv, "ccmon-tray")), "--version"],
            cwd=name,  # not the project: what is installed has to do
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        print((done.stdout + done.stderr).strip())
        version = wheel.name.split("-")[1]
        return done.returncode == 0 and version in done.stdout


def tests_pass(python: Path, arguments: list[str], closing: list[str]) -> bool:
    """Run pytest; its last line goes into ``closing``."""
    # The person's own settings must not reach the tests.
    environ = {name: text for name, text in os.environ.items() if not name.startswith("CCMON_TRAY_")}
    if sys.stdout.isatty():
        arguments = ["--color=yes", *arguments]
    if not any(argument.startswith("-n") for argument in arguments):
        # Most tests wait for servers and displays: two at a time on a core; a file's share what they start.
        spread = ["-n", str(2 * (os.cpu_count() or 1)), "--dist", "loadfile"]
        # Put in place of one that ended, a worker waits for its last test for ever.
        arguments = [*spread, "--max-worker-restart", "0", *arguments]
    with subprocess.Popen(
        [str(python), "-m", "pytest", *arguments],
        cwd=bootstrap.PROJECT,
        env={**environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # so that what it started can be ended with it
    ) as pytest:
        assert pytest.stdout is not None
        late: list[bool] = []

        def give_up() -> None:
            late.append(True)
            end_all(pytest)

        limit = threading.Timer(TESTS_LIMIT_S, give_up)
        limit.daemon = True
        limit.start()
        try:
            for line in pytest.stdout:
                print(line, end="", flush=True)
                if line.strip():
                    closing[:] = [line.rstrip()]
        except KeyboardInterrupt:
            end_all(pytest)
            raise
        finally:
            limit.cancel()
    if late:
        closing[:] = [f"The tests had not ended after {TESTS_LIMIT_S // 60} minutes."]
    return pytest.returncode == 0


def end_all(pytest: subprocess.Popen[str]) -> None:
    """End the tests and all that they started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pytest.pid, signal.SIGKILL)
    else:
        pytest.kill()


def main() -> int:
    """Run all; returns 0 if everything passed, else 1."""
    arguments = sys.argv[1:]
    fast = "--fast" in arguments
    arguments = [argument for argument in arguments if argument != "--fast"]
    checks = Checks()
    closing: list[str] = []
    try:
        bootstrap.require_python()
        if not fast:
            checks.run("System packages", install_programs)
        begin = time.monotonic()
        python = bootstrap.environment(with_dev=True)
    except bootstrap.CannotGoOn as error:
        print(error)
        return 1
    checks.results.append(("Environment", True, time.monotonic() - begin))
    checks.program("ruff check", python, "-m", "ruff", "check", ".")
    checks.program("ruff format", python, "-m", "ruff", "format", "--check", ".")
    checks.program("mypy", python, "-m", "mypy")
    checks.program("import-linter", bootstrap.venv_program(bootstrap.VENV, "lint-imports"))
    if fast:
        arguments = ["-m", "not needs", *arguments]
    else:
        checks.run("Wheel in a clean environment", lambda: wheel_works(python))
    checks.run("pytest", lambda: tests_pass(python, arguments, closing))
    checks.print_summary()
    print(*closing, flush=True)
    return 0 if checks.passed else 1


if __name__ == "__main__":
    sys.exit(main())
