"""Cards: surfaces with a title, and what stands in them."""

import tkinter as tk
from collections.abc import Sequence
from itertools import pairwise
from tkinter import ttk
from typing import Final, TypeVar

from ccmon_tray.dashboard.design import Design

P = TypeVar("P")

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

    Rows share the height that it is given.

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
        self._parts: Sequence[tk.Widget] = ()
        self._lines: list[tk.Frame] = []
        self._filled_anew = False
        self.bind("<Configure>", self._on_configure)

    def fill(self, parts: Sequence[tk.Widget]) -> None:
        """Set the parts, which must be children of this."""
        for part in self._parts:
            if part not in parts:
                part.grid_forget()
        self._parts = tuple(parts)
        self._filled_anew = True
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
        lines = -(-count // fitting)
        if lines == len(self._lines) and not self._filled_anew:
            return
        self._filled_anew = False
        before, self._lines = self._lines, []
        for index, parts in enumerate(in_rows(self._parts, lines)):
            line = tk.Frame(self, background=str(self.cget("background")))
            line.pack(fill="both", expand=True, pady=(gap if index else 0, 0))
            line.rowconfigure(0, weight=1)
            # The gaps are columns of their own, so that all parts of a row are equally wide.
            for place, part in enumerate(parts):
                line.columnconfigure(2 * place, weight=1, uniform="part")
                if place:
                    line.columnconfigure(2 * place - 1, minsize=gap)
                part.grid(in_=line, row=0, column=2 * place, sticky="nsew")
                tk.Misc.lift(part)
            self._lines.append(line)
        for line in before:
            line.destroy()


def in_rows(parts: Sequence[P], lines: int) -> list[Sequence[P]]:
    """Parts in rows of nearly the same length, shorter ones first: of three in two rows the first leads."""
    cuts = [len(parts) * line // lines for line in range(lines + 1)]
    return [parts[start:end] for start, end in pairwise(cuts)]
