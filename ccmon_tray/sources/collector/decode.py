"""From an export's body to what is kept of it.

Metrics that are not Claude Code's, and data points that are no counter's, are skipped and counted. Of events
only names, numbers and ids are taken: never the text of prompts, answers, errors or tool arguments.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from ccmon_tray.sources.collector import otlp_json
from ccmon_tray.sources.collector.exports import (
    ApiError,
    ApiRequest,
    Event,
    Labels,
    LogsExport,
    MetricsExport,
    Point,
    ToolResult,
)
from ccmon_tray.sources.collector.faults import ContentTypeRefused
from ccmon_tray.sources.collector.otlp import CUMULATIVE, DELTA, Attributes, LogRecord, Metric
from ccmon_tray.sources.collector.units import to_units
from ccmon_tray.usage.metrics import Label, canonical_label, canonical_metric
from ccmon_tray.usage.metrics import Metric as Counter

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"

# What a sender says of its machine and software: the same for all it sends, or of no interest to usage.
_MACHINE: Final = ("host_", "os_", "process_", "service_", "telemetry_", "container_", "k8s_", "cloud_")
# SQLite's integers end here, which is in the year 2262.
_LAST_NS: Final = 2**63 - 1
_NS_PER_MS: Final = 10**6
_SERIES: Final = 2048  # that are remembered

_label_name = lru_cache(maxsize=512)(canonical_label)


def decode_metrics(body: bytes, content_type: str) -> MetricsExport:
    """The data points of an ``ExportMetricsServiceRequest``.

    Args:
        body: As it was sent, but not compressed.
        content_type: ``application/x-protobuf`` or ``application/json``, with or without parameters.

    Raises:
        ExportInvalid: It is no such request.
        ContentTypeRefused: It is neither protobuf nor JSON.
    """
    if _is_json(content_type):
        return _metrics_export(otlp_json.metrics(body))
    from ccmon_tray.sources.collector import otlp_protobuf  # noqa: PLC0415 — it takes 5 MB

    return _metrics_export(otlp_protobuf.metrics(body))


def decode_logs(body: bytes, content_type: str) -> LogsExport:
    """The events of an ``ExportLogsServiceRequest``; arguments and errors as of :func:`decode_metrics`."""
    if _is_json(content_type):
        return _logs_export(otlp_json.logs(body))
    from ccmon_tray.sources.collector import otlp_protobuf  # noqa: PLC0415

    return _logs_export(otlp_protobuf.logs(body))


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in {PROTOBUF, JSON}:
        raise ContentTypeRefused(
            "The export cannot be read",
            cause=f"its content type is {kind[:80] or 'missing'}",
            next_step=f"Send {PROTOBUF} or {JSON}",
        )
    return kind == JSON


def _metrics_export(metrics: Iterable[Metric]) -> MetricsExport:
    points: list[Point] = []
    skipped = 0
    for metric in metrics:
        counter = canonical_metric(metric.name)
        if counter is None or metric.temporality not in {DELTA, CUMULATIVE}:
            skipped += metric.size
            continue
        before = len(points)
        points += _points(counter, metric)
        skipped += metric.size - (len(points) - before)
    return MetricsExport(tuple(points), skipped)


def _points(counter: Counter, metric: Metric) -> Iterable[Point]:
    cumulative = metric.temporality == CUMULATIVE
    for attributes, start_ns, time_ns, value in metric.points:
        units = None if value is None else to_units(counter, value)
        if units is None or not 0 < time_ns <= _LAST_NS or not 0 <= start_ns <= _LAST_NS:
            continue
        session, labels = _series(metric.resource, attributes)
        yield Point(counter, session, labels, start_ns, time_ns, units, cumulative)


@lru_cache(maxsize=_SERIES)
def _series(resource: Attributes, attributes: Attributes) -> tuple[str, Labels]:
    """Session and other labels of a series, which are the same in each export."""
    of_sender = {name: value for name, value in _labels(resource).items() if not name.startswith(_MACHINE)}
    labels = of_sender | _labels(attributes)
    session = labels.pop(Label.SESSION, "")
    return session, _shared(tuple(sorted(labels.items())))


@lru_cache(maxsize=_SERIES)
def _shared(labels: Labels) -> Labels:
    """The same object for the same labels: sessions have them in common."""
    return labels


def _labels(attributes: Attributes) -> dict[str, str]:
    return {_label_name(name): value for name, value in attributes}


def _logs_export(records: Iterable[LogRecord]) -> LogsExport:
    events: list[Event] = []
    skipped = 0
    for record in records:
        event = _event(record)
        if event is None:
            skipped += 1
        else:
            events.append(event)
    return LogsExport(tuple(events), skipped)


def _event(record: LogRecord) -> Event | None:
    labels = _labels(record.attributes)
    name = (labels.get("event_name") or record.name).rpartition("claude_code.")[2]
    time_ns = record.time_ns or _moment_ns(labels.get("event_timestamp", ""))
    if not 0 < time_ns <= _LAST_NS:
        return None
    session = labels.get(Label.SESSION, "")
    identity = _identity(name, time_ns, labels)
    model = labels.get(Label.MODEL, "")
    duration_ms = _count(labels, "duration_ms")
    match name:
        case "api_request":
            cost = _number(labels, "cost_usd")
            return ApiRequest(
                time_ns,
                identity,
                session,
                model,
                labels.get(Label.QUERY_SOURCE, ""),
                duration_ms,
                None if cost is None else to_units(Counter.COST, cost),
                _count(labels, "input_tokens"),
                _count(labels, "output_tokens"),
                _count(labels, "cache_read_tokens"),
                _count(labels, "cache_creation_tokens"),
            )
        case "api_error":
            return ApiError(
                time_ns,
                identity,
                session,
                model,
                _count(labels, "status_code"),
                _count(labels, "attempt"),
                duration_ms,
            )
        case "tool_result":
            said = labels.get("success", "").lower()
            success = {"true": True, "false": False}.get(said)
            return ToolResult(time_ns, identity, session, labels.get(Label.TOOL, ""), success, duration_ms)
    return None


def _identity(name: str, time_ns: int, labels: Mapping[str, str]) -> int:
    """A number of 63 bits that an event has whenever it is exported, and no other event of its time."""
    ids = (labels.get(key, "") for key in _IDS)
    digest = blake2b("\0".join((name, str(time_ns), *ids)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


_IDS: Final = ("session_id", "event_sequence", "request_id", "tool_use_id", "attempt", "prompt_id")


def _number(labels: Mapping[str, str], key: str) -> float | None:
    """A number that may be written as text, or None where it is none."""
    try:
        return float(labels[key])
    except (KeyError, ValueError):
        return None


def _count(labels: Mapping[str, str], key: str) -> int | None:
    number = _number(labels, key)
    return round(number) if number is not None and 0 <= number < _LAST_NS else None


def _moment_ns(text: str) -> int:
    try:
        # It is given in milliseconds; a float of nanoseconds would not hold them.
        return round(datetime.fromisoformat(text).timestamp() * 1000) * _NS_PER_MS
    except (ValueError, OverflowError):
        return 0
