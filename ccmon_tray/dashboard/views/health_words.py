"""A server's health in words: what its cards, facts and charts say."""

from collections.abc import Sequence
from typing import Final, TypeVar

from ccmon_tray.dashboard.charts.units import BYTES, COUNT, NUMBER, RATIO, Unit, bytes_text
from ccmon_tray.dashboard.widgets.facts import Fact
from ccmon_tray.dashboard.widgets.stat_card import Stat
from ccmon_tray.sources.server_health import NO_LIMIT, NO_TARGETS, Known, ServerHealth
from ccmon_tray.usage import formatting
from ccmon_tray.usage.formatting import UNKNOWN
from ccmon_tray.usage.windows import Calendar

T = TypeVar("T")

CARDS: Final = ("Status", "Version", "Uptime", "Retention", "Targets", "Slowest scrape")

CHARTS: Final[tuple[tuple[str, str, Unit], ...]] = (
    ("Memory", "memory_bytes", BYTES),
    ("CPU", "cpu_cores", RATIO),
    ("Series", "series", COUNT),
    ("Samples per second", "samples_per_s", NUMBER),
)
"""Title, field of the health and of its histories, and unit of each chart."""

_NOT_TOLD: Final = "not told here"
_NAMES: Final[dict[str, str]] = {
    "version": "Version",
    "ready": "Ready",
    "started_at": "Start",
    "retention": "Retention",
    "oldest_at": "Oldest sample",
    "blocks_bytes": "Size on disk",
    "wal_bytes": "WAL",
    "head_chunks": "Chunks in memory",
    "capacity_bytes": "Limit of the size",
    "memory_bytes": "Memory",
    "cpu_cores": "CPU",
    "goroutines": "Goroutines",
    "series": "Series",
    "samples_per_s": "Samples per second",
    "targets": "Targets",
    "compactions": "Compactions",
    "compactions_failed": "Failed compactions",
    "wal_corruptions": "WAL corruptions",
    "config_ok": "Configuration",
    "config_loaded_at": "Configuration loaded",
}

SELF_SCRAPE: Final = """\
scrape_configs:
  - job_name: prometheus
    static_configs:
      - targets: ["{host}"]
"""
SELF_SCRAPE_VICTORIA: Final = "-selfScrapeInterval=15s\n"


def stats(health: ServerHealth, calendar: Calendar) -> tuple[Stat, ...]:
    """What the cards say, in the order of :data:`CARDS`."""
    return (
        _status(health),
        _stat(health.version, health.version.value or "", health.product),
        _uptime(health, calendar),
        _retention(health, calendar),
        _targets(health),
        _scrape(health),
    )


def chart_figure(health: ServerHealth, field: str, unit: Unit) -> str:
    """The value of the moment that stands in the head of a chart."""
    known: Known[float] = getattr(health, field)
    return unit.text(known.value)


def now_stat(health: ServerHealth, field: str, unit: Unit) -> Stat:
    """The same value as a card says it, where there is no chart."""
    known: Known[float] = getattr(health, field)
    return Stat(unit.text(known.value), _NOT_TOLD if known.value is None else known.note or "now")


def storage_facts(health: ServerHealth, calendar: Calendar) -> tuple[Fact, ...]:
    """What is known of the storage."""
    return (
        Fact("Size on disk", bytes_text(health.blocks_bytes.value)),
        Fact("Limit", _limit(health)),
        Fact("WAL", bytes_text(health.wal_bytes.value)),
        Fact("Chunks in memory", formatting.count(health.head_chunks.value)),
        Fact("Oldest sample", _moment(health.oldest_at, calendar)),
    )


def process_facts(health: ServerHealth, calendar: Calendar) -> tuple[Fact, ...]:
    """What is known of the process."""
    return (
        Fact("Goroutines", formatting.count(health.goroutines.value)),
        Fact("Compactions", _compactions(health)),
        Fact("WAL corruptions", _corruptions(health)),
        Fact("Configuration", _configuration(health)),
        Fact("Last loaded", _moment(health.config_loaded_at, calendar)),
    )


def gauge_share(health: ServerHealth) -> float | None:
    """How much of the room for data is taken, 0 to 1; None where there is no limit."""
    used, room = health.blocks_bytes.value, health.capacity_bytes.value
    if used is None or not room:
        return None
    return min(1.0, used / room)


def absences(health: ServerHealth) -> tuple[Fact, ...]:
    """What is absent, and why; what has the same reason stands together."""
    reasons: dict[str, list[str]] = {}
    for field, name in _NAMES.items():
        known: Known[object] = getattr(health, field)
        if known.value is None and known.reason != NO_LIMIT:
            reasons.setdefault(known.reason, []).append(name)
    return tuple(Fact(", ".join(names), _sentence(reason)) for reason, names in reasons.items())


