"""Budgets: used, left, pace, and the periods' ends."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.usage import budgets
from ccmon_tray.usage.budgets import BudgetPeriod, BudgetUse, budget_uses, period_end, with_budgets
from ccmon_tray.usage.windows import Calendar
from tests.support.snapshots import MIDNIGHT, NOW, figures, fresh

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
HOUR = 3600


def use(used: float | None, budget: float = 20.0, projected: float | None = None) -> BudgetUse:
    of = figures()
    today = of.today.model_copy(update={"cost_usd": used, "projected_cost_usd": projected})
    (found,) = budget_uses(of.model_copy(update={"today": today}), {BudgetPeriod.DAY: budget}, BERLIN)
    return found


def test_used_left_and_pace_of_each_budget_that_is_set() -> None:
    day, month = budget_uses(figures(), {BudgetPeriod.MONTH: 300.0, BudgetPeriod.DAY: 20.0}, BERLIN)

    assert (day.period, day.used_usd, day.budget_usd) == ("day", 12.34, 20.0)
    assert day.left_usd == pytest.approx(7.66)
    assert day.used_ratio == pytest.approx(0.617)
    assert day.elapsed_ratio == pytest.approx((NOW - MIDNIGHT) / 86_400)
    assert (day.exceeded, day.heading_over, day.projected_usd) == (False, False, None)

    assert (month.period, month.exceeded) == ("month", True)
    assert month.left_usd == pytest.approx(-12.40)
    assert month.projected_usd == 398.2
    assert not month.heading_over  # it is over already


def test_without_figures_or_budgets_there_is_nothing_to_say() -> None:
    assert budget_uses(None, {BudgetPeriod.DAY: 20.0}, BERLIN) == ()
    assert budget_uses(figures(), {}, BERLIN) == ()
    assert with_budgets(fresh(), {BudgetPeriod.DAY: 1.0}, BERLIN).budgets[0].exceeded


def test_what_is_not_known_is_neither_kept_nor_exceeded() -> None:
    unknown = use(None)
    assert (unknown.used_ratio, unknown.left_usd, unknown.exceeded) == (None, None, False)
    assert budgets.used_words(unknown) == "– of $20.00"
    assert budgets.left_words(unknown) == ""


@pytest.mark.parametrize(
    ("used", "projected", "words"),
    [
        (12.34, 24.2, ("61 % of $20.00", "$7.66 left", "heading for 121 %")),
        (12.34, None, ("61 % of $20.00", "$7.66 left", "")),
        (19.99, 19.999, ("99 % of $20.00", "$0.01 left", "heading for 99 %")),
        (20.0, 21.0, ("100 % of $20.00", "$0.00 left", "heading for 105 %")),
        (22.4, 30.0, ("112 % of $20.00", "$2.40 over", "")),
    ],
)
def test_words(used: float, projected: float | None, words: tuple[str, str, str]) -> None:
    of = use(used, projected=projected)
    assert (budgets.used_words(of), budgets.left_words(of), budgets.pace_words(of, NOW)) == words
    assert budgets.pace_words(of, of.end) == ""  # a day that is over heads nowhere


@given(st.floats(0.01, 1e6), st.floats(0, 2e6))
def test_a_share_says_100_only_when_all_is_used(budget: float, used: float) -> None:
    of = use(used, budget)
    percent = int(budgets.share(of.used_ratio).removesuffix(" %").replace(",", ""))
    assert (percent >= 100) == (used >= budget or used / budget > 1 - 1e-11)
    assert of.exceeded == (used > budget)


def test_periods_end_at_local_midnights() -> None:
    # 25 October 2026 has 25 hours in Berlin.
    sunday = 1_792_879_200
    assert BERLIN.local(sunday).isoformat() == "2026-10-25T00:00:00+02:00"
    assert period_end(BudgetPeriod.DAY, sunday, BERLIN) == sunday + 25 * HOUR
    assert period_end(BudgetPeriod.WEEK, sunday, BERLIN) == sunday + 25 * HOUR
    end = BERLIN.local(period_end(BudgetPeriod.MONTH, sunday, BERLIN))
    assert end.isoformat() == "2026-11-01T00:00:00+01:00"
    assert period_end(BudgetPeriod.WEEK, MIDNIGHT, BERLIN) == MIDNIGHT + 7 * 24 * HOUR
