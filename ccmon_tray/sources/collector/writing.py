"""Writing exports into the collector's tables, with roll-ups that are in step within the same transaction."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from ccmon_tray.sources.collector.exports import ApiError, ApiRequest, Event, Labels, Point, ToolResult
from ccmon_tray.sources.collector.rises import EventRises, Rises
from ccmon_tray.sources.collector.schema import METRIC_IDS, NO_STATUS, EventKind
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
        self._version: int | None = None
        self.forget()

    def forget(self) -> None:
        """Forget what was written: the transaction was rolled back, or somebody else has written."""
        self._sessions: dict[str, int] = {}
        self._labels: dict[Labels, int] = {}
        self._series: dict[tuple[int, int, int], int] = {}
        self._words: dict[str, int] = {}
        self._streams: dict[tuple[int, int], Known] = {}

    def write(self, points: Iterable[Point], events: Iterable[Event]) -> None:
        """Write data points and events; what was written before counts once.

        Raises:
            sqlite3.Error: It cannot be written; the transaction is to be rolled back, and all forgotten.
        """
        # It changes when another connection has written.
        [version] = self._connection.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self.forget()
            self._version = version
        self._write_points(points)
        rises = EventRises()
        for event in events:
            self._write_event(event, rises)
        rises.write(self._connection)

    def _write_points(self, points: Iterable[Point]) -> None:
        rises = Rises()
        streams: dict[tuple[int, int], Known] = {}
        cumulative: list[tuple[int, ...]] = []
        for point in points:
            metric = METRIC_IDS[point.metric]
            session = self._session_id(point.session)
            labels = self._labels_id(point.labels)
            use = bool(point.session) and _NO_SESSION not in point.labels
            series = self._series_id(metric, labels, session, use=use)
            at = second_of(point.time_ns)
            if point.cumulative:
                stream = series, point.start_ns
                units, known = rise(
                    self._known(stream), point.time_ns, point.units, start_known=point.start_ns > 0
                )
                if known is not None:
                    self._streams[stream] = streams[stream] = known
                if not units:
                    continue
                cumulative.append((at, series, point.time_ns, point.start_ns, units))
            else:
                units = point.units
                row = (at, series, point.time_ns, point.start_ns, units)
                if not units or not self._insert("increments", row):
                    continue
            rises.add(metric, labels, session, at, units, use=use)
        write = self._connection.executemany
        write(
            "INSERT OR REPLACE INTO streams VALUES (?, ?, ?, ?)",
            [(*stream, *known) for stream, known in streams.items()],
        )
        # A stream can rise twice at one time only if its sender is wrong: what it says last is the sum.
        more = "ON CONFLICT DO UPDATE SET units = units + excluded.units"
        write(f"INSERT INTO increments VALUES (?, ?, ?, ?, ?) {more}", cumulative)  # noqa: S608 — as above
        rises.write(self._connection)
        # Not before: what is in the file is up to date only now.
        if len(self._streams) > _REMEMBERED:
            self._streams.clear()

    def _known(self, stream: tuple[int, int]) -> Known | None:
        """What is known of a stream."""
        known = self._streams.get(stream)
        if known is None:
            query = "SELECT time_ns, units FROM streams WHERE series = ? AND start_ns = ?"
            found = self._connection.execute(query, stream).fetchone()
            if found is not None:
                known = self._streams[stream] = Known(*found)
        return known

    def _write_event(self, event: Event, rises: EventRises) -> None:
        at = second_of(event.time_ns)
        begin = (at, event.identity, self._session_id(event.session))
        match event:
            case ApiRequest():
                model = self._word_id(event.model)
                own = (model, self._word_id(event.query_source), event.duration_ms, event.cost_units)
                tokens = (event.input_tokens, event.output_tokens)
                cached = (event.cache_read_tokens, event.cache_creation_tokens)
                if self._insert("api_requests", (*begin, *own, *tokens, *cached)):
                    rises.add(
                        EventKind.REQUESTS_BY_MODEL,
                        model,
                        at,
                        took_ms=event.duration_ms,
                        cost_units=event.cost_units or 0,
                    )
            case ApiError():
                model = self._word_id(event.model)
                failure = (model, event.status, event.attempt, event.duration_ms)
                if self._insert("api_errors", (*begin, *failure)):
                    rises.add(EventKind.ERRORS_BY_MODEL, model, at)
                    status = NO_STATUS if event.status is None else event.status
                    rises.add(EventKind.ERRORS_BY_STATUS, status, at)
            case ToolResult():
                tool = self._word_id(event.tool)
                if self._insert("tool_results", (*begin, tool, event.success, event.duration_ms)):
                    failed = event.success is False
                    rises.add(EventKind.TOOLS, tool, at, took_ms=event.duration_ms, failed=failed)

    def _insert(self, table: str, row: Sequence[int | None]) -> bool:
        """Whether the row was not there yet."""
        places = ", ".join("?" * len(row))
        insert = f"INSERT OR IGNORE INTO {table} VALUES ({places})"  # noqa: S608 — one of the tables above
        return bool(self._connection.execute(insert, row).rowcount)

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


def second_of(time_ns: int) -> int:
    """The Unix second at which windows are cut that a moment belongs to: the next whole one."""
    return -(-time_ns // _NS_PER_S)
