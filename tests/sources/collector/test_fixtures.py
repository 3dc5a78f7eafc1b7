"""What Claude Code 2.1.197 really sent, against what the model server counted."""

import random
from pathlib import Path
from typing import Any

import pytest

from ccmon_tray.usage.models import Report
from tests.sources.collector.recorded import SESSIONS, bodies, expected, received


def check(found: Report, *sessions: dict[str, Any]) -> None:
    """Token for token, and to the picodollar: a float sum of the server's has an error in its last digit."""
    totals = found.totals
    assert totals.cost_usd is not None
    assert round(totals.cost_usd, 12) == round(sum(one["total_cost_usd"] for one in sessions), 12)
    assert totals.tokens is not None
    assert {
        "input": totals.tokens.input,
        "output": totals.tokens.output,
        "cacheRead": totals.tokens.cache_read,
        "cacheCreation": totals.tokens.cache_creation,
    } == {kind: sum(one["tokens"][kind] for one in sessions) for kind in sessions[0]["tokens"]}
    assert {session.session_id for session in found.sessions} == {one["session_id"] for one in sessions}
    assert sum(step.cost_usd or 0 for step in found.over_time) == pytest.approx(totals.cost_usd, rel=1e-12)


@pytest.mark.parametrize("session", SESSIONS)
def test_each_session_is_counted_to_the_last_digit(session: str, tmp_path: Path) -> None:
    check(received(tmp_path / "usage.sqlite3", bodies(session)), expected(session))


@pytest.mark.parametrize("session", SESSIONS)
def test_in_any_order_and_twice_over(session: str, tmp_path: Path) -> None:
    metrics = [body for body in bodies(session) if "metrics" in body.name]
    rng = random.Random(session)
    for number in range(12):
        order = rng.sample([*metrics, *metrics], 2 * len(metrics))
        check(received(tmp_path / f"{number}.sqlite3", order), expected(session))


def test_a_resumed_session_adds_to_the_same_session(tmp_path: Path) -> None:
    both = ("cumulative-session", "cumulative-session-resumed")
    first, second = (bodies(session) for session in both)
    counts = tuple(expected(session) for session in both)

    check(received(tmp_path / "in-order.sqlite3", [*first, *second]), *counts)
    check(received(tmp_path / "reversed.sqlite3", [*second, *reversed(first), *second]), *counts)


def test_lines_commits_and_decisions_are_counted(tmp_path: Path) -> None:
    totals = received(tmp_path / "usage.sqlite3", bodies("delta-session")).totals

    assert (totals.lines_added, totals.lines_removed) == (3, 0)
    assert (totals.commits, totals.pull_requests) == (1, 1)
    assert totals.edit_decisions is not None
    assert (totals.edit_decisions.accept, totals.edit_decisions.reject) == (1, 0)
    assert totals.active_time_seconds is not None
    assert totals.active_time_seconds.cli == 10.505
