"""Tokens: of which type, by which model, when, and what the cache saved."""

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from ccmon_tray.dashboard.views.base import Asked, Exported, Host, View
from ccmon_tray.dashboard.views.comparison import change_of, period_before
from ccmon_tray.dashboard.widgets.card import Card, Rows, label
from ccmon_tray.dashboard.widgets.chart_place import ChartPlace
from ccmon_tray.dashboard.widgets.legend import Entry, Legend
from ccmon_tray.dashboard.widgets.segments import Segments
from ccmon_tray.dashboard.widgets.stat_card import Stat, StatCard
from ccmon_tray.dashboard.widgets.table import Column, Table, TableRow
from ccmon_tray.sources.readings.tokens import (
    TYPE_TITLES,
    CacheSavings,
    TokenSeries,
    TokensReading,
    read_tokens,
)
from ccmon_tray.usage import formatting
from ccmon_tray.usage.by_name import merged_by_name
from ccmon_tray.usage.models import ModelUsage, Tokens, UsageWarning
from ccmon_tray.usage.pricing import PROVIDER_TITLES
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import State

if TYPE_CHECKING:
    from ccmon_tray.dashboard.charts.time_chart import TimeChart

BY_TYPE: Final = "type"
BY_MODEL: Final = "model"
OTHERS: Final = "Others"
_SWITCH: Final = "tokens.by"
_HIDDEN: Final = "tokens.hidden"
_SERIES: Final = 5
_SEPARATOR: Final = ","


