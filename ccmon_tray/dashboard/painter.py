"""Drawing on a Tk canvas: cards, text on a baseline, columns of figures, and round shapes with smooth edges.

Tk does not smooth the edges of ovals and arcs on X11, which looks torn at any size. Round things are small
pictures instead, whose edge pixels are mixed from the colours on both sides.
"""

import math
import re
import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import font as tkfont
from typing import Final

from ccmon_tray.dashboard.theme import Fonts, Palette, mix
from ccmon_tray.usage.states import State

ELLIPSIS: Final = "…"

# How much of the pixel at (x, y) a shape covers, 0 to 1; pixels from the shape's upper left corner.
Coverage = Callable[[float, float], float]


@dataclass(frozen=True, slots=True)
class Slot:
    """A drawn text and the room it was given, pixels: what a test compares."""

    text: str
    width: int
    room: int


class Painter:
    """Draws on one canvas in units of the theme; remembers pictures between drawings.

    Args:
        canvas: Where to draw.
        fonts: The type scale.
        palette: The colours.
        scale: Pixels per unit.
        pictures: Where pictures are kept, for painters that share them.
    """

    def __init__(
        self,
        canvas: tk.Canvas,
        fonts: Fonts,
        palette: Palette,
        scale: float,
        pictures: dict[tuple[object, ...], tk.PhotoImage] | None = None,
    ) -> None:
        self.canvas = canvas
        self.fonts = fonts
        self.palette = palette
        self.scale = scale
        self.slots: list[Slot] = []
        self._pictures = {} if pictures is None else pictures

    def px(self, units: float) -> int:
        """Pixels for a length in units."""
        return round(units * self.scale)

    def clear(self) -> None:
        """Take everything away; pictures are kept for the next drawing."""
        self.canvas.delete("all")
        self.slots.clear()

    def text(
        self,
        x: int,
        baseline: int,
        text: str,
        *,
        room: int,
        size: int = 13,
        strong: bool = False,
        colour: str | None = None,
        right: bool = False,
        tag: str = "",
    ) -> int:
        """Write one line, cut with an ellipsis where it is longer than its room.

        Args:
            x: Left edge, or right edge where ``right``; pixels.
            baseline: Where the letters stand; pixels.
            text: What to write.
            room: The width there is; pixels.
            size: Of the type; units.
            strong: Whether in semibold.
            colour: Default: the palette's text.
            right: Whether ``x`` is the right edge.
            tag: Name of the text on the canvas, for what it does when clicked.

        Returns:
            The width taken, pixels.
        """
        font = self.fonts.get(size, strong=strong)
        text = fit(font, text, room)
        width = font.measure(text)
        self.slots.append(Slot(text, width, room))
        self.canvas.create_text(
            x - width if right else x,
            baseline - font.metrics("ascent"),
            text=text,
            font=font,
            anchor="nw",
            fill=colour or self.palette.text,
            tags=tag,
        )
        return width

    def figure(
        self,
        right: int,
        baseline: int,
        text: str,
        *,
        size: int = 13,
        strong: bool = False,
        colour: str | None = None,
    ) -> int:
        """Write a figure that ends at ``right``, its digits in columns. Returns the width taken, pixels."""
        font = self.fonts.get(size, strong=strong)
        places = self.fonts.tabular(text, size, strong=strong)
        width = sum(place for _, place, _ in places)
        self.slots.append(Slot(text, width, right))
        x = right - width
        if all(place == own for _, place, own in places):
            places = [(text, width, width)]  # nothing to put right: one piece is drawn sooner than many
        top = baseline - font.metrics("ascent")
        for characters, place, own in places:
            self.canvas.create_text(
                x + (place - own) // 2,
                top,
                text=characters,
                font=font,
                anchor="nw",
                fill=colour or self.palette.text,
            )
            x += place
        return width

    def paragraph(
        self,
        x: int,
        top: int,
        text: str,
        *,
        room: int,
        size: int,
        colour: str,
        strong: bool = False,
        centred: bool = False,
    ) -> int:
        """Write text in as many lines as it takes. Returns the height taken, pixels."""
        font = self.fonts.get(size, strong=strong)
        leading = round(font.metrics("linespace") * 1.15)
        y = top
        for line in wrap(font, text, room):
            width = font.measure(line)
            self.slots.append(Slot(line, width, room))
            start = x + (room - width) // 2 if centred else x
            self.canvas.create_text(start, y, text=line, font=font, anchor="nw", fill=colour)
            y += leading
        return y - top

    def card(self, x0: int, x1: int, top: int, body: Callable[[int], int]) -> int:
        """A card as high as its content.

        Args:
            x0: Left edge, pixels.
            x1: Right edge, pixels.
            top: Upper edge, pixels.
            body: Draws the content from the y it is given; returns the y at which it ends, padding included.

        Returns:
            The y of the lower edge.
        """
        lowest = self.canvas.create_text(0, 0, text="")
        bottom = body(top)
        self.rounded(
            (x0, top, x1, bottom),
            radius=self.px(8),
            fill=self.palette.card,
            border=self.palette.hairline,
            ground=self.palette.background,
            tag="under",
        )
        self.canvas.tag_lower("under", lowest)
        self.canvas.dtag("under")
        self.canvas.delete(lowest)
        return bottom

    def rounded(
        self,
        box: tuple[int, int, int, int],
        *,
        radius: int,
        fill: str,
        ground: str,
        border: str | None = None,
        tag: str = "",
    ) -> None:
        """A rectangle (x0, y0, x1, y1; pixels, ends excluded) with round corners on a plain ground."""
        x0, y0, x1, y1 = box
        radius = max(0, min(radius, (x1 - x0) // 2, (y1 - y0) // 2))
        line = self.px(1) if border else 0
        rectangle = self.canvas.create_rectangle
        rectangle(x0, y0, x1, y1, fill=border or fill, width=0, tags=tag)
        rectangle(x0 + line, y0 + line, x1 - line, y1 - line, fill=fill, width=0, tags=tag)
        for right in (False, True):
            for low in (False, True):
                corner = self._corner(radius, line, fill, border or fill, ground, right=right, low=low)
                self.canvas.create_image(
                    x1 - radius if right else x0,
                    y1 - radius if low else y0,
                    image=corner,
                    anchor="nw",
                    tags=tag,
                )

    def mark(self, x: int, y: int, state: State | None, *, size: int, ground: str, colour: str) -> None:
        """The sign of a state, its upper left corner at (x, y), ``size`` pixels wide: a shape for each."""
        key = ("mark", state, size, ground, colour)
        if key not in self._pictures:
            covers = mark_coverage(state, size)
            rows = [
                [mix(colour, ground, _clamp(covers(x + 0.5, y + 0.5))) for x in range(size)]
                for y in range(size)
            ]
            self._pictures[key] = self._photo(size, rows)
        self.canvas.create_image(x, y, image=self._pictures[key], anchor="nw")

    def _corner(
        self, radius: int, line: int, fill: str, border: str, ground: str, *, right: bool, low: bool
    ) -> tk.PhotoImage:
        key = ("corner", radius, line, fill, border, ground, right, low)
        if key not in self._pictures:
            # All four are one quarter of a disc, mirrored.
            rows = [
                [
                    _edge_colour(math.hypot(x + 0.5, y + 0.5) - radius, line, fill, border, ground)
                    for x in range(radius)
                ]
                for y in range(radius)
            ]
            for to_right in (False, True):
                for to_low in (False, True):
                    turned = [row if to_right else row[::-1] for row in (rows if to_low else rows[::-1])]
                    self._pictures[*key[:6], to_right, to_low] = self._photo(radius, turned)
        return self._pictures[key]

    def _photo(self, size: int, rows: list[list[str]]) -> tk.PhotoImage:
        photo = tk.PhotoImage(master=self.canvas, width=max(1, size), height=max(1, size))
        if rows:
            photo.put(" ".join("{" + " ".join(row) + "}" for row in rows))
        return photo


def _edge_colour(distance: float, line: int, fill: str, border: str, ground: str) -> str:
    """The colour of a pixel so far outside of a rounded edge (pixels; negative inside) with such a line.

    Mixed in steps of a thirty-second, which nobody sees, so that few colours are worked out.
    """
    inside = round(_clamp(0.5 - distance - line) * 32) / 32
    shape = round(_clamp(0.5 - distance) * 32) / 32
    return mix(mix(fill, border, inside), ground, shape)


def fit(font: tkfont.Font, text: str, room: int) -> str:
    """The text, or as much of its beginning as fits into ``room`` pixels with an ellipsis after it."""
    if font.measure(text) <= room:
        return text
    while text and font.measure(text.rstrip() + ELLIPSIS) > room:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def wrap(font: tkfont.Font, text: str, room: int) -> list[str]:
    """The text in lines of at most ``room`` pixels, broken at spaces.

    A word longer than a line is broken after a ``_``, ``/``, ``=`` or hyphen, or where it must be.
    """
    lines = [""]
    for word in text.split():
        rest = f"{lines[-1]} {word}" if lines[-1] else word
        if font.measure(rest) > room and lines[-1] and font.measure(word) <= room:
            lines.append(word)
            continue
        while font.measure(rest) > room:
            size = next(n for n in range(len(rest), 0, -1) if n == 1 or font.measure(rest[:n]) <= room)
            head = re.match(r".*[\s_/=-]", rest[:size])
            size = head.end() if head else size
            lines[-1] = rest[:size].rstrip()
            rest = rest[size:]
            lines.append("")
        lines[-1] = rest
    return [line for line in lines if line]


def _clamp(value: float) -> float:
    return min(1.0, max(0.0, value))


def mark_coverage(state: State | None, size: int) -> Coverage:
    """The shape of a state's sign in a square of ``size`` pixels.

    Fresh is a disc, stale half a disc, offline a cross, no data a ring with a dot, no telemetry a diamond;
    a ring stands for what is not known yet.
    """
    middle = size / 2
    stroke = max(1.0, size / 6)

    def distance(x: float, y: float) -> float:
        return math.hypot(x - middle, y - middle)

    def disc(x: float, y: float) -> float:
        return middle + 0.5 - distance(x, y)

    def ring(x: float, y: float) -> float:
        return stroke / 2 + 0.5 - abs(distance(x, y) - (middle - stroke / 2))

    def half(x: float, y: float) -> float:
        return max(ring(x, y), min(disc(x, y), middle + 0.5 - x))

    def cross(x: float, y: float) -> float:
        across = abs(abs(x - middle) - abs(y - middle)) / math.sqrt(2)
        return min(stroke * 0.62 + 0.5 - across, disc(x, y))

    def target(x: float, y: float) -> float:
        return max(ring(x, y), stroke * 0.9 + 0.5 - distance(x, y))

    def diamond(x: float, y: float) -> float:
        across = (abs(x - middle) + abs(y - middle)) / math.sqrt(2)
        return stroke / 2 + 0.5 - abs(across - (middle / math.sqrt(2) - stroke / 2))

    shapes = {
        State.FRESH: disc,
        State.STALE: half,
        State.OFFLINE: cross,
        State.NO_TELEMETRY: diamond,
        State.NO_DATA: target,
    }
    return ring if state is None else shapes[state]
