"""When the newest sample of Claude Code's counters was taken."""

import math
from functools import partial
from typing import Final

from ccmon_tray.sources.base import Span
from ccmon_tray.sources.doctor.context import Context
from ccmon_tray.sources.prometheus.client import BuildInfo, PrometheusClient
from ccmon_tray.sources.prometheus.discovery import Catalogue
from ccmon_tray.sources.prometheus.promql import parse_matchers
from ccmon_tray.usage.metrics import Metric

_DAY_S: Final = 86_400
_MONTH_S: Final = 30 * _DAY_S
# An instant selector sees the samples of five minutes: with steps of as much, none is overlooked.
_STEP_S: Final = 300
# One of these rises in any session.
_TELLING: Final = (Metric.ACTIVE_TIME, Metric.COST, Metric.SESSIONS)


def find_newest(context: Context, now: float) -> float | None:
    """Unix seconds of the newest sample of the last 30 days, or None.

    Sources that do not tell of samples are asked for the last use of that time instead.

    Raises:
        SourceError: The source cannot answer.
    """
    client, inventory = context.client, context.inventory
    assert inventory is not None
    if client is None:
        source, _ = context.opened
        seen = source.sessions_seen(Span(int(now) - _MONTH_S, int(now)))
        return max((session.last for session in seen), default=None)
    catalogue = Catalogue(
        context.build or BuildInfo("", None),
        inventory.metrics,
        parse_matchers(context.settings.prometheus.matchers),
        inventory.retention_s,
    )
    telling = [metric for metric in _TELLING if metric in inventory.metrics] or [*inventory.metrics]
    asked = [f"max(timestamp({selector}))" for selector in catalogue.selectors_by_name(*telling)]
    for back_s in (0, _DAY_S, _MONTH_S):
        found = client.gather([partial(_newest, client, promql, now, back_s) for promql in asked])
        times = [at for at in found if at is not None]
        if times:
            return max(times)
    return None


def _newest(client: PrometheusClient, promql: str, now: float, back_s: int) -> float | None:
    """The expression's last value, now or at any step since ``back_s`` seconds ago."""
    if not back_s:
        values = [sample.value for sample in client.query(promql, now)]
    else:
        found = client.query_range(promql, now - back_s, now, _STEP_S)
        values = [series.points[-1][1] for series in found if series.points]
    return max((value for value in values if math.isfinite(value)), default=None)
