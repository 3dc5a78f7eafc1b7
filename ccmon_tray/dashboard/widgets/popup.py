"""A menu below a button, in the window's own design: Tk's are drawn as they were thirty years ago.

It lies in the window, so no window manager has a say in where it goes and who has the keyboard. It closes by
a choice, by Escape, by a click beside it, and when something else gets the focus.
"""

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Any, Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.dashboard.widgets.surface import Surface

_ROW: Final = 28  # units
_EDGE: Final = 5
_SIDE: Final = 12
_CHECK: Final = 20  # for the mark of what is chosen, where anything is
_SIZE: Final = 12
_LINE: Final = 9  # a line between groups
_GAP: Final = 4  # between button and menu
_MARGIN: Final = 24  # at the window's right, where nothing stands

Choice = tuple[str, str]


def opens_menu(button: ttk.Button, open_menu: "Callable[[], PopupMenu]") -> None:
    """Let a click on a button open a menu, and keys as well, which mark its first choice to go on from."""

    def by_key(_event: "tk.Event[Any]") -> str:
        open_menu().mark_first()
        return "break"

    button.configure(command=open_menu)
    for key in ("<Return>", "<KP_Enter>", "<space>", "<Down>"):
        button.bind(key, by_key)


class PopupMenu(Surface):
    """A menu that is open from the moment it is made.

    Args:
        anchor: The button it belongs to, which gets the focus back.
        design: How things look.
        choices: Value and words of each; None is a line between groups.
        choose: Called with the value of what a person chooses, once the menu is closed.
        chosen: The value that is marked; None marks nothing and leaves no room for a mark.
    """

    def __init__(
        self,
        anchor: tk.Misc,
        design: Design,
        choices: Sequence[Choice | None],
        choose: Callable[[str], object],
        *,
        chosen: str | None = None,
    ) -> None:
        self._anchor = anchor
        self._choices = tuple(choices)
        self._choose = choose
        self._chosen = chosen
        self._open = True
        self.lit: int | None = None
        px = design.px
        font = design.fonts.get(_SIZE)
        words = max(font.measure(each[1]) for each in self._choices if each)
        self._left = px(_EDGE + _SIDE + (_CHECK if chosen is not None else 0))
        width = max(self._left + words + px(_SIDE + _EDGE), anchor.winfo_width())
        self._tops: list[int] = []
        y = px(_EDGE)
        for each in self._choices:
            self._tops.append(y)
            y += px(_ROW if each else _LINE)
        height = y + px(_EDGE)
        root = anchor.winfo_toplevel()
        super().__init__(root, design, ground=design.palette.card, width=width, height=height, focus=True)
        self.configure(cursor="arrow")
        self._bind_events()
        self.place(**self._spot(root, width, height))
        tk.Misc.lift(self)
        self.lit = next((n for n, each in enumerate(self._choices) if each and each[0] == chosen), None)
        self.update_idletasks()
        self.grab_set()  # clicks beside it come here, too
        self.focus_set()

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the choices, from top to bottom."""
        return tuple(each[1] for each in self._choices if each)

    def invoke(self, words: str) -> None:
        """Choose what has these words."""
        self._pick(next(n for n, each in enumerate(self._choices) if each and each[1] == words))

    def mark_first(self) -> None:
        """Mark the first choice, unless the chosen one is."""
        if self.lit is None:
            self._step(1)

    def close(self) -> None:
        """Take the menu away; its button gets the focus back."""
        if self._open:
            self._open = False
            self.grab_release()
            self._anchor.focus_set()
            self.destroy()

    def draw(self, width: int, height: int) -> None:
        """Draw everything."""
        paint, colours, px = self.painter, self.design.palette, self.design.px
        fill = mix(colours.text, self.ground, 0.05) if self.design.dark else self.ground
        border = mix(colours.text, self.ground, 0.2)
        paint.rounded((0, 0, width, height), radius=px(7), fill=fill, ground=self.ground, border=border)
        ascent = paint.fonts.get(_SIZE).metrics("ascent")
        line = paint.fonts.get(_SIZE).metrics("linespace")
        for index, (top, each) in enumerate(zip(self._tops, self._choices, strict=True)):
            if each is None:
                middle = top + px(_LINE) // 2
                self.create_rectangle(0, middle, width, middle + px(1), fill=border, width=0)
                continue
            if index == self.lit:
                box = (px(_EDGE), top, width - px(_EDGE), top + px(_ROW))
                lit = mix(colours.text, fill, 0.1)
                paint.rounded(box, radius=px(5), fill=lit, ground=fill)
            baseline = top + (px(_ROW) - line) // 2 + ascent
            if each[0] == self._chosen:
                mark = self.design.small(colours.accent, fill)
                paint.text(px(_EDGE + _SIDE - 2), baseline, "✓", room=px(_CHECK), size=_SIZE, colour=mark)
            room = width - self._left - px(_EDGE)
            paint.text(self._left, baseline, each[1], room=room, size=_SIZE)

    def _spot(self, root: tk.Misc, width: int, height: int) -> dict[str, Any]:
        """Below the button, else above it; whole in the window."""
        anchor, gap = self._anchor, self.design.px(_GAP)
        x = anchor.winfo_rootx() - root.winfo_rootx()
        below = anchor.winfo_rooty() - root.winfo_rooty() + anchor.winfo_height() + gap
        above = anchor.winfo_rooty() - root.winfo_rooty() - gap - height
        fits = below + height <= root.winfo_height()
        if x + width > root.winfo_width() - self.design.px(_MARGIN):
            x += anchor.winfo_width() - width  # it ends where its button does
        return {
            "x": max(gap, min(x, root.winfo_width() - width - gap)),
            "y": below if fits else max(gap, min(above, root.winfo_height() - height - gap)),
        }

    def _bind_events(self) -> None:
        self.bind("<Motion>", lambda event: self._light(self._at(event.x, event.y)))
        self.bind("<ButtonPress-1>", self._on_press)
        self.bind("<ButtonRelease-1>", self._on_release)
        self.bind("<FocusOut>", lambda _event: self.after_idle(self._on_focus_out), add=True)
        self.bind("<Key>", self._on_key)

    def _at(self, x: int, y: int) -> int | None:
        if not 0 <= x < self.winfo_width():
            return None
        for index, (top, each) in enumerate(zip(self._tops, self._choices, strict=True)):
            if each and top <= y < top + self.design.px(_ROW):
                return index
        return None

    def _light(self, index: int | None) -> None:
        if index != self.lit:
            self.lit = index
            self.redraw()

    def _on_press(self, event: "tk.Event[Any]") -> None:
        if not (0 <= event.x < self.winfo_width() and 0 <= event.y < self.winfo_height()):
            self.close()

    def _on_release(self, event: "tk.Event[Any]") -> None:
        index = self._at(event.x, event.y)
        if index is not None:
            self._pick(index)

    def _on_focus_out(self) -> None:
        if self._open and not self.focused:
            self.close()

    def _on_key(self, event: "tk.Event[Any]") -> str:
        match event.keysym:
            case "Up":
                self._step(-1)
            case "Down":
                self._step(1)
            case "Home" | "Prior":
                self._light(None)
                self._step(1)
            case "End" | "Next":
                self._light(None)
                self._step(-1)
            case "Return" | "KP_Enter" | "space":
                if self.lit is not None:
                    self._pick(self.lit)
            case "Escape" | "Tab" | "ISO_Left_Tab":
                self.close()
            case _ if event.char and event.char.isprintable():
                self._find(event.char)
        return "break"  # the window's own keys mean something else

    def _step(self, by: int) -> None:
        places = [n for n, each in enumerate(self._choices) if each]
        if self.lit is None:
            self._light(places[0 if by > 0 else -1])
        else:
            at = places.index(self.lit) + by
            self._light(places[max(0, min(len(places) - 1, at))])

    def _find(self, letter: str) -> None:
        """Go to the next choice that begins with a letter."""
        count = len(self._choices)
        start = -1 if self.lit is None else self.lit
        for index in ((start + step) % count for step in range(1, count + 1)):
            each = self._choices[index]
            if each and each[1].lower().startswith(letter.lower()):
                self._light(index)
                return

    def _pick(self, index: int) -> None:
        each = self._choices[index]
        assert each is not None
        self.close()
        self._choose(each[0])
