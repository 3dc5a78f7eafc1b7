"""The built-in collector: who listens at its ports, and how its file is."""

import contextlib
import http.client
import socket
from typing import Final

from ccmon_tray.errors import CcmonError
from ccmon_tray.settings import CollectorSettings
from ccmon_tray.sources.collector import usage_file
from ccmon_tray.sources.collector.gate import Gate
from ccmon_tray.sources.collector.ports import holder_of
from ccmon_tray.sources.collector.source import CollectorSource
from ccmon_tray.sources.doctor.context import Context
from ccmon_tray.sources.doctor.links import Finding, Link, ok, skipped
from ccmon_tray.usage import formatting
from ccmon_tray.usage.checks import CheckStatus
from ccmon_tray.usage.states import SourceKind

_TIMEOUT_S: Final = 2.0
_NAME: Final = "ccmon-tray"
_NOBODY: Final = "nobody listens"
_MIB: Final = 2**20
# A larger file takes seconds to read; the tray reads it whole at its start in any case.
_CHECKED_BYTES: Final = 64 * _MIB


def _listeners(context: Context) -> Finding:
    settings = context.settings.collector
    if context.settings.source.kind == "demo":
        return skipped("Demo data are not received")
    if not settings.enabled:
        return skipped("It is switched off: collector.enabled is false")
    Gate(settings)
    ports = {"HTTP": settings.http_port, "gRPC": settings.grpc_port}
    tray_pid = _tray_pid(context)
    looked = {name: _look(settings, name, port, tray_pid) for name, port in ports.items() if port}
    details = tuple(f"OTLP/{name} at port {ports[name]}: {words}" for name, (_, words) in looked.items())
    missing = [name for name, (serves, _) in looked.items() if not serves]
    if not missing:
        return ok("Listens at " + " and ".join(str(ports[name]) for name in looked), *details)
    others = [details[list(looked).index(name)] for name in missing if looked[name][1] != _NOBODY]
    if others:
        return Finding(
            CheckStatus.INFO,
            "; ".join(others),
            cause="exports that are sent there do not come here",
            cure="If that is a collector of yours, all is well; else end it, or change the port",
            details=details,
        )
    in_use = context.source is not None and context.source.info.kind is SourceKind.COLLECTOR
    return Finding(
        CheckStatus.WARNING if in_use else CheckStatus.INFO,
        "Nobody listens at " + " and ".join(str(ports[name]) for name in missing),
        cause="the tray hosts the built-in collector, and it does not run, or was started a moment ago",
        cure="Start ccmon-tray; what Claude Code cannot send meanwhile comes with its next export",
        details=details,
    )


def _tray_pid(context: Context) -> int:
    try:
        return int(context.paths.tray.pid_file.read_text())
    except (OSError, ValueError):
        return -1


def _look(settings: CollectorSettings, name: str, port: int, tray_pid: int) -> tuple[bool, str]:
    """Whether this program listens at a port, and who does, in words."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    holder = holder_of(port)
    if name == "HTTP":
        connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/v1/metrics")
            if connection.getresponse().getheader("Server") == _NAME:
                return True, f"{_NAME} listens"
    try:
        socket.create_connection((host, port), timeout=_TIMEOUT_S).close()
    except OSError:
        return False, _NOBODY
    own = name != "HTTP" and holder.pid == tray_pid
    return own, f"{_NAME if own else holder.name or 'another program'} listens"


def _file(context: Context) -> Finding:
    path = usage_file(context.paths)
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return skipped("Nothing has been received yet")
    source = CollectorSource(path, clock=context.clock)
    try:
        newest, damage = source.read(
            lambda reader: (
                reader.connection.execute("SELECT MAX(at) FROM increments").fetchone()[0],
                reader.connection.execute("PRAGMA quick_check(1)").fetchone()[0]
                if size <= _CHECKED_BYTES
                else "ok",
            )
        ) or (None, "ok")
    except CcmonError as error:
        return Finding(CheckStatus.FAILED, error.title, error.cause, error.next_step, (str(path),))
    finally:
        source.close()
    details = (str(path), f"{size / _MIB:.1f} MiB")
    if damage != "ok":
        return Finding(
            CheckStatus.FAILED,
            "The file is damaged",
            cause=str(damage),
            cure="Start the tray anew: it sets the file aside and begins another one",
            details=details,
        )
    if newest is None:
        return ok(f"{size / _MIB:.1f} MiB, nothing received yet", *details)
    age = formatting.age(max(0.0, context.clock() - newest))
    return ok(f"{size / _MIB:.1f} MiB, last use {age}", *details)


LINKS: Final = (
    Link("collector", _listeners, ("settings",)),
    Link("collector_file", _file, ("settings",)),
)