class TokensView(View[TokensReading]):
    """Totals by type, tokens over time, models, and the cache."""

    name = "tokens"
    title = "Tokens"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._reading: TokensReading | None = None
        self._over_time: TimeChart | None = None

    def build(self, body: tk.Frame) -> None:
        """Make the widgets."""
        design, copy = self.design, self.host.copy
        gap = design.px(12)
        main = Rows(body, design, least=240)
        self.main_cards = [
            StatCard(main, design, title, large=True, colour=design.series(1), copy=copy)
            for title in ("Total tokens", "Cache hits", "Saved by cache reads")
        ]
        main.fill(self.main_cards)
        main.pack(fill="x")
        types = Rows(body, design, least=150)
        self.type_cards = [
            StatCard(types, design, title, copy=copy, reserve=True) for title in TYPE_TITLES.values()
        ]
        types.fill(self.type_cards)
        types.pack(fill="x", pady=(gap, 0))
        self._build_over_time(body, gap)
        self._build_models(body, gap)
        self.host.when_charts_ready(self._make_charts)

    def _build_over_time(self, body: tk.Frame, gap: int) -> None:
        design = self.design
        card = Card(body, design, "Tokens over time")
        card.pack(fill="both", expand=True, pady=(gap, 0))
        choices = ((BY_TYPE, "By type"), (BY_MODEL, "By model"))
        ground = design.palette.card
        self.switch = Segments(card.head, design, choices, self._switch_to, ground=ground, compact=True)
        self.switch.select(self.host.remembered(_SWITCH, BY_TYPE))
        self.switch.pack(side="right")
        self.legend = Legend(card.body, design, self._leave_out)
        self.legend.pack(fill="x", pady=(0, design.px(4)))
        self._chart_place = ChartPlace(card.body, design, height=232)
        self._chart_place.pack(fill="both", expand=True)

    def _build_models(self, body: tk.Frame, gap: int) -> None:
        design = self.design
        card = Card(body, design, "By model")
        card.pack(fill="x", pady=(gap, 0))
        figures = ("Tokens", "Share", "Input", "Output", "Cache read", "Cache creation", "Cache hits", "Cost")
        gives_way = {
            "Cost": 5,
            "Cache hits": 4,
            "Cache creation": 3,
            "Input": 1,
            "Output": 1,
            "Cache read": 2,
        }
        self.models = Table(
            card.body,
            design,
            (
                Column("Model", 96, weight=1, strong=True),
                *(
                    Column(
                        title,
                        56,
                        figure=True,
                        strong=title == "Tokens",
                        descending=True,
                        weight=0.4,
                        optional=gives_way.get(title, 0),
                    )
                    for title in figures
                ),
            ),
            sort=(1, True),
            copy=self.host.copy,
            empty="No model was used",
        )
        self.models.pack(fill="both", expand=True)
        self.models.show(())
        self.remark = label(card.body, design, colour=design.palette.secondary, size=12, wrap=True)
        self.remark.pack(fill="x", padx=design.px(8), pady=(design.px(10), 0))

    def _make_charts(self) -> None:
        from ccmon_tray.dashboard.charts.sparkline import sparkline  # noqa: PLC0415  # after the first frame
        from ccmon_tray.dashboard.charts.time_chart import TimeChart  # noqa: PLC0415

        design = self.design
        self._over_time = TimeChart(self._chart_place, design, height=232, label="Tokens over time")
        self._chart_place.put(self._over_time.widget)
        self.charts = [self._over_time]

        self.main_cards[0].draw_sparkline_with(sparkline)
        if self._reading is not None:
            self._show_chart(self._reading)

    def read(self, asked: Asked) -> TokensReading:
        """The tokens of the range."""
        services = asked.services
        source = services.source
        if asked.refresh:
            source.inventory(refresh=True)
        return read_tokens(
            source,
            asked.window,
            services.calendar,
            provider=services.settings.pricing.provider,
            regional=services.settings.pricing.regional,
            now=services.clock(),
        )

    def show(self, reading: TokensReading) -> None:
        """Show it."""
        self._reading = reading
        self._show_totals(reading.tokens, reading)
        self.models.show(model_rows(reading.models, self.design.series))
        provider = self.host.services.settings.pricing.provider
        self.remark.configure(text=savings_remark(reading.savings, PROVIDER_TITLES[provider]))
        self._show_chart(reading)

    def await_figures(self) -> None:
        """Show that other figures are awaited."""
        for card in (*self.main_cards, *self.type_cards):
            card.show(None)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show the totals that the tray read."""
        assert snapshot.figures is not None
        self._show_totals(snapshot.figures.range.totals.tokens, None)
        self.models.show(model_rows(merged_by_name(snapshot.figures.range.by_model), self.design.series))

    def state(self, reading: TokensReading) -> State:
        """Whether anything was used."""
        return reading.state

    def warnings(self, reading: TokensReading) -> tuple[UsageWarning, ...]:
        """Why the figures may be off."""
        return reading.warnings

    def known_since(self, reading: TokensReading) -> int | None:
        """Since when the source can know."""
        return reading.retention_start

    def export(self, reading: TokensReading) -> Sequence[Exported]:
        """Tokens over time by type and by model, the totals of both, and the cache's savings."""
        tables = []
        for name, series in (("by_type", reading.by_type), ("by_model", reading.by_model)):
            header = ("start", "end", *(one.name for one in series))
            columns = (
                zip(*(one.steps for one in series), strict=True) if series else [()] * len(reading.steps)
            )
            rows = tuple((*step, *values) for step, values in zip(reading.steps, columns, strict=True))
            tables.append(Exported(f"over_time_{name}", header, rows))
        models = tuple(
            (
                model.model,
                model.name,
                model.cost_usd,
                *(getattr(model.tokens, field) if model.tokens else None for field in Tokens.model_fields),
            )
            for model in reading.models
        )
        savings = reading.savings
        figures = (
            *((one.name, one.total) for one in reading.by_type),
            ("cache_reads_as_input_usd", savings.as_input_usd if savings else None),
            ("cache_reads_as_read_usd", savings.as_read_usd if savings else None),
            ("cache_saved_usd", savings.saved_usd if savings else None),
        )
        return (
            *tables,
            Exported("models", ("model", "name", "cost_usd", *Tokens.model_fields), models),
            Exported("totals", ("figure", "value"), figures),
        )

    def _show_totals(self, tokens: Tokens | None, reading: TokensReading | None) -> None:
        """Show the cards; those that only a reading knows stay awaited without one."""
        for card, stat in zip(self.main_cards, main_stats(tokens, reading), strict=True):
            card.show(stat)
        for card, kind in zip(self.type_cards, TYPE_TITLES, strict=True):
            count: float | None = getattr(tokens, kind.value) if tokens else None
            share = count / tokens.total if count is not None and tokens and tokens.total else None
            note = f"{formatting.percent(share)} of all" if share is not None else ""
            card.show(Stat(formatting.tokens(count), note))

    def _series(self, reading: TokensReading) -> tuple[TokenSeries, ...]:
        """The series that the switch asks for; the order of models by cost gives them their colours."""
        if self.switch.chosen == BY_TYPE:
            return reading.by_type
        order = {model.name: index for index, model in enumerate(reading.models)}
        return summed_up(sorted(reading.by_model, key=lambda one: order[one.name]), _SERIES)

    def _show_chart(self, reading: TokensReading) -> None:
        series = self._series(reading)
        colours = {one.name: self._colour(i, one.name) for i, one in enumerate(series)}
        remembered = self.host.remembered(f"{_HIDDEN}.{self.switch.chosen}", "")
        self.legend.show([Entry(*pair) for pair in colours.items()], remembered.split(_SEPARATOR))
        if self._over_time is None:
            return
        from ccmon_tray.dashboard.charts.time_chart import TimeSeries  # noqa: PLC0415
        from ccmon_tray.dashboard.charts.units import TOKENS  # noqa: PLC0415

        self._over_time.show(
            [reading.steps[0][0], *(end for _, end in reading.steps)],
            [
                TimeSeries(one.name, one.steps, colours[one.name])
                for one in series
                if one.name not in self.legend.hidden
            ],
            calendar=self.host.services.calendar,
            mode="stacked-bars",
            unit=TOKENS,
        )
        self._chart_place.fill()

    def _colour(self, index: int, name: str) -> str:
        return self.design.palette.muted if name == OTHERS else self.design.series(index)

    def _switch_to(self, value: str) -> None:
        self.host.remember(_SWITCH, value)
        if self._reading is not None:
            self._show_chart(self._reading)

    def _leave_out(self, hidden: frozenset[str]) -> None:
        self.host.remember(f"{_HIDDEN}.{self.switch.chosen}", _SEPARATOR.join(sorted(hidden)))
        if self._reading is not None:
            self._show_chart(self._reading)


