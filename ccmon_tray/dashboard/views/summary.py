"""The summary: what a range has cost and brought, over time and by model."""

import tkinter as tk
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from ccmon_tray.dashboard.first_frame import MAIN_FIGURES, main_figures
from ccmon_tray.dashboard.views.base import Asked, Exported, Host, View
from ccmon_tray.dashboard.views.comparison import change_of, period_before
from ccmon_tray.dashboard.widgets.budget_card import BudgetCards
from ccmon_tray.dashboard.widgets.card import Card, Rows
from ccmon_tray.dashboard.widgets.chart_place import ChartPlace
from ccmon_tray.dashboard.widgets.segments import Segments
from ccmon_tray.dashboard.widgets.stat_card import Stat, StatCard, least_width
from ccmon_tray.dashboard.widgets.table import Column, Table, TableRow
from ccmon_tray.usage import formatting, wording
from ccmon_tray.usage.models import ModelUsage, Totals, UsageWarning
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import State

if TYPE_CHECKING:
    from ccmon_tray.dashboard.charts.donut import Donut
    from ccmon_tray.dashboard.charts.time_chart import TimeChart
    from ccmon_tray.sources.readings.summary import SummaryReading

_CUMULATIVE: Final = "cumulative"
_PER_STEP: Final = "per step"
_SWITCH: Final = "summary.cost"
_WIDE: Final = 1600  # units: from here on the models stand beside the chart
_NARROW: Final = 640  # units: below it ring and table stand below each other

# Row, column, rows and columns of the chart, the ring and the table, in each shape.
_PLACES: Final = {
    "narrow": ((0, 0, 1, 2), (1, 0, 1, 2), (2, 0, 1, 2)),
    "usual": ((0, 0, 1, 2), (1, 0, 1, 1), (1, 1, 1, 1)),
    "wide": ((0, 0, 2, 1), (0, 1, 1, 1), (1, 1, 1, 1)),
}
_WEIGHTS: Final = {"narrow": (1, 1), "usual": (4, 7), "wide": (8, 5)}
_COLUMNS: Final = 2


