"""The snapshots of header and footer: the running tray's, or the window's own where no tray runs."""

import tkinter as tk
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccmon_tray.dashboard.feed import SnapshotFeed
from ccmon_tray.dashboard.work import Work
from ccmon_tray.errors import SourceUnreachable
from ccmon_tray.files import write_atomic
from ccmon_tray.paths import find_paths
from ccmon_tray.settings import Settings
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import State
from tests.support.dashboard import pump
from tests.support.desktop import Desktop
from tests.support.fake_source import CountingSource, request
from tests.support.snapshots import NOW, fresh
from tests.support.views import GivenServices

pytestmark = pytest.mark.needs("Xvfb")

INTERVAL_S = 30


class Followed:
    """A feed with a clock that a test turns."""

    def __init__(self, root: tk.Tk, home: Path) -> None:
        self.root = root
        self.now = float(NOW)
        self.source = CountingSource(request(NOW - 600, "s1", 2.5, {"input": 100.0}))
        self.services = GivenServices(
            find_paths({"CCMON_TRAY_HOME": str(home)}),
            Settings.model_validate({"time": {"zone": "Europe/Berlin"}}),
            clock=lambda: self.now,
        )
        self.services.given_source = self.source
        self.seen: list[Snapshot] = []
        self.ticks: list[float] = []
        self.work = Work(root)
        self.feed = SnapshotFeed(
            root, self.services, self.work, self.seen.append, lambda: self.ticks.append(self.now)
        )

    def leave(self, snapshot: Snapshot, *, tray_runs: bool) -> None:
        """Leave a snapshot as a tray does that runs, or has ended since."""
        paths = self.services.paths
        write_atomic(paths.snapshot_file, snapshot.model_dump_json(by_alias=True).encode())
        paths.state.mkdir(parents=True, exist_ok=True)
        if tray_runs:
            paths.tray.pid_file.write_text("1")

    def tick(self) -> None:
        """Let the next tick come now, and what it starts end."""
        self.feed._tick()
        pump(self.root, lambda: not self.work._awaited, "the poll")


@pytest.fixture
def followed(desktop: Desktop, tmp_path: Path) -> Iterator[Followed]:
    root = tk.Tk(screenName=desktop.env["DISPLAY"])
    made = Followed(root, tmp_path)
    yield made
    made.feed.stop()
    made.work.close()
    root.destroy()


def test_the_last_snapshot_stands_there_at_once_however_old(followed: Followed) -> None:
    followed.leave(fresh(), tray_runs=False)
    followed.now = NOW + 5 * 86_400

    followed.feed.look()

    assert [snapshot.polled_at for snapshot in followed.seen] == [fresh().polled_at]
    assert followed.source.asked == []


def test_where_a_tray_runs_the_window_asks_nobody(followed: Followed) -> None:
    followed.leave(fresh(), tray_runs=True)
    for _ in range(4):
        followed.now += 10
        followed.tick()
    assert followed.source.asked == []
    assert len(followed.seen) == 1

    later = fresh().model_copy(update={"polled_at": NOW + 40})
    followed.leave(later, tray_runs=True)
    followed.now += 10
    followed.tick()

    assert followed.feed.current == later
    assert followed.source.asked == []
    assert len(followed.ticks) == 5


def test_where_no_tray_runs_the_window_polls_at_its_interval(followed: Followed) -> None:
    polls: list[int] = []
    for second in range(70):
        followed.now = NOW + second
        followed.tick()
        if len(followed.seen) > len(polls):
            polls.append(second)

    # A tray that has just been started has two seconds to poll first.
    assert polls == [2, 2 + INTERVAL_S, 2 + 2 * INTERVAL_S]
    assert followed.seen[-1].figures is not None
    assert followed.seen[-1].figures.today.cost_usd == 2.5


def test_a_tray_that_ends_is_followed_by_polls_of_ones_own(followed: Followed) -> None:
    followed.leave(fresh(), tray_runs=True)
    followed.tick()
    followed.now = NOW + 20
    followed.tick()
    assert followed.source.asked == []

    followed.services.paths.tray.pid_file.unlink()
    followed.now += 1
    followed.tick()

    assert followed.source.asked
    assert followed.feed.current is followed.seen[-1]
    assert followed.seen[-1].polled_at == NOW + 21


def test_a_tray_that_hangs_is_not_trusted_for_long(followed: Followed) -> None:
    followed.leave(fresh(), tray_runs=True)
    followed.now = fresh().polled_at + 3 * INTERVAL_S - 1
    followed.tick()
    assert followed.source.asked == []

    followed.now = NOW + 10 * INTERVAL_S
    followed.tick()

    assert followed.source.asked


def test_the_snapshot_of_another_source_is_none_of_this_windows(followed: Followed) -> None:
    other = fresh().source.model_copy(update={"url": "http://elsewhere:9090"})
    followed.leave(fresh().model_copy(update={"source": other}), tray_runs=True)

    followed.feed.look()

    assert followed.seen == []
    assert not followed.feed.tray_runs


def test_an_older_snapshot_never_takes_the_place_of_a_newer_one(followed: Followed) -> None:
    followed.now = NOW + 100
    followed.feed.poll()
    followed.now += 3
    followed.tick()
    newest = followed.feed.current
    assert newest is not None

    followed.leave(fresh(), tray_runs=False)
    followed.feed.look()

    assert followed.feed.current is newest


def test_a_damaged_file_changes_nothing(followed: Followed) -> None:
    followed.leave(fresh(), tray_runs=True)
    followed.feed.look()
    write_atomic(followed.services.paths.snapshot_file, b'{"schema": "ccmon-tray/snap')

    followed.feed.look()

    assert [snapshot.polled_at for snapshot in followed.seen] == [fresh().polled_at]


def test_a_source_that_fails_becomes_a_state_with_the_figures_before_it(followed: Followed) -> None:
    followed.now = NOW + 3
    followed.tick()
    followed.source.error = SourceUnreachable("Prometheus cannot be reached", next_step="Start it")
    followed.now += INTERVAL_S
    followed.tick()

    before, after = followed.seen
    assert before.state is State.FRESH
    assert after.state in {State.OFFLINE, State.STALE}
    assert after.problem is not None
    assert after.problem.title == "Prometheus cannot be reached"
    assert after.figures == before.figures


def test_a_stopped_feed_is_silent(followed: Followed) -> None:
    followed.feed.start()
    followed.feed.stop()
    followed.leave(fresh(), tray_runs=True)
    ticks: list[int] = []
    followed.root.after(1200, lambda: ticks.append(1))
    pump(followed.root, lambda: ticks, "more than a tick")

    assert followed.seen == []
    assert followed.ticks == []
