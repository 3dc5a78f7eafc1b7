"""A healthy server for the demo: generated like everything else in it."""

import math
from collections.abc import Callable
from typing import Final

from ccmon_tray.sources.base import Span
from ccmon_tray.sources.server_health import (
    Histories,
    Known,
    ServerHealth,
    Target,
    Targets,
    Values,
)

_STEPS: Final = 120
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400
_MIB: Final = 1024.0**2
_UPTIME_S: Final = 23 * _DAY_S + 4 * _HOUR_S
_KEPT_S: Final = 90 * _DAY_S
# Prometheus takes series out of its head every two hours, which shows as a saw-tooth of memory and series.
_HEAD_S: Final = 2 * _HOUR_S


def demo_health(now: float, span: Span) -> ServerHealth:
    """How the demo's server is; the same moment always shows the same.

    Args:
        now: Unix seconds.
        span: What the histories are about.
    """
    step_s = max(15, math.ceil((span.end - span.start) / _STEPS))
    times = tuple(range(span.end - (span.end - span.start) // step_s * step_s, span.end + 1, step_s))
    return ServerHealth(
        product="Prometheus",
        url="http://demo.example:9090",
        taken_at=now,
        span=span,
        version=Known("3.1.0"),
        ready=Known(value=True),
        started_at=Known(now - _UPTIME_S),
        retention=Known("90d"),
        oldest_at=Known(now - _KEPT_S),
        blocks_bytes=Known(6210 * _MIB),
        wal_bytes=Known(148 * _MIB),
        head_chunks=Known(41_208.0),
        capacity_bytes=Known(20_480 * _MIB),
        memory_bytes=Known(_memory(now)),
        cpu_cores=Known(_cpu(now)),
        goroutines=Known(78.0),
        series=Known(_series(now)),
        samples_per_s=Known(_samples(now)),
        targets=Known(
            Targets(
                4,
                (Target("node · build:9100", "context deadline exceeded"),),
                slowest_scrape_s=0.041,
                slowest="otel-collector · localhost:8889",
            )
        ),
        compactions=Known(float(_UPTIME_S // _HEAD_S)),
        compactions_failed=Known(0.0),
        wal_corruptions=Known(0.0),
        config_ok=Known(value=True),
        config_loaded_at=Known(now - 9 * _DAY_S),
        histories=Histories(
            times,
            memory_bytes=_history(times, _memory),
            cpu_cores=_history(times, _cpu),
            series=_history(times, _series),
            samples_per_s=_history(times, _samples),
        ),
    )


def _history(times: tuple[int, ...], value: Callable[[float], float]) -> Known[Values]:
    return Known(tuple(value(at) for at in times))


def _memory(at: float) -> float:
    return _MIB * (212 + 64 * _head(at) + 18 * _daily(at) + 5 * _noise(at))


def _series(at: float) -> float:
    return round(9_400 + 1_900 * _head(at) + 1_300 * _daily(at))


def _samples(at: float) -> float:
    return 610 + 90 * _daily(at) + 12 * _noise(at)


def _cpu(at: float) -> float:
    compaction = 0.05 if at % _HEAD_S < 240 else 0.0
    return 0.021 + 0.012 * _daily(at) + 0.004 * abs(_noise(at)) + compaction


def _head(at: float) -> float:
    """How far the head has filled since series were last taken out of it, 0 to 1."""
    return at % _HEAD_S / _HEAD_S


def _daily(at: float) -> float:
    """The course of a working day, 0 to 1."""
    return 0.5 - 0.5 * math.cos(2 * math.pi * (at % _DAY_S / _DAY_S - 1 / 12))


def _noise(at: float) -> float:
    """Something irregular between −1 and 1."""
    minutes = at / 60
    return (math.sin(minutes * 0.37) + math.sin(minutes * 0.91 + 1.7) + math.sin(minutes * 0.13)) / 3
