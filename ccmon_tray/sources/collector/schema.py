"""The tables of the collector's file, and how a file of an earlier version becomes one of this.

Times of tables are whole Unix seconds, at which windows are cut: a data point of 12.25 s is in (12, 13], so
it is at 13. A cell of n seconds is (k·n, (k + 1)·n] and is named by k, which is (at - 1) // n.
"""

import sqlite3
from enum import IntEnum
from typing import Final

from ccmon_tray.usage.metrics import Metric

HOUR_S: Final = 3600
QUARTER_S: Final = 900

METRIC_IDS: Final[dict[Metric, int]] = {
    Metric.SESSIONS: 1,
    Metric.COST: 2,
    Metric.TOKENS: 3,
    Metric.ACTIVE_TIME: 4,
    Metric.LINES: 5,
    Metric.COMMITS: 6,
    Metric.PULL_REQUESTS: 7,
    Metric.EDIT_DECISIONS: 8,
}
"""Numbers that stand for counters in every file: never to be changed."""


class EventKind(IntEnum):
    """What events are summed up by; never to be changed."""

    REQUESTS_BY_MODEL = 1
    ERRORS_BY_MODEL = 2
    ERRORS_BY_STATUS = 3  # the word is the status itself
    TOOLS = 4


NO_STATUS: Final = -1
"""The status of an error to which no answer came at all."""

_VERSION_1: Final = """
-- Sessions and sets of labels are written once. The session without an id is "", pairs are JSON's
-- [[name, value], ...].
CREATE TABLE sessions (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE labels (id INTEGER PRIMARY KEY, pairs TEXT NOT NULL UNIQUE);

-- use: whether a rise of it means that the session was used. An agents view is no session.
CREATE TABLE series (
  id INTEGER PRIMARY KEY, metric INTEGER NOT NULL, labels INTEGER NOT NULL, session INTEGER NOT NULL,
  use INTEGER NOT NULL, UNIQUE (metric, labels, session)
);

-- What is known of cumulative streams: see streams.py.
CREATE TABLE streams (
  series INTEGER NOT NULL, start_ns INTEGER NOT NULL, time_ns INTEGER NOT NULL, units INTEGER NOT NULL,
  PRIMARY KEY (series, start_ns)
) WITHOUT ROWID;

-- Every increment, as the data point that brought it; its key is what makes a repeated delta the same one.
CREATE TABLE increments (
  at INTEGER NOT NULL, series INTEGER NOT NULL, time_ns INTEGER NOT NULL, start_ns INTEGER NOT NULL,
  units INTEGER NOT NULL, PRIMARY KEY (at, series, time_ns, start_ns)
) WITHOUT ROWID;

-- Sums over hours. What one export adds to is side by side: few pages are written for it.
CREATE TABLE hours (
  metric INTEGER NOT NULL, cell INTEGER NOT NULL, session INTEGER NOT NULL, labels INTEGER NOT NULL,
  units INTEGER NOT NULL, PRIMARY KEY (metric, cell, session, labels)
) WITHOUT ROWID;

-- When in an hour a session was first and last used.
CREATE TABLE activity (
  cell INTEGER NOT NULL, session INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (cell, session)
) WITHOUT ROWID;

-- Models, tools and sources of requests.
CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);

CREATE TABLE api_requests (
  at INTEGER NOT NULL, identity INTEGER NOT NULL, session INTEGER NOT NULL, model INTEGER NOT NULL,
  query_source INTEGER NOT NULL, duration_ms INTEGER, cost_units INTEGER, input_tokens INTEGER,
  output_tokens INTEGER, cache_read_tokens INTEGER, cache_creation_tokens INTEGER,
  PRIMARY KEY (at, identity)
) WITHOUT ROWID;
CREATE TABLE api_errors (
  at INTEGER NOT NULL, identity INTEGER NOT NULL, session INTEGER NOT NULL, model INTEGER NOT NULL,
  status INTEGER, attempt INTEGER, duration_ms INTEGER, PRIMARY KEY (at, identity)
) WITHOUT ROWID;
CREATE TABLE tool_results (
  at INTEGER NOT NULL, identity INTEGER NOT NULL, session INTEGER NOT NULL, tool INTEGER NOT NULL,
  success INTEGER, duration_ms INTEGER, PRIMARY KEY (at, identity)
) WITHOUT ROWID;

-- Sums of events over hours: kind says what word is the number of, see EventKind. took_ms are the durations
-- of all that have one, four bytes each (little endian), so that percentiles are those of all events.
CREATE TABLE event_hours (
  kind INTEGER NOT NULL, cell INTEGER NOT NULL, word INTEGER NOT NULL, count INTEGER NOT NULL,
  failures INTEGER NOT NULL, cost_units INTEGER NOT NULL, took_ms BLOB NOT NULL,
  PRIMARY KEY (kind, cell, word)
);

-- Unix seconds: detail_from, up to which increments and events were deleted; kept_from, up to which all was.
CREATE TABLE limits (name TEXT PRIMARY KEY, at INTEGER NOT NULL);
"""

# Charts do not tell sessions apart, and local hours may begin at any quarter of an hour: there are far fewer
# sums over quarters without sessions than there are sums over hours with them.
_VERSION_2: Final = """
CREATE TABLE quarters (
  metric INTEGER NOT NULL, cell INTEGER NOT NULL, labels INTEGER NOT NULL, units INTEGER NOT NULL,
  PRIMARY KEY (metric, cell, labels)
) WITHOUT ROWID;
-- Where increments were deleted, all of an hour goes to its last quarter.
INSERT INTO quarters
  SELECT metric, cell * 4 + 3, labels, SUM(units) FROM hours
  WHERE cell < (SELECT at FROM limits WHERE name = 'detail_from') / 3600 GROUP BY 1, 2, 3;
INSERT INTO quarters
  SELECT series.metric, (increments.at - 1) / 900, series.labels, SUM(units)
  FROM increments JOIN series ON series.id = increments.series
  WHERE increments.at > COALESCE((SELECT at FROM limits WHERE name = 'detail_from'), 0) GROUP BY 1, 2, 3;
"""

_STEPS: Final = (_VERSION_1, _VERSION_2)
VERSION: Final = len(_STEPS)
"""The version of the files that this program reads and writes."""


def version_of(connection: sqlite3.Connection) -> int:
    """The version of a file; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Make a file of an earlier version, or a new one, one of this version: all of it or nothing.

    Raises:
        sqlite3.Error: It cannot be done; the file is as it was.
    """
    # Asked again inside the transaction: somebody else may have done it meanwhile.
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in _STEPS[version_of(connection) :]:
            for statement in step.split(";\n"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
