"""What a request of a transcript costs: at the list price of its day, or what Claude Code noted itself."""

from bisect import bisect_left
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from ccmon_tray.sources.claude_files.transcript_lines import Use
from ccmon_tray.usage.pricing import PriceTable

PICO: Final = 10**12
"""Costs are whole numbers of 1e-12 USD, which hold every list price of a token exactly."""

# Prices are for a million tokens.
_PICO_PER_MILLION: Final = PICO // 10**6
_REMEMBERED: Final = 4096

_PerToken = tuple[int, int, int, int, int]
"""1e-12 USD for a token: of input, of output, read from the cache, written to it for 5 min, for 1 h."""


class RequestPrices:
    """Prices of single requests.

    Args:
        table: List prices.
        provider: One of :data:`ccmon_tray.usage.pricing.PROVIDERS`.
        regional: Whether a regional end point of the provider answers.
    """

    def __init__(self, table: PriceTable, provider: str = "anthropic", *, regional: bool = False) -> None:
        self._table = table
        self._provider = provider
        self._regional = regional
        self._price = lru_cache(_REMEMBERED)(self._look_up)

    @property
    def name(self) -> str:
        """Another name for other prices."""
        return f"{self._table.digest} {self._provider} {'regional' if self._regional else 'global'}"

    def cost(self, use: Use, at: int) -> int | None:
        """What a request costs, in 1e-12 USD; None where no price is known.

        Old versions of Claude Code noted the cost with the request: that counts, since they knew what they
        paid on that day.

        Args:
            use: What it used.
            at: Unix seconds of the request. Prices change at midnight UTC.
        """
        if use.given_usd >= 0:
            return round(use.given_usd * PICO)
        prompt = use.input + use.cache_read + use.cache_write_5m + use.cache_write_1h
        tier = bisect_left(self._table.prompt_limits, prompt)
        price = self._price(use.model, at // 86_400, tier, use.fast)
        if price is None:
            return None
        plain, output, read, write_5m, write_1h = price
        return (
            use.input * plain
            + use.output * output
            + use.cache_read * read
            + use.cache_write_5m * write_5m
            + use.cache_write_1h * write_1h
        )

    def _look_up(self, model: str, day: int, tier: int, fast: bool) -> _PerToken | None:
        price = self._table.price(
            model,
            datetime.fromtimestamp(day * 86_400, UTC).date(),
            self._provider,
            regional=self._regional,
            prompt_tokens=self._table.prompt_limits[tier - 1] + 1 if tier else 0,
            fast=fast,
        )
        if price is None:
            return None
        prices = (price.input, price.output, price.cache_read, price.cache_write_5m, price.cache_write_1h)
        plain, output, read, write_5m, write_1h = (round(one * _PICO_PER_MILLION) for one in prices)
        return plain, output, read, write_5m, write_1h
