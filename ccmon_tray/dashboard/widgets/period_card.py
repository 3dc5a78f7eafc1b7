"""A card that compares a period with the one before: its main figure large, the others in lines below."""

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.widgets.stat_card import fitting_size
from ccmon_tray.dashboard.widgets.surface import Surface
from ccmon_tray.usage.formatting import UNKNOWN

_LARGE: Final = 24
_LINE: Final = 24  # units
_FIRST_LINE: Final = 102  # where the lines begin, units
_CHANGE: Final = 58  # the column of changes, units


@dataclass(frozen=True, slots=True)
class Line:
    """A figure with its name.

    Attributes:
        name: What it is.
        figure: The figure, formatted.
        change: How it compares: ``▲ 12 %``; "" where that is unknown.
        tone: How the change is meant: ``good``, ``bad`` or "" for neither.
    """

    name: str
    figure: str
    change: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class PeriodStat:
    """What a card says: the main figure, what it is compared with, and the other figures."""

    main: Line
    note: str
    lines: tuple[Line, ...]


class PeriodCard(Surface):
    """A period's figures. Takes the focus: the arrow keys choose a figure, Ctrl+C copies it, or all of them.

    Args:
        parent: Where it lives.
        design: How things look.
        title: The period.
        lines: How many figures there are below the main one.
        copy: Puts a text into the clipboard and says so.
    """

    def __init__(
        self, parent: tk.Misc, design: Design, title: str, *, lines: int, copy: Callable[[str], None]
    ) -> None:
        self.title = title
        self._lines = lines
        self._copy = copy
        self._stat: PeriodStat | None = None
        self._chosen: int | None = None
        height = design.px(_FIRST_LINE + lines * _LINE + 10)
        super().__init__(parent, design, height=height, focus=True)
        self.on_click(lambda _x, _y: self.focus_set())
        self.bind("<Double-Button-1>", lambda event: self._copy_at(event.y))
        self.bind("<<CopyValue>>", lambda _event: self._copy_chosen())
        self.bind("<Up>", lambda _event: self._step(-1))
        self.bind("<Down>", lambda _event: self._step(1))
        self.bind("<FocusOut>", lambda _event: self._choose(None), add=True)

    @property
    def stat(self) -> PeriodStat | None:
        """What it says; None while that is awaited."""
        return self._stat

    def show(self, stat: PeriodStat | None) -> None:
        """Show figures; None while they are awaited."""
        if stat != self._stat:
            self._stat = stat
            self.redraw()

    def draw(self, width: int, height: int) -> None:
        """Draw everything."""
        paint, colours, px = self.painter, self.design.palette, self.design.px
        border = colours.accent if self.focused else colours.hairline
        paint.rounded(
            (0, 0, width, height), radius=px(8), fill=colours.card, ground=self.ground, border=border
        )
        left, right = px(16), width - px(16)
        room = right - left
        paint.text(left, px(27), self.title, room=room, size=12, colour=colours.secondary)
        stat = self._stat
        if stat is None:
            box = (left, px(40), left + min(px(96), room), px(58))
            paint.rounded(box, radius=px(4), fill=colours.hairline, ground=colours.card)
            return
        self._mark(left, right)
        size = fitting_size(self.design, stat.main.figure, room, _LARGE)
        paint.text(left - px(1), px(57), stat.main.figure, room=room, size=size, strong=True)
        x = left
        if stat.main.change:
            colour = self._tone(stat.main)
            x += paint.text(x, px(79), stat.main.change, room=room, size=12, colour=colour) + px(4)
        paint.text(x, px(79), stat.note, room=right - x, size=12, colour=colours.secondary)
        if not stat.lines:
            return
        line = max(1, px(1))
        y = px(_FIRST_LINE - 10)
        self.create_rectangle(left, y, right, y + line, fill=colours.hairline, width=0)
        end = right - (px(_CHANGE) if any(each.change for each in stat.lines) else 0)
        for index, each in enumerate(stat.lines):
            self._draw_line(each, left, end, right, px(_FIRST_LINE + index * _LINE) + px(16))

    def _draw_line(self, line: Line, left: int, end: int, right: int, baseline: int) -> None:
        """Draw a line whose figure ends at ``end``, and whose change ends at ``right``."""
        paint, colours, px = self.painter, self.design.palette, self.design.px
        if line.change:
            font = self.design.fonts.get(12)
            taken = font.measure(line.change)
            paint.text(right - taken, baseline, line.change, room=taken, size=12, colour=self._tone(line))
        colour = colours.text if line.figure != UNKNOWN else colours.secondary
        taken = paint.figure(end, baseline, line.figure, size=13, colour=colour)
        room = end - taken - px(8) - left
        paint.text(left, baseline, line.name, room=room, size=13, colour=colours.secondary)

    def _mark(self, left: int, right: int) -> None:
        """Show which figure the keyboard has chosen."""
        if self._chosen is None or not self.focused:
            return
        px = self.design.px
        if self._chosen == 0:
            top, bottom = px(34), px(64)
        else:
            top = px(_FIRST_LINE + (self._chosen - 1) * _LINE)
            bottom = top + px(_LINE)
        ground = self.design.small(self.design.palette.hairline)
        box = (left - px(6), top, right + px(6), bottom)
        self.painter.rounded(
            box,
            radius=px(4),
            fill=self.design.palette.hairline,
            ground=self.design.palette.card,
            border=ground,
        )

    def _tone(self, line: Line) -> str:
        colours = self.design.palette
        tone = {"good": colours.good, "bad": colours.bad}.get(line.tone, colours.secondary)
        return self.design.small(tone)

    def _all(self) -> tuple[Line, ...]:
        return (self._stat.main, *self._stat.lines) if self._stat else ()

    def _step(self, by: int) -> None:
        count = len(self._all())
        if count:
            chosen = self._chosen
            self._choose(
                (0 if by > 0 else count - 1) if chosen is None else max(0, min(count - 1, chosen + by))
            )

    def _choose(self, index: int | None) -> None:
        if index != self._chosen:
            self._chosen = index
            self.redraw()

    def _copy_at(self, y: int) -> None:
        """Copy the figure at a height."""
        lines, px = self._all(), self.design.px
        if not lines:
            return
        below = y - px(_FIRST_LINE)
        index = 0 if below < 0 else 1 + below // px(_LINE)
        self._copy(lines[min(index, len(lines) - 1)].figure)

    def _copy_chosen(self) -> None:
        lines = self._all()
        if not lines:
            return
        if self._chosen is not None:
            self._copy(lines[self._chosen].figure)
            return
        rows = [(self.title, ""), *((line.name, line.figure) for line in lines)]
        self._copy("\n".join("\t".join(filter(None, row)) for row in rows))
