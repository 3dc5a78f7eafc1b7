"""The poller on a clock that the test sets; ``schedule`` itself is the real one."""

import datetime as dt
import logging
import threading
import types
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import schedule

from ccmon_tray.tray.poller import LONGEST_INTERVAL_S, MAX_WAIT_S, Poller
from tests.support.patience import PATIENCE_S, allowed

START = datetime(2026, 11, 23, 14, 12)  # noqa: DTZ001  # naive local time is what schedule reads
INTERVAL_S = 30


class SetClock:
    """Both clocks, moved by hand; waiting takes no time."""

    def __init__(self) -> None:
        self.now = START
        self.seconds = 1000.0

    def wall(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.seconds

    def wait(self, event: threading.Event, timeout_s: float) -> None:
        raise AssertionError("a poller that is stepped does not wait")

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.seconds += seconds

    def step_by(self, seconds: float) -> None:
        """Somebody sets the clock, or the machine slept."""
        self.now += timedelta(seconds=seconds)


class Bench:
    """A poller, what it called at which second, and what its jobs shall find."""

    def __init__(self, clock: SetClock, interval_s: float = INTERVAL_S) -> None:
        self.clock = clock
        self.began = clock.seconds
        self.finds: str | None = None
        self.probe_finds: str | None = None
        self.polls: list[float] = []
        self.probes: list[float] = []
        self.ticks = 0
        self.during_poll: Callable[[], None] = lambda: None
        self.poller = Poller(
            poll=self._poll,
            probe=self._probe,
            tick=self._tick,
            interrupt=lambda: None,
            interval_s=interval_s,
            clock=clock,
            jitter=lambda: 0.5,
        )

    def _poll(self) -> str | None:
        self.polls.append(self.clock.seconds - self.began)
        self.during_poll()
        return self.finds

    def _probe(self) -> str | None:
        self.probes.append(self.clock.seconds - self.began)
        return self.probe_finds

    def _tick(self) -> None:
        self.ticks += 1

    def live(self, seconds: float) -> None:
        """What the thread does for so long: step, sleep as told, step."""
        end = self.clock.seconds + seconds
        while self.clock.seconds < end:
            wait_s = self.poller.step()
            assert 0 <= wait_s <= MAX_WAIT_S
            self.clock.pass_time(min(wait_s or 0.001, end - self.clock.seconds))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """The test's clock, which schedule reads too."""
    clock = SetClock()

    class Datetime(datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> "Datetime":
            return cls.fromisoformat(clock.now.isoformat())

    shim = types.SimpleNamespace(**{name: getattr(dt, name) for name in dt.__all__})
    shim.datetime = Datetime
    monkeypatch.setattr(schedule, "datetime", shim)
    return clock


def about(*seconds: float) -> object:
    return pytest.approx(list(seconds), abs=0.01)


def test_it_polls_at_once_and_then_at_its_interval(clock: SetClock) -> None:
    bench = Bench(clock)

    bench.live(100)

    assert bench.polls == about(0, 30, 60, 90)
    assert bench.probes == []


def test_it_ticks_every_few_seconds(clock: SetClock) -> None:
    bench = Bench(clock, interval_s=300)

    bench.live(300)

    assert 60 <= bench.ticks <= 61


def test_a_slow_poll_does_not_delay_the_next_one(clock: SetClock) -> None:
    bench = Bench(clock)
    bench.during_poll = lambda: clock.pass_time(10)

    bench.live(100)

    assert bench.polls == about(0, 30, 60, 90)


def test_a_poll_longer_than_the_interval_is_followed_by_a_rest(clock: SetClock) -> None:
    bench = Bench(clock, interval_s=5)
    bench.during_poll = lambda: clock.pass_time(8)

    bench.live(25)

    assert bench.polls == about(0, 8.5, 17)


def test_refresh_polls_at_once_and_moves_the_next_poll(clock: SetClock) -> None:
    bench = Bench(clock)
    bench.live(10)

    bench.poller.refresh()
    bench.poller.refresh()
    bench.live(50)

    assert bench.polls == about(0, 10, 40)


def test_refreshes_during_a_poll_become_one_more_poll(clock: SetClock) -> None:
    bench = Bench(clock)

    def ask_twice() -> None:
        if len(bench.polls) == 1:
            bench.poller.refresh()
            bench.poller.refresh()

    bench.during_poll = ask_twice
    bench.live(29)

    assert len(bench.polls) == 2


def test_another_interval_counts_at_once(clock: SetClock) -> None:
    bench = Bench(clock)
    bench.live(10)

    bench.poller.set_interval(5)
    bench.live(11)

    assert bench.polls == about(0, 10, 15, 20)


@pytest.mark.parametrize("step_s", [3600, -3600, 86_400 * 30, -86_400 * 30, 8, -8])
def test_after_a_clock_step_it_polls_at_once_and_goes_on(clock: SetClock, step_s: float) -> None:
    bench = Bench(clock)
    bench.live(41)

    clock.step_by(step_s)
    bench.live(MAX_WAIT_S)
    assert len(bench.polls) == 3

    bench.live(60)
    assert len(bench.polls) == 5


def test_a_clock_step_during_a_poll_does_not_stop_the_polling(clock: SetClock) -> None:
    bench = Bench(clock)
    bench.during_poll = lambda: clock.step_by(-86_400) if len(bench.polls) == 1 else None

    bench.live(60)

    assert len(bench.polls) >= 3


def test_sleep_of_the_machine_ends_with_a_poll(clock: SetClock) -> None:
    bench = Bench(clock, interval_s=300)
    bench.live(20)

    clock.step_by(8 * 3600)  # Linux and macOS stop the monotonic clock during sleep
    bench.live(MAX_WAIT_S)

    assert len(bench.polls) == 2


def test_a_slewing_clock_is_no_reason_to_poll(clock: SetClock) -> None:
    bench = Bench(clock)
    for _ in range(110):
        clock.step_by(0.0005)
        bench.live(0.5)

    assert len(bench.polls) == 2


def test_failures_stretch_full_polls_and_probes_go_on_at_the_interval(clock: SetClock) -> None:
    bench = Bench(clock)
    bench.finds = bench.probe_finds = "unreachable"

    bench.live(1200)

    assert bench.polls == about(0, 60, 180, 420, 720, 1020)
    assert len(bench.polls) + len(bench.probes) == 40
    assert bench.probes[:3] == about(30, 90, 120)


def test_jitter_spreads_the_stretched_interval_but_not_beyond_the_longest(clock: SetClock) -> None:
    for value, expected in ((0.0, 54.0), (1.0, 66.0)):
        bench = Bench(clock)
        bench.poller._jitter = lambda value=value: value  # type: ignore[misc]
        bench.finds = bench.probe_finds = "unreachable"
        bench.poller.step()
        assert bench.poller._full_poll_at - clock.seconds == pytest.approx(expected)
        bench.poller._failures = 50
        bench.poller._full()
        assert bench.poller._full_poll_at - clock.seconds <= LONGEST_INTERVAL_S


@pytest.mark.parametrize("outage_s", [31, 95, 1000, 10_000])
def test_numbers_are_back_within_one_interval_of_the_faults_end(clock: SetClock, outage_s: float) -> None:
    bench = Bench(clock)
    bench.finds = bench.probe_finds = "unreachable"
    bench.live(outage_s)
    before = len(bench.polls)

    bench.finds = bench.probe_finds = None
    bench.live(INTERVAL_S + 0.1)
    assert len(bench.polls) == before + 1

    bench.live(90)
    assert len(bench.polls) == before + 4


def test_another_error_is_looked_at_in_full(clock: SetClock) -> None:
    bench = Bench(clock)
    bench.finds = bench.probe_finds = "unreachable"
    bench.live(200)
    before = len(bench.polls)

    bench.finds = bench.probe_finds = "unavailable"
    bench.live(INTERVAL_S)

    assert len(bench.polls) == before + 1


def test_a_server_that_answers_only_small_questions_is_spared_the_large_ones(clock: SetClock) -> None:
    bench = Bench(clock)
    bench.finds = "unavailable"

    bench.live(3600)

    assert len(bench.polls) <= 6 + 3600 / LONGEST_INTERVAL_S
    assert len(bench.polls) + len(bench.probes) >= 120


def test_refresh_polls_in_full_whatever_failed_before(clock: SetClock) -> None:
    bench = Bench(clock)
    bench.finds = bench.probe_finds = "unreachable"
    bench.live(1000)
    before = len(bench.polls)

    bench.poller.refresh()
    bench.live(1)

    assert len(bench.polls) == before + 1


def test_a_job_that_raises_is_logged_and_counts_as_failed(
    clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(clock)

    def crash() -> None:
        raise ZeroDivisionError

    bench.during_poll = crash
    with caplog.at_level(logging.ERROR):
        bench.live(31)

    assert "ZeroDivisionError" in caplog.text
    bench.during_poll = lambda: None
    bench.live(30)
    assert bench.polls[-1] == pytest.approx(30, abs=0.01)


class Thread:
    """A poller on its own thread and the system's clocks, which polls into a queue of events."""

    def __init__(self, poll: Callable[[], str | None], interrupt: Callable[[], None]) -> None:
        self.poller = Poller(
            poll=poll, probe=lambda: None, tick=lambda: None, interrupt=interrupt, interval_s=300
        )


def test_the_thread_wakes_for_a_refresh_and_ends_on_stop() -> None:
    polled = threading.Semaphore(0)

    def poll() -> None:
        polled.release()

    poller = Thread(poll, lambda: None).poller
    poller.start()
    assert polled.acquire(timeout=PATIENCE_S)

    poller.refresh()
    assert polled.acquire(timeout=PATIENCE_S)

    assert poller.stop(allowed(0.5))
    assert not any(thread.name == "poller" for thread in threading.enumerate())


def test_stop_ends_a_poll_that_hangs() -> None:
    hanging, released = threading.Event(), threading.Event()

    def poll() -> str:
        hanging.set()
        assert released.wait(PATIENCE_S)
        return "unreachable"

    poller = Thread(poll, released.set).poller
    poller.start()
    assert hanging.wait(PATIENCE_S)

    assert poller.stop(allowed(0.5))
