"""Looks into a collector's file, past the code that reads it."""

import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

from ccmon_tray.sources.collector.rises import unpacked
from ccmon_tray.sources.collector.schema import EventKind

# What roll-ups should be, from the increments.
_TRUTH = {
    "hours": """SELECT metric, (at - 1) / 3600, session, labels, SUM(units) FROM increments
                JOIN series ON series.id = series GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4""",
    "quarters": """SELECT metric, (at - 1) / 900, labels, SUM(units) FROM increments
                   JOIN series ON series.id = series GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
    "activity": """SELECT (at - 1) / 3600, session, MIN(at), MAX(at) FROM increments
                   JOIN series ON series.id = series WHERE use GROUP BY 1, 2 ORDER BY 1, 2""",
}

_EVENTS = {
    EventKind.REQUESTS_BY_MODEL: """SELECT (at - 1) / 3600, model, 0, IFNULL(cost_units, 0), duration_ms
                                    FROM api_requests""",
    EventKind.ERRORS_BY_MODEL: "SELECT (at - 1) / 3600, model, 0, 0, NULL FROM api_errors",
    EventKind.ERRORS_BY_STATUS: "SELECT (at - 1) / 3600, IFNULL(status, -1), 0, 0, NULL FROM api_errors",
    EventKind.TOOLS: "SELECT (at - 1) / 3600, tool, success IS 0, 0, duration_ms FROM tool_results",
}


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    """The rows that a query finds."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def check_roll_ups(path: Path) -> None:
    """Roll-ups hold just what increments add up to."""
    for table, truth in _TRUTH.items():
        assert rows(path, f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4") == rows(path, truth), table  # noqa: S608
    found = {
        (kind, cell, word): (count, failures, cost, sorted(unpacked(took_ms)))
        for kind, cell, word, count, failures, cost, took_ms in rows(path, "SELECT * FROM event_hours")
    }
    single: dict[tuple[int, int, int], list[tuple[int, int, int | None]]] = defaultdict(list)
    for kind, query in _EVENTS.items():
        for cell, word, failed, cost, took_ms in rows(path, query):
            single[kind, cell, word].append((failed, cost, took_ms))
    assert found == {
        key: (
            len(own),
            sum(failed for failed, _, _ in own),
            sum(cost for _, cost, _ in own),
            sorted(took_ms for _, _, took_ms in own if took_ms is not None),
        )
        for key, own in single.items()
    }
