"""The start of the window's process, in the order that shows figures soonest.

First the window with the figures that the tray left, then all that takes time: the charts' library on a
thread, the source, the channel for later starts.
"""

import contextlib
import logging
import queue
import signal
import time
import tkinter as tk
from dataclasses import replace
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Final

from ccmon_tray.dashboard.garbage import Collector
from ccmon_tray.dashboard.ranges import ChosenRange
from ccmon_tray.dashboard.remembered import Keeper, Remembered, recall
from ccmon_tray.dashboard.services import Services
from ccmon_tray.dashboard.start import INPUT_METHODS, make_root
from ccmon_tray.dashboard.theme import Palette, palette_for
from ccmon_tray.dashboard.views.registry import import_views
from ccmon_tray.dashboard.window import USUAL, DashboardWindow
from ccmon_tray.desktop import assets, memory
from ccmon_tray.desktop.appearance import SystemAppearance
from ccmon_tray.errors import CcmonError
from ccmon_tray.paths import Paths
from ccmon_tray.settings import Settings
from ccmon_tray.settings_file import load
from ccmon_tray.sources.named import named_or_trays
from ccmon_tray.view_names import ViewName

if TYPE_CHECKING:
    from ccmon_tray.desktop.channel import ChannelServer, Request

_log = logging.getLogger(__name__)

