"""Budgets of a day, a week and a month: what is used of them, what is left, and where they are heading."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from math import floor
from typing import TYPE_CHECKING

from ccmon_tray.usage import formatting
from ccmon_tray.usage.models import Frozen
from ccmon_tray.usage.windows import Calendar, month_end

if TYPE_CHECKING:  # snapshots hold budgets
    from ccmon_tray.usage.snapshot import Figures, Period, Snapshot

NEARLY_USED = 0.8
"""From this share on a budget counts as nearly used, where a colour or a shape has to say so."""


class BudgetPeriod(StrEnum):
    """What a budget is for. The order is that of all surfaces."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class BudgetUse(Frozen):
    """A budget and what has become of it.

    Attributes:
        period: What it is for.
        start: Unix seconds at which the period began.
        end: Unix seconds at which it ends.
        budget_usd: The budget.
        used_usd: What is used of it; None where the source cannot know.
        left_usd: What is left; negative once it is exceeded.
        used_ratio: Share that is used; above 1 once it is exceeded.
        elapsed_ratio: Share of the period that was over at the reading: an even pace would have used as much.
        projected_usd: Use by the period's end if the last seven days' pace goes on.
        exceeded: Whether more is used than the budget.
    """

    period: BudgetPeriod
    start: int
    end: int
    budget_usd: float
    used_usd: float | None
    left_usd: float | None
    used_ratio: float | None
    elapsed_ratio: float
    projected_usd: float | None
    exceeded: bool

    @property
    def projected_ratio(self) -> float | None:
        """Share of the budget that the period will have used at its end."""
        return None if self.projected_usd is None else self.projected_usd / self.budget_usd

    @property
    def heading_over(self) -> bool:
        """Whether it is not exceeded yet, but will be if the pace goes on."""
        return not self.exceeded and self.projected_usd is not None and self.projected_usd > self.budget_usd


def budget_uses(
    figures: "Figures | None", limits: Mapping[BudgetPeriod, float], calendar: Calendar
) -> tuple[BudgetUse, ...]:
    """What has become of the budgets that are set.

    Args:
        figures: What was used; None gives no answer.
        limits: US dollars a period, for those that have a budget.
        calendar: The user's days and weeks.

    Returns:
        One for each budget, shortest period first.
    """
    if figures is None:
        return ()
    periods = {
        BudgetPeriod.DAY: figures.today,
        BudgetPeriod.WEEK: figures.this_week,
        BudgetPeriod.MONTH: figures.this_month,
    }
    return tuple(
        _use(kind, period, limits[kind], period_end(kind, period.start, calendar))
        for kind, period in periods.items()
        if kind in limits
    )


def with_budgets(
    snapshot: "Snapshot", limits: Mapping[BudgetPeriod, float], calendar: Calendar
) -> "Snapshot":
    """The snapshot with what has become of the budgets that are set now."""
    return snapshot.model_copy(update={"budgets": budget_uses(snapshot.figures, limits, calendar)})


def period_end(kind: BudgetPeriod, start: float, calendar: Calendar) -> int:
    """Unix seconds at which the local day, week or month ends that ``start`` (Unix seconds) lies in."""
    day = calendar.day_of(start)
    match kind:
        case BudgetPeriod.DAY:
            return calendar.midnight(day + timedelta(days=1))
        case BudgetPeriod.WEEK:
            return calendar.midnight(calendar.first_of_week(day) + timedelta(days=7))
        case BudgetPeriod.MONTH:
            return month_end(start, calendar)


def _use(kind: BudgetPeriod, period: "Period", budget_usd: float, end: int) -> BudgetUse:
    used = period.cost_usd
    return BudgetUse(
        period=kind,
        start=period.start,
        end=end,
        budget_usd=budget_usd,
        used_usd=used,
        left_usd=None if used is None else budget_usd - used,
        used_ratio=None if used is None else used / budget_usd,
        elapsed_ratio=min(1.0, (period.end - period.start) / max(1, end - period.start)),
        projected_usd=period.projected_cost_usd,
        exceeded=used is not None and used > budget_usd,
    )


# Words


def title(use: BudgetUse) -> str:
    """What a budget is called: ``Day’s budget``."""
    return f"{use.period.capitalize()}’s budget"


def share(ratio: float | None) -> str:
    """A share of a budget in whole percent, rounded down: 100 % means that it is used up."""
    # Beyond the tenth decimal lies only the error of the division.
    return formatting.UNKNOWN if ratio is None else f"{floor(round(ratio * 100, 10)):,} %"


def used_words(use: BudgetUse) -> str:
    """How much is used: ``62 % of $20.00``."""
    return f"{share(use.used_ratio)} of {formatting.money(use.budget_usd)}"


def left_words(use: BudgetUse) -> str:
    """How much is left, or over: ``$7.66 left``; "" where that is unknown."""
    if use.left_usd is None:
        return ""
    return f"{formatting.money(abs(use.left_usd))} {'over' if use.exceeded else 'left'}"


def pace_words(use: BudgetUse, now: float) -> str:
    """Where it is heading: ``heading for 121 %``; "" where that is unknown or no news.

    Args:
        use: The budget.
        now: Unix seconds; a period that is over heads nowhere.
    """
    if use.exceeded or now >= use.end or use.projected_ratio is None:
        return ""
    return f"heading for {share(use.projected_ratio)}"
