"""The one snapshot that icon, tooltip, menu, window header, ``status`` and alerts read."""

from pydantic import ConfigDict, Field

from ccmon_tray.errors import CcmonError
from ccmon_tray.usage.budgets import BudgetUse
from ccmon_tray.usage.comparisons import relative_change
from ccmon_tray.usage.models import (
    Frozen,
    ModelUsage,
    RangeInfo,
    SessionUsage,
    SourceInfo,
    Totals,
    UsageWarning,
)
from ccmon_tray.usage.states import State


class Problem(Frozen):
    """What went wrong, in words for a person, and since when (Unix seconds)."""

    code: str
    title: str
    cause: str = ""
    next_step: str = ""
    since: float

    @property
    def sentence(self) -> str:
        """All of it in a line: what, why, and what to do."""
        return str(CcmonError(self.title, cause=self.cause, next_step=self.next_step))


class Period(Frozen):
    """A calendar period so far: its window, what it cost, and what came before or is to come.

    Attributes:
        start: Unix seconds of its first moment (local midnight).
        end: Unix seconds of the reading.
        cost_usd: Cost so far.
        tokens: Tokens so far, where they were asked for.
        previous_cost_usd: Cost of the period before, up to the same local moment (to five minutes).
        projected_cost_usd: Cost of the whole period, if the last seven days' pace goes on.
    """

    start: int
    end: int
    cost_usd: float | None
    tokens: float | None = None
    previous_cost_usd: float | None = None
    projected_cost_usd: float | None = None

    @property
    def change(self) -> float | None:
        """Relative change against the period before: 0.12 is 12 % more; None where that is unknown or 0."""
        return relative_change(self.cost_usd, self.previous_cost_usd)


class RangeUsage(Frozen):
    """The chosen range: its totals, its models (dearest first) and its dearest sessions."""

    info: RangeInfo
    totals: Totals
    by_model: tuple[ModelUsage, ...] = ()
    top_sessions: tuple[SessionUsage, ...] = ()


class Figures(Frozen):
    """The numbers of one good poll."""

    today: Period
    this_week: Period
    this_month: Period
    last_hour_cost_usd: float | None
    range: RangeUsage

    @property
    def burn_rate_usd_per_hour(self) -> float | None:
        """Cost of the last hour: the rate at which money is being spent now."""
        return self.last_hour_cost_usd


class Snapshot(Frozen):
    """What one poll found: ``ccmon-tray/snapshot/1``.

    Attributes:
        source: Where the figures come from.
        state: Their freshness.
        polled_at: Unix seconds of the last attempt.
        taken_at: Unix seconds of the last good reading, or None if there was none.
        figures: The last good numbers, or None if there were none.
        problem: What is wrong now, if anything.
        warnings: Why the figures may be off.
        notices: What the person should know besides (a settings file set aside, for example).
        budgets: What has become of the budgets that are set, shortest period first.
        pinned: Whether the source was named on the tray's command line: then settings do not tell it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_id: str = Field(default="ccmon-tray/snapshot/1", alias="schema")
    source: SourceInfo
    state: State
    polled_at: float
    taken_at: float | None = None
    figures: Figures | None = None
    problem: Problem | None = None
    warnings: tuple[UsageWarning, ...] = ()
    notices: tuple[str, ...] = ()
    budgets: tuple[BudgetUse, ...] = ()
    pinned: bool = False

    def age_s(self, now: float) -> float | None:
        """Seconds since the figures were read; None if there are none. ``now`` is Unix seconds."""
        return None if self.taken_at is None else max(0.0, now - self.taken_at)
