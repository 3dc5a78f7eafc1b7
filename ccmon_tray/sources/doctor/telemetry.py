"""Claude Code's side on this machine: whether it exports, how, and whether somebody listens there."""

import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ccmon_tray.sources.claude_files.folders import config_folders
from ccmon_tray.sources.claude_files.history import HistoryFiles
from ccmon_tray.sources.claude_files.telemetry_faults import (
    ENDPOINTS,
    EXPORTER,
    PROTOCOLS,
    endpoint_of,
    find_faults,
    is_cumulative,
    is_enabled,
)
from ccmon_tray.sources.claude_files.telemetry_settings import (
    ENABLE,
    TelemetrySettings,
    read_telemetry_settings,
)
from ccmon_tray.sources.collector.gate import is_loopback
from ccmon_tray.sources.doctor.context import Context
from ccmon_tray.sources.doctor.links import Finding, Link, ok, skipped
from ccmon_tray.usage.checks import CheckStatus
from ccmon_tray.usage.states import SourceKind

_RECENT_S: Final = 30 * 86_400
_MOST_PROJECTS: Final = 20
_CONNECT_TIMEOUT_S: Final = 2.0
_NOT_FOR_DEMO: Final = "Demo data need no telemetry"
_RESTART: Final = "then start claude anew"


def _read(context: Context) -> TelemetrySettings:
    folders = config_folders(context.settings.claude, context.environ)
    return read_telemetry_settings(folders, context.environ, projects=_recent_projects(context, folders))


def _recent_projects(context: Context, folders: Sequence[Path]) -> list[Path]:
    """The folders that Claude Code worked in last, as its history tells."""
    history = HistoryFiles(folders, recent_s=_RECENT_S, clock=context.clock).read()
    if history is None:
        return []
    latest: dict[str, int] = {}
    for session in history.sessions.values():
        if session.project_path is not None:
            latest[session.project_path] = max(session.last, latest.get(session.project_path, 0))
    newest_first = sorted(latest, key=lambda path: -latest[path])
    return [Path(path) for path in newest_first[:_MOST_PROJECTS]]


def _is_demo(context: Context) -> bool:
    return context.source is not None and context.source.info.kind is SourceKind.DEMO


def _gravity(context: Context) -> CheckStatus:
    """How bad it is that this machine sends nothing: metrics may come from another one."""
    has_metrics = context.inventory is not None and context.inventory.metrics
    return CheckStatus.WARNING if has_metrics else CheckStatus.FAILED


def _telemetry(context: Context) -> Finding:
    if _is_demo(context):
        return skipped(_NOT_FOR_DEMO)
    settings = _read(context)
    details = (
        *(
            f"{name} = {setting.text}  ({setting.layer.title})"
            for name, setting in settings.effective.items()
        ),
        *settings.problems,
        *(f"no effect: {file}" for file in settings.ignored),
    )
    if not settings.has_claude and not settings.get(ENABLE):
        return skipped(f"No Claude Code on this machine: there is no {settings.user_file.parent}")
    own = _is_own_collector(context, settings)
    faults = find_faults(settings, for_prometheus=not own)
    if not faults:
        return _well(settings, details)
    first = faults[0]
    change = {name: value for fault in faults for name, value in fault.change.items()}
    stopping = next((fault for fault in faults if fault.stops), None)
    if stopping is not None and settings.unread:
        # What is missing is set there, as likely as not.
        return Finding(
            _gravity(context),
            settings.unread[0],
            cause=first.why,
            cure=f"Correct the file, {_RESTART}",
            details=details,
        )
    status = CheckStatus.WARNING if stopping is None else _gravity(context)
    cause = first.why
    if stopping is not None and status is CheckStatus.WARNING:
        there = "received so far are from before" if own else "on the server come from another machine"
        cause += f"; the metrics {there}, or claude is started with other variables"
    return Finding(
        status,
        "; ".join([first.words, *(fault.words.lower() for fault in faults[1:])]),
        cause=cause,
        cure=_cure(settings, change, connects=own),
        details=details if own else (*details, *json.dumps({"env": change}, indent=2).splitlines()),
    )


