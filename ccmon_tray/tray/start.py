"""Starting the tray: one per user, with the backend this desktop has, or without one."""

import functools
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ccmon_tray import log
from ccmon_tray.calendars import calendar_from
from ccmon_tray.desktop import autostart, memory
from ccmon_tray.desktop.channel import Message, send
from ccmon_tray.desktop.instance import SingleInstance
from ccmon_tray.desktop.menu_entry import MenuEntry
from ccmon_tray.errors import AlreadyRunning, CcmonError, TrayHostMissing
from ccmon_tray.paths import Paths
from ccmon_tray.settings import Settings
from ccmon_tray.settings_file import Loaded, load
from ccmon_tray.sources.choose import open_source
from ccmon_tray.sources.collector import usage_file
from ccmon_tray.sources.collector.host import CollectorHost
from ccmon_tray.tray import fonts
from ccmon_tray.tray.app import HOW_TO_SEE, TrayApp
from ccmon_tray.tray.backends.base import TrayBackend
from ccmon_tray.tray.model import Action, Command, IconFace
from ccmon_tray.tray.stack_switch import StackSwitch
from ccmon_tray.usage.states import State

if TYPE_CHECKING:
    from PIL.Image import Image


def run_tray(
    paths: Paths,
    loaded: Loaded,
    *,
    headless: bool = False,
    with_window: bool = False,
    kind: str | None = None,
    prometheus_url: str | None = None,
) -> int:
    """Run the tray until it is ended; of a second one, raise the first instead.

    Args:
        paths: The home whose tray this is.
        loaded: Its settings; they are read anew when their file changes.
        headless: Whether to do without an icon.
        with_window: Whether to open the window, too, or that of the running tray.
        kind: The source from the command line, above ``source.kind``.
        prometheus_url: The URL from the command line, above ``prometheus.url``.

    Returns:
        The exit status: 0 at the end, or if a running tray was raised.

    Raises:
        AlreadyRunning: Another tray runs and does not answer.
        CcmonError: The lock cannot be made.
    """
    memory.be_small()
    instance = SingleInstance(paths.tray)
    try:
        instance.acquire()
    except AlreadyRunning as error:
        if not send(paths.tray, Message.OPEN_DASHBOARD if with_window else Message.RAISE):
            raise
        _say(f"{error.title}, and was asked to show itself. {HOW_TO_SEE}")
        return 0
    try:
        log.configure(loaded.settings.log.level, paths.log_file)
        login = autostart.Autostart() if autostart.is_offered() else None
        if login is not None:
            mended = tuple(_mended(login))
            for words in mended:  # a headless tray has no menu to say it in
                _say(words)
            loaded = Loaded(loaded.settings, (*loaded.notices, *mended))
        app = TrayApp(
            loaded,
            paths,
            backend=None if headless or loaded.settings.tray.backend == "none" else _backend(loaded.settings),
            open_source=functools.partial(open_source, kind=kind, prometheus_url=prometheus_url),
            make_calendar=lambda settings: calendar_from(settings.time),
            reload=functools.partial(load, paths),
            say=_say,
            window_words=_window_words(kind, prometheus_url),
            autostart=login,
            collector=_collector(paths, kind or loaded.settings.source.kind),
            stack=_stack(paths, kind or loaded.settings.source.kind),
        )
        return app.run(Command(Action.OPEN_DASHBOARD) if with_window else None)
    finally:
        instance.release()


def _mended(login: autostart.Autostart) -> Iterator[str]:
    """What had to be mended so that the desktop starts this installation, in words."""
    for repair in (login.repair, *([MenuEntry().repair] if sys.platform == "linux" else [])):
        try:
            if words := repair():
                yield words
        except CcmonError as error:
            yield str(error)


def _collector(paths: Paths, kind: str) -> CollectorHost | None:
    """The built-in collector; a demo receives nothing."""
    return None if kind == "demo" else CollectorHost(usage_file(paths))


def _stack(paths: Paths, kind: str) -> StackSwitch | None:
    """The Prometheus stack; a demo offers none."""
    return None if kind == "demo" else StackSwitch(paths)


def _window_words(kind: str | None, prometheus_url: str | None) -> tuple[str, ...]:
    """The command line's source, so that tray and window show the same figures."""
    words = ("--source", kind) if kind else ()
    return (*words, "--prometheus-url", prometheus_url) if prometheus_url else words


def _backend(settings: Settings) -> TrayBackend | None:
    # Imported here: Pillow and a desktop's libraries are of no use to a headless tray.
    from ccmon_tray.tray.backends.choose import choose_backend  # noqa: PLC0415

    try:
        return choose_backend(settings.tray, _renderer())
    except TrayHostMissing as error:
        _say(str(error))
        return None


def _renderer() -> Callable[[IconFace, int], "Image"]:
    fonts.leave_fonts_out()
    from ccmon_tray.tray.icon import render  # noqa: PLC0415

    def draw(face: IconFace, size: int) -> "Image":
        # Missing telemetry is shown by a question mark.
        if face.text or face.state is State.NO_TELEMETRY:
            fonts.bring_fonts_in()
        return render(face, size, dark_bar=face.dark_bar)

    return draw


def _say(words: str) -> None:
    """Write to the terminal, if there (still) is one: it may be closed while the tray goes on."""
    try:
        if sys.stderr is not None:
            sys.stderr.write(f"ccmon-tray: {words}\n")
            sys.stderr.flush()
    except (OSError, ValueError):
        pass
