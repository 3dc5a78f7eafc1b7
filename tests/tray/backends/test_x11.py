from pathlib import Path

import pytest

from ccmon_tray.tray.backends.x11 import pointer_position
from tests.support.desktop import Desktop


@pytest.mark.needs("Xvfb", "xdotool")
def test_the_pointers_place_is_told_except_under_wayland(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Desktop(tmp_path, bus=False) as desktop:
        desktop.enter(monkeypatch)
        desktop.move(123, 45)
        assert pointer_position() == (123, 45)
        monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
        assert pointer_position() is None


def test_without_a_display_no_place_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert pointer_position() is None
