"""Connecting Claude Code: what is written, what is kept, what is said, and what disconnecting leaves."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from ccmon_tray.errors import ClaudeFilesUnreadable, UsageError
from ccmon_tray.paths import find_paths
from ccmon_tray.settings import ClaudeSettings, CollectorSettings, Settings
from ccmon_tray.sources.claude_files.connect import Connection
from ccmon_tray.sources.claude_files.jsonc import loads
from ccmon_tray.sources.claude_files.telemetry_faults import find_faults
from ccmon_tray.sources.claude_files.telemetry_settings import read_telemetry_settings

SWITCHES = {
    "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
    "OTEL_METRICS_EXPORTER": "otlp",
    "OTEL_LOGS_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "cumulative",
    "OTEL_METRIC_EXPORT_INTERVAL": "10000",
}
MINE = """{
  // what I like
  "model": "opus",
  "env": {
    "ANTHROPIC_API_KEY": "sk-ant-1234", // hands off
    "OTEL_METRICS_EXPORTER": "console",
    "OTEL_METRIC_EXPORT_INTERVAL": 60000
  },
  "statusLine": { "type": "command", "command": "x" },
}
"""

Make = Callable[..., Connection]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "claude"
    folder.mkdir()
    return folder


@pytest.fixture
def make(tmp_path: Path, folder: Path) -> Make:
    def make(
        environ: dict[str, str] | None = None,
        collector: CollectorSettings | None = None,
        managed: tuple[Path, ...] = (),
    ) -> Connection:
        settings = Settings(
            claude=ClaudeSettings(config_dir=folder), collector=collector or CollectorSettings()
        )
        paths = find_paths({"CCMON_TRAY_HOME": str(tmp_path / "home")})
        return Connection(paths, settings, environ or {}, managed=managed)

    return make


def env_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = loads((folder / "settings.json").read_text())["env"]
    return found


def backups(folder: Path) -> list[Path]:
    return sorted(folder.glob("settings.json.before-ccmon-tray-*"))


def test_on_a_bare_machine_the_file_is_made_and_goes_again(make: Make, folder: Path) -> None:
    connection = make()
    assert not make().is_made
    assert connection.apply(connection.plan()) is None
    file = folder / "settings.json"
    assert json.loads(file.read_text()) == {"env": SWITCHES}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert make().is_made

    connection.apply(make().plan_undo())
    assert not file.exists()
    assert not make().is_made


def test_what_is_written_is_what_the_doctor_asks_for(make: Make, folder: Path) -> None:
    connection = make()
    connection.apply(connection.plan())
    assert find_faults(read_telemetry_settings([folder], {}, managed=())) == []


def test_the_rest_of_the_file_stays_and_comes_back_to_the_byte(make: Make, folder: Path) -> None:
    file = folder / "settings.json"
    file.write_text(MINE)
    file.chmod(0o644)
    plan = make().plan()
    assert file.read_text() == MINE
    backup = make().apply(plan)

    assert env_of(folder) == {"ANTHROPIC_API_KEY": "sk-ant-1234", **SWITCHES}
    text = file.read_text()
    assert "// what I like" in text
    assert '"sk-ant-1234", // hands off\n' in text
    assert list(loads(text)) == ["model", "env", "statusLine"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert backup is not None
    assert backup.read_text() == MINE

    make().apply(make().plan_undo())
    assert file.read_text() == MINE


def test_secrets_are_not_in_what_is_shown(make: Make, folder: Path) -> None:
    (folder / "settings.json").write_text(MINE)
    plan = make().plan()
    assert "sk-ant" not in plan.diff
    assert '+    "OTEL_METRICS_EXPORTER": "otlp"' in plan.diff
    assert '-    "OTEL_METRICS_EXPORTER": "console"' in plan.diff
    assert "sk-ant" not in repr(plan.record)


def test_connecting_twice_changes_nothing_and_is_undone_at_once(make: Make, folder: Path) -> None:
    (folder / "settings.json").write_text(MINE)
    make().apply(make().plan())
    again = make().plan()
    assert not again.changes
    make().apply(again)
    assert len(backups(folder)) == 1

    # Elsewhere instead, without disconnecting in between.
    make().apply(make().plan("https://otel.example.com:4317"))
    assert env_of(folder)["OTEL_EXPORTER_OTLP_ENDPOINT"] == "https://otel.example.com:4317"
    assert env_of(folder)["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc"
    make().apply(make().plan_undo())
    assert (folder / "settings.json").read_text() == MINE


def test_what_somebody_has_changed_since_stays(make: Make, folder: Path) -> None:
    file = folder / "settings.json"
    file.write_text(MINE)
    make().apply(make().plan())
    changed = file.read_text().replace('"10000"', '"5000"').replace('"opus"', '"haiku"')
    file.write_text(changed)

    plan = make().plan_undo()
    assert plan.kept == ("OTEL_METRIC_EXPORT_INTERVAL",)
    make().apply(plan)
    assert file.read_text() == MINE.replace("60000", '"5000"').replace('"opus"', '"haiku"')


def test_without_its_copy_the_file_is_restored_value_by_value(make: Make, folder: Path) -> None:
    file = folder / "settings.json"
    file.write_text(MINE)
    make().apply(make().plan())
    for backup in backups(folder):
        backup.unlink()
    make().apply(make().plan_undo())
    assert file.read_text() == MINE


def test_there_is_nothing_to_undo_where_nothing_was_done(make: Make, folder: Path) -> None:
    file = folder / "settings.json"
    file.write_text(json.dumps({"env": SWITCHES}))
    plan = make().plan_undo()
    assert not plan.changes
    make().apply(plan)
    assert env_of(folder) == SWITCHES
    # What was there already is nobody's to take out.
    make().apply(make().plan())
    assert not make().is_made


def test_special_switches_give_way_and_come_back(make: Make, folder: Path) -> None:
    special = {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://elsewhere:4318/v1/metrics"}
    before = json.dumps({"env": special}, indent=4)
    (folder / "settings.json").write_text(before)
    make().apply(make().plan())
    assert env_of(folder) == SWITCHES
    make().apply(make().plan_undo())
    assert (folder / "settings.json").read_text() == before


def test_a_link_stays_a_link(make: Make, folder: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    real.write_text(MINE)
    (folder / "settings.json").symlink_to(real)
    make().apply(make().plan())
    assert (folder / "settings.json").is_symlink()
    assert loads(real.read_text())["env"]["CLAUDE_CODE_ENABLE_TELEMETRY"] == "1"


@pytest.mark.parametrize("text", ["{", "[]", '{"env": 1}', "\udcff"])
def test_a_file_that_cannot_be_understood_is_not_touched(text: str, make: Make, folder: Path) -> None:
    file = folder / "settings.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ClaudeFilesUnreadable, match=r"settings\.json"):
        make().plan()
    assert file.read_bytes() == text.encode("utf-8", "surrogateescape")
    assert [path.name for path in folder.iterdir()] == ["settings.json"]


def test_a_file_that_changes_meanwhile_is_not_overwritten(make: Make, folder: Path) -> None:
    (folder / "settings.json").write_text("{}")
    plan = make().plan()
    (folder / "settings.json").write_text('{"model": "opus"}')
    with pytest.raises(ClaudeFilesUnreadable, match="changed"):
        make().apply(plan)
    assert (folder / "settings.json").read_text() == '{"model": "opus"}'


@pytest.mark.parametrize(
    ("endpoint", "protocol", "expected"),
    [
        (None, None, ("http://127.0.0.1:4318", "http/protobuf")),
        (None, "grpc", ("http://127.0.0.1:4317", "grpc")),
        (None, "http/json", ("http://127.0.0.1:4318", "http/json")),
        ("http://nas:4317", None, ("http://nas:4317", "grpc")),
        ("http://nas:4318", None, ("http://nas:4318", "http/protobuf")),
        ("https://otel.example.com/otlp", "http/json", ("https://otel.example.com/otlp", "http/json")),
    ],
)
def test_end_point_and_protocol(
    endpoint: str | None, protocol: str | None, expected: tuple[str, str], make: Make, folder: Path
) -> None:
    make().apply(make().plan(endpoint, protocol))
    env = env_of(folder)
    assert (env["OTEL_EXPORTER_OTLP_ENDPOINT"], env["OTEL_EXPORTER_OTLP_PROTOCOL"]) == expected


def test_the_end_point_is_where_the_collector_listens(make: Make, folder: Path) -> None:
    only_grpc = CollectorSettings(http_port=0, grpc_port=14317, host="0.0.0.0")  # noqa: S104
    make(collector=only_grpc).apply(make(collector=only_grpc).plan())
    env = env_of(folder)
    assert env["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://127.0.0.1:14317"
    assert env["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc"


@pytest.mark.parametrize(
    "endpoint", ["nas:4318", "ftp://nas", "http://", "http://a b", "http://me:pw@nas:4318"]
)
def test_an_end_point_that_cannot_be_used_is_refused(endpoint: str, make: Make) -> None:
    with pytest.raises(UsageError):
        make().plan(endpoint)


def test_what_overrules_the_file_is_said(make: Make, tmp_path: Path) -> None:
    managed = tmp_path / "managed-settings.json"
    managed.write_text(json.dumps({"env": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://company:4318"}}))
    environ = {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://x/v1/metrics", "OTEL_SDK_DISABLED": "true"}
    warnings = make(environ, managed=(managed,)).plan().warnings
    assert any(str(managed) in each and "OTEL_EXPORTER_OTLP_ENDPOINT" in each for each in warnings)
    assert any("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT" in each and "shell" in each for each in warnings)
    assert any("OTEL_SDK_DISABLED" in each for each in warnings)
    assert make(SWITCHES).plan().warnings == ()


def test_that_claude_code_reads_no_comments_is_said(make: Make, folder: Path) -> None:
    file = folder / "settings.json"
    file.write_text(MINE)
    (warning,) = make().plan().warnings
    assert str(file) in warning
    assert "comments" in warning
    file.write_text('{"model": "a // b, }"}')
    assert make().plan().warnings == ()


def test_a_token_that_is_asked_for_is_said(make: Make) -> None:
    guarded = CollectorSettings(token=SecretStr("0123456789abcdef"))
    (warning,) = make(collector=guarded).plan().warnings
    assert "OTEL_EXPORTER_OTLP_HEADERS" in warning
    assert "0123456789" not in warning
