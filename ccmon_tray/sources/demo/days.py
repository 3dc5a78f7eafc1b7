"""Lifelike days of Claude Code: who worked when, on which model, and what it used.

A day depends on the seed and its date alone, so that the past never changes and tomorrow is already settled;
the source shows only what lies before the clock. Each day is kept as a few tracks of running totals, which
makes the use of any window a difference of two look-ups.
"""

import uuid
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Final, NamedTuple

from ccmon_tray.usage.metrics import Label, Metric

_HOUR: Final = 3600
# A day has 25 hours when daylight saving ends.
_LONGEST_DAY_S: Final = 25 * _HOUR
_WATCH_S: Final = 3 * _LONGEST_DAY_S

Labels = tuple[tuple[Label, str], ...]


class _Model(NamedTuple):
    """A model and its list price, USD per million tokens (October 2026)."""

    name: str
    input: float
    cache_creation: float  # written for five minutes
    cache_read: float
    output: float


_OPUS_4_8: Final = _Model("claude-opus-4-8", 5, 6.25, 0.50, 25)
_OPUS_5_5: Final = _Model("claude-opus-5-5", 4, 5, 0.20, 20)
_SONNET_5_5: Final = _Model("claude-sonnet-5-5", 2, 2.50, 0.10, 10)
_HAIKU_4_5: Final = _Model("claude-haiku-4-5-20251001", 1, 1.25, 0.10, 5)


class _Project(NamedTuple):
    """What work on a project looks like: its models with their weights, and how much of it changes code."""

    path: str
    models: tuple[_Model, ...]
    weights: tuple[int, ...]
    edits_a_minute: float
    subagents: float


_PROJECTS: Final = (
    _Project("/home/dev/shop", (_OPUS_4_8, _OPUS_5_5), (5, 3), 0.55, 0.20),  # features
    _Project("/home/dev/api", (_SONNET_5_5, _OPUS_5_5), (6, 2), 0.70, 0.10),  # many small changes
    # reads much, writes little
    _Project("/home/dev/research", (_OPUS_5_5, _SONNET_5_5), (3, 4), 0.25, 0.45),
    _Project("/home/dev/dotfiles", (_SONNET_5_5,), (1,), 0.40, 0.0),  # scripts
)
_PROJECT_WEIGHTS: Final = (5, 4, 2, 1)
WATCHED: Final = "/home/dev/infra"
"""Where the watch works: a session that goes on around the clock."""

_TOKEN_LABELS: Final = tuple(
    ((Label.TYPE, kind),) for kind in ("input", "output", "cacheRead", "cacheCreation")
)
_CLI: Final = ((Label.TYPE, "cli"),)
_USER: Final = ((Label.TYPE, "user"),)


class Column(NamedTuple):
    """A counter on a track: its own labels, and its value after each of the track's moments (0 first)."""

    metric: Metric
    labels: Labels
    running: "array[float] | array[int]"


@dataclass(frozen=True, slots=True)
class Track:
    """Counters of one session (and model) that move at the same moments of one day.

    Attributes:
        labels: What all its counters carry.
        times: Ascending moments, seconds.
        columns: The counters.
        midnight_s: The time that is the day's local midnight.
        project: The folder that the session works in.
    """

    labels: Labels
    times: "array[int]"
    columns: tuple[Column, ...]
    midnight_s: int = 0
    project: str = WATCHED

    def index(self, offset_s: int) -> int:
        """How many moments lie at or before so many seconds after midnight: an index into ``running``."""
        return bisect_right(self.times, offset_s + self.midnight_s)


@dataclass(slots=True)
class _Requests:
    """A track of requests to one model while it is being written."""

    labels: Labels
    model: _Model
    times: list[int] = field(default_factory=list)
    used: list[tuple[int, int, int, int]] = field(default_factory=list)

    def add(self, time: int, used: tuple[int, int, int, int]) -> None:
        """Tokens used at a moment, in the order of the token columns."""
        self.times.append(time)
        self.used.append(used)

    def finish(self) -> Track:
        model = self.model
        costs = (
            (fresh * model.input + out * model.output + read * model.cache_read + new * model.cache_creation)
            / 1e6
            for fresh, out, read, new in self.used
        )
        columns = [Column(Metric.COST, (), array("d", accumulate(costs, initial=0.0)))]
        columns += [
            Column(Metric.TOKENS, labels, array("i", accumulate(counts, initial=0)))
            for labels, counts in zip(_TOKEN_LABELS, zip(*self.used, strict=True), strict=True)
        ]
        return Track(self.labels, array("i", self.times), tuple(columns))


