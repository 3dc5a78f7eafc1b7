"""Exports as a client would send them, made from data points."""

from collections.abc import Iterable
from typing import NamedTuple

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality

from ccmon_tray.sources.collector.exports import Labels
from ccmon_tray.usage.metrics import Metric

DELTA = 1
CUMULATIVE = 2


class Data(NamedTuple):
    """A data point to send; times are Unix seconds, labels have underscores."""

    metric: Metric
    labels: Labels
    start: float
    at: float
    value: float


def nanoseconds(seconds: float) -> int:
    """To the millisecond, as the client's clock has it."""
    return round(seconds * 1000) * 10**6


def export(data: Iterable[Data], temporality: int) -> bytes:
    """The body of one export."""
    request = ExportMetricsServiceRequest()
    scope = request.resource_metrics.add().scope_metrics.add()
    for one in data:
        metric = scope.metrics.add(name=f"claude_code.{one.metric.value}")
        metric.sum.is_monotonic = True
        metric.sum.aggregation_temporality = AggregationTemporality.ValueType(temporality)
        point = metric.sum.data_points.add(
            start_time_unix_nano=nanoseconds(one.start),
            time_unix_nano=nanoseconds(one.at),
            as_double=one.value,
        )
        for name, value in one.labels:
            dotted = {"session_id": "session.id", "user_email": "user.email"}.get(name, name)
            point.attributes.add(key=dotted).value.string_value = value
    return request.SerializeToString()
