"""The tray as a real process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import pytest

from ccmon_tray.paths import find_paths
from tests.support.desktop import wait_for
from tests.support.patience import PATIENCE_S, allowed


class Process:
    """The real program, headless, on demo data."""

    def __init__(self, home: Path) -> None:
        self.environ = {**os.environ, "CCMON_TRAY_HOME": str(home)}
        self.paths = find_paths({"CCMON_TRAY_HOME": str(home)})
        self.child = self.run("run", "--headless", "--source", "demo")

    def run(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "ccmon_tray", *words]
        return subprocess.Popen(command, env=self.environ, stderr=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        wait_for(self.paths.snapshot_file.exists, "the first snapshot")
        return self

    def __exit__(self, *_: object) -> None:
        self.child.terminate()
        self.child.communicate(timeout=PATIENCE_S)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_end_the_process_within_a_second(tmp_path: Path, number: signal.Signals) -> None:
    with Process(tmp_path) as process:
        began = time.monotonic()
        process.child.send_signal(number)
        status = process.child.wait(PATIENCE_S)

        assert time.monotonic() - began < allowed(1)
        assert status == 0
        assert not process.paths.tray.channel_file.exists()


def test_a_second_start_says_so_and_ends_well(tmp_path: Path) -> None:
    with Process(tmp_path) as process:
        second = process.run("run", "--headless")
        _, words = second.communicate(timeout=PATIENCE_S)

        assert second.returncode == 0
        assert "already running" in words
        assert "ccmon-tray status" in words
        assert process.child.poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="on an entry of Linux")
def test_without_a_menu_it_says_at_the_terminal_what_it_has_mended(tmp_path: Path) -> None:
    entry = tmp_path / "autostart" / "ccmon-tray.desktop"
    entry.parent.mkdir()
    gone = tmp_path / "gone" / "ccmon-tray"
    home = tmp_path / "home"
    entry.write_text(
        f"[Desktop Entry]\nType=Application\nTryExec={gone}\nExec={gone} run\nX-CcmonTray-Home={home}\n"
    )
    environ = {
        **os.environ,
        "CCMON_TRAY_HOME": str(home),
        "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "CCMON_TRAY_LOG__LEVEL": "debug",
    }
    command = [sys.executable, "-m", "ccmon_tray", "run", "--headless", "--source", "demo"]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as tray:
        assert tray.stderr is not None
        assert any(f"led to {gone}, which is gone: it now starts" in line for line in tray.stderr)
        paths = find_paths({"CCMON_TRAY_HOME": str(home)})
        wait_for(lambda: "A poll of demo took" in paths.log_file.read_text(), "the log of the first poll")
        tray.terminate()
    assert f"TryExec={gone}" not in entry.read_text()


def test_the_process_never_imports_a_toolkit_or_numpy(tmp_path: Path) -> None:
    seen = tmp_path / "modules"
    program = (
        "import sys, threading, time\n"
        "from pathlib import Path\n"
        "from ccmon_tray.cli.main import main\n"
        "from ccmon_tray.desktop.channel import Message, send\n"
        "from ccmon_tray.paths import find_paths\n"
        "def end():\n"
        "    while not find_paths().snapshot_file.exists(): time.sleep(0.05)\n"
        f"    Path({str(seen)!r}).write_text('\\n'.join(sys.modules))\n"
        "    send(find_paths().tray, Message.QUIT)\n"
        "threading.Thread(target=end).start()\n"
        "import ccmon_tray.tray.icon\n"
        "sys.exit(main(['run', '--headless', '--prometheus-url', 'http://127.0.0.1:9']))\n"
    )
    environ = {**os.environ, "CCMON_TRAY_HOME": str(tmp_path / "home")}

    subprocess.run([sys.executable, "-c", program], env=environ, check=True, timeout=60, capture_output=True)

    top = {name.partition(".")[0] for name in seen.read_text().split()}
    assert {"ccmon_tray", "httpx", "PIL"} <= top
    assert not top & {"tkinter", "_tkinter", "matplotlib", "numpy", "rich", "pygments"}
