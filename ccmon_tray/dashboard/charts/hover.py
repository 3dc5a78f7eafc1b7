"""What a chart shows of the value under the pointer: canvas items above its picture, which is not redrawn."""

import tkinter as tk
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageFilter, ImageTk

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import mix

_SMOOTH: Final = 4  # times larger than needed, then shrunk: that is how edges become smooth
_TAG: Final = "hover"
_KEPT: Final = 60

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are outside."""


@dataclass(frozen=True, slots=True)
class TipRow:
    """A value with its name; ``colour`` is that of its series."""

    name: str
    value: str
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a line."""

    x: float
    y: float
    colour: str


@dataclass(frozen=True, slots=True)
class Tip:
    """What is said of one value of a chart.

    Attributes:
        x: Where it is, pixels.
        y: Where it is, pixels.
        title: What the values are of.
        rows: The values.
        cross: Top and bottom of the crosshair, pixels.
        dots: Points to mark.
        shade: A place to lighten.
        frame: A place to draw a line around.
        veil: A picture to lay over the chart at its upper left corner (x, y).
        clear_of: How far from (x, y) the box is, pixels.
        leftwards: Whether the box is rather on the left.
    """

    x: float
    y: float
    title: str
    rows: tuple[TipRow, ...]
    cross: tuple[int, int] | None = None
    dots: tuple[Dot, ...] = ()
    shade: Box | None = None
    frame: Box | None = None
    veil: tuple[int, int, ImageTk.PhotoImage] | None = None
    clear_of: int = 0
    leftwards: bool = False

    @property
    def text(self) -> str:
        """The same as text, for copying."""
        if len(self.rows) == 1 and not self.rows[0].name:
            return f"{self.title}\t{self.rows[0].value}"
        return "\n".join([self.title, *(f"{row.name}\t{row.value}" for row in self.rows)])


