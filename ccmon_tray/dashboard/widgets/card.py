"""Cards: surfaces with a title, and what stands in them."""

import math
import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk
from typing import Final

from ccmon_tray.dashboard.design import Design

PADDING: Final = 16  # units between a card's edge and what stands in it


def label(
    parent: tk.Misc,
    design: Design,
    text: str = "",
    *,
    ground: str | None = None,
    colour: str | None = None,
    size: int = 13,
    strong: bool = False,
    wrap: bool = False,
) -> tk.Label:
    """Words on a plain ground (default: a card's); where ``wrap``, in as many lines as the width asks for."""
    made = tk.Label(
        parent,
        text=text,
        font=design.fonts.get(size, strong=strong),
        foreground=colour or design.palette.text,
        background=ground or design.palette.card,
        borderwidth=0,
        padx=0,
        pady=0,
        anchor="w",
        justify="left",
    )
    if wrap:
        # Asked for less than there is, columns of one width cannot push each other back and forth for ever.
        made.bind("<Configure>", lambda event: made.configure(wraplength=max(event.width - 1, 1)))
    return made


class Card(ttk.Frame):
    """A card: a head with a title and room for controls at its right, and a body.

    Attributes:
        head: Where controls go: pack them to the right.
        body: Where the content goes.

    Args:
        parent: Where it lives.
        design: How things look.
        title: Its title; "" leaves the head out.
    """

    def __init__(self, parent: tk.Misc, design: Design, title: str = "") -> None:
        px = design.px
        super().__init__(parent, style="Card.TFrame", padding=px(1))
        ground = design.palette.card
        inner = tk.Frame(self, background=ground)
        inner.pack(fill="both", expand=True, padx=px(PADDING - 1), pady=(px(13), px(PADDING - 3)))
        self.head = tk.Frame(inner, background=ground)
        self.title = label(self.head, design, title, strong=True)
        if title:
            self.head.pack(fill="x", pady=(0, px(6)))
            self.title.pack(side="left", pady=(px(2), px(2)))
        self.body = tk.Frame(inner, background=ground)
        self.body.pack(fill="both", expand=True)


class Rows(tk.Frame):
    """Parts side by side, equally wide, in as many rows as their least width asks for.

    Args:
        parent: Where it lives.
        design: How things look.
        least: The width that a part needs, units.
        ground: The colour it stands on; default: the window's background.
    """

    def __init__(self, parent: tk.Misc, design: Design, *, least: float, ground: str | None = None) -> None:
        super().__init__(parent, background=ground or design.palette.background)
        self._design = design
        self._least = least
        self._parts: Sequence[tk.Misc] = ()
        self._columns = 0
        self.bind("<Configure>", self._on_configure)

    def fill(self, parts: Sequence[tk.Widget]) -> None:
        """Set the parts, which must be children of this."""
        for part in self._parts:
            if part not in parts and isinstance(part, tk.Widget):
                part.grid_forget()
        self._parts = tuple(parts)
        self._columns = 0
        self._arrange(self.winfo_width())

    def _on_configure(self, event: "tk.Event[tk.Misc]") -> None:
        self._arrange(event.width)

    def _arrange(self, width: int) -> None:
        count = len(self._parts)
        if not count:
            return
        gap = self._design.px(12)
        fitting = max(1, min(count, (width + gap) // (self._design.px(self._least) + gap)))
        if width <= 1:
            fitting = count
        # Rows of nearly the same length: six in two rows are three and three, seven are four and three.
        lines = -(-count // fitting)
        columns = -(-count // lines)
        if columns == self._columns:
            return
        self._columns = columns
        last = count - columns * (lines - 1)
        # The last row fills the width as well, so that no edge is left ragged.
        grid = math.lcm(columns, last)
        for column in range(self.grid_size()[0]):
            self.columnconfigure(column, weight=0, uniform="")
        for column in range(grid):
            self.columnconfigure(column, weight=1, uniform="part")
        for index, part in enumerate(self._parts):
            row, place = divmod(index, columns)
            in_row = last if row == lines - 1 else columns
            span = grid // in_row
            assert isinstance(part, tk.Widget)
            part.grid(
                row=row,
                column=place * span,
                columnspan=span,
                sticky="nsew",
                padx=(0 if place == 0 else gap // 2, 0 if place == in_row - 1 else gap - gap // 2),
                pady=(gap if row else 0, 0),
            )
