"""The one thread that polls, on ``schedule``, whatever clocks, servers and jobs do.

``schedule`` reads the naive wall clock and catches nothing. Hence three guards:

- *Clocks.* Each wake-up compares how far the wall clock and the monotonic clock went. After a gap (sleep, a
  clock set forwards or back, a change to or from daylight saving) it polls at once and plans anew, so that a
  clock set back by a day does not mean a day without polls.
- *Failures.* A failed poll stretches the interval of the *full* poll: twice as long for each one in a row, up
  to five minutes, with jitter. Meanwhile a cheap probe goes out at the normal interval. As soon as the probe
  finds anything but what it found before, success above all, a full poll follows at once. So a server in
  trouble gets one small question an interval, and the numbers are back within one interval of the fault's
  end. Only where the small question is answered and the large ones go on failing does the person wait for the
  stretched interval, since that is a server that the large ones would keep down.
- *Jobs.* What a job raises is logged and counts as a failed poll.

Times are planned from the start of a poll, not from its end: a request that hung does not delay the next one.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

import schedule

_log = logging.getLogger(__name__)

LONGEST_INTERVAL_S: Final = 300.0
"""What failures stretch the interval of full polls to, unless it is that long already."""

MAX_WAIT_S: Final = 5.0
"""The longest sleep: sleep of the machine and clock steps are noticed this soon after they end."""

_GAP_S: Final = 3.0  # more than slewing and a late wake-up make of the difference between the clocks
_REST_S: Final = 0.5  # between two polls, however long the first one took
_JITTER: Final = 0.1  # of the stretched interval, to both sides
_CRASHED: Final = "crashed"


class Clock(Protocol):
    """Where time comes from, so that tests need none."""

    def wall(self) -> datetime:
        """The naive local time, as ``schedule`` reads it."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that nobody sets."""
        ...

    def wait(self, event: threading.Event, timeout_s: float) -> None:
        """Sleep until the event is set, at most so many seconds."""
        ...


class SystemClock:
    """The machine's clocks."""

    def wall(self) -> datetime:
        """The naive local time."""
        return datetime.now()  # noqa: DTZ005  # schedule plans in naive local time

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def wait(self, event: threading.Event, timeout_s: float) -> None:
        """Sleep until the event is set, at most so many seconds."""
        event.wait(timeout_s)


class Poller:
    """Calls ``poll`` at an interval, ``probe`` in between while polls fail, and ``tick`` at each wake-up.

    Args:
        poll: Reads everything. Returns None if it went well, else the code of what went wrong.
        probe: Asks the source something small. Returns None if it was answered, else the code of the error.
        tick: Called every few seconds, after polls too; must be cheap.
        interrupt: Makes a poll or probe under way fail soon; called by :meth:`stop` from another thread.
        interval_s: Seconds from one poll's start to the next one's.
        clock: Where time comes from.
        jitter: Random numbers from 0 to 1 that spread the stretched intervals of many trays.
    """

    def __init__(
        self,
        *,
        poll: Callable[[], str | None],
        probe: Callable[[], str | None],
        tick: Callable[[], None],
        interrupt: Callable[[], None],
        interval_s: float,
        clock: Clock | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._poll = poll
        self._probe = probe
        self._tick = tick
        self._interrupt = interrupt
        self._interval_s = interval_s
        self._clock = clock or SystemClock()
        self._jitter = jitter

        self._wake = threading.Event()
        self._asked = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

        self._scheduler = schedule.Scheduler()
        self._failures = 0
        self._found: str | None = None  # what the last probe found: an error's code, None is success
        self._full_poll_at = 0.0  # monotonic seconds before which failures allow only probes
        self._wall = self._clock.wall()
        self._monotonic = self._clock.monotonic()
        self._asked.set()
        self._plan()

    def start(self) -> None:
        """Poll now, and from now on. A poller is started once."""
        # A daemon: a look-up that no close() can interrupt must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)
        self._thread.start()

    def refresh(self) -> None:
        """Poll at once, whatever failed before; asked several times during a poll, one more follows."""
        self._asked.set()
        self._wake.set()

    def set_interval(self, interval_s: float) -> None:
        """Use another interval from the next poll on, which is at once."""
        self._interval_s = interval_s
        self.refresh()

    def stop(self, timeout_s: float = 0.5) -> bool:
        """End the thread, also while a request hangs.

        Args:
            timeout_s: How long to wait for it.

        Returns:
            Whether it has ended.
        """
        self._stopping.set()
        self._wake.set()
        self._interrupt()
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(timeout_s)
        return not thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            wait_s = self.step()
            if not self._stopping.is_set():
                self._clock.wait(self._wake, wait_s)
            self._wake.clear()

    def step(self) -> float:
        """Do what is due now. The thread does nothing but call this and sleep.

        Returns:
            Seconds to sleep before the next call, unless something wakes it.
        """
        self._watch_clocks()
        if self._asked.is_set():
            self._asked.clear()
            # What failed before is no reason to let a person wait.
            self._full_poll_at = self._clock.monotonic()
            self._plan(due=True)
        job = self._scheduler.jobs[0]
        if job.should_run:
            started = self._clock.wall()
            self._scheduler.run_pending()
            rest = self._clock.wall() + timedelta(seconds=_REST_S)
            job.next_run = max(started + timedelta(seconds=self._interval_s), rest)
        self._guarded(self._tick)
        left = (job.next_run - self._clock.wall()).total_seconds() if job.next_run else 0.0
        return min(MAX_WAIT_S, max(0.0, left))

    def _watch_clocks(self) -> None:
        wall, monotonic = self._clock.wall(), self._clock.monotonic()
        gap_s = (wall - self._wall).total_seconds() - (monotonic - self._monotonic)
        self._wall, self._monotonic = wall, monotonic
        if abs(gap_s) > _GAP_S:
            _log.info("The clock went %+.0f s off course (sleep, or it was set): polling now", gap_s)
            self._asked.set()

    def _plan(self, *, due: bool = False) -> None:
        self._scheduler.clear()
        job = self._scheduler.every(max(1, round(self._interval_s))).seconds.do(self._work)
        if due:
            job.next_run = self._clock.wall()

    def _work(self) -> None:
        if self._failures and self._clock.monotonic() < self._full_poll_at:
            found = self._guarded(self._probe)
            if found == self._found:
                return
            self._found = found
        self._full()

    def _full(self) -> None:
        started = self._clock.monotonic()
        failure = self._guarded(self._poll)
        if failure is None:
            self._failures = 0
            self._found = None
            return
        if not self._failures:
            self._found = failure  # what a probe would have found, as far as is known
        self._failures += 1
        longest_s = max(LONGEST_INTERVAL_S, self._interval_s)
        # The exponent is bounded: an outage of days must not compute astronomic numbers.
        stretched_s = min(longest_s, self._interval_s * 2 ** min(self._failures, 10))
        stretched_s *= 1 + _JITTER * (2 * self._jitter() - 1)
        self._full_poll_at = started + min(longest_s, stretched_s)

    def _guarded(self, job: Callable[[], str | None]) -> str | None:
        try:
            return job()
        except Exception:  # noqa: BLE001  # a bug in a job must not end the polling
            _log.exception("A job of the poller failed")
            return _CRASHED
