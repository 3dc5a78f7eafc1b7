"""``stats-cache.json``: what Claude Code has counted itself, for its own statistics.

It lags: it ends on the day before it was last made, which may be weeks ago. Its tokens are sums over lines
of transcripts, which repeat themselves, so they are larger than what was used. It has several versions;
fields that are missing or of another kind are unknown, and fields that are new are passed over.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from ccmon_tray.errors import ClaudeFilesUnreadable
from ccmon_tray.sources.claude_files.regular import open_regular
from ccmon_tray.usage.models import Tokens

FILE_NAME: Final = "stats-cache.json"

# From this version of them on, a day's tokens by model contain those of the cache.
_DAILY_WITH_CACHE: Final = 5
_NO_MODEL: Final = "<synthetic>"


@dataclass(frozen=True, slots=True)
class DayActivity:
    """What was done on one local day."""

    day: date
    messages: int
    sessions: int
    tool_calls: int


@dataclass(frozen=True, slots=True)
class LongestSession:
    """The session that lasted longest: its id, seconds from first to last message, and when it began."""

    session_id: str | None
    duration_s: float
    messages: int | None
    started: float | None


@dataclass(frozen=True, slots=True)
class StatsCache:
    """The content of one stats cache; None is what it does not say.

    Attributes:
        path: The file.
        version: Its version.
        computed: The last day that it covers.
        days: Days with activity, ascending.
        tokens_by_day: Tokens by model id of each day, ascending.
        daily_with_cache: Whether ``tokens_by_day`` contains the tokens of the cache.
        models: Tokens by model id, over all time.
        sessions: How many sessions there were.
        messages: How many messages there were.
        longest: The longest session.
        first_session: Unix seconds of the first session's start.
        hours: Sessions by the local hour (0 to 23) in which they began.
    """

    path: Path
    version: int | None
    computed: date | None
    days: tuple[DayActivity, ...]
    tokens_by_day: tuple[tuple[date, Mapping[str, int]], ...]
    daily_with_cache: bool
    models: Mapping[str, Tokens]
    sessions: int | None
    messages: int | None
    longest: LongestSession | None
    first_session: float | None
    hours: Mapping[int, int]

    @property
    def covers(self) -> tuple[date, date] | None:
        """The first and the last day that it knows."""
        known = [day.day for day in self.days] + [day for day, _ in self.tokens_by_day]
        if not known:
            return None
        return min(known), max(*known, self.computed or date.min)


def load_stats_cache(folders: Sequence[Path]) -> StatsCache | None:
    """The stats cache of these folders: of several, the one that reaches furthest.

    Returns:
        Its content, or None where there is none.

    Raises:
        ClaudeFilesUnreadable: There is one, but it cannot be read.
    """
    found = [cache for folder in folders if (cache := _load(folder / FILE_NAME)) is not None]
    return max(found, key=lambda cache: cache.computed or date.min, default=None)


def _load(path: Path) -> StatsCache | None:
    try:
        with open_regular(path) as file:
            content = json.loads(file.read())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error.strerror or type(error).__name__) from error
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, "it is not JSON, or only half written") from error
    if not isinstance(content, dict):
        raise _unreadable(path, "it holds no statistics")
    return parse_stats_cache(content, path)


def _unreadable(path: Path, cause: str) -> ClaudeFilesUnreadable:
    return ClaudeFilesUnreadable(
        "The stats cache cannot be read",
        cause=f"{path}: {cause}",
        next_step="Open /stats in Claude Code, which writes it anew",
    )


def parse_stats_cache(content: Mapping[str, Any], path: Path) -> StatsCache:
    """The content of a stats cache of any version.

    Args:
        content: The file's JSON.
        path: Where it came from.
    """
    days = {
        day: DayActivity(
            day,
            _count(entry.get("messageCount")) or 0,
            _count(entry.get("sessionCount")) or 0,
            _count(entry.get("toolCallCount")) or 0,
        )
        for day, entry in _dated(content.get("dailyActivity"))
    }
    tokens = {
        day: {model: count for model, count in _counts(entry.get("tokensByModel")) if model != _NO_MODEL}
        for day, entry in _dated(content.get("dailyModelTokens"))
    }
    return StatsCache(
        path=path,
        version=_count(content.get("version")),
        computed=_date(content.get("lastComputedDate")),
        days=tuple(days[day] for day in sorted(days)),
        tokens_by_day=tuple((day, tokens[day]) for day in sorted(tokens)),
        daily_with_cache=(_count(content.get("dailyModelTokensVersion")) or 0) >= _DAILY_WITH_CACHE,
        models={
            model: _tokens(entry)
            for model, entry in _table(content.get("modelUsage")).items()
            if model != _NO_MODEL and isinstance(entry, Mapping)
        },
        sessions=_count(content.get("totalSessions")),
        messages=_count(content.get("totalMessages")),
        longest=_longest(_table(content.get("longestSession"))),
        first_session=_moment(content.get("firstSessionDate")),
        hours={
            int(hour): count
            for hour, count in _counts(content.get("hourCounts"))
            if hour.isdecimal() and int(hour) < 24
        },
    )


def _longest(entry: Mapping[str, Any]) -> LongestSession | None:
    duration_ms = _count(entry.get("duration"))
    if not duration_ms:
        return None
    session_id = entry.get("sessionId")
    return LongestSession(
        session_id if isinstance(session_id, str) else None,
        duration_ms / 1000,
        _count(entry.get("messageCount")),
        _moment(entry.get("timestamp")),
    )


def _tokens(entry: Mapping[str, Any]) -> Tokens:
    names = {
        "input": "inputTokens",
        "output": "outputTokens",
        "cache_read": "cacheReadInputTokens",
        "cache_creation": "cacheCreationInputTokens",
    }
    counts = {kind: float(_count(entry.get(name)) or 0) for kind, name in names.items()}
    return Tokens(total=sum(counts.values()), **counts)


def _dated(entries: object) -> Iterator[tuple[date, Mapping[str, Any]]]:
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping) and (day := _date(entry.get("date"))) is not None:
            yield day, entry


def _counts(table: object) -> Iterator[tuple[str, int]]:
    for key, value in _table(table).items():
        if (count := _count(value)) is not None:
            yield key, count


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(value: object) -> int | None:
    """A whole number of 0 or more, also where it is written as a float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**63 else None


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _moment(value: object) -> float | None:
    """Unix seconds of an ISO 8601 moment, or of milliseconds."""
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    count = _count(value)
    return None if count is None else count / 1000