def main_stats(tokens: Tokens | None, reading: TokensReading | None) -> tuple[Stat, Stat, Stat | None]:
    """All tokens with their change and course, the cache's hits, and what it saved."""
    trend = note = ""
    course: tuple[float, ...] = ()
    if reading is not None:
        before = period_before(reading.info.name)
        trend, note, _ = change_of(
            tokens.total if tokens else None, reading.previous.total if reading.previous else None, before
        )
        course = tuple(map(sum, zip(*(one.steps for one in reading.by_type), strict=True)))
    hits = tokens.cache_hit_ratio if tokens else None
    total = Stat(formatting.tokens(tokens.total if tokens else None), note, trend, "", course)
    cache = Stat(formatting.percent(hits), "of the prompts read from the cache" if hits is not None else "")
    return total, cache, savings_stat(reading.savings) if reading else None


def savings_stat(savings: CacheSavings | None) -> Stat:
    """What the cache reads saved, and of how much."""
    saved = savings.saved_usd if savings else None
    if savings is None or saved is None:
        return Stat(formatting.UNKNOWN, "no list price of these models" if savings else "")
    if not savings.as_input_usd:
        return Stat(formatting.money(saved), "nothing was read from the cache")
    return Stat(formatting.money(saved), f"of {formatting.money(savings.as_input_usd)} as input")


def savings_remark(savings: CacheSavings | None, provider: str) -> str:
    """At which prices savings are, and what they leave out."""
    if savings is None:
        return ""
    if savings.as_input_usd == 0 and not savings.unpriced:
        return "Nothing was read from the cache in this range."
    if savings.saved_usd is None:
        words = f"There is no list price of {listed(savings.unpriced)}: what the cache saved is unknown."
    else:
        words = (
            f"Cache reads cost {formatting.money(savings.as_read_usd)} at {provider}’s list prices, "
            f"and would have cost {formatting.money(savings.as_input_usd)} as input."
        )
        if savings.unpriced:
            count = formatting.tokens(savings.unpriced_tokens)
            words += (
                f" Left out: {count} cache reads of {listed(savings.unpriced)}, for lack of a list price."
            )
    return words


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def summed_up(series: Sequence[TokenSeries], most: int) -> tuple[TokenSeries, ...]:
    """The first so many series, and the sum of all others."""
    if len(series) <= most:
        return tuple(series)
    rest = series[most:]
    steps = tuple(map(sum, zip(*(one.steps for one in rest), strict=True)))
    return (*series[:most], TokenSeries(OTHERS, sum(one.total for one in rest), steps))


def model_rows(by_model: Sequence[ModelUsage], colour: Callable[[int], str]) -> list[TableRow]:
    """A row for each model, most tokens first: tokens by type, share, cache hits and cost.

    Args:
        by_model: The models, dearest first.
        colour: The colour of the model at a place in them.
    """
    whole = sum(model.tokens.total for model in by_model if model.tokens)
    rows = []
    for index, model in enumerate(by_model):
        tokens = model.tokens
        share = tokens.total / whole if tokens and whole else None
        hits = tokens.cache_hit_ratio if tokens else None
        counts = [getattr(tokens, kind.value) if tokens else None for kind in TYPE_TITLES]
        total = tokens.total if tokens else None
        cells = (
            model.name,
            formatting.tokens(total),
            formatting.percent(share),
            *map(formatting.tokens, counts),
            formatting.percent(hits),
            formatting.money(model.cost_usd),
        )
        order = (model.name, total, share, *counts, hits, model.cost_usd)
        rows.append(TableRow(model.model, cells, order, colour(index)))
    return rows


VIEW = TokensView
