"""The frozen models of usage: what a report says, and what its parts are called.

``None`` means that the source cannot know the value; 0 means that it is known to be nothing.
"""

from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from ccmon_tray.usage.metrics import TokenType
from ccmon_tray.usage.states import SourceKind, State


class Frozen(BaseModel):
    """A model that cannot be changed and refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)


class SourceInfo(Frozen):
    """Which source answered. ``url`` never carries credentials."""

    kind: SourceKind
    url: str | None = None
    version: str | None = None


class Tokens(Frozen):
    """Tokens by type. ``total`` counts every type, those this version does not know included."""

    total: float = 0.0
    input: float = 0.0
    output: float = 0.0
    cache_read: float = 0.0
    cache_creation: float = 0.0

    @classmethod
    def from_types(cls, by_type: dict[TokenType | None, float]) -> "Tokens":
        """Tokens from a count per type; the key None holds those of an unknown type."""
        return cls(
            total=sum(by_type.values()),
            **{kind.value: by_type.get(kind, 0.0) for kind in TokenType},
        )

    @property
    def cache_hit_ratio(self) -> float | None:
        """Share of the prompt read from the cache: cache_read / (input + cache_read + cache_creation)."""
        prompt = self.input + self.cache_read + self.cache_creation
        return self.cache_read / prompt if prompt > 0 else None


class ActiveTime(Frozen):
    """Seconds of activity: of the person at the keyboard (``user``) and of Claude Code (``cli``)."""

    total: float = 0.0
    user: float = 0.0
    cli: float = 0.0


class EditDecisions(Frozen):
    """How often edits that Claude proposed were accepted and rejected."""

    accept: float = 0.0
    reject: float = 0.0


class Totals(Frozen):
    """What was used in a window."""

    cost_usd: float | None = None
    tokens: Tokens | None = None
    active_time_seconds: ActiveTime | None = None
    sessions: int | None = None
    lines_added: float | None = None
    lines_removed: float | None = None
    commits: float | None = None
    pull_requests: float | None = None
    edit_decisions: EditDecisions | None = None
    cache_hit_ratio: float | None = None


class ModelUsage(Frozen):
    """What one model cost and used. ``model`` is the id as emitted, ``name`` the one to show."""

    model: str
    name: str
    cost_usd: float | None
    tokens: Tokens | None


class StepUsage(Frozen):
    """Cost and tokens of one step (start, end], Unix seconds."""

    start: int
    end: int
    cost_usd: float | None
    tokens: float | None


class SessionUsage(Frozen):
    """One session's use inside a window; times are Unix seconds, ``project`` is unknown to Prometheus."""

    session_id: str
    project: str | None = None
    project_path: str | None = None
    first_seen: int | None = None
    last_seen: int | None = None
    messages: int | None = None
    cost_usd: float | None = None
    tokens: Tokens | None = None
    active_time_seconds: float | None = None
    models: tuple[str, ...] = ()


class UsageWarning(Frozen):
    """Why a number may be off, by how much, and what to do: see ``sources/prometheus/warnings.py``."""

    code: str
    message: str
    cure: str
    sessions: tuple[str, ...] = ()


FIGURES_HOLD: Final = frozenset({"recorded-hours-differ"})
"""Codes of warnings about something that costs time alone: the figures are right."""


def cast_doubt(warnings: Iterable[UsageWarning]) -> bool:
    """Whether any of some warnings says that figures may be off."""
    return any(warning.code not in FIGURES_HOLD for warning in warnings)


class RangeInfo(Frozen):
    """The window of a report; ``start`` and ``end`` are Unix seconds, the window is (start, end]."""

    name: str
    start: int
    end: int
    step_seconds: int
    timezone: str


class GroupUsage(Frozen):
    """One row of ``report --by``: cost and tokens of one value of the grouping."""

    key: str
    name: str
    cost_usd: float | None
    tokens: Tokens | None


class Report(Frozen):
    """The JSON of ``ccmon-tray report``: keys may be added, never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_id: str = Field(default="ccmon-tray/report/1", alias="schema")
    source: SourceInfo
    range: RangeInfo
    state: State
    totals: Totals
    by_model: tuple[ModelUsage, ...] = ()
    over_time: tuple[StepUsage, ...] = ()
    sessions: tuple[SessionUsage, ...] = ()
    by: str | None = None
    groups: tuple[GroupUsage, ...] = ()
    warnings: tuple[UsageWarning, ...] = ()
