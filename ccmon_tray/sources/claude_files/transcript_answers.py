"""Questions answered from the index of transcripts."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ccmon_tray.sources.base import Answer, Question, Row, SessionSeen, Span
from ccmon_tray.sources.claude_files.transcript_pricing import PICO
from ccmon_tray.usage.metrics import Label, Metric

METRICS: Final = (
    Metric.SESSIONS,
    Metric.COST,
    Metric.TOKENS,
    Metric.LINES,
    Metric.COMMITS,
    Metric.PULL_REQUESTS,
)
"""What transcripts tell of. Active time and decisions about edits they do not."""

# Each session with its first use of all: a session begins once.
_BEGUN: Final = (
    "(SELECT session, MIN(at) AS at FROM "
    "(SELECT session, MIN(at) AS at FROM requests GROUP BY session "
    "UNION ALL SELECT session, MIN(at) AS at FROM deeds GROUP BY session) GROUP BY session)"
)
# The table of each counter, and the columns whose sums it is, by the label `type` as Claude Code spells it.
_COLUMNS: Final[Mapping[Metric, tuple[str, Mapping[str, str]]]] = {
    Metric.SESSIONS: (_BEGUN, {"": "1"}),
    Metric.COST: ("requests", {"": "cost"}),
    Metric.TOKENS: (
        "requests",
        {
            "input": "input",
            "output": "output",
            "cacheRead": "cache_read",
            "cacheCreation": "cache_write_5m + cache_write_1h",
        },
    ),
    Metric.LINES: ("deeds", {"added": "added", "removed": "removed"}),
    Metric.COMMITS: ("deeds", {"": "commits"}),
    Metric.PULL_REQUESTS: ("deeds", {"": "pull_requests"}),
}


@dataclass(frozen=True, slots=True)
class _Held:
    """A label that transcripts hold: its column, its values from that, and the condition for some values."""

    column: str
    value: str
    wanted: str


_SESSION: Final = _Held(
    "session",
    "(SELECT name FROM sessions WHERE id = session)",
    "session IN (SELECT id FROM sessions WHERE name IN (SELECT value FROM json_each(?)))",
)
_MODEL: Final = _Held(
    "model",
    "(SELECT name FROM models WHERE id = model)",
    "model IN (SELECT id FROM models WHERE name IN (SELECT value FROM json_each(?)))",
)
_QUERY_SOURCE: Final = _Held(
    "is_subagent",
    "IIF(is_subagent, 'subagent', 'main')",
    "IIF(is_subagent, 'subagent', 'main') IN (SELECT value FROM json_each(?))",
)
_HELD: Final[Mapping[str, Mapping[Label, _Held]]] = {
    "requests": {Label.SESSION: _SESSION, Label.MODEL: _MODEL, Label.QUERY_SOURCE: _QUERY_SOURCE},
    "deeds": {Label.SESSION: _SESSION, Label.QUERY_SOURCE: _QUERY_SOURCE},
    _BEGUN: {Label.SESSION: _SESSION},
}

_Sum = tuple[tuple[str, ...], int]


class Answers:
    """Answers questions from an open index.

    Args:
        connection: The index.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def answer(self, question: Question) -> Answer:
        """The answer to one question."""
        if question.metric not in METRICS:
            return Answer((), known=False)
        edges = question.boundaries or (question.span.start, question.span.end)
        sums: dict[tuple[str, ...], list[int]] = {}
        for step, (start, end) in enumerate(pairwise(edges)):
            for key, amount in self._sums(question, start, end):
                sums.setdefault(key, [0] * (len(edges) - 1))[step] += amount
        unit = PICO if question.metric is Metric.COST else 1
        rows = [
            Row(key, sum(steps) / unit, tuple(step / unit for step in steps) if question.boundaries else ())
            for key, steps in sums.items()
        ]
        rows.sort(key=lambda row: (-row.total, row.key))
        return Answer(tuple(rows[: question.top]))

    def sessions_seen(self, span: Span, session_ids: Sequence[str] | None) -> tuple[SessionSeen, ...]:
        """First and last use of sessions inside a window."""
        only, names = "", []
        if session_ids is not None:
            only, names = "WHERE name IN (SELECT value FROM json_each(?))", [json.dumps(session_ids)]
        rows = self._connection.execute(
            "SELECT name, MIN(at), MAX(at) FROM (SELECT session, at FROM requests WHERE at > ? AND at <= ? "  # noqa: S608
            "UNION ALL SELECT session, at FROM deeds WHERE at > ? AND at <= ?) "
            f"JOIN sessions ON sessions.id = session {only} GROUP BY session",
            [span.start, span.end, span.start, span.end, *names],
        )
        return tuple(SessionSeen(*row) for row in rows)

    def count_sessions(self, span: Span) -> int:
        """How many sessions had any use in a window."""
        [count] = self._connection.execute(
            "SELECT COUNT(*) FROM (SELECT session FROM requests WHERE at > ? AND at <= ? "
            "UNION SELECT session FROM deeds WHERE at > ? AND at <= ?)",
            [span.start, span.end, span.start, span.end],
        ).fetchone()
        return int(count)

    def unpriced(self, span: Span) -> dict[str, int]:
        """The tokens of each model for which no price is known, in a window."""
        rows = self._connection.execute(
            "SELECT name, SUM(output + input + cache_read + cache_write_5m + cache_write_1h) AS tokens "
            "FROM requests JOIN models ON models.id = model WHERE at > ? AND at <= ? AND cost IS NULL "
            "GROUP BY model HAVING tokens > 0 ORDER BY tokens DESC",
            [span.start, span.end],
        )
        return {model: int(tokens) for model, tokens in rows}

    def first(self) -> int | None:
        """Unix seconds of the first request; None if there is none."""
        first = self._connection.execute("SELECT MIN(at) FROM requests").fetchone()[0]
        return None if first is None else int(first)

    def _sums(self, question: Question, start: int, end: int) -> Iterator[_Sum]:
        """Sums by the labels of a question over a window, in whole units."""
        table, columns = _COLUMNS[question.metric]
        held = _HELD[table]
        conditions: list[str] = ["at > ?", "at <= ?"]
        values: list[object] = [start, end]
        for label, wanted in question.where:
            if label in held:
                conditions.append(held[label].wanted)
                values.append(json.dumps(wanted))
            elif label is Label.TYPE:
                columns = {kind: column for kind, column in columns.items() if kind in wanted}
            elif "" not in wanted:  # which is what all have that is not held
                return
        if not columns:
            return
        by = [label for label in question.by if label in held]
        shown = [*(held[label].value for label in by), *(f"SUM({column})" for column in columns.values())]
        groups = ", ".join(held[label].column for label in by)
        rows = self._connection.execute(
            f"SELECT {', '.join(shown)} FROM {table} WHERE {' AND '.join(conditions)} "  # noqa: S608
            + (f"GROUP BY {groups}" if groups else ""),
            values,
        )
        for row in rows:
            names = dict(zip(by, row[: len(by)], strict=True))
            for kind, amount in zip(columns, row[len(by) :], strict=True):
                if amount:
                    names[Label.TYPE] = kind
                    yield tuple(names.get(label, "") for label in question.by), amount
