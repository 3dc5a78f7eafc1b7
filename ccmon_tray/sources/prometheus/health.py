"""How a Prometheus (or what speaks its API) is, of its own process.

Values of the moment come from what the server says of itself (:mod:`.server_status`); how they went, from its
own time series, where it scrapes itself (:mod:`.own_series`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from ccmon_tray.sources.base import Span
from ccmon_tray.sources.prometheus import own_series
from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.server_status import NO_PAGE, ServerStatus, ask_status, moment
from ccmon_tray.sources.server_health import (
    JUST_STARTED,
    NO_LIMIT,
    NO_SELF_SCRAPE,
    Histories,
    Known,
    ServerHealth,
    Values,
    absent,
)

_NO_LOG: Final = "VictoriaMetrics has no write-ahead log"
_NO_HEAD: Final = "VictoriaMetrics has no head"
_NOT_COUNTED: Final = "VictoriaMetrics does not count failed ones"
_NOT_READY: Final = "the server is not ready"
_SHORTEST_BETWEEN_S: Final = 5.0
_RECENT_S: Final = 120
_FIRST_SCRAPES_S: Final = 120  # twice Prometheus' own default of the interval
_DAY_S: Final = 86_400
# Before it holds anything, a server's oldest sample is at the end of time.
_LATEST_S: Final = 1e11


@dataclass(frozen=True, slots=True)
class _Counted:
    """Counters at one reading; two of them make a rate."""

    at: float
    started_at: float | None
    cpu_s: Known[float]
    samples: Known[float]


class HealthReader:
    """Reads how one server is; it remembers counters, so that a second reading knows rates.

    Args:
        client: The connection.
        clock: Returns Unix seconds.
    """

    def __init__(self, client: PrometheusClient, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._clock = clock
        self._lock = Lock()
        self._last: _Counted | None = None

    def read(self, span: Span) -> ServerHealth:
        """How the server is now, and how it was over a span.

        Raises:
            SourceError: The server cannot be reached.
        """
        status = ask_status(self._client)
        now = self._clock()
        histories = self._histories(status, span, now)
        counted = _Counted(
            now,
            status.started_at.value,
            status.figure("process_cpu_seconds_total"),
            status.figure("prometheus_tsdb_head_samples_appended_total", "vm_rows_inserted_total"),
        )
        last = self._remember(counted)
        is_recent = abs(now - span.end) < _RECENT_S
        victoria = status.is_victoria
        return ServerHealth(
            product=status.build.product,
            url=self._client.safe_url,
            taken_at=now,
            span=span,
            version=Known(status.build.version) if status.build.version else absent("it does not tell"),
            ready=status.ready,
            started_at=status.started_at,
            retention=_retention(status),
            oldest_at=_oldest(status),
            blocks_bytes=_blocks(status),
            wal_bytes=absent(_NO_LOG)
            if victoria
            else status.figure("prometheus_tsdb_wal_storage_size_bytes"),
            head_chunks=absent(_NO_HEAD)
            if victoria
            else status.figure("prometheus_tsdb_head_chunks", api=status.head.get("chunkCount")),
            capacity_bytes=_capacity(status),
            memory_bytes=status.figure("process_resident_memory_bytes"),
            cpu_cores=_rate(_cpu, counted, last, histories.cpu_cores if is_recent else None),
            goroutines=status.figure("go_goroutines", api=status.runtime.get("goroutineCount")),
            series=_series(status),
            samples_per_s=_rate(_samples, counted, last, histories.samples_per_s if is_recent else None),
            targets=status.targets,
            compactions=status.figure("prometheus_tsdb_compactions_total", "vm_merges_total"),
            compactions_failed=absent(_NOT_COUNTED)
            if victoria
            else status.figure("prometheus_tsdb_compactions_failed_total"),
            wal_corruptions=absent(_NO_LOG)
            if victoria
            else status.figure(
                "prometheus_tsdb_wal_corruptions_total", api=status.runtime.get("corruptionCount")
            ),
            config_ok=_config_ok(status),
            config_loaded_at=_config_loaded_at(status),
            histories=histories,
        )

    def _histories(self, status: ServerStatus, span: Span, now: float) -> Histories:
        product = own_series.VICTORIA_METRICS if status.is_victoria else own_series.PROMETHEUS
        own: Known[own_series.Matchers]
        if status.ready.value is False:
            own = absent(_NOT_READY)
        else:
            own = own_series.find_own(
                self._client, product, now, status.started_at, is_exact=status.starts_exactly
            )
            is_young = (
                status.started_at.value is not None and now - status.started_at.value < _FIRST_SCRAPES_S
            )
            if own.reason == NO_SELF_SCRAPE and is_young and status.active_targets:
                own = absent(JUST_STARTED)  # one of the targets may be itself
        interval_s = None if own.value is None else status.scrape_interval_s(own.value)
        return own_series.read_histories(self._client, product, own, span, interval_s)

    def _remember(self, counted: _Counted) -> _Counted | None:
        """Keep what was counted; what was counted before, if that is long enough ago and of the same run."""
        with self._lock:
            last = self._last
            if last is not None and 0 <= counted.at - last.at < _SHORTEST_BETWEEN_S:
                return None
            self._last = counted
        return last if last is not None and last.started_at == counted.started_at else None


def _cpu(counted: _Counted) -> Known[float]:
    return counted.cpu_s


def _samples(counted: _Counted) -> Known[float]:
    return counted.samples


def _rate(
    of: Callable[[_Counted], Known[float]],
    now: _Counted,
    last: _Counted | None,
    history: Known[Values] | None,
) -> Known[float]:
    """A counter's rise a second: from its history, else since the last reading, else since the start."""
    if history is not None and history.value and history.value[-1] is not None:
        return Known(history.value[-1], note="over the last scrapes")
    count = of(now)
    if count.value is None:
        return count
    before = of(last).value if last is not None else None
    if last is not None and before is not None:
        return Known(max(0.0, count.value - before) / (now.at - last.at), note="since the last reading")
    if now.started_at is None or now.at <= now.started_at:
        return absent(NO_PAGE)
    return Known(count.value / (now.at - now.started_at), note="average since its start")


