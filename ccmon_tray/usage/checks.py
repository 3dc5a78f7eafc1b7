"""What checking the pipeline found: one check a link, from the settings to the fonts of windows."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from pydantic import ConfigDict, Field

from ccmon_tray.usage.models import Frozen, SourceInfo


class CheckStatus(StrEnum):
    """How a link is."""

    OK = "ok"
    WARNING = "warning"  # it works, but figures may be off or something will go wrong
    FAILED = "failed"
    SKIPPED = "skipped"  # it could not be looked at; the result says why
    INFO = "info"  # worth knowing, and nothing to do about


class Check(Frozen):
    """One link.

    Attributes:
        id: Its stable name: ``reachable``.
        title: Its name for people.
        status: How it is.
        took_ms: Milliseconds that looking at it took; None where it was skipped.
        result: What was found, in a line.
        cause: Why it is so; may be empty.
        cure: What to do about it; may be empty.
        details: What was found in full, a line each, for copying. Never a secret.
    """

    id: str
    title: str
    status: CheckStatus
    took_ms: float | None = None
    result: str
    cause: str = ""
    cure: str = ""
    details: tuple[str, ...] = ()


class CheckReport(Frozen):
    """All links: ``ccmon-tray/doctor/1``.

    Attributes:
        source: Which source was looked at, as far as that is known.
        checked_at: Unix seconds at which the checks began.
        ok: Whether nothing failed.
        checks: The links in their order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_id: str = Field(default="ccmon-tray/doctor/1", alias="schema")
    source: SourceInfo | None
    checked_at: float
    ok: bool
    checks: tuple[Check, ...]


MARKS: Final[dict[CheckStatus, str]] = {
    CheckStatus.OK: "✓",
    CheckStatus.WARNING: "!",
    CheckStatus.FAILED: "✗",
    CheckStatus.SKIPPED: "–",
    CheckStatus.INFO: "i",
}
"""The sign of each status; colour never stands alone."""

LINK_TITLES: Final[dict[str, str]] = {
    "settings": "Settings",
    "reachable": "Server reachable",
    "api": "Query API",
    "clocks": "Clocks",
    "metrics": "Claude Code metrics",
    "newest_sample": "Newest sample",
    "temporality": "Temporality",
    "collisions": "Collisions",
    "query": "A real query",
    "retention": "Retention",
    "claude_telemetry": "Claude Code’s telemetry",
    "otlp_endpoint": "Telemetry endpoint",
    "collector": "Built-in collector",
    "collector_file": "Collector’s file",
    "transcripts": "Transcripts",
    "tray": "The tray",
    "fonts": "Fonts of windows",
}
"""Every link by its id, in the order in which they are looked at."""


def counts(checks: Iterable[Check]) -> dict[CheckStatus, int]:
    """How many checks ended in each status; statuses without any are left out."""
    found: dict[CheckStatus, int] = {}
    for check in checks:
        found[check.status] = found.get(check.status, 0) + 1
    return found


def summary(checks: Iterable[Check]) -> str:
    """All checks in a line: ``1 failed, 2 warnings, 9 ok, 3 skipped``."""
    found = counts(checks)
    failed, warned = found.get(CheckStatus.FAILED, 0), found.get(CheckStatus.WARNING, 0)
    well = found.get(CheckStatus.OK, 0) + found.get(CheckStatus.INFO, 0)
    skipped = found.get(CheckStatus.SKIPPED, 0)
    parts = [
        f"{failed} failed" if failed else "",
        f"{warned} warning{'s' if warned != 1 else ''}" if warned else "",
        f"{well} ok",
        f"{skipped} skipped" if skipped else "",
    ]
    return ", ".join(part for part in parts if part)


def took_words(took_ms: float) -> str:
    """How long a look took: ``12 ms``, ``1.2 s``, ``<1 ms``."""
    if took_ms >= 1000:
        return f"{took_ms / 1000:.1f} s"
    return f"{took_ms:.0f} ms" if took_ms >= 1 else "<1 ms"


def plain_text(check: Check) -> str:
    """A check as text, with everything that is known: for copying."""
    took = "" if check.took_ms is None else f" ({took_words(check.took_ms)})"
    lines = [f"{MARKS[check.status]} {check.title}{took}: {check.result}"]
    lines += [f"    {text}" for text in (check.cause, f"→ {check.cure}" if check.cure else "") if text]
    return "\n".join([*lines, *(f"    {line}" for line in check.details)])
