"""Rows of a form: a title, a field, and below it what is to be said: what it means, or why it cannot be used.

A choice counts at once. What is typed counts with Return, or when another field is gone to; Escape takes it
back. What cannot be used is said while it is typed, and never counts.
"""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Any, Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.setting_groups import Item, Kind
from ccmon_tray.dashboard.settings_form import Note, Tone, Value
from ccmon_tray.dashboard.widgets.card import label
from ccmon_tray.dashboard.widgets.popup import PopupMenu, opens_menu
from ccmon_tray.dashboard.widgets.segments import Segments

TITLE_WIDTH: Final = 148  # units
_NUMBER_WIDTH: Final = 8  # characters
_SIGNS: Final = {Tone.PLAIN: "", Tone.WARNING: "! ", Tone.BAD: "✗ "}
_UNSAVED: Final = "Return saves it, Esc takes it back"


class FormRow(tk.Frame):
    """One setting.

    Args:
        parent: Where it lives, on a card.
        design: How things look.
        item: The setting.
        check: What is to be said of a text.
        save: Called with a text that can be used and differs from the one saved.
    """

    def __init__(
        self,
        parent: tk.Misc,
        design: Design,
        item: Item,
        *,
        check: Callable[[Item, str], Note | None],
        save: Callable[["FormRow", str], None],
    ) -> None:
        super().__init__(parent, background=design.palette.card)
        self.item = item
        self.value = Value("")
        self._design = design
        self._check = check
        self._save = save
        self._said: Note | None = None
        px = design.px
        self.columnconfigure(0, minsize=px(TITLE_WIDTH))
        self.columnconfigure(1, weight=1)
        self.title = label(self, design, item.title, colour=design.palette.secondary)
        self.title.grid(row=0, column=0, sticky="w", padx=(0, px(12)))
        self.place_of_field = tk.Frame(self, background=design.palette.card, height=px(32))
        self.place_of_field.grid(row=0, column=1, sticky="ew")
        # Made when they have something to say: a form is many widgets, and each costs.
        self.note: tk.Label | None = None
        self._fixed: tk.Label | None = None
        self.field = self._make_field()
        self._tell()

    @property
    def text(self) -> str:
        """What stands in the field."""
        return self.value.text

    @property
    def dirty(self) -> bool:
        """Whether something is typed that is not saved."""
        return self.text.strip() != self.value.text

    @property
    def wrong(self) -> bool:
        """Whether something is typed that cannot be used."""
        note = self._check(self.item, self.text) if self.dirty else None
        return note is not None and note.tone is Tone.BAD

    def show(self, value: Value) -> None:
        """Show what the setting holds; what a person is typing stays."""
        typing = self.dirty and not value.lock
        self.value = value
        if not typing:
            self._set(value.text)
        self._lock(bool(value.lock))
        self._tell()

    def say(self, note: Note | None) -> None:
        """Say something below the field until something else is typed."""
        self._said = note
        self._tell()

    def commit(self) -> None:
        """Save what is typed, if it can be used and is new."""
        if self.dirty and not self.value.lock and not self.wrong:
            self._save(self, self.text.strip())

    def saved(self, text: str) -> None:
        """It is saved."""
        self.value = Value(text, self.value.lock)
        self.say(None)

    def _pick(self, value: str) -> None:
        if value != self.value.text:
            self._save(self, value)

    def _make_field(self) -> tk.Widget:
        raise NotImplementedError

    def _set(self, text: str) -> None:
        """Put a value into the field."""

    def _lock(self, locked: bool) -> None:
        """Let nobody change it."""

    def _tell(self) -> None:
        design, colours = self._design, self._design.palette
        note = self._said or (self._check(self.item, self.text) if self.dirty else None)
        if note is None:
            words = self.value.lock or (_UNSAVED if self.dirty else self.item.hint)
            note = Note(words)
        tones = {Tone.PLAIN: colours.secondary, Tone.WARNING: colours.warning, Tone.BAD: colours.bad}
        if not note.words:
            if self.note is not None:
                self.note.grid_forget()
            return
        if self.note is None:
            self.note = label(self, design, size=12, wrap=True)
        self.note.configure(text=_SIGNS[note.tone] + note.words, foreground=design.small(tones[note.tone]))
        self.note.grid(row=1, column=1, sticky="ew", pady=(design.px(3), 0))

    def _words(self) -> str:
        """The value in words."""
        return dict(self.item.choices).get(self.value.text, self.value.text)

    def _stand_in(self, locked: bool) -> None:
        """Show plain words in place of a field that is locked."""
        if locked and self._fixed is None:
            self._fixed = label(self.place_of_field, self._design)
        if self._fixed is None:
            return
        self._fixed.configure(text=self._words())
        shown, hidden = (self._fixed, self.field) if locked else (self.field, self._fixed)
        hidden.pack_forget()
        if not shown.winfo_manager():
            shown.pack(side="left")


