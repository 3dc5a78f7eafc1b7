"""The tray icon, drawn for the slot's own size: a gauge, or a figure with a bar below it.

The state is told by colour *and* shape, so that it reads without colour and at 16 pixels:

============  ======================================================  =============================
state         mark                                                    below a figure
============  ======================================================  =============================
fresh         gauge, filled as far as its needle points               a bar
stale         closed ring with the hands of a clock                   three dots
offline       grey gauge, a cross instead of the needle               a cross
no-telemetry  grey gauge, a question mark instead of the needle       an empty bar
no-data       grey outline, the needle at its rest                    a thin line
============  ======================================================  =============================

A budget makes the gauge its share, and the bar as well: blue, amber from 80 %, and once it is exceeded a
closed red ring with an exclamation mark (below a figure: a red bar that ends in a dot).

Attention adds a warning triangle in the corner (offline says as much by itself). Generated figures have a
gauge of separate blocks, or a row of beads below the figure.
A soft outline in the bar's tone keeps the icon legible on a bar of the other tone.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import cos, radians, sin
from typing import Final

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ccmon_tray.tray.model import BUDGET_STEPS, IconFace
from ccmon_tray.usage.budgets import NEARLY_USED
from ccmon_tray.usage.states import State

_Point = tuple[float, float]

# The gauge's ends, degrees clockwise from three o'clock: it is open below.
_ARC_START: Final = 140.0
_ARC_SWEEP: Final = 260.0
_NEEDLE_AT: Final = 0.70
_BLOCKS: Final = 5
_BLOCK_GAP: Final = 16.0
# A figure is condensed to at most this much of its natural width before it is made lower.
_NARROWEST: Final = 0.66
# The bundled font has no dashes of typography.
_DASHES: Final = str.maketrans("–−", "--")


@dataclass(frozen=True, slots=True)
class _Palette:
    """Colours on a bar of one tone."""

    text: str
    quiet: str
    track: str
    accent: str
    demo: str
    warning: str
    bad: str
    outline: str


_ON_DARK: Final = _Palette(
    text="#f2f3f5",
    quiet="#a3a9b4",
    track="#6f7682",
    accent="#4cc2ff",
    demo="#a98bff",
    warning="#f5b942",
    bad="#ff7b72",
    outline="#131417",
)
_ON_LIGHT: Final = _Palette(
    text="#16181d",
    quiet="#565d69",
    track="#7c8490",  # muted, darkened until it stands out by 3:1
    accent="#0b7fc7",
    demo="#7a55e0",
    warning="#a86a00",
    bad="#c93c37",
    outline="#f5f6f8",
)


@lru_cache(maxsize=8)
def render(face: IconFace, size: int, *, dark_bar: bool = True) -> Image.Image:
    """Draw the icon.

    Args:
        face: What it says.
        size: Width and height of the slot in pixels.
        dark_bar: Whether the bar it lies on is dark.

    Returns:
        A transparent RGBA image of ``size`` × ``size``. It is remembered: do not draw on it.
    """
    palette = _ON_DARK if dark_bar else _ON_LIGHT
    pen = _Pen(size)
    if face.text:
        _draw_figure(pen, face, palette)
    else:
        _draw_gauge(pen, face, palette)
    return pen.finish(palette.outline)


class _Pen:
    """Draws in pixels of the slot, several times enlarged, so that edges come out smooth.

    Args:
        size: Width and height of the slot in pixels.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.unit = size / 16
        # No more than a megabyte up to 64 pixels; large sizes need less help.
        self._scale = max(2, min(8, 512 // size))
        side = size * self._scale
        self._image = Image.new("RGBA", (side, side))
        self._draw = ImageDraw.Draw(self._image)

    def snap(self, units: float) -> float:
        """A length in sixteenths of the slot as whole pixels, at least one."""
        return max(1.0, round(units * self.unit))

    def disc(self, centre: _Point, radius: float, colour: str | None) -> None:
        """A filled circle; no colour makes a hole."""
        k = self._scale
        x, y = centre
        box = ((x - radius) * k, (y - radius) * k, (x + radius) * k - 1, (y + radius) * k - 1)
        self._draw.ellipse(box, fill=colour or (0, 0, 0, 0))

    def line(self, points: tuple[_Point, ...], width: float, colour: str) -> None:
        """A line with round ends and corners."""
        k = self._scale
        self._draw.line([(x * k, y * k) for x, y in points], fill=colour, width=round(width * k))
        for point in points:
            self.disc(point, width / 2, colour)

    def arc(
        self, ring: tuple[_Point, float], width: float, span: _Point, colour: str, *, round_ends: bool = True
    ) -> None:
        """A part of a ring (centre, radius of its middle) between two angles, clockwise degrees."""
        centre, radius = ring
        k = self._scale
        x, y = centre
        outer = radius + width / 2
        box = ((x - outer) * k, (y - outer) * k, (x + outer) * k - 1, (y + outer) * k - 1)
        self._draw.arc(box, *span, fill=colour, width=round(width * k))
        for angle in span if round_ends else ():
            self.disc(_polar(centre, radius, angle), width / 2, colour)

    def polygon(self, points: tuple[_Point, ...], colour: str | None) -> None:
        """A filled polygon; no colour makes a hole."""
        k = self._scale
        self._draw.polygon([(x * k, y * k) for x, y in points], fill=colour or (0, 0, 0, 0))

    def bar(self, box: tuple[float, float, float, float], colour: str | None) -> None:
        """A filled bar (left, top, right, bottom) with round ends; no colour makes a hole."""
        k = self._scale
        left, top, right, bottom = (edge * k for edge in box)
        self._draw.rounded_rectangle(
            (left, top, right - 1, bottom - 1), (bottom - top) / 2, fill=colour or (0, 0, 0, 0)
        )

    def text(self, text: str, box: tuple[float, float, float, float], colour: str, weight: float) -> None:
        """Text as large as fits into a box (left, top, right, bottom), condensed if need be, centred."""
        left, top, right, bottom = (round(edge * self._scale) for edge in box)
        width, height = right - left, bottom - top
        font = ImageFont.load_default(2 * height)
        stroke = round(weight * 2 * height)
        # Every figure is as high as the highest sign in figures, so that a dash stays a dash.
        x0, _, x1, _ = font.getbbox(text, stroke_width=stroke)
        _, y0, _, y1 = font.getbbox("$0", stroke_width=stroke)
        mask = Image.new("L", (round(x1 - x0), round(y1 - y0)))
        ImageDraw.Draw(mask).text((-x0, -y0), text, fill=255, font=font, stroke_width=stroke)
        natural = mask.width / mask.height
        # Whole pixels high, so that the horizontal strokes are crisp.
        k = self._scale
        high = min(height, int(width / (natural * _NARROWEST)) // k * k)
        wide = min(width, round(high * natural))
        mask = mask.resize((wide, high), Image.Resampling.BOX)
        place = (left + (width - wide) // 2, top + (height - high) // 2 // k * k)
        self._image.paste(Image.new("RGBA", mask.size, colour), place, mask)

    def finish(self, outline: str) -> Image.Image:
        """The picture in the slot's size, with a soft outline under it."""
        small = self._image.resize((self.size, self.size), Image.Resampling.BOX)
        alpha = small.getchannel("A").filter(ImageFilter.GaussianBlur(max(0.6, self.unit * 0.5)))
        under = Image.new("RGBA", small.size, outline)
        under.putalpha(alpha.point([min(190, 2 * value) for value in range(256)]))
        under.alpha_composite(small)
        return under


def _polar(centre: _Point, radius: float, degrees: float) -> _Point:
    return centre[0] + radius * cos(radians(degrees)), centre[1] + radius * sin(radians(degrees))


def _draw_gauge(pen: _Pen, face: IconFace, palette: _Palette) -> None:
    u = pen.unit
    width = max(2.0, round(2.6 * u * 2) / 2)
    centre = (pen.size / 2, pen.size / 2 + u * 0.7)
    radius = pen.size / 2 - u * 0.3 - width / 2
    ring = (centre, radius)
    start, end = _ARC_START, _ARC_START + _ARC_SWEEP
    match face.state:
        case State.FRESH:
            _draw_fresh(pen, face, palette, ring, width)
        case State.STALE:
            middle = (pen.size / 2, pen.size / 2)
            pen.arc((middle, radius), width, (0, 360), palette.warning)
            hand = pen.snap(1.6)
            # An odd width of strokes sits on the middle of a pixel.
            x = middle[0] + (0.5 if hand % 2 and pen.size % 2 == 0 else 0)
            y = middle[1] + (0.5 if hand % 2 and pen.size % 2 == 0 else 0)
            pen.line(((x, y - 3.6 * u), (x, y), (x + 2.6 * u, y)), hand, palette.text)
        case State.OFFLINE:
            pen.arc(ring, width, (start, end), palette.track)
            _draw_cross(pen, centre, 2.7 * u, max(1.6, 2.2 * u), palette.bad)
        case State.NO_TELEMETRY:
            pen.arc(ring, width, (start, end), palette.track)
            half = radius - width / 2 - 0.4 * u
            box = (centre[0] - half, centre[1] - half, centre[0] + half, centre[1] + half + 0.6 * u)
            pen.text("?", box, palette.text, 0.05)
        case State.NO_DATA:
            thin = pen.snap(1.2)
            pen.arc((centre, radius + (width - thin) / 2), thin, (start, end), palette.quiet)
            _draw_needle(pen, centre, radius - width, start, palette.quiet)
    if face.attention and face.state is not State.OFFLINE:
        _draw_warning(pen, palette, 8.4)


def _draw_fresh(
    pen: _Pen, face: IconFace, palette: _Palette, ring: tuple[_Point, float], width: float
) -> None:
    """The gauge, filled as far as its needle points: to the used share of a budget, where there is one."""
    centre, radius = ring
    if face.budget is not None and face.budget > BUDGET_STEPS:
        _draw_exceeded(pen, radius, width, palette)
        return
    start, end = _ARC_START, _ARC_START + _ARC_SWEEP
    needle = start + _ARC_SWEEP * (_NEEDLE_AT if face.budget is None else face.budget / BUDGET_STEPS)
    if face.demo:
        length = (_ARC_SWEEP + _BLOCK_GAP) / _BLOCKS
        for block in range(_BLOCKS):
            at = start + block * length
            colour = _budget_colour(face, palette, palette.demo) if at < needle else palette.track
            pen.arc(ring, width, (at, at + length - _BLOCK_GAP), colour, round_ends=False)
    else:
        pen.arc(ring, width, (start, end), palette.track)
        if needle > start:
            pen.arc(ring, width, (start, needle), _budget_colour(face, palette, palette.accent))
    _draw_needle(pen, centre, radius - width * 0.85, needle, palette.text)


def _budget_colour(face: IconFace, palette: _Palette, usual: str) -> str:
    """The colour of what is used: a budget of which little is left is amber."""
    nearly = face.budget is not None and face.budget >= NEARLY_USED * BUDGET_STEPS
    return palette.warning if nearly else usual


def _draw_exceeded(pen: _Pen, radius: float, width: float, palette: _Palette) -> None:
    """A closed ring around an exclamation mark, all of it on whole pixels."""
    pen.arc(((pen.size / 2, pen.size / 2), radius), width, (0, 360), palette.bad)
    thick = pen.snap(2.0)
    thick += (pen.size - thick) % 2  # both odd or both even, or it would lie between two pixels
    left, height = (pen.size - thick) / 2, pen.snap(7.5)
    top = (pen.size - height) // 2
    stem = round(height * 0.58)
    pen.bar((left, top, left + thick, top + stem), palette.text)
    pen.bar((left, top + height - min(thick, height - stem - 1), left + thick, top + height), palette.text)


def _draw_needle(pen: _Pen, centre: _Point, length: float, at: float, colour: str) -> None:
    thick = max(1.5, 1.7 * pen.unit)
    pen.line((centre, _polar(centre, length, at)), thick, colour)
    pen.disc(centre, thick * 0.9, colour)


def _draw_cross(pen: _Pen, centre: _Point, reach: float, width: float, colour: str) -> None:
    x, y = centre
    pen.line(((x - reach, y - reach), (x + reach, y + reach)), width, colour)
    pen.line(((x - reach, y + reach), (x + reach, y - reach)), width, colour)


def _draw_warning(pen: _Pen, palette: _Palette, units: float) -> None:
    """A warning triangle in the lower right corner, with a gap around it."""
    side = pen.snap(units)
    stroke = max(1.0, round(0.15 * side))
    # Stroke and side are both odd or both even, or the stroke would lie between two pixels.
    side += (side - stroke) % 2
    right = bottom = float(pen.size)
    left, top, middle = right - side, bottom - side * 0.94, right - side / 2
    gap = pen.snap(1.0)
    pen.polygon(
        ((middle, top - 2.2 * gap), (left - 1.8 * gap, bottom + gap), (right + 1.8 * gap, bottom + gap)), None
    )
    pen.polygon(((middle, top), (left, bottom), (right, bottom)), palette.warning)
    x = middle - stroke / 2
    pen.bar((x, top + 0.34 * side, x + stroke, top + 0.63 * side), palette.outline)
    pen.bar((x, top + 0.72 * side, x + stroke, top + 0.72 * side + stroke), palette.outline)


def _draw_figure(pen: _Pen, face: IconFace, palette: _Palette) -> None:
    """The text, and below it the state's own kind of line."""
    u, size = pen.unit, float(pen.size)
    attention = face.attention and face.state is not State.OFFLINE
    text = face.text.translate(_DASHES)
    if len(text) > 4 and size < 24:
        # Five signs in so few pixels run into each other: the dollar sign says least.
        text = text.removeprefix("$")
    foot = 2.0
    if face.state is State.OFFLINE:
        foot = 4.4
    elif attention:
        foot = 5.6
    pen.text(text, (0, pen.snap(0.6), size, size - pen.snap(foot + 1.4)), palette.text, 0.035)
    if face.state is State.OFFLINE:
        _draw_cross(pen, (size / 2, size - 2.1 * u), 1.5 * u, 1.5 * u, palette.bad)
        return
    _draw_foot(pen, face, palette, size - pen.snap(8) if attention else size)
    if attention:
        _draw_warning(pen, palette, 6.0)


def _draw_foot(pen: _Pen, face: IconFace, palette: _Palette, right: float) -> None:
    """The line below a figure, from the left edge to ``right``."""
    size = float(pen.size)
    thick = pen.snap(2.0)
    middle = size - thick / 2
    match face.state:
        case State.FRESH if face.demo:
            count = round(right / (2 * thick)) + 1
            for bead in range(count):
                x = thick / 2 + (right - thick) * bead / (count - 1)
                pen.disc((x, middle), thick / 2, palette.demo)
        case State.FRESH if face.budget is not None and face.budget > BUDGET_STEPS:
            pen.bar((0, size - thick, right - 2 * thick, size), palette.bad)
            pen.bar((right - thick, size - thick, right, size), palette.bad)
        case State.FRESH if face.budget is not None:
            pen.bar((0, size - thick, right, size), palette.track)
            if face.budget:
                used = max(thick, round(right * face.budget / BUDGET_STEPS))
                pen.bar((0, size - thick, used, size), _budget_colour(face, palette, palette.accent))
        case State.STALE:
            for dot in range(3):
                pen.disc((right / 2 + (dot - 1) * 2 * thick, middle), thick / 2, palette.warning)
        case State.NO_TELEMETRY:
            rim = pen.snap(0.6)
            top = size - max(thick, 3 * rim)
            pen.bar((0, top, right, size), palette.quiet)
            pen.bar((rim, top + rim, right - rim, size - rim), None)
        case State.NO_DATA:
            pen.bar((0, size - pen.snap(1.0), right, size), palette.quiet)
        case _:
            pen.bar((0, size - thick, right, size), palette.accent)
