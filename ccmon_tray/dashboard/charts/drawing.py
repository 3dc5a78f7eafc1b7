"""What a chart shows, as matplotlib's artists: pixels from the upper left corner, no Tk.

A :class:`Drawing` lives as long as its chart. Its artists are kept and only told what has changed; sizes come
from measured words, once for each size and set of data. One pixel is one of matplotlib's points, whatever the
screen: so figures, fonts and lines are measured in the same pixels as Tk's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path as FilePath
from typing import Final, Literal, Protocol

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, TransformedPath
from PIL import Image

from ccmon_tray.dashboard.theme import Palette, ink

POINTS_PER_INCH: Final = 72
_FALLBACKS: Final = ("Inter", "Helvetica Neue", "Segoe UI", "DejaVu Sans")

Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Look:
    """How a drawing looks.

    Attributes:
        palette: The colours.
        scale: Pixels per unit.
        family: The family of Tk's type.
        ground: What it stands on, ``#rrggbb``.
    """

    palette: Palette
    scale: float
    family: str
    ground: str

    def px(self, units: float) -> int:
        """Pixels for a length in units."""
        return round(units * self.scale)

    @property
    def line(self) -> int:
        """Width of a hairline, pixels."""
        return max(1, self.px(1))

    @property
    def quiet(self) -> str:
        """The colour of small words."""
        return ink(self.palette.secondary, self.ground, self.palette.text)

    def scaled(self, scale: float) -> "Look":
        """The same at another scale."""
        return replace(self, scale=scale)


@cache
def font_file(family: str, weight: int) -> str:
    """The file of a family's font, or of the nearest family there is."""
    for name in dict.fromkeys((family, *_FALLBACKS)):
        try:
            wanted = FontProperties(family=[name], weight=weight)
            return str(fontManager.findfont(wanted, fallback_to_default=False))
        except ValueError:
            continue
    return str(fontManager.findfont("DejaVu Sans"))


class _Easel:
    """The one renderer that all drawings are drawn on, one after the other.

    It is as large as the largest of them, which takes less memory than one for each, and matplotlib remembers
    the sizes of words as long as the renderer stays the same. A smaller drawing is in its lower left corner.
    """

    def __init__(self) -> None:
        self._renderer: RendererAgg | None = None
        self._size = (0, 0)

    def at_least(self, width: int, height: int) -> RendererAgg:
        """A renderer of this size or a larger one."""
        if self._renderer is None or width > self._size[0] or height > self._size[1]:
            self._size = (max(width, self._size[0]), max(height, self._size[1]))
            self._renderer = RendererAgg(*self._size, POINTS_PER_INCH)  # type: ignore[no-untyped-call]
        return self._renderer


_easel = _Easel()


class Ruler(Protocol):
    """Measures words in the type that they are written in."""

    def width(self, text: str, size: int, *, strong: bool) -> float:
        """Width of a text in pixels; the size in units."""


