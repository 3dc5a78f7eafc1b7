"""Questions answered from the collector's tables."""

import json
import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ccmon_tray.sources.base import Answer, Question, Row, SessionSeen, Span
from ccmon_tray.sources.collector.rollups import rounded, stretches
from ccmon_tray.sources.collector.schema import HOUR_S, METRIC_IDS, QUARTER_S
from ccmon_tray.sources.collector.units import units_per_one
from ccmon_tray.usage.metrics import Label, Metric

_Group = tuple[int, tuple[str, ...]]
"""A session's number, or 0 where sessions do not matter, and the values of the other labels."""

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
        self._label_sets: dict[int, Mapping[str, str]] = {0: {}}

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

    def has_events(self) -> bool:
        """Whether any request or use of a tool was ever received."""
        return bool(self.connection.execute("SELECT EXISTS (SELECT 1 FROM event_hours)").fetchone()[0])

    def answer(self, question: Question) -> Answer:
        """The answer to one question."""
        if not self._knows(question.metric):
            return Answer((), known=False)
        wanted = {label: frozenset(values) for label, values in question.where}
        sessions = wanted.pop(Label.SESSION, None)
        by_session = Label.SESSION in question.by
        others = tuple(label for label in question.by if label is not Label.SESSION)
        keys = _Keys(self._label_set, others, wanted)
        boundaries = question.boundaries or (question.span.start, question.span.end)
        with_sessions = by_session or sessions is not None
        edges = rounded(boundaries, self.detail_from, HOUR_S if with_sessions else QUARTER_S)
        sums = _Sums(
            metric=METRIC_IDS[question.metric],
            edges=edges,
            by_labels=bool(others or wanted),
            by_session=by_session,
            sessions=None if sessions is None else self._session_numbers(sessions),
        ).read(self.connection, stepped=question.boundaries is not None)
        if question.boundaries is None:
            rows = self._total_rows(question, _totals(sums, keys))
        else:
            rows = self._step_rows(question, _steps(sums, keys, edges))
        rows.sort(key=lambda row: (-row.total, row.key))
        return Answer(tuple(rows[: question.top]))

    def count_sessions(self, span: Span) -> int:
        """How many distinct sessions were used in a window."""
        return len(self._seen(span, None))

    def sessions_seen(self, span: Span, session_ids: Iterable[str] | None) -> tuple[SessionSeen, ...]:
        """When the sessions used in a window, or those of them named, were first and last used in it."""
        seen = self._seen(span, None if session_ids is None else self._session_numbers(session_ids))
        names = self._session_names(seen)
        return tuple(SessionSeen(names[session], *times) for session, times in seen.items())

    def _total_rows(self, question: Question, sums: Mapping[_Group, int]) -> list[Row]:
        one = units_per_one(question.metric)
        if Label.SESSION not in question.by:
            return [Row(key, units / one) for (_, key), units in sums.items()]
        names = self._session_names({session for session, _ in sums})
        place = question.by.index(Label.SESSION)
        return [
            Row((*key[:place], names[session], *key[place:]), units / one)
            for (session, key), units in sums.items()
        ]

    def _step_rows(self, question: Question, sums: Mapping[_Group, Sequence[int]]) -> list[Row]:
        one = units_per_one(question.metric)
        totals = self._total_rows(question, {group: sum(steps) for group, steps in sums.items()})
        # Both go through the groups in the same order.
        return [
            Row(row.key, row.total, tuple(units / one for units in steps))
            for row, steps in zip(totals, sums.values(), strict=True)
        ]

    def _seen(self, span: Span, sessions: Sequence[int] | None) -> dict[int, tuple[int, int]]:
        """First and last use of sessions in a window, by their numbers."""
        edges = rounded((span.start, span.end), self.detail_from, HOUR_S)
        only = "" if sessions is None else f"AND session {_IN_LIST}"
        values = [] if sessions is None else [json.dumps(sessions)]
        seen: dict[int, tuple[int, int]] = {}
        for stretch in stretches(edges, HOUR_S):
            start, end = stretch.span.start, stretch.span.end
            if stretch.whole:
                found = self.connection.execute(
                    "SELECT session, MIN(first), MAX(last) FROM activity "  # noqa: S608 — the constant above
                    f"WHERE cell >= ? AND cell < ? {only} GROUP BY session",
                    [start // HOUR_S, end // HOUR_S, *values],
                )
            else:
                found = self.connection.execute(
                    "SELECT session, MIN(at), MAX(at) FROM increments "  # noqa: S608
                    "CROSS JOIN series ON series.id = increments.series "
                    f"WHERE at > ? AND at <= ? AND use {only} GROUP BY session",
                    [start, end, *values],
                )
            for session, first, last in found:
                before = seen.get(session, (first, last))
                seen[session] = min(first, before[0]), max(last, before[1])
        return seen

    def _label_set(self, number: int) -> Mapping[str, str]:
        labels = self._label_sets.get(number)
        if labels is None:
            query = "SELECT pairs FROM labels WHERE id = ?"
            [pairs] = self.connection.execute(query, (number,)).fetchone()
            labels = self._label_sets[number] = dict(json.loads(pairs))
        return labels

    def _session_names(self, numbers: Iterable[int]) -> dict[int, str]:
        query = f"SELECT id, name FROM sessions WHERE id {_IN_LIST}"  # noqa: S608
        return dict(self.connection.execute(query, (json.dumps(list(numbers)),)).fetchall())

    def _session_numbers(self, names: Iterable[str]) -> list[int]:
        query = f"SELECT id FROM sessions WHERE name {_IN_LIST}"  # noqa: S608
        return [number for (number,) in self.connection.execute(query, (json.dumps(list(names)),))]

    def _knows(self, metric: Metric) -> bool:
        query = "SELECT EXISTS (SELECT 1 FROM series WHERE metric = ?)"
        return bool(self.connection.execute(query, (METRIC_IDS[metric],)).fetchone()[0])

    def _limit(self, name: str) -> int:
        found = self.connection.execute("SELECT at FROM limits WHERE name = ?", (name,)).fetchone()
        return int(found[0]) if found else 0


class _Keys(dict[int, tuple[str, ...] | None]):
    """The values to group by of sets of labels, by their numbers; None for those that are not wanted."""

    def __init__(
        self,
        label_set: Callable[[int], Mapping[str, str]],
        by: Sequence[Label],
        wanted: Mapping[Label, frozenset[str]],
    ) -> None:
        super().__init__()
        self._label_set = label_set
        self._by = by
        self._wanted = wanted

    def __missing__(self, number: int) -> tuple[str, ...] | None:
        labels = self._label_set(number)
        if any(labels.get(label, "") not in values for label, values in self._wanted.items()):
            key = None
        else:
            key = tuple(labels.get(label, "") for label in self._by)
        self[number] = key
        return key


_Sum = tuple[int, int, int, int]
"""A moment of the step, the number of a set of labels, that of a session, and a sum."""


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums to be read from roll-ups, as far as they go, and from increments.

    Attributes:
        metric: Number of the counter.
        edges: Of the steps.
        by_labels: Whether labels matter.
        by_session: Whether to tell sessions apart.
        sessions: Numbers of those to be summed up; None for all.
    """

    metric: int
    edges: Sequence[int]
    by_labels: bool
    by_session: bool
    sessions: Sequence[int] | None

    def read(self, connection: sqlite3.Connection, *, stepped: bool) -> Iterator[_Sum]:
        """The sums; without steps, all of the same moment."""
        with_sessions = self.by_session or self.sessions is not None
        table, cell_s = ("hours", HOUR_S) if with_sessions else ("quarters", QUARTER_S)
        only = "" if self.sessions is None else f"AND session {_IN_LIST}"
        values = [] if self.sessions is None else [json.dumps(self.sessions)]
        # All rows are of one metric: to group by it makes no row where there are none.
        groups = ["metric"]
        groups += [name for name, by in (("session", self.by_session), ("labels", self.by_labels)) if by]
        columns = (
            f"{'labels' if self.by_labels else '0'}, {'session' if self.by_session else '0'}, SUM(units)"
        )
        for stretch in stretches(self.edges, cell_s):
            start, end = stretch.span.start, stretch.span.end
            if stretch.whole:
                moment, cell = f"(cell + 1) * {cell_s}", "cell"
                places = f"{table} WHERE cell >= ? AND cell < ? AND metric = ?"
                start, end = start // cell_s, end // cell_s
            else:
                moment, cell = "at", "at"
                # A join in this order: the other way round, all series would be gone through.
                places = (
                    "increments CROSS JOIN series ON series.id = increments.series "
                    "WHERE at > ? AND at <= ? AND metric = ?"
                )
            if not stepped or stretch.step_end is not None:
                moment, by = str(stretch.step_end or 0), groups
            else:
                by = [cell, *groups]
            yield from connection.execute(
                f"SELECT {moment}, {columns} FROM {places} {only} GROUP BY {', '.join(by)}",  # noqa: S608 — names from above
                [start, end, self.metric, *values],
            )


def _totals(sums: Iterable[_Sum], keys: Mapping[int, tuple[str, ...] | None]) -> dict[_Group, int]:
    """The sum of each group that is wanted."""
    totals: dict[_Group, int] = {}
    for _, labels, session, units in sums:
        key = keys[labels]
        if key is not None:
            group = session, key
            totals[group] = totals.get(group, 0) + units
    return totals


def _steps(
    sums: Iterable[_Sum], keys: Mapping[int, tuple[str, ...] | None], edges: Sequence[int]
) -> dict[_Group, list[int]]:
    """The sum of each group that is wanted, in each step between the edges."""
    steps: dict[_Group, list[int]] = {}
    for moment, labels, session, units in sums:
        key = keys[labels]
        if key is None:
            continue
        group = session, key
        if group not in steps:
            steps[group] = [0] * (len(edges) - 1)
        steps[group][bisect_left(edges, moment) - 1] += units
    return steps
