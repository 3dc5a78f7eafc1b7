"""The first steps of the window's process: a display, while beside it everything is imported.

The first frame is due within 0.3 s of the process's start, and half of that is imports. Tk mostly waits for
the display meanwhile, and does not hold up other threads while it does. This module itself imports little.
"""

import contextlib
import importlib
import os
import sys
import threading
import tkinter as tk
from typing import Final

from ccmon_tray.dashboard import first_frame
from ccmon_tray.dashboard.remembered import Remembered, put, recall
from ccmon_tray.dashboard.screens import screens
from ccmon_tray.dashboard.theme import DARK, LIGHT
from ccmon_tray.errors import CcmonError
from ccmon_tray.paths import Paths

_WINDOW: Final = ("ccmon_tray.dashboard.main", "ccmon_tray.dashboard.views.summary")
_TURN_S: Final = 0.0005

# Until the process ends: Tcl must not be deleted by a thread whose job happens to hold a widget last.
_KEPT: Final[list[tk.Tk]] = []

TITLE: Final = "Claude Code Monitor"
INPUT_METHODS: Final = ("tk", "useinputmethods", "-displayof", ".")
"""Switches the means by which letters are put together, such as é, on or off; nothing on other systems."""


def run_dashboard(
    paths: Paths,
    view: str | None = None,
    range_name: str | None = None,
    kind: str | None = None,
    prometheus_url: str | None = None,
) -> int:
    """Show the window until it is closed; its lock is held by the caller.

    Args:
        paths: The folders.
        view: The view to show; None is the one shown last.
        range_name: The range to show; None is the one shown last.
        kind: The source, in place of ``source.kind``.
        prometheus_url: In place of ``prometheus.url``.

    Returns:
        The exit status.

    Raises:
        CcmonError: The window cannot be shown, or a setting cannot be used.
    """
    # Each call into Tk gives other threads a turn. At the usual 5 ms a turn, one that computes would make a
    # view of some hundred calls take a second.
    sys.setswitchinterval(_TURN_S)
    remembered = recall(paths.window_file)
    named = kind is not None or prometheus_url is not None
    figures = None if named else _figures_left(paths, remembered, view, range_name)
    ahead = threading.Thread(target=_import_ahead, name="imports", daemon=True)
    if figures is None:
        ahead.start()
    root = make_root()
    _KEPT.append(root)
    # Tk asks an X display twice about each window that may get typed text: not before the first frame.
    root.tk.call(*INPUT_METHODS, False)
    picture = _first_picture(root)
    cover = None
    if figures is None:
        _show_ground(root, remembered)
    else:
        cover = first_frame.lay_figures(root, remembered, figures)
        _show_ground(root, remembered)
        ahead.start()  # it would have taken every other turn from the first frame
    ahead.join()
    from ccmon_tray.dashboard.main import Dashboard  # noqa: PLC0415  # which is there by now

    dashboard = Dashboard(paths, view, range_name, kind, prometheus_url, root=root, cover=cover)
    del picture
    return dashboard.run()


def make_root() -> tk.Tk:
    """A window that is not shown yet.

    Raises:
        CcmonError: There is no display.
    """
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415  # there only

        # Windows draws a program in low resolution and stretches it, unless it says that it knows better.
        with contextlib.suppress(OSError, AttributeError):
            ctypes.windll.shcore.SetProcessDpiAwareness(1)
    try:
        root = tk.Tk(className="ccmon-tray")
    except tk.TclError as error:
        raise CcmonError(
            "The window cannot be shown",
            cause=str(error),
            next_step="Start it on a desktop, or see the numbers with ccmon-tray status",
        ) from error
    root.withdraw()
    root.title(TITLE)
    return root


def _first_picture(root: tk.Tk) -> tk.PhotoImage:
    """Show a picture that nobody sees, in a label that goes with the first widgets.

    For the first one Tk asks an X display for 256 colours one after the other, which takes 15 ms.
    """
    picture = tk.PhotoImage(master=root, width=1, height=1)
    tk.Label(root, image=picture)
    return picture


def _show_ground(root: tk.Tk, remembered: Remembered) -> None:
    """Show the empty window where it was and as dark as it was: window managers take their time with it."""
    if remembered.place is None or remembered.dark is None:
        return
    root.configure(background=(DARK if remembered.dark else LIGHT).background)
    put(root, remembered.place, screens(root), maximised=remembered.maximised)
    root.deiconify()
    root.update()


def _figures_left(
    paths: Paths, remembered: Remembered, view: str | None, range_name: str | None
) -> tuple[str, ...] | None:
    """The main figures of the summary, if that is the view to come and they and their place are known."""
    chosen = range_name or (remembered.range.name if remembered.range else "")
    if not first_frame.can_be_laid(view, remembered):
        return None
    return first_frame.left_figures(paths, chosen)


def _import_ahead() -> None:
    # To look for them, pydantic imports half of the e-mail package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    with contextlib.suppress(Exception):  # which is met again where it is imported for use
        for name in _WINDOW:
            importlib.import_module(name)
