"""Requests: how many, how many failed, how long they took, and the tools that were used."""

import tkinter as tk
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from ccmon_tray.dashboard.views.base import Asked, Exported, Host, View
from ccmon_tray.dashboard.widgets.card import Card, Rows
from ccmon_tray.dashboard.widgets.chart_place import ChartPlace
from ccmon_tray.dashboard.widgets.legend import Entry, Legend
from ccmon_tray.dashboard.widgets.stat_card import Stat, StatCard
from ccmon_tray.dashboard.widgets.table import Column, Table, TableRow
from ccmon_tray.sources.readings.requests import read_requests
from ccmon_tray.sources.request_figures import Latency, ModelRequests, RequestsReading, StatusErrors, ToolUse
from ccmon_tray.usage import formatting
from ccmon_tray.usage.models import UsageWarning
from ccmon_tray.usage.states import State

if TYPE_CHECKING:
    from ccmon_tray.dashboard.charts.time_chart import TimeChart

ANSWERED: Final = "Answered"
FAILED: Final = "Failed"
_HIDDEN: Final = "requests.hidden"
_SEPARATOR: Final = ","
_CHART: Final = 216
_OVERLOADED: Final = 529  # of Anthropic's own, which no standard names


class RequestsView(View[RequestsReading]):
    """Requests and errors over time, latencies by model, tools, errors by status."""

    name = "requests"
    title = "Requests"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._reading: RequestsReading | None = None
        self._over_time: TimeChart | None = None

    def build(self, body: tk.Frame) -> None:
        """Make the widgets."""
        design, copy = self.design, self.host.copy
        gap = design.px(12)
        main = Rows(body, design, least=230)
        colours = (design.palette.accent, design.palette.bad, design.palette.accent)
        self.main_cards = [
            StatCard(main, design, title, large=True, colour=colour, copy=copy)
            for title, colour in zip(("Requests", "Errors", "Median latency"), colours, strict=True)
        ]
        main.fill(self.main_cards)
        main.pack(fill="x")
        more = Rows(body, design, least=150)
        titles = ("95th percentile", "99th percentile", "Tool calls", "Tool failures")
        self.more_cards = [StatCard(more, design, title, copy=copy, reserve=True) for title in titles]
        more.fill(self.more_cards)
        more.pack(fill="x", pady=(gap, 0))
        self._build_over_time(body, gap)
        self._build_models(body, gap)
        self._build_tools(body, gap)
        self.host.when_charts_ready(self._make_charts)

    def _build_over_time(self, body: tk.Frame, gap: int) -> None:
        design = self.design
        card = Card(body, design, "Requests over time")
        card.pack(fill="both", expand=True, pady=(gap, 0))
        self.legend = Legend(card.body, design, self._leave_out)
        self.legend.pack(fill="x", pady=(0, design.px(4)))
        self._chart_place = ChartPlace(card.body, design, height=_CHART)
        self._chart_place.pack(fill="both", expand=True)

    def _build_models(self, body: tk.Frame, gap: int) -> None:
        card = Card(body, self.design, "Latency by model")
        card.pack(fill="x", pady=(gap, 0))
        self.models = Table(
            card.body,
            self.design,
            (
                Column("Model", 96, weight=1, strong=True),
                _figure("Requests", 58, strong=True),
                _figure("Errors", 46),
                _figure("p50", 56, strong=True),
                _figure("p90", 56, optional=2),
                _figure("p99", 56),
                _figure("Cost", 64, optional=1),
            ),
            sort=(1, True),
            copy=self.host.copy,
            empty="No model was asked",
        )
        self.models.pack(fill="both", expand=True)

    def _build_tools(self, body: tk.Frame, gap: int) -> None:
        design, copy = self.design, self.host.copy
        row = Rows(body, design, least=400)
        tools, errors = Card(row, design, "Tools"), Card(row, design, "Errors by status")
        self.tools = Table(
            tools.body,
            design,
            (
                Column("Tool", 80, weight=1, strong=True),
                _figure("Uses", 46, strong=True),
                _figure("Failed", 46),
                _figure("Share", 50, optional=2),
                _figure("Median", 56, optional=1),
            ),
            sort=(1, True),
            copy=copy,
            empty="No tool was used",
        )
        self.errors = Table(
            errors.body,
            design,
            (
                Column("Status", 130, weight=1, strong=True),
                _figure("Errors", 46, strong=True),
                _figure("Share", 50, optional=1),
            ),
            sort=(1, True),
            copy=copy,
            empty="No request failed",
        )
        for table in (self.tools, self.errors):
            table.pack(fill="both", expand=True)
        row.fill((tools, errors))
        row.pack(fill="x", pady=(gap, 0))

    def _make_charts(self) -> None:
        from ccmon_tray.dashboard.charts.sparkline import sparkline  # noqa: PLC0415  # after the first frame
        from ccmon_tray.dashboard.charts.time_chart import TimeChart  # noqa: PLC0415

        self._over_time = TimeChart(self._chart_place, self.design, height=_CHART, label="Requests over time")
        self._chart_place.put(self._over_time.widget)
        self.charts = [self._over_time]
        for card in self.main_cards:
            card.draw_sparkline_with(sparkline)
        if self._reading is not None:
            self._show_chart(self._reading)

    def read(self, asked: Asked) -> RequestsReading:
        """The requests of the range."""
        services = asked.services
        return read_requests(
            services.source, asked.window, services.calendar, now=services.clock(), refresh=asked.refresh
        )

    def show(self, reading: RequestsReading) -> None:
        """Show it."""
        self._reading = reading
        for card, stat in zip((*self.main_cards, *self.more_cards), stats(reading), strict=True):
            card.show(stat)
        self.models.show(model_rows(reading.by_model))
        self.tools.show(tool_rows(reading.tools))
        self.errors.show(status_rows(reading.errors_by_status))
        self._show_chart(reading)

    def await_figures(self) -> None:
        """Show that other figures are awaited."""
        for card in (*self.main_cards, *self.more_cards):
            card.show(None)
        for table in (self.models, self.tools, self.errors):
            table.await_rows()

    def state(self, reading: RequestsReading) -> State:
        """Whether anything was asked, or used."""
        return State.FRESH if reading.requests or reading.errors or reading.tools else State.NO_DATA

    def warnings(self, reading: RequestsReading) -> tuple[UsageWarning, ...]:
        """Why the figures may be off."""
        return reading.warnings

    def known_since(self, reading: RequestsReading) -> int | None:
        """Since when the source can know."""
        return reading.retention_start

    def export(self, reading: RequestsReading) -> Sequence[Exported]:
        """Requests and errors over time, models, tools, statuses, and the totals."""
        percentiles = ("p50_ms", "p90_ms", "p95_ms", "p99_ms")
        return (
            Exported(
                "over_time",
                ("start", "end", "requests", "errors"),
                tuple((step.start, step.end, step.requests, step.errors) for step in reading.steps),
            ),
            Exported(
                "models",
                ("model", "name", "requests", "errors", *percentiles, "cost_usd"),
                tuple(
                    (one.model, one.name, one.requests, one.errors, *_percentiles(one.latency), one.cost_usd)
                    for one in reading.by_model
                ),
            ),
            Exported(
                "tools",
                ("tool", "uses", "failures", *percentiles),
                tuple(
                    (one.tool, one.uses, one.failures, *_percentiles(one.latency)) for one in reading.tools
                ),
            ),
            Exported(
                "errors_by_status",
                ("status", "errors"),
                tuple((one.status, one.errors) for one in reading.errors_by_status),
            ),
            Exported(
                "totals",
                ("figure", "value"),
                (
                    ("requests", reading.requests),
                    ("errors", reading.errors),
                    *zip(percentiles, _percentiles(reading.latency), strict=True),
                    ("tool_calls", sum(tool.uses for tool in reading.tools)),
                    ("tool_failures", sum(tool.failures for tool in reading.tools)),
                ),
            ),
        )

    def _show_chart(self, reading: RequestsReading) -> None:
        colours = {ANSWERED: self.design.series(0), FAILED: self.design.palette.bad}
        remembered = self.host.remembered(_HIDDEN, "")
        self.legend.show([Entry(*pair) for pair in colours.items()], remembered.split(_SEPARATOR))
        if self._over_time is None:
            return
        from ccmon_tray.dashboard.charts.time_chart import TimeSeries  # noqa: PLC0415
        from ccmon_tray.dashboard.charts.units import COUNT  # noqa: PLC0415

        values = {
            ANSWERED: tuple(step.requests for step in reading.steps),
            FAILED: tuple(step.errors for step in reading.steps),
        }
        self._over_time.show(
            [reading.steps[0].start, *(step.end for step in reading.steps)],
            [
                TimeSeries(name, values[name], colour)
                for name, colour in colours.items()
                if name not in self.legend.hidden
            ],
            calendar=self.host.services.calendar,
            mode="stacked-bars",
            unit=COUNT,
        )
        self._chart_place.fill()

    def _leave_out(self, hidden: frozenset[str]) -> None:
        self.host.remember(_HIDDEN, _SEPARATOR.join(sorted(hidden)))
        if self._reading is not None:
            self._show_chart(self._reading)


