from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.sources.demo import DemoSource
from ccmon_tray.sources.readings.tokens import read_tokens
from ccmon_tray.sources.reports import build_report
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import RANGE_NAMES, Calendar, Window, resolve
from tests.support.fake_source import FakeSource, request

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
NOW = int(datetime(2026, 11, 23, 14, 12, tzinfo=UTC).timestamp())
DEMO = DemoSource(BERLIN, clock=lambda: NOW)
HOUR = resolve("1h", NOW, BERLIN)
MILLION = 1_000_000


@pytest.mark.parametrize("name", RANGE_NAMES)
def test_the_numbers_are_the_reports(name: str) -> None:
    window = resolve(name, NOW, BERLIN)
    report = build_report(DEMO, window, BERLIN)

    reading = read_tokens(DEMO, window, BERLIN, now=NOW)

    assert reading.tokens == report.totals.tokens
    assert reading.tokens is not None
    assert {series.name: series.total for series in reading.by_type} == {
        "Input": reading.tokens.input,
        "Output": reading.tokens.output,
        "Cache read": reading.tokens.cache_read,
        "Cache creation": reading.tokens.cache_creation,
    }
    over_time = [step.tokens for step in report.over_time]
    for series in (reading.by_type, reading.by_model):
        assert [sum(column) for column in zip(*(one.steps for one in series), strict=True)] == over_time
        assert sum(one.total for one in series) == reading.tokens.total
    assert reading.steps == tuple((step.start, step.end) for step in report.over_time)
    assert sum(model.cost_usd or 0.0 for model in reading.models) == pytest.approx(report.totals.cost_usd)


def test_both_spellings_are_one_type_and_unknown_types_are_other() -> None:
    source = FakeSource(
        [
            *request(NOW - 60, "s", 1.0, {"cacheRead": 30, "input": 1}),
            *request(NOW - 50, "s", 1.0, {"cache_read": 7, "thinking": 11}),
        ]
    )

    reading = read_tokens(source, HOUR, BERLIN, now=NOW)

    assert [(one.name, one.total, sum(one.steps)) for one in reading.by_type] == [
        ("Input", 1, 1),
        ("Output", 0, 0),
        ("Cache read", 37, 37),
        ("Cache creation", 0, 0),
        ("Other", 11, 11),
    ]


def test_variants_of_a_model_are_one_series_the_largest_first() -> None:
    source = FakeSource(
        [
            *request(NOW - 60, "s", 9.0, {"input": 10}),
            *request(NOW - 50, "s", 1.0, {"input": 50}, model="claude-haiku-4-5"),
            *request(NOW - 40, "s", 1.0, {"input": 5}, model="claude-opus-4-8[1m]"),
        ]
    )

    reading = read_tokens(source, HOUR, BERLIN, now=NOW)

    assert [(one.name, one.total) for one in reading.by_model] == [("Haiku 4.5", 50), ("Opus 4.8", 15)]
    assert [model.name for model in reading.models] == ["Opus 4.8", "Haiku 4.5"]


def test_savings_are_at_the_list_prices_of_each_models() -> None:
    source = FakeSource(
        [
            *request(NOW - 60, "s", 1.0, {"cacheRead": 2 * MILLION, "input": 5 * MILLION}),
            *request(NOW - 50, "s", 1.0, {"cacheRead": MILLION}, model="claude-haiku-4-5"),
        ]
    )

    savings = read_tokens(source, HOUR, BERLIN, now=NOW).savings

    assert savings is not None
    # Opus 4.8 costs 5 and 0.50, Haiku 4.5 costs 1 and 0.10 a million.
    assert savings.as_input_usd == pytest.approx(2 * 5 + 1)
    assert savings.as_read_usd == pytest.approx(2 * 0.5 + 0.1)
    assert savings.saved_usd == pytest.approx(11 - 1.1)
    assert (savings.unpriced, savings.unpriced_tokens) == ((), 0)


def test_a_price_is_that_of_its_day() -> None:
    # Sonnet 5.5's cache reads cost 0.20 before 7 October 2026, and 0.10 since.
    midnight = BERLIN.midnight(date(2026, 10, 7))
    source = FakeSource(
        [
            *request(midnight - 3600, "s", 1.0, {"cacheRead": MILLION}, model="claude-sonnet-5-5"),
            *request(midnight + 3600, "s", 1.0, {"cacheRead": MILLION}, model="claude-sonnet-5-5"),
        ]
    )
    window = Window("custom", midnight - 86_400, midnight + 86_400)

    savings = read_tokens(source, window, BERLIN, now=NOW).savings

    assert savings is not None
    assert savings.as_read_usd == pytest.approx(0.30)


def test_an_unpriced_model_is_named_and_never_free() -> None:
    priced = request(NOW - 60, "s", 1.0, {"cacheRead": MILLION})
    strange = request(NOW - 50, "s", 1.0, {"cacheRead": 70}, model="gpt-oss")

    both = read_tokens(FakeSource([*priced, *strange]), HOUR, BERLIN, now=NOW).savings
    alone = read_tokens(FakeSource(strange), HOUR, BERLIN, now=NOW).savings

    assert both is not None
    assert alone is not None
    assert both.saved_usd == pytest.approx(4.5)
    assert (both.unpriced, both.unpriced_tokens) == (("gpt-oss",), 70)
    assert (alone.saved_usd, alone.unpriced, alone.unpriced_tokens) == (None, ("gpt-oss",), 70)


def test_without_cache_reads_nothing_was_saved() -> None:
    source = FakeSource(request(NOW - 60, "s", 1.0, {"input": 5}))

    savings = read_tokens(source, HOUR, BERLIN, now=NOW).savings

    assert savings is not None
    assert savings.saved_usd == 0


def test_states() -> None:
    missing = read_tokens(FakeSource(metrics=()), HOUR, BERLIN, now=NOW)
    assert (missing.state, missing.tokens, missing.savings) == (State.NO_TELEMETRY, None, None)

    idle = read_tokens(FakeSource(request(NOW - 7000, "s", 1.0, {"input": 5})), HOUR, BERLIN, now=NOW)
    assert idle.state is State.NO_DATA
    assert idle.tokens is not None
    assert idle.tokens.total == 0
    assert idle.previous is not None
    assert idle.previous.total == 5

    lacking = FakeSource(request(NOW - 60, "s", 1.0, {"input": 5}), metrics=(Metric.COST,))
    reading = read_tokens(lacking, HOUR, BERLIN, now=NOW)
    assert (reading.tokens, reading.savings, reading.by_type, reading.by_model) == (None, None, (), ())
    assert [model.tokens for model in reading.models] == [None]


def test_regional_end_points_save_more() -> None:
    source = FakeSource(request(NOW - 60, "s", 1.0, {"cacheRead": MILLION}, model="claude-opus-4-8"))

    def saved(**how: object) -> float:
        savings = read_tokens(source, HOUR, BERLIN, now=NOW, **how).savings  # type: ignore[arg-type]
        assert savings is not None
        assert savings.saved_usd is not None
        return savings.saved_usd

    assert saved(provider="bedrock") == pytest.approx(4.5)
    assert saved(provider="bedrock", regional=True) == pytest.approx(4.95)
