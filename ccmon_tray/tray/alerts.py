"""Alerts as the tray gives them: decided at each reading, remembered over restarts, told off the poller."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from pydantic import ValidationError

from ccmon_tray.desktop.event_command import run_event_command
from ccmon_tray.desktop.notifications import CLICKED, Button, Notification, Notifier, choose_notifier
from ccmon_tray.errors import CcmonError
from ccmon_tray.files import write_atomic
from ccmon_tray.paths import Paths
from ccmon_tray.settings import AlertSettings
from ccmon_tray.sources.base import Span, UsageSource
from ccmon_tray.sources.claude_files import ClaudeFiles
from ccmon_tray.sources.readings.usual_hour import read_usual_hour
from ccmon_tray.tray.model import Action, AlertsShown, Command
from ccmon_tray.tray.silence import SilenceWatch
from ccmon_tray.usage.alerts import (
    UNUSUAL_LEAST_USD,
    Alert,
    AlertState,
    Assessment,
    Observation,
    assess,
    decide,
    news,
)
from ccmon_tray.usage.models import cast_doubt
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import SourceKind, State
from ccmon_tray.usage.windows import Calendar, in_daily_span, parse_daily_span
from ccmon_tray.view_names import ViewName

_log = logging.getLogger(__name__)

ONE_HOUR: Final = "1h"
TODAY: Final = "today"
"""What alerts can be snoozed for; "" ends that."""

_HOUR_S: Final = 3600
_GAP_S: Final = 900.0  # longer than any poll waits: nobody watched in between
_DOUBT_S: Final = 600.0  # what is warned of is asked about again so much later
_GRACE_S: Final = 0.3
_BUTTONS: Final = (Button(ONE_HOUR, "Snooze 1 hour"), Button(TODAY, "Snooze for today"))
_GOOD: Final = frozenset({State.FRESH, State.NO_DATA})


class AlertDesk:
    """Watches the snapshots and tells the person what is to be known.

    :meth:`watch` belongs to the poller's thread; the rest may be called from any.

    Args:
        paths: Where it is remembered what was told.
        settings: What is told, and how.
        on_command: Does what a click on a notification asks for.
        complain: Says what goes wrong with telling.
        clock: Unix seconds now.
        make_notifier: Makes what shows notifications, with the first one.
        silence: Watches for prompts without telemetry.
    """

    def __init__(
        self,
        paths: Paths,
        settings: AlertSettings,
        *,
        on_command: Callable[[Command], None],
        complain: Callable[[str], None],
        clock: Callable[[], float] = time.time,
        make_notifier: Callable[[Callable[[str], None]], Notifier] = choose_notifier,
        silence: SilenceWatch | None = None,
    ) -> None:
        self._file = paths.alerts_file
        self._settings = settings
        self._on_command = on_command
        self._complain = complain
        self._clock = clock
        self._make_notifier = make_notifier
        self._silence = silence or SilenceWatch()
        self._lock = threading.Lock()  # guards the state
        self._state = self._remembered()
        self._warned = False
        self._write_failed = False
        self._watched_at = float("-inf")
        self._out_since: float | None = None
        self._usual_hour: tuple[int, float | None] = (-1, None)
        self._doubted_until: dict[str, float] = {}  # by the key of a finding
        self._notifier: Notifier | None = None
        self._waiting: queue.SimpleQueue[Alert | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def use(self, settings: AlertSettings) -> None:
        """Go by these settings from now on."""
        self._settings = settings

    def shown(self, calendar: Calendar) -> AlertsShown | None:
        """What the menu says of alerts; None where there are none."""
        if not self._settings.enabled:
            return None
        state, now = self._state, self._clock()
        return AlertsShown(
            snoozed_until=state.snoozed_until if state.snoozed(now) else None,
            quiet=self._quiet(now, calendar),
            warned=self._warned,
            recent=tuple((alert.at, alert.title) for alert in state.recent),
        )

    def snooze(self, how_long: str, calendar: Calendar) -> None:
        """Tell nothing for a while; what still holds afterwards is told then.

        Args:
            how_long: :data:`ONE_HOUR`, :data:`TODAY`, or "" to go on at once.
            calendar: The user's days.
        """
        now = self._clock()
        until: float | None = None
        if how_long == ONE_HOUR:
            until = now + _HOUR_S
        elif how_long == TODAY:
            until = float(calendar.midnight(calendar.day_of(now) + timedelta(days=1)))
        with self._lock:
            self._keep(self._state.model_copy(update={"snoozed_until": until}))

    def watch(
        self, snapshot: Snapshot, calendar: Calendar, source: UsageSource | None, files: ClaudeFiles | None
    ) -> bool:
        """Take a reading in, and tell what is to be told.

        Args:
            snapshot: What was read.
            calendar: The user's days.
            source: Where it was read, to ask what is usual.
            files: The files of Claude Code that go with it.

        Returns:
            Whether anything was told.
        """
        settings = self._settings
        if not settings.enabled:
            return False
        now = self._clock()
        seen = self._observe(snapshot, now, calendar, source, files)
        assessment = assess(seen, settings.rules, calendar)
        if not (self._state.snoozed(now) or self._quiet(now, calendar)):
            assessment = self._without_doubtful(assessment, now, source)
        self._warned = assessment.distrusted
        with self._lock:
            held = self._state.snoozed(now) or self._quiet(now, calendar)
            alerts, state = decide(assessment, self._state, held=held)
            # Written before it is told: a crash in between must not tell it twice.
            self._keep(state)
        for alert in alerts:
            self._send(alert)
        return bool(alerts)

    def close(self) -> None:
        """Tell nothing more."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._waiting.put(None)
            thread.join(_GRACE_S)
            if not thread.is_alive() and self._notifier is not None:
                self._notifier.close()

    def _observe(
        self,
        snapshot: Snapshot,
        now: float,
        calendar: Calendar,
        source: UsageSource | None,
        files: ClaudeFiles | None,
    ) -> Observation:
        if not 0 <= now - self._watched_at <= _GAP_S:
            # Asleep, or just started: what happened meanwhile was nobody's fault.
            self._out_since = None
            self._silence.begin(now)
        self._watched_at = now
        if snapshot.state in {State.STALE, State.OFFLINE}:
            failed = snapshot.problem is not None  # else it is what the last run left
            self._out_since = (self._out_since or now) if failed else None
        else:
            self._out_since = None
        figures = snapshot.figures
        usual = unanswered = None
        # Generated figures have no history that they could be unlike.
        if figures is not None and snapshot.state in _GOOD and snapshot.source.kind is not SourceKind.DEMO:
            usual = self._usual(figures.last_hour_cost_usd, now, calendar, source)
            # Transcripts are no telemetry: what is not in them was not answered.
            telemetry = snapshot.source.kind is not SourceKind.TRANSCRIPTS
            if self._settings.silent_minutes and telemetry and files is not None:
                unanswered = self._silence.look(figures, files.history(), now)
        return Observation(snapshot, now, usual, unanswered, self._out_since)

    def _usual(
        self, last_hour_usd: float | None, now: float, calendar: Calendar, source: UsageSource | None
    ) -> float | None:
        """What is usual at this hour; the source is asked once an hour, and only where it matters."""
        if not self._settings.unusual_hour_factor or source is None:
            return None
        hour = int(now) // _HOUR_S
        if hour != self._usual_hour[0]:
            if last_hour_usd is None or last_hour_usd <= UNUSUAL_LEAST_USD:
                return 0.0  # whatever is usual, this is not unusual
            usual = None
            try:
                usual = read_usual_hour(source, calendar, now)
            except CcmonError as error:
                _log.info("What is usual at this hour is not known: %s", error)
            self._usual_hour = (hour, usual)
        return self._usual_hour[1]

    def _without_doubtful(self, assessment: Assessment, now: float, source: UsageSource | None) -> Assessment:
        """Leave out what rests on figures that the source itself has doubts about.

        A snapshot's warnings are about its range; what is about to be told may be about a day, a week or a
        month. The source is asked only then, and about what it doubts not again for some minutes.
        """
        answers: dict[int, bool] = {}
        doubtful: set[int] = set()
        for finding in news(assessment, self._state):
            since = finding.since
            if since is None or source is None:
                continue
            if not 0 < self._doubted_until.get(finding.key, 0.0) - now <= _DOUBT_S:
                if since not in answers:
                    answers[since] = self._doubts(source, since, now)
                if not answers[since]:
                    continue
                self._doubted_until[finding.key] = now + _DOUBT_S
            doubtful.add(since)
        if not doubtful:
            return assessment
        sure = tuple(finding for finding in assessment.met if finding.since not in doubtful)
        return replace(assessment, met=sure, distrusted=True)

    def _doubts(self, source: UsageSource, since: int, now: float) -> bool:
        try:
            return cast_doubt(source.warnings(Span(since, int(now))))
        except CcmonError as error:
            _log.info("Whether an alert can be trusted is not known: %s", error)
            return True

    def _quiet(self, now: float, calendar: Calendar) -> bool:
        hours = self._settings.quiet_hours
        return bool(hours) and in_daily_span(calendar.local(now).time(), parse_daily_span(hours))

    # What was told

    def _remembered(self) -> AlertState:
        try:
            return AlertState.model_validate_json(self._file.read_bytes())
        except (OSError, ValidationError):
            return AlertState()  # none, or of another version

    def _keep(self, state: AlertState) -> None:
        """Remember a state; under the lock."""
        if state == self._state:
            return
        self._state = state
        try:
            write_atomic(self._file, state.model_dump_json(by_alias=True).encode())
        except OSError as error:
            # Said once: a full disk is no reason to fill the log as well.
            if not self._write_failed:
                _log.warning("What was told cannot be remembered in %s: %s", self._file, error)
            self._write_failed = True
        else:
            self._write_failed = False

    # Telling: on a thread of its own, since daemons and programs take their time

    def _send(self, alert: Alert) -> None:
        _log.info("Alert: %s. %s", alert.title, alert.message)
        self._waiting.put(alert)
        if self._thread is None:
            self._thread = threading.Thread(target=self._deliver, name="alerts", daemon=True)
            self._thread.start()

    def _deliver(self) -> None:
        while (alert := self._waiting.get()) is not None:
            for way in (self._show, self._run_command):
                try:
                    way(alert)
                except CcmonError as error:
                    _log.warning("%s", error)
                    self._complain(str(error))

    def _run_command(self, alert: Alert) -> None:
        if self._settings.command:
            event = alert.model_dump_json(by_alias=True).encode()
            run_event_command(self._settings.command, event, self._settings.command_timeout_s)

    def _show(self, alert: Alert) -> None:
        if not self._settings.notifications:
            return
        if self._notifier is None:
            self._notifier = self._make_notifier(self._clicked)
        self._notifier.show(Notification(alert.title, alert.message, alert.urgent, _BUTTONS))

    def _clicked(self, key: str) -> None:
        if key == CLICKED:
            self._on_command(Command(Action.OPEN_DASHBOARD, ViewName.SUMMARY))
        else:
            self._on_command(Command(Action.SNOOZE, key))
