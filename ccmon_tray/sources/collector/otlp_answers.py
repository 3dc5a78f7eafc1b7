"""What a listener answers: OTLP's own messages, as protobuf and as JSON.

The messages are small, and one of them, ``google.rpc.Status``, is in none of the packages in use. So they are
written by hand, in the wire format of protobuf (https://protobuf.dev/programming-guides/encoding/), and an
answer to JSON costs no import of protobuf.

Partial success (https://opentelemetry.io/docs/specs/otlp/#partial-success-1) is told where data points of an
export were of no use here. Events that are not kept are left out on purpose, and are no failure.
"""

import json
from enum import IntEnum
from typing import Final

from ccmon_tray.sources.collector.ingest import Accepted

_LENGTH_DELIMITED: Final = 2
_RETRY_INFO: Final = b"type.googleapis.com/google.rpc.RetryInfo"
_REJECTED: Final = "Not kept: metrics that are not Claude Code’s, or data points without a usable value"


class GrpcCode(IntEnum):
    """Codes of ``google.rpc.Status`` (https://grpc.io/docs/guides/status-codes/)."""

    OK = 0
    INVALID_ARGUMENT = 3
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


def metrics_answer(accepted: Accepted, *, as_json: bool) -> bytes:
    """An ``ExportMetricsServiceResponse``."""
    if as_json:
        partial = {"rejectedDataPoints": str(accepted.skipped), "errorMessage": _REJECTED}
        return json.dumps({"partialSuccess": partial} if accepted.skipped else {}).encode()
    if not accepted.skipped:
        return b""
    return _field(1, _number(1, accepted.skipped) + _field(2, _REJECTED.encode()))


def logs_answer(*, as_json: bool) -> bytes:
    """An ``ExportLogsServiceResponse``."""
    return b"{}" if as_json else b""


def status(code: GrpcCode, message: str, *, as_json: bool, retry_after_s: int | None = None) -> bytes:
    """A ``google.rpc.Status``.

    Args:
        code: What kind of failure it is.
        message: Words for whoever reads the client's log.
        as_json: Whether as JSON instead of protobuf.
        retry_after_s: After so many seconds it may be sent again; tells so in a ``google.rpc.RetryInfo``.
    """
    if as_json:
        found: dict[str, object] = {"code": int(code), "message": message}
        if retry_after_s is not None:
            found["details"] = [{"@type": _RETRY_INFO.decode(), "retryDelay": f"{retry_after_s}s"}]
        return json.dumps(found).encode()
    details = b""
    if retry_after_s is not None:
        retry = _field(1, _number(1, retry_after_s))  # RetryInfo.retry_delay.seconds
        details = _field(3, _field(1, _RETRY_INFO) + _field(2, retry))
    return _number(1, code) + _field(2, message.encode()) + details


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | _LENGTH_DELIMITED) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
