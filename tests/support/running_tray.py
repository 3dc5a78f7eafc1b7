"""A whole tray inside the test's process: real poller, source and files; nobody sees its icon."""

import datetime as dt
import threading
import time
import types
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
import schedule

from ccmon_tray.paths import Paths, find_paths
from ccmon_tray.settings import Settings
from ccmon_tray.settings_file import Loaded
from ccmon_tray.sources.base import UsageSource
from ccmon_tray.tray.app import TrayApp
from ccmon_tray.tray.backends.dummy import DummyBackend
from ccmon_tray.tray.model import Face, MenuItem
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import Calendar
from tests.support.fake_source import FakeSource, request
from tests.support.patience import PATIENCE_S
from tests.support.snapshots import NOW


class FastClock:
    """Clocks that run faster than the world's, for the poller and for ``schedule``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, speed: float) -> None:
        self.speed = speed
        self._start = datetime.now()  # noqa: DTZ005  # as schedule has it
        self._began = time.monotonic()
        clock = self

        class Datetime(datetime):
            @classmethod
            def now(cls, tz: dt.tzinfo | None = None) -> "Datetime":
                return cls.fromisoformat(clock.wall().isoformat())

        shim = types.SimpleNamespace(**{name: getattr(dt, name) for name in dt.__all__})
        shim.datetime = Datetime
        monkeypatch.setattr(schedule, "datetime", shim)

    def set(self, seconds: float) -> None:
        """Set the wall clock so much later; the other one stands still, as during sleep."""
        self._start += timedelta(seconds=seconds)

    def wall(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * self.speed

    def wait(self, event: threading.Event, timeout_s: float) -> None:
        event.wait(timeout_s / self.speed)


class RunningTray:
    """Runs a tray on a thread for as long as the block lasts.

    Args:
        home: Its folder.
        settings: What it starts with; :attr:`settings` is what it reads when it is told to.
        open_source: Makes its source.
        calendar: Its days.
        now: Unix seconds, as its app reads them; can be changed.
        poll_clock: The poller's clocks.
        headless: Whether it has no backend.
    """

    def __init__(
        self,
        home: Path,
        settings: Settings,
        open_source: Callable[[Settings, Calendar], UsageSource],
        *,
        calendar: Calendar,
        now: float,
        poll_clock: FastClock | None = None,
        headless: bool = False,
    ) -> None:
        self.settings = settings
        self.now = now
        self.poll_clock = poll_clock
        self.paths: Paths = find_paths({"CCMON_TRAY_HOME": str(home)})
        self.said: list[str] = []
        self.status: int | None = None
        self.backend = WatchedBackend()
        self.app = TrayApp(
            Loaded(settings),
            self.paths,
            backend=None if headless else self.backend,
            open_source=open_source,
            make_calendar=lambda _: calendar,
            reload=lambda: Loaded(self.settings),
            say=self.said.append,
            clock=lambda: self.now,
            poll_clock=poll_clock,
        )
        self._thread = threading.Thread(target=self._run, name="app")

    def _run(self) -> None:
        self.status = self.app.run()

    @property
    def snapshot(self) -> Snapshot | None:
        return self.app._reader.snapshot

    @property
    def menu(self) -> dict[str, MenuItem]:
        assert self.backend.face is not None
        return {item.key: item for item in self.backend.face.menu}

    def until(self, seen: Callable[[Snapshot], bool], what: str) -> Snapshot:
        """Wait until the tray shows a snapshot that is as expected."""
        with self.backend.changed:
            found = self.backend.changed.wait_for(
                lambda: self.snapshot is not None and seen(self.snapshot), PATIENCE_S
            )
            assert found, f"not seen: {what}; the last one: {self.snapshot}"
        self.app._repaint()  # the poller may have come no further than the snapshot yet
        assert self.snapshot is not None
        return self.snapshot

    def end(self) -> float:
        """End the tray; returns how long that took, seconds."""
        began = time.monotonic()
        self.app.stop()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        return time.monotonic() - began

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


class WatchedBackend(DummyBackend):
    """Tells whoever waits when it is given a face, and remembers them all."""

    hosted = True

    def __init__(self) -> None:
        super().__init__()
        self.changed = threading.Condition()
        self.faces: list[Face] = []

    def show(self, face: Face) -> None:
        with self.changed:
            super().show(face)
            self.faces.append(face)
            self.changed.notify_all()


def used() -> FakeSource:
    """Four dollars in the last hour, ten more this morning and 20 four days ago."""
    return FakeSource(
        [
            *request(NOW - 4 * 86_400, "s3", 20.0, {"input": 1000}),
            *request(NOW - 4 * 3600, "s1", 10.0, {"input": 500}),
            *request(NOW - 600, "s2", 4.0, {"output": 100}),
        ]
    )


def is_fresh(snapshot: Snapshot) -> bool:
    """Whether a snapshot was read just now."""
    return snapshot.state is State.FRESH


Start = Callable[..., RunningTray]
"""Makes a tray that reads a source: the fixture ``start``."""
