import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.command_line import run, start
from tests.support.desktop import Desktop, wait_for
from tests.support.patience import PATIENCE_S


def _settings(home: Path) -> None:
    """A person's settings, which a demo must neither read nor change."""
    file = home / "config" / "settings.toml"
    file.parent.mkdir(parents=True, mode=0o700)
    file.write_text('[prometheus]\nurl = "http://127.0.0.1:1"\n')


def test_headless_it_prints_numbers_and_leaves_nothing_behind(tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    temporary.mkdir()
    _settings(home)

    done = run(home, "demo", "--headless", TMPDIR=str(temporary))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Demo: generated figures")
    assert "This month" in done.stdout
    assert list(temporary.iterdir()) == []
    assert sorted(path.name for path in home.rglob("*")) == ["config", "settings.toml"]


def test_without_a_desktop_it_goes_on_until_it_is_ended_and_leaves_nothing_behind(tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    temporary.mkdir()
    process = start(home, "demo", TMPDIR=str(temporary))
    assert process.stderr is not None
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Demo: generated figures")
    seen = ""
    for line in process.stderr:
        seen += line
        if "Demo: " in seen and "Running without a tray" in seen:
            break

    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0
    assert list(temporary.iterdir()) == []
    assert not home.exists()


@pytest.mark.needs("Xvfb", "xdotool")
def test_its_window_opens_and_goes_with_it(tmp_path: Path) -> None:
    (tmp_path / "desktop").mkdir()
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with Desktop(tmp_path / "desktop", bus=False) as desktop:

        def in_sight() -> bool:
            try:
                return bool(desktop._xdotool("search", "--onlyvisible", "--name", "^Claude Code Monitor$"))
            except subprocess.CalledProcessError:
                return False

        process = start(tmp_path / "home", "demo", TMPDIR=str(temporary), DISPLAY=desktop.env["DISPLAY"])
        try:
            wait_for(in_sight, "the window")
            wait_for(lambda: list(temporary.glob("*/state/dashboard-channel.json")), "its channel")
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE_S)
            assert process.returncode == 0
            assert not in_sight()
            assert list(temporary.iterdir()) == []
        finally:
            process.kill()
            process.communicate()
