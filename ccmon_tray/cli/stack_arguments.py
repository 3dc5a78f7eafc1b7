"""The arguments of ``ccmon-tray stack``, apart from what it does: the program's help needs only these."""

import argparse
from typing import Final

from ccmon_tray.stack.names import TITLES

_LINES: Final = 100
_TIMEOUT_S: Final = 180.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the deeds and their options to a parser."""
    deeds = parser.add_subparsers(title="deeds", metavar="DEED", dest="deed", required=True)

    def deed(name: str, does: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = deeds.add_parser(
            name, help=does, description=does, allow_abbrev=False
        )
        added.add_argument(
            "--engine", choices=("podman", "docker"), help="which to use (default: the first that works)"
        )
        return added

    def waiting(added: argparse.ArgumentParser) -> None:
        added.add_argument(
            "--timeout",
            type=float,
            default=_TIMEOUT_S,
            metavar="S",
            help=f"seconds to wait for it ({_TIMEOUT_S:.0f})",
        )

    waiting(deed("up", "Start it, and wait until it serves."))
    deed("down", "Stop it; what it has stored stays.")
    deed("status", "How it is, and where. Exit code 1 if it does not serve.")
    logs = deed("logs", "What its containers have written.")
    logs.add_argument("--follow", action="store_true", help="go on as more comes; Ctrl+C ends it")
    logs.add_argument(
        "--tail", type=int, default=_LINES, metavar="N", help=f"so many lines of each ({_LINES})"
    )
    logs.add_argument("service", nargs="?", choices=("collector", "prometheus"), help="only this one")
    ports = deed("ports", "Show the ports and who listens there, or change them.")
    waiting(ports)
    ports.add_argument("--ask", action="store_true", help="ask for each port")
    for name in TITLES:
        ports.add_argument(f"--{name.replace('_', '-')}", type=int, metavar="PORT", help=TITLES[name])
