"""The window's process, step by step: what others ask of it, and what the desktop answers meanwhile."""

import tkinter as tk
from pathlib import Path

import pytest

from ccmon_tray.dashboard.main import Dashboard
from ccmon_tray.desktop.channel import Message, Request
from ccmon_tray.paths import find_paths
from tests.support.desktop import Desktop
from tests.support.settings_files import write

pytestmark = pytest.mark.needs("Xvfb", "xdotool")


class TurnedLight:
    """A desktop that has just become light."""

    asking = False

    def dark(self, _patience_s: float) -> bool:
        return False


def test_a_window_that_was_asked_to_end_is_not_made_anew_in_other_colours(
    desktop: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop.enter(monkeypatch)
    paths = find_paths({"CCMON_TRAY_HOME": str(tmp_path)})
    write(paths, '[source]\nkind = "demo"\n[appearance]\ntheme = "dark"\n')
    app = Dashboard(paths, "settings")
    app.root.update()
    write(paths, '[source]\nkind = "demo"\n')
    app._settings = app._load_settings()
    app._appearance = TurnedLight()  # type: ignore[assignment]

    app._requests.put(Request(Message.QUIT))
    app._look()

    with pytest.raises(tk.TclError, match="destroyed"):
        app.root.winfo_exists()
