"""List prices: what tokens of a model cost on a day, from ``prices.toml`` beside this file.

The cost that Claude Code reports is exact and needs none of this. Prices serve what carries no cost: the
files of Claude Code, and what a cache saved. A model that is not in the table has no price; it never costs 0.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files
from typing import Annotated, Final, Literal, get_args

from pydantic import ConfigDict, Field

from ccmon_tray.usage.model_names import model_key
from ccmon_tray.usage.models import Frozen

Provider = Literal["anthropic", "bedrock", "vertex"]
PROVIDERS: Final[tuple[str, ...]] = get_args(Provider)
PROVIDER_TITLES: Final[dict[str, str]] = {
    "anthropic": "Anthropic",
    "bedrock": "Bedrock",
    "vertex": "Vertex AI",
}

_MILLION: Final = 1e6


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, each in USD per million tokens.

    Attributes:
        input: Prompt that is neither read from nor written to the cache.
        output: Answer.
        cache_read: Prompt read from the cache.
        cache_write_5m: Prompt written to the cache for five minutes.
        cache_write_1h: Prompt written to the cache for an hour.
    """

    input: float
    output: float
    cache_read: float
    cache_write_5m: float
    cache_write_1h: float

    def cost_usd(
        self,
        *,
        input: float = 0,  # noqa: A002 — the name of the kind of token everywhere
        output: float = 0,
        cache_read: float = 0,
        cache_write_5m: float = 0,
        cache_write_1h: float = 0,
    ) -> float:
        """What so many tokens of each kind cost, in USD."""
        return (
            input * self.input
            + output * self.output
            + cache_read * self.cache_read
            + cache_write_5m * self.cache_write_5m
            + cache_write_1h * self.cache_write_1h
        ) / _MILLION


@dataclass(frozen=True, slots=True)
class PriceSource:
    """Where prices of a provider are published."""

    provider: str
    title: str
    url: str


class _Fast(Frozen):
    input: Annotated[float, Field(gt=0)]
    output: Annotated[float, Field(gt=0)]


class _Entry(Frozen):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    models: tuple[str, ...]
    start: date | None = Field(default=None, alias="from")
    until: date | None = None
    prompt_over: int = 0
    input: Annotated[float, Field(gt=0)]
    output: Annotated[float, Field(gt=0)]
    cache_read: Annotated[float, Field(gt=0)]
    cache_write_5m: Annotated[float, Field(gt=0)]
    cache_write_1h: Annotated[float, Field(gt=0)]
    fast: _Fast | None = None

    def holds(self, day: date, prompt_tokens: float) -> bool:
        return (
            (self.start is None or self.start <= day)
            and (self.until is None or day < self.until)
            and (self.prompt_over == 0 or prompt_tokens > self.prompt_over)
        )

    def price(self, *, fast: bool, uplift: float) -> Price | None:
        if fast and self.fast is None:
            return None
        text_in, text_out = self.input, self.output
        if fast and self.fast is not None:
            text_in, text_out = self.fast.input, self.fast.output
        factor = (1 + uplift) * text_in / self.input
        return Price(
            input=round(text_in * (1 + uplift), 6),
            output=round(text_out * (1 + uplift), 6),
            cache_read=round(self.cache_read * factor, 6),
            cache_write_5m=round(self.cache_write_5m * factor, 6),
            cache_write_1h=round(self.cache_write_1h * factor, 6),
        )


class _Regional(Frozen):
    providers: tuple[Provider, ...]
    uplift: float
    not_for: tuple[str, ...]


class _Source(Frozen):
    provider: Provider
    title: str
    url: str


class _File(Frozen):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    format: Literal["ccmon-tray/prices/1"] = Field(alias="schema")
    as_of: str
    sources: tuple[_Source, ...] = Field(alias="source")
    regional: _Regional
    prices: tuple[_Entry, ...] = Field(alias="price")


class PriceTable:
    """List prices of Claude's models.

    Args:
        text: A table in the form of ``prices.toml``.

    Attributes:
        digest: Another text for another table.
        prompt_limits: The lengths of prompts, tokens, above which some model has another price; ascending.
    """

    def __init__(self, text: str) -> None:
        found = _File.model_validate(tomllib.loads(text))
        self.digest: str = blake2b(text.encode(), digest_size=8).hexdigest()
        self.prompt_limits: tuple[int, ...] = tuple(
            sorted({entry.prompt_over for entry in found.prices if entry.prompt_over})
        )
        self.as_of: str = found.as_of
        self.sources: tuple[PriceSource, ...] = tuple(
            PriceSource(source.provider, source.title, source.url) for source in found.sources
        )
        self._regional = found.regional
        self._entries: dict[str, list[_Entry]] = {}
        # Of several that hold, the one for the longer prompts counts.
        for entry in sorted(found.prices, key=lambda entry: -entry.prompt_over):
            for model in entry.models:
                self._entries.setdefault(model, []).append(entry)

    @property
    def models(self) -> tuple[str, ...]:
        """The keys of all models in the table."""
        return tuple(self._entries)

    def price(
        self,
        model: str,
        day: date,
        provider: str = "anthropic",
        *,
        regional: bool = False,
        prompt_tokens: float = 0,
        fast: bool = False,
    ) -> Price | None:
        """What a model costs on a day.

        Args:
            model: Its id in any spelling, such as ``us.anthropic.claude-opus-4-6-v1:0``.
            day: The day of the request.
            provider: One of :data:`PROVIDERS`.
            regional: Whether a regional end point of the provider answers, not its global one.
            prompt_tokens: Length of the request's whole prompt, cache included; some models cost more for
                long ones. For sums over many requests leave it at 0.
            fast: Whether the request was made in fast mode.

        Returns:
            The price, or None for a model (or a mode of it) that is not in the table.
        """
        key = model_key(model)
        dearer = regional and provider in self._regional.providers and key not in self._regional.not_for
        for entry in self._entries.get(key, ()):
            if entry.holds(day, prompt_tokens):
                return entry.price(fast=fast, uplift=self._regional.uplift if dearer else 0.0)
        return None


@lru_cache(maxsize=1)
def load_prices() -> PriceTable:
    """The table that comes with the application, read once."""
    return PriceTable(files("ccmon_tray.usage").joinpath("prices.toml").read_text(encoding="utf-8"))
