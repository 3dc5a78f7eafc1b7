"""The sessions: the records among them, what each project cost, all of them, and one in detail."""

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ccmon_tray.dashboard.views.base import Asked, Exported, Host, View
from ccmon_tray.dashboard.views.session_detail import SessionDetail
from ccmon_tray.dashboard.views.session_rows import (
    COST_COLUMN,
    PROJECT_COLUMNS,
    SESSION_COLUMNS,
    UNKNOWN_PROJECT,
    found,
    project_key,
    project_rows,
    searched_text,
    session_row,
)
from ccmon_tray.dashboard.widgets.card import Card, Rows, label
from ccmon_tray.dashboard.widgets.search_field import SearchField
from ccmon_tray.dashboard.widgets.stat_card import Stat, StatCard
from ccmon_tray.dashboard.widgets.table import Table, TableRow
from ccmon_tray.sources.claude_files.folders import in_short
from ccmon_tray.sources.readings.session import SessionReading, read_session
from ccmon_tray.sources.readings.sessions import SessionRow, SessionsReading, read_sessions
from ccmon_tray.usage import formatting
from ccmon_tray.usage.models import UsageWarning
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import Window

_SORT: Final = "sessions.sort"
_PROJECTS: Final = 5
_LEAST_SESSIONS: Final = 2  # rows; else all of the window's height that is left


@dataclass(frozen=True, slots=True)
class SessionsShown:
    """A reading with its rows, which are made where they do not hold up the window.

    Attributes:
        reading: What was read.
        window: The range it is of.
        rows: A row for each session, dearest first.
        searched: What a search looks at, by session.
        folders: Where Claude Code's history was looked for.
    """

    reading: SessionsReading
    window: Window
    rows: tuple[TableRow, ...]
    searched: Mapping[str, str]
    folders: tuple[str, ...]

    def session(self, session_id: str) -> SessionRow | None:
        """A session of the range, or None."""
        return next((row for row in self.reading.sessions if row.session_id == session_id), None)

    def found(self, sought: str) -> Sequence[TableRow]:
        """The rows of what is sought: words, or a project by its folder, whose sessions are those alone."""
        if not sought:
            return self.rows
        if any(sought == project_key(project.path) for project in self.reading.projects):
            sessions = zip(self.rows, self.reading.sessions, strict=True)
            return [row for row, session in sessions if project_key(session.project_path) == sought]
        return [row for row in self.rows if found(sought, self.searched[row.key])]


