"""Connecting Claude Code with the built-in collector: how it stands, what would change, and changing it."""

import os
import tkinter as tk
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from tkinter import ttk
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.services import Services
from ccmon_tray.dashboard.views.base import Host
from ccmon_tray.dashboard.widgets.card import Card, label
from ccmon_tray.errors import CcmonError
from ccmon_tray.sources.claude_files.connect import Connection, Plan
from ccmon_tray.sources.claude_files.folders import in_short

_GAP: Final = 8


@dataclass(frozen=True, slots=True)
class ConnectReading:
    """How it stands with Claude Code's settings.

    Attributes:
        words: In a few words.
        file: The settings file, as people write it.
        connect: What connecting would change; None where it cannot be done.
        undo: What disconnecting would change; None where there is nothing to undo.
        problem: Why neither can be done; "" if it can.
    """

    words: str
    file: str = ""
    connect: Plan | None = None
    undo: Plan | None = None
    problem: str = ""


def read_connection(services: Services, environ: Mapping[str, str] = os.environ) -> ConnectReading:
    """Look at Claude Code's settings. Reads files: not for the Tk thread."""
    if services.settings.source.kind == "demo":
        return ConnectReading("The demo leaves Claude Code’s settings alone")
    connection = Connection(services.paths, services.settings, environ)
    file = in_short(connection.file)
    try:
        plan = connection.plan()
        undo = connection.plan_undo() if connection.is_made else None
    except CcmonError as error:
        return ConnectReading(error.title, file, problem=f"{error.cause}. {error.next_step}.")
    if not plan.changes:
        return ConnectReading("Connected with the built-in collector", file, plan, undo)
    words = "Not connected with the built-in collector" if undo is None else "Connected in another way"
    return ConnectReading(words, file, plan, undo)


class ConnectCard(Card):
    """How it stands, and two buttons, which show the difference before anything is written.

    Args:
        parent: Where it lives.
        design: How things look.
        host: The window.

    Attributes:
        button: Shows what connecting would change.
        undo: Shows what disconnecting would change.
        write: Writes what is shown; there only while something is.
        difference: The lines that are shown.
    """

    def __init__(self, parent: tk.Misc, design: Design, host: Host) -> None:
        super().__init__(parent, design, "Claude Code")
        self._host = host
        self._design = design
        self._reading = ConnectReading("")
        px, secondary = design.px, design.palette.secondary
        self.undo = _button(self.head, "Disconnect…", lambda: self._offer(self._reading.undo))
        self.button = _button(self.head, "Connect…", lambda: self._offer(self._reading.connect))
        self.words = label(self.body, design, wrap=True)
        self.words.pack(fill="x", pady=(px(4), 0))
        self.hint = label(self.body, design, size=12, colour=secondary, wrap=True)
        self.hint.pack(fill="x", pady=(px(3), 0))
        self.difference = tk.Frame(self.body, background=design.palette.card)
        self._foot = tk.Frame(self.body, background=design.palette.card)
        self.write = _button(self._foot, "Write it", self._write, style="Accent.TButton")
        self.cancel = _button(self._foot, "Cancel", self._hide)
        self.write.pack(side="left")
        self.cancel.pack(side="left", padx=(px(_GAP), 0))
        self._plan: Plan | None = None

    def show(self, reading: ConnectReading) -> None:
        """Show how it stands."""
        if reading == self._reading:
            return
        self._hide()
        self._reading = reading
        self.words.configure(text=reading.words)
        self.hint.configure(text=reading.problem or reading.file)
        offers = (
            (self.button, reading.connect is not None and reading.connect.changes),
            (self.undo, reading.undo is not None and reading.undo.changes),
        )
        for button, offered in offers:
            button.pack_forget()
            if offered:
                button.pack(side="right", padx=(self._design.px(_GAP), 0))

    def _offer(self, plan: Plan | None) -> None:
        """Show what would change."""
        if plan is None:
            return
        self._hide()
        self._plan = plan
        design, colours, px = self._design, self._design.palette, self._design.px
        signs = {"+": ("+", colours.good), "-": ("−", colours.bad)}
        for line in plan.diff.splitlines():
            if line.startswith(("+++", "---")) or line[:1] not in signs:
                continue
            sign, colour = signs[line[0]]
            row = tk.Frame(self.difference, background=colours.card)
            label(row, design, sign, size=12, colour=design.small(colour), strong=True).pack(
                side="left", padx=(0, px(_GAP)), anchor="n"
            )
            words = label(row, design, line[1:].strip(), size=12, wrap=True)
            words.pack(side="left", fill="x", expand=True)
            row.pack(fill="x", pady=(px(2), 0))
        for warning in plan.warnings:
            words = label(
                self.difference,
                design,
                f"⚠ {warning}",
                size=12,
                colour=design.small(colours.warning),
                wrap=True,
            )
            words.pack(fill="x", pady=(px(6), 0))
        means = f"{plan.afterwards}."
        after = label(self.difference, design, means, size=12, colour=colours.secondary, wrap=True)
        after.pack(fill="x", pady=(px(6), 0))
        self.difference.pack(fill="x", pady=(px(_GAP), 0))
        self._foot.pack(fill="x", pady=(px(10), 0))
        self.write.focus_set()

    def _hide(self) -> None:
        self._plan = None
        self.difference.pack_forget()
        self._foot.pack_forget()
        for child in self.difference.winfo_children():
            child.destroy()

    def _write(self) -> None:
        plan = self._plan
        if plan is None:
            return
        self._hide()
        services = self._host.services

        def job() -> ConnectReading:
            Connection(services.paths, services.settings, os.environ).apply(plan)
            return read_connection(services)

        def done(reading: ConnectReading) -> None:
            self.show(reading)
            self._host.say("Written: start claude anew" if plan.record is not None else "Written")

        def failed(error: Exception) -> None:
            self.hint.configure(text=str(error))

        self._host.work(job, done, failed, finish=True)


def _button(
    parent: tk.Misc, words: str, do: Callable[[], None], *, style: str = "Card.TButton"
) -> ttk.Button:
    button = ttk.Button(parent, text=words, command=do, style=style)
    button.bind("<Return>", lambda _event: do())
    return button
