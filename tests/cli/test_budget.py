"""``status`` with budgets, and ``--check-budget`` for scripts."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.command_line import run
from tests.support.faulty_server import Fault, FaultyServer


def far_into_the_month() -> str:
    """The zone where most of a month has gone: a day at least, in which the demo has cost something."""

    def gone(zone: str) -> tuple[int, int]:
        now = datetime.now(ZoneInfo(zone))
        return now.day, now.hour

    return max(("Etc/GMT+12", "Etc/GMT-14"), key=gone)


DEMO = {"CCMON_TRAY_SOURCE__KIND": "demo", "CCMON_TRAY_TIME__ZONE": far_into_the_month()}


def test_budgets_that_are_set_are_told(tmp_path: Path) -> None:
    budgets = {"CCMON_TRAY_BUDGETS__MONTHLY_USD": "0.01", "CCMON_TRAY_BUDGETS__DAILY_USD": "100000"}
    text = run(tmp_path, "status", **DEMO, **budgets).stdout
    told = json.loads(run(tmp_path, "status", "--json", **DEMO, **budgets).stdout)

    assert "Day’s budget" in text
    assert "% of $100,000.00" in text
    assert "% of $0.01" in text
    assert " over\n" in text
    assert max(map(len, text.splitlines())) <= 80
    assert [(use["period"], use["budget_usd"], use["exceeded"]) for use in told["budgets"]] == [
        ("day", 100_000, False),
        ("month", 0.01, True),
    ]
    assert told["budgets"][1]["used_usd"] == told["figures"]["this_month"]["cost_usd"]


def test_without_budgets_nothing_is_said_of_them(tmp_path: Path) -> None:
    assert "budget" not in run(tmp_path, "status", **DEMO).stdout


@pytest.mark.parametrize(
    ("budgets", "exit_code", "words"),
    [
        ({"CCMON_TRAY_BUDGETS__MONTHLY_USD": "1000000"}, 0, ""),
        ({"CCMON_TRAY_BUDGETS__MONTHLY_USD": "0.01"}, 1, "ccmon-tray: Month’s budget: exceeded by $"),
        ({}, 2, "ccmon-tray: No budget is set"),
    ],
)
def test_scripts_learn_it_from_the_exit_code(
    tmp_path: Path, budgets: dict[str, str], exit_code: int, words: str
) -> None:
    done = run(tmp_path, "status", "--check-budget", **DEMO, **budgets)
    assert done.returncode == exit_code
    assert done.stderr.startswith(words)
    assert bool(done.stderr) == bool(words)


def test_a_source_out_of_reach_keeps_no_budget(tmp_path: Path) -> None:
    with FaultyServer() as server:
        server.fault = Fault.UNAVAILABLE
        done = run(
            tmp_path,
            *("status", "--check-budget", "--prometheus-url", server.url),
            CCMON_TRAY_BUDGETS__DAILY_USD="1000",
        )
    assert done.returncode == 3
