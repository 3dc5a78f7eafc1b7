"""Budgets and alerts in the menu and the tooltip."""

from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.settings import Settings
from ccmon_tray.tray.menu import build_menu
from ccmon_tray.tray.model import Action, AlertsShown, Command
from ccmon_tray.tray.tooltip import LIMIT, compose, utf16_length
from ccmon_tray.usage.budgets import BudgetPeriod, with_budgets
from ccmon_tray.usage.windows import Calendar
from tests.support.snapshots import NOW, fresh

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")


def test_budgets_are_told_below_the_periods() -> None:
    limits = {BudgetPeriod.DAY: 20.0, BudgetPeriod.MONTH: 300.0, BudgetPeriod.WEEK: 100.0}
    budgeted = with_budgets(fresh(), limits, BERLIN)
    menu = {item.key: item for item in build_menu(budgeted, now=NOW, calendar=BERLIN, settings=Settings())}
    told = [menu[f"budget.{period}"].label.replace("\N{EM SPACE}", " ") for period in BudgetPeriod]
    assert told == [
        "Day’s budget 61 % of $20.00 · $7.66 left",
        "Week’s budget 84 % of $100.00 · $15.90 left",
        "⚠ Month’s budget 104 % of $300.00 · $12.40 over",
    ]
    assert menu["budget.month"].command == Command(Action.OPEN_DASHBOARD, "summary this month")


@pytest.mark.parametrize(
    ("alerts", "title", "children"),
    [
        (AlertsShown(), "Alerts", ["Snooze 1 hour", "Snooze for today"]),
        (AlertsShown(quiet=True), "Alerts · quiet hours", ["Snooze 1 hour", "Snooze for today"]),
        (
            AlertsShown(snoozed_until=NOW + 3600),
            "Alerts · snoozed until 15:12",
            ["Resume", "Snooze 1 hour", "Snooze for today"],
        ),
        (
            AlertsShown(warned=True, recent=((NOW - 720, "80 % of the day’s budget is used"),)),
            "Alerts",
            [
                "Snooze 1 hour",
                "Snooze for today",
                "⚠ None of these numbers, since they carry a warning",
                "",
                "14:00 80 % of the day’s budget is used",
            ],
        ),
    ],
)
def test_alerts_are_snoozed_in_the_menu(alerts: AlertsShown, title: str, children: list[str]) -> None:
    menu = build_menu(fresh(), now=NOW, calendar=BERLIN, settings=Settings(), alerts=alerts)
    item = next(item for item in menu if item.key == "alerts")
    assert item.label == title
    assert [child.label.replace("\N{EM SPACE}", " ") for child in item.children] == children
    assert len({child.key for child in item.children}) == len(item.children)


def test_without_alerts_the_menu_says_nothing_of_them() -> None:
    menu = build_menu(fresh(), now=NOW, calendar=BERLIN, settings=Settings())
    assert "alerts" not in {item.key for item in menu}


def test_the_shortest_budget_and_every_exceeded_one_are_told() -> None:
    limits = {BudgetPeriod.DAY: 20.0, BudgetPeriod.WEEK: 100.0, BudgetPeriod.MONTH: 300.0}
    words = compose(with_budgets(fresh(), limits, BERLIN), now=NOW)
    assert "61 % of day’s budget" in words
    assert "104 % of month’s budget" in words
    assert "week’s budget" not in words
    assert utf16_length(words) <= LIMIT
