"""The head of the window: the view's title, what it covers, the range picker, export."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.ranges import ChosenRange
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.dashboard.widgets.card import label
from ccmon_tray.dashboard.widgets.popup import PopupMenu
from ccmon_tray.dashboard.widgets.range_picker import RangePicker
from ccmon_tray.usage.windows import Calendar
from ccmon_tray.usage.wording import GENERATED

_EXPORTS: Final = (
    ("csv", "Data as CSV…"),
    ("json", "Data as JSON…"),
    ("png", "Charts as PNG…"),
    ("svg", "Charts as SVG…"),
)

_CHIP: Final = (f"Demo · {GENERATED}", "Demo")


class Header(tk.Frame):
    """The head of the window.

    Args:
        parent: The window.
        design: How things look.
        choose_range: Called with the range that a person chooses.
        export: Called with ``csv``, ``json``, ``png`` or ``svg``.
        exports: Which of them there are at this moment: a panel that opens in a view may bring a chart.
        refresh: Called when a person wants everything read anew.
        calendar: Gives the calendar of this moment.
        now: Unix seconds now.
    """

    def __init__(
        self,
        parent: tk.Misc,
        design: Design,
        *,
        choose_range: Callable[[ChosenRange], None],
        export: Callable[[str], object],
        exports: Callable[[], tuple[str, ...]],
        refresh: Callable[[], None],
        calendar: Callable[[], Calendar],
        now: Callable[[], float],
    ) -> None:
        px, colours = design.px, design.palette
        super().__init__(parent, background=colours.background, padx=px(24))
        self._design = design
        self._export = export
        self._ranged = True
        self._exports = exports
        self._exportable = False
        self._title_words = ("", "")
        self.columnconfigure(0, weight=1)
        line = tk.Frame(self, background=colours.background)
        line.grid(row=0, column=0, sticky="w", pady=(px(14), 0))
        self.title = label(line, design, ground=colours.background, size=20, strong=True)
        self.title.pack(side="left")
        fill = mix(colours.warning, colours.background, 0.16)
        self._chip = label(
            line,
            design,
            _CHIP[0],
            ground=fill,
            colour=design.small(colours.warning, fill),
            size=11,
            strong=True,
        )
        self._chip.configure(padx=px(8), pady=px(2))
        self.subtitle = label(self, design, ground=colours.background, colour=colours.secondary, size=12)
        self.subtitle.grid(row=1, column=0, columnspan=4, sticky="ew", pady=(px(2), px(12)))
        self.picker = RangePicker(self, design, choose_range, calendar=calendar, now=now)
        top = px(14)
        self.picker.grid(row=0, column=1, sticky="e", pady=(top, 0))
        self.refresh_button = ttk.Button(self, text="↻", style="Icon.TButton", command=refresh)
        self.refresh_button.grid(row=0, column=2, padx=(px(8), 0), pady=(top, 0))
        self.export_button = ttk.Button(self, text="Export ▾", command=self._open_exports)
        self.export_button.grid(row=0, column=3, padx=(px(8), 0), pady=(top, 0))
        self.export_button.grid_remove()
        for button, do in ((self.refresh_button, refresh), (self.export_button, self._open_exports)):
            button.bind("<Return>", lambda _event, do=do: do())  # type: ignore[misc]
        self.bind("<Configure>", lambda _event: self._fit())

    def show(self, title: str, subtitle: str, *, ranged: bool, exportable: bool, demo: bool) -> None:
        """Show a view's title, what it covers, and the controls that mean something for it.

        Args:
            title: The view's title.
            subtitle: What it covers.
            ranged: Whether the range picker is shown.
            exportable: Whether there is anything to export.
            demo: Whether the figures are generated.
        """
        if (title, subtitle) != self._title_words:
            self._title_words = (title, subtitle)
            self.title.configure(text=title)
            self.subtitle.configure(text=subtitle)
        if demo != bool(self._chip.winfo_manager()):
            if demo:
                self._chip.pack(side="left", padx=(self._design.px(10), 0))
            else:
                self._chip.pack_forget()
        if ranged != self._ranged:
            self._ranged = ranged
            if ranged:
                self.picker.grid()
            else:
                self.picker.grid_remove()
        if exportable != self._exportable:
            self._exportable = exportable
            if exportable:
                self.export_button.grid()
            else:
                self.export_button.grid_remove()
        self._fit()

    def _fit(self) -> None:
        width = self.winfo_width()
        if width <= 1 or not self._ranged:
            return
        px = self._design.px
        buttons = self.refresh_button.winfo_reqwidth() + px(16)
        if self._exportable:
            buttons += self.export_button.winfo_reqwidth() + px(8)
        room = width - 2 * px(24) - buttons - self.title.winfo_reqwidth() - px(16)
        if self._chip.winfo_manager():
            room -= self._fit_chip(room - self.picker.least_width)
        self.picker.fit(room)

    def _fit_chip(self, room: int) -> int:
        """Say as much in the chip as there is room for; returns the width it takes, pixels."""
        px, font = self._design.px, self._design.fonts.get(11, strong=True)
        around = px(10) + 2 * px(8)
        words = next((text for text in _CHIP if font.measure(text) + around <= room), _CHIP[-1])
        if words != self._chip.cget("text"):
            self._chip.configure(text=words)
        return font.measure(words) + around

    def _open_exports(self) -> PopupMenu:
        kinds = self._exports()
        choices = [(kind, words) for kind, words in _EXPORTS if kind in kinds]
        return PopupMenu(self.export_button, self._design, choices, self._export)
