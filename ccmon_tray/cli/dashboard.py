"""``ccmon-tray dashboard``: the window, or the one that is open already.

Its first frame is due within 0.3 s of the process's start, so this module imports little: what reads
settings and figures comes with the window.
"""

import time
from typing import Final

from ccmon_tray.cli.arguments import Arguments
from ccmon_tray.cli.output import tell
from ccmon_tray.cli.source_arguments import check_source
from ccmon_tray.dashboard.garbage import collect_here_alone
from ccmon_tray.errors import AlreadyRunning, CcmonError
from ccmon_tray.lazily import import_when_used
from ccmon_tray.paths import Paths, find_paths
from ccmon_tray.usage.windows import canonical_range_name

# Of use for plugins of pydantic and for locks of another kind: with what they import, 13 ms.
import_when_used("importlib.metadata._adapters", "zipfile", "secrets")

from ccmon_tray.desktop.instance import SingleInstance  # noqa: E402

_PATIENCE_S: Final = 3.0  # a window that has just been started does not listen yet
_PAUSE_S: Final = 0.05


def dashboard(arguments: Arguments) -> int:
    """Show the window until it is closed; where one is open, bring that to the front."""
    collect_here_alone()
    check_source(arguments)
    range_name = None if arguments.range is None else canonical_range_name(arguments.range)
    paths = find_paths()
    instance = _become_the_window(paths, arguments.view, range_name)
    if instance is None:
        tell("The dashboard is already open, and was asked to show itself.")
        return 0
    try:
        try:
            from ccmon_tray.dashboard.start import run_dashboard  # noqa: PLC0415
        except ModuleNotFoundError as error:
            if error.name not in {"tkinter", "_tkinter"}:
                raise
            raise CcmonError(
                "The window cannot be shown",
                cause="this Python has no tkinter",
                next_step="Install it (Debian, Ubuntu: apt install python3-tk; Fedora: dnf install "
                "python3-tkinter; Homebrew: brew install python-tk)",
            ) from error
        return run_dashboard(paths, arguments.view, range_name, arguments.source, arguments.prometheus_url)
    finally:
        instance.release()


def _become_the_window(paths: Paths, view: str | None, range_name: str | None) -> SingleInstance | None:
    """The right to be the window, or None if an open one was asked to show itself."""
    instance = SingleInstance(paths.dashboard)
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            instance.acquire()
        except AlreadyRunning:
            from ccmon_tray.desktop.channel import Message, send  # noqa: PLC0415

            if send(paths.dashboard, Message.RAISE, view=view or "", range_name=range_name or ""):
                return None
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)
        else:
            return instance
