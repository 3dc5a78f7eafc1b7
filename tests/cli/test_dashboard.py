"""The command around the window: arguments, the open window, how soon it is there."""

import queue
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccmon_tray.desktop.channel import ChannelServer, Message, Request
from ccmon_tray.desktop.instance import SingleInstance
from ccmon_tray.paths import Paths, find_paths
from tests.support.command_line import ROOT, environment, run, start
from tests.support.patience import PATIENCE_S


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"CCMON_TRAY_HOME": str(tmp_path)})


@pytest.fixture
def lock(paths: Paths) -> Iterator[SingleInstance]:
    """Another window's lock."""
    with SingleInstance(paths.dashboard) as lock:
        yield lock


def test_an_open_window_is_asked_to_show_what_was_asked_for(
    tmp_path: Path, paths: Paths, lock: SingleInstance
) -> None:
    heard: queue.Queue[Request] = queue.Queue()
    window = ChannelServer(paths.dashboard, heard.put)
    window.start()
    try:
        done = run(tmp_path, "dashboard", "--view", "Stats cache", "--range", "this-week")
    finally:
        window.close()

    assert (done.returncode, done.stdout) == (0, "")
    assert "already open" in done.stderr
    assert heard.get_nowait() == Request(Message.RAISE, "stats-cache", "this week")


def test_a_window_that_has_just_been_started_is_waited_for(
    tmp_path: Path, paths: Paths, lock: SingleInstance
) -> None:
    heard: queue.Queue[Request] = queue.Queue()
    second = start(tmp_path, "dashboard", "--view", "tokens")
    with pytest.raises(subprocess.TimeoutExpired):  # it does not give up while nobody listens
        second.wait(1.0)
    window = ChannelServer(paths.dashboard, heard.put)
    window.start()
    try:
        second.communicate(timeout=PATIENCE_S)
    finally:
        window.close()
    assert second.returncode == 0
    assert heard.get_nowait() == Request(Message.RAISE, "tokens")


def test_a_window_that_does_not_answer_is_an_error(tmp_path: Path, lock: SingleInstance) -> None:
    done = run(tmp_path, "dashboard")

    assert done.returncode == 1
    assert "The dashboard is already open" in done.stderr
    assert "does not answer" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--view", "nowhere"), "invalid choice"),
        (("--range", "fortnight"), "fortnight"),
        (("--source", "demo", "--prometheus-url", "http://localhost:9090"), "does not go with"),
        (("--prometheus-url", "http://me:secret@localhost"), "password does not belong"),
    ],
)
def test_wrong_words_are_wrong_usage(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = run(tmp_path, "dashboard", *words)

    assert done.returncode == 2
    assert said in done.stderr
    assert "secret" not in done.stderr
    assert not (tmp_path / "state").exists()


def test_without_a_display_it_says_so(tmp_path: Path) -> None:
    done = run(tmp_path, "dashboard", "--source", "demo")

    assert done.returncode == 1
    assert "The window cannot be shown" in done.stderr
    assert "ccmon-tray status" in done.stderr


def test_the_way_to_the_window_imports_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys, types\n"
        "seen = []\n"
        "start = types.ModuleType('ccmon_tray.dashboard.start')\n"
        "start.run_dashboard = lambda *words: seen.extend(sys.modules) or 0\n"
        "sys.modules['ccmon_tray.dashboard.start'] = start\n"
        "from ccmon_tray.cli import main\n"
        "assert main(['dashboard', '--view', 'tokens']) == 0\n"
        "print(*seen)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(tmp_path),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    seen = {name.partition(".")[0] for name in done.stdout.split()}
    assert "filelock" in seen
    assert not seen & {"pydantic", "httpx", "matplotlib", "numpy", "PIL", "pystray", "schedule"}
