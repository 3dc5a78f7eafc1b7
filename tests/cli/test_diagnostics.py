"""Diagnostics by the command line, printed and copied."""

import subprocess
from pathlib import Path

import pytest

from tests.support.command_line import run
from tests.support.desktop import Desktop
from tests.support.faulty_server import Fault, FaultyServer


def test_a_server_that_cannot_be_reached_is_in_them_and_no_secret_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with FaultyServer() as server:
        server.fault = Fault.ABSENT
        more = {"CCMON_TRAY_PROMETHEUS__TOKEN": "hush-token", "HOME": str(tmp_path)}
        done = run(home, "diagnostics", "--prometheus-url", server.url, **more)
    assert (done.returncode, done.stderr) == (0, "")
    assert "✗ Server reachable" in done.stdout
    assert "prometheus.token = …" in done.stdout
    assert "hush" not in done.stdout
    assert str(tmp_path) not in done.stdout
    assert "~/home/config/settings.toml" in done.stdout


@pytest.mark.needs("Xvfb", "xclip")
def test_they_are_copied(tmp_path: Path) -> None:
    user = tmp_path / "user"
    user.mkdir()
    with Desktop(user, bus=False) as desktop:
        done = run(tmp_path / "home", "diagnostics", "--copy", "--source", "demo", **desktop.env)
        assert (done.returncode, done.stdout) == (0, "")
        assert "clipboard" in done.stderr
        copied = subprocess.run(
            ["xclip", "-selection", "clipboard", "-o"],
            env=desktop.env,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout
    assert copied.startswith("System\n======\nccmon-tray ")
    assert "✓ A real query" in copied


def test_without_a_clipboard_it_says_so(tmp_path: Path) -> None:
    done = run(tmp_path, "diagnostics", "--copy", "--source", "demo")
    assert done.returncode == 1
    assert "clipboard cannot be reached" in done.stderr
