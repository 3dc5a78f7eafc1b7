"""Looks into a collector's file, past the code that reads it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

# What roll-ups should be, from the increments.
_TRUTH = {
    "hours": """SELECT metric, (at - 1) / 3600, session, labels, SUM(units) FROM increments
                JOIN series ON series.id = series GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4""",
    "quarters": """SELECT metric, (at - 1) / 900, labels, SUM(units) FROM increments
                   JOIN series ON series.id = series GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
    "activity": """SELECT (at - 1) / 3600, session, MIN(at), MAX(at) FROM increments
                   JOIN series ON series.id = series WHERE use GROUP BY 1, 2 ORDER BY 1, 2""",
}


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    """The rows that a query finds."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def check_roll_ups(path: Path) -> None:
    """Roll-ups hold just what increments add up to."""
    for table, truth in _TRUTH.items():
        assert rows(path, f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4") == rows(path, truth), table  # noqa: S608
