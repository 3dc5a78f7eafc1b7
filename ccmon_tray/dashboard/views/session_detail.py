"""The detail of one session: what it is, what it used, for what, and when."""

import tkinter as tk
from collections.abc import Callable
from dataclasses import replace
from tkinter import ttk
from typing import TYPE_CHECKING, Any, Final

from ccmon_tray.dashboard.painter import fit
from ccmon_tray.dashboard.views.base import Cell, Exported, Host
from ccmon_tray.dashboard.views.session_rows import (
    PART_COLUMNS,
    TYPE_COLUMNS,
    UNKNOWN_PROJECT,
    model_rows,
    query_source_rows,
    token_rows,
)
from ccmon_tray.dashboard.widgets.card import Card, Rows
from ccmon_tray.dashboard.widgets.drawer import Drawer
from ccmon_tray.dashboard.widgets.facts import Fact, Facts
from ccmon_tray.dashboard.widgets.segments import Segments
from ccmon_tray.dashboard.widgets.stat_card import Stat, StatCard
from ccmon_tray.dashboard.widgets.table import Column, Table
from ccmon_tray.sources.readings.session import SessionReading
from ccmon_tray.sources.readings.sessions import SessionRow
from ccmon_tray.usage import formatting, wording
from ccmon_tray.usage.models import Tokens, Totals

if TYPE_CHECKING:
    from ccmon_tray.dashboard.charts.time_chart import TimeChart

WIDTH: Final = 392  # units
_LEAST_BESIDE: Final = 470
_CUMULATIVE: Final = "cumulative"
_PER_STEP: Final = "per step"
_SWITCH: Final = "session.cost"
_STATS: Final = ("Cost", "Tokens", "Active time", "Messages", "$ per minute", "Cache hits")


