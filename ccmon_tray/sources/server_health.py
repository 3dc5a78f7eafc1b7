"""How the server behind a source is: what a source can tell of it, and why it cannot tell the rest."""

from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar, runtime_checkable

from ccmon_tray.sources.base import Span

T = TypeVar("T")

NO_SELF_SCRAPE: Final = "it does not scrape itself"
JUST_STARTED: Final = "it started a moment ago, and has not scraped itself so far"
NO_LIMIT: Final = "no limit by size is set"
NO_TARGETS: Final = "it scrapes nothing"

Values = tuple[float | None, ...]
"""Values at moments that are told beside them; None where there is none."""


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """A value, or why there is none.

    Attributes:
        value: The value; None where it is absent.
        reason: Why it is absent; "" where it is not.
        note: What else is to be known about the value, such as the time it is an average of.
    """

    value: T | None
    reason: str = ""
    note: str = ""


def absent(reason: str) -> Known[T]:
    """No value, for this reason."""
    return Known(None, reason)


@dataclass(frozen=True, slots=True)
class Target:
    """A target that cannot be scraped, and why."""

    name: str
    error: str


@dataclass(frozen=True, slots=True)
class Targets:
    """What the server scrapes.

    Attributes:
        up: How many targets answer.
        down: Those that do not.
        pending: How many have not been scraped yet.
        slowest_scrape_s: The longest last scrape, seconds; None before the first.
        slowest: The name of that target.
    """

    up: int
    down: tuple[Target, ...] = ()
    pending: int = 0
    slowest_scrape_s: float | None = None
    slowest: str = ""

    @property
    def total(self) -> int:
        """All of them."""
        return self.up + len(self.down) + self.pending


@dataclass(frozen=True, slots=True)
class Histories:
    """How some values of the server's own process went over a span: one at each moment.

    Attributes:
        times: The moments, ascending Unix seconds.
        memory_bytes: Resident memory.
        cpu_cores: Processor time per time.
        series: Series in the head.
        samples_per_s: Samples taken in.
    """

    times: tuple[int, ...]
    memory_bytes: Known[Values]
    cpu_cores: Known[Values]
    series: Known[Values]
    samples_per_s: Known[Values]


@dataclass(frozen=True, slots=True)
class ServerHealth:
    """How a server is, of its own process and of no other that it may watch.

    Attributes:
        product: Which it is: Prometheus, VictoriaMetrics …
        url: Its base URL, without credentials.
        taken_at: Unix seconds of the reading.
        span: What the histories are about.
        version: Its version.
        ready: Whether it says that it is ready to answer.
        started_at: Unix seconds of its start.
        retention: How long it keeps data, as it says it.
        oldest_at: Unix seconds of the oldest sample it has.
        blocks_bytes: Size of the data on disk.
        wal_bytes: Size of the write-ahead log.
        head_chunks: Chunks held in memory, not yet in a block.
        capacity_bytes: What the data may grow to.
        memory_bytes: Resident memory of the process.
        cpu_cores: Processor time per time: 0.5 is half a core.
        goroutines: Its threads of Go.
        series: Series under way in the head.
        samples_per_s: Samples taken in.
        targets: What it scrapes.
        compactions: Compactions since its start.
        compactions_failed: Those of them that failed.
        wal_corruptions: Damage found in the write-ahead log since its start.
        config_ok: Whether its configuration was last loaded without error.
        config_loaded_at: Unix seconds at which that was last loaded well.
        histories: How some of it went.
    """

    product: str
    url: str
    taken_at: float
    span: Span
    version: Known[str]
    ready: Known[bool]
    started_at: Known[float]
    retention: Known[str]
    oldest_at: Known[float]
    blocks_bytes: Known[float]
    wal_bytes: Known[float]
    head_chunks: Known[float]
    capacity_bytes: Known[float]
    memory_bytes: Known[float]
    cpu_cores: Known[float]
    goroutines: Known[float]
    series: Known[float]
    samples_per_s: Known[float]
    targets: Known[Targets]
    compactions: Known[float]
    compactions_failed: Known[float]
    wal_corruptions: Known[float]
    config_ok: Known[bool]
    config_loaded_at: Known[float]
    histories: Histories

    @property
    def uptime_s(self) -> float | None:
        """Seconds since its start."""
        start = self.started_at.value
        return None if start is None else max(0.0, self.taken_at - start)


@runtime_checkable
class TellsHealth(Protocol):
    """A source that has a server behind it."""

    def health(self, span: Span) -> ServerHealth:
        """How the server is now, and how it was over a span. May raise ``SourceError``."""
        ...