def _is_own_collector(context: Context, settings: TelemetrySettings) -> bool:
    """Whether metrics go to the built-in collector, or are to go there for want of another end point."""
    source, collector = context.source, context.settings.collector
    if not collector.enabled or source is None or source.info.kind is SourceKind.PROMETHEUS:
        return False
    endpoint = endpoint_of(settings) if settings.get(*ENDPOINTS) else None
    if endpoint is None:
        return True
    return is_loopback(endpoint[0]) and endpoint[1] in {collector.http_port, collector.grpc_port}


def _cure(settings: TelemetrySettings, change: dict[str, str], *, connects: bool) -> str:
    pairs = ", ".join(f"{name}={value}" for name, value in change.items())
    managed = [found.layer.title for name in change if (found := settings.get(name)) and found.layer.managed]
    if managed:
        return f"Ask your administrator to set {pairs} in {managed[0]}, {_RESTART}"
    if connects:
        return f"Connect Claude Code (in the window, or by ccmon-tray connect), {_RESTART}"
    return f"Set {pairs} in the env block of {settings.user_file}, {_RESTART}"


def _well(settings: TelemetrySettings, details: tuple[str, ...]) -> Finding:
    exporter = settings.get(EXPORTER)
    assert exporter is not None
    where = settings.get(ENABLE)
    assert where is not None
    if "otlp" in exporter.text:
        host, port = endpoint_of(settings) or ("", 0)
        kind = "cumulative" if is_cumulative(settings) else "deltas"
        result = f"On: {settings.text(*PROTOCOLS)} to {host}:{port}, {kind}"
    else:
        result = "On: served by claude itself, for Prometheus to scrape"
    if settings.problems:
        return Finding(
            CheckStatus.WARNING, settings.problems[0], cure="Correct the file", details=(result, *details)
        )
    if settings.ignored:
        return Finding(
            CheckStatus.WARNING,
            f"{result}; a project sets other variables",
            cause="exporter variables in a project’s settings have no effect",
            cure=f"Move them from {settings.ignored[0]} to {settings.user_file}",
            details=details,
        )
    return ok(f"{result} ({where.layer.title})", *details)


def _endpoint(context: Context) -> Finding:
    if _is_demo(context):
        return skipped(_NOT_FOR_DEMO)
    settings = _read(context)
    if not is_enabled(settings) or "otlp" not in settings.text(EXPORTER):
        return skipped("Claude Code on this machine exports nothing by OTLP")
    endpoint = endpoint_of(settings)
    if endpoint is None:
        return skipped("The endpoint is no URL")
    host, port = endpoint
    if _is_query_server(context, settings, endpoint):
        assert context.client is not None
        return Finding(
            _gravity(context),
            "The endpoint is the server’s query API",
            cause="Prometheus takes OTLP below /api/v1/otlp alone, where its receiver is switched on",
            cure=f"Set OTEL_EXPORTER_OTLP_ENDPOINT to {context.client.safe_url}/api/v1/otlp, "
            "or to a collector",
        )
    try:
        with socket.create_connection(endpoint, timeout=_CONNECT_TIMEOUT_S):
            return ok(f"{host}:{port} listens")
    except OSError as error:
        return Finding(
            _gravity(context),
            f"Nothing listens at {host}:{port}",
            cause=error.strerror or str(error) or "no answer",
            cure="Start ccmon-tray, which listens there"
            if _is_own_collector(context, settings)
            else "Start the collector there, or set OTEL_EXPORTER_OTLP_ENDPOINT to where it is",
        )


def _is_query_server(context: Context, settings: TelemetrySettings, endpoint: tuple[str, int]) -> bool:
    """Whether metrics are sent to the server itself, but not to where it takes them."""
    if context.client is None or any(
        part in settings.text(*ENDPOINTS) for part in ("/otlp", "/opentelemetry")
    ):
        return False
    url = urlsplit(context.client.safe_url)
    port = url.port or (443 if url.scheme == "https" else 80)
    local = {"localhost", "127.0.0.1", "::1"}
    same_host = url.hostname == endpoint[0] or {url.hostname, endpoint[0]} <= local
    return same_host and port == endpoint[1]


LINKS: Final = (
    Link("claude_telemetry", _telemetry, ("settings",)),
    Link("otlp_endpoint", _endpoint, ("settings",)),
)
