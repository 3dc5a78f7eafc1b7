"""Rows of the index of transcripts, read and written."""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

from ccmon_tray.sources.claude_files.transcript_lines import Deed, Origin, Request, Use
from ccmon_tray.sources.claude_files.transcript_pricing import RequestPrices
from ccmon_tray.sources.claude_files.transcript_reader import Batch, Place
from ccmon_tray.sources.claude_files.transcript_tree import Found

_AT_ONCE: Final = 5000

T = TypeVar("T")


def places(connection: sqlite3.Connection) -> dict[str, Place]:
    """How far each transcript was read, by path."""
    return {place.found.path: place for place in _places(connection, "", ())}


def place_of(connection: sqlite3.Connection, path: str) -> Place | None:
    """How far one transcript was read; None if it never was."""
    return next(_places(connection, "WHERE path = ?", (os.fsencode(path),)), None)


def _places(connection: sqlite3.Connection, only: str, values: Sequence[bytes]) -> Iterator[Place]:
    rows = connection.execute(
        "SELECT path, device, inode, size, mtime_ns, offset, tail, broken, huge, problem "  # noqa: S608
        f"FROM files {only}",
        values,
    )
    for path, device, inode, size, mtime_ns, *rest in rows:
        yield Place(Found(os.fsdecode(path), device, inode, size, mtime_ns), *rest)


def write_place(connection: sqlite3.Connection, place: Place) -> None:
    """Remember how far a transcript was read."""
    found = place.found
    connection.execute(
        "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            os.fsencode(found.path), found.device, found.inode, found.size, found.mtime_ns,
            place.offset, place.tail, place.broken, place.huge, place.problem,
        ),
    )  # fmt: skip


def forget_places(connection: sqlite3.Connection, paths: Iterable[str]) -> None:
    """Forget transcripts that are gone, but not what they told."""
    connection.executemany("DELETE FROM files WHERE path = ?", [(os.fsencode(path),) for path in paths])


def write_batch(connection: sqlite3.Connection, batch: Batch, prices: RequestPrices) -> None:
    """Write requests and deeds, joined with what is known of the same ones."""
    for keys in _in_parts([*batch.requests]):
        for request in _requests(connection, keys):
            batch.add(request)
    for keys in _in_parts([*batch.deeds]):
        for deed in _deeds(connection, keys):
            batch.add(deed)
    requests, deeds = tuple(batch.requests.values()), tuple(batch.deeds.values())
    origins = (*(request.origin for request in requests), *(deed.origin for deed in deeds))
    sessions = _numbers(connection, "sessions", (origin.session for origin in origins))
    _write_requests(connection, requests, sessions, prices)
    connection.executemany(
        "INSERT OR REPLACE INTO deeds VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (deed.key, deed.origin.at, sessions[deed.origin.session], deed.origin.is_subagent, *deed.counts)
            for deed in deeds
        ],
    )


def price_anew(connection: sqlite3.Connection, prices: RequestPrices) -> None:
    """Give all requests the prices of now."""
    for keys in _in_parts([key for (key,) in connection.execute("SELECT key FROM requests")]):
        costs = [
            (prices.cost(request.use, request.origin.at), request.key)
            for request in _requests(connection, keys)
        ]
        connection.executemany("UPDATE requests SET cost = ? WHERE key = ?", costs)


def _requests(connection: sqlite3.Connection, keys: Sequence[int]) -> list[Request]:
    rows = connection.execute(
        "SELECT key, at, sessions.name, is_subagent, output, input, cache_read, cache_write_5m, "
        "cache_write_1h, models.name, fast, given_usd FROM requests JOIN sessions ON sessions.id = session "
        "JOIN models ON models.id = model WHERE key IN (SELECT value FROM json_each(?))",
        (json.dumps(keys),),
    ).fetchall()
    return [
        Request(
            key,
            Origin(at, session, bool(is_subagent)),
            Use(sum(counts), *counts, model, bool(fast), given_usd),
        )
        for key, at, session, is_subagent, o, i, r, w5m, w1h, model, fast, given_usd in rows
        for counts in [(int(o), int(i), int(r), int(w5m), int(w1h))]
    ]


def _deeds(connection: sqlite3.Connection, keys: Sequence[int]) -> list[Deed]:
    rows = connection.execute(
        "SELECT key, at, name, is_subagent, added, removed, commits, pull_requests FROM deeds "
        "JOIN sessions ON sessions.id = session WHERE key IN (SELECT value FROM json_each(?))",
        (json.dumps(keys),),
    ).fetchall()
    return [
        Deed(key, Origin(at, session, bool(is_subagent)), *counts)
        for key, at, session, is_subagent, *counts in rows
    ]


def _write_requests(
    connection: sqlite3.Connection,
    requests: Iterable[Request],
    sessions: dict[str, int],
    prices: RequestPrices,
) -> None:
    models = _numbers(connection, "models", (request.use.model for request in requests))
    connection.executemany(
        "INSERT OR REPLACE INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                request.key, origin.at, sessions[origin.session], origin.is_subagent, models[use.model],
                use.output, use.input, use.cache_read, use.cache_write_5m, use.cache_write_1h, use.fast,
                use.given_usd, prices.cost(use, origin.at),
            )
            for request in requests
            for origin, use in [(request.origin, request.use)]
        ],
    )  # fmt: skip


def _numbers(connection: sqlite3.Connection, table: str, names: Iterable[str]) -> dict[str, int]:
    """The numbers of sessions or models, by name; new ones are given one."""
    distinct = list(dict.fromkeys(names))
    connection.executemany(
        f"INSERT OR IGNORE INTO {table} (name) VALUES (?)",  # noqa: S608 — one of two
        ((name,) for name in distinct),
    )
    numbers: dict[str, int] = {}
    for some in _in_parts(distinct):
        query = f"SELECT name, id FROM {table} WHERE name IN (SELECT value FROM json_each(?))"  # noqa: S608
        numbers.update(connection.execute(query, (json.dumps(some),)))
    return numbers


def _in_parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))
