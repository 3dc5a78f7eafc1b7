"""What the stats cache view shows: Claude Code's own counts, and what they would have cost at list price.

The cache holds tokens but no cost, over all time but hardly by day. So the estimate rests on assumptions,
which the view tells: standard speed, prompts of usual length, a cache that is written for five minutes. Where
a price changed, a model's tokens count as spread over the days as the file's own daily counts are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from pathlib import Path
from typing import Final

from ccmon_tray.sources.claude_files.stats_cache import DayActivity, LongestSession, StatsCache
from ccmon_tray.usage.by_name import add_tokens
from ccmon_tray.usage.model_names import friendly_model_name
from ccmon_tray.usage.models import Tokens
from ccmon_tray.usage.pricing import PriceTable

ACTIVITY_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class ModelEstimate:
    """One model's tokens, and their cost at list price; None where the model has no price."""

    model: str
    name: str
    tokens: Tokens
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class StatsCacheReading:
    """Everything that the stats cache view shows, as Claude Code counts it; None is unknown.

    Attributes:
        path: The file.
        version: Its version.
        provider: Whose prices the estimate uses.
        regional: Whether they are those of its regional end points.
        prices_as_of: When the prices were collected.
        cost_usd: Estimated cost of all models that have a price; None if none has.
        unpriced: Names of the models that have none, whose tokens the estimate leaves out.
        models: Every model, dearest first, then those without a price by their tokens.
        tokens: All tokens.
        sessions: How many sessions there were.
        messages: How many messages there were.
        active_days: Days with any message.
        messages_a_day: Messages on an active day, on average.
        cost_a_day: Estimated cost of an active day, on average.
        peak_hour: The local hour (0 to 23) in which most sessions began.
        first_session: Unix seconds of the first session's start.
        longest: The longest session.
        recent: The last 30 days that it covers, those without activity included; empty if it covers none.
        hours: Sessions that began in each hour of the day, 24 of them; empty if it says nothing.
        covers: The first and the last day that it knows.
        behind_days: How many whole days before yesterday it ends.
    """

    path: Path
    version: int | None
    provider: str
    regional: bool
    prices_as_of: str
    cost_usd: float | None
    unpriced: tuple[str, ...]
    models: tuple[ModelEstimate, ...]
    tokens: Tokens
    sessions: int | None
    messages: int | None
    active_days: int | None
    messages_a_day: float | None
    cost_a_day: float | None
    peak_hour: int | None
    first_session: float | None
    longest: LongestSession | None
    recent: tuple[DayActivity, ...]
    hours: tuple[int, ...]
    covers: tuple[date, date] | None
    behind_days: int | None


def read_stats_cache(
    cache: StatsCache, prices: PriceTable, today: date, *, provider: str = "anthropic", regional: bool = False
) -> StatsCacheReading:
    """What a stats cache says.

    Args:
        cache: The cache.
        prices: List prices.
        today: The user's day.
        provider: Whose prices count: one of ``usage.pricing.PROVIDERS``.
        regional: Whether its regional end points were used.
    """
    estimates = _estimates(cache, prices, today, provider=provider, regional=regional)
    priced = [estimate.cost_usd for estimate in estimates if estimate.cost_usd is not None]
    cost = sum(priced) if priced else None
    covers = cache.covers
    active = sum(1 for day in cache.days if day.messages or day.sessions) if cache.days else None
    counted = sum(day.messages for day in cache.days)
    return StatsCacheReading(
        path=cache.path,
        version=cache.version,
        provider=provider,
        regional=regional,
        prices_as_of=prices.as_of,
        cost_usd=cost,
        unpriced=tuple(e.name for e in estimates if e.cost_usd is None and e.tokens.total),
        models=estimates,
        tokens=reduce(add_tokens, (estimate.tokens for estimate in estimates), Tokens()),
        sessions=cache.sessions,
        messages=cache.messages,
        active_days=active,
        messages_a_day=counted / active if active else None,
        cost_a_day=cost / active if cost is not None and active else None,
        peak_hour=max(cache.hours, key=lambda hour: (cache.hours[hour], -hour)) if cache.hours else None,
        first_session=cache.first_session,
        longest=cache.longest,
        recent=_recent(cache, covers),
        hours=tuple(cache.hours.get(hour, 0) for hour in range(24)) if cache.hours else (),
        covers=covers,
        behind_days=max(0, (today - timedelta(days=1) - covers[1]).days) if covers else None,
    )


def _estimates(
    cache: StatsCache, prices: PriceTable, today: date, *, provider: str, regional: bool
) -> tuple[ModelEstimate, ...]:
    """Every spelling of a model's id in one, dearest first."""
    found: dict[str, ModelEstimate] = {}
    for model, tokens in cache.models.items():
        name = friendly_model_name(model)
        cost = 0.0
        known = True
        for day, share in _days_of(model, cache, today).items():
            price = prices.price(model, day, provider, regional=regional)
            if price is None:
                known = False
                break
            cost += share * price.cost_usd(
                input=tokens.input,
                output=tokens.output,
                cache_read=tokens.cache_read,
                cache_write_5m=tokens.cache_creation,
            )
        estimate = ModelEstimate(model, name, tokens, cost if known else None)
        before = found.get(name)
        found[name] = estimate if before is None else _joined(before, estimate)
    return tuple(
        sorted(found.values(), key=lambda e: (e.cost_usd is None, -(e.cost_usd or 0), -e.tokens.total))
    )


def _days_of(model: str, cache: StatsCache, today: date) -> Mapping[date, float]:
    """On which days a model was used, and which share of its tokens on each."""
    counts = {day: by_model[model] for day, by_model in cache.tokens_by_day if by_model.get(model)}
    whole = sum(counts.values())
    if not whole:
        return {cache.covers[1] if cache.covers else today: 1.0}
    return {day: count / whole for day, count in counts.items()}


def _joined(one: ModelEstimate, other: ModelEstimate) -> ModelEstimate:
    known = one.cost_usd is not None and other.cost_usd is not None
    return ModelEstimate(
        one.model,
        one.name,
        add_tokens(one.tokens, other.tokens),
        (one.cost_usd or 0.0) + (other.cost_usd or 0.0) if known else None,
    )


def _recent(cache: StatsCache, covers: tuple[date, date] | None) -> tuple[DayActivity, ...]:
    if covers is None:
        return ()
    known = {day.day: day for day in cache.days}
    days = (covers[1] - timedelta(days=back) for back in range(ACTIVITY_DAYS - 1, -1, -1))
    return tuple(known.get(day, DayActivity(day, 0, 0, 0)) for day in days)
