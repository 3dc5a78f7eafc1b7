"""A card whose content is folded away until it is needed; its head says what there is to say of it."""

import tkinter as tk
from collections.abc import Callable
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.dashboard.widgets.card import Card
from ccmon_tray.dashboard.widgets.surface import Surface

_HEIGHT: Final = 24  # units
_PAD: Final = 8
_SIZE: Final = 12


class FoldingCard(Card):
    """A card that opens by a click on its head, or by Space or Return while that has the focus.

    Attributes:
        switch: Its head.

    Args:
        parent: Where it lives.
        design: How things look.
        title: Its title.
        toggled: Called when a person wants it the other way; what follows is the caller's to do.
    """

    def __init__(self, parent: tk.Misc, design: Design, title: str, toggled: Callable[[], None]) -> None:
        super().__init__(parent, design, title)
        self.opened = False
        self._gap = design.px(6)
        self.title.pack_forget()
        self.switch = FoldSwitch(self.head, design, title, toggled)
        self.switch.pack(fill="x")
        self.body.pack_forget()
        self.head.pack_configure(pady=0)

    def tell(self, words: str) -> None:
        """Say in the head what it holds."""
        self.switch.show(words, opened=self.opened)

    def unfold(self, opened: bool) -> None:
        """Show its content, or hide it."""
        if opened != self.opened:
            self.opened = opened
            if opened:
                self.body.pack(fill="both", expand=True)
            else:
                self.body.pack_forget()
            self.head.pack_configure(pady=(0, self._gap if opened else 0))
            self.switch.show(self.switch.words, opened=opened)


class FoldSwitch(Surface):
    """A title at the left, quiet words with an arrow at the right.

    Args:
        parent: Where it lives, on a card.
        design: How things look.
        title: The title.
        toggled: Called when it is clicked, or chosen by a key.
    """

    def __init__(self, parent: tk.Misc, design: Design, title: str, toggled: Callable[[], None]) -> None:
        self.words = ""
        self._title = title
        self._opened = False
        self._hovered = False
        super().__init__(parent, design, ground=design.palette.card, height=design.px(_HEIGHT), focus=True)
        self.configure(cursor="hand2")
        self.on_click(lambda _x, _y: toggled())
        for key in ("<space>", "<Return>"):
            self.bind(key, lambda _event: toggled())
        for event, hovered in (("<Enter>", True), ("<Leave>", False)):
            self.bind(event, lambda _event, hovered=hovered: self._hover(hovered))  # type: ignore[misc]

    def show(self, words: str, *, opened: bool) -> None:
        """Say something, and which way it goes."""
        if (words, opened) != (self.words, self._opened):
            self.words, self._opened = words, opened
            self.redraw()

    def draw(self, width: int, height: int) -> None:
        """Draw everything."""
        paint, colours, px = self.painter, self.design.palette, self.design.px
        words = f"{self.words}  {'▴' if self._opened else '▾'}"
        left = width - paint.fonts.get(_SIZE).measure(words) - 2 * px(_PAD)
        ground = self.ground
        if self._hovered or self.focused:
            ground = mix(colours.text, self.ground, 0.06)
            ring = colours.accent if self.focused else None
            box = (left, 0, width, height)
            paint.rounded(box, radius=px(5), fill=ground, ground=self.ground, border=ring)
        colour = colours.text if self._hovered else self.design.small(colours.secondary, ground)
        baseline = height // 2 + px(4.5)
        paint.text(0, baseline, self._title, room=left, colour=colours.text, strong=True)
        paint.text(left + px(_PAD), baseline, words, room=width, size=_SIZE, colour=colour)

    def _hover(self, hovered: bool) -> None:
        self._hovered = hovered
        self.redraw()