@dataclass(slots=True)
class _Deeds:
    """A track of what was done besides requests, while it is being written."""

    labels: Labels
    times: list[int] = field(default_factory=list)
    increments: dict[tuple[Metric, Labels], list[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, time: int, metric: Metric, labels: Labels, increment: int) -> None:
        """An increment at a moment not before the last one."""
        if not self.times or self.times[-1] != time:
            self.times.append(time)
        self.increments[metric, labels].append((len(self.times), increment))

    def finish(self) -> Track:
        columns = []
        for (metric, labels), increments in self.increments.items():
            steps = [0] * (len(self.times) + 1)
            for index, increment in increments:
                steps[index] += increment
            columns.append(Column(metric, labels, array("i", accumulate(steps))))
        return Track(self.labels, array("i", self.times), tuple(columns))


def session_id(seed: int, day: date, number: int) -> str:
    """The id of a day's n-th session, shaped like Claude Code's (a version 4 UUID)."""
    return str(uuid.UUID(int=Random(f"{seed}/{day}/{number}").getrandbits(128), version=4))  # noqa: S311


class DayGenerator:
    """Generates days.

    Args:
        seed: Another seed is another person's history.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._watch = _watch(Random(f"{seed}/watch"))  # noqa: S311 — lifelike, not secret

    def generate(self, day: date) -> tuple[Track, ...]:
        """All tracks of a local day."""
        rng = Random(f"{self._seed}/{day}")  # noqa: S311
        # The watch has a new session every week, and each day is another part of its story.
        week = day - timedelta(days=day.weekday())
        labels = ((Label.SESSION, session_id(self._seed, week, -1)),)
        midnight_s = rng.randrange(_WATCH_S - _LONGEST_DAY_S)
        tracks = [
            replace(track, labels=(*labels, *track.labels), midnight_s=midnight_s) for track in self._watch
        ]
        diligence = rng.lognormvariate(0.0, 0.25)
        for number, (start, minutes) in enumerate(_sessions(rng, day)):
            # Some mornings go on with the last evening's session.
            resumed = number == 0 and rng.random() < 0.25
            name = session_id(self._seed, day - timedelta(days=resumed), number)
            tracks.extend(_work(rng, name, start, max(3, round(minutes * diligence)), resumed=resumed))
        return tuple(tracks)


def _watch(rng: Random) -> tuple[Track, Track]:
    """A small request about every minute around the clock, so that a demonstration moves at any hour."""
    requests = _Requests(((Label.MODEL, _HAIKU_4_5.name), (Label.QUERY_SOURCE, "main")), _HAIKU_4_5)
    deeds = _Deeds(())
    random = rng.random
    time, busy = 0, 1.0
    while (time := time + int(48 + random() * 20)) < _WATCH_S:
        if random() < 0.01:
            busy = rng.lognormvariate(-0.3, 0.5)
        used = (
            2 + int(random() * 30),
            int(busy * (30 + random() * 160)),
            int(busy * (4_000 + random() * 6_000)),
            int(busy * random() * 600),
        )
        requests.add(time, used)
        deeds.add(time, Metric.ACTIVE_TIME, _CLI, int(random() * 4))
    return requests.finish(), deeds.finish()


def _sessions(rng: Random, day: date) -> Iterator[tuple[int, float]]:
    """When the day's sessions start (seconds since midnight), and their length in minutes."""
    weekend = day.weekday() >= 5
    if weekend:
        starts = [rng.uniform(10, 21.5) for _ in range(rng.choices((0, 1, 2), (30, 45, 25))[0])]
    elif rng.random() < 0.04:  # a day off
        starts = []
    else:
        mornings = rng.randint(2, 3)
        afternoons = rng.randint(2, 4)
        starts = [rng.uniform(8.7, 11.5) for _ in range(mornings)]
        starts += [rng.uniform(13.0, 17.5) for _ in range(afternoons)]
        if rng.random() < 0.3:
            starts.append(rng.uniform(19.5, 22.0))
    for hour in sorted(starts):
        shortest, longest = rng.choices(((3, 12), (15, 45), (60, 110)), (45, 43, 12))[0]
        yield int(hour * _HOUR), rng.uniform(shortest, longest)


def _work(rng: Random, name: str, start: int, minutes: int, *, resumed: bool) -> list[Track]:
    """One session's tracks: its main model, its helpers on a small model, and what the person did."""
    # By its id: a session that is resumed goes on with the same project.
    [project] = Random(name).choices(_PROJECTS, _PROJECT_WEIGHTS)  # noqa: S311
    model = rng.choices(project.models, project.weights)[0]
    labels = ((Label.SESSION, name),)
    main = _Requests((*labels, (Label.MODEL, model.name), (Label.QUERY_SOURCE, "main")), model)
    helper = _Requests(
        (*labels, (Label.MODEL, _HAIKU_4_5.name), (Label.QUERY_SOURCE, "subagent")), _HAIKU_4_5
    )
    deeds = _Deeds(labels)
    random = rng.random

    deeds.add(start, Metric.SESSIONS, ((Label.START_TYPE, "resume" if resumed else "fresh"),), 1)
    context = 18_000 + random() * 9_000
    helping = uncommitted = 0
    time = start
    for minute in range(minutes):
        time += int(52 + random() * 16)
        if minute and random() < 0.3:  # the person reads, or talks to somebody
            continue
        requests = 1 + int(random() ** 2 * 5)
        written = int(requests * (600 + random() * 2_900))
        main.add(
            time,
            (
                int(requests * (4 + random() * 120)),
                int(requests * (120 + random() * 650)),
                int(requests * context),
                written,
            ),
        )
        context += written
        if context > 140_000:  # compacted
            context = 32_000.0
        deeds.add(time, Metric.ACTIVE_TIME, _CLI, int(18 + random() * 40))
        deeds.add(time, Metric.ACTIVE_TIME, _USER, int(random() * 24))
        if helping or random() < project.subagents * 0.15:
            helping = helping - 1 if helping else rng.randint(2, 6)
            helper.add(time, _helper_request(rng))
        if random() < project.edits_a_minute:
            uncommitted += _edit(rng, deeds, time, model)
        if uncommitted > 60 and random() < 0.2:
            uncommitted = 0
            deeds.add(time, Metric.COMMITS, (), 1)
            if random() < 0.22:
                deeds.add(time, Metric.PULL_REQUESTS, (), 1)
    return [replace(track.finish(), project=project.path) for track in (main, helper, deeds) if track.times]


def _helper_request(rng: Random) -> tuple[int, int, int, int]:
    """What a subagent uses in a minute."""
    calls = rng.randint(2, 7)
    return (
        calls * rng.randint(3, 300),
        calls * rng.randint(80, 500),
        calls * rng.randint(9_000, 42_000),
        calls * rng.randint(500, 2_600),
    )


def _edit(rng: Random, deeds: _Deeds, time: int, model: _Model) -> int:
    """One proposed edit: its decision, and the lines it changed, which are returned."""
    tool = "Write" if rng.random() < 0.15 else "Edit"
    decision = "reject" if rng.random() < 0.06 else "accept"
    deeds.add(time, Metric.EDIT_DECISIONS, ((Label.TOOL, tool), (Label.DECISION, decision)), 1)
    if decision == "reject":
        return 0
    added = int(rng.expovariate(1 / (45 if tool == "Write" else 11))) + 1
    removed = 0 if tool == "Write" else int(rng.expovariate(1 / 6))
    for kind, lines in (("added", added), ("removed", removed)):
        deeds.add(time, Metric.LINES, ((Label.TYPE, kind), (Label.MODEL, model.name)), lines)
    return added + removed
