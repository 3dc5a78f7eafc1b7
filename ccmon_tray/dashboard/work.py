"""Work off the Tk thread: a job runs on a thread of its own, and what comes of it is delivered on Tk's.

Tk is looked after by one thread, and must never wait for a server or a disk. Threads are not pooled: an
abandoned job that waits for a dead server would keep its place in a pool from those that follow.
"""

import logging
import queue
import threading
import tkinter as tk
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")

_log = logging.getLogger(__name__)

_LOOK_MS: Final = 8  # how often results are looked for while any are awaited
_FRAME_MS: Final = 10
_LONGEST_FRAME_S: Final = 0.15


class Task(Generic[T]):
    """One job under way. Made by :meth:`Work.start`; used on the Tk thread."""

    def __init__(self, done: Callable[[T], None], failed: Callable[[Exception], None]) -> None:
        self._done = done
        self._failed = failed
        self.cancelled = threading.Event()
        """Set once nobody wants the result; a job that takes several steps may look at it between them."""

    def cancel(self) -> None:
        """Give up on the result: neither ``done`` nor ``failed`` is called any more."""
        self.cancelled.set()

    def deliver(self, result: T | None, error: Exception | None) -> None:
        """Hand over what came of the job, unless nobody wants it."""
        if self.cancelled.is_set():
            return
        if error is not None:
            self._failed(error)
        else:
            self._done(result)  # type: ignore[arg-type]  # a job without an error has its result


class Work:
    """Starts jobs and delivers their results while Tk's main loop runs.

    Args:
        root: Whose main loop it is.
    """

    def __init__(self, root: tk.Misc) -> None:
        self._root = root
        self._finished: queue.SimpleQueue[tuple[Task[Any], Any, Exception | None]] = queue.SimpleQueue()
        self._awaited = 0
        self._due: str | None = None
        self._closed = False

    def start(
        self,
        job: Callable[["Task[T]"], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        *,
        name: str = "work",
        finish: bool = False,
        after_frame: bool = False,
    ) -> Task[T]:
        """Start a job.

        Args:
            job: Runs on a thread of its own; given its task, so that it can see when it is cancelled.
            done: Given the result, on the Tk thread.
            failed: Given the error, on the Tk thread.
            name: The thread's name.
            finish: Whether the process waits for its end, as for what is to be saved.
            after_frame: Whether what is on the screen by now is drawn first. Python runs one thread at a
                time: a job that computes makes drawing take twice as long.
        """
        task = Task(done, failed)
        drawn = self._drawn() if after_frame else None

        def run() -> None:
            if drawn is not None:
                drawn.wait(_LONGEST_FRAME_S)
            try:
                outcome: tuple[T | None, Exception | None] = (job(task), None)
            except Exception as error:  # noqa: BLE001  # whatever it was, it is told where it is shown
                outcome = (None, error)
            self._finished.put((task, *outcome))

        self._awaited += 1
        threading.Thread(target=run, name=name, daemon=not finish).start()
        if self._due is None:
            self._due = self._root.after(_LOOK_MS, self._look)
        return task

    def _drawn(self) -> threading.Event:
        """Is set once all has been drawn that waits for it now: drawings are what Tk does when it is idle."""
        drawn = threading.Event()
        self._root.after(_FRAME_MS, lambda: self._root.after_idle(drawn.set))
        return drawn

    def close(self) -> None:
        """Deliver nothing any more."""
        self._closed = True
        if self._due is not None:
            self._root.after_cancel(self._due)
            self._due = None

    def _look(self) -> None:
        self._due = None
        while not self._closed:
            try:
                task, result, error = self._finished.get_nowait()
            except queue.Empty:
                break
            self._awaited -= 1
            try:
                task.deliver(result, error)
            except Exception:  # noqa: BLE001  # one view that fails must not silence the others
                _log.exception("What came of a job could not be shown")
        if self._awaited and not self._closed and self._due is None:
            self._due = self._root.after(_LOOK_MS, self._look)
