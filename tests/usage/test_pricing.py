from datetime import date

import pytest

from ccmon_tray.usage.pricing import PROVIDERS, Price, PriceTable, load_prices

TABLE = load_prices()
DAY = date(2026, 11, 23)

# USD per million tokens: input, 5 min write, 1 h write, cache read, output
LIST_PRICES = {
    "claude-fable-5-1": (10, 12.5, 20, 0.25, 50),
    "claude-fable-5": (10, 12.5, 20, 1, 50),
    "claude-opus-5-5": (4, 5, 8, 0.2, 20),
    "claude-opus-5": (5, 6.25, 10, 0.5, 25),
    "claude-opus-4-8": (5, 6.25, 10, 0.5, 25),
    "claude-opus-4-7": (5, 6.25, 10, 0.5, 25),
    "claude-opus-4-6": (5, 6.25, 10, 0.5, 25),
    "claude-opus-4-5": (5, 6.25, 10, 0.5, 25),
    "claude-opus-4-1": (15, 18.75, 30, 1.5, 75),
    "claude-opus-4": (15, 18.75, 30, 1.5, 75),
    "claude-sonnet-5-5": (2, 2.5, 4, 0.1, 10),
    "claude-sonnet-5": (2, 2.5, 4, 0.2, 10),
    "claude-sonnet-4-6": (3, 3.75, 6, 0.3, 15),
    "claude-sonnet-4-5": (3, 3.75, 6, 0.3, 15),
    "claude-sonnet-4": (3, 3.75, 6, 0.3, 15),
    "claude-haiku-5-5": (0.1, 0.125, 0.2, 0.01, 0.5),
    "claude-haiku-4-5": (1, 1.25, 2, 0.1, 5),
    "claude-3-5-haiku": (0.8, 1, 1.6, 0.08, 4),
}


def priced(model: str, day: date = DAY, provider: str = "anthropic", **how: bool | float) -> Price:
    price = TABLE.price(model, day, provider, **how)  # type: ignore[arg-type]
    assert price is not None
    return price


@pytest.mark.parametrize("model", LIST_PRICES)
def test_the_list_price_of_each_model(model: str) -> None:
    price = priced(model)
    assert (
        price.input,
        price.cache_write_5m,
        price.cache_write_1h,
        price.cache_read,
        price.output,
    ) == LIST_PRICES[model]


def test_no_model_is_left_out_of_the_list_above() -> None:
    assert len(TABLE.models) == len(LIST_PRICES)


@pytest.mark.parametrize(
    ("spelling", "same"),
    [
        ("claude-opus-4-5-20251101", "claude-opus-4-5"),
        ("claude-opus-4-8[1m]", "claude-opus-4-8"),
        ("claude-3-5-haiku-20241022", "claude-3-5-haiku"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("us.anthropic.claude-opus-4-6-v1:0", "claude-opus-4-6"),
        ("claude-opus-4-20250514", "claude-opus-4"),
    ],
)
def test_every_spelling_of_a_model_has_its_price(spelling: str, same: str) -> None:
    assert priced(spelling) == priced(same)


@pytest.mark.parametrize("model", ["claude-opus-9", "gpt-4", "<synthetic>", "", "claude-opus-4-2"])
def test_an_unknown_model_has_no_price(model: str) -> None:
    assert TABLE.price(model, DAY, "anthropic") is None


def test_sonnet_5_5_reads_its_cache_for_half_since_7_october() -> None:
    assert priced("claude-sonnet-5-5", date(2026, 10, 6)).cache_read == 0.20
    assert priced("claude-sonnet-5-5", date(2026, 10, 7)).cache_read == 0.10


def test_a_long_prompt_of_haiku_5_5_costs_more_as_a_whole() -> None:
    assert priced("claude-haiku-5-5", prompt_tokens=100_000).input == 0.10
    long = priced("claude-haiku-5-5", prompt_tokens=100_001)
    assert (long.input, long.output, long.cache_read) == (0.50, 2.50, 0.05)


@pytest.mark.parametrize(
    ("model", "text_in", "text_out", "cache_read"),
    [
        ("claude-opus-5-5", 8, 40, 0.40),
        ("claude-opus-5", 10, 50, 1.00),
        ("claude-opus-4-8", 10, 50, 1.00),
        ("claude-opus-4-7", 30, 150, 3.00),
        ("claude-opus-4-6", 30, 150, 3.00),
    ],
)
def test_fast_mode_scales_the_cache_along(
    model: str, text_in: float, text_out: float, cache_read: float
) -> None:
    price = priced(model, fast=True)
    assert (price.input, price.output, price.cache_read) == (text_in, text_out, cache_read)


def test_a_model_without_a_fast_mode_has_no_fast_price() -> None:
    assert TABLE.price("claude-sonnet-5", DAY, fast=True) is None


@pytest.mark.parametrize("provider", ["bedrock", "vertex"])
def test_regional_end_points_cost_a_tenth_more_since_the_4_5_models(provider: str) -> None:
    assert priced("claude-opus-4-8", provider=provider) == priced("claude-opus-4-8")
    regional = priced("claude-opus-4-8", provider=provider, regional=True)
    assert (regional.input, regional.output, regional.cache_read) == (5.5, 27.5, 0.55)
    for old in ("claude-sonnet-4", "claude-opus-4-1", "claude-3-5-haiku"):
        assert priced(old, provider=provider, regional=True) == priced(old)


def test_anthropic_has_no_regional_prices() -> None:
    assert priced("claude-opus-4-8", regional=True) == priced("claude-opus-4-8")


def test_what_tokens_cost() -> None:
    cost = priced("claude-opus-4-8").cost_usd(
        input=1_000_000, output=100_000, cache_read=2_000_000, cache_write_5m=400_000, cache_write_1h=100_000
    )
    assert cost == pytest.approx(5 + 2.5 + 1 + 2.5 + 1)


def test_each_provider_has_a_source() -> None:
    assert {source.provider for source in TABLE.sources} == set(PROVIDERS)
    assert all(source.url.startswith("https://") for source in TABLE.sources)


def test_a_price_of_nothing_is_refused() -> None:
    table = """
        schema = "ccmon-tray/prices/1"
        as_of = "a day"
        source = []
        regional = {providers = [], uplift = 0.1, not_for = []}
        [[price]]
        models = ["opus-9"]
        input = 0
        output = 1
        cache_read = 1
        cache_write_5m = 1
        cache_write_1h = 1
    """
    with pytest.raises(ValueError, match="greater than 0"):
        PriceTable(table)
