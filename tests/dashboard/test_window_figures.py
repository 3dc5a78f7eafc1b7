"""What the window shows of a real Prometheus is what ``report --json`` says of the same range."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ccmon_tray.dashboard.ranges import ChosenRange
from ccmon_tray.dashboard.views.summary import SummaryView
from ccmon_tray.dashboard.views.tokens import TokensView
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.usage import formatting
from ccmon_tray.usage.windows import Window
from tests.support.command_line import run
from tests.support.dashboard import await_drawn
from tests.support.servers import TOOLS, Kind
from tests.support.truth.cases import CALENDAR, NOW, dataset
from tests.support.truth.loading import loading
from tests.support.views import OpenView

pytestmark = pytest.mark.needs("Xvfb", *TOOLS[Kind.PROMETHEUS])

ODD = ("2025-10-26 00:30", "2025-11-09 17:05")  # across the end of summer time
RANGES = ("15m", "4h", "1d", "7d", "30d", "today", "this week", "this month")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with loading(dataset("resumed, scraped"), Kind.PROMETHEUS) as loaded:
        yield loaded.server.url


def reported(home: Path, url: str, *words: str) -> dict[str, Any]:
    """What the command says."""
    done = run(
        home, "report", "--json", "--at", str(NOW), *words,
        CCMON_TRAY_PROMETHEUS__URL=url, CCMON_TRAY_TIME__ZONE=CALENDAR.zone_name,
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def over(open_view: OpenView, url: str, home: Path, view: str) -> DashboardWindow:
    settings: dict[str, dict[str, object]] = {
        "source": {"kind": "prometheus"},
        "prometheus": {"url": url, "timeout_s": 60},
        "claude": {"config_dir": str(home / "claude")},
    }
    return open_view(view, settings=settings, now=NOW)


def check_summary(window: DashboardWindow, report: dict[str, Any]) -> None:
    view, totals = window.page.view, report["totals"]
    assert isinstance(view, SummaryView)
    edits = totals["edit_decisions"]
    accepted = edits["accept"] + edits["reject"]
    assert [card.figure for card in view.main_cards] == [
        formatting.money(totals["cost_usd"]),
        formatting.duration(totals["active_time_seconds"]["total"]),
        formatting.tokens(totals["tokens"]["total"]),
    ]
    assert [card.figure for card in view.more_cards] == [
        f"+{formatting.count(totals['lines_added'])}",
        f"−{formatting.count(totals['lines_removed'])}",
        formatting.count(totals["commits"]),
        formatting.count(totals["pull_requests"]),
        formatting.count(totals["sessions"]),
        formatting.percent(totals["cache_hit_ratio"]),
        formatting.percent(edits["accept"] / accepted if accepted else None),
    ]
    by_name: dict[str, float] = defaultdict(float)
    for model in report["by_model"]:  # of variants the window makes one
        by_name[model["name"]] += model["cost_usd"]
    costs = sorted(by_name.items(), key=lambda each: -each[1])
    assert [row.cells[:2] for row in view.models.rows] == [(name, formatting.money(c)) for name, c in costs]
    steps, slices = (chart.table().rows for chart in view.charts)
    assert [row[-1] for row in steps] == pytest.approx([step["cost_usd"] for step in report["over_time"]])
    assert sum(float(row[-1] or 0) for row in steps) == pytest.approx(totals["cost_usd"], rel=1e-6)
    assert [row[-1] for row in slices] == pytest.approx([cost for _, cost in costs])


def check_tokens(window: DashboardWindow, report: dict[str, Any]) -> None:
    view, tokens = window.page.view, report["totals"]["tokens"]
    assert isinstance(view, TokensView)
    assert view.main_cards[0].figure == formatting.tokens(tokens["total"])
    assert [card.figure for card in view.type_cards] == [
        formatting.tokens(tokens[kind]) for kind in ("input", "output", "cache_read", "cache_creation")
    ]


def test_every_range(open_view: OpenView, url: str, tmp_path: Path) -> None:
    window = over(open_view, url, tmp_path, "summary")
    for name in RANGES:
        report = reported(tmp_path, url, "--range", name.replace(" ", "-"))
        assert report["state"] == "fresh", name
        window.choose_range(ChosenRange(name))
        for view, check in (("summary", check_summary), ("tokens", check_tokens)):
            window.open_view(view)
            await_drawn(window)
            assert window.page.window is not None
            assert window.page.window.start == report["range"]["start"]
            assert window.page.window.end == report["range"]["end"]
            check(window, report)


def test_a_range_of_ones_own(open_view: OpenView, url: str, tmp_path: Path) -> None:
    report = reported(tmp_path, url, "--from", ODD[0], "--to", ODD[1])
    window = over(open_view, url, tmp_path, "summary")

    window.choose_range(ChosenRange.custom(*ODD, CALENDAR))
    await_drawn(window)

    assert window.page.window == Window("custom", report["range"]["start"], report["range"]["end"])
    check_summary(window, report)
    window.open_view("tokens")
    await_drawn(window)
    check_tokens(window, report)


def test_the_sessions_of_a_range(open_view: OpenView, url: str, tmp_path: Path) -> None:
    report = reported(tmp_path, url, "--range", "7d")
    window = over(open_view, url, tmp_path, "sessions")

    exported = {table.name: table for table in window.tables()}["sessions"]
    of = exported.header.index
    shown = {row[of("session_id")]: row for row in exported.rows}
    assert shown.keys() == {session["session_id"] for session in report["sessions"]}
    for session in report["sessions"]:
        row = shown[session["session_id"]]
        assert row[of("cost_usd")] == pytest.approx(session["cost_usd"])
        assert row[of("last_seen")] == session["last_seen"]
