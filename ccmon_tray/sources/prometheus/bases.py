"""Bases remembered: those of windows that grow, which keep their start while their end goes on with time.

A series' base is its last value at or before the window's start. So it stays what it is as long as a
session's series in the window stay the same ones: none has joined them, none has fallen. A poll that finds
this so has no bases to ask for.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

from ccmon_tray.sources.prometheus.batches import Batch, Rise
from ccmon_tray.sources.prometheus.scope import Scope, Shape
from ccmon_tray.usage.metrics import Label

# A poll asks about few windows that are short; others are not remembered.
_KEPT: Final = 4

_Group = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found of a window when it ended earlier.

    Attributes:
        shapes: Of its sessions.
        bases: By session, as rises below 0.
        heights: The last values of the groups that have a base.
    """

    shapes: Mapping[str, Shape]
    bases: Mapping[str, tuple[Rise, ...]]
    heights: Mapping[_Group, float]


class Bases:
    """Remembers bases by session. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[object, _Found] = OrderedDict()

    def forget(self) -> None:
        """Have all bases asked for anew."""
        with self._lock:
            self._kept.clear()

    def recall(self, batch: Batch, scope: Scope, lasts: Sequence[Rise]) -> dict[str, tuple[Rise, ...]]:
        """The bases, as rises below 0, of each session for which they are known.

        Args:
            batch: The questions.
            scope: What is known of their window.
            lasts: The last values of all groups in it.
        """
        with self._lock:
            found = self._kept.get(_key(batch))
        if found is None:
            return {}
        heights = _heights(batch, lasts, found.heights)
        place = 1 + batch.by.index(Label.SESSION)
        fallen = {group[place] for group, height in found.heights.items() if heights[group] < height}
        return {
            session: found.bases.get(session, ())
            for session in scope.unchanged(found.shapes)
            if session not in fallen
        }

    def keep(self, batch: Batch, scope: Scope, lasts: Sequence[Rise], bases: Iterable[Rise]) -> None:
        """Remember what was found, where sessions can be told by their shapes."""
        if not scope.shapes or Label.SESSION not in batch.by:
            return
        by_session: dict[str, tuple[Rise, ...]] = {}
        for base in bases:
            session = base.labels.get(Label.SESSION, "")
            by_session[session] = (*by_session.get(session, ()), base)
        groups = {_group(batch, base) for of_one in by_session.values() for base in of_one}
        found = _Found(scope.shapes, by_session, _heights(batch, lasts, groups))
        with self._lock:
            key = _key(batch)
            self._kept[key] = found
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


def _key(batch: Batch) -> object:
    return batch.span.start, batch.where, batch.metrics, batch.by


def _group(batch: Batch, rise: Rise) -> _Group:
    return rise.labels["__name__"], *[rise.labels.get(label, "") for label in batch.by]


def _heights(batch: Batch, lasts: Iterable[Rise], groups: Iterable[_Group]) -> dict[_Group, float]:
    """The last values of some groups of series, each the sum over its series."""
    heights = dict.fromkeys(groups, 0.0)
    place = 1 + batch.by.index(Label.SESSION)
    sessions = {group[place] for group in heights}
    for rise in lasts:
        if rise.labels.get(Label.SESSION, "") in sessions and (group := _group(batch, rise)) in heights:
            heights[group] += rise.steps[0]
    return heights
