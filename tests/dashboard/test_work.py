"""Jobs off the Tk thread: what comes of them arrives on it, once, and only where it is wanted."""

import threading
import tkinter as tk
from collections.abc import Iterator

import pytest

from ccmon_tray.dashboard.work import Task, Work
from tests.support.dashboard import pump
from tests.support.desktop import Desktop
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.needs("Xvfb")


@pytest.fixture
def root(desktop: Desktop) -> Iterator[tk.Tk]:
    root = tk.Tk(screenName=desktop.env["DISPLAY"])
    yield root
    root.destroy()


def unwanted(result: object) -> None:
    raise AssertionError(result)


def test_results_arrive_on_the_threads_that_started_them(root: tk.Tk) -> None:
    arrived: list[tuple[int, bool]] = []
    ran_on: list[threading.Thread] = []
    work = Work(root)

    def job(number: int) -> int:
        ran_on.append(threading.current_thread())
        return number

    for number in range(5):
        work.start(
            lambda _task, number=number: job(number),  # type: ignore[misc]
            lambda got: arrived.append((got, threading.current_thread() is threading.main_thread())),
            unwanted,
        )
    pump(root, lambda: len(arrived) == 5, "all results")

    assert sorted(arrived) == [(number, True) for number in range(5)]
    assert threading.main_thread() not in ran_on


def test_an_error_arrives_as_it_was_raised(root: tk.Tk) -> None:
    errors: list[Exception] = []
    mistake = ValueError("a mistake")

    def job(_task: object) -> None:
        raise mistake

    Work(root).start(job, unwanted, errors.append)
    pump(root, lambda: errors, "the error")

    assert errors == [mistake]


def test_what_was_cancelled_never_arrives_and_is_told_so(root: tk.Tk) -> None:
    work, go = Work(root), threading.Event()
    seen: list[bool] = []
    arrived: list[str] = []

    def job(task: Task[None]) -> None:
        go.wait(PATIENCE_S)
        seen.append(task.cancelled.is_set())

    given_up = work.start(job, unwanted, unwanted)

    given_up.cancel()
    go.set()
    work.start(lambda _task: "next", arrived.append, unwanted)
    pump(root, lambda: arrived and seen, "the next one")
    pump(root, lambda: not work._awaited, "both ended")

    assert seen == [True]
    assert arrived == ["next"]


def test_one_that_cannot_be_shown_does_not_silence_the_others(
    root: tk.Tk, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(root)
    arrived: list[str] = []
    work.start(lambda _task: "first", unwanted, unwanted)
    pump(root, lambda: not work._awaited, "the first")
    work.start(lambda _task: "second", arrived.append, unwanted)
    pump(root, lambda: arrived, "the second")

    assert "could not be shown" in caplog.text


def test_a_hundred_jobs_that_hang_hold_nothing_up(root: tk.Tk) -> None:
    work, go = Work(root), threading.Event()
    for _ in range(100):
        work.start(lambda _task: go.wait(2 * PATIENCE_S), lambda _result: None, unwanted)
    arrived: list[str] = []
    work.start(lambda _task: "through", arrived.append, unwanted)

    pump(root, lambda: arrived, "the one that does not")
    go.set()
    pump(root, lambda: not work._awaited, "the others")


def test_nothing_arrives_after_the_end(root: tk.Tk) -> None:
    work, go = Work(root), threading.Event()
    ended: list[bool] = []
    work.start(lambda _task: ended.append(go.wait(PATIENCE_S)), unwanted, unwanted)

    work.close()
    go.set()
    pump(root, lambda: ended, "the job's end")
    root.update()


def test_a_job_can_wait_until_what_is_new_has_been_drawn(root: tk.Tk) -> None:
    happened: list[str] = []

    class Drawn(tk.Canvas):
        def __init__(self) -> None:
            super().__init__(root, width=200, height=200)
            self.bind("<Configure>", lambda _event: self.after_idle(lambda: happened.append("drawn")))

    pump(root, root.winfo_viewable, "the window")
    Drawn().pack()
    work = Work(root)
    work.start(lambda _task: happened.append("read"), lambda _result: None, unwanted, after_frame=True)
    pump(root, lambda: "read" in happened, "the job")

    assert happened == ["drawn", "read"]


def test_a_window_that_draws_nothing_does_not_keep_a_job_waiting(root: tk.Tk) -> None:
    ran = threading.Event()
    Work(root).start(lambda _task: ran.set(), lambda _result: None, unwanted, after_frame=True)
    assert ran.wait(PATIENCE_S)  # no event of Tk is handled meanwhile
