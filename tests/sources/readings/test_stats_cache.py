from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.sources.claude_files.stats_cache import load_stats_cache, parse_stats_cache
from ccmon_tray.sources.demo import DemoFiles
from ccmon_tray.sources.readings.stats_cache import StatsCacheReading, read_stats_cache
from ccmon_tray.usage.pricing import load_prices
from ccmon_tray.usage.windows import Calendar

FIXTURE = Path(__file__).parents[2] / "fixtures" / "claude-config"
TODAY = date(2026, 11, 23)
MILLION = 1_000_000


def read(content: dict[str, Any], **how: Any) -> StatsCacheReading:
    return read_stats_cache(parse_stats_cache(content, Path("stats-cache.json")), load_prices(), TODAY, **how)


def test_what_claude_code_wrote() -> None:
    cache = load_stats_cache([FIXTURE])
    assert cache is not None
    reading = read_stats_cache(cache, load_prices(), TODAY)
    # Opus 4.8 at 5, 25, 0.50 and 6.25 USD per million
    expected = (3876 * 5 + 11476 * 25 + 190_000 * 0.5 + 76_000 * 6.25) / MILLION
    assert reading.cost_usd == pytest.approx(expected)
    assert [model.name for model in reading.models] == ["Opus 4.8"]
    assert reading.tokens.total == 281_352
    assert (reading.sessions, reading.messages, reading.active_days, reading.messages_a_day) == (5, 71, 1, 71)
    assert (reading.peak_hour, reading.hours[2], sum(reading.hours)) == (2, 5, 5)
    assert reading.covers == (date(2026, 11, 20), date(2026, 11, 22))
    assert reading.behind_days == 0
    assert reading.cost_a_day == pytest.approx(expected)
    assert reading.unpriced == ()
    assert [(day.day, day.messages) for day in reading.recent[-4:]] == [
        (date(2026, 11, 19), 0),
        (date(2026, 11, 20), 71),
        (date(2026, 11, 21), 0),
        (date(2026, 11, 22), 0),
    ]
    assert len(reading.recent) == 30


def test_a_model_without_a_price_is_named_and_costs_nothing_it_is_unknown() -> None:
    content = {
        "modelUsage": {
            "claude-opus-4-8": {"outputTokens": MILLION},
            "claude-opus-99": {"outputTokens": 7},
            "claude-mystery": {"outputTokens": 0},
        }
    }
    reading = read(content)
    assert reading.cost_usd == 25
    assert reading.unpriced == ("Opus 99",)
    assert [(model.name, model.cost_usd) for model in reading.models] == [
        ("Opus 4.8", 25),
        ("Opus 99", None),
        ("claude-mystery", None),
    ]
    del content["modelUsage"]["claude-opus-4-8"]
    assert read(content).cost_usd is None


def test_a_price_that_changed_counts_by_day() -> None:
    usage = {"modelUsage": {"claude-sonnet-5-5": {"cacheReadInputTokens": 10 * MILLION}}}
    before = {"date": "2026-10-06", "tokensByModel": {"claude-sonnet-5-5": 300}}
    after = {"date": "2026-10-07", "tokensByModel": {"claude-sonnet-5-5": 100}}
    assert read({**usage, "dailyModelTokens": [before]}).cost_usd == pytest.approx(2.0)
    assert read({**usage, "dailyModelTokens": [after]}).cost_usd == pytest.approx(1.0)
    assert read({**usage, "dailyModelTokens": [before, after]}).cost_usd == pytest.approx(1.75)
    # Without a word about days it is that of the last day.
    assert read(usage).cost_usd == pytest.approx(1.0)


def test_the_prices_are_the_chosen_providers() -> None:
    content = {"modelUsage": {"claude-opus-4-8": {"outputTokens": MILLION}}}
    assert read(content, provider="bedrock").cost_usd == 25
    regional = read(content, provider="bedrock", regional=True)
    assert regional.cost_usd == pytest.approx(27.5)
    assert (regional.provider, regional.regional) == ("bedrock", True)


def test_spellings_of_one_model_are_one_row() -> None:
    content = {
        "modelUsage": {
            "claude-opus-4-8": {"outputTokens": MILLION},
            "claude-opus-4-8[1m]": {"outputTokens": MILLION, "inputTokens": 5},
        }
    }
    [model] = read(content).models
    assert (model.tokens.output, model.tokens.input) == (2 * MILLION, 5)
    assert model.cost_usd == pytest.approx(50 + 5 * 5 / MILLION)


def test_how_far_it_lags() -> None:
    day = {"date": "2026-11-01", "messageCount": 3}
    reading = read({"dailyActivity": [day], "lastComputedDate": "2026-11-12"})
    assert reading.behind_days == 10
    assert reading.covers == (date(2026, 11, 1), date(2026, 11, 12))
    assert reading.recent[-1].day == date(2026, 11, 12)


def test_what_is_not_said_is_unknown() -> None:
    reading = read({"version": 2})
    assert (reading.cost_usd, reading.sessions, reading.messages, reading.active_days) == (None,) * 4
    assert (reading.peak_hour, reading.covers, reading.behind_days, reading.messages_a_day) == (None,) * 4
    assert (reading.recent, reading.hours, reading.models) == ((), (), ())


def test_the_earlier_of_two_equal_hours_is_the_peak() -> None:
    assert read({"hourCounts": {"14": 5, "9": 5, "20": 1}}).peak_hour == 9


def test_the_demos_cache_is_priced_whole() -> None:
    now = datetime(2026, 11, 23, 14, 12, tzinfo=UTC).timestamp()
    berlin = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
    cache = DemoFiles(berlin, clock=lambda: now).stats_cache()
    reading = read_stats_cache(cache, load_prices(), TODAY)
    assert reading.unpriced == ()
    assert reading.cost_usd is not None
    assert reading.cost_usd > 1000
    assert reading.behind_days == 0
