"""A server's own time series among those of everything that it scrapes.

Others carry the same names: another Prometheus that is watched, every program with ``process_*``. Its own are
those of the target whose process started when this server did. The page ``/metrics`` tells that to the very
value that is stored; the status API tells it somewhat later, when the API was made.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from ccmon_tray.sources.base import Span
from ccmon_tray.sources.prometheus.client import PrometheusClient, Series
from ccmon_tray.sources.prometheus.promql import Matcher, Selector, Spelling
from ccmon_tray.sources.server_health import NO_SELF_SCRAPE, Histories, Known, Values, absent

Matchers = tuple[Matcher, ...]
START: Final = "process_start_time_seconds"

_STEPS: Final = 120
_SHORTEST_STEP_S: Final = 15
# Scrapes a minute apart leave four samples in it. An instant selector would do for gauges on
# Prometheus, but VictoriaMetrics looks back no further than it guesses the interval to be.
_RATE_S: Final = 300
_EXACT_S: Final = 0.006
_LATER_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Expressions:
    """How the histories of a product are asked for; ``{own}`` stands for matchers, ``{rate}`` for a time."""

    build: str
    memory: str
    cpu: str
    series: str
    samples: str


PROMETHEUS: Final = Expressions(
    build="prometheus_build_info",
    memory="max(last_over_time(process_resident_memory_bytes{own}[{rate}s]))",
    cpu="max(rate(process_cpu_seconds_total{own}[{rate}s]))",
    series="max(last_over_time(prometheus_tsdb_head_series{own}[{rate}s]))",
    samples="sum(rate(prometheus_tsdb_head_samples_appended_total{own}[{rate}s]))",
)
VICTORIA_METRICS: Final = Expressions(
    build="vm_app_version",
    memory=PROMETHEUS.memory,
    cpu=PROMETHEUS.cpu,
    series='max(last_over_time(vm_cache_entries{own,type="storage/hour_metric_ids"}[{rate}s]))',
    samples="sum(rate(vm_rows_inserted_total{own}[{rate}s]))",
)


def find_own(
    client: PrometheusClient,
    expressions: Expressions,
    now: float,
    started_at: Known[float],
    *,
    is_exact: bool,
) -> Known[Matchers]:
    """Matchers of the server's own series, or why there are none.

    Args:
        client: The connection.
        expressions: Of the product.
        now: Unix seconds.
        started_at: When the server's process started, Unix seconds.
        is_exact: That is the very value of its ``process_start_time_seconds``.

    Raises:
        SourceError: The server cannot answer.
    """
    if started_at.value is None:
        return absent(
            "the server does not tell when it started, so its own series cannot be told from others"
        )
    starts, builds = client.gather(
        [partial(client.query, START, now), partial(client.query, expressions.build, now)]
    )
    named = {_target(sample.labels) for sample in builds}
    found: dict[tuple[str, str], float] = {}
    for sample in starts:
        target, late_s = _target(sample.labels), started_at.value - sample.value
        near = abs(late_s) <= _EXACT_S if is_exact else -_EXACT_S <= late_s <= _LATER_S
        if target in named and near:
            found[target] = sample.value
    if not found:
        return absent(NO_SELF_SCRAPE)
    if len(set(found.values())) > 1:
        return absent("several servers that it scrapes started together, and none can be told to be itself")
    # One process under several jobs: any of them tells the same.
    host = client.safe_url.partition("://")[2].partition("/")[0]
    job, instance = min(found, key=lambda target: (target[1] != host, target))
    return Known((Matcher("job", "=", job), Matcher("instance", "=", instance)))


def read_histories(
    client: PrometheusClient,
    expressions: Expressions,
    own: Known[Matchers],
    span: Span,
    interval_s: float | None,
) -> Histories:
    """How memory, processor, series and samples went over a span.

    Args:
        client: The connection.
        expressions: Of the product.
        own: Matchers of the server's own series.
        span: Unix seconds.
        interval_s: How often it scrapes itself, seconds; None where that is not known.

    Raises:
        SourceError: The server cannot answer.
    """
    step_s = max(_SHORTEST_STEP_S, math.ceil((span.end - span.start) / _STEPS))
    # Steps end at the span's end, so that the last value is the newest.
    times = tuple(range(span.end - (span.end - span.start) // step_s * step_s, span.end + 1, step_s))
    if own.value is None:
        missing: Known[Values] = absent(own.reason)
        return Histories(times, missing, missing, missing, missing)
    rate_s = _RATE_S if interval_s is None else math.ceil(min(_RATE_S, 4 * interval_s))
    matchers = str(Selector((), own.value, Spelling())).strip("{}")
    asked = [
        expression.replace("{own}", f"{{{matchers}}}")
        .replace("{own,", f"{{{matchers},")
        .replace("{rate}", str(max(step_s, rate_s)))
        for expression in (expressions.memory, expressions.cpu, expressions.series, expressions.samples)
    ]
    found = client.gather(
        [partial(client.query_range, promql, times[0], times[-1], step_s) for promql in asked]
    )
    return Histories(times, *(_values(answer, times) for answer in found))


def _values(answer: Sequence[Series], times: Sequence[int]) -> Known[Values]:
    known = {round(at): value for series in answer for at, value in series.points if math.isfinite(value)}
    if not known:
        return absent("no samples of it in this range")
    return Known(tuple(known.get(at) for at in times))


def _target(labels: Mapping[str, str]) -> tuple[str, str]:
    return labels.get("job", ""), labels.get("instance", "")
