"""The stats cache: what Claude Code has counted itself, and what that would have cost at list price."""

import tkinter as tk
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ccmon_tray.dashboard.views.base import Asked, Exported, Host, View
from ccmon_tray.dashboard.views.stats_cache_words import (
    MODEL_COLUMNS,
    day_words,
    facts,
    figures,
    hour_words,
    main_stats,
    model_rows,
    span_of_days,
)
from ccmon_tray.dashboard.widgets.card import Card, Rows, label
from ccmon_tray.dashboard.widgets.chart_place import ChartPlace
from ccmon_tray.dashboard.widgets.facts import Facts
from ccmon_tray.dashboard.widgets.notes import Banner, Deed, Note, Panel
from ccmon_tray.dashboard.widgets.segments import Segments
from ccmon_tray.dashboard.widgets.stat_card import Stat, StatCard
from ccmon_tray.dashboard.widgets.table import Table
from ccmon_tray.desktop.channel import Message, send
from ccmon_tray.errors import CcmonError
from ccmon_tray.settings_file import save
from ccmon_tray.sources.claude_files.folders import in_short
from ccmon_tray.sources.claude_files.stats_cache import FILE_NAME
from ccmon_tray.sources.readings.stats_cache import StatsCacheReading, read_stats_cache
from ccmon_tray.usage import formatting
from ccmon_tray.usage.pricing import load_prices
from ccmon_tray.usage.states import SourceKind, State
from ccmon_tray.view_names import ViewName

if TYPE_CHECKING:
    from ccmon_tray.dashboard.charts.bar_chart import BarChart
    from ccmon_tray.dashboard.charts.day_bars import DayBars

_SWITCH: Final = "stats-cache.days"
_MEASURES: Final = (("messages", "Messages"), ("sessions", "Sessions"), ("tool_calls", "Tool calls"))
_PROVIDERS: Final = (("anthropic", "Anthropic"), ("bedrock", "Bedrock"), ("vertex", "Vertex AI"))
_END_POINTS: Final = ((str(False), "Global"), (str(True), "Regional"))
_FIGURES: Final = (
    "Sessions",
    "Active days",
    "Peak hour",
    "Longest session",
    "First session",
    "Last day covered",
)
_REMARK: Final = (
    "Claude Code adds up the lines of its transcripts, and one answer can take several lines that repeat the "
    "same tokens: its totals can be well above what was used. The other views count every token once."
)
_ASSUMED: Final = (
    "The file has no costs. They are estimated from its tokens at list price: at standard speed, for prompts "
    "of usual length, and with caches written for five minutes."
)


@dataclass(frozen=True, slots=True)
class StatsCacheShown:
    """What is shown: the reading, or where nothing was found.

    Attributes:
        reading: What the stats cache says; None where there is none.
        folders: Where it was looked for.
        demo: Whether it is generated.
    """

    reading: StatsCacheReading | None
    folders: tuple[str, ...]
    demo: bool


