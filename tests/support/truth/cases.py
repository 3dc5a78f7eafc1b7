"""The datasets: one for each way in which the counters can look."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from ccmon_tray.usage.windows import RANGE_NAMES, Calendar, Window, resolve
from tests.support.servers import Kind
from tests.support.truth import recorders, spellings
from tests.support.truth.known import Truth
from tests.support.truth.recorders import Recording
from tests.support.truth.spellings import Spelling
from tests.support.truth.use import DAY, HOUR, MINUTE, Author, Process, User

CALENDAR: Final = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")

# A Wednesday afternoon; the clocks went back on 26 October, inside 30d and last month.
NOW: Final = int(datetime(2025, 11, 12, 15, 37, 23, tzinfo=CALENDAR.zone).timestamp())

RANGES: Final = tuple(resolve(name, NOW, CALENDAR) for name in RANGE_NAMES)

# Windows in the past that no name stands for: odd edges, weeks, a few minutes, the day of 25 hours.
CUSTOM: Final = (
    Window("custom", NOW - 3 * 86_400 - 1234, NOW - 2 * 86_400 - 77),
    Window("custom", NOW - 20 * 86_400 + 13, NOW - 4 * 86_400 - 3607),
    Window("custom", NOW - 7 * 86_400 - 420, NOW - 7 * 86_400 + 555),
    Window("custom", CALENDAR.midnight(date(2025, 10, 26)), CALENDAR.midnight(date(2025, 10, 27))),
    Window("custom", NOW - 86_400 - 31, NOW - 86_400 + 90),
)  # fmt: skip
WINDOWS: Final = (*RANGES, *CUSTOM)
# Enough to see whether a spelling is understood.
FEW_WINDOWS: Final = tuple(
    window for window in WINDOWS if window.name in {"1h", "30d", "today", "last month"}
)

EVERYWHERE: Final = (Kind.PROMETHEUS, Kind.VICTORIA_METRICS)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Samples, how they are spelled, the truth about them, and the windows to ask about."""

    name: str
    recording: Recording
    truth: Truth
    spelling: Spelling = spellings.SUFFIXES
    windows: tuple[Window, ...] = WINDOWS


def _edges() -> list[float]:
    return sorted({float(edge) for window in WINDOWS for edge in (window.start, window.end)})


def _recent_edges() -> list[float]:
    return [edge for edge in _edges() if NOW - edge < 45 * DAY]


def _lifelike(author: Author, per_day: float = 1.5, days: int = 45) -> list[Process]:
    """Scattered work, a session under way at every edge of every window, and an agents view."""
    return [
        *author.working_days(NOW, days, per_day),
        *author.straddling(_recent_edges()),
        author.interface(NOW - 2 * DAY, HOUR),
        author.interface(NOW - 20 * MINUTE, HOUR),
    ]


def _author(name: str, *users: User) -> Author:
    team = users or (User.subscriber("ada"), User.subscriber("lin"), User.with_api_key("ci"))
    return Author(random.Random(name), team)


def _scraped(author: Author) -> Recording:
    return recorders.scraped(_lifelike(author), phase_s=3.217)


def _single_exports(author: Author) -> Recording:
    """Runs of some seconds, as scripts make them, each exported once at exit."""
    starts = [NOW - author.rng.random() * 45 * DAY for _ in range(250)]
    starts += [edge - author.rng.uniform(1, 20) for edge in _recent_edges() for _ in range(3)]
    return recorders.at_exit(
        [
            author.process(round(at, 3), author.rng.choice((5.25, 12.5, 31.75)), requests_every_s=4)
            for at in starts
        ]
    )


def _idle(author: Author) -> list[Process]:
    """Sessions whose machine slept for days, then went on counting where they were."""
    processes = _lifelike(author, per_day=0.5)
    idle_days = (5, 6, 7.5, 9, 12, 14)
    returns = (
        NOW - 9 * MINUTE, NOW - 48 * MINUTE, NOW - 3 * HOUR, NOW - 20 * HOUR, NOW - 29 * HOUR,
        NOW - 5.5 * DAY, NOW - 8 * DAY, NOW - 11.4 * DAY, NOW - 16 * DAY,
    )  # fmt: skip
    for index, back in enumerate(returns):
        for days in (idle_days[index % 6], idle_days[(index + 3) % 6]):
            begin = back - days * DAY
            awake = [(begin, begin + 18 * MINUTE), (back, back + 8 * MINUTE)]
            processes.append(author.process(begin, back + 8 * MINUTE - begin, awake=awake))
    # Twice to bed, and one that is still asleep.
    begin = NOW - 22 * DAY
    awake = [(begin + day * DAY, begin + day * DAY + 10 * MINUTE) for day in (0, 7, 20)]
    processes.append(author.process(begin, 20 * DAY + 10 * MINUTE, awake=awake))
    return processes


def _night(author: Author) -> list[Process]:
    """A session left open overnight: exported every minute, used at its ends."""
    evening = author.process(NOW - 17 * HOUR, 25 * MINUTE)
    morning = author.process(NOW - 90 * MINUTE, 25 * MINUTE)
    return [
        Process(
            evening.session_id,
            evening.user,
            evening.start,
            morning.end,
            (*evening.events, *(event for event in morning.events if event.metric.value != "session.count")),
        )
    ]


