"""Deleting what is older than it is to be kept, a little at a time.

Single increments and events go first; sums over hours and quarters stay, for ever unless a limit is set. The
numbers of streams, series and sessions stay in any case: they tell that a late export was counted before.
"""

import sqlite3
from dataclasses import dataclass
from typing import Final

from ccmon_tray.sources.collector.schema import HOUR_S, METRIC_IDS, QUARTER_S

# A transaction deletes so many rows at most, which takes some ten milliseconds.
_ROWS: Final = 5_000
_DAY_S: Final = 86_400
_DETAIL: Final = ("increments", "api_requests", "api_errors", "tool_results")


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what was received is kept.

    Attributes:
        detail_days: Single increments and events.
        keep_days: All else; None is for ever.
    """

    detail_days: int = 90
    keep_days: int | None = None


def prune(connection: sqlite3.Connection, retention: Retention, now: float) -> bool:
    """Delete some of what is too old; belongs into a transaction of its caller.

    Args:
        connection: The file.
        retention: What is too old.
        now: Unix seconds.

    Returns:
        Whether there may be more to delete.
    """
    # From here on, roll-ups answer for this time: first the limit is set, then rows go.
    detail_from = _raise_limit(connection, "detail_from", now, retention.detail_days)
    more = [_delete_until(connection, table, detail_from) for table in _DETAIL]
    if retention.keep_days is not None:
        kept_from = _raise_limit(connection, "kept_from", now, retention.keep_days)
        for table, cell_s in (("hours", HOUR_S), ("quarters", QUARTER_S)):
            # An hour of all metrics and sessions is some hundred rows.
            connection.executemany(
                f"DELETE FROM {table} WHERE metric = ? AND cell < ?",  # noqa: S608 — one of the two
                [(metric, kept_from // cell_s) for metric in METRIC_IDS.values()],
            )
        for table in ("activity", "event_hours"):
            connection.execute(f"DELETE FROM {table} WHERE cell < ?", (kept_from // HOUR_S,))  # noqa: S608
    return any(more)


def _raise_limit(connection: sqlite3.Connection, name: str, now: float, days: int) -> int:
    """The full hour, Unix seconds, up to which to delete; it never falls, since what is gone is gone."""
    limit = int(now - days * _DAY_S) // HOUR_S * HOUR_S
    connection.execute(
        "INSERT INTO limits VALUES (?, ?) ON CONFLICT DO UPDATE SET at = MAX(at, excluded.at)", (name, limit)
    )
    return int(connection.execute("SELECT at FROM limits WHERE name = ?", (name,)).fetchone()[0])


def _delete_until(connection: sqlite3.Connection, table: str, until: int) -> bool:
    """Delete the oldest rows; whether there are more."""
    query = f"SELECT at FROM {table} WHERE at <= ? ORDER BY at LIMIT 1 OFFSET {_ROWS}"  # noqa: S608 — one of ours
    found = connection.execute(query, (until,)).fetchone()
    # All of the last second, of which there are few more.
    last = until if found is None else found[0]
    connection.execute(f"DELETE FROM {table} WHERE at <= ?", (last,))  # noqa: S608
    return found is not None
