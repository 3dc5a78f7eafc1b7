"""Which telemetry switch wins, and what is kept of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from ccmon_tray.sources.claude_files.telemetry_settings import (
    COMMENTED,
    HIDDEN,
    TelemetrySettings,
    managed_files,
    read_telemetry_settings,
)


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


@pytest.mark.parametrize("text", ['{"env": {"OTEL_X": "1"}, }', '{// mine\n"env": {"OTEL_X": "1"}}'])
def test_a_file_with_comments_sets_nothing_as_for_claude_code(text: str, tmp_path: Path) -> None:
    file = tmp_path / "claude" / "settings.json"
    file.parent.mkdir()
    file.write_text(text)
    project = tmp_path / "shop" / ".claude" / "settings.json"
    project.parent.mkdir(parents=True)
    project.write_text("{")
    settings = read_telemetry_settings([file.parent], {}, projects=[tmp_path / "shop"], managed=())
    assert settings.effective == {}
    (unread,) = settings.unread
    assert unread == f"{file} {COMMENTED}"
    assert len(settings.problems) == 2


def test_projects_that_set_exporter_variables_are_named(tmp_path: Path) -> None:
    with_some, without = tmp_path / "shop", tmp_path / "notes"
    file = write(with_some / ".claude" / "settings.local.json", {"env": {"OTEL_METRICS_EXPORTER": "none"}})
    write(without / ".claude" / "settings.json", {"env": {"DEBUG": "1"}})
    user = tmp_path / ".claude"
    write(user / "settings.json", {"env": {"OTEL_METRICS_EXPORTER": "otlp"}})
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
