"""What can be wrong with Claude Code's telemetry switches, and what to set instead.

What each of them means: https://code.claude.com/docs/en/monitoring-usage.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ccmon_tray.sources.claude_files.telemetry_settings import ENABLE, TelemetrySettings

EXPORTER: Final = "OTEL_METRICS_EXPORTER"
ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")

_TEMPORALITY: Final = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
_KNOWN_PROTOCOLS: Final = ("grpc", "http/protobuf", "http/json")
_USUAL_PORTS: Final = {"grpc": 4317, "http/protobuf": 4318, "http/json": 4318}
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})
# Prometheus forgets a series five minutes after its last sample.
_LONGEST_INTERVAL_MS: Final = 240_000


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


def is_enabled(settings: TelemetrySettings) -> bool:
    """Whether telemetry is switched on at all."""
    return settings.text(ENABLE).lower() in _TRUE


def find_faults(settings: TelemetrySettings, *, for_prometheus: bool = True) -> list[Fault]:
    """What is wrong with the switches, the gravest first.

    Args:
        settings: The switches.
        for_prometheus: Whether the metrics go to Prometheus, which refuses deltas and forgets series soon.
    """
    if not is_enabled(settings):
        return [
            Fault(
                "Telemetry is off",
                f"{ENABLE} is not set to 1",
                {ENABLE: "1", **_missing(settings)},
            )
        ]
    exporters = {part.strip() for part in settings.text(EXPORTER).split(",")} - {"", "none", "console"}
    if not exporters & {"otlp", "prometheus"}:
        said = settings.text(EXPORTER)
        why = f"{EXPORTER} is {said}" if said else f"{EXPORTER} is not set"
        return [Fault("Metrics are not exported", why, {**_missing(settings), EXPORTER: "otlp"})]
    faults = []
    if "otlp" in exporters:
        faults += _otlp_faults(settings, for_prometheus=for_prometheus)
    if settings.text("OTEL_METRICS_INCLUDE_SESSION_ID").lower() in _FALSE:
        faults.append(
            Fault(
                "Sessions cannot be told apart",
                "OTEL_METRICS_INCLUDE_SESSION_ID is off",
                {"OTEL_METRICS_INCLUDE_SESSION_ID": "true"},
                stops=False,
            )
        )
    interval = settings.text("OTEL_METRIC_EXPORT_INTERVAL")
    if for_prometheus and interval.isdecimal() and int(interval) > _LONGEST_INTERVAL_MS:
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
        EXPORTER: ("otlp", (EXPORTER,)),
        PROTOCOLS[-1]: (_fitting_protocol(settings), PROTOCOLS),
        ENDPOINTS[-1]: (_fitting_endpoint(settings), ENDPOINTS),
        _TEMPORALITY: ("cumulative", (_TEMPORALITY,)),
    }
    return {name: value for name, (value, names) in needed.items() if not settings.get(*names)}


def _fitting_protocol(settings: TelemetrySettings) -> str:
    endpoint = endpoint_of(settings)
    return "grpc" if endpoint is not None and endpoint[1] == _USUAL_PORTS["grpc"] else "http/protobuf"


def _fitting_endpoint(settings: TelemetrySettings) -> str:
    protocol = settings.text(*PROTOCOLS) or _fitting_protocol(settings)
    return f"http://localhost:{_USUAL_PORTS.get(protocol, 4318)}"


def is_cumulative(settings: TelemetrySettings) -> bool:
    """Whether counters are exported as sums since their start, and not as deltas."""
    return settings.text(_TEMPORALITY).lower() == "cumulative"


def _otlp_faults(settings: TelemetrySettings, *, for_prometheus: bool) -> list[Fault]:
    faults = []
    protocol = settings.text(*PROTOCOLS)
    if protocol not in _KNOWN_PROTOCOLS:
        why = f"{PROTOCOLS[-1]} is “{protocol}”" if protocol else f"{PROTOCOLS[-1]} is not set"
        faults.append(
            Fault(
                "The protocol is not set" if not protocol else "There is no such protocol",
                f"{why}, and there is no default",
                {PROTOCOLS[-1]: _fitting_protocol(settings)},
            )
        )
    endpoint = endpoint_of(settings)
    if endpoint is None:
        faults.append(
            Fault(
                "The endpoint is no URL",
                settings.text(*ENDPOINTS),
                {ENDPOINTS[-1]: _fitting_endpoint(settings)},
            )
        )
    elif (
        protocol in _KNOWN_PROTOCOLS and endpoint[1] in {4317, 4318} and endpoint[1] != _USUAL_PORTS[protocol]
    ):
        port = _USUAL_PORTS[protocol]
        faults.append(
            Fault(
                "Protocol and port do not match",
                f"{protocol} usually goes to port {port}, but the endpoint’s is {endpoint[1]}",
                {ENDPOINTS[-1]: f"http://{endpoint[0]}:{port}"},
                stops=False,
            )
        )
    if for_prometheus and not is_cumulative(settings):
        temporality = settings.text(_TEMPORALITY).lower()
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
    protocol = settings.text(*PROTOCOLS)
    usual = _USUAL_PORTS.get(protocol, 4318)
    text = settings.text(*ENDPOINTS) or f"http://localhost:{usual}"
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:
        return None
    if url.scheme not in {"http", "https"} or not host:
        return None
    return host, port or (443 if url.scheme == "https" else usual if protocol == "grpc" else 80)