def headless_runs(
    author: Author, start: float, gaps_s: Sequence[float], *, growing: bool = True
) -> list[Process]:
    """`claude -p --resume` again and again: every run counts from 0.

    When growing, each run uses more of everything than the one before, active time excepted: no drop is to be
    seen in the other series.
    """
    session_id, user = author.session_id(), author.rng.choice(author.users)
    seconds = 11.0
    starts = [start]
    for gap_s in gaps_s:
        starts.append(starts[-1] + seconds + gap_s)
    scales = [2.0**number for number in range(len(starts))]
    turns = author.headless_turns([at + 3.0 for at in starts], scales if growing else scales[::-1])
    return [
        author.run(session_id, user, at, seconds, turn, start_type="resume" if number else "fresh")
        for number, (at, turn) in enumerate(zip(starts, turns, strict=True))
    ]


def resumed_later(author: Author, start: float, gaps_s: Sequence[float]) -> list[Process]:
    """A session resumed hours or days later, in an interactive process of its own each time."""
    first = author.process(start, 9 * MINUTE, scale=0.6)
    processes = [first]
    for gap_s in gaps_s:
        begin = processes[-1].end + gap_s
        processes.append(
            author.process(
                begin,
                author.rng.uniform(2, 14) * MINUTE,
                session_id=first.session_id,
                user=first.user,
                start_type=author.rng.choice(("resume", "continue")),
                scale=author.rng.choice((0.3, 1.0, 3.0)),
            )
        )
    return processes


def _resumes(author: Author, quick_s: float) -> list[Process]:
    """Regular work and every kind of resume, around the edges of windows too."""
    processes = _lifelike(author, per_day=0.5)
    for number, edge in enumerate(_recent_edges()):
        growing = number % 3 != 0
        # The edge falls between the runs, and between the first and the second resume.
        processes += headless_runs(author, edge - 40.0, (quick_s,), growing=growing)
        processes += headless_runs(author, edge - 60.0 - quick_s, (quick_s, quick_s), growing=growing)
        processes += resumed_later(author, edge - 40 * MINUTE, (35 * MINUTE,))
    for day in range(2, 40, 4):
        start = NOW - day * DAY + author.rng.uniform(-4, 4) * HOUR
        processes += headless_runs(author, start, (quick_s, HOUR, 20 * HOUR))
        processes += resumed_later(author, start, (0.5 * HOUR, 3 * HOUR, 26 * HOUR))
    return processes


def _on_the_edge(author: Author) -> list[Process]:
    """Sessions through every local midnight and every edge, with an export at that very moment."""
    midnights = [float(CALENDAR.midnight(CALENDAR.day_of(NOW - days * DAY))) for days in range(42)]
    return [
        author.process(edge - 4 * MINUTE, 9 * MINUTE, requests_every_s=20)
        for edge in (*midnights, *_recent_edges())
    ]


def _ninety_days(author: Author) -> list[Process]:
    return [*author.working_days(NOW, 125, 0.5), *author.straddling(_edges())]


def _few(author: Author) -> list[Process]:
    return _lifelike(author, per_day=0.4)


@dataclass(frozen=True, slots=True)
class _Case:
    record: Callable[[Author], Recording]
    spelling: Spelling = spellings.SUFFIXES
    kinds: tuple[Kind, ...] = EVERYWHERE
    users: tuple[User, ...] = ()
    windows: tuple[Window, ...] = WINDOWS


def _of(
    write: Callable[[Author], list[Process]], record: recorders.Recorder
) -> Callable[[Author], Recording]:
    return lambda author: record(write(author))


_CASES: Final[dict[str, _Case]] = {
    "scraped every 15 s": _Case(_scraped),
    "samples at export times only": _Case(_of(_lifelike, recorders.changes_only)),
    "cumulative exports every 60 s": _Case(_of(_lifelike, recorders.cumulative)),
    "sessions of a single export": _Case(_single_exports),
    "resumed, exported": _Case(_of(lambda author: _resumes(author, 25.0), recorders.cumulative)),
    "resumed, scraped": _Case(_of(lambda author: _resumes(author, 75.0), recorders.scraped)),
    "idle for days, exported": _Case(
        _of(lambda author: [*_idle(author), *_night(author)], recorders.cumulative)
    ),
    "idle for days, scraped": _Case(_of(_idle, recorders.scraped)),
    "on the edge of windows": _Case(_of(_on_the_edge, recorders.cumulative)),
    "scrapes on the edge of windows": _Case(_of(_on_the_edge, recorders.scraped)),
    "ninety days": _Case(_of(_ninety_days, recorders.cumulative)),
    "API key alone": _Case(
        _of(_few, recorders.cumulative), users=(User.with_api_key("solo"),), windows=FEW_WINDOWS
    ),
    "names without suffixes": _Case(_of(_few, recorders.changes_only), spellings.PLAIN, windows=FEW_WINDOWS),
    "names of the client": _Case(_of(_few, recorders.cumulative), spellings.CLIENT, windows=FEW_WINDOWS),
    "names with dots": _Case(
        _of(_few, recorders.cumulative),
        spellings.DOTS,
        kinds=(Kind.VICTORIA_METRICS,),
        windows=FEW_WINDOWS,
    ),
    "names in a namespace": _Case(_of(_few, recorders.cumulative), spellings.NAMESPACE, windows=FEW_WINDOWS),
    "names with a double total": _Case(
        _of(_few, recorders.cumulative), spellings.DOUBLE_TOTAL, windows=FEW_WINDOWS
    ),
    "old types of tokens": _Case(_of(_few, recorders.cumulative), spellings.OLD_TYPES, windows=FEW_WINDOWS),
}

CASE_NAMES: Final = tuple(_CASES)


def kinds_of(name: str) -> tuple[Kind, ...]:
    """The servers that can hold a case."""
    return _CASES[name].kinds


@cache
def dataset(name: str) -> Dataset:
    """A case's dataset; the same every time."""
    case = _CASES[name]
    recording = case.record(_author(name, *case.users))
    return Dataset(name, recording, Truth(recording), case.spelling, case.windows)
