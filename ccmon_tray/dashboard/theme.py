"""Colours, spacing and type: one set of tokens for every window.

Lengths are in *units*: a unit is one pixel on a screen of 96 dpi. :func:`measure_scale` tells how many pixels
a unit is here, so that a window keeps its proportions at 1×, 2× and between.
"""

import sys
import tkinter as tk
from dataclasses import dataclass, field
from functools import lru_cache
from tkinter import font as tkfont
from typing import Final

_AA: Final = 4.5
GRID: Final = 8  # spacing is in multiples of this, halves where lines belong together


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one appearance, ``#rrggbb``.

    ``text`` and ``secondary`` meet WCAG AA (4.5 : 1) on every surface; ``muted`` does not everywhere, and is
    for decoration and large figures.
    """

    background: str
    sidebar: str
    card: str
    hairline: str
    text: str
    secondary: str
    muted: str
    accent: str
    good: str
    bad: str
    warning: str
    series: tuple[str, str, str, str, str]


DARK: Final = Palette(
    background="#131417",
    sidebar="#0e0f11",
    card="#1b1d21",
    hairline="#2a2d33",
    text="#f2f3f5",
    secondary="#a3a9b4",
    muted="#6f7682",
    accent="#4cc2ff",
    good="#3ddc97",
    bad="#ff7b72",
    warning="#f5b942",
    series=("#4cc2ff", "#a98bff", "#3ddc97", "#f5b942", "#ff8fab"),
)

LIGHT: Final = Palette(
    background="#f5f6f8",
    sidebar="#eceef1",
    card="#ffffff",
    hairline="#e1e4e9",
    text="#16181d",
    secondary="#565d69",
    muted="#868d99",
    accent="#0b7fc7",
    good="#0f8a56",
    bad="#c93c37",
    warning="#a86a00",
    series=("#0b7fc7", "#7a55e0", "#0f8a56", "#c08400", "#c8456b"),
)


def palette_for(theme: str, *, system_dark: bool | None = None) -> Palette:
    """The colours for a :class:`~ccmon_tray.settings.Theme`; dark where the system has no opinion."""
    if theme == "system":
        return LIGHT if system_dark is False else DARK
    return LIGHT if theme == "light" else DARK


@lru_cache(maxsize=4096)
def mix(colour: str, ground: str, share: float) -> str:
    """``colour`` laid over ``ground`` with an opacity of ``share`` (0 to 1)."""
    pairs = zip(_channels(colour), _channels(ground), strict=True)
    return "#" + "".join(f"{round(top * share + bottom * (1 - share)):02x}" for top, bottom in pairs)


def ink(colour: str, ground: str, text: str) -> str:
    """``colour`` for small words on ``ground``: drawn towards ``text`` as far as WCAG AA asks for."""
    share = 1.0
    while share > 0 and contrast(mix(colour, text, share), ground) < _AA:
        share -= 0.05
    return mix(colour, text, max(0.0, share))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21.

    Formula: WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(maxsize=256)
def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    linear = (
        c / 12.92 if (c := channel / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for channel in _channels(colour)
    )
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def measure_scale(root: tk.Misc) -> float:
    """Pixels per unit on this screen, in eighths: by text scaling, else by the screen's resolution."""
    if sys.platform == "darwin":
        return 1.0  # points are units there, and the system doubles them itself
    pixels_per_inch = root.winfo_fpixels("1i") * pixels_of_a_font_pixel(root)
    return min(4.0, max(1.0, round(pixels_per_inch / 96 * 8) / 8))


def pixels_of_a_font_pixel(root: tk.Misc) -> float:
    """How many pixels Tk makes of one pixel of a font's size.

    On X11 Tk turns sizes in pixels into points by the screen's resolution, and Xft these back by ``Xft.dpi``,
    which desktops set for their text scaling and which Tk itself does not show.
    """
    if root.tk.call("tk", "windowingsystem") != "x11":
        return 1.0
    text_dpi = _xft_dpi(root.winfo_screen())
    return text_dpi / root.winfo_fpixels("1i") if text_dpi else 1.0


