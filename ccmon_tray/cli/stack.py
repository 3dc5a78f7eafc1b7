"""``ccmon-tray stack``: the Prometheus stack with podman or docker."""

import os
import sys
from typing import Final, Protocol

from ccmon_tray.cli.output import flush, tell, write
from ccmon_tray.errors import CcmonError, UsageError
from ccmon_tray.paths import find_paths
from ccmon_tray.settings_file import load
from ccmon_tray.sources.claude_files.connect import Connection
from ccmon_tray.stack.health import StackState
from ccmon_tray.stack.names import TITLES
from ccmon_tray.stack.operations import Stack, ports_table
from ccmon_tray.stack.ports import Ports, check_number

DONE: Final = 0
NOT_WELL: Final = 1


class StackArguments(Protocol):
    """What was asked for; each deed reads its own."""

    deed: str
    engine: str | None
    timeout: float
    follow: bool
    tail: int
    service: str | None
    ask: bool


def stack(arguments: StackArguments) -> int:
    """Do one deed."""
    paths = find_paths()
    loaded = load(paths)
    for notice in loaded.notices:
        tell(notice)
    whole = Stack(paths, loaded.settings, say=tell, progress=_progress, engine=arguments.engine or "")
    match arguments.deed:
        case "up":
            ports = whole.up(arguments.timeout)
            write(f"The stack serves: Prometheus at {ports.prometheus_url}, OTLP at {ports.otlp_endpoint}\n")
            _say_next(ports, Connection(paths, loaded.settings, os.environ))
            return DONE
        case "down":
            stopped = whole.down()
            tell(
                "The stack is stopped; what it has stored stays"
                if stopped
                else "There is no stack here, so nothing was stopped"
            )
            return DONE
        case "logs":
            status = whole.logs(follow=arguments.follow, lines=arguments.tail, service=arguments.service)
            return DONE if status == 0 else NOT_WELL
        case "ports":
            return _ports(whole, arguments, Connection(paths, loaded.settings, os.environ))
    return _status(whole)


def _say_next(ports: Ports, connection: Connection) -> None:
    """The one thing left to do, if Claude Code does not send there already."""
    try:
        connected = not connection.plan(ports.otlp_endpoint).changes
    except CcmonError:  # connect itself tells what is wrong with Claude Code's settings
        connected = False
    if connected:
        write("Claude Code is set to send there: nothing else is to be done\n")
    else:
        write(f"Next: ccmon-tray connect --endpoint {ports.otlp_endpoint}\n")


def _status(whole: Stack) -> int:
    status = whole.status()
    if not status.set_up:
        write("There is no stack here; ccmon-tray stack up starts one\n")
        if status.trouble:
            tell(status.trouble)
        return NOT_WELL
    state = status.health.state
    write(f"The stack is {state}{f', with {status.engine}' if status.engine else ''}\n")
    rows = (
        ("Collector", status.health.collector, status.ports.otlp_endpoint),
        ("Prometheus", status.health.prometheus, status.ports.prometheus_url),
    )
    for title, serves, url in rows:
        write(f"  {title:<12}{'serves' if serves else 'no answer':<11}{url}\n")
    write(f"  Files       {whole.folder.path}\n")
    write(f"  Project     {whole.folder.project}\n")
    if status.trouble:
        tell(status.trouble)
    return DONE if state is StackState.RUNNING else NOT_WELL


def _ports(whole: Stack, arguments: StackArguments, connection: Connection) -> int:
    given = {name: getattr(arguments, name) for name in TITLES}
    changes = {name: port for name, port in given.items() if port is not None}
    if arguments.ask:
        changes = _asked(whole.folder.ports.changed(changes))
    if not changes:
        _write_ports(whole.folder.ports)
        return DONE
    before = whole.folder.ports
    ports = whole.change_ports(changes, arguments.timeout)
    _write_ports(ports)
    if ports.otlp_http != before.otlp_http:
        _say_next(ports, connection)
    return DONE


def _write_ports(ports: Ports) -> None:
    for title, port, who in ports_table(ports):
        state = "free" if who is None else f"{who or 'somebody'} listens there"
        write(f"{title:<20}{port:>6}  {state}\n")


def _asked(ports: Ports) -> dict[str, int]:
    """Ask for each port; an empty answer leaves it."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            "There is nobody to ask", next_step="Give the ports: ccmon-tray stack ports --prometheus PORT …"
        )
    return {name: _answer(name, port) for name, port in ports.items()}


def _answer(name: str, now: int) -> int:
    """The port that the person wants; asks again as long as it cannot be one."""
    while True:
        write(f"{TITLES[name]} [{now}]: ")
        flush()
        line = sys.stdin.readline()
        if not line:  # Ctrl+D
            write("\n")
            raise UsageError("The answers ended, so nothing was changed")
        words = line.strip()
        if not words:
            return now
        try:
            check_number(name, int(words))
        except ValueError:
            write(f"  {words} is no number\n")
        except UsageError as error:
            write(f"  {error}\n")
        else:
            return int(words)


def _progress(line: str) -> None:
    """Pass a line of the engine's on, beside what is for programs."""
    if sys.stderr is not None:
        sys.stderr.write(f"  {line}\n")
        sys.stderr.flush()
