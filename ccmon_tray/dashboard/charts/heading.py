"""What a chart in a file says besides its values: its name, and what its colours mean."""

from collections.abc import Sequence
from typing import Final

from ccmon_tray.dashboard.charts.drawing import Drawing, Label, Labels, Shape, rounded_boxes

Key = tuple[str, str]
"""A name with its colour, ``#rrggbb``."""

_MARGIN: Final = 16  # units
_TITLE: Final = 14
_TYPE: Final = 11


def add_heading(drawing: Drawing, width: int, height: int, title: str, keys: Sequence[Key]) -> None:
    """Give a drawing a margin, with its name and the meaning of its colours above.

    Args:
        drawing: One that writes its words itself.
        width: Of the drawing without the margin, pixels.
        height: The same.
        title: Its name; "" for none.
        keys: Names with their colours.
    """
    px = drawing.look.px
    rows: list[list[tuple[int, Key]]] = []
    right = width + 1
    for key in keys:
        room = px(14) + round(drawing.measure(key[0], _TYPE)) + px(20)
        if right + room > width:
            rows.append([])
            right = 0
        rows[-1].append((right, key))
        right += room
    leading = px(20)
    above = (px(28) if title else 0) + len(rows) * leading + (px(4) if rows else 0)
    margin = px(_MARGIN)
    drawing.margin = (margin, margin + above, margin, margin)
    drawing.resize(width, height)
    if title:
        heading = Labels(drawing, _TITLE, colour=drawing.look.palette.text, strong=True)
        heading.show([Label(0, round(drawing.cap_height(_TITLE)) - above, title)])
    baseline = (px(28) if title else 0) + round(drawing.cap_height(_TYPE)) + px(2) - above
    labels = []
    for row in rows:
        for left, (name, colour) in row:
            swatch = Shape(colour)
            drawing.add(swatch, 5)
            low = baseline + (px(8) - round(drawing.cap_height(_TYPE))) // 2
            swatch.show(rounded_boxes([(left, low - px(8), left + px(8), low)], px(2)))
            labels.append(Label(left + px(14), baseline, name))
        baseline += leading
    Labels(drawing, _TYPE).show(labels)
