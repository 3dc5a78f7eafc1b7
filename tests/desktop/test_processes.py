"""Whether Claude Code runs, by real processes and by a made-up /proc."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ccmon_tray.desktop.processes import claude_runs
from tests.support.desktop import wait_for

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def process(proc: Path, pid: int, comm: str, *words: str) -> None:
    folder = proc / str(pid)
    folder.mkdir()
    (folder / "comm").write_text(comm + "\n")
    (folder / "cmdline").write_bytes(b"\0".join(word.encode() for word in words) + b"\0")


@linux
@pytest.mark.parametrize(
    ("comm", "words", "runs"),
    [
        ("claude", ("claude",), True),
        ("node", ("node", "/usr/local/bin/claude", "--resume"), True),
        ("node", ("node", "/x/@anthropic-ai/claude-code/cli.js"), True),
        ("node", ("node", "server.js", "claude"), False),
        ("claude-desktop", ("claude-desktop",), False),
        ("vim", ("vim", "claude"), False),
    ],
)
def test_it_is_known_by_its_name(tmp_path: Path, comm: str, words: tuple[str, ...], runs: bool) -> None:
    (tmp_path / "self").mkdir()
    process(tmp_path, 1, "init", "/sbin/init")
    process(tmp_path, 77, comm, *words)
    assert claude_runs(tmp_path) is runs


@linux
def test_without_processes_to_look_at_it_is_not_known(tmp_path: Path) -> None:
    assert claude_runs(tmp_path / "none") is None


@linux
def test_a_real_process_of_that_name_is_seen(tmp_path: Path) -> None:
    sleep = shutil.which("sleep")
    assert sleep is not None
    program = tmp_path / "claude"
    shutil.copy(sleep, program)
    running = subprocess.Popen([str(program), "600"])
    try:
        wait_for(claude_runs, "the process")
    finally:
        running.kill()
        running.wait()


@pytest.mark.parametrize(
    ("system", "script", "runs"),
    [
        (("darwin", "pgrep"), "echo 812", True),
        (("darwin", "pgrep"), "exit 1", False),
        (("darwin", "pgrep"), "exit 3", None),
        (("win32", "tasklist"), "echo 'claude.exe  812 Console  1  90,000 K'", True),
        (("win32", "tasklist"), "echo 'INFO: No tasks are running'", False),
    ],
)
def test_other_systems_have_a_program_that_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: tuple[str, str], script: str, runs: bool | None
) -> None:
    platform, program = system
    made = tmp_path / program
    made.write_text(f"#!/bin/sh\n{script}\n")
    made.chmod(0o755)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert claude_runs() is runs
