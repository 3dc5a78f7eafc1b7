import csv
import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import run

DEMO = ("report", "--source", "demo", "--at", "2026-11-20T15:00:00Z")
UTC = {"CCMON_TRAY_TIME__ZONE": "UTC"}
TOKENS = {"total", "input", "output", "cache_read", "cache_creation"}


def _json(home: Path, *arguments: str) -> dict[str, Any]:
    done = run(home, *DEMO, "--json", *arguments, **UTC)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_json_has_every_key_of_the_contract(tmp_path: Path) -> None:
    report = _json(tmp_path, "--range", "7d")

    assert report["schema"] == "ccmon-tray/report/1"
    assert report["source"] == {"kind": "demo", "url": None, "version": None}
    end = 1_795_186_800
    assert report["range"] == {
        "name": "7d",
        "start": end - 7 * 86_400,
        "end": end,
        "step_seconds": 7200,
        "timezone": "UTC",
    }
    assert report["state"] == "fresh"
    totals = report["totals"]
    assert totals.keys() == {
        "cost_usd", "tokens", "active_time_seconds", "sessions", "lines_added", "lines_removed",
        "commits", "pull_requests", "edit_decisions", "cache_hit_ratio",
    }  # fmt: skip
    assert totals["tokens"].keys() == TOKENS
    assert totals["active_time_seconds"].keys() == {"total", "user", "cli"}
    assert totals["edit_decisions"].keys() == {"accept", "reject"}
    assert all(m.keys() >= {"model", "name", "cost_usd", "tokens"} for m in report["by_model"])
    assert all(step.keys() == {"start", "end", "cost_usd", "tokens"} for step in report["over_time"])
    assert report["sessions"][0].keys() >= {
        "session_id", "project", "project_path", "first_seen", "last_seen", "messages", "cost_usd",
        "tokens", "active_time_seconds",
    }  # fmt: skip
    dearest = report["sessions"][0]
    assert dearest["project_path"] == f"/home/dev/{dearest['project']}"
    assert dearest["messages"] > 0
    assert report["warnings"] == []


def test_the_parts_of_the_json_add_up(tmp_path: Path) -> None:
    report = _json(tmp_path, "--range", "30d")

    totals, steps = report["totals"], report["over_time"]
    assert totals["cost_usd"] > 1
    for parts in (report["by_model"], steps, report["sessions"]):
        assert sum(part["cost_usd"] for part in parts) == pytest.approx(totals["cost_usd"])
    assert sum(step["tokens"] for step in steps) == pytest.approx(totals["tokens"]["total"])
    assert (steps[0]["start"], steps[-1]["end"]) == (report["range"]["start"], report["range"]["end"])
    assert all(one["end"] == other["start"] for one, other in pairwise(steps))
    assert totals["sessions"] == len(report["sessions"])


def test_whole_numbers_are_written_as_such(tmp_path: Path) -> None:
    totals = _json(tmp_path, "--range", "30d")["totals"]

    assert isinstance(totals["commits"], int)
    assert isinstance(totals["tokens"]["input"], int)
    assert isinstance(totals["cost_usd"], float)


def test_windows_tile_and_are_read_in_every_spelling(tmp_path: Path) -> None:
    def cost(start: str, end: str) -> float:
        found: float = _json(tmp_path, "--from", start, "--to", end)["totals"]["cost_usd"]
        return found

    whole = cost("2026-11-16", "2026-11-20")
    assert whole > 0
    assert cost("2026-11-16T01:00:00+01:00", "1794960000") + cost(
        "2026-11-18T00:00:00Z", "2026-11-20"
    ) == pytest.approx(whole)


def test_a_range_can_be_named_in_several_ways(tmp_path: Path) -> None:
    assert _json(tmp_path, "--range", "This-Week") == _json(tmp_path, "--range", "this week")


