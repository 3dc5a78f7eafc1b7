"""What the stats cache view says: its figures and rows in words."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from ccmon_tray.dashboard.widgets.facts import Fact
from ccmon_tray.dashboard.widgets.stat_card import Stat
from ccmon_tray.dashboard.widgets.table import Column, TableRow
from ccmon_tray.sources.claude_files.folders import in_short
from ccmon_tray.sources.readings.stats_cache import StatsCacheReading
from ccmon_tray.usage import formatting
from ccmon_tray.usage.pricing import PROVIDER_TITLES, PriceSource
from ccmon_tray.usage.windows import Calendar

MODEL_COLUMNS: Final = (
    Column("Model", 100, weight=1, strong=True),
    Column("Estimated cost", 88, figure=True, strong=True, descending=True, weight=0.4),
    Column("Share", 58, figure=True, descending=True, weight=0.4, optional=1),
    Column("Tokens", 58, figure=True, descending=True, weight=0.4),
    Column("Input", 54, figure=True, descending=True, weight=0.4, optional=3),
    Column("Output", 54, figure=True, descending=True, weight=0.4, optional=2),
    Column("Cache read", 74, figure=True, descending=True, weight=0.4, optional=4),
    Column("Cache write", 78, figure=True, descending=True, weight=0.4, optional=5),
)


def main_stats(found: StatsCacheReading) -> tuple[Stat, Stat, Stat]:
    """Cost, tokens and messages."""
    cached, a_day = found.tokens.cache_hit_ratio, found.messages_a_day
    return (
        Stat(formatting.money(found.cost_usd), price_words(found)),
        Stat(
            formatting.tokens(found.tokens.total if found.models else None),
            "" if cached is None else f"{formatting.percent(cached)} cache hits",
        ),
        Stat(
            formatting.count(found.messages),
            "" if a_day is None else f"{formatting.count(a_day)} on an active day",
        ),
    )


def figures(found: StatsCacheReading, calendar: Calendar) -> tuple[str, ...]:
    """The figures of the small cards, in their order."""
    first = found.first_session
    return (
        formatting.count(found.sessions),
        formatting.count(found.active_days),
        formatting.UNKNOWN if found.peak_hour is None else hour_words(found.peak_hour),
        formatting.duration(found.longest.duration_s if found.longest else None),
        formatting.UNKNOWN if first is None else day_words(calendar.day_of(first)),
        day_words(found.covers[1]) if found.covers else formatting.UNKNOWN,
    )


def model_rows(found: StatsCacheReading) -> list[TableRow]:
    """The models as rows of :data:`MODEL_COLUMNS`."""
    rows = []
    for model in found.models:
        tokens, cost = model.tokens, model.cost_usd
        share = cost / found.cost_usd if cost is not None and found.cost_usd else None
        counts = (tokens.total, tokens.input, tokens.output, tokens.cache_read, tokens.cache_creation)
        cells = (
            model.name,
            "unpriced" if cost is None else formatting.money(cost),
            formatting.percent(share),
            *map(formatting.tokens, counts),
        )
        rows.append(TableRow(model.model, cells, (model.name, cost, share, *counts)))
    return rows


def facts(found: StatsCacheReading, sources: Sequence[PriceSource], *, demo: bool) -> list[Fact]:
    """Where the figures come from."""
    path = in_short(found.path)
    version = "" if found.version is None else f", version {found.version}"
    source = next(source for source in sources if source.provider == found.provider)
    return [
        Fact("File", "generated" if demo else f"{path}{version}", whole=str(found.path), cut_start=True),
        Fact("Covers", span_of_days(*found.covers) if found.covers else formatting.UNKNOWN),
        Fact("An active day", f"{formatting.money(found.cost_a_day)} on average, estimated"),
        Fact("Prices", f"{price_words(found)}, {found.prices_as_of}"),
        Fact("Price list", source.url),
    ]


def price_words(found: StatsCacheReading) -> str:
    """Whose prices: ``Anthropic list prices``."""
    kind = "regional" if found.regional and found.provider != "anthropic" else "list"
    return f"{PROVIDER_TITLES[found.provider]} {kind} prices"


def hour_words(hour: int) -> str:
    """An hour of the day: ``14:00–15:00``."""
    return f"{hour:02}:00–{(hour + 1) % 24:02}:00"


def day_words(day: date) -> str:
    """A day: ``20 Nov 2026``."""
    return f"{day.day} {day:%b} {day.year}"


def span_of_days(first: date, last: date) -> str:
    """Days from first to last: ``16 Oct – 22 Nov 2026``."""
    if first == last:
        return day_words(last)
    start = f"{first.day} {first:%b}" if first.year == last.year else day_words(first)
    return f"{start} – {day_words(last)}"
