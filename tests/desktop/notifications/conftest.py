"""A real notification daemon on a private bus: dunst on a virtual display."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.desktop import Desktop
from tests.support.dunst import Dunst


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    """A desktop without a notification daemon: the bus would start an installed one, which fails here."""
    home = tmp_path / "desktop"
    home.mkdir()
    desktop = Desktop(home)
    services = Path(desktop.env["XDG_RUNTIME_DIR"]) / "dbus-1" / "services"
    services.mkdir(parents=True)
    (services / "org.freedesktop.Notifications.service").write_text(
        "[D-BUS Service]\nName=org.freedesktop.Notifications\nExec=/bin/false\n"
    )
    with desktop:
        desktop.enter(monkeypatch)
        yield desktop


@pytest.fixture
def dunst(desktop: Desktop, tmp_path: Path) -> Iterator[Dunst]:
    """The daemon, as it is once it can be asked."""
    with Dunst(desktop, tmp_path) as dunst:
        yield dunst