class StatsCacheView(View[StatsCacheShown]):
    """Claude Code's own counts."""

    name = "stats-cache"
    title = "Stats cache"
    ranged = False

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._reading: StatsCacheReading | None = None
        self._days: DayBars | None = None
        self._hours: BarChart | None = None

    def build(self, body: tk.Frame) -> None:
        """Make the widgets."""
        design, copy = self.design, self.host.copy
        gap = design.px(12)
        self._body = body
        self.panel = Panel(body, design)
        self.content = tk.Frame(body, background=design.palette.background)
        self.content.pack(fill="both", expand=True)
        self.banner = Banner(self.content, design)
        main = Rows(self.content, design, least=165)
        self.main_cards = [
            StatCard(main, design, title, large=True, copy=copy)
            for title in ("Estimated cost", "Tokens", "Messages")
        ]
        main.fill(self.main_cards)
        main.pack(fill="x")
        self._first_row = main
        more = Rows(self.content, design, least=150)
        self.more_cards = [StatCard(more, design, title, copy=copy) for title in _FIGURES]
        more.fill(self.more_cards)
        more.pack(fill="x", pady=(gap, 0))
        self._build_charts(gap)
        models = Card(self.content, design, "Tokens by model")
        models.pack(fill="x", pady=(gap, 0))
        self._build_prices(models.head)
        self.models = Table(
            models.body, design, MODEL_COLUMNS, sort=(1, True), copy=copy, empty="No model was used"
        )
        self.models.pack(fill="x")
        self._build_about(gap)
        self.host.when_charts_ready(self._make_charts)

    def _build_prices(self, head: tk.Frame) -> None:
        """Whose prices count is a setting; here is where people ask for it."""
        design, pricing = self.design, self.host.services.settings.pricing
        ground = design.palette.card
        self.provider = Segments(head, design, _PROVIDERS, self._price_by, ground=ground, compact=True)
        self.provider.select(pricing.provider)
        self.provider.pack(side="right")
        self.regional = Segments(head, design, _END_POINTS, self._price_end, ground=ground, compact=True)
        self.regional.select(str(pricing.regional))
        if pricing.provider != "anthropic":
            self.regional.pack(side="right", padx=(0, design.px(8)))

    def _price_by(self, provider: str) -> None:
        self._set({"pricing.provider": provider})

    def _price_end(self, regional: str) -> None:
        self._set({"pricing.regional": regional == str(True)})

    def _set(self, values: dict[str, object]) -> None:
        paths = self.host.services.paths
        try:
            save(paths, values)
            send(paths.tray, Message.SETTINGS_CHANGED)
        except CcmonError as error:
            self.host.say(str(error))
        self.host.settings_changed()
        if self.provider.winfo_exists():
            # Nothing came of it: the environment has the last word.
            pricing = self.host.services.settings.pricing
            self.provider.select(pricing.provider)
            self.regional.select(str(pricing.regional))

    def _build_charts(self, gap: int) -> None:
        design = self.design
        row = Rows(self.content, design, least=330)
        row.pack(fill="both", expand=True, pady=(gap, 0))
        days = Card(row, design, "Daily activity")
        ground = design.palette.card
        self.switch = Segments(days.head, design, _MEASURES, self._switch_to, ground=ground, compact=True)
        self.switch.select(self.host.remembered(_SWITCH, "messages"))
        self.switch.pack(side="right")
        self._days_place = ChartPlace(days.body, design, height=180)
        self._days_place.pack(fill="both", expand=True)
        hours = Card(row, design, "Sessions by hour of their start")
        # As high as the head beside it, so that both charts begin at one height.
        tk.Frame(hours.head, background=ground, height=design.px(24), width=1).pack(side="right")
        self._hours_place = ChartPlace(hours.body, design, height=180)
        self._hours_place.pack(fill="both", expand=True)
        row.fill([days, hours])

    def _build_about(self, gap: int) -> None:
        design = self.design
        about = Card(self.content, design, "About these figures")
        about.pack(fill="x", pady=(gap, 0))
        quiet = design.small(design.palette.secondary)
        for text in (_REMARK, _ASSUMED):
            words = label(about.body, design, text, size=12, colour=quiet, wrap=True)
            words.pack(fill="x", padx=design.px(8), pady=(0, design.px(8)))
        self.facts = Facts(about.body, design, copy=self.host.copy)
        self.facts.pack(fill="x")

    def _make_charts(self) -> None:
        from ccmon_tray.dashboard.charts.bar_chart import BarChart  # noqa: PLC0415  # after the first frame
        from ccmon_tray.dashboard.charts.day_bars import DayBars  # noqa: PLC0415

        self._days = DayBars(self._days_place, self.design, height=180, label="Daily activity")
        self._days_place.put(self._days.widget)
        self._hours = BarChart(self._hours_place, self.design, height=180, label="Sessions by hour")
        self._hours_place.put(self._hours.widget)
        if self._reading is not None:
            self._show_charts(self._reading)

    def read(self, asked: Asked) -> StatsCacheShown:
        """The stats cache as it is now, at the prices that the settings name."""
        services = asked.services
        files, pricing = services.files, services.settings.pricing
        cache = files.stats_cache()
        today = services.calendar.day_of(services.clock())
        reading = None
        if cache is not None:
            reading = read_stats_cache(
                cache, load_prices(), today, provider=pricing.provider, regional=pricing.regional
            )
        demo = services.source.info.kind is SourceKind.DEMO
        return StatsCacheShown(reading, tuple(map(in_short, files.folders)), demo)

    def show(self, reading: StatsCacheShown) -> None:
        """Show it, or say that there is none."""
        found = self._reading = reading.reading
        if found is None:
            self.charts = []
            self.content.pack_forget()
            self._body.configure(height=1)  # Tk keeps the height of what was there last
            self.panel.show(self._none_note(reading.folders))
            self.panel.place(relx=0, rely=0, relwidth=1, relheight=1)
            return
        self.panel.place_forget()
        self.content.pack(fill="both", expand=True)
        calendar = self.host.services.calendar
        self._show_banner(found)
        for card, stat in zip(self.main_cards, main_stats(found), strict=True):
            card.show(stat)
        for card, figure in zip(self.more_cards, figures(found, calendar), strict=True):
            card.show(Stat(figure))
        self.models.show(model_rows(found))
        self.facts.show(facts(found, load_prices().sources, demo=reading.demo))
        self._show_charts(found)

    def subtitle(self, reading: StatsCacheShown) -> str:
        """Which days it covers."""
        found = reading.reading
        if found is None or found.covers is None:
            return ""
        return f"As Claude Code counts it, {span_of_days(*found.covers)}"

    def state(self, reading: StatsCacheShown) -> State:  # noqa: ARG002
        """Always something to show: where there is no stats cache, the view says so itself."""
        return State.FRESH

    def export(self, reading: StatsCacheShown) -> Sequence[Exported]:
        """Tokens by model, the days, the hours, and the figures."""
        found = reading.reading
        if found is None:
            return ()
        models = tuple(
            (
                model.model,
                model.name,
                model.cost_usd,
                model.tokens.total,
                model.tokens.input,
                model.tokens.output,
                model.tokens.cache_read,
                model.tokens.cache_creation,
            )
            for model in found.models
        )
        kinds = ("tokens", "input", "output", "cache_read", "cache_creation")
        values = (
            ("estimated_cost_usd", found.cost_usd),
            ("provider", found.provider),
            ("regional", str(found.regional).lower()),
            ("tokens", found.tokens.total),
            ("sessions", found.sessions),
            ("messages", found.messages),
            ("active_days", found.active_days),
            ("messages_a_day", found.messages_a_day),
            ("peak_hour", found.peak_hour),
            ("first_session", found.first_session),
            ("longest_session_seconds", found.longest.duration_s if found.longest else None),
            ("first_day", found.covers[0].isoformat() if found.covers else None),
            ("last_day", found.covers[1].isoformat() if found.covers else None),
        )
        days = tuple(
            (day.day.isoformat(), day.messages, day.sessions, day.tool_calls) for day in found.recent
        )
        return (
            Exported("by_model", ("model", "name", "estimated_cost_usd", *kinds), models),
            Exported("days", ("day", "messages", "sessions", "tool_calls"), days),
            Exported("hours", ("hour", "sessions"), tuple(enumerate(found.hours))),
            Exported("figures", ("figure", "value"), values),
        )

    def _none_note(self, folders: Sequence[str]) -> Note:
        return Note(
            "Claude Code has no stats cache here",
            (
                "It writes one when its /stats is opened.",
                f"Looked for {FILE_NAME} in {' and '.join(folders)}.",
            ),
            "quiet",
            State.NO_DATA,
            (
                Deed("Look again", self.host.reload),
                Deed("Settings", lambda: self.host.open_view(ViewName.SETTINGS)),
            ),
        )

    def _show_banner(self, found: StatsCacheReading) -> None:
        notes = []
        if found.unpriced:
            names = ", ".join(found.unpriced)
            notes.append(f"No list price is known for {names}: the estimate leaves their tokens out.")
        if found.behind_days and found.covers:
            days = formatting.counted(found.behind_days, "day")
            notes.append(
                f"The stats cache ends on {day_words(found.covers[1])}, {days} before yesterday. "
                "Open /stats in Claude Code, which brings it up to date."
            )
        if not notes:
            self.banner.pack_forget()
            return
        title = "Some models have no price" if found.unpriced else "The stats cache is not up to date"
        self.banner.show(Note(title, tuple(notes), "warning" if found.unpriced else "quiet"))
        self.banner.pack(fill="x", pady=(0, self.design.px(12)), before=self._first_row)

    def _show_charts(self, found: StatsCacheReading) -> None:
        if self._days is None or self._hours is None:
            return
        from ccmon_tray.dashboard.charts.bar_chart import Bar  # noqa: PLC0415
        from ccmon_tray.dashboard.charts.units import COUNT  # noqa: PLC0415

        self.charts = [self._days, self._hours]
        self._days.show(
            [day.day for day in found.recent],
            [float(getattr(day, self.switch.chosen)) for day in found.recent],
            unit=COUNT,
            empty="No activity is known",
        )
        self._hours.show_bars(
            [Bar(f"{hour:02}:00", hour_words(hour), float(count)) for hour, count in enumerate(found.hours)],
            unit=COUNT,
            colour=self.design.palette.series[1],
            empty="No hours are known",
            every=3,
            heading="hour",
        )
        self._days_place.fill()
        self._hours_place.fill()

    def _switch_to(self, value: str) -> None:
        self.host.remember(_SWITCH, value)
        if self._reading is not None:
            self._show_charts(self._reading)


VIEW = StatsCacheView
