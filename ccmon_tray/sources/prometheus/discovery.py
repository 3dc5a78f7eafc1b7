"""What a server holds: the metrics of Claude Code under any spelling, and how its labels are written."""

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Final

from ccmon_tray.sources.prometheus.client import BuildInfo, PrometheusClient
from ccmon_tray.sources.prometheus.promql import Matcher, Selector, Spelling
from ccmon_tray.sources.prometheus.recorded_hours import RULES
from ccmon_tray.usage.metrics import Label, Metric, canonical_metric

UNNAMED: Final = Matcher(Label.SESSION, "=", "")

_DAY_S: Final = 86_400
# Far enough back to find metrics of a window long past.
_HORIZON_S: Final = 400 * _DAY_S

# A poll asks of each row which metric it is of; there are few.
_canonical_metric = lru_cache(maxsize=256)(canonical_metric)

# Servers that take queries as long as lists of session ids make them. VictoriaMetrics stops at 16 KiB.
_TAKE_LONG_QUERIES: Final = frozenset({"Prometheus", "Mimir", "Thanos"})


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The stored names of each metric on one server.

    Attributes:
        build: Product and version.
        names: Stored names by metric, sorted.
        matchers: The user's extra matchers, which every selector carries.
        retention_s: How long the server keeps samples, seconds; None where it does not say.
        has_unnamed: There are series without a session id.
        recorded: The names of recorded series, of those that ``stack/rules.yml`` makes.
    """

    build: BuildInfo
    names: Mapping[Metric, tuple[str, ...]]
    matchers: tuple[Matcher, ...]
    retention_s: float | None
    has_unnamed: bool = False
    recorded: frozenset[str] = frozenset()

    @property
    def lists_sessions(self) -> bool:
        """Whether queries may be narrowed to lists of session ids."""
        return self.build.product in _TAKE_LONG_QUERIES

    def metric_of(self, name: str) -> Metric | None:
        """The metric that a stored name belongs to."""
        return _canonical_metric(name)

    def spelling(self, name: str) -> Spelling:
        """How labels are spelled on series of a stored name."""
        return Spelling(dotted="." in name, backslash=self.build.product == "VictoriaMetrics")

    def selectors(self, *metrics: Metric) -> tuple[Selector, ...]:
        """Selectors that together hold all series of some metrics, one a spelling."""
        names = sorted({name for metric in metrics for name in self.names.get(metric, ())})
        groups: dict[Spelling, list[str]] = {}
        for name in names:
            groups.setdefault(self.spelling(name), []).append(name)
        return tuple(Selector(tuple(found), self.matchers, spelling) for spelling, found in groups.items())

    def spelled(self, *metrics: Metric) -> list[tuple[Spelling, list[Selector]]]:
        """The selectors of one stored name each, by the spelling of their labels."""
        found: dict[Spelling, list[Selector]] = defaultdict(list)
        for selector in self.selectors_by_name(*metrics):
            found[selector.spelling].append(selector)
        return list(found.items())

    def selectors_by_name(self, *metrics: Metric) -> tuple[Selector, ...]:
        """The same, one a stored name: arithmetic drops names, and two of them could clash."""
        return tuple(
            Selector((name,), self.matchers, self.spelling(name))
            for metric in metrics
            for name in self.names.get(metric, ())
        )


def discover(client: PrometheusClient, matchers: tuple[Matcher, ...], now: float) -> Catalogue:
    """Look up what the server holds.

    Args:
        client: The connection.
        matchers: The user's extra matchers.
        now: Unix seconds; may be long ago.

    Raises:
        SourceError: The server cannot answer.
    """
    records = {rule.record for rule in RULES.values()}
    pattern = Selector(
        (),
        (Matcher("__name__", "=~", "|".join([".*claude_code[._].*", *sorted(records)])),),
        Spelling(),
    )
    # Of a moment before the first sample it is known that nothing was used: telemetry there is.
    ask_names = partial(client.metric_names, now - _HORIZON_S, max(now, time.time()), (str(pattern),))
    server: tuple[BuildInfo, float | None]
    stored: list[str]
    stored, server = client.gather((ask_names, partial(_server, client)))  # type: ignore[assignment]
    names: dict[Metric, list[str]] = defaultdict(list)
    for name in sorted(stored):
        metric = canonical_metric(name)
        if metric is not None:
            names[metric].append(name)
    found = Catalogue(
        server[0],
        {metric: tuple(found) for metric, found in names.items()},
        matchers,
        server[1],
        recorded=frozenset(records.intersection(stored)),
    )
    unnamed = (selector.where(UNNAMED).last(_HORIZON_S) for selector in found.selectors(*Metric))
    return replace(found, has_unnamed=any(client.query(f"count({series})", now) for series in unnamed))


def _server(client: PrometheusClient) -> tuple[BuildInfo, float | None]:
    """What the server is, and how far back it keeps data."""
    build = client.build_info()
    return build, client.retention_s(build.product)