class SessionsView(View[SessionsShown]):
    """Records, projects, all sessions, and one of them in detail."""

    name = "sessions"
    title = "Sessions"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._shown: SessionsShown | None = None
        self._give_up: Callable[[], None] | None = None
        self._detail: SessionDetail | None = None
        self._reopened = ""
        """The session to open with the next reading."""

    def build(self, body: tk.Frame) -> None:
        """Make the widgets."""
        design, copy = self.design, self.host.copy
        gap = design.px(12)
        content = tk.Frame(body, background=design.palette.background)
        content.pack(fill="both", expand=True)
        records = Rows(content, design, least=150)
        self.records = [
            StatCard(records, design, title, copy=copy, reserve=True)
            for title in ("Highest cost", "Most tokens", "Longest active time")
        ]
        records.fill(self.records)
        records.pack(fill="x")
        for card in self.records:
            for key in ("<Button-1>", "<Return>"):
                card.bind(key, lambda _event, card=card: self._open_record(card), add="+")
        self._record_ids = ["", "", ""]

        projects = Card(content, design)
        projects.pack(fill="x", pady=(gap, 0))
        self.projects = Table(
            projects.body,
            design,
            PROJECT_COLUMNS,
            rows_shown=_PROJECTS,
            dense=True,
            copy=copy,
            choose=self._choose_project,
            empty="Nothing was used",
        )
        self.projects.pack(fill="x")
        self.remark = label(
            projects.body, design, size=12, colour=design.small(design.palette.secondary), wrap=True
        )

        everything = Card(content, design, "All sessions")
        everything.pack(fill="both", expand=True, pady=(gap, 0))
        self.search = SearchField(everything.head, design, self._seek)
        self.search.pack(side="right")
        self.count = label(everything.head, design, size=12, colour=design.small(design.palette.secondary))
        self.count.pack(side="left", padx=(design.px(8), 0), pady=(design.px(1), 0))
        self.sessions = Table(
            everything.body,
            design,
            SESSION_COLUMNS,
            rows_shown=_LEAST_SESSIONS,
            sort=self._remembered_sort(),
            copy=copy,
            choose=self.open_session,
            sorted_by=self._remember_sort,
            empty="No session",
        )
        self.sessions.pack(fill="both", expand=True)
        self._content = content

    def read(self, asked: Asked) -> SessionsShown:
        """All sessions of the range, with their rows."""
        services = asked.services
        source, files, now = services.source, services.files, services.clock()
        if asked.refresh:
            source.inventory(refresh=True)
        reading = read_sessions(source, asked.window, services.calendar, files.history(), now=now)
        return SessionsShown(
            reading,
            asked.window,
            tuple(session_row(session, now, services.calendar) for session in reading.sessions),
            {session.session_id: searched_text(session) for session in reading.sessions},
            tuple(map(in_short, files.folders)),
        )

    def show(self, reading: SessionsShown) -> None:
        """Show them; the session that is open stays open, if it is among them."""
        self._shown = reading
        found = reading.reading
        records = (found.dearest, found.most_tokens, found.longest)
        self._record_ids = [record.session_id if record else "" for record in records]
        for card, stat, record in zip(self.records, record_stats(found), records, strict=True):
            card.show(stat)
            card.configure(cursor="hand2" if record else "")
        self.projects.show(project_rows(found.projects, found.cost_usd))
        self._show_remark(reading)
        self._show_found()
        self._reopen()
        if self.opened:
            if reading.session(self.opened) is None:
                self.close_session()
            else:
                self._open(self.opened)

    def await_figures(self) -> None:
        """Show that other figures are awaited."""
        for card in self.records:
            card.show(None)
        self.projects.await_rows()
        self.sessions.await_rows()
        self.count.configure(text="")

    def subtitle(self, reading: SessionsShown) -> str:
        """How many there are, in how many projects."""
        found = reading.reading
        known = sum(1 for project in found.projects if project.name)
        words = formatting.counted(len(found.sessions), "session")
        return f"{words} in {formatting.counted(known, 'project')}" if known else words

    def state(self, reading: SessionsShown) -> State:
        """Whether anything was used."""
        return reading.reading.state

    def warnings(self, reading: SessionsShown) -> tuple[UsageWarning, ...]:
        """Why the figures may be off."""
        return reading.reading.warnings

    def known_since(self, reading: SessionsShown) -> int | None:
        """Since when the source can know."""
        return reading.reading.retention_start

    def export(self, reading: SessionsShown) -> Sequence[Exported]:
        """All sessions, the projects, and the session that is open."""
        sessions = tuple(
            (
                row.session_id,
                row.project,
                row.project_path,
                ", ".join(row.models),
                row.cost_usd,
                row.tokens.total if row.tokens else None,
                row.active_s,
                row.duration_s,
                row.cost_per_minute,
                row.messages,
                row.first,
                row.last,
            )
            for row in reading.reading.sessions
        )
        header = ("session_id", "project", "project_path", "models", "cost_usd", "tokens")
        more = ("active_time_seconds", "duration_seconds", "cost_usd_per_minute", "messages")
        projects = tuple(
            (p.name, p.path, p.cost_usd, p.tokens.total if p.tokens else None, p.sessions, p.active_s)
            for p in reading.reading.projects
        )
        figures = ("cost_usd", "tokens", "sessions", "active_time_seconds")
        return (
            Exported("sessions", (*header, *more, "first_seen", "last_seen"), sessions),
            Exported("projects", ("project", "project_path", *figures), projects),
            *(self._detail.export() if self._detail is not None else ()),
        )

    def carry(self) -> object:
        """The session that is open, and what is sought."""
        return self.opened, self.search.sought

    def take_over(self, carried: object) -> None:
        """Open it again, and seek the same."""
        assert isinstance(carried, tuple)
        self._reopened, sought = carried
        self.search.seek(sought)
        self._reopen()

    def left(self) -> None:
        """Nobody waits for the detail any more."""
        self._stop_reading()

    def escape(self) -> bool:
        """Close the detail, else empty the search."""
        if self.opened:
            self.close_session()
            return True
        if self.search.sought:
            self.search.seek("")
            return True
        return False

    @property
    def detail(self) -> SessionDetail:
        """The panel of one session, made when the first one is opened."""
        if self._detail is None:
            self._detail = SessionDetail(self._content, self.host, self.close_session)
            self.host.when_charts_ready(self._make_chart)
        return self._detail

    @property
    def opened(self) -> str:
        """The session whose detail is open, or ""."""
        return self._detail.session_id if self._detail is not None else ""

    def open_session(self, session_id: str) -> None:
        """Open the detail of a session of the range."""
        self.sessions.select(session_id)
        self._open(session_id)

    def close_session(self) -> None:
        """Close the detail; the keyboard is the table's again."""
        self._stop_reading()
        self.detail.close()
        self.charts = []
        self.sessions.grid_surface.focus_set()

    def _reopen(self) -> None:
        if self._reopened and self._shown is not None:
            session_id, self._reopened = self._reopened, ""
            self.open_session(session_id)

    def _open(self, session_id: str) -> None:
        shown = self._shown
        row = shown.session(session_id) if shown else None
        if shown is None or row is None:
            return
        self.detail.open(row)
        if self.detail.chart is not None:
            self.charts = [self.detail.chart]
        self._stop_reading()
        services = self.host.services

        def job() -> SessionReading:
            return read_session(
                services.source, session_id, services.calendar, services.files.history(), shown.window
            )

        def done(reading: SessionReading) -> None:
            if self.detail.session_id == session_id:
                self.detail.show(reading, row)

        self._give_up = self.host.work(job, done, self.detail.fail)

    def _stop_reading(self) -> None:
        if self._give_up is not None:
            self._give_up()
            self._give_up = None

    def _open_record(self, card: StatCard) -> None:
        session_id = self._record_ids[self.records.index(card)]
        if session_id:
            self.open_session(session_id)

    def _choose_project(self, path: str) -> None:
        """Show the sessions of a project alone; chosen again, all of them."""
        self.search.seek("" if self.search.sought == path else path)

    def _seek(self, _sought: str) -> None:
        self._show_found()

    def _show_found(self) -> None:
        shown, sought = self._shown, self.search.sought
        if shown is None:
            return
        rows = shown.found(sought)
        self.sessions.say_when_empty(f"No session has “{sought}”" if sought else "No session")
        self.sessions.show(rows)
        self.count.configure(
            text=f"{len(rows):,} of {len(shown.rows):,}" if sought else f"{len(shown.rows):,}"
        )

    def _show_remark(self, shown: SessionsShown) -> None:
        """Say why projects are unknown, where they are."""
        words = ""
        reading = shown.reading
        if not reading.history_known:
            words = f"Projects are unknown: Claude Code has no history in {' or '.join(shown.folders)}."
        elif reading.damaged_lines:
            lines = formatting.counted(reading.damaged_lines, "line")
            words = f"{lines} of Claude Code’s history could not be read; some projects may be missing."
        elif any(project.name is None for project in reading.projects):
            words = (
                f"Use of “{UNKNOWN_PROJECT}” projects is of sessions that are not in this machine’s history."
            )
        self.remark.configure(text=words)
        if words:
            self.remark.pack(fill="x", padx=(self.design.px(8), 0), pady=(self.design.px(8), 0))
        else:
            self.remark.pack_forget()

    def _make_chart(self) -> None:
        self.detail.make_chart()
        if self.opened and self.detail.chart is not None:
            self.charts = [self.detail.chart]

    def _remember_sort(self, column: int, descending: bool) -> None:
        self.host.remember(_SORT, f"{SESSION_COLUMNS[column].title} {'down' if descending else 'up'}")

    def _remembered_sort(self) -> tuple[int, bool]:
        title, _, direction = self.host.remembered(_SORT, "").rpartition(" ")
        titles = [column.title for column in SESSION_COLUMNS]
        return (titles.index(title), direction == "down") if title in titles else (COST_COLUMN, True)


def record_stats(reading: SessionsReading) -> tuple[Stat, Stat, Stat]:
    """The records: the highest cost, the most tokens, the longest active time."""
    dearest, most, longest = reading.dearest, reading.most_tokens, reading.longest
    return (
        Stat(formatting.money(dearest.cost_usd if dearest else None), _whose(dearest)),
        Stat(formatting.tokens(most.tokens.total if most and most.tokens else None), _whose(most)),
        Stat(formatting.duration(longest.active_s if longest else None), _whose(longest)),
    )


def _whose(row: SessionRow | None) -> str:
    if row is None:
        return ""
    return " · ".join(part for part in (row.project, formatting.short_id(row.session_id)) if part)


VIEW = SessionsView
