"""Use whose counters cannot tell the truth, among use whose counters can."""

import random
from dataclasses import dataclass

from tests.support.truth import recorders
from tests.support.truth.cases import NOW, Dataset
from tests.support.truth.known import Truth
from tests.support.truth.recorders import Recorder, Recording
from tests.support.truth.use import HOUR, MINUTE, Author, Process, User

MODELS = ("claude-opus-4-8", "claude-haiku-4-5-20251001")


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A dataset, and the sessions in it whose counters mislead."""

    data: Dataset
    sessions: frozenset[str]


def _author(name: str) -> Author:
    return Author(random.Random(name), (User.subscriber("ada"), User.with_api_key("ci")))


def _regular(author: Author) -> Recording:
    """Ordinary sessions of the last day, one of them resumed."""
    first = author.process(NOW - 9 * HOUR, 12 * MINUTE)
    again = author.process(
        NOW - 6 * HOUR, 9 * MINUTE, session_id=first.session_id, user=first.user, start_type="resume"
    )
    others = [author.process(NOW - hours * HOUR, 14 * MINUTE) for hours in (2, 5, 11, 17)]
    return recorders.cumulative([first, again, *others])


def _beside_regular(name: str, author: Author, processes: list[Process], record: Recorder) -> Anomaly:
    recording = recorders.merged([_regular(author), record(processes)])
    return Anomaly(
        Dataset(name, recording, Truth(recording)), frozenset(process.session_id for process in processes)
    )


def two_writers(record: Recorder) -> Anomaly:
    """Sessions resumed while still open: two processes write the same series in turn."""
    author = _author("two writers")
    processes = []
    for hours in (3, 8, 14):
        start = NOW - hours * HOUR
        first = author.process(start, 50 * MINUTE, models=MODELS)
        processes += [
            first,
            author.process(
                start + 12 * MINUTE + 25,
                30 * MINUTE,
                session_id=first.session_id,
                user=first.user,
                start_type="resume",
                models=MODELS,
            ),
        ]
    return _beside_regular("two writers", author, processes, record)


def saw_tooth() -> Anomaly:
    """Sessions with pauses, whose deltas went into the collector's exporter as they were."""
    author = _author("saw-tooth")
    processes = [
        author.process(NOW - hours * HOUR, 40 * MINUTE, models=MODELS, requests_every_s=100)
        for hours in (1, 4, 13)
    ]
    return _beside_regular("saw-tooth", author, processes, recorders.scraped_deltas)
