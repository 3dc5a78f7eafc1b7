"""Exports as OTLP's own JSON, which protobuf's JSON reader cannot read: ids are hexadecimal there."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ccmon_tray.sources.collector.faults import ExportInvalid
from ccmon_tray.sources.collector.otlp import Attributes, LogRecord, Metric, NumberPoint, text

_Object = dict[str, Any]

_KINDS = ("sum", "gauge", "histogram", "exponentialHistogram", "summary")
# Enums are numbers in OTLP's JSON, but names in protobuf's.
_TEMPORALITIES = {"AGGREGATION_TEMPORALITY_DELTA": 1, "AGGREGATION_TEMPORALITY_CUMULATIVE": 2}
_NO_VALUE = 1


def metrics(body: bytes) -> Iterator[Metric]:
    """The metrics of an export.

    Raises:
        ExportInvalid: It is none.
    """
    for of_resource in _objects(_load(body), "resourceMetrics"):
        resource = _attributes(_object(of_resource, "resource"))
        for of_scope in _objects(of_resource, "scopeMetrics"):
            for metric in _objects(of_scope, "metrics"):
                kind = next((kind for kind in _KINDS if kind in metric), None)
                if kind is None:
                    continue
                data = _object(metric, kind)
                points = _objects(data, "dataPoints")
                counter = kind == "sum" and data.get("isMonotonic") is True
                yield Metric(
                    resource,
                    _string(metric, "name"),
                    _temporality(data) if counter else 0,
                    map(_point, points) if counter else (),
                    len(points),
                )


def logs(body: bytes) -> Iterator[LogRecord]:
    """The log records of an export.

    Raises:
        ExportInvalid: It is none.
    """
    for of_resource in _objects(_load(body), "resourceLogs"):
        for of_scope in _objects(of_resource, "scopeLogs"):
            for record in _objects(of_scope, "logRecords"):
                yield LogRecord(
                    _string(record, "eventName") or _text(_object(record, "body")),
                    _attributes(record),
                    _whole(record, "timeUnixNano") or _whole(record, "observedTimeUnixNano"),
                )


def _load(body: bytes) -> _Object:
    try:
        loaded = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _invalid("its body is not JSON") from error
    if not isinstance(loaded, dict):
        raise _invalid("its JSON is no object")
    return loaded


def _invalid(cause: str) -> ExportInvalid:
    return ExportInvalid("The export cannot be read", cause=cause)


def _object(parent: _Object, key: str) -> _Object:
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _invalid(f"{key} is no object")
    return value


def _objects(parent: _Object, key: str) -> list[_Object]:
    value = parent.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise _invalid(f"{key} is no list of objects")
    return value


def _string(parent: _Object, key: str) -> str:
    value = parent.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _invalid(f"{key} is no string")
    return _clean(value)


def _clean(value: str) -> str:
    """A text without halves of characters, which JSON can write but no file can hold."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _whole(parent: _Object, key: str) -> int:
    """A 64-bit number, which is written as a string or a number."""
    try:
        return int(parent.get(key) or 0)
    except (TypeError, ValueError, OverflowError):
        raise _invalid(f"{key} is no whole number") from None


def _temporality(data: _Object) -> int:
    value = data.get("aggregationTemporality")
    return _TEMPORALITIES.get(value, 0) if isinstance(value, str) else _whole(data, "aggregationTemporality")


def _point(point: _Object) -> NumberPoint:
    return NumberPoint(
        _attributes(point), _whole(point, "startTimeUnixNano"), _whole(point, "timeUnixNano"), _value(point)
    )


def _value(point: _Object) -> float | None:
    if _whole(point, "flags") & _NO_VALUE:
        return None
    for key in ("asDouble", "asInt"):
        if key in point:
            try:
                # Strings are for 64-bit numbers, and for NaN.
                return float(point[key])
            except (TypeError, ValueError, OverflowError):
                raise _invalid(f"{key} is no number") from None
    return None


def _attributes(parent: _Object) -> Attributes:
    return tuple(
        (_string(pair, "key"), _text(_object(pair, "value"))) for pair in _objects(parent, "attributes")
    )


def _text(value: _Object) -> str:
    try:
        return _plain(value)
    except RecursionError as error:
        # What reads JSON goes deeper than what is written in Python, from Python 3.12 on.
        raise _invalid("a value is nested too deep") from error


def _plain(value: _Object) -> str:
    for kind, content in value.items():
        match kind:
            case "stringValue" | "bytesValue" | "intValue" if isinstance(content, str):
                return _clean(content)
            case "boolValue" | "intValue" if isinstance(content, int):
                return text(content)
            case "doubleValue" if isinstance(content, int | float):
                return text(float(content))
            case "arrayValue" if isinstance(content, dict):
                return ",".join(_texts(_objects(content, "values")))
            case "kvlistValue" if isinstance(content, dict):
                pairs = _attributes({"attributes": content.get("values")})
                return ",".join(f"{name}={one}" for name, one in pairs)
    return ""


def _texts(values: Iterable[_Object]) -> Iterator[str]:
    return map(_text, values)