def _xft_dpi(display: str) -> float | None:
    """The resource ``Xft.dpi`` of an X display; None where it is not set."""
    import ctypes  # noqa: PLC0415  # of use on X11 only

    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return None
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XGetDefault.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)
    x11.XGetDefault.restype = ctypes.c_char_p
    x11.XCloseDisplay.argtypes = (ctypes.c_void_p,)
    connection = x11.XOpenDisplay(display.encode())
    if not connection:
        return None
    try:
        value = x11.XGetDefault(connection, b"Xft", b"dpi")
        return max(float(value), 1.0) if value else None
    except ValueError:
        return None
    finally:
        x11.XCloseDisplay(connection)


def _keep(root: tk.Misc, font: tkfont.Font) -> None:
    """Have a label that nobody sees use a font, and the two colours that Tk looks up for each picture.

    Tk forgets a font or colour that no widget uses, and asks the display again for each use: for measuring a
    word it opens the font anew. That is some two hundred answers to wait for until a window is made.
    """
    tk.Label(root, font=font, background="white", foreground="black")


@dataclass(slots=True)
class Fonts:
    """The type scale in one family; fonts are made when first asked for, since each costs some milliseconds.

    Args:
        root: The window they are for.
        scale: Pixels per unit.
    """

    root: tk.Misc
    scale: float
    _inflation: float = 0.0
    _made: dict[tuple[int, bool], tkfont.Font] = field(default_factory=dict)
    _widths: dict[tuple[int, bool], dict[str, int]] = field(default_factory=dict)
    _families: dict[bool, tuple[str, bool]] = field(default_factory=dict)

    def get(self, size: int, *, strong: bool = False) -> tkfont.Font:
        """The font of this size (units), medium-bold where ``strong``."""
        made = self._made.get((size, strong))
        if made is None:
            family, bold = self._family(strong=strong)
            self._inflation = self._inflation or pixels_of_a_font_pixel(self.root)
            made = tkfont.Font(
                self.root,
                family=family,
                size=-max(1, round(size * self.scale / self._inflation)),
                weight="bold" if bold else "normal",
            )
            self._made[size, strong] = made
            _keep(self.root, made)
        return made

    def tabular(self, text: str, size: int, *, strong: bool = False) -> list[tuple[str, int, int]]:
        """The characters of ``text``, each with its place and its own width, pixels; digits are in columns.

        Tk cannot ask a font for its tabular figures, so that columns of numbers would not line up: each digit
        takes the place of the widest one. Widths are measured once, since each asks Tk.
        """
        font, widths = self.get(size, strong=strong), self._widths.setdefault((size, strong), {})
        for character in {*text, *"0123456789"} - widths.keys():
            widths[character] = font.measure(character)
        digit = max(widths[figure] for figure in "0123456789")
        return [(c, digit if c.isdigit() else widths[c], widths[c]) for c in text]

    def tabular_width(self, text: str, size: int, *, strong: bool = False) -> int:
        """Width of ``text`` in pixels with all digits as wide as the widest one."""
        return sum(place for _, place, _ in self.tabular(text, size, strong=strong))

    def _family(self, *, strong: bool) -> tuple[str, bool]:
        """Family, and whether its bold weight must stand in for a missing semibold."""
        if strong not in self._families:
            self._families[strong] = self._find_family(strong=strong)
        return self._families[strong]

    def _find_family(self, *, strong: bool) -> tuple[str, bool]:
        # A weight that has a name of its own is not listed among the families, but can be asked for.
        wanted = [("Inter SemiBold", False), ("Inter", True)] if strong else [("Inter", False)]
        for family, bold in wanted:
            if tkfont.Font(self.root, family=family, size=-12).actual("family") == "Inter":
                return family, bold
        return tkfont.nametofont("TkDefaultFont", self.root).actual("family"), strong
