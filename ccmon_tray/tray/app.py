"""The always-on process: polls become snapshots, snapshots become faces, clicks become deeds.

Threads: the main one belongs to the backend, which the desktop demands; the poller has its own; clicks come
on the backend's worker, messages from other processes on the channel's. Signals only set a flag and ask the
backend to return, so that all that ends the process happens on the main thread, in :meth:`TrayApp.run`.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from ccmon_tray import log
from ccmon_tray.desktop.autostart import Autostart
from ccmon_tray.desktop.channel import ChannelServer, Message, Request, send
from ccmon_tray.desktop.clipboard import copy_text
from ccmon_tray.desktop.memory import trim_working_set
from ccmon_tray.errors import CcmonError, TrayHostMissing
from ccmon_tray.files import file_stamp
from ccmon_tray.paths import Paths
from ccmon_tray.settings_file import Loaded, save
from ccmon_tray.sources.collector.host import CollectorHost
from ccmon_tray.tray import tooltip
from ccmon_tray.tray.alerts import AlertDesk
from ccmon_tray.tray.backends.base import TrayBackend
from ccmon_tray.tray.backends.dummy import DummyBackend
from ccmon_tray.tray.face import icon_face
from ccmon_tray.tray.first_exports import FirstExports
from ccmon_tray.tray.launch import Launcher
from ccmon_tray.tray.live_transcripts import LiveTranscripts
from ccmon_tray.tray.login_switch import LoginSwitch
from ccmon_tray.tray.menu import build_menu
from ccmon_tray.tray.model import Action, Command, Face, SourcesShown
from ccmon_tray.tray.notices import MARKED_S, SHOWN_S, Notices
from ccmon_tray.tray.poller import Clock, Poller
from ccmon_tray.tray.reading import MakeCalendar, OpenSource, Reader
from ccmon_tray.tray.signals import signals_caught
from ccmon_tray.tray.stack_switch import StackSwitch
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.summary import one_line, summary

_log = logging.getLogger(__name__)

HOW_TO_SEE: Final = "To see the numbers: ccmon-tray status, or ccmon-tray report"

_HOST_GRACE_S: Final = 8.0  # a tray host that starts with the session may take so long
_SETTLED_S: Final = 4.0  # after so long everything has been imported, read and drawn once


class TrayApp:
    """One tray, from start to end.

    Args:
        loaded: The settings to start with, and what to tell about their file.
        paths: Where settings, snapshot, lock and channel are.
        backend: Draws the tray, or None to run headless.
        open_source: Makes the source that settings name.
        make_calendar: Makes the calendar that settings name.
        reload: Reads the settings anew.
        say: Writes a line for the person at the terminal.
        clock: Unix seconds now.
        poll_clock: The poller's clocks.
        window_words: Words of the command line that the window gets, too: the source they name.
        autostart: The entry for the login; None where starting at login makes no sense.
        collector: Receives Claude Code's exports; None where this process does not.
        stack: The Prometheus stack; None where it is not offered.
    """

    def __init__(
        self,
        loaded: Loaded,
        paths: Paths,
        *,
        backend: TrayBackend | None,
        open_source: OpenSource,
        make_calendar: MakeCalendar,
        reload: Callable[[], Loaded],
        say: Callable[[str], None],
        clock: Callable[[], float] = time.time,
        poll_clock: Clock | None = None,
        window_words: tuple[str, ...] = (),
        autostart: Autostart | None = None,
        collector: CollectorHost | None = None,
        stack: StackSwitch | None = None,
    ) -> None:
        self._settings = loaded.settings
        self._file_notices = loaded.notices
        self._events = Notices()
        self._paths = paths
        self._headless = backend is None
        self._backend: TrayBackend = backend or DummyBackend()
        self._reload = reload
        self._say = say
        self._clock = clock
        self._stopping = False
        self._started_at = time.monotonic()
        self._host_missed = False
        self._settled = False
        self._said: tuple[str, str] | None = None
        self._settings_stamp = file_stamp(paths.settings_file)
        # Guards settings and notices, and keeps faces in order: the newest one is shown last.
        self._lock = threading.RLock()
        self._writing = threading.Lock()  # held while the settings' file is changed here
        self._face: Face | None = None
        self._launcher = Launcher(paths, window_words)
        self._login = LoginSwitch(autostart)
        self._collector = collector
        self._stack = stack
        self._pinned = bool(window_words)
        self._told = self._file_notices
        self._reader = Reader(
            self._settings,
            paths,
            open_source=open_source,
            make_calendar=make_calendar,
            on_snapshot=self._on_snapshot,
            clock=clock,
            pinned=self._pinned,
        )
        self._alerts = AlertDesk(
            paths,
            self._settings.alerts,
            on_command=self.on_command,
            complain=self._notify,
            clock=clock,
        )
        self._reader.use(self._settings, self._notices)
        self._poller = Poller(
            poll=self._reader.poll,
            probe=self._reader.probe,
            tick=self._tick,
            interrupt=self._reader.close,
            interval_s=self._settings.poll.interval_s,
            clock=poll_clock,
        )
        self._first_exports = FirstExports(lambda: self._reader.snapshot, self._poller.refresh)
        self._live_transcripts = LiveTranscripts(lambda: self._reader.source[0], self._poller.refresh)
        self._deeds: Final[dict[Action, Callable[[], None]]] = {
            Action.OPEN_SETTINGS: self._launcher.open_settings,
            Action.REFRESH: self._refresh,
            Action.COPY_SUMMARY: self._copy_summary,
            Action.TOGGLE_AUTOSTART: self._toggle_autostart,
            Action.COPY_DIAGNOSTICS: self._copy_diagnostics,
            Action.OPEN_LOGS: self._launcher.open_logs,
            Action.QUIT: self.stop,
            **({Action.START_STACK: stack.start, Action.STOP_STACK: stack.stop} if stack else {}),
        }

    def run(self, first: Command | None = None) -> int:
        """Serve until Quit, a signal or a message says to end.

        Args:
            first: What to do at the start, as if it had been chosen in the menu.

        Returns:
            The exit status.
        """
        channel = ChannelServer(self._paths.tray, self.on_request)
        with signals_caught(self.stop):
            try:
                self._start_channel(channel)
                self._start_collector()
                self._repaint()
                self._poller.start()
                self._live_transcripts.start()
                if first is not None:
                    self.on_command(first)
                self._serve()
            finally:
                if not self._poller.stop():
                    _log.warning("The poller did not end in time")
                channel.close()
                self._launcher.close()
                self._alerts.close()
                self._first_exports.close()
                self._live_transcripts.close()
                if self._collector is not None:
                    self._collector.close()
        return 0

    def stop(self) -> None:
        """End :meth:`run` soon; from any thread or a signal handler."""
        self._stopping = True
        self._backend.stop()

    def on_command(self, command: Command) -> None:
        """Do what a click asks for. What goes wrong becomes a notice in the menu."""
        try:
            self._do(command)
        except CcmonError as error:
            _log.warning("%s", error)
            self._notify(str(error))

    def on_request(self, request: Request) -> None:
        """Do what another process of this user asks for."""
        match request.message:
            case Message.RAISE if self._headless:
                self._say(f"ccmon-tray is already running headless. {HOW_TO_SEE}")
            case Message.RAISE | Message.OPEN_DASHBOARD:
                self.on_command(Command(Action.OPEN_DASHBOARD))
            case Message.REFRESH:
                self.on_command(Command(Action.REFRESH))
            case Message.SETTINGS_CHANGED:
                self._load_settings()
            case Message.OPEN_SETTINGS:
                self.on_command(Command(Action.OPEN_SETTINGS))
            case Message.QUIT:
                self.stop()

    def _do(self, command: Command) -> None:
        match command.action:
            case Action.OPEN_DASHBOARD:
                view, _, range_name = command.argument.partition(" ")
                self._launcher.open_dashboard(view, range_name)
            case Action.OPEN_QUICK_STATS:
                self._launcher.toggle_quick_stats(self._settings.appearance.theme, command.argument)
            case Action.SET_RANGE:
                self._change("tray", "range", command.argument)
            case Action.SET_SOURCE:
                self._change("source", "kind", command.argument)
            case Action.SNOOZE:
                self._alerts.snooze(command.argument, self._reader.calendar)
                self._repaint()
            case action:
                self._deeds[action]()

    def _refresh(self) -> None:
        self._reader.doubt()
        self._poller.refresh()

    def _copy_summary(self) -> None:
        if self._reader.snapshot is not None:
            copy_text(summary(self._reader.snapshot, now=self._clock(), calendar=self._reader.calendar))
            self._mark(Action.COPY_SUMMARY, "copied")

    def _copy_diagnostics(self) -> None:
        what = Action.COPY_DIAGNOSTICS
        self._launcher.copy_diagnostics(lambda well: self._mark(what, "copied" if well else ""))
        self._mark(what, "looking…", SHOWN_S)

    def _mark(self, action: Action, words: str, for_s: float = MARKED_S) -> None:
        """Say beside a line of the menu how far its deed is; "" says nothing."""
        with self._lock:
            self._events.mark(action, words, for_s)
        self._repaint()

    def _toggle_autostart(self) -> None:
        self._login.toggle()
        self._repaint()

    def _change(self, section: str, name: str, value: str) -> None:
        """Change a setting, at once and for good."""
        with self._lock:
            changed = getattr(self._settings, section).model_copy(update={name: value})
            self._settings = self._settings.model_copy(update={section: changed})
            self._reader.use(self._settings, self._notices)
        self._repaint()
        self._poller.refresh()
        with self._writing:
            try:
                save(self._paths, {f"{section}.{name}": value})
            finally:
                # Our own change is no news to us, but to the window.
                self._settings_stamp = file_stamp(self._paths.settings_file)
        send(self._paths.dashboard, Message.SETTINGS_CHANGED)

    def _load_settings(self) -> None:
        self._settings_stamp = file_stamp(self._paths.settings_file)
        try:
            loaded = self._reload()
        except CcmonError as error:
            self._notify(str(error))
            return
        with self._lock:
            self._settings = loaded.settings
            self._file_notices = loaded.notices
            self._events.forget()
            self._reader.use(self._settings, self._notices)
        self._alerts.use(loaded.settings.alerts)
        log.set_level(loaded.settings.log.level)
        if self._collector is not None:
            self._collector.use(loaded.settings.collector)
        self._repaint()
        self._poller.set_interval(loaded.settings.poll.interval_s)

    @property
    def _notices(self) -> tuple[str, ...]:
        of_collector = self._collector.notices if self._collector is not None else ()
        return tuple(dict.fromkeys((*self._file_notices, *of_collector, *self._events.words)))

    def _notify(self, words: str) -> None:
        with self._lock:
            self._events.tell(words)
            self._reader.use(self._settings, self._notices)
        self._repaint()

    # On the poller's thread

    def _on_snapshot(self, snapshot: Snapshot) -> None:
        self._repaint()
        if self._alerts.watch(snapshot, self._reader.calendar, *self._reader.source):
            self._repaint()
        if not self._headless:
            return
        news = (snapshot.state, snapshot.problem.code if snapshot.problem else "")
        if news != self._said:
            self._said = news
            self._say(one_line(snapshot, now=self._clock()))

    def _tick(self) -> None:
        self._tell_notices()
        self._login.look()
        self._repaint()
        for complaint in (*self._launcher.reap(), *(self._stack.tick() if self._stack else ())):
            _log.info("%s", complaint)
            self._notify(complaint)
        with self._writing:
            edited = file_stamp(self._paths.settings_file) != self._settings_stamp
        if edited:
            self._load_settings()
            send(self._paths.dashboard, Message.SETTINGS_CHANGED)
        waited_s = time.monotonic() - self._started_at
        if not self._settled and waited_s > _SETTLED_S:
            self._settled = True
            trim_working_set()
        if not self._headless and not self._host_missed and waited_s > _HOST_GRACE_S:
            self._host_missed = True
            if not self._backend.hosted:
                self._say(
                    f"Nothing on this desktop shows tray icons yet; the icon comes with it. {HOW_TO_SEE}"
                )

    def _tell_notices(self) -> None:
        """The collector may have something to say, which status and window read from the snapshot."""
        with self._lock:
            known, self._told = self._told, self._notices
            self._reader.use(self._settings, self._notices)
        if self._told != known:
            self._poller.refresh()

    def _repaint(self) -> None:
        """Show the face of this moment if it differs from the one shown."""
        with self._lock:
            face = self._compose()
            if face != self._face:
                self._face = face
                self._backend.show(face)

    def _compose(self) -> Face:
        snapshot, now = self._reader.snapshot, self._clock()
        if snapshot is not None and snapshot.notices != self._notices:
            snapshot = snapshot.model_copy(update={"notices": self._notices})
        return Face(
            icon=icon_face(snapshot, self._settings),
            tooltip=tooltip.compose(snapshot, now=now),
            menu=build_menu(
                snapshot,
                now=now,
                calendar=self._reader.calendar,
                settings=self._settings,
                sources=self._sources,
                alerts=self._alerts.shown(self._reader.calendar),
                marks=self._events.marks,
                starts_at_login=self._login.enabled,
                stack=self._stack.face if self._stack else None,
            ),
        )

    @property
    def _sources(self) -> SourcesShown | None:
        if self._settings.source.kind == "demo":
            return None
        lines = self._collector.lines if self._collector is not None else ()
        return SourcesShown(None if self._pinned else self._settings.source.kind, lines)

    # On the main thread

    def _serve(self) -> None:
        if not self._headless:
            try:
                self._backend.run(on_command=self.on_command, on_ready=self._repaint)
            except TrayHostMissing as error:
                self._say(str(error))
                self._headless = True
                self._backend = DummyBackend()
            else:
                return
        self._say(f"Running without a tray. {HOW_TO_SEE}. Ctrl-C ends it.")
        if self._stopping:
            return
        self._backend.run(on_command=self.on_command, on_ready=lambda: None)

    def _start_collector(self) -> None:
        if self._collector is not None:
            self._collector.on_export = self._first_exports.heard
            self._collector.use(self._settings.collector)

    def _start_channel(self, channel: ChannelServer) -> None:
        try:
            channel.start()
        except (CcmonError, OSError) as error:
            # Without it a second start cannot raise this one; everything else works.
            _log.warning("Other processes cannot reach this tray: %s", error)
