import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccmon_tray import __version__
from tests.support.command_line import COMMAND, environment, run, start
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.patience import PATIENCE_S
from tests.support.servers import prometheus


@pytest.fixture
def nobody() -> Iterator[str]:
    """The URL of a port that refuses connections for as long as the test runs."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def test_version(tmp_path: Path) -> None:
    done = run(tmp_path, "--version")

    assert (done.returncode, done.stdout, done.stderr) == (0, f"ccmon-tray {__version__}\n", "")


def test_help_names_every_command_in_80_columns(tmp_path: Path) -> None:
    done = run(tmp_path, "--help")

    assert done.returncode == 0
    for command in ("run", "status", "report", "demo"):
        assert f"\n    {command} " in done.stdout
        words = run(tmp_path, command, "--help").stdout
        assert max(map(len, words.splitlines())) <= 80
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    "arguments",
    [
        ["dance"],
        ["report", "--range", "fortnight"],
        ["report", "--range", "7d", "--from", "2026-11-01"],
        ["report", "--to", "2026-11-01"],
        ["report", "--from", "yesterdayish"],
        ["report", "--from", "2026-11-02", "--to", "2026-11-01"],
        ["report", "--by", "colour"],
        ["report", "--json", "--csv"],
        ["report", "--js"],  # abbreviations would break the day another option begins so
        ["report", "--source", "demo", "--prometheus-url", "http://localhost:9090"],
        ["--frobnicate"],
    ],
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, arguments: list[str]) -> None:
    done = run(tmp_path, *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert "ccmon-tray" in done.stderr


def test_a_password_on_the_command_line_is_refused_and_not_repeated(tmp_path: Path) -> None:
    done = run(tmp_path, "status", "--prometheus-url", "http://me:s3cret@localhost:9090")

    assert (done.returncode, done.stdout) == (2, "")
    assert "prometheus.username" in done.stderr
    assert "s3cret" not in done.stderr


def test_a_wrong_setting_in_the_environment_is_exit_code_2(tmp_path: Path) -> None:
    done = run(tmp_path, "report", CCMON_TRAY_POLL__INTERVAL_S="often")

    assert (done.returncode, done.stdout) == (2, "")
    assert "CCMON_TRAY_POLL__INTERVAL_S" in done.stderr


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"]])
def test_a_source_out_of_reach_is_exit_code_3_in_one_line(
    tmp_path: Path, nobody: str, form: list[str]
) -> None:
    done = run(tmp_path, "report", "--prometheus-url", nobody, *form)

    assert (done.returncode, done.stdout) == (3, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("ccmon-tray: ")
    assert nobody.removeprefix("http://") in line


@pytest.mark.parametrize(
    "fault", [Fault.FORBIDDEN, Fault.NOT_FOUND, Fault.UNPROCESSABLE, Fault.UNAVAILABLE, Fault.HTML]
)
def test_a_source_that_cannot_answer_is_exit_code_3(tmp_path: Path, fault: Fault) -> None:
    with FaultyServer() as server:
        server.fault = fault
        done = run(tmp_path, "report", "--prometheus-url", server.url, "--json")

    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.needs("prometheus")
def test_a_server_without_telemetry_says_how_to_turn_it_on(tmp_path: Path) -> None:
    with prometheus(tmp_path / "data") as server:
        report = run(
            tmp_path,
            "report",
            CCMON_TRAY_SOURCE__KIND="prometheus",
            CCMON_TRAY_PROMETHEUS__URL=server.url,
        )
        as_json = run(tmp_path, "report", "--prometheus-url", server.url, "--json")
        status = run(tmp_path, "status", "--prometheus-url", server.url, "--json")

    assert (report.returncode, report.stdout) == (1, "")
    assert "CLAUDE_CODE_ENABLE_TELEMETRY=1" in report.stderr
    found = json.loads(as_json.stdout)
    assert (as_json.returncode, found["state"], found["totals"]["cost_usd"]) == (1, "no-telemetry", None)
    assert found["source"]["kind"] == "prometheus"
    assert found["source"]["url"] == server.url
    assert (status.returncode, json.loads(status.stdout)["state"]) == (1, "no-telemetry")


def test_a_terminal_without_unicode_gets_its_numbers(tmp_path: Path) -> None:
    plain = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    command = ("report", "--source", "demo", "--at", "2026-11-20T15:00:00Z", "--range", "30d")

    text, as_json = run(tmp_path, *command, **plain), run(tmp_path, *command, "--json", **plain)

    assert (text.returncode, as_json.returncode) == (0, 0)
    lines = text.stdout.splitlines()
    assert "?" not in text.stdout
    assert max(map(len, lines)) <= 80
    assert any(set(line) == {"-"} for line in lines)
    assert json.loads(as_json.stdout)["totals"]["cost_usd"] > 0


def test_a_reader_that_has_gone_is_no_crash(tmp_path: Path) -> None:
    process = start(tmp_path, "report", "--source", "demo", "--range", "90d", "--json")
    assert process.stdout is not None
    process.stdout.close()

    assert process.wait(PATIENCE_S) == 141
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()


def test_ctrl_c_ends_a_report_that_waits_at_once(tmp_path: Path) -> None:
    with FaultyServer() as server:
        server.fault = Fault.HANG
        process = start(tmp_path, "report", "--prometheus-url", server.url)
        server.wait_until_asked(1)
        try:
            process.send_signal(signal.SIGINT)
            _, words = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
            process.communicate()

    assert (process.returncode, words) == (130, "")


def test_notices_about_the_settings_file_go_to_stderr(tmp_path: Path) -> None:
    settings = tmp_path / "config" / "settings.toml"
    settings.parent.mkdir(mode=0o700)
    settings.write_text("[poll]\ninterval_s = 7000\n")

    done = run(tmp_path, "report", "--source", "demo", "--json")

    assert json.loads(done.stdout)["source"]["kind"] == "demo"
    assert "interval_s" in done.stderr


def test_no_stdout_at_all_is_no_crash(tmp_path: Path) -> None:
    # Started from a windowed launcher a process may have no streams.
    code = "import sys; sys.stdout = sys.stderr = None; from ccmon_tray.cli import main; sys.exit(main())"
    arguments = ["report", "--source", "demo", "--at", "2026-11-20T15:00:00Z", "--csv"]
    done = subprocess.run(
        [COMMAND[0], "-c", code, *arguments], env=environment(tmp_path), capture_output=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
