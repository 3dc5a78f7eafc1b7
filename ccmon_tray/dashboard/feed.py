"""The snapshots that header and footer show: the running tray's, else ones the window reads itself."""

import tkinter as tk
from collections.abc import Callable
from typing import Any, Final

from ccmon_tray.dashboard.services import Services
from ccmon_tray.dashboard.work import Task, Work
from ccmon_tray.sources.snapshot_file import SnapshotFile, is_of, is_young
from ccmon_tray.usage.budgets import with_budgets
from ccmon_tray.usage.snapshot import Snapshot

_TICK_MS: Final = 1000
_ENOUGH_S: Final = 2.0  # a tray that has just been started gets so long to poll first


class SnapshotFeed:
    """Follows the tray's snapshot; where no tray runs, polls at the tray's interval.

    Args:
        root: Whose main loop it lives in.
        services: The way to the data.
        work: Runs the polls.
        on_snapshot: Called with each new snapshot.
        on_tick: Called every second: ages count on.
    """

    def __init__(
        self,
        root: tk.Misc,
        services: Services,
        work: Work,
        on_snapshot: Callable[[Snapshot], None],
        on_tick: Callable[[], None],
    ) -> None:
        self._root = root
        self._services = services
        self._work = work
        self._on_snapshot = on_snapshot
        self._on_tick = on_tick
        self._file = SnapshotFile(services.paths.snapshot_file)
        self._builder: Any = None
        self._task: Task[Snapshot] | None = None
        self._started_at = services.clock()
        self._polled_at = float("-inf")
        self._due: str | None = None
        self.current: Snapshot | None = None
        """The newest snapshot, or None if there is none yet."""

    def start(self) -> None:
        """Show the snapshot that was left last, however old, and go on from there."""
        self.look()
        self._due = self._root.after(_TICK_MS, self._tick)

    def stop(self) -> None:
        """Follow no more."""
        if self._due is not None:
            self._root.after_cancel(self._due)
            self._due = None
        if self._task is not None:
            self._task.cancel()

    def poll(self) -> None:
        """Read anew at once."""
        self._polled_at = float("-inf")
        self._poll_if_due()

    @property
    def tray_runs(self) -> bool:
        """Whether a tray keeps the snapshot current."""
        snapshot, services = self._file.snapshot, self._services
        return (
            snapshot is not None
            and services.paths.tray.pid_file.exists()
            and is_of(snapshot, services.settings)
            and is_young(snapshot, services.settings, services.clock())
        )

    def _tick(self) -> None:
        self.look()
        self._poll_if_due()
        self._on_tick()
        self._due = self._root.after(_TICK_MS, self._tick)

    def look(self) -> None:
        """Read the tray's snapshot if it is a new one."""
        if not self._file.look():
            return
        snapshot = self._file.snapshot
        if snapshot is None or not is_of(snapshot, self._services.settings):
            return
        if self.current is None or snapshot.polled_at > self.current.polled_at:
            if self.tray_runs:
                self._services.follow(snapshot.source)
            self._take(snapshot)

    def _poll_if_due(self) -> None:
        now = self._services.clock()
        young = (
            self.current is not None and 0 <= now - self._polled_at < self._services.settings.poll.interval_s
        )
        if young or self._task is not None or self.tray_runs or now - self._started_at < _ENOUGH_S:
            return
        self._polled_at = now
        last = self.current
        self._task = self._work.start(lambda _task: self._read(last), self._done, self._failed, name="poll")

    def _read(self, last: Snapshot | None) -> Snapshot:
        from ccmon_tray.sources.snapshots import SnapshotBuilder  # noqa: PLC0415  # after the first frame

        services = self._services
        source = services.source
        if self._builder is None or self._builder[0] is not source:
            self._builder = (source, SnapshotBuilder(source, services.calendar, services.files))
        snapshot: Snapshot = self._builder[1].build(services.settings.tray.range, services.clock(), last)
        return with_budgets(snapshot, services.settings.budgets.limits, services.calendar)

    def _done(self, snapshot: Snapshot) -> None:
        self._task = None
        self._take(snapshot)

    def _failed(self, _error: Exception) -> None:
        # What keeps a source from being opened is said by the view, which meets it as well.
        self._task = None

    def _take(self, snapshot: Snapshot) -> None:
        self.current = snapshot
        self._on_snapshot(snapshot)