def _figure(title: str, width: float, *, strong: bool = False, optional: int = 0) -> Column:
    return Column(title, width, figure=True, strong=strong, descending=True, weight=0.4, optional=optional)


def _percentiles(latency: Latency | None) -> tuple[int | None, ...]:
    if latency is None:
        return (None,) * 4
    return latency.p50_ms, latency.p90_ms, latency.p95_ms, latency.p99_ms


def stats(reading: RequestsReading) -> tuple[Stat, ...]:
    """What the cards say: requests, errors, latencies, tools."""
    attempts = reading.requests + reading.errors
    p50, _, p95, p99 = map(formatting.milliseconds, _percentiles(reading.latency))
    uses, failures = (
        sum(tool.uses for tool in reading.tools),
        sum(tool.failures for tool in reading.tools),
    )
    return (
        Stat(formatting.count(reading.requests), "answered", values=tuple(s.requests for s in reading.steps)),
        Stat(
            formatting.count(reading.errors),
            f"{formatting.percent(reading.errors / attempts)} of all attempts" if attempts else "",
            values=tuple(step.errors for step in reading.steps) if reading.errors else (),
        ),
        Stat(p50, "half of the requests within this" if reading.latency else "no durations were sent"),
        Stat(p95, "95 % within this" if reading.latency else ""),
        Stat(p99, "99 % within this" if reading.latency else ""),
        Stat(formatting.count(uses), formatting.counted(len(reading.tools), "tool") if uses else ""),
        Stat(
            formatting.count(failures), f"{formatting.percent(failures / uses)} of all calls" if uses else ""
        ),
    )


