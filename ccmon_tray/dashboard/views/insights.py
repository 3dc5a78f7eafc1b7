"""Insights: periods compared, days and hours of use, records, and where it is going."""

import tkinter as tk
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ccmon_tray.dashboard.views.base import Asked, Exported, Host, View
from ccmon_tray.dashboard.views.comparison import change_of, period_before
from ccmon_tray.dashboard.widgets.card import Card, Rows, label
from ccmon_tray.dashboard.widgets.chart_place import ChartPlace
from ccmon_tray.dashboard.widgets.period_card import Line, PeriodCard, PeriodStat
from ccmon_tray.dashboard.widgets.segments import Segments
from ccmon_tray.dashboard.widgets.stat_card import Stat, StatCard
from ccmon_tray.sources.readings.days import HOURLY_DAYS
from ccmon_tray.sources.readings.insights import (
    GRID_DAYS,
    PERIODS,
    InsightsReader,
    InsightsReading,
    PeriodComparison,
)
from ccmon_tray.usage import formatting, wording
from ccmon_tray.usage.insights import DayUsage
from ccmon_tray.usage.models import UsageWarning
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import WEEKDAYS

if TYPE_CHECKING:
    from ccmon_tray.dashboard.charts.heatmap import Heatmap
    from ccmon_tray.dashboard.charts.time_chart import TimeChart
    from ccmon_tray.dashboard.charts.units import Unit
    from ccmon_tray.sources.base import UsageSource

COST: Final = "cost"
TOKENS: Final = "tokens"
ACTIVE: Final = "active"
_MEASURES: Final = ((COST, "Cost"), (TOKENS, "Tokens"), (ACTIVE, "Active time"))
_MEASURE: Final = "insights.measure"
_DAYS: Final = "insights.days"
_LINES: Final = 4
_DAYS_HEIGHT: Final = 180  # units
_HOURS_HEIGHT: Final = 214
_RECORDS: Final = (
    "Burn rate",
    "By month’s end",
    "Average a day",
    "Most expensive day",
    "Most active hour",
    "Longest session",
    "Streak",
    "Member since",
)


