"""Writing exports into the collector's tables, with roll-ups that are in step within the same transaction."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from ccmon_tray.sources.collector.exports import ApiError, ApiRequest, Event, Labels, Point, ToolResult
from ccmon_tray.sources.collector.schema import HOUR_S, METRIC_IDS, QUARTER_S
from ccmon_tray.sources.collector.streams import Known, rise
from ccmon_tray.usage.metrics import Label

_NS_PER_S: Final = 10**9
# The agents view is a process that shows sessions, and none itself.
_NO_SESSION: Final = (Label.START_TYPE.value, "agents_view")
# So many ids are remembered of each kind, at some 300 bytes each.
_REMEMBERED: Final = 4096

K = TypeVar("K")


class Writer:
    """Writes into one open file. Each :meth:`write` belongs into a transaction of its caller.

    Args:
        connection: The file, of this program's version.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.forget()

    def forget(self) -> None:
        """Forget what was written: the transaction was rolled back."""
        self._sessions: dict[str, int] = {}
        self._labels: dict[Labels, int] = {}
        self._series: dict[tuple[int, int, int], int] = {}
        self._words: dict[str, int] = {}

    def write(self, points: Iterable[Point], events: Iterable[Event]) -> None:
        """Write data points and events; what was written before counts once.

        Raises:
            sqlite3.Error: It cannot be written; the transaction is to be rolled back, and all forgotten.
        """
        rises = _Rises()
        for point in points:
            self._write_point(point, rises)
        rises.write(self._connection)
        for event in events:
            self._write_event(event)

    def _write_point(self, point: Point, rises: "_Rises") -> None:
        metric = METRIC_IDS[point.metric]
        session = self._session_id(point.session)
        labels = self._labels_id(point.labels)
        use = bool(point.session) and _NO_SESSION not in point.labels
        series = self._series_id(metric, labels, session, use=use)
        at = second_of(point.time_ns)
        execute = self._connection.execute
        if point.cumulative:
            found = execute(
                "SELECT time_ns, units FROM streams WHERE series = ? AND start_ns = ?",
                (series, point.start_ns),
            ).fetchone()
            units, known = rise(
                None if found is None else Known(*found),
                point.time_ns,
                point.units,
                start_known=point.start_ns > 0,
            )
            if known is not None:
                execute(
                    "INSERT OR REPLACE INTO streams VALUES (?, ?, ?, ?)", (series, point.start_ns, *known)
                )
            again = "ON CONFLICT DO UPDATE SET units = units + excluded.units"
        else:
            units = point.units
            again = "ON CONFLICT DO NOTHING"
        if not units:
            return
        written = execute(
            f"INSERT INTO increments VALUES (?, ?, ?, ?, ?) {again}",  # noqa: S608 — one of the two above
            (at, series, point.time_ns, point.start_ns, units),
        )
        if written.rowcount:
            rises.add(metric, labels, session, at, units, use=use)

    def _write_event(self, event: Event) -> None:
        begin = (second_of(event.time_ns), event.identity, self._session_id(event.session))
        match event:
            case ApiRequest():
                table = "api_requests"
                row: Sequence[int | None] = (
                    self._word_id(event.model),
                    self._word_id(event.query_source),
                    event.duration_ms,
                    event.cost_units,
                    event.input_tokens,
                    event.output_tokens,
                    event.cache_read_tokens,
                    event.cache_creation_tokens,
                )
            case ApiError():
                table = "api_errors"
                row = (self._word_id(event.model), event.status, event.attempt, event.duration_ms)
            case ToolResult():
                table = "tool_results"
                row = (self._word_id(event.tool), event.success, event.duration_ms)
        places = ", ".join("?" * (len(begin) + len(row)))
        self._connection.execute(
            f"INSERT OR IGNORE INTO {table} VALUES ({places})",  # noqa: S608 — one of the tables above
            (*begin, *row),
        )

    def _session_id(self, name: str) -> int:
        known = self._sessions.get(name)
        return self._intern(self._sessions, name, "sessions", "name", name) if known is None else known

    def _word_id(self, word: str) -> int:
        known = self._words.get(word)
        return self._intern(self._words, word, "words", "word", word) if known is None else known

    def _labels_id(self, labels: Labels) -> int:
        known = self._labels.get(labels)
        if known is not None:
            return known
        return self._intern(self._labels, labels, "labels", "pairs", json.dumps(labels, ensure_ascii=False))

    def _intern(self, known: dict[K, int], key: K, table: str, column: str, text: str) -> int:
        """The number of a text in one of the tables that hold each once."""
        execute = self._connection.execute
        select = f"SELECT id FROM {table} WHERE {column} = ?"  # noqa: S608
        found = execute(select, (text,)).fetchone()
        if found is None:
            found = (execute(f"INSERT INTO {table} ({column}) VALUES (?)", (text,)).lastrowid,)  # noqa: S608
        number: int = found[0]
        if len(known) >= _REMEMBERED:
            known.clear()
        known[key] = number
        return number

    def _series_id(self, metric: int, labels: int, session: int, *, use: bool) -> int:
        key = metric, labels, session
        known = self._series.get(key)
        if known is not None:
            return known
        execute = self._connection.execute
        select = "SELECT id FROM series WHERE metric = ? AND labels = ? AND session = ?"
        found = execute(select, key).fetchone()
        if found is None:
            insert = "INSERT INTO series (metric, labels, session, use) VALUES (?, ?, ?, ?)"
            found = (execute(insert, (*key, use)).lastrowid,)
        number: int = found[0]
        if len(self._series) >= _REMEMBERED:
            self._series.clear()
        self._series[key] = number
        return number


class _Rises:
    """What increments add to the roll-ups, summed up before it is written."""

    def __init__(self) -> None:
        self._hours: dict[tuple[int, int, int, int], int] = defaultdict(int)
        self._quarters: dict[tuple[int, int, int], int] = defaultdict(int)
        self._activity: dict[tuple[int, int], tuple[int, int]] = {}

    def add(self, metric: int, labels: int, session: int, at: int, units: int, *, use: bool) -> None:
        hour = (at - 1) // HOUR_S
        self._hours[metric, hour, session, labels] += units
        self._quarters[metric, (at - 1) // QUARTER_S, labels] += units
        if use:
            first, last = self._activity.get((hour, session), (at, at))
            self._activity[hour, session] = min(first, at), max(last, at)

    def write(self, connection: sqlite3.Connection) -> None:
        more = "ON CONFLICT DO UPDATE SET units = units + excluded.units"
        connection.executemany(
            f"INSERT INTO hours VALUES (?, ?, ?, ?, ?) {more}",  # noqa: S608
            [(*key, units) for key, units in self._hours.items()],
        )
        connection.executemany(
            f"INSERT INTO quarters VALUES (?, ?, ?, ?) {more}",  # noqa: S608
            [(*key, units) for key, units in self._quarters.items()],
        )
        connection.executemany(
            "INSERT INTO activity VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE "
            "SET first = MIN(first, excluded.first), last = MAX(last, excluded.last)",
            [(*key, *times) for key, times in self._activity.items()],
        )


def second_of(time_ns: int) -> int:
    """The Unix second at which windows are cut that a moment belongs to: the next whole one."""
    return -(-time_ns // _NS_PER_S)
