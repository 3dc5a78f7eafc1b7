"""Remote write as a collector does it: protobuf and Snappy, samples in the order of their times.

The messages are those of https://prometheus.io/docs/specs/prw/remote_write_spec/ (version 1.0): small enough
to be written by hand.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import cramjam
import httpx

from tests.support.truth.recorders import Recording
from tests.support.truth.spellings import Spelling

Sample = tuple[float, Mapping[str, str], float]
"""When (Unix seconds), the labels with the name among them, and the value."""

_BATCH_S = 3600


def samples_of(recording: Recording, spelling: Spelling) -> list[Sample]:
    """All samples of a recording by time."""
    samples = []
    for key, points in recording.series.items():
        own = {spelling.label(name): spelling.value(name, value) for name, value in key.labels}
        labels = {"__name__": spelling.names[key.metric], "job": "claude-code", **own}
        samples += [(at, labels, value) for at, value in points]
    return sorted(samples, key=lambda sample: sample[0])


def send(url: str, samples: Iterable[Sample]) -> None:
    """Send samples to a server, an hour of them at once.

    Raises:
        httpx.HTTPStatusError: The server refuses some.
    """
    headers = {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        for _, batch in groupby(samples, key=lambda sample: sample[0] // _BATCH_S):
            body = bytes(cramjam.snappy.compress_raw(b"".join(_series(list(batch)))))
            client.post("/api/v1/write", content=body, headers=headers).raise_for_status()


def _series(samples: list[Sample]) -> Iterator[bytes]:
    """The field ``timeseries`` of a WriteRequest, once a series."""
    by_series: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
    for at, labels, value in samples:
        by_series.setdefault(tuple(sorted(labels.items())), []).append((at, value))
    for pairs_of, points in by_series.items():
        pairs = b"".join(
            _field(1, _field(1, name.encode()) + _field(2, value.encode())) for name, value in pairs_of
        )
        values = b"".join(
            _field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(round(at * 1000)))
            for at, value in points
        )
        yield _field(1, pairs + values)


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