def model_rows(models: Sequence[ModelRequests]) -> list[TableRow]:
    """A row for each model."""
    rows = []
    for one in models:
        p50, p90, _, p99 = _percentiles(one.latency)
        cells = (
            one.name,
            formatting.count(one.requests),
            formatting.count(one.errors),
            *map(formatting.milliseconds, (p50, p90, p99)),
            formatting.money(one.cost_usd),
        )
        order = (one.name, one.requests, one.errors, p50, p90, p99, one.cost_usd)
        rows.append(TableRow(one.model, cells, order))
    return rows


def tool_rows(tools: Sequence[ToolUse]) -> list[TableRow]:
    """A row for each tool, with the share of its uses that failed."""
    rows = []
    for one in tools:
        share = one.failures / one.uses if one.uses else None
        p50 = one.latency.p50_ms if one.latency else None
        cells = (
            one.tool or "(unknown)",
            formatting.count(one.uses),
            formatting.count(one.failures),
            formatting.percent(share),
            formatting.milliseconds(p50),
        )
        rows.append(TableRow(one.tool, cells, (one.tool, one.uses, one.failures, share, p50)))
    return rows


def status_rows(statuses: Sequence[StatusErrors]) -> list[TableRow]:
    """A row for each status that attempts failed with, and its share of them."""
    whole = sum(one.errors for one in statuses)
    rows = []
    for one in statuses:
        share, words = one.errors / whole, status_words(one.status)
        cells = (words, formatting.count(one.errors), formatting.percent(share))
        rows.append(TableRow(str(one.status), cells, (words, one.errors, share)))
    return rows


def status_words(status: int | None) -> str:
    """An HTTP status with what it means: ``429 Too many requests``; None is no answer."""
    if status is None:
        return "No answer"
    if status == _OVERLOADED:
        return f"{status} Overloaded"
    try:
        return f"{status} {HTTPStatus(status).phrase.capitalize()}"
    except ValueError:
        return str(status)


VIEW = RequestsView
