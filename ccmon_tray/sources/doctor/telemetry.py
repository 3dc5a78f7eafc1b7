"""Claude Code's side on this machine: whether it exports, how, and whether somebody listens there."""

import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ccmon_tray.sources.claude_files.folders import config_folders
from ccmon_tray.sources.claude_files.history import HistoryFiles
from ccmon_tray.sources.claude_files.telemetry_settings import (
    ENABLE,
    TelemetrySettings,
    read_telemetry_settings,
)
from ccmon_tray.sources.doctor.context import Context
from ccmon_tray.sources.doctor.links import Finding, Link, ok, skipped
from ccmon_tray.usage.checks import CheckStatus
from ccmon_tray.usage.models import SourceKind

_RECENT_S: Final = 30 * 86_400
_MOST_PROJECTS: Final = 20
_CONNECT_TIMEOUT_S: Final = 2.0
_PROTOCOLS: Final = ("grpc", "http/protobuf", "http/json")
_DEFAULT_PORTS: Final = {"grpc": 4317, "http/protobuf": 4318, "http/json": 4318}
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
# Prometheus forgets a series five minutes after its last sample.
_LONGEST_INTERVAL_MS: Final = 240_000
_NOT_FOR_DEMO: Final = "Demo data need no telemetry"
_RESTART: Final = "then start claude anew"

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOL_NAMES: Final = ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_TEMPORALITY: Final = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
_EXPORTER: Final = "OTEL_METRICS_EXPORTER"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with the switches.

    Attributes:
        words: What, in a line.
        why: What follows from it.
        change: The switches to set, and to what.
        stops: Whether no metrics come at all.
    """

    words: str
    why: str
    change: dict[str, str]
    stops: bool = True


def find_faults(settings: TelemetrySettings) -> list[Fault]:
    """What is wrong with the switches, the gravest first."""
    if settings.text(ENABLE).lower() not in _TRUE:
        return [
            Fault(
                "Telemetry is off",
                f"{ENABLE} is not set to 1",
                {ENABLE: "1", **_missing(settings)},
            )
        ]
    exporters = {part.strip() for part in settings.text(_EXPORTER).split(",")} - {"", "none", "console"}
    if not exporters & {"otlp", "prometheus"}:
        said = settings.text(_EXPORTER)
        why = f"{_EXPORTER} is {said}" if said else f"{_EXPORTER} is not set"
        return [Fault("Metrics are not exported", why, {**_missing(settings), _EXPORTER: "otlp"})]
    faults = []
    if "otlp" in exporters:
        faults += _otlp_faults(settings)
    if settings.text("OTEL_METRICS_INCLUDE_SESSION_ID").lower() in {"false", "0", "no", "off"}:
        faults.append(
            Fault(
                "Sessions cannot be told apart",
                "OTEL_METRICS_INCLUDE_SESSION_ID is off",
                {"OTEL_METRICS_INCLUDE_SESSION_ID": "true"},
                stops=False,
            )
        )
    interval = settings.text("OTEL_METRIC_EXPORT_INTERVAL")
    if interval.isdecimal() and int(interval) > _LONGEST_INTERVAL_MS:
        faults.append(
            Fault(
                "Metrics are exported too rarely",
                f"OTEL_METRIC_EXPORT_INTERVAL is {int(interval) / 60_000:.3g} minutes, and Prometheus "
                "forgets a series after five",
                {"OTEL_METRIC_EXPORT_INTERVAL": "60000"},
                stops=False,
            )
        )
    return faults


def _missing(settings: TelemetrySettings) -> dict[str, str]:
    """What OTLP needs besides and is not set."""
    needed = {
        _EXPORTER: ("otlp", (_EXPORTER,)),
        _PROTOCOL_NAMES[-1]: (_fitting_protocol(settings), _PROTOCOL_NAMES),
        _ENDPOINTS[-1]: (_fitting_endpoint(settings), _ENDPOINTS),
        _TEMPORALITY: ("cumulative", (_TEMPORALITY,)),
    }
    return {name: value for name, (value, names) in needed.items() if not settings.get(*names)}


def _fitting_protocol(settings: TelemetrySettings) -> str:
    endpoint = endpoint_of(settings)
    return "grpc" if endpoint is not None and endpoint[1] == _DEFAULT_PORTS["grpc"] else "http/protobuf"


def _fitting_endpoint(settings: TelemetrySettings) -> str:
    protocol = settings.text(*_PROTOCOL_NAMES) or _fitting_protocol(settings)
    return f"http://localhost:{_DEFAULT_PORTS.get(protocol, 4318)}"


def _otlp_faults(settings: TelemetrySettings) -> list[Fault]:
    faults = []
    protocol = settings.text(*_PROTOCOL_NAMES)
    if protocol not in _PROTOCOLS:
        why = f"{_PROTOCOL_NAMES[-1]} is “{protocol}”" if protocol else f"{_PROTOCOL_NAMES[-1]} is not set"
        faults.append(
            Fault(
                "The protocol is not set" if not protocol else "There is no such protocol",
                f"{why}, and there is no default",
                {_PROTOCOL_NAMES[-1]: _fitting_protocol(settings)},
            )
        )
    endpoint = endpoint_of(settings)
    if endpoint is None:
        faults.append(
            Fault(
                "The endpoint is no URL",
                settings.text(*_ENDPOINTS),
                {_ENDPOINTS[-1]: _fitting_endpoint(settings)},
            )
        )
    elif protocol in _PROTOCOLS and endpoint[1] in {4317, 4318} and endpoint[1] != _DEFAULT_PORTS[protocol]:
        port = _DEFAULT_PORTS[protocol]
        faults.append(
            Fault(
                "Protocol and port do not match",
                f"{protocol} usually goes to port {port}, but the endpoint’s is {endpoint[1]}",
                {_ENDPOINTS[-1]: f"http://{endpoint[0]}:{port}"},
                stops=False,
            )
        )
    temporality = settings.text(_TEMPORALITY).lower()
    if temporality != "cumulative":
        faults.append(
            Fault(
                "Metrics go out as deltas",
                f"{_TEMPORALITY} is {temporality or 'not set'}, which means delta: Prometheus "
                "refuses them, and the collector’s prometheus exporter loses counts; only the "
                "deltatocumulative processor helps",
                {_TEMPORALITY: "cumulative"},
                stops=False,
            )
        )
    return faults


def endpoint_of(settings: TelemetrySettings) -> tuple[str, int] | None:
    """Host and port that OTLP goes to; None where the setting is no URL."""
    protocol = settings.text(*_PROTOCOL_NAMES)
    usual = _DEFAULT_PORTS.get(protocol, 4318)
    text = settings.text(*_ENDPOINTS) or f"http://localhost:{usual}"
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:
        return None
    if url.scheme not in {"http", "https"} or not host:
        return None
    return host, port or (443 if url.scheme == "https" else usual if protocol == "grpc" else 80)


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
    faults = find_faults(settings)
    if not faults:
        return _well(settings, details)
    first = faults[0]
    change = {name: value for fault in faults for name, value in fault.change.items()}
    stopping = next((fault for fault in faults if fault.stops), None)
    status = CheckStatus.WARNING if stopping is None else _gravity(context)
    cause = first.why
    if stopping is not None and status is CheckStatus.WARNING:
        cause += "; the metrics on the server come from another machine, or claude is started with "
        cause += "other variables"
    return Finding(
        status,
        "; ".join([first.words, *(fault.words.lower() for fault in faults[1:])]),
        cause=cause,
        cure=_cure(settings, change),
        details=(*details, *json.dumps({"env": change}, indent=2).splitlines()),
    )


def _cure(settings: TelemetrySettings, change: dict[str, str]) -> str:
    pairs = ", ".join(f"{name}={value}" for name, value in change.items())
    managed = [found.layer.title for name in change if (found := settings.get(name)) and found.layer.managed]
    if managed:
        return f"Ask your administrator to set {pairs} in {managed[0]}, {_RESTART}"
    return f"Set {pairs} in the env block of {settings.user_file}, {_RESTART}"


def _well(settings: TelemetrySettings, details: tuple[str, ...]) -> Finding:
    exporter = settings.get(_EXPORTER)
    assert exporter is not None
    where = settings.get(ENABLE)
    assert where is not None
    if "otlp" in exporter.text:
        host, port = endpoint_of(settings) or ("", 0)
        result = f"On: {settings.text(*_PROTOCOL_NAMES)} to {host}:{port}, cumulative"
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
    if settings.text(ENABLE).lower() not in _TRUE or "otlp" not in settings.text(_EXPORTER):
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
            cure="Start the collector there, or set OTEL_EXPORTER_OTLP_ENDPOINT to where it is",
        )


def _is_query_server(context: Context, settings: TelemetrySettings, endpoint: tuple[str, int]) -> bool:
    """Whether metrics are sent to the server itself, but not to where it takes them."""
    if context.client is None or any(
        part in settings.text(*_ENDPOINTS) for part in ("/otlp", "/opentelemetry")
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
