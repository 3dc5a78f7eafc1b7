"""What is said besides figures: a banner above them, a panel in place of them, a word that passes."""

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from tkinter import ttk
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.painter import ELLIPSIS
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.dashboard.widgets.card import Card, label
from ccmon_tray.dashboard.widgets.surface import Surface
from ccmon_tray.usage.states import State

_TOAST_MS: Final = 1800


@dataclass(frozen=True, slots=True)
class Deed:
    """A button: its words, and what it does; buttons with the same words are the same one."""

    words: str
    do: Callable[[], object] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Note:
    """Something to say.

    Attributes:
        title: What it is, in a few words.
        body: Why, and what to do: a paragraph each.
        tone: ``bad``, ``warning`` or ``quiet``.
        state: Whose sign stands beside it, if any.
        deeds: Buttons that do what is to be done.
    """

    title: str
    body: tuple[str, ...] = ()
    tone: str = "quiet"
    state: State | None = None
    deeds: tuple[Deed, ...] = ()


class Banner(Card):
    """A note above the figures it is about.

    Args:
        parent: Where it lives.
        design: How things look.
    """

    def __init__(self, parent: tk.Misc, design: Design) -> None:
        super().__init__(parent, design)
        self._design = design
        self._note: Note | None = None
        colours = design.palette
        self._bar = tk.Frame(self.body, width=design.px(3))
        self._bar.pack(side="left", fill="y", padx=(0, design.px(12)))
        self._buttons = tk.Frame(self.body, background=colours.card)
        self._buttons.pack(side="right", padx=(design.px(12), 0))
        self._words = tk.Frame(self.body, background=colours.card)
        self._words.pack(side="left", fill="both", expand=True)

    def show(self, note: Note) -> None:
        """Say something."""
        if note == self._note:
            return
        self._note = note
        colours = self._design.palette
        tones = {"bad": colours.bad, "warning": colours.warning}
        self._bar.configure(background=tones.get(note.tone, colours.hairline))
        for child in (*self._words.winfo_children(), *self._buttons.winfo_children()):
            child.destroy()
        label(self._words, self._design, note.title, strong=bool(note.body), wrap=True).pack(fill="x")
        for text in note.body:
            words = label(self._words, self._design, text, size=12, colour=colours.secondary, wrap=True)
            words.pack(fill="x", pady=(self._design.px(3), 0))
        _buttons(self._buttons, note.deeds, self._design)


class Panel(tk.Frame):
    """A note in place of figures, in the middle of the view.

    Args:
        parent: Where it lives.
        design: How things look.
    """

    def __init__(self, parent: tk.Misc, design: Design) -> None:
        super().__init__(parent, background=design.palette.background)
        self._design = design
        self._note: Note | None = None
        self._inner = tk.Frame(self, background=design.palette.background)
        self._inner.place(relx=0.5, rely=0.42, anchor="center", relwidth=0.86)

    def show(self, note: Note) -> None:
        """Say something."""
        if note == self._note:
            return
        self._note = note
        design, colours = self._design, self._design.palette
        for child in self._inner.winfo_children():
            child.destroy()
        column = tk.Frame(self._inner, background=colours.background)
        column.pack()
        _Sign(column, design, note).pack(pady=(0, design.px(14)))
        title = label(column, design, note.title, ground=colours.background, size=17, strong=True)
        title.configure(justify="center", anchor="center", wraplength=design.px(480))
        title.pack()
        for text in note.body:
            words = label(column, design, text, ground=colours.background, colour=colours.secondary)
            words.configure(justify="center", anchor="center", wraplength=design.px(460))
            words.pack(pady=(design.px(8), 0))
        buttons = tk.Frame(column, background=colours.background)
        buttons.pack(pady=(design.px(20), 0))
        _buttons(buttons, note.deeds, design, prefix="")


class _Sign(Surface):
    """The sign of a state, large."""

    def __init__(self, parent: tk.Misc, design: Design, note: Note) -> None:
        self._note = note
        side = design.px(44)
        super().__init__(parent, design, width=side, height=side)

    def draw(self, width: int, height: int) -> None:
        colours = self.design.palette
        colour = {"bad": colours.bad, "warning": colours.warning}.get(self._note.tone, colours.secondary)
        fill = mix(colour, self.ground, 0.14)
        self.painter.rounded((0, 0, width, height), radius=width // 2, fill=fill, ground=self.ground)
        size = self.design.px(16)
        at = ((width - size) // 2, (height - size) // 2)
        self.painter.mark(*at, self._note.state, size=size, ground=fill, colour=colour)


class _Word(Surface):
    """A word on a small raised plate."""

    def __init__(self, root: tk.Misc, design: Design, words: str) -> None:
        self.words = words
        font = design.fonts.get(12)
        width = font.measure(words) + 2 * design.px(14)
        super().__init__(root, design, ground=design.palette.card, width=width, height=design.px(34))

    def draw(self, width: int, height: int) -> None:
        """Draw it."""
        paint, colours, px = self.painter, self.design.palette, self.design.px
        fill, line = (mix(colours.text, colours.card, share) for share in (0.12, 0.3))
        paint.rounded((0, 0, width, height), radius=px(8), fill=fill, ground=self.ground, border=line)
        font = paint.fonts.get(12)
        baseline = (height - font.metrics("linespace")) // 2 + font.metrics("ascent")
        paint.text(px(14), baseline, self.words, room=width - 2 * px(14), size=12)


class Toast:
    """A word at the window's foot that passes: “Copied $84.10”.

    Args:
        root: The window.
        design: How things look.
    """

    def __init__(self, root: tk.Misc, design: Design) -> None:
        self._root = root
        self._design = design
        self._shown: _Word | None = None
        self._due: str | None = None

    @property
    def words(self) -> str:
        """What is said at this moment."""
        return self._shown.words if self._shown else ""

    def say(self, words: str) -> None:
        """Say something for a moment."""
        self.hush()
        self._shown = _Word(self._root, self._design, words if len(words) <= 60 else words[:59] + ELLIPSIS)
        self._shown.place(relx=0.5, rely=1.0, y=-self._design.px(24), anchor="s")
        tk.Misc.lift(self._shown)
        self._due = self._root.after(_TOAST_MS, self.hush)

    def hush(self) -> None:
        """Take the word away."""
        if self._due is not None:
            self._root.after_cancel(self._due)
            self._due = None
        if self._shown is not None:
            self._shown.destroy()
            self._shown = None


def _buttons(parent: tk.Frame, deeds: Sequence[Deed], design: Design, *, prefix: str = "Card.") -> None:
    for index, deed in enumerate(deeds):
        style = f"{prefix}TButton" if index or prefix else "Accent.TButton"
        button = ttk.Button(parent, text=deed.words, command=deed.do, style=style)
        button.pack(side="left", padx=(design.px(8) if index else 0, 0))
        button.bind("<Return>", lambda _event, deed=deed: deed.do())  # type: ignore[misc]
