import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccmon_tray.desktop.instance import SingleInstance, wait_for_end
from ccmon_tray.errors import AlreadyRunning, CcmonError
from ccmon_tray.paths import Endpoint, find_paths

HOLD = """
import sys
from ccmon_tray.desktop.instance import SingleInstance
from ccmon_tray.paths import find_paths
instance = SingleInstance(find_paths().tray)
instance.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def endpoint(tmp_path: Path) -> Endpoint:
    return find_paths({"CCMON_TRAY_HOME": str(tmp_path)}).tray


@contextlib.contextmanager
def another_process(home: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that holds the lock of the tray until it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        env={**os.environ, "CCMON_TRAY_HOME": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"held"
        yield process
        process.kill()


def test_another_process_is_named_and_its_death_frees_the_place(endpoint: Endpoint, tmp_path: Path) -> None:
    with another_process(tmp_path) as other:
        with pytest.raises(AlreadyRunning, match=f"process {other.pid}") as caught:
            SingleInstance(endpoint).acquire()
        assert caught.value.exit_status == 1
        other.kill()
        other.wait()
        with SingleInstance(endpoint):
            assert endpoint.pid_file.read_text().strip() == str(os.getpid())


def test_release_lets_the_next_one_in(endpoint: Endpoint) -> None:
    first, second = SingleInstance(endpoint), SingleInstance(endpoint)
    first.acquire()
    with pytest.raises(AlreadyRunning):
        second.acquire()
    second.release()  # it holds nothing, so it takes nothing away
    assert endpoint.pid_file.exists()
    first.release()
    second.acquire()
    second.release()


def test_the_end_of_another_process_is_waited_for(endpoint: Endpoint, tmp_path: Path) -> None:
    with another_process(tmp_path) as other:
        assert not wait_for_end(endpoint, 0.05)
        timer = threading.Timer(0.1, other.kill)
        timer.start()
        assert wait_for_end(endpoint, 5)
        timer.join()
    assert wait_for_end(endpoint, 0)


def test_homes_do_not_disturb_each_other(tmp_path: Path) -> None:
    with SingleInstance(find_paths({"CCMON_TRAY_HOME": str(tmp_path / "a")}).tray):
        SingleInstance(find_paths({"CCMON_TRAY_HOME": str(tmp_path / "b")}).tray).acquire()


def test_tray_and_window_of_one_home_do_not_disturb_each_other(tmp_path: Path) -> None:
    paths = find_paths({"CCMON_TRAY_HOME": str(tmp_path)})
    with SingleInstance(paths.tray), SingleInstance(paths.dashboard):
        with pytest.raises(AlreadyRunning, match="dashboard is already open"):
            SingleInstance(paths.dashboard).acquire()
        with pytest.raises(AlreadyRunning, match="ccmon-tray is already running"):
            SingleInstance(paths.tray).acquire()


def test_a_pid_that_cannot_be_read_is_left_out(endpoint: Endpoint) -> None:
    with SingleInstance(endpoint):
        endpoint.pid_file.write_text("garbage")
        with pytest.raises(AlreadyRunning) as caught:
            SingleInstance(endpoint).acquire()
    assert caught.value.cause == ""


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CcmonError, match="CCMON_TRAY_HOME") as caught:
        SingleInstance(find_paths({"CCMON_TRAY_HOME": str(tmp_path / "file")}).tray).acquire()
    assert not isinstance(caught.value, AlreadyRunning)
