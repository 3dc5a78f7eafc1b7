import signal
from pathlib import Path

from tests.support.command_line import run, start


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
    process.communicate(timeout=10)

    assert process.returncode == 0
    assert list(temporary.iterdir()) == []
    assert not home.exists()
