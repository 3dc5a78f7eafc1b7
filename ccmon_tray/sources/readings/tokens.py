"""What the tokens view shows: tokens by type and by model, over time too, and what the cache saved."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

from ccmon_tray.sources.base import Question, Span, UsageSource
from ccmon_tray.sources.readings.reach import known_since, reaches
from ccmon_tray.sources.reports import range_info
from ccmon_tray.sources.tally import Tally, ask_all, model_name, models
from ccmon_tray.usage.by_name import merged_by_name
from ccmon_tray.usage.metrics import Label, Metric, TokenType, token_type
from ccmon_tray.usage.models import ModelUsage, RangeInfo, SourceInfo, Tokens, UsageWarning
from ccmon_tray.usage.pricing import PriceTable, load_prices
from ccmon_tray.usage.states import State
from ccmon_tray.usage.steps import tile
from ccmon_tray.usage.windows import Calendar, Window, previous

TYPE_TITLES: Final[dict[TokenType, str]] = {
    TokenType.INPUT: "Input",
    TokenType.OUTPUT: "Output",
    TokenType.CACHE_READ: "Cache read",
    TokenType.CACHE_CREATION: "Cache creation",
}
OTHER: Final = "Other"
"""Types that this version does not know."""

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class TokenSeries:
    """Tokens of one type or model: in all, and in each step."""

    name: str
    total: float
    steps: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CacheSavings:
    """What reading from the cache saved, at list prices.

    Attributes:
        as_input_usd: What the cache reads would have cost as input; None where no model of them has a price.
        as_read_usd: What they cost as cache reads; None likewise.
        unpriced: Names of models with cache reads but without a price, which are in neither sum.
        unpriced_tokens: Cache reads of those models.
    """

    as_input_usd: float | None
    as_read_usd: float | None
    unpriced: tuple[str, ...] = ()
    unpriced_tokens: float = 0.0

    @property
    def saved_usd(self) -> float | None:
        """The difference: what was saved."""
        if self.as_input_usd is None or self.as_read_usd is None:
            return None
        return self.as_input_usd - self.as_read_usd


@dataclass(frozen=True, slots=True)
class TokensReading:
    """Everything that the tokens view shows.

    Attributes:
        info: The range.
        source: Where the figures come from.
        state: ``fresh``, ``no-data`` or ``no-telemetry``.
        tokens: Those of the range by type; None where the source does not know the counter.
        previous: Those of the equal period before; None where the source does not reach back over all of it.
        steps: (start, end) of each step, Unix seconds.
        by_type: One series a type, in the order of ``TYPE_TITLES``, unknown ones as ``Other``.
        by_model: One series a model under its name for people, the largest first.
        models: Cost and tokens of each model under its name for people, dearest first.
        savings: What the cache saved; None where the tokens are unknown.
        warnings: Why the figures may be off.
        retention_start: Unix seconds since when the source can know; set where the range begins before it.
    """

    info: RangeInfo
    source: SourceInfo
    state: State
    tokens: Tokens | None
    previous: Tokens | None
    steps: tuple[tuple[int, int], ...]
    by_type: tuple[TokenSeries, ...]
    by_model: tuple[TokenSeries, ...]
    models: tuple[ModelUsage, ...]
    savings: CacheSavings | None
    warnings: tuple[UsageWarning, ...]
    retention_start: int | None


def read_tokens(
    source: UsageSource,
    window: Window,
    calendar: Calendar,
    *,
    provider: str = "anthropic",
    regional: bool = False,
    prices: PriceTable | None = None,
    now: float | None = None,
) -> TokensReading:
    """The tokens of a range.

    Args:
        source: Where usage comes from.
        window: The range.
        calendar: The user's days, which steps, periods and prices are aligned to.
        provider: Whose list prices value the cache, one of ``usage.pricing.PROVIDERS``.
        regional: Whether its regional end points are used.
        prices: The price table; the application's own where not given.
        now: Unix seconds, which the source's retention counts from; None asks the clock.

    Raises:
        SourceError: The source cannot answer.
    """
    inventory = source.inventory()
    steps = tile(window, calendar)
    info = range_info(window, steps, calendar)
    since = known_since(inventory, time.time() if now is None else now)
    retention_start = None if reaches(window, since) else since
    if not inventory.metrics:
        return TokensReading(
            info=info,
            source=inventory.info,
            state=State.NO_TELEMETRY,
            tokens=None,
            previous=None,
            steps=steps.pairs,
            by_type=(),
            by_model=(),
            models=(),
            savings=None,
            warnings=(),
            retention_start=retention_start,
        )

    span = Span(window.start, window.end)
    by = (Label.MODEL, Label.TYPE)
    cost_q = Question(Metric.COST, span, (Label.MODEL,))
    tokens_q = Question(Metric.TOKENS, span, by)
    steps_q = Question(Metric.TOKENS, span, by, boundaries=steps.boundaries)
    before = previous(window, calendar)
    before_q = Question(Metric.TOKENS, Span(before.start, before.end), (Label.TYPE,))
    compared = reaches(before, since)
    tallies = ask_all(source, [cost_q, tokens_q, steps_q, *([before_q] if compared else [])])
    tokens, stepped = tallies[tokens_q], tallies[steps_q]
    total = tokens.tokens()
    days = [calendar.day_of(start) for start, _ in steps.pairs]
    return TokensReading(
        info=info,
        source=inventory.info,
        state=State.FRESH if tokens.total else State.NO_DATA,
        tokens=total,
        previous=tallies[before_q].tokens() if compared else None,
        steps=steps.pairs,
        by_type=_by_type(stepped, total) if total else (),
        by_model=_by_model(stepped),
        models=merged_by_name(models(tallies[cost_q], tokens)),
        savings=cache_savings(stepped, days, prices or load_prices(), provider, regional=regional)
        if total
        else None,
        warnings=source.warnings(span),
        retention_start=retention_start,
    )


def cache_savings(
    stepped: Tally, days: Sequence[date], prices: PriceTable, provider: str, *, regional: bool = False
) -> CacheSavings:
    """What the cache reads of a tally saved, each step at the list prices of its day.

    ``Σ cache_read × (input price − cache read price)``. Which requests were in fast mode is not told with
    their tokens, so that the prices are those of standard speed.

    Args:
        stepped: Tokens by model and type, per step.
        days: The local day of each step.
        prices: The price table.
        provider: Whose prices.
        regional: Whether those of its regional end points.
    """
    as_input_usd = as_read_usd = unpriced_tokens = 0.0
    priced = False
    unpriced: dict[str, None] = {}
    for row in stepped.answer.rows:
        model, kind = row.key
        if token_type(kind) is not TokenType.CACHE_READ:
            continue
        for day, count in zip(days, row.steps, strict=True):
            if not count:
                continue
            price = prices.price(model, day, provider, regional=regional)
            if price is None:
                unpriced[model_name(model)] = None
                unpriced_tokens += count
            else:
                priced = True
                as_input_usd += price.cost_usd(input=count)
                as_read_usd += price.cost_usd(cache_read=count)
    if unpriced and not priced:
        return CacheSavings(None, None, tuple(unpriced), unpriced_tokens)
    return CacheSavings(as_input_usd, as_read_usd, tuple(unpriced), unpriced_tokens)


def _by_type(stepped: Tally, total: Tokens) -> tuple[TokenSeries, ...]:
    sums = _sums((token_type(row.key[1]), row.steps) for row in stepped.answer.rows)
    nothing = (0.0,) * (len(stepped.question.boundaries or ()) - 1)
    series = [
        TokenSeries(title, getattr(total, kind.value), sums.get(kind, nothing))
        for kind, title in TYPE_TITLES.items()
    ]
    if None in sums:
        series.append(TokenSeries(OTHER, total.total - sum(known.total for known in series), sums[None]))
    return tuple(series)


def _by_model(stepped: Tally) -> tuple[TokenSeries, ...]:
    sums = _sums((model_name(row.key[0]), row.steps) for row in stepped.answer.rows)
    series = (TokenSeries(name, sum(steps), steps) for name, steps in sums.items())
    return tuple(sorted(series, key=lambda one: (-one.total, one.name)))


def _sums(parts: Iterable[tuple[K, Sequence[float]]]) -> Mapping[K, tuple[float, ...]]:
    """The parts of each key, added step by step."""
    sums: dict[K, list[float]] = {}
    for key, steps in parts:
        before = sums.get(key)
        sums[key] = list(steps) if before is None else [a + b for a, b in zip(before, steps, strict=True)]
    return {key: tuple(steps) for key, steps in sums.items()}
