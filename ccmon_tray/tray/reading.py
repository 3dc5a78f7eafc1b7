"""Polls as the tray makes them: the source, what was last read from it, and the file others read it in."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from pydantic import ValidationError

from ccmon_tray.errors import CcmonError
from ccmon_tray.files import write_atomic
from ccmon_tray.paths import Paths
from ccmon_tray.settings import Settings
from ccmon_tray.sources.auto import AutoSource
from ccmon_tray.sources.base import Question, Span, UsageSource
from ccmon_tray.sources.choose import open_files
from ccmon_tray.sources.claude_files import ClaudeFiles
from ccmon_tray.sources.snapshots import SnapshotBuilder
from ccmon_tray.usage.budgets import with_budgets
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.models import SourceInfo
from ccmon_tray.usage.snapshot import Problem, Snapshot
from ccmon_tray.usage.states import SourceKind, State
from ccmon_tray.usage.windows import Calendar

_log = logging.getLogger(__name__)

_PROBED_S: Final = 60  # a probe asks about so short a window that the server has next to nothing to read

# The longest range of the menu, and some: what was written before it names no session there.
_HISTORY_S: Final = 100 * 86_400

OpenSource = Callable[[Settings, Calendar], UsageSource]
MakeCalendar = Callable[[Settings], Calendar]


class Reader:
    """Reads snapshots from the source that the settings name, for the poller.

    :meth:`poll` and :meth:`probe` belong to the poller's thread; the rest may be called from any.

    Args:
        settings: What to read, and which range.
        paths: Where the snapshot is left.
        open_source: Makes the source; may raise ``CcmonError``, which then is the snapshot's problem.
        make_calendar: Makes the calendar; asked at each poll, since people travel.
        on_snapshot: Called with each new snapshot, on the poller's thread.
        clock: Unix seconds now.
        pinned: Whether the source was named on the command line, above the settings.
    """

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        *,
        open_source: OpenSource,
        make_calendar: MakeCalendar,
        on_snapshot: Callable[[Snapshot], None],
        clock: Callable[[], float] = time.time,
        pinned: bool = False,
    ) -> None:
        self._pinned = pinned
        self._settings = settings
        self._paths = paths
        self._open_source = open_source
        self._make_calendar = make_calendar
        self._on_snapshot = on_snapshot
        self._clock = clock
        # Guards the fields that other threads change: settings, notices, the source and its end.
        self._lock = threading.Lock()
        self._calendar = make_calendar(settings)
        self._notices: tuple[str, ...] = ()
        self._source: UsageSource | None = None
        self._builder: SnapshotBuilder | None = None
        self._files: ClaudeFiles | None = None
        self._closed = False
        self._doubted = False
        self._cache_read = False
        self._write_failed = False
        self._logged: tuple[str, ...] = ()
        self._snapshot: Snapshot | None = None

    @property
    def calendar(self) -> Calendar:
        """The user's days, as of the last poll."""
        return self._calendar

    @property
    def snapshot(self) -> Snapshot | None:
        """What was read last."""
        return self._snapshot

    @property
    def source(self) -> tuple[UsageSource | None, ClaudeFiles | None]:
        """The open source, and the files of Claude Code that go with it."""
        with self._lock:
            return self._source, self._files

    def use(self, settings: Settings, notices: tuple[str, ...]) -> None:
        """Read by these settings from the next poll on; a poll under way by others does not count.

        Args:
            settings: What to read, and which range.
            notices: What the snapshots tell the person besides.
        """
        with self._lock:
            old, self._settings, self._notices = self._settings, settings, notices
            same = (old.source, old.prometheus, old.claude, old.pricing, old.time) == (
                settings.source,
                settings.prometheus,
                settings.claude,
                settings.pricing,
                settings.time,
            )
            source = None if same else self._take_source()
        if source is not None:
            source.close()

    def doubt(self) -> None:
        """Trust nothing remembered at the next poll: a person asked for it."""
        self._doubted = True

    def close(self) -> None:
        """Make a poll under way fail soon, and any later one at once."""
        with self._lock:
            self._closed = True
            source = self._take_source()
        if source is not None:
            source.close()

    def poll(self) -> str | None:
        """Read everything and hand on the snapshot: two where what is over is read again after the first.

        Returns:
            None if the source answered, else the code of what went wrong.
        """
        self._move_calendar()
        with self._lock:
            settings, notices = self._settings, self._notices
        doubted, self._doubted = self._doubted, False
        found: str | None = None
        began = time.monotonic()
        for source, read in self._snapshots(settings, notices, doubted=doubted):
            with self._lock:
                # Another source since, or the end: what the closed one said is of no interest.
                overtaken = self._closed or (source is not None and source is not self._source)
            if overtaken:
                return None
            self._log_state(read, time.monotonic() - began)
            snapshot = with_budgets(read, settings.budgets.limits, self._calendar)
            self._keep(snapshot.model_copy(update={"notices": notices, "pinned": self._pinned}))
            has_failed = read.problem is not None and read.state is not State.NO_TELEMETRY
            found = read.problem.code if has_failed and read.problem else None
            began = time.monotonic()
        return found

    def _snapshots(
        self, settings: Settings, notices: tuple[str, ...], *, doubted: bool
    ) -> Iterator[tuple[UsageSource | None, Snapshot]]:
        """What one poll finds, each with the source it is of, if that could be opened."""
        source: UsageSource | None = None
        try:
            source, builder = self._open(settings)
            if doubted and isinstance(source, AutoSource):
                source.reconsider()
            self._read_cache(source.info, notices)
            last, range_name = self._snapshot, settings.tray.range
            for snapshot in builder.poll(range_name, self._clock, last, refresh=doubted):
                yield source, snapshot
        except CcmonError as error:
            yield source, self._failed(error, self._clock(), settings, source)
        except Exception as error:  # noqa: BLE001  # the good numbers stay, and it is said that they are old
            _log.exception("A poll failed for a reason nobody thought of")
            yield source, self._failed(_unforeseen(error), self._clock(), settings, source)

    def probe(self) -> str | None:
        """Ask the source something small.

        Returns:
            None if it answered, else the code of the error.
        """
        with self._lock:
            settings = self._settings
        try:
            source, _ = self._open(settings)
            inventory = source.inventory(refresh=True)
            # Names and numbers are different queries; a server may refuse the one and answer the other.
            if Metric.COST in inventory.metrics:
                now = int(self._clock())
                source.ask([Question(Metric.COST, Span(now - _PROBED_S, now))])
        except CcmonError as error:
            _log.debug("A probe failed: %s", error)
            return error.code
        return None

    def _open(self, settings: Settings) -> tuple[UsageSource, SnapshotBuilder]:
        with self._lock:
            if self._source is not None and self._builder is not None:
                return self._source, self._builder
        # Outside the lock: a secret's command may take its time, and close() must not wait for it.
        source = self._open_source(settings, self._calendar)
        files = open_files(source, settings, self._calendar, recent_s=_HISTORY_S, clock=self._clock)
        builder = SnapshotBuilder(source, self._calendar, files)
        with self._lock:
            wanted = not self._closed and self._settings is settings
            if wanted:
                self._source, self._builder, self._files = source, builder, files
        if not wanted:
            source.close()
        return source, builder

    def _take_source(self) -> UsageSource | None:
        """The open source, which from now on is open no more; under the lock."""
        source, self._source, self._builder = self._source, None, None
        return source

    def _move_calendar(self) -> None:
        with self._lock:
            settings = self._settings
        calendar = self._make_calendar(settings)
        if (calendar.zone_name, calendar.week_start) == (self._calendar.zone_name, self._calendar.week_start):
            return
        self._calendar = calendar
        with self._lock:
            source = self._take_source()
        if source is not None:
            source.close()

    def _failed(
        self, error: CcmonError, now: float, settings: Settings, source: UsageSource | None
    ) -> Snapshot:
        last = self._snapshot
        known = last is not None and last.problem is not None and last.problem.code == error.code
        problem = Problem(
            code=error.code,
            title=error.title,
            cause=error.cause,
            next_step=error.next_step,
            since=last.problem.since if known and last is not None and last.problem is not None else now,
        )
        if last is not None and last.figures is not None:
            return last.model_copy(update={"state": State.STALE, "polled_at": now, "problem": problem})
        # Only Prometheus has settings that can keep it from being opened.
        kind = "prometheus" if settings.source.kind == "auto" else settings.source.kind
        info = source.info if source is not None else SourceInfo(kind=SourceKind(kind))
        return Snapshot(source=info, state=State.OFFLINE, polled_at=now, problem=problem)

    def _log_state(self, snapshot: Snapshot, took_s: float) -> None:
        """Log how the source is where that has changed; each poll, for those who look closer."""
        kind, state, problem = snapshot.source.kind, snapshot.state, snapshot.problem
        _log.debug("A poll of %s took %.0f ms: %s", kind, took_s * 1000, state)
        news = (kind, state, problem.code if problem else "")
        if news != self._logged:
            self._logged = news
            _log.info("The source %s is %s%s", kind, state, f": {problem.sentence}" if problem else "")

    def _keep(self, snapshot: Snapshot) -> None:
        try:
            write_atomic(self._paths.snapshot_file, snapshot.model_dump_json(by_alias=True).encode())
        except OSError as error:
            # Said once: a full disk is no reason to fill the log as well.
            if not self._write_failed:
                _log.warning("The snapshot cannot be left in %s: %s", self._paths.snapshot_file, error)
            self._write_failed = True
        else:
            self._write_failed = False
        self._snapshot = snapshot
        self._on_snapshot(snapshot)

    def _read_cache(self, info: SourceInfo, notices: tuple[str, ...]) -> None:
        """Show what the last run left, as stale, until the first poll is done."""
        if self._cache_read:
            return
        self._cache_read = True
        try:
            left = Snapshot.model_validate_json(self._paths.snapshot_file.read_bytes())
        except (OSError, ValidationError):
            return  # none, or of another version: the first poll brings a new one
        taken_at = left.taken_at
        same = (left.source.kind, left.source.url) == (info.kind, info.url)
        if not same or left.figures is None or taken_at is None or taken_at > self._clock():
            return
        changes = {"state": State.STALE, "problem": None, "notices": notices}
        self._snapshot = left.model_copy(update=changes)
        self._on_snapshot(self._snapshot)


def _unforeseen(error: Exception) -> CcmonError:
    return CcmonError(
        "The numbers could not be read",
        cause=f"an error in ccmon-tray itself ({type(error).__name__})",
        next_step="Please report it, with the log",
    )
