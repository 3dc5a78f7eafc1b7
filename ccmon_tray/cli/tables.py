"""Plain text in columns: tables, facts and wrapped paragraphs that fit the terminal."""

import shutil
import textwrap
from collections.abc import Sequence
from typing import Final

GAP: Final = 2
_NARROWEST: Final = 60
_SHORTEST_CUT: Final = 8


def terminal_width() -> int:
    """Columns to fill: the terminal's, or ``COLUMNS``, or 80."""
    return max(_NARROWEST, shutil.get_terminal_size((80, 24)).columns)


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    left: Sequence[int] = (0,),
    width: int | None = None,
) -> str:
    """Rows under a header, numbers to the right.

    Args:
        header: Titles of the columns.
        rows: Cells as text.
        left: Columns with words, which stand to the left; all others hold numbers.
        width: Columns to fit into, by shortening the words; None takes the terminal's.

    Returns:
        Lines, each with its end.
    """
    body = [header, *rows]
    widths = [max(len(row[i]) for row in body) for i in range(len(header))]
    excess = sum(widths) + GAP * (len(widths) - 1) - (terminal_width() if width is None else width)
    for column in sorted(left, key=lambda i: -widths[i]):
        cut = min(max(excess, 0), max(widths[column] - _SHORTEST_CUT, 0))
        widths[column] -= cut
        excess -= cut
    lines = [_line(row, widths, left) for row in body]
    lines.insert(1, "─" * (sum(widths) + GAP * (len(widths) - 1)))
    return "".join(f"{line}\n" for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], left: Sequence[int]) -> str:
    placed = [
        shortened(cell, width).ljust(width) if i in left else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return (" " * GAP).join(placed).rstrip()


def facts(rows: Sequence[tuple[str, str, str]]) -> str:
    """Lines of a name, a number and a remark, in three columns."""
    name_width = max(len(name) for name, _, _ in rows)
    number_width = max(len(number) for _, number, _ in rows)
    gap = " " * GAP
    return "".join(
        f"{name.ljust(name_width)}{gap}{number.rjust(number_width)}{gap}{remark}".rstrip() + "\n"
        for name, number, remark in rows
    )


def paragraph(text: str, *, first: str = "", rest: str = "") -> str:
    """Text wrapped to the terminal; ``first`` and ``rest`` begin its first and its other lines."""
    return (
        textwrap.fill(
            text, terminal_width(), initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
        )
        + "\n"
    )


def shortened(text: str, width: int) -> str:
    """Text cut to a width, with an ellipsis where something is missing."""
    return text if len(text) <= width else text[: width - 1] + "…"
