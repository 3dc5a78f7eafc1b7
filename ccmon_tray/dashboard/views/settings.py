"""The settings, changed in place and followed at once by tray and window; version and licences."""

import threading
import tkinter as tk
from dataclasses import dataclass
from functools import partial
from tkinter import ttk
from typing import TYPE_CHECKING, Any, Final

from ccmon_tray.dashboard import about, settings_form
from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.setting_groups import GROUPS, Group
from ccmon_tray.dashboard.settings_form import FormReading, Reachability, Tone, save_setting
from ccmon_tray.dashboard.views.base import Asked, Host, View
from ccmon_tray.dashboard.views.connect_card import ConnectCard, ConnectReading, read_connection
from ccmon_tray.dashboard.views.desktop_card import DesktopCard, Switches, read_switches
from ccmon_tray.dashboard.widgets.card import Card, label
from ccmon_tray.dashboard.widgets.card_columns import CardColumns
from ccmon_tray.dashboard.widgets.folding_card import FoldingCard
from ccmon_tray.dashboard.widgets.form import TITLE_WIDTH, EntryRow, FormRow, make_row
from ccmon_tray.dashboard.widgets.notes import Banner, Deed, Note
from ccmon_tray.dashboard.widgets.table import Column, Table, TableRow
from ccmon_tray.desktop.channel import Message, send
from ccmon_tray.desktop.settings_editor import edit_settings
from ccmon_tray.errors import CcmonError

if TYPE_CHECKING:
    from collections.abc import Callable

_GAP: Final = 12
_ROW_GAP: Final = 12
_COMPONENTS_SHOWN: Final = 7
_FOLD: Final = "settings.fold."
_OPEN: Final = "open"
_FOLDED: Final = "folded"
_PAUSE_MS: Final = 1
_PATIENCE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class SettingsReading:
    """What the view shows.

    Attributes:
        form: The settings.
        switches: What the desktop does with the application.
        claude: How it stands with Claude Code's settings.
        problem: Why the source cannot be opened by them, if so.
        folders: Name and path of each folder.
        components: What the application is made of.
    """

    form: FormReading
    switches: Switches
    claude: ConnectReading
    problem: CcmonError | None
    folders: tuple[tuple[str, str], ...]
    components: tuple[about.Component, ...]


