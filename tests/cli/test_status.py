import json
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import run, start
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.patience import PATIENCE_S
from tests.support.servers import TOOLS, Kind, serving
from tests.support.written import Written, openmetrics


@contextmanager
def _tray(home: Path, *arguments: str) -> Iterator[dict[str, Any]]:
    """A headless tray, and the snapshot that it leaves."""
    process = start(home, "run", "--headless", *arguments)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            # The line about what was read follows the snapshot's file.
            if "today" in line:
                break
        yield json.loads((home / "cache" / "snapshot.json").read_bytes())
    finally:
        process.send_signal(signal.SIGTERM)
        _, words = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, "Traceback" in words) == (0, False)


def test_without_a_tray_it_polls_once(tmp_path: Path) -> None:
    before = time.time()

    done = run(tmp_path, "status", "--source", "demo", "--json")

    snapshot = json.loads(done.stdout)
    assert (done.returncode, done.stderr) in {(0, ""), (1, "")}  # a demo's small hours may be idle
    assert snapshot["schema"] == "ccmon-tray/snapshot/1"
    assert snapshot["source"]["kind"] == "demo"
    assert before <= snapshot["polled_at"] <= time.time()
    assert snapshot["age_seconds"] == 0
    figures = snapshot["figures"]
    assert figures.keys() == {"today", "this_week", "this_month", "last_hour_cost_usd", "range"}
    assert snapshot["burn_rate_usd_per_hour"] == figures["last_hour_cost_usd"]
    assert figures["this_month"]["projected_cost_usd"] >= figures["this_month"]["cost_usd"]
    assert figures["range"]["info"]["name"] == "today"


def test_it_shows_what_the_running_tray_read(tmp_path: Path) -> None:
    demo = {"CCMON_TRAY_SOURCE__KIND": "demo"}
    with _tray(tmp_path, "--source", "demo") as left:
        shown = json.loads(run(tmp_path, "status", "--json", **demo).stdout)
        text = run(tmp_path, "status", **demo).stdout
    polled_anew = json.loads(run(tmp_path, "status", "--json", **demo).stdout)

    assert shown["polled_at"] == left["polled_at"]
    assert shown["figures"] == left["figures"]
    assert shown["age_seconds"] > 0
    assert text.startswith("Demo: generated")
    assert polled_anew["polled_at"] > left["polled_at"]


@pytest.mark.needs(*TOOLS[Kind.PROMETHEUS])
def test_the_source_that_the_tray_was_started_with_is_that_of_other_commands(tmp_path: Path) -> None:
    now = int(time.time())
    labels = {"session_id": "s", "model": "claude-opus-4-8"}
    used: Written = "claude_code_cost_usage_USD_total", labels, ((2, 1.5),)
    with (
        serving(Kind.PROMETHEUS, openmetrics=openmetrics([used], now), import_json=()) as server,
        _tray(tmp_path, "--prometheus-url", server.url) as left,
    ):
        shown = json.loads(run(tmp_path, "status", "--json").stdout)
        reported = json.loads(run(tmp_path, "report", "--range", "1h", "--json").stdout)
        looked = json.loads(run(tmp_path, "doctor", "--json").stdout)
        otherwise = json.loads(run(tmp_path, "report", "--source", "demo", "--json").stdout)

    assert shown["polled_at"] == left["polled_at"]
    assert reported["source"]["url"] == server.url
    assert reported["totals"]["cost_usd"] == 1.5
    assert {check["id"]: check["status"] for check in looked["checks"]}["query"] == "ok"
    assert otherwise["source"]["kind"] == "demo"


def test_a_tray_on_another_source_is_not_believed(tmp_path: Path) -> None:
    with socket.socket() as bound, _tray(tmp_path, "--source", "demo"):
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        done = run(tmp_path, "status", "--prometheus-url", url, "--json")

    assert (done.returncode, json.loads(done.stdout)["source"]["url"]) == (3, url)


def test_a_source_out_of_reach_is_offline_and_exit_code_3(tmp_path: Path) -> None:
    with FaultyServer() as server:
        server.fault = Fault.UNAVAILABLE
        done = run(tmp_path, "status", "--prometheus-url", server.url, "--json")
        text = run(tmp_path, "status", "--prometheus-url", server.url)

    snapshot = json.loads(done.stdout)
    assert (done.returncode, snapshot["state"], snapshot["figures"]) == (3, "offline", None)
    assert snapshot["age_seconds"] is None
    assert snapshot["problem"]["code"] == "unavailable"
    assert done.stderr.startswith("ccmon-tray: ")
    assert (text.returncode, "$0" in text.stdout) == (3, False)
    assert "No figures" in text.stdout


def test_the_text_fits_80_columns(tmp_path: Path) -> None:
    done = run(tmp_path, "status", "--source", "demo", CCMON_TRAY_TRAY__RANGE="30d")

    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert done.stdout.count("API-equivalent estimate") == 1
    for words in ("Today", "This week", "This month", "Last hour", "Last 30 days", "Model", "Session"):
        assert words in done.stdout
