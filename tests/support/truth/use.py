"""Invented, lifelike use: who ran which session when, and what each moment of it added to the counters."""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from ccmon_tray.usage.metrics import Metric

MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86_400.0

Labels = tuple[tuple[str, str], ...]

_TOKEN_RANGES: Final = {
    "input": (3, 900),
    "output": (40, 4000),
    "cacheRead": (8_000, 160_000),
    "cacheCreation": (200, 20_000),
}
_USD_PER_TOKEN: Final = {"input": 5e-6, "output": 25e-6, "cacheRead": 0.5e-6, "cacheCreation": 6.25e-6}
_MODELS: Final = (
    "claude-opus-4-8",
    "claude-opus-4-8[1m]",
    "claude-sonnet-5",
    "claude-haiku-4-5-20251001",
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that added ``amount`` to one counter at ``at`` (Unix seconds); ``labels`` are its own."""

    at: float
    metric: Metric
    labels: Labels
    amount: float


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who uses Claude Code; ``identity`` are the labels this puts on every series."""

    identity: Labels

    @classmethod
    def subscriber(cls, name: str) -> "User":
        """Logged in with a subscription: account and e-mail are known."""
        return cls(
            (
                ("user_id", f"{name}-install"),
                ("terminal_type", "xterm"),
                ("organization_id", "org-1"),
                ("user_account_uuid", f"{name}-account"),
                ("user_email", f"{name}@example.org"),
            )
        )

    @classmethod
    def with_api_key(cls, name: str) -> "User":
        """With an API key only the installation is known."""
        return cls((("user_id", f"{name}-install"), ("terminal_type", "vscode")))


@dataclass(frozen=True, slots=True)
class Process:
    """One run of the client. It counts from 0, whatever its session id counted before.

    Attributes:
        session_id: The session it works on.
        user: Whose it is.
        start: Unix seconds.
        end: Unix seconds of its exit, at which it exports once more.
        events: What it did, in the order of time.
        asleep: Stretches (from, to) in which its machine slept, so that nothing was exported.
    """

    session_id: str
    user: User
    start: float
    end: float
    events: tuple[Event, ...]
    asleep: tuple[tuple[float, float], ...] = ()

    def export_times(self, interval_s: float = MINUTE) -> list[float]:
        """When it exports: every interval while awake, and at exit; Unix seconds."""
        times: list[float] = []
        at = self.start + interval_s
        while at < self.end:
            woke = next((until for since, until in self.asleep if since <= at < until), None)
            if woke is not None:
                at = woke + 1.0
                continue
            times.append(round(at, 3))
            at += interval_s
        return [*times, round(self.end, 3)]


@dataclass(slots=True)
class Author:
    """Writes processes with a seeded hand."""

    rng: random.Random
    users: Sequence[User] = field(default_factory=lambda: (User.subscriber("dev"),))

    def session_id(self) -> str:
        """A new session's id."""
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def process(
        self,
        start: float,
        seconds: float,
        *,
        session_id: str | None = None,
        start_type: str = "fresh",
        user: User | None = None,
        awake: Sequence[tuple[float, float]] | None = None,
        models: Sequence[str] | None = None,
        requests_every_s: float = 45.0,
        scale: float = 1.0,
    ) -> Process:
        """A run of the client with requests, edits and activity throughout.

        Args:
            start: Unix seconds.
            seconds: Its length.
            session_id: The session it continues; None makes a new one.
            start_type: How the session was started.
            user: Whose it is; None draws one.
            awake: Stretches (from, to) in which something happens; the machine sleeps between them.
            models: The model it talks to and that of its subagents; None draws two.
            requests_every_s: Mean time between requests to a model, seconds.
            scale: Factor on every token count.
        """
        rng = self.rng
        end = start + seconds
        stretches = list(awake or [(start, end)])
        models = models or rng.sample(_MODELS, 2)
        events = [Event(start, Metric.SESSIONS, (("start_type", start_type),), 1.0)]
        for since, until in stretches:
            at = since + rng.uniform(0.5, min(20.0, (until - since) / 2))
            while at < until - 0.002:
                events += self._turn(round(at, 3), models, scale)
                at += rng.expovariate(1 / requests_every_s) + 0.5
        asleep = tuple((a, b) for (_, a), (b, _) in pairwise(stretches))
        return Process(
            session_id or self.session_id(),
            user or rng.choice(self.users),
            start,
            end,
            tuple(sorted(events, key=lambda event: event.at)),
            asleep,
        )

    def _turn(self, at: float, models: Sequence[str], scale: float) -> list[Event]:
        rng = self.rng
        model, source = (models[0], "main") if rng.random() < 0.8 else (models[1], "subagent")
        events = self.request(at, model, source, scale)
        events += [
            Event(at, Metric.ACTIVE_TIME, (("type", "cli"),), round(rng.uniform(1, 30), 3)),
            Event(at, Metric.ACTIVE_TIME, (("type", "user"),), round(rng.uniform(0.2, 9), 3)),
        ]
        if rng.random() < 0.5:
            # Nothing removed is exported as 0 all the same.
            removed = float(rng.choice((0, 0, rng.randint(1, 80))))
            events += [
                Event(at, Metric.LINES, (("type", "added"), ("model", model)), float(rng.randint(1, 120))),
                Event(at, Metric.LINES, (("type", "removed"), ("model", model)), removed),
                self._decision(at),
            ]
        if rng.random() < 0.06:
            events.append(Event(at, Metric.COMMITS, (), 1.0))
        if rng.random() < 0.02:
            events.append(Event(at, Metric.PULL_REQUESTS, (), 1.0))
        return events

    def request(self, at: float, model: str, source: str, scale: float = 1.0) -> list[Event]:
        """What one request to a model adds: four kinds of token and their cost."""
        own = (("model", model), ("query_source", source))
        events = []
        cost = 0.0
        for kind, (low, high) in _TOKEN_RANGES.items():
            count = max(1, round(self.rng.randint(low, high) * scale))
            cost += count * _USD_PER_TOKEN[kind]
            events.append(Event(at, Metric.TOKENS, (*own, ("type", kind)), float(count)))
        return [*events, Event(at, Metric.COST, own, round(cost, 8))]

    def headless_turns(self, starts: Sequence[float], scales: Sequence[float]) -> list[list[Event]]:
        """What short runs of `claude -p` do: one alike request each, scaled, and less activity every time."""
        request = self.request(0.0, _MODELS[0], "main")
        turns = []
        for number, (start, scale) in enumerate(zip(starts, scales, strict=True)):
            scaled = [replace(event, at=start, amount=round(event.amount * scale, 8)) for event in request]
            active_s = round(29.0 / (number + 1.3), 3)
            turns.append([*scaled, Event(start, Metric.ACTIVE_TIME, (("type", "cli"),), active_s)])
        return turns

    def run(
        self,
        session_id: str,
        user: User,
        start: float,
        seconds: float,
        events: Sequence[Event],
        *,
        start_type: str,
    ) -> Process:
        """A run of the client that does just these things after it counted its own start."""
        begin = Event(start, Metric.SESSIONS, (("start_type", start_type),), 1.0)
        return Process(session_id, user, start, start + seconds, (begin, *events))

    def _decision(self, at: float) -> Event:
        decision = "accept" if self.rng.random() < 0.9 else "reject"
        own = (
            ("tool_name", self.rng.choice(("Edit", "Write"))),
            ("decision", decision),
            ("source", "config"),
            ("language", self.rng.choice(("Python", "Go"))),
        )
        return Event(at, Metric.EDIT_DECISIONS, own, 1.0)

    def interface(self, start: float, seconds: float) -> Process:
        """The process of the agents view: it counts itself, and is not a session."""
        event = Event(start, Metric.SESSIONS, (("start_type", "agents_view"),), 1.0)
        return Process(self.session_id(), self.rng.choice(self.users), start, start + seconds, (event,))

    def working_days(self, now: float, days: int, per_day: float) -> list[Process]:
        """Sessions of one to forty minutes, scattered over the days before ``now``."""
        processes = []
        for _ in range(round(days * per_day)):
            seconds = self.rng.triangular(MINUTE, 40 * MINUTE, 10 * MINUTE)
            start = now - DAY * days * self.rng.random() - seconds
            processes.append(self.process(_ms(start), _ms(seconds)))
        return processes

    def straddling(self, moments: Sequence[float]) -> list[Process]:
        """Sessions that are under way at each of the moments."""
        return [
            self.process(
                _ms(moment - self.rng.uniform(4, 15) * MINUTE), _ms(self.rng.uniform(17, 25) * MINUTE)
            )
            for moment in moments
        ]


def _ms(value: float) -> float:
    return round(value, 3)
