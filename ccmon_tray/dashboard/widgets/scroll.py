"""A body that scrolls when it is higher than its place."""

import sys
import tkinter as tk
from tkinter import ttk
from typing import Any, Final

from ccmon_tray.dashboard.design import Design

BAR: Final = 8  # how wide a scrollbar is, units
_STEP: Final = 24  # units a notch of the wheel moves


class ScrolledBody(tk.Frame):
    """A column that scrolls; the wheel and Page keys work anywhere in it.

    Attributes:
        body: Where the content goes.

    Args:
        parent: Where it lives.
        design: How things look.
    """

    def __init__(self, parent: tk.Misc, design: Design) -> None:
        ground = design.palette.background
        super().__init__(parent, background=ground)
        self._canvas = tk.Canvas(
            self,
            background=ground,
            highlightthickness=0,
            borderwidth=0,
            yscrollincrement=1,
            takefocus=False,
        )
        self._bar = ttk.Scrollbar(self, orient="vertical", command=self._canvas.yview, takefocus=False)
        self._bar_shown = False
        self._holder = tk.Frame(self._canvas, background=ground)
        self._holder.columnconfigure(0, weight=1)
        self._holder.rowconfigure(0, weight=1)
        self.body = tk.Frame(self._holder, background=ground)
        self.body.grid(row=0, column=0, sticky="nsew")
        # Shown once its width is known, so that nothing is laid out and drawn twice.
        self._item = self._canvas.create_window(0, 0, window=self._holder, anchor="nw", state="hidden")
        self._canvas.grid(row=0, column=0, sticky="nsew")
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        self._step = design.px(_STEP)
        self._bar_px = design.px(BAR)
        # What is scrolled away ends at a line, not in nothing.
        self._line = tk.Frame(self, background=design.palette.hairline, height=design.px(1))
        self._canvas.configure(yscrollcommand=self._on_scroll)
        self._canvas.bind("<Configure>", self._on_place)
        self._holder.bind("<Configure>", lambda _event: self._fit())

    def wheel(self, event: "tk.Event[Any]") -> None:
        """Scroll by a turn of the wheel; the window passes it on from wherever the pointer is."""
        if not self._bar_shown:
            return
        self._canvas.yview_scroll(round(wheel_notches(event) * self._step * 3), "units")

    def page(self, by: int) -> None:
        """Scroll by pages."""
        self._canvas.yview_scroll(round(by * self._canvas.winfo_height() * 0.9), "units")

    @property
    def position(self) -> float:
        """How far it is scrolled, 0 at the beginning to 1."""
        return float(self._canvas.yview()[0])

    def move_to(self, position: float) -> None:
        """Scroll to a position that was told before."""
        self.update_idletasks()  # so that its height is known
        self._canvas.yview_moveto(position)

    def top(self) -> None:
        """Scroll back to the beginning."""
        self._canvas.yview_moveto(0)

    def reveal(self, widget: tk.Misc) -> None:
        """Scroll so far that a widget in the body is in sight."""
        top = widget.winfo_rooty() - self.body.winfo_rooty()
        bottom = top + widget.winfo_height()
        seen = round(self._canvas.canvasy(0))
        height = self._canvas.winfo_height()
        if top < seen:
            self._canvas.yview_scroll(top - seen - self._step // 2, "units")
        elif bottom > seen + height and bottom - top <= height:
            self._canvas.yview_scroll(bottom - seen - height + self._step // 2, "units")

    def _on_scroll(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        scrolled = float(first) > 0
        if scrolled and not self._line.winfo_manager():
            self._line.place(x=0, y=0, relwidth=1.0)
            tk.Misc.lift(self._line)
        elif not scrolled and self._line.winfo_manager():
            self._line.place_forget()

    def _on_place(self, event: "tk.Event[Any]") -> None:
        self._canvas.itemconfigure(self._item, width=event.width, state="normal")
        # As high as the place, so that content that can grow fills it.
        self._holder.rowconfigure(0, minsize=event.height)
        self._fit()

    def _fit(self) -> None:
        wanted, there = self._holder.winfo_height(), self._canvas.winfo_height()
        self._canvas.configure(scrollregion=(0, 0, self._canvas.winfo_width(), max(wanted, there)))
        needed = wanted > there > 1
        if needed != self._bar_shown:
            self._bar_shown = needed
            if needed:
                # Over the margin at the right, so that nothing moves when it comes and goes.
                self._bar.place(relx=1.0, rely=0, relheight=1.0, anchor="ne", width=self._bar_px)
                tk.Misc.lift(self._bar)
            else:
                self._bar.place_forget()
                self._canvas.yview_moveto(0)


def wheel_notches(event: "tk.Event[Any]") -> float:
    """How far the wheel was turned, downwards; X11 sends buttons, the others a distance."""
    if event.num in {4, 5}:
        return -1.0 if event.num == 4 else 1.0
    return -event.delta / (1 if sys.platform == "darwin" else 120)
