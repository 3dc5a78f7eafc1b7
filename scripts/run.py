"""Run ccmon-tray from this folder: ``python3 scripts/run.py [arguments]``.

Makes the environment the first time, then runs ``ccmon-tray`` in it with the arguments given: none for the
tray, ``demo`` for generated data, ``--help`` for all. Needs nothing but Python.
"""

from __future__ import annotations

import os
import subprocess
import sys

import bootstrap


def main() -> int:
    """Run it; returns its exit status, or 1 if it cannot be run."""
    try:
        bootstrap.require_python()
        python = str(bootstrap.environment(with_dev=False))
    except bootstrap.CannotGoOn as error:
        bootstrap.say(str(error))
        return 1
    command = [python, "-m", "ccmon_tray", *sys.argv[1:]]
    if os.name == "posix":
        os.execv(python, command)  # noqa: S606  # so that signals reach the tray itself
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