class SessionDetail:
    """The panel of one session.

    Args:
        beside: The content of the view that it opens beside.
        host: The window.
        closed: Called when a person closes it.

    Attributes:
        drawer: Where it stands.
        session_id: The session that is shown, or "".
        chart: Its chart, once there is one.
    """

    def __init__(self, beside: tk.Frame, host: Host, closed: Callable[[], None]) -> None:
        self._host = host
        self._design = host.design
        self._reading: SessionReading | None = None
        self._name = ""
        self.session_id = ""
        self.chart: TimeChart | None = None
        self.drawer = Drawer(beside, host.design, width=WIDTH, least=_LEAST_BESIDE)
        self._build(closed)
        self.drawer.settle()

    @property
    def reading(self) -> SessionReading | None:
        """What is shown, or None while it is awaited."""
        return self._reading

    def export(self) -> tuple[Exported, ...]:
        """What is shown, as tables: over time, by model, by who asked, and the figures."""
        reading = self._reading
        if reading is None:
            return ()
        totals = reading.totals
        figures = (
            ("session_id", reading.session_id),
            ("cost_usd", totals.cost_usd),
            *zip(Tokens.model_fields, _counts(totals.tokens), strict=True),
            ("messages", reading.messages),
            ("lines_added", totals.lines_added),
            ("lines_removed", totals.lines_removed),
            ("commits", totals.commits),
            ("pull_requests", totals.pull_requests),
        )
        return (
            Exported(
                "session_over_time",
                ("start", "end", "cost_usd", "tokens"),
                tuple((step.start, step.end, step.cost_usd, step.tokens) for step in reading.steps),
            ),
            Exported(
                "session_by_model",
                ("model", "name", "cost_usd", *Tokens.model_fields),
                tuple((one.model, one.name, one.cost_usd, *_counts(one.tokens)) for one in reading.by_model),
            ),
            Exported(
                "session_by_query_source",
                ("query_source", "cost_usd", *Tokens.model_fields),
                tuple(
                    (one.query_source, one.cost_usd, *_counts(one.tokens)) for one in reading.by_query_source
                ),
            ),
            Exported("session_totals", ("figure", "value"), figures),
        )

    def open(self, row: SessionRow) -> None:
        """Show what is known of a session; the rest is awaited."""
        if row.session_id != self.session_id:
            self.session_id = row.session_id
            self._reading = None
            for table in (self.types, self.models, self.sources):
                table.await_rows()
            self._show_chart()
        self._name = row.project or f"Session {formatting.short_id(row.session_id)}"
        self._fit_title(self.title.winfo_width())
        self._show_facts(row)
        self._show_stats(row)
        self.drawer.open()

    def show(self, reading: SessionReading, row: SessionRow) -> None:
        """Show all of it."""
        self._reading = reading
        self._show_facts(row)
        self._show_stats(row)
        self.types.show(token_rows(reading.totals.tokens))
        self.models.show(model_rows(reading))
        self.sources.show(query_source_rows(reading))
        self._show_chart()

    def fail(self, error: Exception) -> None:
        """Say that the rest cannot be read."""
        for table in (self.types, self.models, self.sources):
            table.show(())
        self._host.say(f"The session could not be read: {error}")

    def close(self) -> None:
        """Close it."""
        self.session_id = ""
        self._reading = None
        self.drawer.close()

    def make_chart(self) -> None:
        """Make its chart: matplotlib can be used."""
        from ccmon_tray.dashboard.charts.time_chart import TimeChart  # noqa: PLC0415  # after the first frame

        self.chart = TimeChart(self._chart_place, self._design, height=150, label="Session, cost over time")
        self.chart.widget.pack(fill="both", expand=True)
        self.drawer.settle()
        self._show_chart()

    def _build(self, closed: Callable[[], None]) -> None:
        design, host, body = self._design, self._host, self.drawer.body
        gap = design.px(12)
        about = Card(body, design, " ")
        about.pack(fill="x")
        self.title = about.title
        self.title.configure(font=design.fonts.get(17, strong=True))
        self.title.pack_forget()
        close = ttk.Button(about.head, text="✕", style="Card.Icon.TButton", command=closed)
        close.bind("<Return>", lambda _event: closed())
        close.pack(side="right", padx=(design.px(8), 0))
        # After the button, so that a long name leaves it in sight.
        self.title.pack(side="left", fill="x", expand=True)
        self.title.bind("<Configure>", lambda event: self._fit_title(event.width))
        self.facts = Facts(about.body, design, copy=host.copy)
        self.facts.pack(fill="x")
        stats = Rows(body, design, least=112)
        self.stats = [StatCard(stats, design, title, copy=host.copy) for title in _STATS]
        stats.fill(self.stats)
        stats.pack(fill="x", pady=(gap, 0))

        card = Card(body, design, "Cost over time")
        card.pack(fill="x", pady=(gap, 0))
        choices = ((_CUMULATIVE, "Cumulative"), (_PER_STEP, "Per step"))
        ground = design.palette.card
        self.switch = Segments(card.head, design, choices, self._switch_to, ground=ground, compact=True)
        self.switch.select(host.remembered(_SWITCH, _PER_STEP))
        self.switch.pack(side="right")
        self._chart_place = tk.Frame(card.body, background=ground, height=design.px(150))
        self._chart_place.pack(fill="both", expand=True)

        self.models = self._table(body, "Cost by model", _titled("Model"), "No model was used")
        self.sources = self._table(body, "Cost by who asked", _titled("Asked by"), "Nobody asked a model")
        self.types = self._table(body, "Tokens by type", TYPE_COLUMNS, "No tokens are known")

    def _table(self, body: tk.Misc, title: str, columns: tuple[Column, ...], empty: str) -> Table:
        design = self._design
        card = Card(body, design, title)
        card.pack(fill="x", pady=(design.px(12), 0))
        table = Table(card.body, design, columns, copy=self._host.copy, empty=empty)
        table.pack(fill="x")
        return table

    def _show_facts(self, row: SessionRow) -> None:
        calendar = self._host.services.calendar
        now = calendar.local(self._host.services.clock())

        def moment(unix_s: int | None) -> str:
            if unix_s is None:
                return formatting.UNKNOWN
            then = calendar.local(unix_s)
            year = f" {then.year}" if then.year != now.year else ""
            return f"{then:%a} {then.day} {then:%b}{year}, {then:%H:%M}"

        path = row.project_path or UNKNOWN_PROJECT
        facts = [
            Fact("Session", row.session_id),
            Fact("Folder", path, cut_start=True),
            Fact("First use", moment(row.first)),
            Fact("Last use", moment(row.last)),
            Fact("Duration", formatting.duration(row.duration_s)),
            Fact("Models", ", ".join(row.models) or formatting.UNKNOWN),
            Fact("Work", work_words(self._reading.totals) if self._reading else "…"),
        ]
        record = self._reading.record if self._reading else None
        if record is not None and row.first is not None and record.first < row.first - 60:
            # The range begins in the middle of it.
            facts.insert(2, Fact("Began", moment(record.first)))
        self.facts.show(facts)

    def _show_stats(self, row: SessionRow) -> None:
        figures = (
            Stat(formatting.money(row.cost_usd)),
            Stat(formatting.tokens(row.tokens.total if row.tokens else None)),
            Stat(formatting.duration(row.active_s)),
            Stat(formatting.count(row.messages)),
            Stat(formatting.money(row.cost_per_minute)),
            Stat(formatting.percent(row.tokens.cache_hit_ratio if row.tokens else None)),
        )
        for card, stat in zip(self.stats, figures, strict=True):
            card.show(stat)

    def _show_chart(self) -> None:
        if self.chart is None:
            return
        from ccmon_tray.dashboard.charts.time_chart import TimeSeries  # noqa: PLC0415

        steps: Any = self._reading.steps if self._reading else ()
        boundaries = [steps[0].start, *(step.end for step in steps)] if steps else [0, 1]
        values = tuple(step.cost_usd for step in steps) or (None,)
        self.chart.show(
            boundaries,
            [TimeSeries("Cost", values, self._design.palette.accent)],
            calendar=self._host.services.calendar,
            mode="cumulative" if self.switch.chosen == _CUMULATIVE else "bars",
            empty="Nothing was spent" if steps else "Reading…",
        )

    def _fit_title(self, room: int) -> None:
        font = self._design.fonts.get(17, strong=True)
        self.title.configure(text=fit(font, self._name, room) if room > 1 else self._name)

    def _switch_to(self, value: str) -> None:
        self._host.remember(_SWITCH, value)
        self._show_chart()


def work_words(totals: Totals) -> str:
    """What was done besides: lines, commits, pull requests, as far as that is known."""
    done = (totals.lines_added, totals.lines_removed, totals.commits, totals.pull_requests)
    if not any(done) and None not in done:
        return "no lines, commits or pull requests"
    return (
        " · ".join(wording.work(totals.model_copy(update={"active_time_seconds": None})))
        or formatting.UNKNOWN
    )


def _counts(tokens: Tokens | None) -> tuple[Cell, ...]:
    return tuple(getattr(tokens, field) if tokens else None for field in Tokens.model_fields)


def _titled(title: str) -> tuple[Column, ...]:
    return (replace(PART_COLUMNS[0], title=title), *PART_COLUMNS[1:])
