"""What a transaction adds to the roll-ups, summed up before it is written."""

import sqlite3
import struct
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ccmon_tray.sources.collector.schema import HOUR_S, QUARTER_S, EventKind

_LONGEST_MS: Final = 2**32 - 1


class Rises:
    """What increments add."""

    def __init__(self) -> None:
        self._hours: dict[tuple[int, int, int, int], int] = defaultdict(int)
        self._quarters: dict[tuple[int, int, int], int] = defaultdict(int)
        self._activity: dict[tuple[int, int], tuple[int, int]] = {}

    def add(self, metric: int, labels: int, session: int, at: int, units: int, *, use: bool) -> None:
        """An increment at a second; ``use`` says whether it means that its session was used."""
        hour = (at - 1) // HOUR_S
        self._hours[metric, hour, session, labels] += units
        self._quarters[metric, (at - 1) // QUARTER_S, labels] += units
        if use:
            first, last = self._activity.get((hour, session), (at, at))
            self._activity[hour, session] = min(first, at), max(last, at)

    def write(self, connection: sqlite3.Connection) -> None:
        """Add the sums to the file, in the transaction of the caller."""
        more = "ON CONFLICT DO UPDATE SET units = units + excluded.units"
        connection.executemany(
            f"INSERT INTO hours VALUES (?, ?, ?, ?, ?) {more}",  # noqa: S608
            [(*key, units) for key, units in self._hours.items()],
        )
        connection.executemany(
            f"INSERT INTO quarters VALUES (?, ?, ?, ?) {more}",  # noqa: S608
            [(*key, units) for key, units in self._quarters.items()],
        )
        connection.executemany(
            "INSERT INTO activity VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE "
            "SET first = MIN(first, excluded.first), last = MAX(last, excluded.last)",
            [(*key, *times) for key, times in self._activity.items()],
        )


@dataclass(slots=True)
class _EventSum:
    """What the events of an hour add."""

    count: int = 0
    failures: int = 0
    cost_units: int = 0
    took_ms: list[int] = field(default_factory=list)


class EventRises:
    """What events add."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, int, int], _EventSum] = defaultdict(_EventSum)

    def add(
        self,
        kind: EventKind,
        word: int,
        at: int,
        *,
        took_ms: int | None = None,
        failed: bool = False,
        cost_units: int = 0,
    ) -> None:
        """An event at a second; ``word`` says of which model, tool or status."""
        one = self._sums[kind, (at - 1) // HOUR_S, word]
        one.count += 1
        one.failures += failed
        one.cost_units += cost_units
        if took_ms is not None:
            one.took_ms.append(min(took_ms, _LONGEST_MS))

    def write(self, connection: sqlite3.Connection) -> None:
        """Add the sums to the file, in the transaction of the caller."""
        connection.executemany(
            "INSERT INTO event_hours VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "count = count + excluded.count, failures = failures + excluded.failures, "
            "cost_units = cost_units + excluded.cost_units, "
            "took_ms = CAST(took_ms || excluded.took_ms AS BLOB)",
            [
                (*key, one.count, one.failures, one.cost_units, packed(one.took_ms))
                for key, one in self._sums.items()
            ],
        )


def packed(numbers: Sequence[int]) -> bytes:
    """Numbers below 2**32 in four bytes each."""
    return struct.pack(f"<{len(numbers)}I", *numbers)


def unpacked(numbers: bytes) -> tuple[int, ...]:
    """The numbers that were packed."""
    return struct.unpack(f"<{len(numbers) // 4}I", numbers)
