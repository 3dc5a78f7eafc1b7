"""Where the doctor looks."""

import os
from pathlib import Path

import pytest

from ccmon_tray.paths import Paths, find_paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"CCMON_TRAY_HOME": str(tmp_path / "home")})


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A machine without Claude Code and without a display."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CCMON_", "OTEL_"))}
    kept.pop("DISPLAY", None)
    kept.pop("CLAUDE_CODE_ENABLE_TELEMETRY", None)
    # The usual ports may be used by others.
    own = {"CCMON_TRAY_COLLECTOR__ENABLED": "false", "CLAUDE_CONFIG_DIR": str(tmp_path / "no-claude")}
    return {**kept, **own}
