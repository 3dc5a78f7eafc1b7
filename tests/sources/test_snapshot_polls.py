"""Polls that read everything again: what is new is shown before."""

from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.errors import SourceUnreachable
from ccmon_tray.sources.base import Span
from ccmon_tray.sources.closed_past import KEEP_S
from ccmon_tray.sources.snapshots import SnapshotBuilder
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import Calendar
from tests.support.fake_source import CountingSource, FakeSource, request

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
DAY = 86_400
NOW = BERLIN.midnight(BERLIN.day_of(1_795_600_000)) + 15 * 3600
HOUR_ON = NOW + KEEP_S


class _Watched:
    """A source whose past is read at NOW, then polled; samples of the past come in after that."""

    def __init__(self) -> None:
        self.source = FakeSource(request(NOW - 2 * 3600, "s", 1.0, {"input": 1}))
        self.builder = SnapshotBuilder(self.source, BERLIN)
        self.last: Snapshot | None = None
        self.poll(NOW)
        self.source.events += request(NOW - 3600, "late", 4.0, {"input": 1})

    def poll(self, now: float, *, refresh: bool = False) -> list[Snapshot]:
        found = list(self.builder.poll("today", lambda: now, self.last, refresh=refresh))
        self.last = found[-1]
        return found

    def keep_current(self, until: float) -> None:
        """Poll up to then, as a tray does."""
        for now in range(NOW + 300, int(until), 300):
            self.poll(now)


def _today(snapshots: list[Snapshot]) -> list[float | None]:
    return [snapshot.figures.today.cost_usd if snapshot.figures else None for snapshot in snapshots]


@pytest.fixture
def watched() -> _Watched:
    return _Watched()


def test_an_ordinary_poll_is_one_snapshot(watched: _Watched) -> None:
    assert _today(watched.poll(NOW + 30)) == [1.0]


def test_once_an_hour_what_is_new_is_shown_before_everything_is_read_again(watched: _Watched) -> None:
    watched.keep_current(HOUR_ON)
    watched.source.events += request(HOUR_ON - 10, "s", 2.0, {"input": 1})

    assert _today(watched.poll(HOUR_ON)) == [3.0, 7.0]
    assert _today(watched.poll(HOUR_ON + 30)) == [7.0]


def test_a_person_who_asks_is_shown_at_once_what_is_new(watched: _Watched) -> None:
    watched.source.events += request(NOW + 20, "s", 2.0, {"input": 1})
    watched.source.asked.clear()
    polled = watched.builder.poll("today", lambda: NOW + 30.0, watched.last, refresh=True)

    assert _today([next(polled)]) == [3.0]
    asked = [question.span for questions in watched.source.asked for question in questions]
    assert min(span.start for span in asked) >= NOW - 3600
    assert _today(list(polled)) == [7.0]


def test_a_poll_that_moves_the_edge_asks_about_the_tail_alone_before_it_is_shown() -> None:
    source = CountingSource(request(NOW - 2 * 3600, "s", 1.0, {"input": 1}))
    builder = SnapshotBuilder(source, BERLIN)
    last = builder.build("7d", NOW, None)
    source.clear()
    polled = builder.poll("7d", lambda: NOW + 915.0, last)

    next(polled)
    assert {question.span for questions in source.asked for question in questions} == {
        Span(NOW - 900, NOW + 915)
    }
    source.clear()
    assert next(polled).state is State.FRESH
    # The next one goes on from there.
    source.clear()
    (snapshot,) = builder.poll("7d", lambda: NOW + 930.0, last)
    assert {question.span for questions in source.asked for question in questions} == {Span(NOW, NOW + 930)}
    assert snapshot.figures is not None
    assert snapshot.figures.range.info.start == NOW + 900 - 7 * DAY


def test_each_snapshot_is_of_its_own_moment(watched: _Watched) -> None:
    moments = iter([NOW + 30.0, NOW + 32.0])

    first, second = watched.builder.poll("today", lambda: next(moments), watched.last, refresh=True)

    # A window that follows the tray takes a later one alone.
    assert (first.polled_at, second.polled_at) == (NOW + 30, NOW + 32)


@pytest.mark.parametrize("away_s", [KEEP_S + 1, DAY, -60])
def test_after_sleep_or_a_clock_set_back_nothing_is_shown_before_it_is_read(
    watched: _Watched, away_s: float
) -> None:
    watched.source.events += request(NOW - 7200, "late too", 8.0, {"input": 1})

    (snapshot,) = watched.poll(NOW + away_s)

    assert snapshot.figures is not None
    assert snapshot.figures.this_month.cost_usd == 13.0


@pytest.mark.parametrize("state", [State.STALE, State.OFFLINE])
def test_after_trouble_nothing_is_shown_before_it_is_read(watched: _Watched, state: State) -> None:
    assert watched.last is not None
    watched.last = watched.last.model_copy(update={"state": state})

    assert _today(watched.poll(NOW + 30, refresh=True)) == [5.0]


def test_a_source_that_fails_is_not_asked_again(watched: _Watched) -> None:
    watched.source.error = SourceUnreachable("Down")

    (snapshot,) = watched.poll(NOW + 30, refresh=True)

    assert snapshot.state is State.STALE
    assert _today([snapshot]) == [1.0]


def test_where_reading_again_fails_what_was_new_stays(watched: _Watched) -> None:
    watched.source.events += request(NOW + 20, "s", 2.0, {"input": 1})
    polled = watched.builder.poll("today", lambda: NOW + 30.0, watched.last, refresh=True)
    assert _today([next(polled)]) == [3.0]

    watched.source.error = SourceUnreachable("Down")
    (snapshot,) = polled

    assert snapshot.state is State.STALE
    assert _today([snapshot]) == [3.0]
    watched.source.error, watched.last = None, snapshot
    assert _today(watched.poll(NOW + 60)) == [7.0]