class SummaryView(View["SummaryReading"]):
    """Totals, cost over the period, cost by model."""

    name = "summary"
    title = "Summary"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._reading: SummaryReading | None = None
        self._over_time: TimeChart | None = None
        self._donut: Donut | None = None

    def build(self, body: tk.Frame) -> None:
        """Make the widgets."""
        design, copy = self.design, self.host.copy
        gap = design.px(12)
        main = Rows(body, design, least=230)
        colours = (design.palette.accent, design.palette.good, design.palette.series[1])
        self.main_cards = [
            StatCard(main, design, title, large=True, colour=colour, copy=copy)
            for title, colour in zip(MAIN_FIGURES, colours, strict=True)
        ]
        self.first_cards = self.main_cards
        main.fill(self.main_cards)
        main.pack(fill="x")
        self.budgets = BudgetCards(body, design, copy)
        self._main = main
        self._make_room(len(self.host.services.settings.budgets.limits))
        titles = (
            "Lines added",
            "Lines removed",
            "Commits",
            "Pull requests",
            "Sessions",
            "Cache hits",
            "Edits accepted",
        )
        more = Rows(body, design, least=least_width(design, titles))
        self.more_cards = [StatCard(more, design, title, copy=copy) for title in titles]
        more.fill(self.more_cards)
        more.pack(fill="x", pady=(gap, 0))
        self._lower = tk.Frame(body, background=design.palette.background)
        self._lower.pack(fill="both", expand=True, pady=(gap, 0))
        self._build_over_time(self._lower)
        self._build_models(self._lower)
        self.lower_cards = (self._course, self._ring, self._listed)
        self._shape = ""
        self._lower.bind("<Configure>", lambda event: self._arrange(event.width))
        self._arrange(0)
        self.host.when_charts_ready(self._make_charts)

    def _build_over_time(self, parent: tk.Frame) -> None:
        design = self.design
        self._course = card = Card(parent, design, "Cost over the period")
        choices = ((_CUMULATIVE, "Cumulative"), (_PER_STEP, "Per step"))
        ground = design.palette.card
        self.switch = Segments(card.head, design, choices, self._switch_to, ground=ground, compact=True)
        self.switch.select(self.host.remembered(_SWITCH, _CUMULATIVE))
        self.switch.pack(side="right")
        self._chart_place = ChartPlace(card.body, design, height=216)
        self._chart_place.pack(fill="both", expand=True)

    def _build_models(self, parent: tk.Frame) -> None:
        design = self.design
        self._ring = Card(parent, design, "Cost by model")
        self._donut_place = ChartPlace(self._ring.body, design, height=150, outline="ring")
        self._donut_place.pack(fill="both", expand=True)
        self._listed = table = Card(parent, design)
        self.models = Table(
            table.body,
            design,
            (
                Column("Model", 96, weight=1, strong=True),
                Column("Cost", 72, figure=True, strong=True, descending=True, weight=0.4),
                Column("Share", 58, figure=True, descending=True, weight=0.4),
                Column("Tokens", 58, figure=True, descending=True, weight=0.4),
                Column("$ per M", 62, figure=True, descending=True, weight=0.4, optional=1),
            ),
            copy=self.host.copy,
            empty="No model was used",
        )
        self.models.pack(fill="both", expand=True)

    def _arrange(self, width: int) -> None:
        """Put the models below the chart, side by side or not, or beside it where it would be too wide."""
        px = self.design.px
        shape = "wide" if width >= px(_WIDE) else "narrow" if 1 < width < px(_NARROW) else "usual"
        if shape == self._shape:
            return
        self._shape = shape
        lower, half = self._lower, px(12) // 2
        places = _PLACES[shape]
        for column in range(2):
            lower.columnconfigure(column, weight=_WEIGHTS[shape][column], uniform="models")
        lower.rowconfigure(0, weight=1)
        lower.rowconfigure(1, weight=1 if shape == "wide" else 0)
        for card, (row, column, rows, columns) in zip(self.lower_cards, places, strict=True):
            left = 0 if column == 0 else px(12) - half
            right = 0 if column + columns == _COLUMNS else half
            card.grid(
                row=row,
                column=column,
                rowspan=rows,
                columnspan=columns,
                sticky="nsew",
                padx=(left, right),
                pady=(px(12) if row else 0, 0),
            )

    def _make_charts(self) -> None:
        from ccmon_tray.dashboard.charts.donut import Donut  # noqa: PLC0415  # after the first frame
        from ccmon_tray.dashboard.charts.sparkline import sparkline  # noqa: PLC0415
        from ccmon_tray.dashboard.charts.time_chart import TimeChart  # noqa: PLC0415

        design = self.design
        self._over_time = TimeChart(self._chart_place, design, height=216, label="Cost over the period")
        self._chart_place.put(self._over_time.widget)
        self._donut = Donut(self._donut_place, design, height=150, label="Cost by model")
        self._donut_place.put(self._donut.widget)
        self.charts = [self._over_time, self._donut]

        for card in self.main_cards:
            card.draw_sparkline_with(sparkline)
        if self._reading is not None:
            self._show_charts(self._reading)

    def read(self, asked: Asked) -> "SummaryReading":
        """The summary of the range."""
        from ccmon_tray.sources.readings.summary import read_summary  # noqa: PLC0415  # after the first frame

        services = asked.services
        source = services.source
        if asked.refresh:
            source.inventory(refresh=True)
        return read_summary(source, asked.window, services.calendar, now=services.clock())

    def show(self, reading: "SummaryReading") -> None:
        """Show it."""
        self._reading = reading
        before = period_before(reading.info.name)
        for card, stat in zip(self.main_cards, main_stats(reading, before), strict=True):
            card.show(stat)
        self._show_more(reading.totals)
        self.models.show(model_rows(reading.by_model, self.design.series))
        self._show_charts(reading)

    def await_figures(self) -> None:
        """Show that other figures are awaited."""
        for card in (*self.main_cards, *self.more_cards):
            card.show(None)
        self.models.await_rows()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show the totals that the tray read."""
        assert snapshot.figures is not None
        totals = snapshot.figures.range.totals
        active, tokens = totals.active_time_seconds, totals.tokens
        figures = main_figures(
            totals.cost_usd, active.total if active else None, tokens.total if tokens else None
        )
        for card, figure in zip(self.main_cards, figures, strict=True):
            card.show(Stat(figure))
        self._show_more(totals)
        self.models.show(model_rows(snapshot.figures.range.by_model, self.design.series))

    def follow(self, snapshot: Snapshot) -> None:
        """Show the budgets that are set; those of a day that is over say nothing any more."""
        now = self.host.services.clock()
        uses = [use for use in snapshot.budgets if use.end > now]
        self.budgets.show(uses, now)
        self._make_room(len(uses))

    def _make_room(self, budgets: int) -> None:
        """Keep room for so many budgets, so that nothing moves when they come."""
        self.budgets.expect(budgets)
        if not budgets:
            self.budgets.pack_forget()
        elif not self.budgets.winfo_manager():
            self.budgets.pack(fill="x", pady=(self.design.px(12), 0), after=self._main)

    def subtitle(self, reading: "SummaryReading") -> str:  # noqa: ARG002
        """What kind of figures they are."""
        return wording.ESTIMATE

    def state(self, reading: "SummaryReading") -> State:
        """Whether anything was used."""
        return reading.state

    def warnings(self, reading: "SummaryReading") -> tuple[UsageWarning, ...]:
        """Why the figures may be off."""
        return reading.warnings

    def known_since(self, reading: "SummaryReading") -> int | None:
        """Since when the source can know."""
        return reading.retention_start

    def export(self, reading: "SummaryReading") -> Sequence[Exported]:
        """Cost and tokens over time, by model, and the totals."""
        steps = tuple((step.start, step.end, step.cost_usd, step.tokens) for step in reading.steps)
        models = tuple(
            (model.model, model.name, model.cost_usd, model.tokens.total if model.tokens else None)
            for model in reading.by_model
        )
        totals = reading.totals
        active, edits = totals.active_time_seconds, totals.edit_decisions
        figures = (
            ("cost_usd", totals.cost_usd),
            ("active_time_seconds", active.total if active else None),
            ("tokens", totals.tokens.total if totals.tokens else None),
            ("sessions", totals.sessions),
            ("lines_added", totals.lines_added),
            ("lines_removed", totals.lines_removed),
            ("commits", totals.commits),
            ("pull_requests", totals.pull_requests),
            ("cache_hit_ratio", totals.cache_hit_ratio),
            ("edits_accepted", edits.accept if edits else None),
            ("edits_rejected", edits.reject if edits else None),
        )
        return (
            Exported("over_time", ("start", "end", "cost_usd", "tokens"), steps),
            Exported("by_model", ("model", "name", "cost_usd", "tokens"), models),
            Exported("totals", ("figure", "value"), figures),
        )

    def _show_more(self, totals: Totals) -> None:
        edits = totals.edit_decisions
        decided = edits.accept + edits.reject if edits else 0.0
        added = formatting.count(totals.lines_added)
        removed = formatting.count(totals.lines_removed)
        figures = (
            f"+{added}" if totals.lines_added else added,
            f"{formatting.MINUS}{removed}" if totals.lines_removed else removed,
            formatting.count(totals.commits),
            formatting.count(totals.pull_requests),
            formatting.count(totals.sessions),
            formatting.percent(totals.cache_hit_ratio),
            formatting.percent(edits.accept / decided if edits and decided else None),
        )
        for card, figure in zip(self.more_cards, figures, strict=True):
            card.show(Stat(figure))

    def _show_charts(self, reading: "SummaryReading") -> None:
        if self._over_time is None or self._donut is None:
            return
        from ccmon_tray.dashboard.charts.donut import Slice, summed_up  # noqa: PLC0415
        from ccmon_tray.dashboard.charts.time_chart import TimeSeries  # noqa: PLC0415

        costs = tuple(step.cost_usd for step in reading.steps)
        boundaries = [reading.steps[0].start, *(step.end for step in reading.steps)]
        self._over_time.show(
            boundaries,
            [TimeSeries("Cost", costs, self.design.palette.accent)],
            calendar=self.host.services.calendar,
            mode="cumulative" if self.switch.chosen == _CUMULATIVE else "bars",
        )
        self._chart_place.fill()
        self._donut_place.fill()
        slices = [
            Slice(model.name, model.cost_usd, self.design.series(index))
            for index, model in enumerate(reading.by_model)
        ]
        self._donut.show(
            summed_up(slices, len(self.design.palette.series)),
            formatting.money(reading.totals.cost_usd),
            formatting.counted(len(reading.by_model), "model"),
        )

    def _switch_to(self, value: str) -> None:
        self.host.remember(_SWITCH, value)
        if self._reading is not None:
            self._show_charts(self._reading)


def main_stats(reading: "SummaryReading", before: str) -> tuple[Stat, Stat, Stat]:
    """Cost, active time and tokens, each with its change on the period before and its course."""
    totals, previous = reading.totals, reading.previous
    active, tokens = totals.active_time_seconds, totals.tokens
    active_before = previous.active_time_seconds if previous else None
    tokens_before = previous.tokens if previous else None
    cost_trend, cost_note, cost_tone = change_of(
        totals.cost_usd, previous.cost_usd if previous else None, before, more_is="bad"
    )
    active_trend, active_note, _ = change_of(
        active.total if active else None, active_before.total if active_before else None, before
    )
    token_trend, token_note, _ = change_of(
        tokens.total if tokens else None, tokens_before.total if tokens_before else None, before
    )
    return (
        Stat(
            formatting.money(totals.cost_usd),
            cost_note,
            cost_trend,
            cost_tone,
            coarse(step.cost_usd for step in reading.steps),
        ),
        Stat(
            formatting.duration(active.total if active else None),
            active_note,
            active_trend,
            "",
            coarse(reading.active_steps or ()),
        ),
        Stat(
            formatting.tokens(tokens.total if tokens else None),
            token_note,
            token_trend,
            "",
            coarse(step.tokens for step in reading.steps),
        ),
    )


def coarse(values: Iterable[float | None], most: int = 28) -> tuple[float, ...]:
    """Values per step, those of neighbours added up until there are few enough for a small picture."""
    known = [value or 0.0 for value in values]
    width = -(-len(known) // most)
    return tuple(sum(known[at : at + width]) for at in range(0, len(known), width or 1))


def model_rows(by_model: Sequence[ModelUsage], colour: Callable[[int], str]) -> list[TableRow]:
    """A row for each model: cost, share of the cost, tokens, dollars per million tokens."""
    whole = sum(model.cost_usd or 0.0 for model in by_model)
    rows = []
    for index, model in enumerate(by_model):
        cost, tokens = model.cost_usd, model.tokens.total if model.tokens else None
        share = cost / whole if cost is not None and whole else None
        rate = cost / tokens * 1e6 if cost is not None and tokens else None
        cells = (
            model.name,
            formatting.money(cost),
            formatting.percent(share),
            formatting.tokens(tokens),
            formatting.money(rate),
        )
        rows.append(TableRow(model.model, cells, (model.name, cost, share, tokens, rate), colour(index)))
    return rows


VIEW = SummaryView
