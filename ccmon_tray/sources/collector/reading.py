"""Questions answered from the collector's tables."""

import json
import sqlite3
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from ccmon_tray.sources.base import Answer, Question, Row, SessionSeen, Span
from ccmon_tray.sources.collector.rollups import cut, rounded
from ccmon_tray.sources.collector.schema import HOUR_S, METRIC_IDS, QUARTER_S
from ccmon_tray.sources.collector.units import from_units
from ccmon_tray.usage.metrics import Label, Metric

# A group's end of cell or second (0 where no steps are asked for), labels, session (0 likewise), and sum.
_Sum = tuple[int, int, int, int]

_IN_LIST: Final = "IN (SELECT value FROM json_each(?))"


class Reader:
    """Reads one open file. Its caller holds a transaction, so that all it says is of one moment.

    Args:
        connection: The file, of this program's version.

    Attributes:
        connection: The same.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._labels: dict[int, Mapping[str, str]] = {}

    @property
    def detail_from(self) -> int:
        """Unix seconds up to which single increments were deleted; 0 if none were."""
        return self._limit("detail_from")

    def metrics(self) -> tuple[Metric, ...]:
        """The counters that there are data of."""
        return tuple(metric for metric in Metric if self._knows(metric))

    def begin(self) -> int | None:
        """Unix seconds since when there are data; None if there are none."""
        cells = [
            self.connection.execute("SELECT MIN(cell) FROM hours WHERE metric = ?", (number,)).fetchone()[0]
            for number in METRIC_IDS.values()
        ]
        first = min((cell for cell in cells if cell is not None), default=None)
        if first is None:
            return None
        query = "SELECT MIN(at) FROM increments WHERE at > ? AND at <= ?"
        [exact] = self.connection.execute(query, (first * HOUR_S, (first + 1) * HOUR_S)).fetchone()
        return max(int(first * HOUR_S) if exact is None else exact - 1, self._limit("kept_from"))

    def answer(self, question: Question) -> Answer:
        """The answer to one question."""
        if not self._knows(question.metric):
            return Answer((), known=False)
        boundaries = question.boundaries or (question.span.start, question.span.end)
        by_session = Label.SESSION in question.by
        others = [label for label in question.by if label is not Label.SESSION]
        wanted = {label: frozenset(values) for label, values in question.where}
        sessions = wanted.pop(Label.SESSION, None)
        keys: dict[int, tuple[str, ...] | None] = {}
        sums: dict[tuple[int, tuple[str, ...]], list[int]] = {}
        count = len(boundaries) - 1
        edges = self._edges(boundaries, by_session=by_session or sessions is not None)
        for at, labels, session, units in self._sums(question, edges, sessions, by_session=by_session):
            if labels not in keys:
                keys[labels] = self._key(labels, others, wanted)
            key = keys[labels]
            if key is None:
                continue
            steps = sums.get((session, key))
            if steps is None:
                steps = sums[session, key] = [0] * count
            steps[bisect_left(edges, at) - 1 if at else 0] += units
        names = self._session_names({session for session, _ in sums} if by_session else ())
        place = question.by.index(Label.SESSION) if by_session else 0
        rows = []
        for (session, key), steps in sums.items():
            whole = (*key[:place], names[session], *key[place:]) if by_session else key
            total = from_units(question.metric, sum(steps))
            per_step = tuple(from_units(question.metric, step) for step in steps)
            rows.append(Row(whole, total, per_step if question.boundaries else ()))
        rows.sort(key=lambda row: (-row.total, row.key))
        return Answer(tuple(rows[: question.top]))

    def count_sessions(self, span: Span) -> int:
        """How many distinct sessions were used in a window."""
        return len(self._seen(span, None))

    def sessions_seen(self, span: Span, session_ids: Sequence[str] | None) -> tuple[SessionSeen, ...]:
        """When the sessions used in a window, or those of them named, were first and last used in it."""
        seen = self._seen(span, None if session_ids is None else self._session_numbers(session_ids))
        names = self._session_names(seen)
        return tuple(SessionSeen(names[session], *times) for session, times in seen.items())

    def _seen(self, span: Span, sessions: Sequence[int] | None) -> dict[int, tuple[int, int]]:
        start, end = self._edges((span.start, span.end), by_session=True)
        parts = cut((start, end), HOUR_S)
        only = "" if sessions is None else f"AND session {_IN_LIST}"
        values = [] if sessions is None else [json.dumps(sessions)]
        seen: dict[int, tuple[int, int]] = {}
        found: list[tuple[int, int, int]] = []
        for whole in parts.whole:
            found += self.connection.execute(
                "SELECT session, MIN(first), MAX(last) FROM activity "  # noqa: S608 — the constant above
                f"WHERE cell >= ? AND cell < ? {only} GROUP BY session",
                [whole.start // HOUR_S, whole.end // HOUR_S, *values],
            )
        for rest in parts.rest:
            found += self.connection.execute(
                "SELECT session, MIN(at), MAX(at) FROM increments JOIN series ON series.id = series "  # noqa: S608
                f"WHERE at > ? AND at <= ? AND use {only} GROUP BY session",
                [rest.start, rest.end, *values],
            )
        for session, first, last in found:
            before = seen.get(session, (first, last))
            seen[session] = min(first, before[0]), max(last, before[1])
        return seen

    def _edges(self, boundaries: Sequence[int], *, by_session: bool) -> tuple[int, ...]:
        return rounded(boundaries, self.detail_from, HOUR_S if by_session else QUARTER_S)

    def _sums(
        self, question: Question, edges: Sequence[int], sessions: frozenset[str] | None, *, by_session: bool
    ) -> Iterator[_Sum]:
        """Sums of increments, from roll-ups as far as they go."""
        with_sessions = by_session or sessions is not None
        table, cell_s = ("hours", HOUR_S) if with_sessions else ("quarters", QUARTER_S)
        only = "" if sessions is None else f"AND session {_IN_LIST}"
        values = [] if sessions is None else [json.dumps(self._session_numbers(list(sessions)))]
        session = "session" if by_session else "0"
        groups = "labels, session" if by_session else "labels"
        stepped = question.boundaries is not None
        parts = cut(edges, cell_s)
        metric = METRIC_IDS[question.metric]
        # Grouped in the order of the key of the table, for which nothing needs to be sorted.
        at, by = (f"(cell + 1) * {cell_s}", f"cell, {groups}") if stepped else ("0", groups)
        for whole in parts.whole:
            yield from self.connection.execute(
                f"SELECT {at}, labels, {session}, SUM(units) FROM {table} "  # noqa: S608 — names from above
                f"WHERE metric = ? AND cell >= ? AND cell < ? {only} GROUP BY {by}",
                [metric, whole.start // cell_s, whole.end // cell_s, *values],
            )
        at, by = ("at", f"at, {groups}") if stepped else ("0", groups)
        for rest in parts.rest:
            yield from self.connection.execute(
                f"SELECT {at}, labels, {session}, SUM(units) FROM increments "  # noqa: S608
                "JOIN series ON series.id = increments.series "
                f"WHERE at > ? AND at <= ? AND metric = ? {only} GROUP BY {by}",
                [rest.start, rest.end, metric, *values],
            )

    def _key(
        self, number: int, by: Sequence[Label], wanted: Mapping[Label, frozenset[str]]
    ) -> tuple[str, ...] | None:
        """The values to group by of a set of labels; None where it is not wanted."""
        labels = self._labels.get(number)
        if labels is None:
            query = "SELECT pairs FROM labels WHERE id = ?"
            [pairs] = self.connection.execute(query, (number,)).fetchone()
            labels = self._labels[number] = dict(json.loads(pairs))
        if any(labels.get(label, "") not in values for label, values in wanted.items()):
            return None
        return tuple(labels.get(label, "") for label in by)

    def _session_names(self, numbers: Iterable[int]) -> dict[int, str]:
        query = f"SELECT id, name FROM sessions WHERE id {_IN_LIST}"  # noqa: S608
        return dict(self.connection.execute(query, (json.dumps(list(numbers)),)).fetchall())

    def _session_numbers(self, names: Sequence[str]) -> list[int]:
        query = f"SELECT id FROM sessions WHERE name {_IN_LIST}"  # noqa: S608
        return [number for (number,) in self.connection.execute(query, (json.dumps(list(names)),))]

    def _knows(self, metric: Metric) -> bool:
        query = "SELECT EXISTS (SELECT 1 FROM series WHERE metric = ?)"
        return bool(self.connection.execute(query, (METRIC_IDS[metric],)).fetchone()[0])

    def _limit(self, name: str) -> int:
        found = self.connection.execute("SELECT at FROM limits WHERE name = ?", (name,)).fetchone()
        return int(found[0]) if found else 0
