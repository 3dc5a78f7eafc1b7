"""The window's process, step by step: what others ask of it, and what the desktop answers meanwhile."""

import gc
import threading
import time
import tkinter as tk
import weakref
from pathlib import Path

import pytest

from ccmon_tray.dashboard import main
from ccmon_tray.dashboard.main import Dashboard
from ccmon_tray.dashboard.start import INPUT_METHODS
from ccmon_tray.desktop.channel import Message, Request
from ccmon_tray.files import write_atomic
from ccmon_tray.paths import find_paths
from ccmon_tray.usage.models import SourceInfo
from ccmon_tray.usage.states import SourceKind
from tests.support.dashboard import pump
from tests.support.desktop import Desktop
from tests.support.settings_files import write
from tests.support.snapshots import fresh

pytestmark = pytest.mark.needs("Xvfb", "xdotool")


class Knot:
    """Only the garbage collector unties it."""

    itself: object = None


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


@pytest.mark.parametrize("broken", [False, True])
def test_what_the_first_frame_did_without_comes_after_it(
    desktop: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    def fail() -> None:
        raise ImportError("a file is missing")

    desktop.enter(monkeypatch)
    if broken:
        monkeypatch.setattr(main, "_prepare_charts", fail)
        monkeypatch.setattr(main, "import_views", fail)
    paths = find_paths({"CCMON_TRAY_HOME": str(tmp_path)})
    write(paths, '[source]\nkind = "demo"\n[appearance]\ntheme = "dark"\n')
    assert gc.get_freeze_count() == 0
    try:
        app = Dashboard(paths, "settings")
        app.root.tk.call(*INPUT_METHODS, False)  # as for the first frame
        app._begin()
        assert app.root.tk.getboolean(app.root.tk.call(*INPUT_METHODS))
        pump(app.root, gc.get_freeze_count, "what stays")
        collected_by: list[threading.Thread] = []
        knot = Knot()
        knot.itself = knot
        weakref.finalize(knot, lambda: collected_by.append(threading.current_thread()))
        del knot
        pump(app.root, lambda: collected_by, "the garbage collector")
        assert collected_by == [threading.main_thread()]
        assert not gc.isenabled()
        app._ending = True
        app._look()
    finally:
        if app._channel is not None:
            app._channel.close()


def test_the_source_that_a_running_tray_was_started_with_is_the_windows(
    desktop: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop.enter(monkeypatch)
    paths = find_paths({"CCMON_TRAY_HOME": str(tmp_path)})
    server = SourceInfo(kind=SourceKind.PROMETHEUS, url="http://127.0.0.1:9/prefix")
    left = fresh().model_copy(update={"source": server, "pinned": True, "polled_at": time.time()})
    write_atomic(paths.snapshot_file, left.model_dump_json(by_alias=True).encode())
    write_atomic(paths.tray.pid_file, b"1")
    for kind, expected in (
        (None, ("prometheus", "http://127.0.0.1:9/prefix")),
        ("demo", ("demo", "http://localhost:9090")),
    ):
        settings = Dashboard(paths, "settings", kind=kind)._settings
        assert (settings.source.kind, settings.prometheus.url) == expected
