"""The person's program for events, by real processes."""

import os
import sys
import time
from pathlib import Path

import pytest

from ccmon_tray.desktop.event_command import run_event_command
from ccmon_tray.errors import CcmonError
from tests.support.desktop import wait_for
from tests.support.patience import allowed

EVENT = b'{"title": "80 %"}'


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def test_it_reads_the_event_and_gets_its_arguments_as_they_are(tmp_path: Path) -> None:
    code = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.argv[2] + sys.stdin.read())"
    run_event_command(python(code, str(tmp_path / "out"), "$HOME; *"), EVENT, 30)
    assert (tmp_path / "out").read_text() == "$HOME; *" + EVENT.decode()


def test_one_that_reads_nothing_is_no_fault() -> None:
    run_event_command(python("pass"), EVENT * 100_000, 30)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (python("raise SystemExit(3)"), "ended with status 3"),
        (["/nowhere/at-all"], "No such file"),
        ([], "failed"),
    ],
)
def test_what_goes_wrong_is_said(command: list[str], words: str) -> None:
    with pytest.raises(CcmonError, match=words):
        run_event_command(command, EVENT, 30)


def test_one_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    told = tmp_path / "child"
    code = (
        "import subprocess, sys, pathlib, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "pathlib.Path(sys.argv[1]).write_text(str(child.pid))\n"
        "time.sleep(600)"
    )
    began = time.monotonic()
    with pytest.raises(CcmonError, match="took longer than 2 s"):
        run_event_command(python(code, str(told)), EVENT, 2)
    assert time.monotonic() - began < allowed(10)
    child = int(told.read_text())
    wait_for(lambda: not _runs(child), "the child's end")


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        try:
            os.kill(pid, 0)
        except OSError:
            return False
        return not Path("/proc").exists()
    return state != "Z"
