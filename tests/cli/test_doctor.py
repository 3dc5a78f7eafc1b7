"""The doctor by its command line: exit codes, JSON and lines."""

import json
from pathlib import Path

import pytest

from ccmon_tray.usage.checks import LINK_TITLES
from tests.support.command_line import run
from tests.support.doctor import without_metrics
from tests.support.faulty_server import Fault, FaultyServer

HEALTHY_LINKS = 8


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def nowhere(tmp_path: Path) -> dict[str, str]:
    return {"CLAUDE_CONFIG_DIR": str(tmp_path / "no-claude"), "OTEL_METRICS_EXPORTER": ""}


def test_all_is_well_on_the_demo(home: Path, tmp_path: Path) -> None:
    done = run(home, "doctor", "--source", "demo", "--json", **nowhere(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert report["schema"] == "ccmon-tray/doctor/1"
    assert report["source"]["kind"] == "demo"
    assert report["ok"] is True
    assert [check["id"] for check in report["checks"]] == [*LINK_TITLES]
    keys = {"id", "title", "status", "took_ms", "result", "cause", "cure", "details"}
    assert all(set(check) == keys for check in report["checks"])


def test_a_source_that_cannot_be_reached(home: Path, tmp_path: Path) -> None:
    with FaultyServer() as server:
        server.fault = Fault.ABSENT
        done = run(home, "doctor", "--prometheus-url", server.url, **nowhere(tmp_path))
        as_json = run(home, "doctor", "--prometheus-url", server.url, "--json", **nowhere(tmp_path))
    assert done.returncode == as_json.returncode == 3
    lines = done.stdout.splitlines()
    (failed,) = [i for i, line in enumerate(lines) if line.startswith("✗")]
    assert "Server reachable" in lines[failed]
    assert lines[failed + 2].startswith("    → ")
    assert "\n– Query API" in done.stdout
    assert "Nothing answers" in as_json.stderr
    assert json.loads(as_json.stdout)["ok"] is False


def test_a_server_without_telemetry_fails_a_check(home: Path, tmp_path: Path) -> None:
    with FaultyServer(without_metrics) as server:
        done = run(home, "doctor", "--prometheus-url", server.url, **nowhere(tmp_path))
    assert done.returncode == 1
    assert "✗ Claude Code metrics" in done.stdout
    assert "1 failed" in done.stdout.splitlines()[-1]


def test_settings_that_cannot_be_used_fail_a_check(home: Path, tmp_path: Path) -> None:
    done = run(home, "doctor", CCMON_TRAY_POLL__INTERVAL_S="soon", **nowhere(tmp_path))
    assert done.returncode == 1
    assert done.stdout.startswith("✗ Settings")


def test_a_password_on_the_command_line_is_wrong_usage(home: Path) -> None:
    done = run(home, "doctor", "--prometheus-url", "http://me:hunter2@localhost:1")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "hunter2" not in done.stderr


def test_lines_fit_the_terminal(home: Path, tmp_path: Path) -> None:
    done = run(home, "doctor", "--source", "demo", **nowhere(tmp_path))
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert done.stdout.splitlines()[-1] == f"{HEALTHY_LINKS} ok, 9 skipped"
