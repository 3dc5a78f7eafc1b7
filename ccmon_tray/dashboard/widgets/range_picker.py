"""The range picker: all ranges side by side, or a button with a menu where there is not room for them."""

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.ranges import CUSTOM, PICKED, ChosenRange
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.dashboard.widgets.card import label
from ccmon_tray.dashboard.widgets.popup import PopupMenu, opens_menu
from ccmon_tray.dashboard.widgets.segments import Segments
from ccmon_tray.errors import CcmonError
from ccmon_tray.usage.windows import Calendar, parse_moment
from ccmon_tray.usage.wording import range_title

_MOMENT: Final = "%Y-%m-%d %H:%M"
_EXAMPLE: Final = "2026-11-23 14:00"


class RangePicker(tk.Frame):
    """Chooses a range.

    Args:
        parent: Where it lives.
        design: How things look.
        choose: Called with the range that a person chooses.
        calendar: Gives the calendar of this moment, in which moments are read.
        now: Unix seconds now.
    """

    def __init__(
        self,
        parent: tk.Misc,
        design: Design,
        choose: Callable[[ChosenRange], None],
        *,
        calendar: Callable[[], Calendar],
        now: Callable[[], float],
    ) -> None:
        super().__init__(parent, background=design.palette.background)
        self._design = design
        self._choose = choose
        self._calendar = calendar
        self._now = now
        self._range = ChosenRange()
        self._wide: bool | None = None
        self._asking: CustomRange | None = None
        self.segments = Segments(self, design, (*PICKED, (CUSTOM, "Custom…")), self._pick)
        self.button = ttk.Button(self)
        opens_menu(self.button, self._open_menu)
        self.fit(10**6)

    @property
    def wanted_width(self) -> int:
        """The width it takes with all ranges side by side, pixels."""
        return self.segments.wanted_width

    @property
    def least_width(self) -> int:
        """The width it takes as a button, pixels."""
        return self.button.winfo_reqwidth()

    def fit(self, room: int) -> None:
        """Take the form that fits into so many pixels."""
        wide = room >= self.wanted_width
        if wide == self._wide:
            return
        self._wide = wide
        (self.button if wide else self.segments).pack_forget()
        (self.segments if wide else self.button).pack(side="right")

    def show(self, chosen: ChosenRange) -> None:
        """Mark a range."""
        self._range = chosen
        self.segments.select(chosen.name)
        self.button.configure(text=f"{range_title(chosen.name)}  ▾")

    def ask_custom(self) -> None:
        """Ask for two moments; who is being asked already is led there."""
        if self._asking is not None and self._asking.winfo_exists():
            self._asking.lift()
            self._asking.entries[0].focus_force()
            return
        self._asking = CustomRange(
            self, self._design, self._range, self._choose, calendar=self._calendar(), now=self._now()
        )

    def _pick(self, name: str) -> None:
        if name == CUSTOM:
            self.segments.select(self._range.name)
            self.ask_custom()
        else:
            self._choose(ChosenRange(name))

    def _open_menu(self) -> PopupMenu:
        named = [(name, range_title(name)) for name, _ in PICKED]
        return PopupMenu(
            self.button,
            self._design,
            (*named, None, (CUSTOM, "Custom…")),
            self._pick,
            chosen=self._range.name,
        )


