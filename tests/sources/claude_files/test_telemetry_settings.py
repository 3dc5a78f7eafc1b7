"""Which telemetry switch wins, what is kept of it, and what is wrong with it."""

import json
from pathlib import Path
from typing import Any

import pytest

from ccmon_tray.sources.claude_files.telemetry_settings import (
    HIDDEN,
    TelemetrySettings,
    managed_files,
    read_telemetry_settings,
)
from ccmon_tray.sources.doctor.telemetry import endpoint_of, find_faults

GOOD = {
    "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
    "OTEL_METRICS_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317",
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "cumulative",
}


def write(file: Path, settings: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(settings if isinstance(settings, str) else json.dumps(settings))
    return file


def read(tmp_path: Path, env: dict[str, Any], **environ: str) -> TelemetrySettings:
    write(tmp_path / "claude" / "settings.json", {"env": env})
    return read_telemetry_settings([tmp_path / "claude"], environ, managed=())


def test_managed_settings_win_over_the_users_and_those_over_the_environment(tmp_path: Path) -> None:
    name = "OTEL_METRIC_EXPORT_INTERVAL"
    folder = tmp_path / "claude"
    write(folder / "settings.json", {"env": {name: "2", "OTEL_METRICS_EXPORTER": "otlp"}})
    above = write(tmp_path / "managed.d" / "10.json", {"env": {name: "3"}})
    base = write(tmp_path / "managed.json", {"env": {name: "4"}})
    environ = {name: "1", "OTEL_LOGS_EXPORTER": "none"}

    def winner(*managed: Path) -> str:
        found = read_telemetry_settings([folder], environ, managed=managed).get(name)
        assert found is not None
        assert found.layer.managed == bool(managed)
        return found.text

    assert (winner(), winner(base), winner(above, base)) == ("2", "4", "3")
    write(folder / "remote-settings.json", {"env": {name: "5"}})
    settings = read_telemetry_settings([folder], environ, managed=[above, base])
    assert settings.text(name) == "5"
    assert settings.text("OTEL_METRICS_EXPORTER") == "otlp"
    assert settings.text("OTEL_LOGS_EXPORTER") == "none"
    assert settings.has_claude


def test_values_that_are_no_text_and_empty_ones(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        {"CLAUDE_CODE_ENABLE_TELEMETRY": 1, "OTEL_METRICS_INCLUDE_SESSION_ID": False, "OTEL_X": ""},
        OTEL_X="from the environment",
        PATH="/bin",
    )
    assert settings.text("CLAUDE_CODE_ENABLE_TELEMETRY") == "1"
    assert settings.text("OTEL_METRICS_INCLUDE_SESSION_ID") == "false"
    assert settings.text("OTEL_X") == "from the environment"
    assert "PATH" not in settings.effective


def test_secrets_are_not_kept(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        {
            "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer hunter2",
            "OTEL_EXPORTER_OTLP_METRICS_HEADERS": "x=hunter2",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "https://me:hunter2@host:4318/path?token=hunter2#hunter2",
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://[hunter2",
        },
    )
    assert "hunter2" not in repr(settings)
    assert settings.text("OTEL_EXPORTER_OTLP_HEADERS") == HIDDEN
    assert settings.text("OTEL_EXPORTER_OTLP_ENDPOINT") == "https://host:4318/path"


@pytest.mark.parametrize("text", ["{", "[]", '{"env": []}', "null", "\xff"])
def test_damaged_files_set_nothing(text: str, tmp_path: Path) -> None:
    file = tmp_path / "claude" / "settings.json"
    file.parent.mkdir()
    file.write_bytes(text.encode("latin-1"))
    settings = read_telemetry_settings([file.parent], {}, managed=())
    assert settings.effective == {}
    assert any(str(file) in problem for problem in settings.problems) == (text in {"{", "\xff"})


def test_projects_that_set_exporter_variables_are_named(tmp_path: Path) -> None:
    with_some, without = tmp_path / "shop", tmp_path / "notes"
    file = write(with_some / ".claude" / "settings.local.json", {"env": {"OTEL_METRICS_EXPORTER": "none"}})
    write(without / ".claude" / "settings.json", {"env": {"DEBUG": "1"}})
    user = tmp_path / ".claude"
    write(user / "settings.json", {"env": GOOD})
    settings = read_telemetry_settings([user], {}, projects=[with_some, without, tmp_path], managed=())
    assert settings.ignored == (str(file),)
    assert settings.text("OTEL_METRICS_EXPORTER") == "otlp"


@pytest.mark.parametrize(
    ("platform", "folder"),
    [
        ("linux", "/etc/claude-code"),
        ("darwin", "/Library/Application Support/ClaudeCode"),
        ("win32", "C:\\Program Files/ClaudeCode"),
    ],
)
def test_where_managed_settings_are(platform: str, folder: str) -> None:
    assert Path(folder) / "managed-settings.json" in managed_files(platform)


def test_good_switches_have_no_fault(tmp_path: Path) -> None:
    assert find_faults(read(tmp_path, GOOD)) == []


@pytest.mark.parametrize(
    ("change", "words", "stops"),
    [
        ({"CLAUDE_CODE_ENABLE_TELEMETRY": "0"}, "Telemetry is off", True),
        ({"OTEL_METRICS_EXPORTER": "console,none"}, "Metrics are not exported", True),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": ""}, "The protocol is not set", True),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http"}, "There is no such protocol", True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4317"}, "The endpoint is no URL", True),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, "Protocol and port do not match", False),
        ({"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": ""}, "Metrics go out as deltas", False),
        ({"OTEL_METRICS_INCLUDE_SESSION_ID": "false"}, "Sessions cannot be told apart", False),
        ({"OTEL_METRIC_EXPORT_INTERVAL": "600000"}, "Metrics are exported too rarely", False),
    ],
)
def test_each_fault_and_its_cure(change: dict[str, str], words: str, stops: bool, tmp_path: Path) -> None:
    (fault,) = find_faults(read(tmp_path, GOOD | change))
    assert (fault.words, fault.stops) == (words, stops)
    assert find_faults(read(tmp_path, GOOD | change | fault.change)) == []


def test_an_exporter_that_is_scraped_needs_no_endpoint(tmp_path: Path) -> None:
    env = {"CLAUDE_CODE_ENABLE_TELEMETRY": "1", "OTEL_METRICS_EXPORTER": "prometheus"}
    assert find_faults(read(tmp_path, env)) == []


@pytest.mark.parametrize(
    ("env", "endpoint"),
    [
        ({}, ("localhost", 4318)),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, ("localhost", 4317)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://otel.example.com"}, ("otel.example.com", 443)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:9090/api/v1/otlp"}, ("localhost", 9090)),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:1",
                "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://b:2",
            },
            ("b", 2),
        ),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:port"}, None),
    ],
)
def test_where_metrics_go(env: dict[str, str], endpoint: tuple[str, int] | None, tmp_path: Path) -> None:
    assert endpoint_of(read(tmp_path, env)) == endpoint
