"""Moves the Prometheus stack to other ports: asks for each, or takes them as ``ccmon-tray stack ports`` does.

Usage: python3 scripts/configure_ports.py [--otlp-http PORT] [--otlp-grpc PORT] [--prometheus PORT]
[--health PORT]
"""

from __future__ import annotations

import subprocess
import sys

import bootstrap


def main() -> int:
    """Hand over to the program; returns its exit status, or 1 if it cannot be run."""
    try:
        bootstrap.require_python()
        python = bootstrap.environment(with_dev=False)
    except bootstrap.CannotGoOn as error:
        bootstrap.say(str(error))
        return 1
    options = sys.argv[1:] or ["--ask"]
    return subprocess.run(
        [str(python), "-m", "ccmon_tray", "stack", "ports", *options], check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
