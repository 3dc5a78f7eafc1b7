"""Budgets as cards: what is used of each as a bar, what is left, where it is heading."""

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.dashboard.widgets.card import Rows
from ccmon_tray.dashboard.widgets.surface import Surface
from ccmon_tray.usage import budgets
from ccmon_tray.usage.budgets import NEARLY_USED, BudgetUse

_HEIGHT: Final = 82  # units
_BAR: Final = 8


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """What a card says, in words, and how much of its bar is filled.

    Attributes:
        title: Whose budget it is.
        used: How much is used: ``61 % of $20.00``.
        left: How much is left, or over.
        pace: Where it is heading; "" where that is unknown.
        share: The filled part of the bar, 0 to 1.
        tone: ``""``, ``warning`` where little is left, ``bad`` where it is exceeded.
    """

    title: str
    used: str
    left: str
    pace: str
    share: float
    tone: str

    @classmethod
    def of(cls, use: BudgetUse, now: float) -> "BudgetLine":
        """What is to be said of a budget at a moment (Unix seconds)."""
        ratio = use.used_ratio or 0.0
        tone = "bad" if use.exceeded else "warning" if ratio >= NEARLY_USED else ""
        return cls(
            budgets.title(use),
            budgets.used_words(use),
            budgets.left_words(use),
            budgets.pace_words(use, now),
            min(1.0, ratio),
            tone,
        )


class BudgetCard(Surface):
    """One budget. Takes the focus; a double click copies what it says, as Ctrl+C does.

    Args:
        parent: Where it lives.
        design: How things look.
        copy: Puts a text into the clipboard and says so.
    """

    def __init__(self, parent: tk.Misc, design: Design, copy: Callable[[str], None]) -> None:
        self.line: BudgetLine | None = None
        self._copy = copy
        super().__init__(parent, design, height=design.px(_HEIGHT), focus=True)
        self.on_click(lambda _x, _y: self.focus_set())
        self.bind("<Double-Button-1>", lambda _event: self._copy_line())
        self.bind("<<CopyValue>>", lambda _event: self._copy_line())

    def show(self, line: BudgetLine) -> None:
        """Show a budget."""
        if line != self.line:
            self.line = line
            self.redraw()

    def draw(self, width: int, height: int) -> None:
        """Draw everything."""
        paint, colours, px, line = self.painter, self.design.palette, self.design.px, self.line
        border = colours.accent if self.focused else colours.hairline
        paint.rounded(
            (0, 0, width, height), radius=px(8), fill=colours.card, ground=self.ground, border=border
        )
        if line is None:
            return  # awaited
        left, right = px(16), width - px(16)
        small = self.design.fonts.get(12)
        self._draw_ends(left, right, px(26), (line.title, colours.secondary), (line.used, colours.text))
        top = px(38)
        box = (left, top, right, top + px(_BAR))
        trough = mix(colours.text, colours.card, 0.1)
        paint.rounded(box, radius=px(_BAR) // 2, fill=trough, ground=colours.card)
        tone = {"bad": colours.bad, "warning": colours.warning}.get(line.tone, colours.accent)
        filled = round((right - left) * line.share)
        if filled:
            box = (left, top, left + max(px(_BAR), filled), top + px(_BAR))
            paint.rounded(box, radius=px(_BAR) // 2, fill=tone, ground=trough)
        words = self.design.small(colours.bad) if line.tone == "bad" else colours.secondary
        room = right - left - px(12) - small.measure(line.left)
        pace = line.pace if small.measure(line.pace) <= room else ""
        self._draw_ends(left, right, px(66), (line.left, words), (pace, colours.secondary))

    def _draw_ends(
        self, left: int, right: int, baseline: int, first: tuple[str, str], last: tuple[str, str]
    ) -> None:
        """Draw words with their colours at both ends of a line."""
        paint = self.painter
        taken = self.design.fonts.get(12).measure(last[0]) if last[0] else 0
        paint.text(right - taken, baseline, last[0], room=taken, size=12, colour=last[1])
        room = right - left - taken - self.design.px(8)
        paint.text(left, baseline, first[0], room=room, size=12, colour=first[1])

    def _copy_line(self) -> None:
        if self.line is not None:
            words = (self.line.title, self.line.used, self.line.left, self.line.pace)
            self._copy("\t".join(filter(None, words)))


class BudgetCards(Rows):
    """The budgets that are set, side by side.

    Args:
        parent: Where they live.
        design: How things look.
        copy: Puts a text into the clipboard and says so.
    """

    def __init__(self, parent: tk.Misc, design: Design, copy: Callable[[str], None]) -> None:
        super().__init__(parent, design, least=230)
        self._made = [BudgetCard(self, design, copy) for _ in budgets.BudgetPeriod]
        self.cards: list[BudgetCard] = []
        """Those that are shown."""

    def show(self, uses: Sequence[BudgetUse], now: float) -> None:
        """Show what has become of the budgets at a moment (Unix seconds)."""
        self.expect(len(uses))
        for card, use in zip(self.cards, uses, strict=True):
            card.show(BudgetLine.of(use, now))

    def expect(self, count: int) -> None:
        """Keep room for so many budgets, of which nothing is known yet."""
        cards = self._made[:count]
        if cards != self.cards:
            self.cards = cards
            self.fill(cards)
