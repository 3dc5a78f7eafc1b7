"""What the source holds: metrics, their age, whether they can be trusted, a real question, the retention."""

import time
from collections.abc import Collection
from typing import Final

from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.doctor.context import Context
from ccmon_tray.sources.doctor.links import Finding, Link, from_error, ok
from ccmon_tray.sources.doctor.newest import find_newest
from ccmon_tray.sources.readings.reach import known_since, reaches
from ccmon_tray.sources.snapshots import no_telemetry
from ccmon_tray.usage import formatting, wording
from ccmon_tray.usage.checks import CheckStatus
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.models import UsageWarning
from ccmon_tray.usage.states import SourceKind
from ccmon_tray.usage.windows import RANGE_NAMES, resolve

_DAY_S: Final = 86_400
_WARNED_DAYS: Final = 7
# Claude Code exports every minute, and a scrape may come a minute later.
_FRESH_S: Final = 600
_SLOW_MS: Final = 3000
_ESSENTIAL: Final = (Metric.COST, Metric.TOKENS, Metric.ACTIVE_TIME)


def _metrics(context: Context) -> Finding:
    source, _ = context.opened
    inventory = context.inventory = source.inventory(refresh=True)
    if not inventory.metrics:
        return from_error(no_telemetry(inventory.info))
    names = sorted(name for stored in inventory.metrics.values() for name in stored)
    result = f"{len(inventory.metrics)} of {len(Metric)} kinds of counters"
    missing = [metric for metric in Metric if metric not in inventory.metrics]
    # Commits and the like exist only once there was one, and transcripts never tell of active time.
    essential = () if source.info.kind is SourceKind.TRANSCRIPTS else _ESSENTIAL
    lacking = [metric for metric in missing if metric in essential]
    details = (*names, *(f"not there: claude_code.{metric.value}" for metric in missing))
    if not lacking:
        return Finding(CheckStatus.OK, result, details=details)
    return Finding(
        CheckStatus.WARNING,
        f"{result}; {', '.join(f'claude_code.{metric.value}' for metric in lacking)} missing",
        cause="no session has exported them to this server yet, or something on the way drops them",
        cure="Look for filters and relabelling rules in the collector and in Prometheus",
        details=details,
    )


def _newest(context: Context) -> Finding:
    now = context.clock()
    at = context.newest_at = find_newest(context, now)
    if at is None:
        return Finding(
            CheckStatus.WARNING,
            "No sample in the last 30 days",
            cause="there were counters once, but nothing has been exported for a month",
            cure="Start claude with telemetry switched on, as under “Claude Code’s telemetry”",
        )
    age_s = max(0.0, now - at)
    words = formatting.age(age_s)
    details = (f"newest sample: {context.opened[1].local(at).isoformat(timespec='seconds')}",)
    if age_s <= _FRESH_S:
        return ok(words, *details)
    return Finding(
        CheckStatus.INFO,
        words,
        cause="counters come only while claude runs",
        cure="If claude is running now, it should be a minute old at most: restart claude, then look at "
        "the links between it and the server",
        details=details,
    )


def _told(context: Context) -> tuple[UsageWarning, ...]:
    if context.warnings is None:
        source, _ = context.opened
        now = int(context.clock())
        context.warnings = source.warnings(Span(now - _WARNED_DAYS * _DAY_S, now))
    return context.warnings


def _among_warnings(
    context: Context, codes: Collection[str], well: str, status: CheckStatus = CheckStatus.FAILED
) -> Finding:
    found = [warning for warning in _told(context) if warning.code in codes]
    if not found:
        return ok(f"{well} in the last {_WARNED_DAYS} days")
    first = found[0]
    sentences = first.message.rstrip(".").split(". ", 1)
    return Finding(
        status,
        sentences[0],
        cause=sentences[1] if len(sentences) > 1 else "",
        cure=first.cure,
        details=tuple(
            line
            for warning in found
            for line in (f"{warning.code}: {warning.message}", *(f"  {one}" for one in warning.sessions))
        ),
    )


def _temporality(context: Context) -> Finding:
    return _among_warnings(context, {"counter-resets"}, "No counter fell back")


def _collisions(context: Context) -> Finding:
    twice = _among_warnings(context, {"stored-twice"}, "No two writers on one series")
    if twice.status is not CheckStatus.OK:
        return twice
    # Only figures of those sessions are off, and nothing of the pipeline is broken.
    return _among_warnings(
        context, {"two-writers"}, "No two writers on one series", status=CheckStatus.WARNING
    )


def _query(context: Context) -> Finding:
    source, calendar = context.opened
    window = resolve("today", context.clock(), calendar)
    span = Span(window.start, window.end)
    began = time.perf_counter()
    (answer,) = source.ask([Question(Metric.COST, span)])
    took_ms = (time.perf_counter() - began) * 1000
    result = f"Cost of today: {formatting.money(answer.total)}"
    details = (f"from {calendar.local(span.start).isoformat()} to {calendar.local(span.end).isoformat()}",)
    partial = [warning for warning in source.warnings(span) if warning.code == "partial-answer"]
    if partial:
        return Finding(
            CheckStatus.WARNING, result, partial[0].message, partial[0].cure, details, took_ms=took_ms
        )
    if took_ms > _SLOW_MS:
        return Finding(
            CheckStatus.WARNING,
            f"{result}, slowly",
            cause="the server takes long for one day of one counter",
            cure="Look at the server’s load and memory; prometheus.matchers narrows what is read",
            details=details,
            took_ms=took_ms,
        )
    return Finding(CheckStatus.OK, result, details=details, took_ms=took_ms)


def _retention(context: Context) -> Finding:
    source, calendar = context.opened
    inventory = context.inventory
    assert inventory is not None
    if inventory.retention_s is None:
        if source.info.kind is not SourceKind.PROMETHEUS:
            return ok("Every range is covered")
        return Finding(
            CheckStatus.INFO,
            "The server does not tell how long it keeps data",
            cause="retention by size alone, or a product without such an API",
        )
    now = context.clock()
    since = known_since(inventory, now)
    beyond = [name for name in RANGE_NAMES if not reaches(resolve(name, now, calendar), since)]
    kept = f"Keeps {_days(inventory.retention_s)}"
    details = (
        kept,
        *(f"{name}: {'reaches beyond' if name in beyond else 'covered'}" for name in RANGE_NAMES),
    )
    if not beyond:
        return ok(f"{kept}: every range is covered", *details)
    titles = ", ".join(wording.range_title(name) for name in beyond)
    if source.info.kind is not SourceKind.PROMETHEUS:
        return Finding(
            CheckStatus.INFO,
            f"Begins {_days(inventory.retention_s)} ago: too late for {titles}",
            cause="nothing is known of what was used before",
            details=details,
        )
    return Finding(
        CheckStatus.WARNING,
        f"{kept}: too short for {titles}",
        cause="what was used before the server’s memory is missing from these ranges",
        cure="Choose shorter ranges, or start Prometheus with a longer --storage.tsdb.retention.time "
        "(VictoriaMetrics: -retentionPeriod)",
        details=details,
    )


def _days(seconds: float) -> str:
    days = seconds / _DAY_S
    if days < 2:
        return formatting.duration(seconds)
    return f"{days:.3g} days" if days < 100 else f"{formatting.count(days)} days"


LINKS: Final = (
    Link("metrics", _metrics, ("api",)),
    Link("newest_sample", _newest, ("metrics",)),
    Link("temporality", _temporality, ("metrics",)),
    Link("collisions", _collisions, ("metrics",)),
    Link("query", _query, ("metrics",)),
    Link("retention", _retention, ("metrics",)),
)
