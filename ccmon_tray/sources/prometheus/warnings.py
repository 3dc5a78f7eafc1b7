"""Why numbers from Prometheus may be off: each warning's code, its effect and its cure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from ccmon_tray.sources.prometheus.discovery import Catalogue
from ccmon_tray.sources.prometheus.scope import Scope
from ccmon_tray.usage.models import UsageWarning

_DAY_S: Final = 86_400


def warnings_of(
    scope: Scope, catalogue: Catalogue, now: float, server_warnings: tuple[str, ...]
) -> tuple[UsageWarning, ...]:
    """The warnings that a window's figures carry.

    Args:
        scope: What is known of its sessions.
        catalogue: What the server holds.
        now: Unix seconds.
        server_warnings: What the server itself said of its last answers.
    """
    found = []
    if catalogue.retention_s is not None and scope.span.start < now - catalogue.retention_s:
        found.append(_beyond_retention(catalogue.retention_s, now))
    if scope.sawtooth:
        found.append(
            UsageWarning(
                code="counter-resets",
                message=f"The counters of {_sessions(len(scope.sawtooth))} fall back although nothing was "
                "resumed: an exporter fed with deltas starts again after each pause. What it had counted "
                "between two readings is lost, so the true figures are higher.",
                cure="Set OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=cumulative for Claude Code, or "
                "put the deltatocumulative processor before the collector's prometheus exporter.",
                sessions=_named(scope.sawtooth),
            )
        )
    if scope.two_writers:
        found.append(
            UsageWarning(
                code="two-writers",
                message=f"Two processes write the same counters of "
                f"{_sessions(len(scope.two_writers))} in turn. Their figures are an estimate.",
                cure="Do not run one session twice at the same time (claude --resume of a session still "
                "open), or end one of the two.",
                sessions=_named(scope.two_writers),
            )
        )
    if scope.stored_twice:
        found.append(
            UsageWarning(
                code="stored-twice",
                message=f"The counters of {_sessions(len(scope.stored_twice))} are stored under several "
                "names, as two pipelines spell them. Both are added up, so these figures are too high.",
                cure="Send Claude Code's metrics over one pipeline, or narrow the series with "
                "prometheus.matchers, for example to one job.",
                sessions=scope.stored_twice,
            )
        )
    if server_warnings:
        found.append(
            UsageWarning(
                code="partial-answer",
                message=f"The server warns: {'; '.join(server_warnings)}. Figures may lack a part.",
                cure="Look at the state of its stores (for Thanos: the Stores page).",
            )
        )
    return tuple(found)


def _beyond_retention(retention_s: float, now: float) -> UsageWarning:
    since = datetime.fromtimestamp(now - retention_s, UTC)
    return UsageWarning(
        code="beyond-retention",
        message=f"This range begins before the server's memory: it keeps {retention_s / _DAY_S:.3g} days, so "
        f"that what was used before {since:%Y-%m-%d} is missing.",
        cure="Choose a shorter range, or give Prometheus a longer --storage.tsdb.retention.time.",
    )


def _sessions(count: int) -> str:
    return "1 session" if count == 1 else f"{count} sessions"


def _named(session_ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(session or "(without a session id)" for session in session_ids)
