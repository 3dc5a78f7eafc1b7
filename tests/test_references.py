"""What is written from the code is as the code is now."""

import re
import runpy
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "write_references.py"
WRITTEN: dict[Path, str] = runpy.run_path(str(SCRIPT))["documents"]()


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_it_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == WRITTEN[path], f"run scripts/{SCRIPT.name}"


@pytest.mark.needs("mandoc")
def test_the_manual_page_is_well_formed_and_shows_commands_and_options() -> None:
    page = SCRIPT.parent.parent / "docs" / "ccmon-tray.1"
    lint = subprocess.run(["mandoc", "-T", "lint", page], capture_output=True, text=True, check=False)
    assert (lint.returncode, lint.stdout) == (0, "")
    shown = subprocess.run(
        ["mandoc", "-T", "utf8", "-O", "width=100", page], capture_output=True, text=True, check=True
    ).stdout
    plain = re.sub(r".\x08", "", shown)  # bold is struck twice
    for words in (
        "ccmon-tray [COMMAND] [OPTION...]",
        "--prometheus-url URL\n",
        "enable|disable|status\n",
        "--otlp-http PORT\n",
        "--follow",
        "CCMON_TRAY_HOME\n",
        "EXIT STATUS\n",
    ):
        assert words in plain