class InsightsView(View[InsightsReading]):
    """What days and hours of use tell."""

    name = "insights"
    title = "Insights"
    ranged = False

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._reading: InsightsReading | None = None
        self._reader: tuple[UsageSource, InsightsReader] | None = None
        self._days: TimeChart | None = None
        self._hours: Heatmap | None = None

    def build(self, body: tk.Frame) -> None:
        """Make the widgets."""
        design, copy = self.design, self.host.copy
        gap = design.px(12)
        periods = Rows(body, design, least=212)
        self.period_cards = [
            PeriodCard(periods, design, wording.range_title(name), lines=_LINES, copy=copy)
            for name in PERIODS
        ]
        periods.fill(self.period_cards)
        periods.pack(fill="x")
        records = Rows(body, design, least=190)
        self.record_cards = [StatCard(records, design, name, copy=copy, reserve=True) for name in _RECORDS]
        records.fill(self.record_cards)
        records.pack(fill="x", pady=(gap, 0))
        self._build_head(body, gap)
        days = Card(body, design)
        days.pack(fill="both", expand=True, pady=(design.px(8), 0))
        self.days_title = self._chart_title(days)
        self._days_place = ChartPlace(days.body, design, height=_DAYS_HEIGHT)
        self._days_place.pack(fill="both", expand=True)
        hours = Card(body, design)
        hours.pack(fill="both", expand=True, pady=(gap, 0))
        self.hours_title = self._chart_title(hours)
        self._hours_place = ChartPlace(hours.body, design, height=_HOURS_HEIGHT, outline="cells")
        self._hours_place.pack(fill="both", expand=True)
        self._show_titles()
        self.host.when_charts_ready(self._make_charts)

    def _build_head(self, body: tk.Frame, gap: int) -> None:
        """What both charts go by."""
        design = self.design
        ground = design.palette.background
        head = tk.Frame(body, background=ground)
        head.pack(fill="x", pady=(gap + design.px(8), 0))
        label(head, design, "Days and hours", ground=ground, size=15, strong=True).pack(side="left")
        days = [(str(days), f"{days} days") for days in GRID_DAYS]
        self.days_switch = Segments(head, design, days, self._switch_days, compact=True)
        self.days_switch.select(self.host.remembered(_DAYS, str(GRID_DAYS[0])))
        self.days_switch.pack(side="right")
        self.measure_switch = Segments(head, design, _MEASURES, self._switch_measure, compact=True)
        self.measure_switch.select(self.host.remembered(_MEASURE, COST))
        self.measure_switch.pack(side="right", padx=(0, design.px(8)))

    def _chart_title(self, card: Card) -> tk.Label:
        title = label(card.body, self.design, strong=True)
        title.pack(anchor="w", pady=(0, self.design.px(8)))
        return title

    def _make_charts(self) -> None:
        from ccmon_tray.dashboard.charts.heatmap import Heatmap  # noqa: PLC0415  # after the first frame
        from ccmon_tray.dashboard.charts.time_chart import TimeChart  # noqa: PLC0415

        self._days = TimeChart(self._days_place, self.design, height=_DAYS_HEIGHT)
        self._days_place.put(self._days.widget)
        self._hours = Heatmap(self._hours_place, self.design, height=_HOURS_HEIGHT)
        self._hours_place.put(self._hours.widget)
        self.charts = [self._days, self._hours]
        if self._reading is not None:
            self._show_charts(self._reading)

    def read(self, asked: Asked) -> InsightsReading:
        """All insights; what is over is remembered as long as the source stays."""
        services = asked.services
        source = services.source
        kept = self._reader
        if kept is None or kept[0] is not source or asked.refresh:
            kept = self._reader = (source, InsightsReader(source, services.calendar))
        if asked.refresh:
            source.inventory(refresh=True)
        return kept[1].read(services.clock(), services.files)

    def show(self, reading: InsightsReading) -> None:
        """Show it."""
        self._reading = reading
        for card, name in zip(self.period_cards, PERIODS, strict=True):
            period = reading.period(name)
            card.show(period_stat(period) if period else None)
        for record, stat in zip(self.record_cards, record_stats(reading), strict=True):
            record.show(stat)
        self._show_charts(reading)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show what the tray read of the same periods."""
        figures = snapshot.figures
        assert figures is not None
        costs = {
            "this week": figures.this_week.cost_usd,
            "this month": figures.this_month.cost_usd,
            figures.range.info.name: figures.range.totals.cost_usd,
        }
        for card, name in zip(self.period_cards, PERIODS, strict=True):
            if name in costs:
                card.show(PeriodStat(Line("Cost", formatting.money(costs[name])), "", ()))
        self.record_cards[0].show(burn_stat(figures.last_hour_cost_usd))
        self.record_cards[1].show(projection_stat(figures.this_month.projected_cost_usd))

    def carry(self) -> object:
        """What is remembered of the past."""
        return self._reader

    def take_over(self, carried: object) -> None:
        """Go on with what was remembered, if it is of the same source."""
        if isinstance(carried, tuple):
            self._reader = carried

    def subtitle(self, reading: InsightsReading) -> str:  # noqa: ARG002
        """What kind of figures they are."""
        return wording.ESTIMATE

    def state(self, reading: InsightsReading) -> State:
        """Whether anything was used."""
        return reading.state

    def warnings(self, reading: InsightsReading) -> tuple[UsageWarning, ...]:
        """Why the figures may be off."""
        return reading.warnings

    def known_since(self, reading: InsightsReading) -> int | None:
        """Since when the source can know, where that is within the days shown."""
        since = reading.known_since
        shown = reading.taken_at - int(self.days_switch.chosen) * 86_400
        return since if since is not None and since > shown + 86_400 else None

    def export(self, reading: InsightsReading) -> Sequence[Exported]:
        """The last 90 days, the hours of the week, the periods and the records."""
        days = tuple(
            (day.day.isoformat(), day.cost_usd, day.tokens, day.active_s)
            for day in reading.days[-HOURLY_DAYS:]
        )
        hours = []
        grids = reading.grids.get(int(self.days_switch.chosen))
        for weekday, name in enumerate(WEEKDAYS):
            for hour in range(24):
                cells = (
                    grid[weekday][hour] if grid else None
                    for grid in ((grids.cost_usd, grids.tokens, grids.active_s) if grids else ())
                )
                hours.append((name, hour, *cells))
        periods = []
        for period in reading.periods:
            for window, figures in ((period.window, period.now), (period.before, period.then)):
                values = (
                    (figures.cost_usd, figures.tokens, figures.sessions, figures.active_s, figures.messages)
                    if figures
                    else (None,) * 5
                )
                which = period.window.name if window is period.window else f"before {period.window.name}"
                periods.append((which, window.start, window.end, *values))
        longest, dearest = reading.longest_session, reading.dearest_day
        records = (
            ("last_hour_cost_usd", reading.last_hour_cost_usd),
            ("projected_month_usd", reading.projected_month_usd),
            ("most_expensive_day", dearest.day.isoformat() if dearest else None),
            ("most_expensive_day_cost_usd", dearest.cost_usd if dearest else None),
            ("most_active_hour", reading.busiest_hour),
            ("longest_session", longest.session_id if longest else None),
            ("longest_session_active_seconds", longest.active_s if longest else None),
            ("current_streak_days", reading.streaks.current),
            ("longest_streak_days", reading.streaks.longest),
            ("member_since", reading.member_since.isoformat() if reading.member_since else None),
            ("first_use", reading.first_use.isoformat() if reading.first_use else None),
        )
        measures = ("cost_usd", "tokens", "active_time_seconds")
        figures_of_periods = ("cost_usd", "tokens", "sessions", "active_time_seconds", "messages")
        return (
            Exported("days", ("day", *measures), days),
            Exported("hours_of_the_week", ("weekday", "hour", *measures), tuple(hours)),
            Exported("periods", ("period", "start", "end", *figures_of_periods), tuple(periods)),
            Exported("records", ("figure", "value"), records),
        )

    def _show_charts(self, reading: InsightsReading) -> None:
        count, measure = int(self.days_switch.chosen), self.measure_switch.chosen
        words, titles = dict(_MEASURES)[measure], self._show_titles()
        if self._days is None or self._hours is None or not reading.days:
            return
        from ccmon_tray.dashboard.charts.time_chart import TimeSeries  # noqa: PLC0415

        calendar, unit = self.host.services.calendar, _unit(measure)
        self._days.label, self._hours.label = titles
        empty = f"Nothing used in the last {count} days"
        days = reading.days[-count:]
        first = calendar.midnight
        self._days.show(
            [first(days[0].day), *(first(day.day + timedelta(days=1)) for day in days)],
            [TimeSeries(words, tuple(_value(day, measure) for day in days), self.design.palette.accent)],
            calendar=calendar,
            mode="bars",
            unit=unit,
            empty=empty,
        )
        grids = reading.grids[count]
        grid = {COST: grids.cost_usd, TOKENS: grids.tokens, ACTIVE: grids.active_s}[measure]
        if grid is None:
            empty = f"{words} is unknown here"
        self._hours.show(grid, week_start=calendar.week_start, unit=unit, empty=empty)

        self._days_place.fill()
        self._hours_place.fill()

    def _show_titles(self) -> tuple[str, str]:
        """Say what both charts show, which is known before any figure is; returns that."""
        words = dict(_MEASURES)[self.measure_switch.chosen]
        titles = f"{words} a day", f"{words} by weekday and hour"
        self.days_title.configure(text=titles[0])
        self.hours_title.configure(text=titles[1])
        return titles

    def _switch_days(self, value: str) -> None:
        self.host.remember(_DAYS, value)
        if self._reading is not None:
            self._show_charts(self._reading)

    def _switch_measure(self, value: str) -> None:
        self.host.remember(_MEASURE, value)
        self._show_titles()
        if self._reading is not None:
            self._show_charts(self._reading)


def _unit(measure: str) -> "Unit":
    from ccmon_tray.dashboard.charts import units  # noqa: PLC0415  # with the other parts of charts

    return {COST: units.MONEY, TOKENS: units.TOKENS, ACTIVE: units.DURATION}[measure]


def _value(day: DayUsage, measure: str) -> float | None:
    return {COST: day.cost_usd, TOKENS: day.tokens, ACTIVE: day.active_s}[measure]


def period_stat(period: PeriodComparison) -> PeriodStat:
    """A period's figures, each with its change on the period before."""
    now, then = period.now, period.then
    words = period_before(period.window.name)

    def line(name: str, value: float | None, before: float | None, text: str, more_is: str = "") -> Line:
        change, _, tone = change_of(value, before, words, more_is=more_is)
        return Line(name, text, change, tone)

    main = line(
        "Cost", now.cost_usd, then.cost_usd if then else None, formatting.money(now.cost_usd), more_is="bad"
    )
    _, note, _ = change_of(now.cost_usd, then.cost_usd if then else None, words)
    if now.cost_usd is not None and (then is None or then.cost_usd is None):
        note = "period before unknown"
    return PeriodStat(
        main,
        note,
        (
            line("Tokens", now.tokens, then.tokens if then else None, formatting.tokens(now.tokens)),
            line("Sessions", now.sessions, then.sessions if then else None, formatting.count(now.sessions)),
            line(
                "Active",
                now.active_s,
                then.active_s if then else None,
                formatting.duration(now.active_s),
            ),
            line("Messages", now.messages, then.messages if then else None, formatting.count(now.messages)),
        ),
    )