class Overlay:
    """Draws tips on a chart's canvas.

    Args:
        canvas: Where.
        design: How it looks.
        ground: The chart's own ground, ``#rrggbb``.
    """

    def __init__(self, canvas: tk.Canvas, design: Design, ground: str) -> None:
        self._canvas = canvas
        self._design = design
        self._ground = ground
        self._pictures: dict[tuple[object, ...], ImageTk.PhotoImage] = {}
        self.box: Box | None = None
        """Where the value box is, or None."""

    def clear(self) -> None:
        """Take the tip away."""
        self._canvas.delete(_TAG)
        self.box = None

    def show(self, tip: Tip) -> None:
        """Show this tip and no other."""
        self.clear()
        canvas = self._canvas
        if tip.veil:
            canvas.create_image(tip.veil[0], tip.veil[1], image=tip.veil[2], anchor="nw", tags=_TAG)
        if tip.shade:
            left, top, right, bottom = tip.shade
            picture = self._shade(right - left, bottom - top)
            canvas.create_image(left, top, image=picture, anchor="nw", tags=_TAG)
        if tip.frame:
            line = max(1, self._design.px(1.5))
            left, top, right, bottom = tip.frame
            canvas.create_rectangle(
                left, top, right - 1, bottom - 1,
                outline=self._design.palette.text, width=line, tags=_TAG,
            )  # fmt: skip
        if tip.cross:
            line = max(1, self._design.px(1))
            dash = (self._design.px(3), self._design.px(3))
            canvas.create_line(
                round(tip.x), tip.cross[0], round(tip.x), tip.cross[1],
                fill=self._design.palette.muted, width=line, dash=dash, tags=_TAG,
            )  # fmt: skip
        for dot in tip.dots:
            canvas.create_image(round(dot.x), round(dot.y), image=self._dot(dot.colour), tags=_TAG)
        self._show_box(tip)

    def _show_box(self, tip: Tip) -> None:
        design, canvas = self._design, self._canvas
        px = design.px
        quiet, strong = design.fonts.get(11), design.fonts.get(12, strong=True)
        plain = design.fonts.get(12)
        room = (canvas.winfo_width(), canvas.winfo_height())
        pad_x, pad_y, gap = px(10), px(7), px(16)
        head, leading = quiet.metrics("linespace"), strong.metrics("linespace") + px(1)
        most = max(1, (room[1] - 2 * pad_y - head - px(8)) // leading)
        rows = tip.rows
        if len(rows) > most:
            rows = (*rows[: most - 1], TipRow(f"+{len(rows) - most + 1} more", ""))
        swatch = px(14) if any(row.colour and row.name for row in rows) else 0
        names = max((plain.measure(row.name) for row in rows if row.name), default=-gap)
        values = max(strong.measure(row.value) for row in rows)
        width = max(quiet.measure(tip.title), swatch + names + gap + values) + 2 * pad_x
        # Boxes of a few widths only: their pictures are kept.
        width = min(-(-width // 8) * 8, room[0])
        height = 2 * pad_y + head + px(2) + len(rows) * leading
        x, y = self._place(tip, width, height, room)
        self.box = (x, y, x + width, y + height)
        margin, picture = self._card(width, height)
        canvas.create_image(x - margin, y - margin, image=picture, anchor="nw", tags=_TAG)
        fill = design.small(design.palette.secondary, self._fill)
        canvas.create_text(
            x + pad_x, y + pad_y, text=tip.title, font=quiet, fill=fill, anchor="nw", tags=_TAG
        )
        line = y + pad_y + head + px(2)
        for row in rows:
            left = x + pad_x
            if row.colour and row.name:
                sign = self._swatch(row.colour)
                canvas.create_image(left, line + leading // 2, image=sign, anchor="w", tags=_TAG)
            if row.name:
                canvas.create_text(
                    left + swatch, line, text=row.name, font=plain, fill=fill, anchor="nw", tags=_TAG
                )
            canvas.create_text(
                x + width - pad_x if row.name else left, line, text=row.value, font=strong,
                fill=design.palette.text, anchor="ne" if row.name else "nw", tags=_TAG,
            )  # fmt: skip
            line += leading

    def _place(self, tip: Tip, width: int, height: int, room: tuple[int, int]) -> tuple[int, int]:
        """Beside the value, on the side with more room, whole on the canvas."""
        away = tip.clear_of or self._design.px(10)
        left, right = tip.x - away - width, tip.x + away
        x = left if tip.leftwards else right
        if x < 2:
            x = right
        elif x + width > room[0] - 2:
            x = left
        y = tip.y - height - self._design.px(4)
        edge = 2
        return (
            round(max(edge, min(x, room[0] - width - edge))),
            round(max(edge, min(y, room[1] - height - edge))),
        )

    @property
    def _fill(self) -> str:
        palette = self._design.palette
        return palette.sidebar if self._design.dark else palette.card

    def _card(self, width: int, height: int) -> tuple[int, ImageTk.PhotoImage]:
        """The box with its shadow, which reaches ``margin`` pixels beyond it."""
        margin = self._design.px(6)
        key = ("card", width, height)
        if key not in self._pictures:
            palette, px = self._design.palette, self._design.px
            size = (width + 2 * margin, height + 2 * margin)
            shape = Image.new("L", (size[0] * _SMOOTH, size[1] * _SMOOTH))
            corners = [
                margin * _SMOOTH, margin * _SMOOTH,
                (margin + width) * _SMOOTH - 1, (margin + height) * _SMOOTH - 1,
            ]  # fmt: skip
            draw = ImageDraw.Draw(shape)
            draw.rounded_rectangle(corners, px(6) * _SMOOTH, fill=255)
            outer = shape.reduce(_SMOOTH)
            line = max(1, px(1)) * _SMOOTH
            shape.paste(0, (0, 0, *shape.size))
            inside = [corners[0] + line, corners[1] + line, corners[2] - line, corners[3] - line]
            draw.rounded_rectangle(inside, px(5) * _SMOOTH, fill=255)
            inner = shape.reduce(_SMOOTH)
            shadow = outer.filter(ImageFilter.GaussianBlur(margin / 3)).point(
                [level * (90 if self._design.dark else 36) // 255 for level in range(256)]
            )
            picture = Image.new("RGBA", size, "#000000")
            picture.putalpha(shadow)
            for colour, mask in ((palette.hairline, outer), (self._fill, inner)):
                layer = Image.new("RGBA", size, colour)
                layer.putalpha(mask)
                picture.alpha_composite(layer)
            self._keep(key, picture)
        return margin, self._pictures[key]

    def _dot(self, colour: str) -> ImageTk.PhotoImage:
        """A ring in the colour of its series."""
        key = ("dot", colour)
        if key not in self._pictures:
            size = self._design.px(9) | 1
            stroke = max(1.5, 2 * self._design.scale)
            self._keep(key, _disc(size, colour, self._ground, stroke))
        return self._pictures[key]

    def _swatch(self, colour: str) -> ImageTk.PhotoImage:
        key = ("swatch", colour)
        if key not in self._pictures:
            size = self._design.px(8)
            mask = Image.new("L", (size * _SMOOTH, size * _SMOOTH))
            edge = size * _SMOOTH - 1
            ImageDraw.Draw(mask).rounded_rectangle((0, 0, edge, edge), self._design.px(2) * _SMOOTH, fill=255)
            picture = Image.new("RGBA", (size, size), colour)
            picture.putalpha(mask.reduce(_SMOOTH))
            self._keep(key, picture)
        return self._pictures[key]

    def _shade(self, width: int, height: int) -> ImageTk.PhotoImage:
        key = ("shade", width, height)
        if key not in self._pictures:
            picture = Image.new("RGBA", (max(1, width), max(1, height)), self._design.palette.text)
            picture.putalpha(26 if self._design.dark else 18)
            self._keep(key, picture)
        return self._pictures[key]

    def _keep(self, key: tuple[object, ...], picture: Image.Image) -> None:
        if len(self._pictures) >= _KEPT:
            self._pictures.clear()
        self._pictures[key] = ImageTk.PhotoImage(picture, master=self._canvas)


def _disc(size: int, colour: str, fill: str, stroke: float) -> Image.Image:
    """A filled ring of ``size`` pixels with smooth edges."""
    large = size * _SMOOTH
    mask = Image.new("L", (large, large))
    draw = ImageDraw.Draw(mask)
    draw.ellipse((0, 0, large - 1, large - 1), fill=255)
    inset = round(stroke * _SMOOTH)
    face = Image.new("L", (large, large))
    ImageDraw.Draw(face).ellipse((inset, inset, large - 1 - inset, large - 1 - inset), fill=255)
    picture = Image.new("RGBA", (size, size), mix(colour, fill, 1.0))
    middle = Image.new("RGBA", (size, size), fill)
    picture.paste(middle, (0, 0), face.reduce(_SMOOTH))
    picture.putalpha(mask.reduce(_SMOOTH))
    return picture