def _retention(status: ServerStatus) -> Known[str]:
    told = status.runtime.get("storageRetention")
    if isinstance(told, str) and told:
        return Known(told)
    if status.retention_s is not None:
        return Known(f"{status.retention_s / _DAY_S:.3g}d")
    return absent(status.why_not)


def _oldest(status: ServerStatus) -> Known[float]:
    oldest = status.figure("prometheus_tsdb_lowest_timestamp_seconds")
    if oldest.value is not None and not 0 < oldest.value < _LATEST_S:
        return absent("it holds no samples yet")
    return oldest


def _blocks(status: ServerStatus) -> Known[float]:
    if status.is_victoria:
        return status.figure("vm_data_size_bytes")
    return status.figure("prometheus_tsdb_storage_blocks_bytes")


def _capacity(status: ServerStatus) -> Known[float]:
    """What the data may grow to: the limit that is set, or for VictoriaMetrics what fits on the disk."""
    if status.is_victoria:
        used, free = status.figure("vm_data_size_bytes"), status.figure("vm_free_disk_space_bytes")
        if used.value is None or free.value is None:
            return absent(used.reason or free.reason)
        return Known(used.value + free.value, note="the disk")
    limit = status.figure("prometheus_tsdb_retention_limit_bytes")
    return absent(NO_LIMIT) if limit.value == 0 else limit


def _series(status: ServerStatus) -> Known[float]:
    if status.is_victoria:
        return status.figure("vm_cache_entries", type="storage/hour_metric_ids")
    return status.figure("prometheus_tsdb_head_series", api=status.head.get("numSeries"))


def _config_ok(status: ServerStatus) -> Known[bool]:
    told = status.runtime.get("reloadConfigSuccess")
    if isinstance(told, bool):
        return Known(told)
    figure = status.figure(
        "prometheus_config_last_reload_successful", "vm_promscrape_config_last_reload_successful"
    )
    if figure.value is None:
        return absent("it has no scrape configuration" if status.is_victoria else figure.reason)
    return Known(figure.value == 1)


def _config_loaded_at(status: ServerStatus) -> Known[float]:
    told = moment(status.runtime.get("lastConfigTime"), "")
    if told.value is not None:
        return told
    figure = status.figure(
        "prometheus_config_last_reload_success_timestamp_seconds",
        "vm_promscrape_config_last_reload_success_timestamp_seconds",
    )
    if figure.value is None and status.is_victoria:
        return absent("it has no scrape configuration")
    return figure
