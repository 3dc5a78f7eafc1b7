import sys
from pathlib import Path

import pytest


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation whose console script says what it was started with; in a folder with hard names."""
    folder = tmp_path / 'quotes " and $HOME, \\ `tick`' / "bin"
    folder.mkdir(parents=True)
    script = folder / "ccmon-tray"
    script.write_text('#!/bin/sh\nprintf \'%s\\n\' "$0" "$@" "$CCMON_TRAY_HOME" > "$SAID"\n')
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python3"))
    return script