class EntryRow(FormRow):
    """A text, a number, a path."""

    field: ttk.Entry

    @property
    def text(self) -> str:
        """What stands in the field."""
        return self._variable.get()

    def _make_field(self) -> ttk.Entry:
        item, px = self.item, self._design.px
        self._variable = tk.StringVar(self)
        number = item.kind is Kind.NUMBER
        entry = ttk.Entry(
            self.place_of_field,
            textvariable=self._variable,
            font=self._design.fonts.get(13),
            width=_NUMBER_WIDTH if number else 12,
        )
        entry.pack(side="left", fill="none" if number else "x", expand=not number)
        if item.unit:
            unit = label(self.place_of_field, self._design, item.unit, colour=self._design.palette.secondary)
            unit.pack(side="left", padx=(px(8), 0))
        self._variable.trace_add("write", lambda *_: self._typed())
        entry.bind("<Return>", lambda _event: self.commit())
        entry.bind("<FocusOut>", lambda _event: self.commit())
        entry.bind("<Escape>", self._take_back)
        entry.bind("<<CopyValue>>", lambda _event: None)
        return entry

    def add_button(self, words: str, do: Callable[[], None]) -> ttk.Button:
        """Put a button after the field."""
        button = ttk.Button(self.place_of_field, text=words, style="Card.TButton", command=do)
        button.pack(side="left", padx=(self._design.px(8), 0))
        button.bind("<Return>", lambda _event: do())
        return button

    def type(self, text: str) -> None:
        """Put a text into the field as a person would."""
        self._variable.set(text)

    def _set(self, text: str) -> None:
        if self._variable.get() != text:
            self._variable.set(text)

    def _lock(self, locked: bool) -> None:
        self.field.state(["disabled" if locked else "!disabled"])

    def _typed(self) -> None:
        self._said = None
        self.field.state(["invalid" if self.wrong else "!invalid"])
        self._tell()

    def _take_back(self, _event: Any) -> str | None:
        if not self.dirty:
            return None
        self._variable.set(self.value.text)
        return "break"


class SegmentsRow(FormRow):
    """A choice of a few, all in sight."""

    field: Segments

    def _make_field(self) -> Segments:
        segments = Segments(
            self.place_of_field,
            self._design,
            self.item.choices,
            self._pick,
            ground=self._design.palette.card,
        )
        segments.pack(side="left")
        return segments

    def _set(self, text: str) -> None:
        self.field.select(text)

    def _lock(self, locked: bool) -> None:
        self._stand_in(locked)


class MenuRow(FormRow):
    """A choice of many, in a menu."""

    field: ttk.Button

    def _make_field(self) -> ttk.Button:
        button = ttk.Button(self.place_of_field, style="Card.TButton")
        opens_menu(button, self.open_menu)
        button.pack(side="left")
        return button

    def open_menu(self) -> PopupMenu:
        """Open the menu with all choices."""
        return PopupMenu(self.field, self._design, self.item.choices, self._pick, chosen=self.value.text)

    def _set(self, _text: str) -> None:
        self.field.configure(text=f"{self._words()}  ▾")

    def saved(self, text: str) -> None:
        """It is saved."""
        super().saved(text)
        self._set(text)

    def _lock(self, locked: bool) -> None:
        self._stand_in(locked)


def make_row(
    parent: tk.Misc,
    design: Design,
    item: Item,
    *,
    check: Callable[[Item, str], Note | None],
    save: Callable[[FormRow, str], None],
) -> FormRow:
    """The row for a setting."""
    kinds: dict[Kind, type[FormRow]] = {Kind.SEGMENTS: SegmentsRow, Kind.MENU: MenuRow}
    return kinds.get(item.kind, EntryRow)(parent, design, item, check=check, save=save)
