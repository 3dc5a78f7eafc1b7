"""The tables of the index of transcripts."""

import sqlite3
from typing import Final

VERSION: Final = 1
"""Of the tables, and of what is read from lines: after a change all is read anew."""

_TABLES: Final = """
CREATE TABLE files (
    path BLOB PRIMARY KEY,
    device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    offset INTEGER NOT NULL, tail BLOB NOT NULL,
    broken INTEGER NOT NULL, huge INTEGER NOT NULL, problem TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE sessions (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE models (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
-- Costs are in 1e-12 USD: sums of whole numbers are the same in any order. NULL: no price is known.
CREATE TABLE requests (
    key INTEGER PRIMARY KEY,
    at INTEGER NOT NULL, session INTEGER NOT NULL, is_subagent INTEGER NOT NULL, model INTEGER NOT NULL,
    output INTEGER NOT NULL, input INTEGER NOT NULL, cache_read INTEGER NOT NULL,
    cache_write_5m INTEGER NOT NULL, cache_write_1h INTEGER NOT NULL,
    fast INTEGER NOT NULL, given_usd REAL NOT NULL, cost INTEGER
);
-- Holds all that is asked for, in the order of time.
CREATE INDEX requests_at ON requests (
    at, session, model, is_subagent, output, input, cache_read, cache_write_5m, cache_write_1h, cost
);
CREATE TABLE deeds (
    key INTEGER PRIMARY KEY,
    at INTEGER NOT NULL, session INTEGER NOT NULL, is_subagent INTEGER NOT NULL,
    added INTEGER NOT NULL, removed INTEGER NOT NULL, commits INTEGER NOT NULL, pull_requests INTEGER NOT NULL
);
CREATE INDEX deeds_at ON deeds (at);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, where there are none of this version."""
    if _version(connection) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    if _version(connection) != VERSION:  # nobody else has made them meanwhile
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in tables:
            connection.execute(f'DROP TABLE "{name}"')
        for statement in _TABLES.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
