"""``connect`` and ``disconnect`` as commands."""

import json
from pathlib import Path

from tests.support.command_line import run


def test_connecting_and_disconnecting(tmp_path: Path) -> None:
    folder = tmp_path / "claude"
    folder.mkdir()
    file = folder / "settings.json"
    file.write_text('{\n  "model": "opus" // mine\n}\n')
    before = file.read_text()
    variables = {"CCMON_TRAY_CLAUDE__CONFIG_DIR": str(folder)}

    shown = run(tmp_path / "home", "connect", "--dry-run", **variables)
    assert (shown.returncode, file.read_text()) == (0, before)
    assert '+    "CLAUDE_CODE_ENABLE_TELEMETRY": "1",\n' in shown.stdout
    assert "nothing was changed" in shown.stderr

    done = run(tmp_path / "home", "connect", "--endpoint", "http://nas:4317", **variables)
    assert done.returncode == 0
    assert "start claude anew" in done.stdout
    assert '"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"' in file.read_text()
    assert (
        "is connected"
        in run(tmp_path / "home", "connect", "--endpoint", "http://nas:4317", **variables).stdout
    )

    undone = run(tmp_path / "home", "disconnect", **variables)
    assert (undone.returncode, file.read_text()) == (0, before)
    assert "nothing to undo" in run(tmp_path / "home", "disconnect", **variables).stdout


def test_settings_that_are_no_json_are_said(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(json.dumps({"env": {}})[:-1])
    done = run(tmp_path / "home", "connect", CCMON_TRAY_CLAUDE__CONFIG_DIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be changed" in done.stderr
