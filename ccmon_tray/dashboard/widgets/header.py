"""The head of the window: the view's title, what it covers, the range picker, export."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.ranges import ChosenRange
from ccmon_tray.dashboard.widgets.card import label
from ccmon_tray.dashboard.widgets.chip import Chip
from ccmon_tray.dashboard.widgets.popup import PopupMenu, opens_menu
from ccmon_tray.dashboard.widgets.range_picker import RangePicker
from ccmon_tray.usage.windows import Calendar

_EXPORTS: Final = (
    ("csv", "Data as CSV…"),
    ("json", "Data as JSON…"),
    ("png", "Charts as PNG…"),
    ("svg", "Charts as SVG…"),
)

_TOP: Final = 16  # units above the title
_BESIDE: Final = 10  # between title and chip


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
        line.grid(row=0, column=0, sticky="w", pady=(px(_TOP), 0))
        self.title = label(line, design, ground=colours.background, size=20, strong=True)
        self.title.pack(side="left")
        self._chip = Chip(line, design)
        self.subtitle = label(self, design, ground=colours.background, colour=colours.secondary, size=12)
        self.subtitle.grid(row=1, column=0, columnspan=4, sticky="ew", pady=(px(4), px(12)))
        self.picker = RangePicker(self, design, choose_range, calendar=calendar, now=now)
        top = px(_TOP)
        self.picker.grid(row=0, column=1, sticky="e", pady=(top, 0))
        self.refresh_button = ttk.Button(self, text="↻", style="Icon.TButton", command=refresh)
        self.refresh_button.grid(row=0, column=2, padx=(px(8), 0), pady=(top, 0))
        self.export_button = ttk.Button(self, text="Export  ▾")
        opens_menu(self.export_button, self._open_exports)
        self.export_button.grid(row=0, column=3, padx=(px(8), 0), pady=(top, 0))
        self.export_button.grid_remove()
        self.refresh_button.bind("<Return>", lambda _event: refresh())
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
                self._chip.pack(side="left", padx=(self._design.px(_BESIDE), 0))
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
            # Ranges side by side are worth more than words that say the same as "Demo".
            wide = room >= self._chip.least_width + px(_BESIDE) + self.picker.wanted_width
            beside = self.picker.wanted_width if wide else self.picker.least_width
            room -= self._chip.fit(room - beside - px(_BESIDE)) + px(_BESIDE)
        self.picker.fit(room)

    def _open_exports(self) -> PopupMenu:
        kinds = self._exports()
        choices = [(kind, words) for kind, words in _EXPORTS if kind in kinds]
        return PopupMenu(self.export_button, self._design, choices, self._export)