class Drawing:
    """A figure with its artists.

    Args:
        look: How it looks.
        ruler: Measures the words, where others write them (on a screen Tk does, as all other words there, and
            much faster); without one they are part of the figure.
    """

    def __init__(self, look: Look, ruler: Ruler | None = None) -> None:
        self.look = look
        self.ruler = ruler
        self.labels: list[Labels] = []
        """All its words."""
        self.width = self.height = 1
        self.figure = Figure(figsize=(1, 1), dpi=POINTS_PER_INCH, facecolor=look.ground, frameon=True)
        self.down = Affine2D()
        """From pixels counted downwards to matplotlib's, counted upwards."""
        self.margin = (0, 0, 0, 0)
        """Left, top, right, bottom, pixels: for what a picture in a file says besides."""
        self._widths: dict[tuple[str, int, bool], float] = {}

    def resize(self, width: int, height: int) -> None:
        """Give it a size in pixels, its margin not counted; :meth:`arrange` is to follow."""
        self.width, self.height = max(1, width), max(1, height)
        across, down = self.whole
        self.figure.set_size_inches(across / POINTS_PER_INCH, down / POINTS_PER_INCH)
        left, _, _, bottom = self.margin
        self.down.clear().scale(1, -1).translate(left, self.height + bottom)

    @property
    def whole(self) -> tuple[int, int]:
        """Width and height with the margin, pixels."""
        left, top, right, bottom = self.margin
        return self.width + left + right, self.height + top + bottom

    def arrange(self) -> None:
        """Put every artist where the size and the data want it."""
        raise NotImplementedError

    def picture(self) -> Image.Image:
        """Draw it: RGBA, but nothing shines through; holds until any other drawing is drawn."""
        size = self.whole
        renderer = _easel.at_least(*size)
        renderer.clear()  # type: ignore[no-untyped-call]
        self.figure.draw(renderer)
        pixels = np.asarray(renderer.buffer_rgba())[-size[1] :]  # type: ignore[no-untyped-call]
        return Image.frombuffer("RGBA", size, pixels, "raw", "RGBA", pixels.strides[0], 1)

    def save(self, path: FilePath) -> None:
        """Write it as the file's suffix says: PNG or SVG."""
        if path.suffix.lower() == ".svg":
            self.figure.savefig(path, format="svg", dpi=POINTS_PER_INCH, metadata={"Date": None})
        else:
            self.picture().convert("RGB").save(path)

    def add(self, artist: Artist, layer: float) -> None:
        """Put an artist into the figure; higher layers cover lower ones."""
        artist.set_zorder(layer)
        if not artist.is_transform_set():
            artist.set_transform(self.down)
        self.figure.add_artist(artist)

    def font(self, size: int, *, strong: bool = False) -> FontProperties:
        """The font of a size in units."""
        file = font_file(self.look.family, 600 if strong else 400)
        return FontProperties(fname=file, size=size * self.look.scale)

    def measure(self, text: str, size: int, *, strong: bool = False) -> float:
        """Width of words in pixels; the size in units."""
        key = (text, size, strong)
        if key not in self._widths:
            if len(self._widths) > 500:
                self._widths.clear()
            if self.ruler is not None:
                self._widths[key] = self.ruler.width(text, size, strong=strong)
            else:
                renderer = _easel.at_least(1, 1)
                font = self.font(size, strong=strong)
                self._widths[key] = renderer.get_text_width_height_descent(text, font, ismath=False)[0]  # type: ignore[no-untyped-call]
        return self._widths[key]

    def cap_height(self, size: int) -> float:
        """Height of a figure (0 to 9) above the baseline, pixels; about the same in all type for screens."""
        return 0.727 * size * self.look.scale


@dataclass(frozen=True, slots=True)
class Label:
    """Words at a place: ``y`` is that of the baseline; pixels."""

    x: float
    y: float
    text: str
    align: Align = "left"


class Labels:
    """Words of one size and colour in a drawing, whose artists are used again.

    Args:
        drawing: Where.
        size: Of the type, units.
        colour: Default: quiet.
        strong: Whether in semibold.
    """

    def __init__(
        self, drawing: Drawing, size: int, *, colour: str | None = None, strong: bool = False
    ) -> None:
        self._drawing = drawing
        self.size = size
        self.strong = strong
        self.colour = colour or drawing.look.quiet
        self.shown: tuple[Label, ...] = ()
        """Those that show now."""
        self._texts: list[Text] = []
        drawing.labels.append(self)

    def show(self, labels: Sequence[Label]) -> None:
        """Show these and no others."""
        self.shown = tuple(labels)
        if self._drawing.ruler is not None:
            return
        font = self._drawing.font(self.size, strong=self.strong)
        while len(self._texts) < len(labels):
            text = Text(color=self.colour, verticalalignment="baseline")
            text.set_parse_math(False)
            self._drawing.add(text, 5)
            self._texts.append(text)
        for text, label in zip(self._texts, labels, strict=False):
            text.set_fontproperties(font)
            text.set_position((label.x, label.y))
            text.set_text(label.text)
            text.set_horizontalalignment(label.align)
        for number, text in enumerate(self._texts):
            text.set_visible(number < len(labels))


class Shape(PathPatch):
    """A filled path, or several in one."""

    def __init__(self, colour: str, *, alpha: float = 1.0, smooth: bool = True) -> None:
        super().__init__(NOTHING, facecolor=colour, alpha=alpha, linewidth=0, antialiased=smooth)
        self.set_snap(False)

    def show(self, path: Path) -> None:
        """Show this."""
        self.set_path(path)
        self.set_visible(path is not NOTHING)


