"""A card that says one figure: what it is, how it compares, how it went."""

import tkinter as tk
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.widgets.surface import Surface

_LARGE: Final = 28
_MEDIUM: Final = 19
_LEAST: Final = 13  # of a figure that is too long otherwise
_EDGE: Final = 16
_BETWEEN: Final = " · "


@dataclass(frozen=True, slots=True)
class Stat:
    """What a card says.

    Attributes:
        figure: The figure, formatted; "—" where it is unknown.
        note: A line below it; "" leaves it out.
        trend: A figure before the note: ``▲ 12 %``.
        tone: How the trend is meant: ``good``, ``bad`` or "" for neither.
        values: What a sparkline shows; fewer than two leave it out.
    """

    figure: str
    note: str = ""
    trend: str = ""
    tone: str = ""
    values: tuple[float, ...] = ()


class DrawSparkline(Protocol):
    """Draws a picture of values."""

    def __call__(
        self,
        master: tk.Misc,
        values: Sequence[float | None],
        *,
        width_px: int,
        height_px: int,
        colour: str,
        ground: str,
        scale: float,
    ) -> tk.PhotoImage:
        """The picture."""
        ...


class StatCard(Surface):
    """One figure in a card. Takes the focus; a double click copies the figure, as Ctrl+C does.

    Args:
        parent: Where it lives.
        design: How things look.
        title: What the figure is.
        large: Whether it is one of the main figures, with a note and a sparkline.
        colour: The sparkline's colour.
        copy: Puts a text into the clipboard and says so.
        reserve: Whether room for a note is kept in a small card.
    """

    def __init__(
        self,
        parent: tk.Misc,
        design: Design,
        title: str,
        *,
        large: bool = False,
        colour: str | None = None,
        copy: Callable[[str], None] | None = None,
        reserve: bool = False,
    ) -> None:
        self._title = title
        self._large = large
        self._colour = colour or design.palette.accent
        self._copy = copy
        self._reserve = reserve
        self._stat: Stat | None = None
        self._sparkline: DrawSparkline | None = None
        self._spark: tk.PhotoImage | None = None
        super().__init__(parent, design, height=design.px(_height(large=large, reserve=reserve)), focus=True)
        self.bind("<Button-1>", lambda _event: self.focus_set())
        self.bind("<Double-Button-1>", lambda _event: self.copy_value())
        self.bind("<<CopyValue>>", lambda _event: self.copy_value())

    @property
    def title(self) -> str:
        """What the figure is."""
        return self._title

    @property
    def figure(self) -> str:
        """The figure as shown, or "" while it is awaited."""
        return self._stat.figure if self._stat else ""

    def show(self, stat: Stat | None) -> None:
        """Show a figure; None while it is awaited."""
        if stat != self._stat:
            self._stat = stat
            self.redraw()

    def draw_sparkline_with(self, draw: DrawSparkline) -> None:
        """Sparklines are drawn by this from now on: it comes later than the first figures."""
        self._sparkline = draw
        self.redraw()

    def copy_value(self) -> None:
        """Copy the figure."""
        if self._copy and self._stat:
            self._copy(self._stat.figure)

    def draw(self, width: int, height: int) -> None:
        """Draw everything."""
        paint, colours, px = self.painter, self.design.palette, self.design.px
        border = colours.accent if self.focused else colours.hairline
        paint.rounded(
            (0, 0, width, height), radius=px(8), fill=colours.card, ground=self.ground, border=border
        )
        left, right = px(_EDGE), width - px(_EDGE)
        room = right - left
        y = px(27)
        paint.text(left, y, self._title, room=room, size=12, colour=colours.secondary)
        size = _LARGE if self._large else _MEDIUM
        y += px(33 if self._large else 24)
        stat = self._stat
        if stat is None:
            self._draw_awaited(left, y, size, room)
            return
        spark = self._spark_width(stat, room)
        size = fitting_size(self.design, stat.figure, room - spark, size)
        wide = paint.text(left - px(1), y, stat.figure, room=room - spark, size=size, strong=True)
        if spark and wide + spark <= room:
            self._draw_sparkline(stat, right, y, spark - px(16))
        if stat.trend or stat.note:
            self._draw_note(stat, left, y + px(25 if self._large else 20), room)

    def _draw_note(self, stat: Stat, left: int, y: int, room: int) -> None:
        paint, colours, px = self.painter, self.design.palette, self.design.px
        if stat.trend:
            tone = {"good": colours.good, "bad": colours.bad}.get(stat.tone, colours.secondary)
            taken = paint.text(left, y, stat.trend, room=room, size=12, colour=self.design.small(tone))
            taken += px(4)
            left += taken
            room -= taken
        note, font = stat.note, self.design.fonts.get(12)
        while font.measure(note) > room and _BETWEEN in note:
            note = note.rpartition(_BETWEEN)[0]  # the last part is the least
        paint.text(left, y, note, room=room, size=12, colour=colours.secondary)

    def _draw_awaited(self, left: int, baseline: int, size: int, room: int) -> None:
        px, colours = self.design.px, self.design.palette
        box = (left, baseline - px(size * 0.72), left + min(px(96), room), baseline)
        self.painter.rounded(box, radius=px(4), fill=colours.hairline, ground=colours.card)

    def _spark_width(self, stat: Stat, room: int) -> int:
        if not self._large or self._sparkline is None or len(stat.values) < 2:
            return 0
        wide = min(self.design.px(100), room * 2 // 5)
        return wide if wide >= self.design.px(56) else 0

    def _draw_sparkline(self, stat: Stat, right: int, baseline: int, width: int) -> None:
        assert self._sparkline is not None
        px = self.design.px
        self._spark = self._sparkline(
            self,
            stat.values,
            width_px=width,
            height_px=px(26),
            colour=self._colour,
            ground=self.design.palette.card,
            scale=self.design.scale,
        )
        self.create_image(right, baseline + px(4), image=self._spark, anchor="se")


def fitting_size(design: Design, figure: str, room: int, size: int) -> int:
    """The size (units) at which a figure fits into so many pixels: a long one is set smaller, not cut."""
    sizes = range(size, _LEAST - 1, -1)
    fonts = design.fonts
    return next((each for each in sizes if fonts.get(each, strong=True).measure(figure) <= room), _LEAST)


def least_width(design: Design, titles: Iterable[str]) -> float:
    """The width, units, at which no card cuts its title."""
    return max(design.fonts.get(12).measure(title) for title in titles) / design.scale + 2 * _EDGE + 1


def _height(*, large: bool, reserve: bool) -> int:
    if large:
        return 99
    return 88 if reserve else 69
