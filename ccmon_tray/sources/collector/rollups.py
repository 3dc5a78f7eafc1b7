"""Which part of a window roll-ups answer, and which the increments themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ccmon_tray.sources.base import Span


@dataclass(frozen=True, slots=True)
class Parts:
    """A window cut into stretches of whole cells, and the rest; both in the order of time.

    Attributes:
        whole: Stretches that begin and end with cells, none of which lies across a boundary.
        rest: Stretches for which the increments are to be added up.
    """

    whole: tuple[Span, ...]
    rest: tuple[Span, ...]


def cut(boundaries: Sequence[int], cell_s: int) -> Parts:
    """Cut a window at its boundaries (ascending Unix seconds) and at the edges of cells."""
    whole: list[Span] = []
    rest: list[Span] = []
    for start, end in pairwise(boundaries):
        if end <= start:
            continue
        first = -(-start // cell_s) * cell_s
        last = end // cell_s * cell_s
        if first < last:
            _append(rest, start, first)
            _append(whole, first, last)
            _append(rest, last, end)
        else:
            _append(rest, start, end)
    return Parts(tuple(whole), tuple(rest))


def _append(spans: list[Span], start: int, end: int) -> None:
    """Add a stretch, to the one before it where they touch."""
    if start >= end:
        return
    if spans and spans[-1].end == start:
        start = spans.pop().start
    spans.append(Span(start, end))


def rounded(boundaries: Sequence[int], detail_from: int, cell_s: int) -> tuple[int, ...]:
    """Boundaries as they can be answered: those before increments are known are edges of cells."""
    return tuple(edge if edge >= detail_from else edge // cell_s * cell_s for edge in boundaries)