class Glow(Artist):
    """A colour below a line that fades downwards.

    Args:
        drawing: Where.
        colour: ``#rrggbb``.
        strength: Its opacity at the top, 0 to 1.
    """

    def __init__(self, drawing: Drawing, colour: str, strength: float) -> None:
        super().__init__()
        self._drawing = drawing
        self._colour = tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
        self._strength = strength
        self._path: Path | None = None
        self._box = (0, 0, 0, 0)

    def show(self, path: Path | None, box: tuple[int, int, int, int]) -> None:
        """Fill this path; the colour fades from top to bottom of a box (left, top, right, bottom; pixels)."""
        self._path = path
        self._box = box

    def draw(self, renderer: RendererBase) -> None:
        """Draw it (called by matplotlib)."""
        left, top, right, bottom = self._box
        if self._path is None or not self.get_visible() or right <= left or bottom <= top:
            return
        column = np.empty((bottom - top, 4), np.uint8)
        column[:, :3] = self._colour
        column[:, 3] = np.rint(255 * self._strength * np.linspace(0.0, 1.0, bottom - top))
        # Whole pixels are copied four times faster than their parts.
        whole = np.repeat(column.view(np.uint32), right - left, axis=1)
        pixels = whole.view(np.uint8).reshape(bottom - top, right - left, 4)
        gc = renderer.new_gc()
        gc.set_clip_path(TransformedPath(self._path, self._drawing.down))
        corner = self._drawing.down.transform((left, bottom))
        renderer.draw_image(gc, round(corner[0]), round(corner[1]), pixels)
        gc.restore()


NOTHING: Final = Path(np.empty((0, 2)))

MOVE: Final = int(Path.MOVETO)
LINE: Final = int(Path.LINETO)
CLOSE: Final = int(Path.CLOSEPOLY)
_CURVE: Final = (int(Path.CURVE4),) * 3

# How far the handles of a cubic curve lie from the ends of the quarter of a circle it draws.
_ROUND: Final = 0.5523


def rectangles(boxes: Iterable[tuple[float, float, float, float]]) -> Path:
    """Boxes (left, top, right, bottom) as one path."""
    return rounded_tops((*box, 0.0) for box in boxes)


def rounded_boxes(boxes: Iterable[tuple[float, float, float, float]], radius: float) -> Path:
    """Boxes (left, top, right, bottom) with round corners as one path."""
    vertices: list[tuple[float, float]] = []
    codes: list[int] = []
    k = radius * (1 - _ROUND)
    for left, top, right, bottom in boxes:
        vertices += [
            (left + radius, top),
            (right - radius, top), (right - k, top), (right, top + k), (right, top + radius),
            (right, bottom - radius), (right, bottom - k), (right - k, bottom), (right - radius, bottom),
            (left + radius, bottom), (left + k, bottom), (left, bottom - k), (left, bottom - radius),
            (left, top + radius), (left, top + k), (left + k, top), (left + radius, top),
            (left + radius, top),
        ]  # fmt: skip
        codes += [MOVE, *(LINE, *_CURVE) * 4, CLOSE]
    return Path(vertices, codes) if vertices else NOTHING


def rounded_tops(bars: Iterable[tuple[float, float, float, float, float]]) -> Path:
    """Bars (left, top, right, bottom, radius of the upper corners) as one path."""
    vertices: list[tuple[float, float]] = []
    codes: list[int] = []
    for left, top, right, bottom, radius in bars:
        if radius > 0:
            k = radius * (1 - _ROUND)
            vertices += [
                (left, bottom),
                (left, top + radius),
                (left, top + k),
                (left + k, top),
                (left + radius, top),
                (right - radius, top),
                (right - k, top),
                (right, top + k),
                (right, top + radius),
                (right, bottom),
                (left, bottom),
            ]
            codes += [MOVE, LINE, *_CURVE, LINE, *_CURVE, LINE, CLOSE]
        else:
            vertices += [(left, bottom), (left, top), (right, top), (right, bottom), (left, bottom)]
            codes += [MOVE, LINE, LINE, LINE, CLOSE]
    return Path(vertices, codes) if vertices else NOTHING
