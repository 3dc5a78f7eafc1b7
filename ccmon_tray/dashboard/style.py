"""ttk's widgets in our design: round, calm, with a visible focus.

Round shapes are small pictures whose edges are stretched (ttk's image elements), since ttk draws none itself.
A theme is made anew for each design, because ttk never forgets an element.
"""

import itertools
import math
import tkinter as tk
from tkinter import ttk
from typing import Any, Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import ink, mix

_NUMBERS = itertools.count(1)
_RADIUS: Final = 8
_SMALL_RADIUS: Final = 6
_THUMB_RADIUS: Final = 4
_SIGN: Final = "↻"  # a button's sign, as wide as all of them


class Style:
    """The ttk theme of one design. Its pictures live as long as it does.

    Args:
        root: The window.
        design: How things look.
    """

    def __init__(self, root: tk.Misc, design: Design) -> None:
        self._root = root
        self._design = design
        self._style = ttk.Style(root)
        self._made: dict[tuple[object, ...], tk.PhotoImage] = {}
        name = f"ccmon-{next(_NUMBERS)}"
        self._style.theme_create(name, parent="clam")
        self._style.theme_use(name)
        self._frames()
        self._buttons()
        self._fields()
        self._scrollbars()

    def _frames(self) -> None:
        colours, style = self._design.palette, self._style
        style.configure(
            ".",
            background=colours.background,
            foreground=colours.text,
            font=self._design.fonts.get(13),
            troughcolor=colours.background,
            borderwidth=0,
            focuscolor=colours.accent,
        )
        card = self._picture(_RADIUS, colours.card, colours.hairline, colours.background, middle=256)
        focus = self._picture(_RADIUS, colours.card, colours.accent, colours.background, middle=256)
        self._element("Card.ground", _RADIUS, card, ("focus", focus))
        style.layout("Card.TFrame", [("Card.ground", {"sticky": "nsew"})])
        style.configure("Card.TFrame", background=colours.background)

    def _buttons(self) -> None:
        design, colours = self._design, self._design.palette
        for prefix, ground in (("", colours.background), ("Card.", colours.card)):
            plain = mix(colours.text, ground, 0.07)
            self._button(f"{prefix}TButton", ground, plain, mix(colours.text, ground, 0.13), colours.hairline)
            self._button(
                f"{prefix}Icon.TButton", ground, plain, mix(colours.text, ground, 0.13), colours.hairline
            )
            self._style.configure(f"{prefix}Icon.TButton", padding=_square(design, 30))
            self._button(f"{prefix}Quiet.TButton", ground, ground, mix(colours.text, ground, 0.08), ground)
        on_accent = "#06202e" if design.dark else "#ffffff"
        accent = ink(colours.accent, on_accent, colours.text)
        self._button(
            "Accent.TButton",
            colours.card,
            accent,
            mix(colours.text, accent, 0.12),
            accent,
            text=on_accent,
        )

    def _button(
        self, name: str, ground: str, fill: str, lit: str, border: str, *, text: str | None = None
    ) -> None:
        design, style = self._design, self._style
        colours = design.palette
        states = {
            "normal": self._picture(_SMALL_RADIUS, fill, border, ground),
            "focus": self._picture(_SMALL_RADIUS, fill, colours.accent, ground, line=1.5),
            "lit": self._picture(_SMALL_RADIUS, lit, border, ground),
            "disabled": self._picture(
                _SMALL_RADIUS, mix(fill, ground, 0.4), mix(border, ground, 0.4), ground
            ),
        }
        element = f"{name}.ground"
        self._element(
            element,
            _SMALL_RADIUS,
            states["normal"],
            ("disabled", states["disabled"]),
            ("focus", states["focus"]),
            ("pressed", states["lit"]),
            ("active", states["lit"]),
        )
        style.layout(
            name,
            [
                (
                    element,
                    {
                        "sticky": "nsew",
                        "children": [
                            (
                                "Button.padding",
                                {"sticky": "nsew", "children": [("Button.label", {"sticky": "nsew"})]},
                            )
                        ],
                    },
                )
            ],
        )
        style.configure(
            name,
            background=ground,
            foreground=text or colours.text,
            padding=_padding(design, 11, 30),
            font=design.fonts.get(12, strong=text is not None),
            anchor="center",
        )
        style.map(
            name,
            foreground=[("disabled", mix(text or colours.text, mix(fill, ground, 0.4), 0.5))],
            background=[("active", ground), ("pressed", ground)],
        )

    def _fields(self) -> None:
        design, colours, style = self._design, self._design.palette, self._style
        ground = colours.card
        fill = mix(colours.text, ground, 0.04) if design.dark else colours.card
        border = mix(colours.text, ground, 0.22)
        self._element(
            "Round.field",
            _SMALL_RADIUS,
            self._picture(_SMALL_RADIUS, fill, border, ground),
            ("invalid", self._picture(_SMALL_RADIUS, fill, colours.bad, ground, line=1.5)),
            ("focus", self._picture(_SMALL_RADIUS, fill, colours.accent, ground, line=1.5)),
        )
        inner: Any = [
            ("Entry.padding", {"sticky": "nsew", "children": [("Entry.textarea", {"sticky": "nsew"})]})
        ]
        style.layout("TEntry", [("Round.field", {"sticky": "nsew", "children": inner})])
        style.configure(
            "TEntry",
            foreground=colours.text,
            fieldbackground=fill,
            background=ground,
            insertcolor=colours.text,
            selectbackground=mix(colours.accent, ground, 0.45),
            selectforeground=colours.text,
            padding=_padding(design, 8, 32, 13),
        )
        style.map(
            "TEntry",
            foreground=[("disabled", design.small(colours.muted))],
            fieldbackground=[("disabled", fill)],
        )
        self._root.option_add("*TEntry.font", design.fonts.get(13))

    def _scrollbars(self) -> None:
        colours, style = self._design.palette, self._style
        for prefix, ground in (("", colours.background), ("Card.", colours.card)):
            name = f"{prefix}Vertical.TScrollbar"
            thumb = mix(colours.text, ground, 0.2)
            element = f"{prefix}Slim.thumb"
            lit = mix(colours.text, ground, 0.4)
            self._element(
                element,
                _THUMB_RADIUS,
                self._picture(_THUMB_RADIUS, thumb, thumb, ground),
                ("active", self._picture(_THUMB_RADIUS, lit, lit, ground)),
            )
            style.layout(
                name,
                [
                    (
                        "Vertical.Scrollbar.trough",
                        {"sticky": "ns", "children": [(element, {"sticky": "nsew"})]},
                    )
                ],
            )
            style.configure(
                name, troughcolor=ground, background=ground, bordercolor=ground, borderwidth=0, relief="flat"
            )

    def _element(
        self, name: str, radius: float, usual: tk.PhotoImage, *states: tuple[str, tk.PhotoImage]
    ) -> None:
        """An element drawn as a picture that is stretched; it asks for no more room than its corners take."""
        corner = self._design.px(radius)
        self._style.element_create(
            name,
            "image",
            usual,
            *states,
            border=corner,
            padding=0,
            width=2 * corner,
            height=2 * corner,
            sticky="nsew",
        )

    def _picture(
        self, radius: float, fill: str, border: str, ground: str, *, line: float = 1.0, middle: int = 32
    ) -> tk.PhotoImage:
        """A square with round corners, whose middle can be stretched.

        Tk stretches by laying the middle side by side: the larger it is, the fewer pieces a large part takes.
        """
        key = (radius, fill, border, ground, line, middle)
        if key in self._made:
            return self._made[key]
        corner, stroke = self._design.px(radius), max(1, self._design.px(line))
        side = 2 * corner + middle
        photo = tk.PhotoImage(master=self._root, width=side, height=side)
        photo.put(border, to=(0, 0, side, side))
        photo.put(fill, to=(stroke, stroke, side - stroke, side - stroke))
        shades = [[self._shade(corner, stroke, x, y) for x in range(corner)] for y in range(corner)]
        rows = [[mix(mix(fill, border, inner), ground, inside) for inside, inner in row] for row in shades]
        for down in (False, True):
            for right in (False, True):
                cells = [row[::-1] if right else row for row in (rows[::-1] if down else rows)]
                text = " ".join("{" + " ".join(row) + "}" for row in cells)
                photo.put(text, to=(side - corner if right else 0, side - corner if down else 0))
        self._made[key] = photo
        return photo

    @staticmethod
    def _shade(corner: int, stroke: int, x: int, y: int) -> tuple[float, float]:
        """How much of a pixel of the upper left corner is inside, and inside the border."""
        distance = math.hypot(corner - x - 0.5, corner - y - 0.5) - corner
        return _share(0.5 - distance), _share(0.5 - distance - stroke)


def _padding(design: Design, side: float, height: float, size: int = 12) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a line of text that make a widget so high (units), pixels."""
    spare = max(0, design.px(height) - design.fonts.get(size).metrics("linespace"))
    return design.px(side), spare // 2, design.px(side), spare - spare // 2


def _square(design: Design, side: float) -> tuple[int, int, int, int]:
    """The same around a single sign in a square, where signs differ in width by little."""
    spare = max(0, design.px(side) - design.fonts.get(12).measure(_SIGN))
    _, top, _, bottom = _padding(design, 0, side)
    return spare // 2, top, spare - spare // 2, bottom


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))
