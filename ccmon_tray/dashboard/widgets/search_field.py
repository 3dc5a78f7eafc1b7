"""A field that narrows down what is listed."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.keys import with_letter
from ccmon_tray.dashboard.widgets.card import label

_HINT: Final = "Search…"


class SearchField(ttk.Entry):
    """A field with a hint while it is empty. Ctrl+F anywhere in the window leads to it.

    Args:
        parent: Where it lives, on a card.
        design: How things look.
        changed: Called with what is sought whenever it changes.
        width: Its width in characters.
    """

    def __init__(
        self, parent: tk.Misc, design: Design, changed: Callable[[str], None], *, width: int = 18
    ) -> None:
        self._text = tk.StringVar(parent)
        super().__init__(parent, textvariable=self._text, width=width, font=design.fonts.get(12))
        self._hint = label(
            self,
            design,
            _HINT,
            ground=str(ttk.Style(parent).lookup("TEntry", "fieldbackground")),
            colour=design.small(design.palette.secondary),
            size=12,
        )
        self._hint.configure(cursor="xterm")
        self._hint.bind("<Button-1>", lambda _event: self.focus_set())
        self._inset = design.px(9)
        self._place_hint()
        self._changed = changed
        self._text.trace_add("write", lambda *_names: self._on_change())
        self.bind("<Map>", lambda _event: self._heed_keys(heed=True))
        self.bind("<Unmap>", lambda _event: self._heed_keys(heed=False))

    @property
    def sought(self) -> str:
        """What is sought, without spaces around it."""
        return self._text.get().strip()

    def seek(self, text: str) -> None:
        """Put a text into it."""
        self._text.set(text)

    def _heed_keys(self, *, heed: bool) -> None:
        window = self.winfo_toplevel()
        for keys in with_letter("f"):
            if heed:
                window.bind(keys, self._take)
            else:
                window.unbind(keys)

    def _take(self, _event: "tk.Event[tk.Misc]") -> None:
        self.focus_set()
        self.selection_range(0, "end")

    def _on_change(self) -> None:
        self._place_hint()
        self._changed(self.sought)

    def _place_hint(self) -> None:
        if self._text.get():
            self._hint.place_forget()
        else:
            self._hint.place(x=self._inset, rely=0.5, anchor="w")