def history_reason(health: ServerHealth) -> str:
    """Why there are no histories at all; "" where there are some."""
    histories = [getattr(health.histories, field) for _, field, _ in CHARTS]
    if any(known.value is not None for known in histories):
        return ""
    reason: str = histories[0].reason
    return reason


def self_scrape_snippet(health: ServerHealth) -> str:
    """What lets the server watch itself."""
    if health.product == "VictoriaMetrics":
        return SELF_SCRAPE_VICTORIA
    # It reaches itself by its own name for itself, whatever way leads here.
    port = health.url.partition("://")[2].partition("/")[0].rpartition(":")[2]
    return SELF_SCRAPE.format(host=f"localhost:{port if port.isdecimal() else 9090}")


def known_values(values: Sequence[float | None] | None) -> tuple[float, ...]:
    """The values that there are."""
    return tuple(value for value in values or () if value is not None)


def _status(health: ServerHealth) -> Stat:
    if health.ready.value is None:
        return Stat(UNKNOWN, _NOT_TOLD)
    return Stat("Ready", "answers queries") if health.ready.value else Stat("Not ready", "starts or stops")


def _stat(known: Known[T], figure: str, note: str) -> Stat:
    return Stat(UNKNOWN, _NOT_TOLD) if known.value is None else Stat(figure, note)


def _uptime(health: ServerHealth, calendar: Calendar) -> Stat:
    if health.started_at.value is None:
        return Stat(UNKNOWN, _NOT_TOLD)
    start, now = calendar.local(health.started_at.value), calendar.local(health.taken_at)
    since = f"{start:%H:%M}" if start.date() == now.date() else f"{start.day} {start:%b}"
    return Stat(formatting.duration(health.uptime_s), f"since {since}")


def _retention(health: ServerHealth, calendar: Calendar) -> Stat:
    oldest = health.oldest_at.value
    note = f"data since {_day(oldest, calendar)}" if oldest is not None else ""
    return _stat(health.retention, health.retention.value or "", note)


def _targets(health: ServerHealth) -> Stat:
    targets = health.targets.value
    if targets is None:
        return Stat(UNKNOWN, "none" if health.targets.reason == NO_TARGETS else _NOT_TOLD)
    figure = f"{targets.up} of {targets.total}"
    if targets.down:
        return Stat(figure, "", f"{len(targets.down)} down", "bad")
    return Stat(figure, "up" if not targets.pending else f"up, {targets.pending} not scraped yet")


def _scrape(health: ServerHealth) -> Stat:
    targets = health.targets.value
    if targets is None or targets.slowest_scrape_s is None:
        is_told = targets is not None or health.targets.reason == NO_TARGETS
        return Stat(UNKNOWN, "" if is_told else _NOT_TOLD)
    return Stat(scrape_words(targets.slowest_scrape_s), targets.slowest.partition(" · ")[0])


def scrape_words(seconds: float) -> str:
    """How long a scrape took: ``4 ms``, ``1.2 s``."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{max(1, round(seconds * 1000))} ms"


def _limit(health: ServerHealth) -> str:
    if health.capacity_bytes.value is None:
        return "none set" if health.capacity_bytes.reason == NO_LIMIT else UNKNOWN
    share = gauge_share(health)
    words = bytes_text(health.capacity_bytes.value)
    if health.capacity_bytes.note:
        words += f", {health.capacity_bytes.note}"
    return f"{words} · {formatting.percent(share)} taken" if share is not None else words


def _compactions(health: ServerHealth) -> str:
    words = formatting.count(health.compactions.value)
    failed = health.compactions_failed.value
    return words if failed is None or words == UNKNOWN else f"{words} · {formatting.count(failed)} failed"


def _corruptions(health: ServerHealth) -> str:
    found = health.wal_corruptions.value
    return UNKNOWN if found is None else "none" if found == 0 else formatting.count(found)


def _configuration(health: ServerHealth) -> str:
    if health.config_ok.value is None:
        return UNKNOWN
    return "loaded without errors" if health.config_ok.value else "has an error, the one before is in use"


def _moment(known: Known[float], calendar: Calendar) -> str:
    if known.value is None:
        return UNKNOWN
    at = calendar.local(known.value)
    return f"{at.day} {at:%b} {at:%H:%M}"


def _day(unix_s: float, calendar: Calendar) -> str:
    at = calendar.local(unix_s)
    return f"{at.day} {at:%b}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
