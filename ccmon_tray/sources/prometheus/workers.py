"""A few daemon threads on which calls to a server run side by side.

The standard library's ``ThreadPoolExecutor`` is not used because the interpreter waits for its threads at
exit: a call that hangs in the resolver, which nothing can interrupt, would keep the tray from ending.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

JOIN_S = 0.2


class _Batch:
    """Calls handed in together, their results, and whether somebody still waits for them."""

    def __init__(self, calls: Sequence[Callable[[], object]], now: float) -> None:
        self.calls = calls
        self.results: list[object] = [None] * len(calls)
        self.started = 0
        self.unfinished = len(calls)
        self.error: BaseException | None = None
        self.done = threading.Event()
        self.last_progress = now

    def fail(self, error: BaseException) -> None:
        if self.error is None:
            self.error = error
        self.done.set()


class Workers:
    """Runs calls on at most ``limit`` threads, which start when first needed.

    Args:
        limit: How many calls run at a time, over all callers.
        name: Of the threads.
        patience_s: A caller gives up when none of its calls reports progress for so long.
        when_stuck: Called then; returns the error to raise.
        when_closed: Returns the error to raise for calls cut off by, or made after, ``close()``.
    """

    def __init__(
        self,
        limit: int,
        name: str,
        *,
        patience_s: float,
        when_stuck: Callable[[], Exception],
        when_closed: Callable[[], Exception],
    ) -> None:
        self._limit = limit
        self._name = name
        self._patience_s = patience_s
        self._when_stuck = when_stuck
        self._when_closed = when_closed
        self._work = threading.Condition()
        self._waiting: deque[_Batch] = deque()
        self._live: set[_Batch] = set()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._closed = False
        self._mine = threading.local()

    def run(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """Run the calls side by side and return their results in order.

        The first error ends the wait: calls not yet started never run, those under way are left to end by
        themselves, and the error is raised here. From inside a call, the calls run one after another.
        """
        if not calls:
            return []
        if self._own_batch() is not None:
            return [call() for call in calls]
        batch = _Batch(calls, time.monotonic())
        with self._work:
            if self._closed:
                raise self._when_closed()
            self._live.add(batch)
            self._waiting.append(batch)
            ready = sum(len(waiting.calls) - waiting.started for waiting in self._waiting)
            for _ in range(min(ready - self._idle, self._limit - len(self._threads))):
                thread = threading.Thread(
                    target=self._serve, name=f"{self._name}-{len(self._threads) + 1}", daemon=True
                )
                self._threads.append(thread)
                thread.start()
            self._work.notify(len(calls))
        try:
            self._wait(batch)
        finally:
            with self._work:
                self._live.discard(batch)
                self._drop(batch)
        if batch.error is not None:
            raise batch.error
        return batch.results  # type: ignore[return-value]  # one result a call, in the calls' order

    def report_progress(self) -> None:
        """Say, from inside a call, that it is not stuck."""
        batch = self._own_batch()
        if batch is not None:
            batch.last_progress = time.monotonic()

    def close(self) -> None:
        """Make every caller's wait fail now, and end the threads as soon as their calls return."""
        with self._work:
            self._closed = True
            self._waiting.clear()
            for batch in self._live:
                batch.fail(self._when_closed())
            self._work.notify_all()
        deadline = time.monotonic() + JOIN_S
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _own_batch(self) -> _Batch | None:
        return getattr(self._mine, "batch", None)

    def _wait(self, batch: _Batch) -> None:
        while True:
            patience_s = batch.last_progress + self._patience_s - time.monotonic()
            if batch.done.wait(max(0.0, patience_s)):
                return
            if time.monotonic() >= batch.last_progress + self._patience_s:
                batch.fail(self._when_stuck())

    def _drop(self, batch: _Batch) -> None:
        if batch in self._waiting:
            self._waiting.remove(batch)

    def _serve(self) -> None:
        while True:
            with self._work:
                self._idle += 1
                self._work.wait_for(lambda: self._waiting or self._closed)
                self._idle -= 1
                if self._closed:
                    return
                batch = self._waiting[0]
                call = batch.calls[batch.started]
                place = batch.started
                batch.started += 1
                if batch.started == len(batch.calls):
                    self._waiting.popleft()
            self._mine.batch = batch
            batch.last_progress = time.monotonic()
            try:
                batch.results[place] = call()
            except BaseException as error:  # noqa: BLE001  # handed to the caller
                with self._work:
                    batch.fail(error)
                    self._drop(batch)
            else:
                with self._work:
                    batch.last_progress = time.monotonic()
                    batch.unfinished -= 1
                    if not batch.unfinished:
                        batch.done.set()
            # An idle thread must not keep the last answer alive.
            self._mine.batch = None
            del batch, call