class SettingsView(View[SettingsReading]):
    """A form of all settings."""

    name = "settings"
    title = "Settings"
    ranged = False
    live = False
    of_settings = True

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.rows: dict[str, FormRow] = {}
        self.secrets: dict[str, tk.Label] = {}
        self.folds: dict[str, FoldingCard] = {}
        self._asked: dict[str, str] = {}
        self._saving = threading.Lock()
        self._test: Reachability | None = None
        self._carried: tuple[str, dict[str, str]] = ("", {})
        self._unbuilt: list[tuple[int, Callable[[], None]]] = []
        self._built = threading.Event()

    # What the window asks for

    def build(self, body: tk.Frame) -> None:
        """Make the widgets."""
        self.banner = Banner(body, self.design)
        self._columns = CardColumns(body, self.design)
        self._columns.pack(side="left", fill="both", expand=True)
        self._columns.bind("<Destroy>", lambda _event: self._built.set(), add=True)
        parts: tuple[Callable[[], None], ...] = (
            self._build_claude,
            *(partial(self._build_group, group) for group in GROUPS),
            self._build_folders,
            self._build_components,
        )
        first = (0, 1, 1 + next(i for i, group in enumerate(GROUPS) if group.places[0] > 0))
        self._unbuilt = [(i, parts[i]) for i in (*first, *(i for i in range(len(parts)) if i not in first))]
        for _ in first:
            self._build_next()
        self._columns.after(_PAUSE_MS, self._build_on)

    def _build_next(self) -> None:
        self._columns.order, build = self._unbuilt.pop(0)
        build()

    def _build_on(self) -> None:
        """Make the next card: all of them at once would hold up the first frame, and the window after it."""
        if self._built.is_set():
            return
        if self._unbuilt:
            self._build_next()
            self._columns.after(_PAUSE_MS, self._build_on)
        else:
            self._columns.settle()
            self._built.set()

    def _build_claude(self) -> None:
        self.claude = ConnectCard(self._columns, self.design, self.host)
        self._columns.add(self.claude, (1, 1))

    def _build_group(self, group: Group) -> None:
        self._columns.add(self._card(group, self._columns), group.places)
        if group.title == "Tray":
            self.desktop = DesktopCard(self._columns, self.design, self.host)
            self._columns.add(self.desktop, group.places)

    def _build_folders(self) -> None:
        folders = Card(self._columns, self.design, "Folders")
        edit = ttk.Button(folders.head, text="Edit the file", style="Card.TButton", command=self._edit)
        edit.bind("<Return>", lambda _event: self._edit())
        edit.pack(side="right")
        folder_columns = (Column("Folder", 84), Column("Path", 120, weight=1, strong=True))
        self.folders = Table(folders.body, self.design, folder_columns, copy=self.host.copy)
        self.folders.pack(fill="x")
        self._columns.add(folders, (1, 1))

    def _build_components(self) -> None:
        made_of = Card(self._columns, self.design, "Version and licences")
        parts = (
            Column("Part", 110, weight=1, strong=True),
            Column("Version", 84),
            Column("Licence", 116, weight=1),
        )
        self.components = Table(
            made_of.body, self.design, parts, rows_shown=_COMPONENTS_SHOWN, copy=self.host.copy
        )
        self.components.pack(fill="x")
        copy = ttk.Button(made_of.head, text="Copy", style="Card.TButton", command=self._copy_components)
        copy.bind("<Return>", lambda _event: self._copy_components())
        copy.pack(side="right", padx=(self.design.px(8), 0))
        self._columns.add(made_of, (1, 2))

    def read(self, asked: Asked) -> SettingsReading:
        """Read the file, and what the application is made of."""
        self._built.wait(_PATIENCE_S)
        services = asked.services
        form = settings_form.read_form(services.paths, services.settings)
        problem = None
        try:
            _ = services.source
        except CcmonError as error:
            problem = error
        paths = services.paths
        folders = (
            ("Settings", str(paths.settings_file)),
            ("Data", str(paths.data)),
            ("State", str(paths.state)),
            ("Cache", str(paths.cache)),
            ("Log", str(paths.log_file)),
        )
        return SettingsReading(
            form, read_switches(), read_connection(services), problem, folders, about.components()
        )

    def show(self, reading: SettingsReading) -> None:
        """Show what the settings hold."""
        for dotted, value in reading.form.values.items():
            self.rows[dotted].show(value)
        self.desktop.show(reading.switches)
        self.claude.show(reading.claude)
        for dotted, words in reading.form.secrets.items():
            self.secrets[dotted].configure(text=words)
        self._show_folds(reading.form)
        self.folders.show([TableRow(name, (name, path)) for name, path in reading.folders])
        self.components.show(
            [
                TableRow(
                    each.name,
                    (each.name, each.version, each.licence),
                    (each.name, each.version, each.licence),
                )
                for each in reading.components
            ]
        )
        self._show_banner(reading)
        self._go_on()

    def subtitle(self, reading: SettingsReading) -> str:  # noqa: ARG002  # it is the same for all
        """What is under the title."""
        return "Changes are saved, and count at once"

    def left(self) -> None:
        """Save what is typed, and give up a test."""
        self._give_up_test()
        for row in self.rows.values():
            row.commit()

    def carry(self) -> object:
        """Where the person is, and what is typed and not saved."""
        focused = next((name for name, row in self.rows.items() if row.field is _focus(row)), "")
        return focused, {name: row.text for name, row in self.rows.items() if row.dirty}

    def take_over(self, carried: object) -> None:
        """Go on there, once the settings are shown."""
        assert isinstance(carried, tuple)
        self._carried = carried

    # What a person does

    def try_source(self) -> None:
        """Try to reach the Prometheus that the form names, saved or not."""
        row = self.rows["prometheus.url"]
        note = settings_form.check(row.item, row.text)
        if note is not None and note.tone is Tone.BAD:
            row.say(note)
            return
        self._give_up_test()
        test = self._test = Reachability(
            self.host.services.paths,
            url=row.text.strip() if not row.value.lock or row.dirty else None,
        )
        row.say(settings_form.Note("Trying…"))
        self.test.state(["disabled"])

        def done(found: settings_form.Note) -> None:
            if self._test is test:
                self._test = None
                self.test.state(["!disabled"])
                row.say(found)

        self.host.work(test.run, done, lambda error: done(settings_form.Note(str(error), Tone.BAD)))

    def _give_up_test(self) -> None:
        if self._test is not None:
            self._test.cancel()
            self._test = None
            self.test.state(["!disabled"])
            self.rows["prometheus.url"].say(None)

    def _save(self, row: FormRow, text: str) -> None:
        paths, item = self.host.services.paths, row.item
        self._asked[item.dotted] = text

        def job() -> None:
            with self._saving:
                if self._asked[item.dotted] == text:  # else something newer was chosen meanwhile
                    save_setting(paths, item, text)
            # This view may be left by then: its window hears of it as others do.
            send(paths.dashboard, Message.SETTINGS_CHANGED)

        def done(_: Any) -> None:
            if self._asked[item.dotted] == text:
                row.saved(text)
                self.host.settings_changed()

        def failed(error: Exception) -> None:
            row.show(row.value)
            row.say(settings_form.Note(str(error), Tone.BAD))

        self.host.work(job, done, failed, finish=True)

    def _edit(self) -> None:
        paths = self.host.services.paths
        self.host.work(lambda: edit_settings(paths), lambda _: None, lambda error: self.host.say(str(error)))

    def _copy_components(self) -> None:
        self.host.copy(self.components.text())

    # Inside

    def _card(self, group: Group, parent: tk.Misc) -> Card:
        design, px = self.design, self.design.px
        card = Card(parent, design, group.title) if not group.folded else self._folding(group, parent)
        if group.hint:
            hint = label(card.body, design, group.hint, colour=design.palette.secondary, size=12, wrap=True)
            hint.pack(fill="x", pady=(0, px(4)))
        for item in group.items:
            row = make_row(card.body, design, item, check=settings_form.check, save=self._save)
            row.pack(fill="x", pady=(px(_ROW_GAP), 0))
            self.rows[item.dotted] = row
        for dotted, title in group.secrets:
            self.secrets[dotted] = _told(card.body, design, title)
        url = self.rows.get("prometheus.url")
        if isinstance(url, EntryRow) and url.item in group.items:
            self.test = url.add_button("Test", self.try_source)
            url.field.bind("<Return>", lambda _event: self.try_source(), add=True)
        return card

    def _folding(self, group: Group, parent: tk.Misc) -> FoldingCard:
        card = FoldingCard(parent, self.design, group.title, lambda: self._fold(group))
        self.folds[group.title] = card
        return card

    def _fold(self, group: Group) -> None:
        """Open a card, or fold it away; what is typed and cannot be saved is not hidden."""
        card, rows = self.folds[group.title], [self.rows[item.dotted] for item in group.items]
        for row in rows:
            row.commit()
        wrong = next((row for row in rows if row.wrong), None)
        if card.opened and wrong is not None:
            wrong.field.focus_set()
            return
        card.unfold(not card.opened)
        self.host.remember(_FOLD + group.title, _OPEN if card.opened else _FOLDED)

    def _show_folds(self, form: FormReading) -> None:
        """Open the cards in which something is set, is wrong or is typed, unless a person folded them."""
        for group in GROUPS:
            if not group.folded:
                continue
            names = [*(item.dotted for item in group.items), *(dotted for dotted, _ in group.secrets)]
            changed = form.changed.intersection(names)
            in_use = any(name in notice for name in names for notice in form.notices) or any(
                self.rows[item.dotted].wrong or item.dotted in self._carried[1] for item in group.items
            )
            default = _OPEN if changed else _FOLDED
            opened = in_use or self.host.remembered(_FOLD + group.title, default) == _OPEN
            card = self.folds[group.title]
            card.tell(f"{len(changed)} set" if changed else group.folded)
            card.unfold(opened)

    def _show_banner(self, reading: SettingsReading) -> None:
        form, problem = reading.form, reading.problem
        edit = Deed("Edit the file", self._edit)
        if problem is not None:
            body = tuple(
                text[:1].upper() + text[1:] + "." for text in (problem.cause, problem.next_step) if text
            )
            note = Note(problem.title, body, "bad")
        elif form.notices:
            note = Note("The settings file has mistakes", form.notices, "warning", deeds=(edit,))
        else:
            self.banner.pack_forget()
            return
        self.banner.show(note)
        self.banner.pack(side="top", fill="x", pady=(0, self.design.px(_GAP)), before=self._columns)

    def _go_on(self) -> None:
        """Put back what was typed, and the focus, once."""
        focused, typed = self._carried
        self._carried = ("", {})
        for name, text in typed.items():
            row = self.rows[name]
            if isinstance(row, EntryRow) and not row.value.lock:
                row.type(text)
        if focused in self.rows:
            self.rows[focused].field.focus_set()


def _focus(widget: tk.Misc) -> tk.Misc | None:
    try:
        return widget.focus_get()
    except KeyError:  # a menu, which tkinter cannot name
        return None


def _told(parent: tk.Misc, design: Design, title: str) -> tk.Label:
    """A line that says whether a secret is set."""
    px, colours = design.px, design.palette
    line = tk.Frame(parent, background=colours.card)
    line.columnconfigure(0, minsize=px(TITLE_WIDTH))
    line.columnconfigure(1, weight=1)
    label(line, design, title, colour=colours.secondary).grid(row=0, column=0, sticky="nw", padx=(0, px(12)))
    words = label(line, design, wrap=True)
    words.grid(row=0, column=1, sticky="ew")
    line.pack(fill="x", pady=(px(_ROW_GAP), 0))
    return words


VIEW = SettingsView