class CustomRange(tk.Toplevel):
    """Asks for a range between two moments; what cannot be used is said while typing.

    Args:
        parent: What it belongs to.
        design: How things look.
        before: The range so far, which fills the fields.
        choose: Called with the range.
        calendar: In which moments are read.
        now: Unix seconds.
    """

    def __init__(
        self,
        parent: tk.Misc,
        design: Design,
        before: ChosenRange,
        choose: Callable[[ChosenRange], None],
        *,
        calendar: Calendar,
        now: float,
    ) -> None:
        super().__init__(parent, background=design.palette.card)
        px = design.px
        self.title("Custom range")
        self.resizable(width=False, height=False)
        self.transient(parent.winfo_toplevel())
        self._choose = choose
        self._calendar = calendar
        body = tk.Frame(self, background=design.palette.card, padx=px(20), pady=px(16))
        # Where no window manager puts a frame around it, it is told from what it lies on all the same.
        line = mix(design.palette.text, design.palette.card, 0.2)
        body.configure(highlightthickness=px(1), highlightbackground=line, highlightcolor=line)
        body.pack(fill="both", expand=True)
        window = before.window(now, calendar)
        self.start, self.end = tk.StringVar(self), tk.StringVar(self)
        self.entries: list[ttk.Entry] = []
        for row, (words, variable, moment) in enumerate(
            (("From", self.start, window.start), ("To", self.end, window.end))
        ):
            title = label(body, design, words, colour=design.palette.secondary)
            title.grid(row=row, column=0, sticky="w", padx=(0, px(16)), pady=px(4))
            variable.set(calendar.local(moment).strftime(_MOMENT))
            entry = ttk.Entry(body, textvariable=variable, width=24)
            entry.grid(row=row, column=1, sticky="ew", pady=px(4))
            self.entries.append(entry)
        self.hint = label(body, design, size=12, wrap=True)
        self._plain = design.palette.secondary
        self._wrong = design.small(design.palette.bad)
        self.hint.grid(row=2, column=0, columnspan=2, sticky="ew", pady=(px(8), px(14)))
        buttons = tk.Frame(body, background=design.palette.card)
        buttons.grid(row=3, column=0, columnspan=2, sticky="e")
        cancel = ttk.Button(buttons, text="Cancel", style="Card.TButton", command=self.destroy)
        cancel.bind("<Return>", self._cancel)
        cancel.pack(side="left")
        self.apply = ttk.Button(buttons, text="Show", style="Accent.TButton", command=self._done)
        self.apply.pack(side="left", padx=(px(8), 0))
        self.bind("<Escape>", self._cancel)
        self.bind("<Return>", lambda _event: self._done())
        for variable in (self.start, self.end):
            variable.trace_add("write", lambda *_: self._check())
        self._check()
        self._place(parent, px(8))
        self.entries[0].focus_set()
        self.entries[0].selection_range(0, "end")

    def _place(self, parent: tk.Misc, gap: int) -> None:
        self.update_idletasks()
        x = parent.winfo_rootx() + parent.winfo_width() - self.winfo_reqwidth()
        self.geometry(f"+{max(0, x)}+{parent.winfo_rooty() + parent.winfo_height() + gap}")

    def _cancel(self, _event: object) -> str:
        self.destroy()
        return "break"

    def _check(self) -> ChosenRange | None:
        try:
            chosen = ChosenRange.custom(self.start.get(), self.end.get(), self._calendar)
        except CcmonError as error:
            wrong = [not self._is_moment(text.get()) for text in (self.start, self.end)]
            # Where each is a moment, the two are the wrong way round.
            words = self._said_of(wrong) if any(wrong) else f"{error.title}. {error.next_step}."
            self.hint.configure(text=words, foreground=self._wrong)
            self.apply.state(["disabled"])
            self._mark(wrong if any(wrong) else [True, True])
            return None
        words = f"A date, or a date and a time in {self._calendar.zone_name}."
        self.hint.configure(text=words, foreground=self._plain)
        self.apply.state(["!disabled"])
        self._mark([False, False])
        return chosen

    def _said_of(self, wrong: Sequence[bool]) -> str:
        """What is wrong with the first field that holds no moment, in the words of people."""
        text = next(
            each.get().strip()
            for each, is_wrong in zip((self.start, self.end), wrong, strict=True)
            if is_wrong
        )
        said = f"“{text}” is not a date and time." if text else "A date and time is missing."
        return f"{said} Write it as {_EXAMPLE}, or the date alone."

    def _is_moment(self, text: str) -> bool:
        try:
            parse_moment(text, self._calendar)
        except CcmonError:
            return False
        return True

    def _mark(self, wrong: Sequence[bool]) -> None:
        for entry, is_wrong in zip(self.entries, wrong, strict=True):
            entry.state(["invalid" if is_wrong else "!invalid"])

    def _done(self) -> None:
        chosen = self._check()
        if chosen is not None:
            self.destroy()
            self._choose(chosen)