_APPEARANCE_PATIENCE_S: Final = 0.03
_LOOK_MS: Final = 150
_ICON_SIZES: Final = (128, 48, 32, 16)
_SETTLED_MS: Final = 6000  # after so long charts and source have been imported, and the first view is drawn
_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class Dashboard:
    """One window from its start to its end.

    Args:
        paths: The folders.
        view: The view to show; None is the one shown last.
        range_name: The range to show; None is the one shown last.
        kind: The source, in place of ``source.kind``.
        prometheus_url: In place of ``prometheus.url``.
        root: A window that is not shown yet; by default one is made.
        cover: What is shown in it until it is drawn.
    """

    def __init__(
        self,
        paths: Paths,
        view: str | None = None,
        range_name: str | None = None,
        kind: str | None = None,
        prometheus_url: str | None = None,
        *,
        root: tk.Tk | None = None,
        cover: tk.Widget | None = None,
    ) -> None:
        self._paths = paths
        self._kind = kind
        self._prometheus_url = prometheus_url
        self._settings = self._load_settings()
        remembered = recall(paths.window_file)
        self._seen = remembered
        self._was_dark = remembered.dark
        # Where it is known how it was, the desktop is asked once there is a frame to see.
        later = remembered.dark is not None
        system = self._settings.appearance.theme == "system"
        self._appearance = SystemAppearance(later=later) if system else None
        self._requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._channel: ChannelServer | None = None
        self._ending = False
        self._cover = cover
        self.root = root or make_root()
        chosen = ChosenRange.named(range_name) if range_name else remembered.range
        self.window = DashboardWindow(
            self.root,
            Services(paths, self._settings),
            self._palette(_APPEARANCE_PATIENCE_S),
            view=ViewName(view) if view else remembered.view,
            view_asked=view is not None,
            chosen=chosen or ChosenRange(self._settings.tray.range),
            memory=remembered.switches,
            cover=cover,
        )
        px = self.window.design.px
        usual = (px(USUAL[0]), px(USUAL[1]))
        self._keeper = Keeper(self.root, paths.window_file, remembered, self._state, usual=usual)
        self.window.on_state_changed = self._note
        self.window.on_leaving = self._see_cards
        self.window.on_settings_changed = self.reload_settings

    def run(self) -> int:
        """Show the window until it is closed. Returns the exit status."""
        for name in _SIGNALS:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._on_signal)
        self.window.feed.look()
        self.root.deiconify()
        self.root.update()  # the first frame, or what is below it
        if self._cover is not None:
            with contextlib.suppress(tk.TclError):  # the window was closed just now
                self._cover.destroy()
        _show_icon(self.root)
        from ccmon_tray import log  # noqa: PLC0415  # it takes its time, which the first frame has not

        log.configure(self._settings.log.level, self._paths.window_log_file)
        self.root.report_callback_exception = _log_error
        self.root.after_idle(self._begin)
        try:
            self.root.mainloop()
        finally:
            if self._channel is not None:
                self._channel.close()
        return 0

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._ending = True  # what Tk is doing at this moment may not be disturbed

    def _begin(self) -> None:
        memory.be_small()
        self.root.tk.call(*INPUT_METHODS, True)
        if self._appearance is not None:
            self._appearance.begin()
        window = self.window
        window.jobs.start(
            lambda _task: _prepare_charts(),
            lambda _done: self._go_on_with_charts(),
            self._go_on_without_charts,
            name="charts",
        )
        window.start()
        from ccmon_tray.desktop.channel import ChannelServer  # noqa: PLC0415  # after the first frame

        channel = ChannelServer(self._paths.dashboard, self._requests.put)
        try:
            channel.start()
            self._channel = channel
        except CcmonError as error:
            # Without it a second start cannot raise this one; everything else works.
            _log.warning("%s", error)
        self.root.after(_SETTLED_MS, memory.trim_working_set)
        self._look()

    def _go_on_with_charts(self) -> None:
        self.window.charts_are_ready()
        self._import_views()

    def _go_on_without_charts(self, error: Exception) -> None:
        self.window.say(f"Charts cannot be drawn: {error}")
        self._import_views()

    def _import_views(self) -> None:
        def failed(error: Exception) -> None:
            _log.error("A view cannot be opened", exc_info=error)
            collector.begin()

        collector = Collector(self.root)
        self.window.jobs.start(
            lambda _task: import_views(), lambda _done: collector.begin(), failed, name="views"
        )

    def _look(self) -> None:
        """Take up what other processes ask for, and what the desktop has answered meanwhile."""
        while not self._requests.empty():
            request = self._requests.get_nowait()
            try:
                self._do(request)
            except Exception:  # noqa: BLE001  # such as a view that only a later version has
                _log.exception("The request “%s” failed", request.message)
        if self._ending:
            self.window.close()
            return
        self.root.after(_LOOK_MS, self._look)
        if self._appearance is not None:
            palette = self._palette()
            if palette != self.window.design.palette:
                self.window.restyle(palette)

    def _do(self, request: "Request") -> None:
        from ccmon_tray.desktop.channel import Message  # noqa: PLC0415  # imported long ago where requests come from

        match request.message:
            case Message.RAISE:
                self._raise()
                if request.range_name:
                    self.window.choose_range(ChosenRange.named(request.range_name))
                if request.view:
                    self.window.open_view(request.view)
            case Message.REFRESH:
                self.window.reload()
            case Message.SETTINGS_CHANGED:
                self.reload_settings()
            case Message.QUIT:
                self._ending = True

    def reload_settings(self) -> None:
        """Go by the settings as they are now."""
        before, self._settings = self._settings, self._load_settings()
        if before == self._settings:
            return
        from ccmon_tray import log  # noqa: PLC0415  # imported since the first frame

        log.set_level(self._settings.log.level)
        if before.appearance.theme != self._settings.appearance.theme:
            self._appearance = SystemAppearance() if self._settings.appearance.theme == "system" else None
        self.window.use(Services(self._paths, self._settings), self._palette(_APPEARANCE_PATIENCE_S))

    def _note(self) -> None:
        self._see_cards()
        self._keeper.note()

    def _see_cards(self) -> None:
        """Look where the main cards are, for the next start's first frame."""
        if cards := self.window.main_cards():
            size = (self.root.winfo_width(), self.root.winfo_height())
            self._seen = replace(self._seen, cards=cards, cards_in=size, scale=self.window.design.scale)

    def _state(self) -> Remembered:
        window = self.window
        with contextlib.suppress(tk.TclError):  # the window is just being destroyed
            self._see_cards()
        return replace(
            self._seen,
            view=window.view_name,
            range=window.chosen_range(),
            switches=dict(window.memory),
            dark=window.design.dark,
        )

    def _raise(self) -> None:
        root = self.root
        root.deiconify()
        root.lift()
        # Some window managers let no program raise itself, unless it asks to be above for a moment.
        root.attributes("-topmost", True)
        root.after(200, lambda: root.attributes("-topmost", False))
        root.focus_force()

    def _load_settings(self) -> Settings:
        settings = load(self._paths).settings
        return named_or_trays(settings, self._kind, self._prometheus_url, self._paths, time.time())

    def _palette(self, patience_s: float = 0.0) -> Palette:
        dark = None
        if self._appearance is not None:
            # Until the desktop has answered, it is as it was the last time: mostly it is the same still.
            dark = self._appearance.dark(patience_s if self._was_dark is None else 0.0)
            dark = self._was_dark if self._appearance.asking else dark
        return palette_for(self._settings.appearance.theme, system_dark=dark)


def _log_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What went wrong in a callback, which Tk would write to a terminal that nobody sees."""
    _log.error("A part of the window failed", exc_info=(kind, error, trace))


def _show_icon(root: tk.Tk) -> None:
    """Give the window its pictures for task bars; without them it is a window all the same."""
    with contextlib.suppress(tk.TclError):
        root.iconphoto(
            True,  # Tk's own signature: for all windows
            *(tk.PhotoImage(master=root, file=assets.folder() / f"icon-{size}.png") for size in _ICON_SIZES),
        )


def _prepare_charts() -> None:
    from ccmon_tray.dashboard.charts import prepare  # noqa: PLC0415  # after the first frame

    prepare()
