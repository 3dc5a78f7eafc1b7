"""Which part of a window roll-ups answer, and which the increments themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ccmon_tray.sources.base import Span

# Of so many cells a step or more, each step is summed up by a query of its own, which costs some 20 µs. Of
# fewer, one query for all gives the sum of each cell.
_MANY_CELLS: Final = 16


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time to sum up at once.

    Attributes:
        span: The stretch.
        whole: Whether it is made of whole cells.
        step_end: The end of the step that all of it belongs to; None where it goes across steps.
    """

    span: Span
    whole: bool
    step_end: int | None


def stretches(edges: Sequence[int], cell_s: int) -> tuple[Stretch, ...]:
    """How to sum up a window in steps.

    Args:
        edges: Of the steps, ascending Unix seconds; one step is a window in all.
        cell_s: Length of the roll-ups' cells, seconds. None of a stretch's cells lies across an edge.
    """
    whole: list[tuple[int, int, int]] = []
    rest: list[tuple[int, int, int]] = []
    for start, end in pairwise(edges):
        first, last = -(-start // cell_s) * cell_s, end // cell_s * cell_s
        if first < last:
            whole.append((first, last, end))
            rest += [(start, first, end), (last, end, end)]
        else:
            rest.append((start, end, end))
    rest = [(start, end, step_end) for start, end, step_end in rest if start < end]
    cells = sum(end - start for start, end, _ in whole) // cell_s
    if cells >= _MANY_CELLS * len(whole):
        found = [Stretch(Span(start, end), True, step_end) for start, end, step_end in whole]
    else:
        found = [Stretch(span, True, None) for span in _joined(whole)]
    return (*found, *(Stretch(span, False, None) for span in _joined(rest)))


def _joined(parts: Iterable[tuple[int, int, int]]) -> list[Span]:
    """The parts, as one where they touch."""
    spans: list[Span] = []
    for start, end, _ in parts:
        if spans and spans[-1].end == start:
            spans[-1] = Span(spans[-1].start, end)
        else:
            spans.append(Span(start, end))
    return spans


def rounded(edges: Sequence[int], detail_from: int, cell_s: int) -> tuple[int, ...]:
    """Edges as they can be answered: where increments are not kept any more, they are those of cells."""
    return tuple(edge if edge >= detail_from else edge // cell_s * cell_s for edge in edges)
