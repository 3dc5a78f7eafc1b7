"""The files that Claude Code would have left of the demo's generated days."""

import threading
import time
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from ccmon_tray.sources.claude_files.history import History, SessionRecord
from ccmon_tray.sources.claude_files.projects import project_names
from ccmon_tray.sources.claude_files.stats_cache import DayActivity, LongestSession, StatsCache
from ccmon_tray.sources.demo.days import WATCHED, DayGenerator, Track
from ccmon_tray.usage.metrics import Label, Metric, TokenType, token_type
from ccmon_tray.usage.models import Tokens
from ccmon_tray.usage.windows import Calendar

_DAYS: Final = 400
# In a track that moves about once a minute, so many moments lie between two prompts.
_PROMPT_EVERY: Final = 3
_WATCH_PROMPT_EVERY: Final = 240
# Claude Code counts every line of a transcript as a message: answers and tool results too.
_LINES_A_PROMPT: Final = 7
_TOOLS_A_PROMPT: Final = 3


@dataclass(frozen=True, slots=True)
class _Session:
    session_id: str
    project: str
    prompts: "array[int]"
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Day:
    sessions: tuple[_Session, ...]
    tokens: dict[str, dict[TokenType | None, float]]


class DemoFiles:
    """History and stats cache of the person whose days the demo generates.

    Args:
        calendar: The days in which the generated person works.
        seed: The same as the source's.
        clock: Unix seconds now; nothing later than this is told.
    """

    def __init__(self, calendar: Calendar, *, seed: int = 0, clock: Callable[[], float] = time.time) -> None:
        self._calendar = calendar
        self._generator = DayGenerator(seed)
        self._clock = clock
        self._lock = threading.Lock()
        self._days: dict[date, _Day] = {}

    @property
    def folders(self) -> tuple[Path, ...]:
        """None: nothing of it is on the disk."""
        return ()

    def history(self) -> History:
        """What the person wrote, without the words."""
        now = int(self._clock())
        moments: dict[str, list[int]] = {}
        projects: dict[str, str] = {}
        for _, day in self._past(now):
            for session in day.sessions:
                if written := [moment for moment in session.prompts if moment <= now]:
                    moments.setdefault(session.session_id, []).extend(written)
                    projects[session.session_id] = session.project
        sessions = {
            name: SessionRecord(name, projects[name], times[0], times[-1], len(times), array("I", times))
            for name, times in moments.items()
        }
        everything = array("I", (moment for times in moments.values() for moment in times))
        return History(sessions, everything, project_names(sorted(set(projects.values()))))

    def stats_cache(self) -> StatsCache:
        """What Claude Code would have counted up to yesterday."""
        now = int(self._clock())
        days = self._past(now)[:-1]
        began: dict[str, int] = {}
        models: dict[str, Counter[TokenType | None]] = {}
        for _, day in days:
            for session in day.sessions:
                began.setdefault(session.session_id, session.first)
            for model, by_type in day.tokens.items():
                models.setdefault(model, Counter()).update(by_type)
        # Not the watch, which never ends.
        work = [session for _, day in days for session in day.sessions if session.project != WATCHED]
        longest = max(work, key=lambda session: session.last - session.first)
        prompts = [(day, sum(len(s.prompts) for s in content.sessions)) for day, content in days]
        return StatsCache(
            path=Path("stats-cache.json"),
            version=5,
            computed=days[-1][0],
            days=tuple(
                DayActivity(day, written * _LINES_A_PROMPT, len(content.sessions), written * _TOOLS_A_PROMPT)
                for (day, content), (_, written) in zip(days, prompts, strict=True)
            ),
            tokens_by_day=tuple(
                (day, {model: int(sum(by_type.values())) for model, by_type in content.tokens.items()})
                for day, content in days
            ),
            daily_with_cache=True,
            models={model: Tokens.from_types(dict(by_type)) for model, by_type in models.items()},
            sessions=len(began),
            messages=sum(written for _, written in prompts) * _LINES_A_PROMPT,
            longest=LongestSession(
                longest.session_id, longest.last - longest.first, len(longest.prompts), longest.first
            ),
            first_session=float(min(began.values())),
            hours=Counter(self._calendar.local(moment).hour for moment in began.values()),
        )

    def _past(self, now: int) -> list[tuple[date, _Day]]:
        """Every day up to today, the earliest first."""
        today = self._calendar.day_of(now)
        with self._lock:
            found = []
            for back in range(_DAYS, -1, -1):
                day = today - timedelta(days=back)
                if day not in self._days:
                    self._days[day] = self._digest(day)
                found.append((day, self._days[day]))
            return found

    def _digest(self, day: date) -> _Day:
        midnight = self._calendar.midnight(day)
        length = self._calendar.midnight(day + timedelta(days=1)) - midnight
        sessions: dict[str, _Session] = {}
        tokens: dict[str, dict[TokenType | None, float]] = {}
        for track in self._generator.generate(day):
            low, high = track.index(0), track.index(length)
            labels = dict(track.labels)
            if high == low or labels.get(Label.QUERY_SOURCE) == "subagent":
                continue
            if model := labels.get(Label.MODEL):
                sessions[labels[Label.SESSION]] = _session(track, low, high, midnight - track.midnight_s)
                _add_tokens(tokens.setdefault(model, {}), track, low, high)
        return _Day(tuple(sessions.values()), tokens)


def _session(track: Track, low: int, high: int, shift: int) -> _Session:
    every = _WATCH_PROMPT_EVERY if track.project == WATCHED else _PROMPT_EVERY
    return _Session(
        dict(track.labels)[Label.SESSION],
        track.project,
        array("I", (moment + shift for moment in track.times[low:high:every])),
        track.times[low] + shift,
        track.times[high - 1] + shift,
    )


def _add_tokens(by_type: dict[TokenType | None, float], track: Track, low: int, high: int) -> None:
    for column in track.columns:
        if column.metric is Metric.TOKENS:
            kind = token_type(dict(column.labels)[Label.TYPE])
            by_type[kind] = by_type.get(kind, 0.0) + column.running[high] - column.running[low]
