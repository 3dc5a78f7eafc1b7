"""How back ends spell the names of Claude Code's metrics and labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ccmon_tray.usage.metrics import Metric

_UNITS: Final = {Metric.COST: "USD", Metric.TOKENS: "tokens", Metric.ACTIVE_TIME: "seconds"}
_OLD_TYPES: Final = {"cacheRead": "cache_read", "cacheCreation": "cache_creation"}


@dataclass(frozen=True, slots=True)
class Spelling:
    """A way to spell series.

    Attributes:
        names: The stored name of each metric.
        dotted_labels: Whether labels keep their dots (``session.id``).
        old_types: Whether types of tokens are spelled as older clients did (``cache_read``).
    """

    names: Mapping[Metric, str]
    dotted_labels: bool = False
    old_types: bool = False

    def label(self, name: str) -> str:
        """A label's name as stored."""
        if not self.dotted_labels or name not in _DOTTED:
            return name
        return _DOTTED[name]

    def value(self, name: str, value: str) -> str:
        """A label's value as stored."""
        return _OLD_TYPES.get(value, value) if self.old_types and name == "type" else value


_DOTTED: Final = {
    "session_id": "session.id",
    "user_id": "user.id",
    "user_email": "user.email",
    "user_account_uuid": "user.account_uuid",
    "organization_id": "organization.id",
    "terminal_type": "terminal.type",
}


def _underscored(metric: Metric) -> str:
    return "claude_code_" + metric.value.replace(".", "_")


def _suffixed(metric: Metric) -> str:
    stem = _underscored(metric).removesuffix("_total")
    return "_".join(filter(None, (stem, _UNITS.get(metric), "total")))


SUFFIXES: Final = Spelling({metric: _suffixed(metric) for metric in Metric})
PLAIN: Final = Spelling({metric: _underscored(metric) for metric in Metric})
CLIENT: Final = Spelling(
    {metric: _underscored(metric).removesuffix("_total") + "_total" for metric in Metric}
)
DOTS: Final = Spelling({metric: f"claude_code.{metric.value}" for metric in Metric}, dotted_labels=True)
NAMESPACE: Final = Spelling({metric: f"otel_{_suffixed(metric)}" for metric in Metric})
DOUBLE_TOTAL: Final = Spelling(
    {
        **SUFFIXES.names,
        Metric.ACTIVE_TIME: "claude_code_active_time_total_seconds_total",
        Metric.COST: "claude_code_cost_usage_usd_total",
    }
)
OLD_TYPES: Final = Spelling(SUFFIXES.names, old_types=True)
