"""Exports as protobuf, decoded with opentelemetry-proto, which takes 5 MB: imported with the first one."""

import sys
from collections.abc import Iterable, Iterator
from typing import Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2

from ccmon_tray.sources.collector.faults import ExportInvalid
from ccmon_tray.sources.collector.otlp import Attributes, LogRecord, Metric, NumberPoint, text

_NO_VALUE = metrics_pb2.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK
# What tells the data points of one series from each other: the rest of them is the same in each export.
_CHANGING: Final = ("value", "time_unix_nano", "start_time_unix_nano", "exemplars")
# So many series are remembered, at about a kilobyte each.
_REMEMBERED: Final = 2048
_known: dict[bytes, Attributes] = {}


def metrics(body: bytes) -> Iterator[Metric]:
    """The metrics of an export.

    Raises:
        ExportInvalid: It is none.
    """
    try:
        request = ExportMetricsServiceRequest.FromString(body)
    except DecodeError as error:
        raise _invalid() from error
    for of_resource in request.resource_metrics:
        resource = _attributes(of_resource.resource.attributes)
        for of_scope in of_resource.scope_metrics:
            for metric in of_scope.metrics:
                kind = metric.WhichOneof("data")
                if kind is None:
                    continue
                data = getattr(metric, kind)
                counter = kind == "sum" and data.is_monotonic
                yield Metric(
                    resource,
                    metric.name,
                    data.aggregation_temporality if counter else 0,
                    map(_point, data.data_points) if counter else (),
                    len(data.data_points),
                )


def logs(body: bytes) -> Iterator[LogRecord]:
    """The log records of an export.

    Raises:
        ExportInvalid: It is none.
    """
    try:
        request = ExportLogsServiceRequest.FromString(body)
    except DecodeError as error:
        raise _invalid() from error
    for of_resource in request.resource_logs:
        for of_scope in of_resource.scope_logs:
            for record in of_scope.log_records:
                yield LogRecord(
                    record.event_name or record.body.string_value,
                    _attributes(record.attributes),
                    record.time_unix_nano or record.observed_time_unix_nano,
                )


def _invalid() -> ExportInvalid:
    return ExportInvalid("The export cannot be read", cause="its body is not the protobuf of an OTLP export")


def _point(point: metrics_pb2.NumberDataPoint) -> NumberPoint:
    # Asked first for what Claude Code sends.
    value: float | None = point.as_double
    if not value:
        kind = point.WhichOneof("value")
        value = None if kind is None or point.flags & _NO_VALUE else getattr(point, kind)
    start_ns, time_ns = point.start_time_unix_nano, point.time_unix_nano
    return NumberPoint(_attributes_of(point), start_ns, time_ns, value)


def _attributes_of(point: metrics_pb2.NumberDataPoint) -> Attributes:
    """The attributes of a data point, which is not of use any more.

    To read them one by one is most of the work of decoding; the bytes that they came as are had at once.
    """
    for name in _CHANGING:
        point.ClearField(name)
    series = point.SerializeToString()
    known = _known.get(series)
    if known is None:
        known = _attributes(point.attributes)
        if len(_known) >= _REMEMBERED:
            _known.clear()
        _known[series] = known
    return known


def _attributes(pairs: Iterable[KeyValue]) -> Attributes:
    # Most values are the same for all series.
    return tuple((pair.key, sys.intern(pair.value.string_value or _text(pair.value))) for pair in pairs)


def _text(value: AnyValue) -> str:
    match value.WhichOneof("value"):
        case "bool_value" | "int_value" | "double_value" as kind:
            return text(getattr(value, kind))
        case "bytes_value":
            return value.bytes_value.hex()
        case "array_value":
            return ",".join(one.string_value or _text(one) for one in value.array_value.values)
        case "kvlist_value":
            return ",".join(f"{name}={one}" for name, one in _attributes(value.kvlist_value.values))
    return ""
