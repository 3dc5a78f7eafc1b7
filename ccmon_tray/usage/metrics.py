"""The metrics and labels of Claude Code, under their own names and under every spelling back ends give them.

A metric reaches a Prometheus-like store with suffixes (``_total``, a unit), a namespace in front, dots or
underscores. :func:`canonical_metric` undoes that, so that nothing else has to know.
"""

from enum import StrEnum


class Metric(StrEnum):
    """A counter of Claude Code; the value is its OpenTelemetry name without ``claude_code.``."""

    SESSIONS = "session.count"
    COST = "cost.usage"
    TOKENS = "token.usage"
    ACTIVE_TIME = "active_time.total"
    LINES = "lines_of_code.count"
    COMMITS = "commit.count"
    PULL_REQUESTS = "pull_request.count"
    EDIT_DECISIONS = "code_edit_tool.decision"


class Label(StrEnum):
    """A label that queries group or filter by, spelled with underscores."""

    SESSION = "session_id"
    MODEL = "model"
    TYPE = "type"
    QUERY_SOURCE = "query_source"
    START_TYPE = "start_type"
    DECISION = "decision"
    TOOL = "tool_name"
    USER_EMAIL = "user_email"
    USER_ACCOUNT = "user_account_uuid"
    USER_ID = "user_id"


class TokenType(StrEnum):
    """A kind of token; the value is the key in reports."""

    INPUT = "input"
    OUTPUT = "output"
    CACHE_READ = "cache_read"
    CACHE_CREATION = "cache_creation"


_UNITS = ("_usd", "_tokens", "_seconds", "_s")

# What is left of each name once dots, namespace, `_total` and one unit are gone.
_STEMS: dict[str, Metric] = {
    "session_count": Metric.SESSIONS,
    "cost_usage": Metric.COST,
    "token_usage": Metric.TOKENS,
    "active_time": Metric.ACTIVE_TIME,
    "lines_of_code_count": Metric.LINES,
    "commit_count": Metric.COMMITS,
    "pull_request_count": Metric.PULL_REQUESTS,
    "code_edit_tool_decision": Metric.EDIT_DECISIONS,
}

_TOKEN_TYPES: dict[str, TokenType] = {
    "input": TokenType.INPUT,
    "output": TokenType.OUTPUT,
    "cacheread": TokenType.CACHE_READ,
    "cachecreation": TokenType.CACHE_CREATION,
}


def canonical_metric(name: str) -> Metric | None:
    """The metric that a stored name stands for.

    Args:
        name: A metric name as the store spells it, such as ``otel_claude_code_cost_usage_USD_total``.

    Returns:
        The metric, or None for a name that is not one of Claude Code's known counters.
    """
    spelled = name.replace(".", "_").lower()
    _, found, stem = spelled.rpartition("claude_code_")
    if not found:
        return None
    # `_total` may stand before and after the unit: active_time.total becomes `…_total_seconds_total`.
    stem = stem.removesuffix("_total")
    for unit in _UNITS:
        if stem.endswith(unit):
            stem = stem.removesuffix(unit)
            break
    return _STEMS.get(stem.removesuffix("_total"))


def canonical_label(name: str) -> str:
    """A label's name with underscores for dots (``session.id`` becomes ``session_id``)."""
    return name.replace(".", "_")


def token_type(value: str) -> TokenType | None:
    """The token type that a ``type`` label means, old (``cache_read``) and new (``cacheRead``) spelling."""
    return _TOKEN_TYPES.get(value.replace("_", "").lower())