def record_stats(reading: InsightsReading) -> tuple[Stat, ...]:
    """The figures of the record cards, in their order."""
    dearest, longest, hour = reading.dearest_day, reading.longest_session, reading.busiest_hour
    streaks = reading.streaks
    first, since = reading.first_use, reading.member_since
    return (
        burn_stat(reading.last_hour_cost_usd),
        projection_stat(reading.projected_month_usd),
        average_stat(reading),
        Stat(formatting.money(dearest.cost_usd), f"{dearest.day:%a} {dearest.day.day} {dearest.day:%b %Y}")
        if dearest
        else Stat(formatting.UNKNOWN),
        Stat(f"{hour:02}:00–{hour + 1:02}:00", f"in the last {HOURLY_DAYS} days")
        if hour is not None
        else Stat(formatting.UNKNOWN),
        Stat(
            formatting.duration(longest.active_s),
            " · ".join(
                filter(None, (longest.project, formatting.short_id(longest.session_id), "last 30 days"))
            ),
        )
        if longest
        else Stat(formatting.UNKNOWN),
        Stat(
            formatting.counted(streaks.current, "day"),
            f"longest: {formatting.counted(streaks.longest, 'day')}",
        ),
        Stat(f"{since.day} {since:%b %Y}", "by Claude Code’s files")
        if since
        else Stat(
            f"{first.day} {first:%b %Y}",
            "or before: none older kept" if reading.first_use_may_be_earlier else "first use known",
        )
        if first
        else Stat(formatting.UNKNOWN),
    )


def average_stat(reading: InsightsReading) -> Stat:
    """What a day costs on average: of the last 30 days, or of those that the source knows."""
    month = reading.period("30d")
    if month is None or month.now.cost_usd is None:
        return Stat(formatting.UNKNOWN)
    start = max(month.window.start, reading.known_since or 0)
    days = max(1.0, (month.window.end - start) / 86_400)
    return Stat(formatting.money(month.now.cost_usd / days), f"in the last {formatting.counted(days, 'day')}")


def burn_stat(last_hour_usd: float | None) -> Stat:
    """How fast money is being spent."""
    figure = formatting.money(last_hour_usd)
    return Stat(figure if last_hour_usd is None else f"{figure}/h", "over the last hour")


def projection_stat(month_usd: float | None) -> Stat:
    """What the month will have cost by its end."""
    return Stat(formatting.money(month_usd), "at the 7-day pace")


VIEW = InsightsView
