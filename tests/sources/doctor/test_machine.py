"""The tray and the fonts, as the doctor sees them."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from ccmon_tray.paths import Paths
from ccmon_tray.sources.doctor import Doctor
from ccmon_tray.usage.checks import CheckStatus
from tests.support.command_line import start
from tests.support.desktop import wait_for
from tests.support.doctor import look
from tests.support.patience import PATIENCE_S


def test_a_running_tray(paths: Paths, environ: dict[str, str]) -> None:
    home = paths.config.parent
    tray = start(home, "run", "--headless", "--source", "demo")
    try:
        wait_for(lambda: paths.snapshot_file.exists() and paths.tray.pid_file.exists(), "its snapshot")
        check = look(Doctor(paths, kind="demo", environ=environ))["tray"]
        assert check.status is CheckStatus.OK
        assert f"process {tray.pid}" in check.result
        # One that has stopped to poll is told from one that does.
        later = time.time() + 3600
        check = look(Doctor(paths, kind="demo", environ=environ, clock=lambda: later))["tray"]
        assert check.status is CheckStatus.WARNING
        assert "1 h ago" in check.result
    finally:
        tray.terminate()
        tray.communicate(timeout=PATIENCE_S)
    assert look(Doctor(paths, kind="demo", environ=environ))["tray"].result == "Not running"


def test_a_tray_that_is_gone_is_not_running(paths: Paths, environ: dict[str, str]) -> None:
    paths.tray.folder.mkdir(parents=True)
    paths.tray.pid_file.write_text("1\n")  # a process that is there, but holds no lock
    check = look(Doctor(paths, kind="demo", environ=environ))["tray"]
    assert (check.status, check.result) == (CheckStatus.INFO, "Not running")


def test_fonts_of_a_python_without_tkinter(paths: Paths, environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "tkinter.py").write_text("raise ImportError('No module named _tkinter')")
    environ["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    check = look(Doctor(paths, kind="demo", environ=environ))["fonts"]
    assert check.status is CheckStatus.FAILED
    assert "python3-tk" in check.cure


@pytest.mark.needs("Xvfb")
def test_fonts_on_a_display(paths: Paths, environ: dict[str, str]) -> None:
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "640x480x24"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    try:
        os.close(write)
        with os.fdopen(read) as announced:
            environ["DISPLAY"] = f":{announced.readline().strip()}"
        check = look(Doctor(paths, kind="demo", environ=environ))["fonts"]
    finally:
        server.terminate()
        server.wait()
    assert any(line.startswith("font system: ") for line in check.details)
    assert check.status is (CheckStatus.OK if "font system: xft" in check.details else CheckStatus.WARNING)
