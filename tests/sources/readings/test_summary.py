from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.sources.base import Inventory
from ccmon_tray.sources.demo import DemoSource
from ccmon_tray.sources.readings.summary import read_summary
from ccmon_tray.sources.reports import build_report
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import UsageWarning
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import RANGE_NAMES, Calendar, Window, previous, resolve
from tests.support.fake_source import Event, FakeSource, request

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
NOW = int(datetime(2026, 11, 23, 14, 12, tzinfo=UTC).timestamp())  # a Monday
DEMO = DemoSource(BERLIN, clock=lambda: NOW)
DAY = 86_400


def close(value: Any) -> Any:
    """The same but for rounding."""
    return pytest.approx(value, rel=1e-9)


class Forgetful(FakeSource):
    """Keeps use for so many seconds."""

    retention_s: float | None = None

    def inventory(self, *, refresh: bool = False) -> Inventory:
        """What it holds, and for how long."""
        return replace(super().inventory(refresh=refresh), retention_s=self.retention_s)


@pytest.mark.parametrize("name", RANGE_NAMES)
def test_the_numbers_are_the_reports(name: str) -> None:
    window = resolve(name, NOW, BERLIN)
    report = build_report(DEMO, window, BERLIN)

    reading = read_summary(DEMO, window, BERLIN, now=NOW)

    assert reading.info == report.range
    assert reading.state is report.state
    shown, told = reading.totals.model_dump(), report.totals.model_dump()
    assert shown.keys() == told.keys()
    assert flat(shown) == close(flat(told))
    assert reading.steps == report.over_time
    assert report.totals.active_time_seconds is not None
    assert sum(reading.active_steps or ()) == close(report.totals.active_time_seconds.total)
    assert len(reading.active_steps or ()) == len(reading.steps)
    assert reading.retention_start is None


def flat(totals: dict[str, Any]) -> dict[str, float]:
    """Totals with the parts of tokens, active time and decisions beside the rest."""
    parts: dict[str, float] = {}
    for key, value in totals.items():
        parts.update({f"{key}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {key: value})
    return parts


@pytest.mark.parametrize("name", ["15m", "7d", "today", "this week", "this month", "last month"])
def test_the_period_before_is_its_own_report(name: str) -> None:
    window = resolve(name, NOW, BERLIN)
    before = build_report(DEMO, previous(window, BERLIN), BERLIN).totals

    found = read_summary(DEMO, window, BERLIN, now=NOW).previous

    assert found is not None
    assert found.cost_usd == close(before.cost_usd)
    assert found.tokens == before.tokens
    assert found.active_time_seconds == before.active_time_seconds


def test_variants_of_a_model_are_one_row_dearest_first() -> None:
    source = FakeSource(
        [
            *request(NOW - 60, "s", 1.0, {"input": 10}),
            *request(NOW - 50, "s", 2.0, {"input": 5}, model="claude-opus-4-8[1m]"),
            *request(NOW - 40, "s", 2.5, {"output": 1}, model="claude-haiku-4-5"),
        ]
    )

    models = read_summary(source, resolve("1h", NOW, BERLIN), BERLIN, now=NOW).by_model

    assert [(m.name, m.model, m.cost_usd, m.tokens and m.tokens.total) for m in models] == [
        ("Opus 4.8", "claude-opus-4-8[1m]", 3.0, 15),
        ("Haiku 4.5", "claude-haiku-4-5", 2.5, 1),
    ]


@pytest.mark.parametrize(
    ("kept_days", "compared", "begins_before"),
    [(30, True, False), (14, True, False), (10, False, False), (5, False, True)],
)
def test_what_the_source_no_longer_holds_is_not_compared_with(
    kept_days: int, compared: bool, begins_before: bool
) -> None:
    source = Forgetful(request(NOW - 60, "s", 1.0, {"input": 10}))
    source.retention_s = kept_days * DAY
    window = resolve("7d", NOW, BERLIN)

    reading = read_summary(source, window, BERLIN, now=NOW + 2)

    assert (reading.previous is not None) == compared
    assert reading.retention_start == (NOW + 2 - kept_days * DAY if begins_before else None)


def test_no_telemetry_is_no_zero() -> None:
    reading = read_summary(FakeSource(metrics=()), resolve("7d", NOW, BERLIN), BERLIN, now=NOW)

    assert reading.state is State.NO_TELEMETRY
    assert set(reading.totals.model_dump().values()) == {None}
    assert (reading.previous, reading.active_steps, reading.by_model) == (None, None, ())
    assert {(step.cost_usd, step.tokens) for step in reading.steps} == {(None, None)}


def test_nothing_used_is_no_data_and_a_known_zero() -> None:
    source = FakeSource(request(NOW - 40 * DAY, "s", 1.0, {"input": 10}))

    reading = read_summary(source, resolve("7d", NOW, BERLIN), BERLIN, now=NOW)

    assert reading.state is State.NO_DATA
    assert reading.totals.cost_usd == 0


def test_a_counter_that_the_source_lacks_is_unknown_everywhere() -> None:
    source = FakeSource(request(NOW - 60, "s", 1.0, {"input": 10}), metrics=(Metric.COST, Metric.TOKENS))

    reading = read_summary(source, resolve("1h", NOW, BERLIN), BERLIN, now=NOW)

    assert reading.state is State.FRESH
    assert reading.active_steps is None
    assert reading.totals.active_time_seconds is None
    assert reading.previous is not None
    assert reading.previous.active_time_seconds is None


def test_warnings_come_along() -> None:
    warning = UsageWarning(code="counter-resets", message="m", cure="c", sessions=("s",))
    source = FakeSource([Event(NOW - 5, Metric.COST, 1.0, {Label.SESSION: "s"})], warned=(warning,))

    assert read_summary(source, resolve("1h", NOW, BERLIN), BERLIN, now=NOW).warnings == (warning,)


def test_a_reading_takes_one_round_and_a_custom_range_has_its_period_before() -> None:
    source = FakeSource(request(NOW - 9000, "s", 4.0, {"input": 10}))
    window = Window("custom", NOW - 2 * 3600, NOW - 3600)

    reading = read_summary(source, window, BERLIN, now=NOW)

    assert len(source.asked) == 1
    assert reading.previous is not None
    assert reading.previous.cost_usd == 4.0