@pytest.mark.parametrize("by", ["model", "session", "project", "day", "user"])
def test_csv_by_a_grouping_is_one_table_that_adds_up(tmp_path: Path, by: str) -> None:
    done = run(tmp_path, *DEMO, "--range", "7d", "--by", by, "--csv", **UTC)

    assert (done.returncode, done.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert rows[0].keys() == {by, "name", "cost_usd", *(f"tokens_{kind}" for kind in TOKENS)}
    totals = _json(tmp_path, "--range", "7d")["totals"]
    assert sum(float(row["cost_usd"]) for row in rows) == pytest.approx(totals["cost_usd"])
    assert sum(int(row["tokens_total"]) for row in rows) == totals["tokens"]["total"]


def test_csv_by_type_leaves_the_unknown_cost_empty(tmp_path: Path) -> None:
    done = run(tmp_path, *DEMO, "--range", "7d", "--by", "type", "--csv", **UTC)

    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {row["type"] for row in rows} == TOKENS - {"total"}
    assert {row["cost_usd"] for row in rows} == {""}


def test_csv_without_a_grouping_is_the_steps(tmp_path: Path) -> None:
    done = run(tmp_path, *DEMO, "--range", "7d", "--csv", **UTC)

    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    steps = _json(tmp_path, "--range", "7d")["over_time"]
    assert [(int(row["start"]), int(row["end"])) for row in rows] == [(s["start"], s["end"]) for s in steps]
    assert [float(row["cost_usd"]) for row in rows] == [step["cost_usd"] for step in steps]
    assert [float(row["tokens"]) for row in rows] == [step["tokens"] for step in steps]
    assert rows[0]["start_time"] == "2026-11-13T15:00:00+00:00"


@pytest.mark.parametrize("by", [None, "model", "type", "session", "project", "day", "user"])
def test_the_text_fits_80_columns_and_says_what_it_is(tmp_path: Path, by: str | None) -> None:
    done = run(tmp_path, *DEMO, "--range", "30d", *(["--by", by] if by else []), **UTC)

    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "Last 30 days: Wed 21 Oct 2026 15:00 to Fri 20 Nov 2026 15:00 (UTC)"
    assert lines[1].startswith("Demo: generated")
    assert done.stdout.count("API-equivalent estimate") == 1


def test_the_tables_columns_are_aligned(tmp_path: Path) -> None:
    done = run(tmp_path, *DEMO, "--range", "30d", "--by", "day", **UTC)

    lines = done.stdout.splitlines()
    header = next(i for i, line in enumerate(lines) if line.startswith("Day "))
    end_of_cost = lines[header].index("Cost") + len("Cost")
    rows = lines[header + 2 :]
    assert len(rows) == 31
    for row in rows:
        assert row[end_of_cost - 3] == "."
        assert row[end_of_cost : end_of_cost + 2] == "  "


def test_nothing_used_is_exit_code_1_and_still_a_report(tmp_path: Path) -> None:
    past = ("report", "--source", "demo", "--from", "2001-01-01", "--to", "2001-01-02")

    text, as_json = run(tmp_path, *past), run(tmp_path, *past, "--json")

    assert (text.returncode, as_json.returncode) == (1, 1)
    assert "Nothing was used in this range." in text.stdout
    report = json.loads(as_json.stdout)
    assert (report["state"], report["totals"]["cost_usd"]) == ("no-data", 0)


def test_a_report_loads_neither_tray_nor_window(tmp_path: Path) -> None:
    done = run(tmp_path, *DEMO, PYTHONPROFILEIMPORTTIME="1", **UTC)

    assert done.returncode == 0
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "ccmon_tray.sources.reports" in loaded
    foreign = {"ccmon_tray.tray", "ccmon_tray.desktop", "pystray", "PIL", "tkinter", "matplotlib", "httpx"}
    assert not foreign & loaded


@pytest.mark.parametrize("end", ["2026-11-16", "2026-11-15"])
def test_an_empty_range_is_wrong_usage_told_in_the_persons_time(tmp_path: Path, end: str) -> None:
    done = run(tmp_path, *DEMO, "--from", "2026-11-16", "--to", end, **UTC)

    assert (done.returncode, done.stdout) == (2, "")
    assert f"it would begin at 2026-11-16 00:00:00 and end at {end} 00:00:00" in done.stderr
