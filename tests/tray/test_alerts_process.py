"""A real tray over its budget: notified by a real daemon, snoozed there, and told once over restarts."""

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import start
from tests.support.desktop import Desktop, press_until, wait_for
from tests.support.dunst import PROGRAMS, Dunst
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.needs(*PROGRAMS)

# Where it is evening now, so that even on the first of a month something is used, in generated figures too.
_EVENING = (18 - time.gmtime().tm_hour + 12) % 24 - 12
BUDGETS = {
    "CCMON_TRAY_SOURCE__KIND": "demo",
    "CCMON_TRAY_TIME__ZONE": f"Etc/GMT{-_EVENING:+d}",
    "CCMON_TRAY_BUDGETS__MONTHLY_USD": "0.01",
}
APPEND = "import sys, pathlib; pathlib.Path(sys.argv[1]).open('a').write(sys.stdin.read() + '\\n')"


class Tray:
    """A headless tray's files."""

    def __init__(self, home: Path) -> None:
        self.out = home / "alerts.jsonl"
        self.state_file = home / "state" / "alerts.json"

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.read_text().splitlines()] if self.out.exists() else []

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.state_file.read_bytes())
        return found


@contextmanager
def running(home: Path, desktop: Desktop, **more: str) -> Iterator[Tray]:
    tray = Tray(home)
    command = json.dumps([sys.executable, "-c", APPEND, str(tray.out)])
    bus = {name: desktop.env[name] for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")}
    settings = {**BUDGETS, **bus, "CCMON_TRAY_ALERTS__COMMAND": command, **more}
    process = start(home, "run", "--headless", **settings)
    try:
        assert process.stderr is not None
        for line in process.stderr:  # what was read is said once the alerts of it were decided
            if "fresh" in line or "no-data" in line:
                break
        yield tray
    finally:
        process.send_signal(signal.SIGTERM)
        _, words = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, "Traceback" in words) == (0, False)


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    home = tmp_path / "desktop"
    home.mkdir()
    with Desktop(home) as desktop:
        yield desktop


def test_over_budget_it_notifies_once_and_can_be_snoozed_there(tmp_path: Path, desktop: Desktop) -> None:
    home = tmp_path / "home"
    with Dunst(desktop, tmp_path) as dunst:
        with running(home, desktop) as tray:
            wait_for(lambda: dunst.displayed and tray.told, "the alert")
            assert [(alert["kind"], alert["period"]) for alert in tray.told] == [("budget", "month")]
            assert tray.told[0]["title"] == "Demo: The month’s budget is exceeded"

            until = press_until(
                lambda: dunst.press("Snooze 1 hour"), lambda: tray.state["snoozed_until"], "the snooze"
            )
            assert until == pytest.approx(time.time() + 3600, abs=60)

        # The week's budget is exceeded as well now, but nothing is told before the hour is over.
        with running(home, desktop, CCMON_TRAY_BUDGETS__WEEKLY_USD="0.000001") as tray:
            assert list(tray.state["marks"]) == ["budget.month"]

        tray.state_file.write_text(json.dumps({**tray.state, "snoozed_until": None}))
        with running(home, desktop, CCMON_TRAY_BUDGETS__WEEKLY_USD="0.000001") as tray:
            wait_for(lambda: len(tray.told) == 2, "the week’s alert")
            assert [alert["period"] for alert in tray.told] == ["month", "week"]

        titles = [shown["summary"] for shown in dunst.close_all()]
        assert sorted(titles) == [
            "Demo: The month’s budget is exceeded",
            "Demo: The week’s budget is exceeded",
        ]


def test_without_a_bus_the_command_gets_it_all_the_same(tmp_path: Path) -> None:
    home = tmp_path / "desktop"
    home.mkdir()
    with Desktop(home, display=False, bus=False) as desktop:
        desktop.env["DBUS_SESSION_BUS_ADDRESS"] = ""
        with running(tmp_path / "home", desktop) as tray:
            wait_for(lambda: tray.told, "the alert")
