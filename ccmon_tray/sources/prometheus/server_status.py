"""All that one server says of itself in a round: its own page ``/metrics``, the status API, its readiness.

The page is surely about the server's own process. Where a proxy hides it, the status API has to do
(https://prometheus.io/docs/prometheus/latest/querying/api/#status).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from ccmon_tray.errors import SourceUnavailable
from ccmon_tray.sources.prometheus.answers import ApiAnswer, parse_answer
from ccmon_tray.sources.prometheus.client import BuildInfo, PrometheusClient
from ccmon_tray.sources.prometheus.exposition import Exposition
from ccmon_tray.sources.prometheus.own_series import START, Matchers
from ccmon_tray.sources.prometheus.server_info import (
    COMPATIBLE,
    PROMETHEUS,
    VICTORIA_METRICS,
    parse_retention_s,
)
from ccmon_tray.sources.server_health import NO_TARGETS, Known, Target, Targets, absent

NO_PAGE: Final = "its page /metrics cannot be reached"
NOT_TOLD: Final = "this server does not tell"
_SAME_START_S: Final = 60.0
"""The status API tells a start so much later at most than the process began."""
_ERROR_CHARS: Final = 200
"""So much of a target's error is kept."""


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What a server said.

    Attributes:
        build: Product and version.
        ready: Whether it says that it is ready.
        page: Its own metrics.
        runtime: ``status/runtimeinfo``.
        head: The statistics of the head from ``status/tsdb``.
        active_targets: The targets as the API lists them; None where it does not.
        retention_s: How long it keeps data, seconds.
    """

    build: BuildInfo
    ready: Known[bool]
    page: Exposition | None
    runtime: Mapping[str, Any]
    head: Mapping[str, Any]
    active_targets: list[Any] | None
    retention_s: float | None

    @property
    def is_victoria(self) -> bool:
        """Whether it is VictoriaMetrics."""
        return self.build.product == VICTORIA_METRICS

    @property
    def why_not(self) -> str:
        """Why a value is absent that others tell."""
        if self.page is not None:
            return NOT_TOLD
        if self.build.product in {PROMETHEUS, VICTORIA_METRICS, COMPATIBLE}:
            return NO_PAGE
        return f"{self.build.product} is several processes, and does not tell of one"

    def figure(self, *names: str, api: object = None, **where: str) -> Known[float]:
        """The sum of a metric of the page, else what the status API said.

        Args:
            names: The metric, as versions and products call it.
            api: The value by the API.
            where: What labels begin with.
        """
        value = None
        if self.page is not None:
            value = self.page.sum(
                *names,
                where=lambda labels: all(
                    labels.get(label, "").startswith(begin) for label, begin in where.items()
                ),
            )
        if value is None and isinstance(api, int | float):
            value = float(api)
        return absent(self.why_not) if value is None or not math.isfinite(value) else Known(value)

    @property
    def started_at(self) -> Known[float]:
        """When its process started, Unix seconds; the page tells it to the very value that is stored."""
        told = self.figure(START)
        return told if told.value is not None else moment(self.runtime.get("startTime"), self.why_not)

    @property
    def starts_exactly(self) -> bool:
        """Whether :attr:`started_at` is the value that is stored."""
        return self.page is not None and START in self.page

    def scrape_interval_s(self, own: Matchers) -> float | None:
        """How often it scrapes the target with these labels, seconds; None where it does not say."""
        wanted = {matcher.name: matcher.value for matcher in own}
        for target in self.active_targets or ():
            if isinstance(target, dict) and isinstance(labels := target.get("labels"), dict):
                told = target.get("scrapeInterval")
                if isinstance(told, str) and wanted.items() <= labels.items():
                    return parse_retention_s(told)
        return None

    @property
    def targets(self) -> Known[Targets]:
        """What it scrapes."""
        if self.active_targets is None:
            return absent(self.why_not)
        if not self.active_targets:
            return absent(NO_TARGETS)
        up, pending, down = 0, 0, []
        slowest: tuple[float, str] | None = None
        for target in self.active_targets:
            if not isinstance(target, dict):
                continue
            name = _target_name(target)
            match target.get("health"):
                case "up":
                    up += 1
                case "down":
                    down.append(Target(name, str(target.get("lastError") or "")[:_ERROR_CHARS]))
                case _:
                    pending += 1
                    continue
            took_s = target.get("lastScrapeDuration")
            if isinstance(took_s, int | float) and (slowest is None or took_s > slowest[0]):
                slowest = (float(took_s), name)
        return Known(
            Targets(
                up,
                tuple(down),
                pending,
                slowest_scrape_s=slowest[0] if slowest else None,
                slowest=slowest[1] if slowest else "",
            )
        )


def moment(text: object, reason: str) -> Known[float]:
    """Unix seconds of a time as the API writes it."""
    try:
        # datetime knows microseconds, the API nanoseconds.
        whole, dot, fraction = str(text).rstrip("Z").partition(".")
        return Known(datetime.fromisoformat(f"{whole}{dot}{fraction[:6]}+00:00").timestamp())
    except ValueError:
        return absent(reason)


def ask_status(client: PrometheusClient) -> ServerStatus:
    """Ask a server for all it says of itself.

    Raises:
        SourceError: The server cannot be reached.
    """
    pages = (
        partial(_data, client, "status/runtimeinfo"),
        partial(_data, client, "status/tsdb"),
        partial(_data, client, "targets?state=active"),
    )
    runtime, head, targets = client.gather(pages)
    (page,) = client.gather([partial(_own_page, client, (runtime or {}).get("startTime"))])
    (ready,) = client.gather([partial(_ready, client)])
    build, retention_s = BuildInfo(COMPATIBLE, None), None
    try:
        build = client.build_info()
        retention_s = client.retention_s(build.product)
    except SourceUnavailable:
        # While it reads its log again after a start, only the page answers.
        if page is None:
            raise
        build = BuildInfo(PROMETHEUS, page.labels("prometheus_build_info").get("version"))
    statistics = (head or {}).get("headStats")
    active = (targets or {}).get("activeTargets")
    return ServerStatus(
        build=build,
        ready=ready,
        page=page,
        runtime=runtime or {},
        head=statistics if isinstance(statistics, dict) else {},
        active_targets=active if isinstance(active, list) else None,
        retention_s=retention_s,
    )


def _ready(client: PrometheusClient) -> Known[bool]:
    try:
        # Mimir has it at its root, under another name.
        reply = client.fetch("/-/ready") or client.fetch("/ready", at_origin=True)
    except SourceUnavailable:
        return Known(value=False)
    return absent("it does not tell") if reply is None or reply.is_html else Known(value=True)


def _own_page(client: PrometheusClient, told_start: object) -> Exposition | None:
    """The server's own metrics, known by the build that they name and by the start that the API tells.

    Below the root of a host, or behind a proxy, there may be another server's.
    """
    for at_origin in (False, True):
        try:
            reply = client.fetch("/metrics", at_origin=at_origin)
        except SourceUnavailable:
            continue
        if reply is None or reply.is_html:
            continue
        page = Exposition(reply.body.decode(errors="replace"))
        start, told = page.sum(START), moment(told_start, "").value
        if start is not None and told is not None and abs(told - start) > _SAME_START_S:
            continue
        if "prometheus_build_info" in page or "vm_app_version" in page:
            return page
    return None


def _data(client: PrometheusClient, path: str) -> Mapping[str, Any] | None:
    try:
        reply = client.fetch(f"/api/v1/{path}")
        answer = None if reply is None else parse_answer(reply.body)
    except (SourceUnavailable, ValueError):
        return None
    return answer.data if isinstance(answer, ApiAnswer) and isinstance(answer.data, dict) else None


def _target_name(target: Mapping[str, Any]) -> str:
    labels = target.get("labels")
    if not isinstance(labels, dict):
        return ""
    return f"{labels.get('job', '')} · {labels.get('instance', '')}"
