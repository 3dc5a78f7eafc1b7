"""Prometheus' health: of its own process, whatever else it watches."""

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk
from typing import TYPE_CHECKING, Final

from ccmon_tray.dashboard.views import health_words
from ccmon_tray.dashboard.views.base import Asked, Exported, Host, View
from ccmon_tray.dashboard.widgets.card import Card, Rows, label
from ccmon_tray.dashboard.widgets.facts import Facts
from ccmon_tray.dashboard.widgets.gauge import Gauge
from ccmon_tray.dashboard.widgets.notes import Deed, Note, Panel
from ccmon_tray.dashboard.widgets.stat_card import StatCard
from ccmon_tray.dashboard.widgets.table import Column, Table, TableRow
from ccmon_tray.sources.readings.prometheus_health import PrometheusHealthReading, read_prometheus_health
from ccmon_tray.sources.server_health import NO_SELF_SCRAPE, Known, ServerHealth, Values

if TYPE_CHECKING:
    from ccmon_tray.dashboard.charts.time_chart import TimeChart

_CHART_HEIGHT: Final = 148  # units
_IN_A_ROW: Final = 2
_READING: Final = "Reading…"


class PrometheusHealthView(View[PrometheusHealthReading]):
    """How the server is now, and how it was over the range."""

    name = "prometheus-health"
    title = "Prometheus health"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._reading: PrometheusHealthReading | None = None
        self._time_charts: list[TimeChart] = []
        self._snippet = ""

    def build(self, body: tk.Frame) -> None:
        """Make the widgets."""
        design = self.design
        self._gap = design.px(12)
        self._nothing = Panel(body, design)
        self._nothing.configure(height=design.px(360))
        self._all = tk.Frame(body, background=design.palette.background)
        self._all.pack(fill="both", expand=True)
        cards = Rows(self._all, design, least=136)
        self.cards = [
            StatCard(cards, design, title, copy=self.host.copy, reserve=True) for title in health_words.CARDS
        ]
        cards.fill(self.cards)
        cards.pack(fill="x")
        self._build_charts()
        self._build_hint()
        self._build_facts()
        self._build_down()
        self._build_absent()
        self.host.when_charts_ready(self._make_charts)

    def _build_charts(self) -> None:
        """Two rows of two charts, which share the height that the window has left."""
        design = self.design
        self._chart_area = tk.Frame(self._all, background=design.palette.background)
        self._chart_places, self.chart_figures = [], []
        for first in range(0, len(health_words.CHARTS), _IN_A_ROW):
            row = Rows(self._chart_area, design, least=320)
            cards = []
            for title, _, _ in health_words.CHARTS[first : first + _IN_A_ROW]:
                card = Card(row, design, title)
                figure = label(card.head, design, strong=True)
                figure.pack(side="right")
                place = tk.Frame(card.body, background=design.palette.card, height=design.px(_CHART_HEIGHT))
                place.pack(fill="both", expand=True)
                cards.append(card)
                self._chart_places.append(place)
                self.chart_figures.append(figure)
            row.fill(cards)
            row.pack(fill="both", expand=True, pady=(self._gap, 0))

    def _build_hint(self) -> None:
        """What stands in place of the charts where the server does not watch itself."""
        design, colours = self.design, self.design.palette
        self._instead = tk.Frame(self._all, background=colours.background)
        now = Rows(self._instead, design, least=136)
        self.now_cards = [
            StatCard(now, design, title, copy=self.host.copy, reserve=True)
            for title, _, _ in health_words.CHARTS
        ]
        now.fill(self.now_cards)
        now.pack(fill="x", pady=(self._gap, 0))
        self._hint = Card(self._instead, design, "No history here")
        self._hint.pack(fill="x", pady=(self._gap, 0))
        self.copy_snippet = ttk.Button(
            self._hint.head, text="Copy", command=self._copy_snippet, style="Card.TButton"
        )
        self.copy_snippet.bind("<Return>", lambda _event: self._copy_snippet())
        self.copy_snippet.pack(side="right")
        self.hint = label(self._hint.body, design, colour=colours.secondary, size=12, wrap=True)
        self.hint.pack(fill="x")
        self._code = label(self._hint.body, design, ground=colours.background, size=12)
        self._code.configure(padx=design.px(12), pady=design.px(8))

    def _build_facts(self) -> None:
        design = self.design
        self._fact_rows = Rows(self._all, design, least=320)
        storage = Card(self._fact_rows, design, "Storage")
        self._gauge = Gauge(storage.body, design)
        self.storage = Facts(storage.body, design, copy=self.host.copy)
        self.storage.pack(side="bottom", fill="x")
        process = Card(self._fact_rows, design, "Process")
        self.process = Facts(process.body, design, copy=self.host.copy)
        self.process.pack(fill="x")
        self._fact_rows.fill([storage, process])
        self._fact_rows.pack(fill="x", pady=(self._gap, 0))

    def _build_down(self) -> None:
        design = self.design
        self._down_card = Card(self._all, design, "Targets that are down")
        self.down = Table(
            self._down_card.body,
            design,
            (Column("Target", 150, weight=1, strong=True), Column("Error", 200, weight=3)),
            copy=self.host.copy,
            empty="All targets are up",
        )
        self.down.pack(fill="both", expand=True)

    def _build_absent(self) -> None:
        design = self.design
        self._absent_card = Card(self._all, design, "Absent here")
        self._absent_rows = tk.Frame(self._absent_card.body, background=design.palette.card)
        self._absent_rows.columnconfigure((0, 1), weight=1, uniform="absent")
        self._absent_rows.pack(fill="x")
        self.absent: tuple[tuple[str, str], ...] = ()

    def _make_charts(self) -> None:
        from ccmon_tray.dashboard.charts.time_chart import (  # noqa: PLC0415  # after the first frame
            TimeChart,
            align,
        )

        self._time_charts = []
        for place, (title, _, _) in zip(self._chart_places, health_words.CHARTS, strict=True):
            chart = TimeChart(place, self.design, height=_CHART_HEIGHT, label=title)
            chart.widget.pack(fill="both", expand=True)
            self._time_charts.append(chart)
        align(self._time_charts)
        if self._reading is not None:
            self._show_charts(self._reading.health)

    def read(self, asked: Asked) -> PrometheusHealthReading:
        """How the server is."""
        return read_prometheus_health(asked.services.source, asked.window)

    def show(self, reading: PrometheusHealthReading) -> None:
        """Show it."""
        self._reading = reading
        health = reading.health
        if health is None:
            self._all.pack_forget()
            deed = Deed("Smoke test", lambda: self.host.open_view("smoke-test"))
            self._nothing.show(Note("There is no server here", (f"{reading.reason}.",), deeds=(deed,)))
            self._nothing.pack(fill="both", expand=True)
            self.charts = []
            return
        self._nothing.pack_forget()
        self._all.pack(fill="both", expand=True)
        calendar = self.host.services.calendar
        for card, stat in zip(self.cards, health_words.stats(health, calendar), strict=True):
            card.show(stat)
        self.storage.show(health_words.storage_facts(health, calendar))
        self.process.show(health_words.process_facts(health, calendar))
        share = health_words.gauge_share(health)
        if share is None:
            self._gauge.pack_forget()
        else:
            self._gauge.show(share)
            self._gauge.pack(side="top", fill="x", padx=self.design.px(8), pady=self.design.px(6))
        self._show_charts(health)
        self._show_down(health)
        self._show_absent(health)

    def await_figures(self) -> None:
        """Show that the histories of another range are awaited."""
        now = int(self.host.services.clock())
        for chart in self._time_charts:
            chart.show((now - 1, now), (), calendar=self.host.services.calendar, empty=_READING)

    def subtitle(self, reading: PrometheusHealthReading) -> str:
        """Which server it is."""
        health = reading.health
        return "" if health is None else " ".join(filter(None, (health.product, "at", health.url)))

    def export(self, reading: PrometheusHealthReading) -> Sequence[Exported]:
        """The values of the moment, the histories, the targets that are down."""
        health = reading.health
        if health is None:
            return ()
        values = tuple(
            (
                name,
                known.value if not isinstance(known.value, bool) else str(known.value).lower(),
                known.reason,
            )
            for name in ServerHealth.__dataclass_fields__
            if isinstance(known := getattr(health, name), Known) and name != "targets"
        )
        tables = [Exported("values", ("name", "value", "absent_because"), values)]
        fields = [field for _, field, _ in health_words.CHARTS]
        columns = [
            getattr(health.histories, field).value or (None,) * len(health.histories.times)
            for field in fields
        ]
        rows = tuple(zip(health.histories.times, *columns, strict=True))
        tables.append(Exported("over_time", ("time", *fields), rows))
        targets = health.targets.value
        if targets is not None:
            down = tuple((target.name, target.error) for target in targets.down)
            tables.append(Exported("targets_down", ("target", "error"), down))
        return tables

    def _show_charts(self, health: ServerHealth | None) -> None:
        if health is None:
            return
        reason = health_words.history_reason(health)
        self.charts = [] if reason else [*self._time_charts]
        if reason:
            self._chart_area.pack_forget()
            self._show_hint(health, reason)
            return
        self._instead.pack_forget()
        self._chart_area.pack(fill="both", expand=True, before=self._fact_rows)
        for figure, (_, field, unit) in zip(self.chart_figures, health_words.CHARTS, strict=True):
            figure.configure(text=health_words.chart_figure(health, field, unit))
        for index, chart in enumerate(self._time_charts):
            self._show_chart(chart, index, health)

    def _show_chart(self, chart: "TimeChart", index: int, health: ServerHealth) -> None:
        from ccmon_tray.dashboard.charts.time_chart import TimeSeries  # noqa: PLC0415  # it is there

        title, field, unit = health_words.CHARTS[index]
        history: Known[Values] = getattr(health.histories, field)
        times = health.histories.times
        values = history.value or (None,) * len(times)
        chart.show(
            times,
            (TimeSeries(title, values, self.design.series(index)),),
            calendar=self.host.services.calendar,
            mode="area",
            unit=unit,
            empty=f"{history.reason[:1].upper()}{history.reason[1:]}" or "Nothing yet",
        )

    def _show_hint(self, health: ServerHealth, reason: str) -> None:
        design = self.design
        scrapes = reason == NO_SELF_SCRAPE
        words = f"{health.product}: {reason}."
        if scrapes:
            victoria = health.product == "VictoriaMetrics"
            where = "Start it with this flag" if victoria else "Add this to its prometheus.yml"
            words += f" {where}, and memory, CPU, series and samples are charted from then on."
        self.hint.configure(text=words)
        self._snippet = health_words.self_scrape_snippet(health) if scrapes else ""
        self._code.configure(text=self._snippet.rstrip())
        if scrapes:
            self._code.pack(anchor="w", pady=(design.px(10), design.px(4)))
            self.copy_snippet.pack(side="right")
        else:
            self._code.pack_forget()
            self.copy_snippet.pack_forget()
        for card, (_, field, unit) in zip(self.now_cards, health_words.CHARTS, strict=True):
            card.show(health_words.now_stat(health, field, unit))
        self._instead.pack(fill="x", before=self._fact_rows)

    def _copy_snippet(self) -> None:
        if self._snippet:
            self.host.copy(self._snippet)

    def _show_down(self, health: ServerHealth) -> None:
        targets = health.targets.value
        down = targets.down if targets is not None else ()
        if not down:
            self._down_card.pack_forget()
            return
        self.down.show([TableRow(one.name, (one.name, one.error), (one.name, one.error)) for one in down])
        self._down_card.pack(fill="x", pady=(self._gap, 0), after=self._fact_rows)

    def _show_absent(self, health: ServerHealth) -> None:
        absent = tuple((fact.title, fact.value) for fact in health_words.absences(health))
        if absent == self.absent:
            return
        self.absent = absent
        design, colours = self.design, self.design.palette
        for child in self._absent_rows.winfo_children():
            child.destroy()
        for row, (names, reason) in enumerate(absent):
            words = label(self._absent_rows, design, names, size=12, wrap=True)
            why = label(self._absent_rows, design, reason, size=12, colour=colours.secondary, wrap=True)
            for column, part in enumerate((words, why)):
                part.grid(row=row, column=column, sticky="new", padx=design.px(8), pady=design.px(4))
        if absent:
            self._absent_card.pack(fill="x", pady=(self._gap, 0))
        else:
            self._absent_card.pack_forget()


VIEW = PrometheusHealthView
