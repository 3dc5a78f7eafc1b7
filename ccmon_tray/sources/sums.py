"""Sums over windows that grow and shrink: answers added to them, and subtracted."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Final

from ccmon_tray.sources.base import Answer, Question, Row
from ccmon_tray.sources.tally import Tally
from ccmon_tray.usage.metrics import Label

# What is left of a group when so nearly all of it is subtracted is rounding.
_CRUMB: Final = 1e-9
_NO_SESSION: Final = "agents_view"  # the start type of a process that shows sessions and is none


@dataclass(frozen=True, eq=False)
class Sums:
    """What each group rose by over a window, and whether the source knows the counter."""

    amounts: Mapping[tuple[str, ...], float]
    known: bool = True
    _coarser: dict[tuple[int, ...], "Sums"] = field(default_factory=dict, repr=False)

    def grouped(self, places: tuple[int, ...]) -> "Sums":
        """The sums by the labels at these places of the keys alone; worked out once."""
        if places not in self._coarser:
            amounts: dict[tuple[str, ...], float] = {}
            for key, amount in self.amounts.items():
                group = tuple(key[place] for place in places)
                amounts[group] = amounts.get(group, 0.0) + amount
            self._coarser[places] = Sums(amounts, self.known)
        return self._coarser[places]

    @cached_property
    def ranking(self) -> list[tuple[str, ...]]:
        """The groups, largest first."""
        return sorted(self.amounts, key=lambda key: (-self.amounts[key], key))


NONE: Final = Sums({})
"""The sums over an empty window."""


def changed(sums: Sums, added: Sequence[Answer], subtracted: Sequence[Answer] = ()) -> Sums:
    """Sums with answers added and subtracted; each distinct label value is held once."""
    amounts = dict(sums.amounts)
    for answer in added:
        for row in answer.rows:
            key = tuple(map(sys.intern, row.key))
            amounts[key] = amounts.get(key, 0.0) + row.total
    for answer in subtracted:
        for row in answer.rows:
            before = amounts.pop(row.key, 0.0)
            if before - row.total > _CRUMB * max(before, 1.0):
                amounts[row.key] = before - row.total
    return Sums(amounts, known=sums.known and all(answer.known for answer in (*added, *subtracted)))


def largest(count: int, sums: Sums, added: Sequence[Answer]) -> Answer:
    """The largest groups of sums with answers added, without going through all of them."""
    few = {row.key for answer in added for row in answer.rows}
    few.update(list(islice((key for key in sums.ranking if key not in few), count)))
    near = changed(Sums({key: sums.amounts.get(key, 0.0) for key in few}, sums.known), added)
    return Answer(tuple(Row(key, near.amounts[key]) for key in near.ranking[:count]), near.known)


def regrouped(tally: Tally, by: Iterable[Label]) -> Answer:
    """The rows of an answer by fewer labels, the largest first."""
    rows = tuple(Row(key, total) for key, total in tally.per(*by).items())
    return Answer(rows, tally.answer.known)


def session_ids(question: Question, keys: Iterable[tuple[str, ...]]) -> set[str]:
    """The sessions among the groups of a question by session."""
    place = question.by.index(Label.SESSION)
    return {key[place] for key in keys if _NO_SESSION not in key} - {""}
