"""Cards in columns: as many as the width has room for, all of the same width."""

import tkinter as tk
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.setting_groups import Places
from ccmon_tray.dashboard.widgets.card import Card

_LEAST: Final = 412  # units that a column needs
_GAP: Final = 12


class CardColumns(tk.Frame):
    """Cards in one, two or three columns of the same width."""

    def __init__(self, parent: tk.Misc, design: Design) -> None:
        super().__init__(parent, background=design.palette.background)
        self._design = design
        self._cards: list[tuple[int, Card, Places]] = []
        self.order = 0
        """Where the next card comes among all."""
        self._columns = [tk.Frame(self, background=design.palette.background) for _ in range(3)]
        self._count = 0
        self._above: list[int] = []
        self.bind("<Configure>", lambda event: self._arrange(event.width))

    def add(self, card: Card, places: Places) -> None:
        """Add a card below those of its column that are there."""
        self._cards.append((self.order, card, places))
        if self._count:
            self._place(card, places)

    def settle(self) -> None:
        """Bring all cards into their order, in the columns and for the Tab key."""
        self._cards.sort(key=lambda each: each[0])
        count, self._count = self._count, 0
        if count:
            self._arrange(self.winfo_width())

    def _arrange(self, width: int) -> None:
        px = self._design.px
        gap = px(_GAP)
        most = len(self._columns)
        count = max(1, min(most, (width + gap) // (px(_LEAST) + gap)))
        if count == self._count:
            return
        self._count = count
        for index, column in enumerate(self._columns):
            shown = index < count
            self.columnconfigure(2 * index, weight=int(shown), uniform="column" if shown else "")
            self.columnconfigure(2 * index + 1, minsize=gap if index < count - 1 else 0)
            if shown:
                column.grid(row=0, column=2 * index, sticky="nsew")
            else:
                column.grid_forget()
        self._above = [0] * count
        for _, card, places in self._cards:
            self._place(card, places)

    def _place(self, card: Card, places: Places) -> None:
        place = (0, *places)[self._count - 1]
        card.pack(
            in_=self._columns[place], fill="x", pady=(self._design.px(_GAP) if self._above[place] else 0, 0)
        )
        tk.Misc.lift(card)
        self._above[place] += 1
