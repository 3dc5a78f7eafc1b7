"""Alerts: what is warned of, once for each crossing, over restarts, and never of numbers that may be off."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.usage.alert_rules import AlertRules
from ccmon_tray.usage.alerts import (
    Alert,
    AlertKind,
    AlertState,
    Assessment,
    Finding,
    Observation,
    assess,
    decide,
)
from ccmon_tray.usage.budgets import BudgetPeriod, with_budgets
from ccmon_tray.usage.models import SourceInfo, UsageWarning
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import SourceKind, State
from ccmon_tray.usage.windows import Calendar
from tests.support.snapshots import MIDNIGHT, NOW, SAW_TOOTH, UNREACHABLE, every_state, fresh

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
DAY_S = 86_400
RULES = AlertRules(
    thresholds_percent=(50, 80, 100),
    projection=True,
    burn_rate_usd_per_hour=5.0,
    unusual_hour_factor=3.0,
    silent_s=900,
    offline_s=1800,
)
LIMITS = {BudgetPeriod.DAY: 20.0}


def reading(
    today: float | None = 1.0,
    *,
    day: int = 0,
    projected: float | None = None,
    hour: float | None = 0.0,
    budget: float = 20.0,
) -> Snapshot:
    """A good reading of a day (0 is today) on which so much was used."""
    snapshot = fresh()
    assert snapshot.figures is not None
    shift = day * DAY_S
    period = snapshot.figures.today.model_copy(
        update={
            "start": MIDNIGHT + shift,
            "end": NOW + shift,
            "cost_usd": today,
            "projected_cost_usd": projected,
        }
    )
    used = snapshot.figures.range
    used = used.model_copy(update={"info": used.info.model_copy(update={"start": MIDNIGHT + shift})})
    figures = snapshot.figures.model_copy(update={"today": period, "last_hour_cost_usd": hour, "range": used})
    return with_budgets(snapshot.model_copy(update={"figures": figures}), {BudgetPeriod.DAY: budget}, BERLIN)


def met(snapshot: Snapshot, **more: float) -> list[str]:
    found = assess(Observation(snapshot, NOW, **more), RULES, BERLIN)
    return [finding.key for finding in found.met]


class Told:
    """Decides as the tray does: with a state that goes through its file each time."""

    def __init__(self, rules: AlertRules = RULES) -> None:
        self.rules = rules
        self.state = AlertState()

    def see(self, snapshot: Snapshot, now: float = NOW, *, held: bool = False, **more: float) -> list[Alert]:
        assessment = assess(Observation(snapshot, now, **more), self.rules, BERLIN)
        alerts, state = decide(assessment, self.state, held=held)
        self.state = AlertState.model_validate_json(state.model_dump_json(by_alias=True))
        return list(alerts)

    def percents(self, snapshot: Snapshot, *, held: bool = False) -> list[int | None]:
        return [alert.threshold_percent for alert in self.see(snapshot, held=held)]


def test_each_threshold_is_told_once_and_again_the_next_day() -> None:
    told = Told()
    spent = (5.0, 9.99, 10.0, 12.0, 16.0, 16.5, 20.0, 25.0)
    days = [[told.percents(reading(used, day=day)) for used in spent] for day in (0, 1)]
    assert days[0] == days[1] == [[], [], [50], [], [80], [], [100], []]


def test_several_thresholds_at_once_are_one_alert() -> None:
    told = Told()
    (alert,) = told.see(reading(17.0))
    assert (alert.threshold_percent, alert.period, alert.used_usd) == (80, BudgetPeriod.DAY, 17.0)
    assert alert.title == "85 % of the day’s budget is used"
    assert alert.message == "$17.00 of $20.00: $3.00 left."
    assert not alert.urgent


def test_exceeded_is_urgent() -> None:
    (alert,) = Told().see(reading(22.4))
    assert (alert.title, alert.message, alert.urgent) == (
        "The day’s budget is exceeded",
        "$22.40 of $20.00: $2.40 over.",
        True,
    )


def test_a_budget_that_was_changed_is_another_one() -> None:
    told = Told()
    assert told.percents(reading(17.0)) == [80]
    assert told.percents(reading(17.0, budget=100.0)) == []
    assert told.percents(reading(50.0, budget=100.0)) == [50]


def test_a_projection_over_the_budget_is_told_once_a_period_and_not_beside_the_threshold() -> None:
    told = Told()
    assert told.see(reading(4.9, projected=30.0)) == []  # too early to tell
    (alert,) = told.see(reading(5.0, projected=30.0))
    assert alert.kind is AlertKind.PROJECTION
    assert alert.message == "$5.00 of $20.00 are used. At this pace it will be $30.00 by the day’s end."
    assert told.see(reading(6.0, projected=18.0)) == []
    assert told.see(reading(6.0, projected=31.0)) == []

    both = Told()
    (alert,) = both.see(reading(11.0, projected=30.0))
    assert alert.kind is AlertKind.BUDGET
    assert "At this pace it will be $30.00" in alert.message
    assert both.see(reading(11.5, projected=30.0)) == []


def test_the_burn_rate_is_told_again_only_after_it_was_clearly_down() -> None:
    told = Told()
    rates = (4.0, 5.5, 4.5, 5.5, 3.9, 5.1)
    assert [len(told.see(reading(hour=rate))) for rate in rates] == [0, 1, 0, 0, 0, 1]


def test_an_unusual_hour_is_compared_with_the_usual_one() -> None:
    rules = AlertRules(unusual_hour_factor=3.0)
    assert Told(rules).see(reading(hour=50.0)) == []  # nothing to compare with
    assert Told(rules).see(reading(hour=1.9), usual_hour_usd=0.1) == []  # times as much, but next to nothing
    assert Told(rules).see(reading(hour=6.0), usual_hour_usd=2.0) == []
    (alert,) = Told(rules).see(reading(hour=6.1), usual_hour_usd=2.0)
    assert (alert.kind, alert.last_hour_usd, alert.limit_usd) == (AlertKind.UNUSUAL_HOUR, 6.1, 2.0)
    assert alert.message == "On a Monday at this time $2.00 is usual (median of the last four weeks)."


def test_a_source_out_of_reach_is_told_once_until_it_is_back() -> None:
    told, stale = Told(), every_state()["stale"]
    out = NOW - 1800
    assert told.see(stale, NOW - 1, out_since=out) == []
    (alert,) = told.see(stale, NOW, out_since=out)
    assert alert.kind is AlertKind.SOURCE_OFFLINE
    assert alert.title == "Prometheus does not answer"
    assert alert.message.startswith(f"No reading since 13:42. {UNREACHABLE.title}: ")
    assert told.see(every_state()["offline"], NOW + 7200, out_since=out) == []
    assert told.see(reading()) == []
    assert len(told.see(stale, NOW + 90_000, out_since=NOW + 80_000)) == 1


def test_silent_telemetry_is_told_once_until_it_comes() -> None:
    told = Told()
    assert told.see(reading(), unanswered_since=NOW - 899) == []
    (alert,) = told.see(reading(), unanswered_since=NOW - 900)
    assert alert.kind is AlertKind.TELEMETRY_SILENT
    assert "in use since 13:57" in alert.message
    assert told.see(reading(), unanswered_since=NOW - 9000) == []
    assert told.see(reading()) == []
    assert len(told.see(reading(), unanswered_since=NOW - 900)) == 1


@pytest.mark.parametrize("name", ["stale", "offline", "no-telemetry", "unknown"])
def test_what_is_not_known_now_is_no_reason_for_an_alert(name: str) -> None:
    snapshot = with_budgets(every_state()[name], {BudgetPeriod.DAY: 1.0, BudgetPeriod.MONTH: 1.0}, BERLIN)
    assert met(snapshot, usual_hour_usd=0.0, unanswered_since=NOW - DAY_S if name != "unknown" else NOW) == []


def test_warned_numbers_are_no_reason_either_nor_that_it_is_over() -> None:
    assert met(reading(25.0, hour=50.0), usual_hour_usd=1.0) == ["budget.day", "burn-rate", "unusual-hour"]
    warned = reading(25.0, hour=0.0).model_copy(update={"warnings": (SAW_TOOTH,)})
    found = assess(Observation(warned, NOW, usual_hour_usd=1.0), RULES, BERLIN)
    assert found.met == ()
    assert not {"burn-rate", "unusual-hour"} & found.over


def test_a_warning_about_mere_time_says_nothing_against_the_figures() -> None:
    slow = UsageWarning(code="recorded-hours-differ", message="They are read from the counters", cure="")
    warned = reading(25.0, hour=50.0).model_copy(update={"warnings": (slow,)})
    assert met(warned, usual_hour_usd=1.0) == ["budget.day", "burn-rate", "unusual-hour"]
    both = warned.model_copy(update={"warnings": (slow, SAW_TOOTH)})
    assert "budget.day" not in met(both, usual_hour_usd=1.0)


def test_a_long_range_beyond_the_retention_says_nothing_against_today() -> None:
    beyond = UsageWarning(code="beyond-retention", message="It keeps 15 days", cure="")
    warned = reading(25.0).model_copy(update={"warnings": (beyond,)})
    assert met(warned) == []  # the range is today: it is today that is not known
    assert warned.figures is not None
    info = warned.figures.range.info.model_copy(update={"start": MIDNIGHT - 90 * DAY_S})
    used = warned.figures.range.model_copy(update={"info": info})
    figures = warned.figures.model_copy(update={"range": used})
    assert met(warned.model_copy(update={"figures": figures})) == ["budget.day"]


def test_a_warning_of_a_longer_range_says_nothing_against_today_but_lets_nothing_be_over() -> None:
    warned = reading(25.0, hour=0.0).model_copy(update={"warnings": (SAW_TOOTH,)})
    assert warned.figures is not None
    info = warned.figures.range.info.model_copy(update={"start": MIDNIGHT - 90 * DAY_S})
    used = warned.figures.range.model_copy(update={"info": info})
    figures = warned.figures.model_copy(update={"range": used})
    found = assess(Observation(warned.model_copy(update={"figures": figures}), NOW), RULES, BERLIN)
    assert [(finding.key, finding.since) for finding in found.met] == [("budget.day", MIDNIGHT)]
    assert not found.distrusted
    assert "burn-rate" not in found.over


def test_nothing_is_told_while_it_is_held_but_afterwards_if_it_still_holds() -> None:
    told = Told()
    assert told.percents(reading(12.0), held=True) == []
    assert told.see(reading(hour=9.0), held=True) == []
    assert [alert.kind for alert in told.see(reading(17.0, hour=0.0))] == [AlertKind.BUDGET]


def test_generated_figures_say_so() -> None:
    demo = reading(25.0).model_copy(update={"source": SourceInfo(kind=SourceKind.DEMO)})
    (alert,) = Told().see(demo)
    assert alert.title == "Demo: The day’s budget is exceeded"


def test_the_last_alerts_are_remembered_newest_first() -> None:
    told = Told()
    for day in range(4):
        told.see(reading(11.0, day=day))
        told.see(reading(17.0, day=day))
    assert [alert.threshold_percent for alert in told.state.recent] == [80, 50, 80, 50, 80]


@st.composite
def days(draw: st.DrawFn) -> Sequence[tuple[float, bool, bool]]:
    """A day's course: cost so far, whether alerts are held, whether the reading is warned."""
    rises = draw(st.lists(st.floats(0, 6), min_size=1, max_size=12))
    return [
        (sum(rises[: count + 1]), draw(st.booleans()), draw(st.booleans())) for count in range(len(rises))
    ]


@given(st.lists(days(), min_size=1, max_size=4))
def test_whatever_happens_each_crossing_is_told_exactly_once_a_day(
    course: Sequence[Sequence[tuple[float, bool, bool]]],
) -> None:
    told = Told(AlertRules(thresholds_percent=(50, 80, 100)))
    for day, moments in enumerate(course):
        percents: list[int] = []
        seen = 0.0
        for used, held, warned in moments:
            snapshot = reading(used, day=day)
            if warned:
                snapshot = snapshot.model_copy(update={"warnings": (SAW_TOOTH,)})
            found = told.percents(snapshot, held=held)
            assert len(found) <= 1
            if held or warned:
                assert found == []
            else:
                seen = used
            percents += [percent for percent in found if percent is not None]
        reached = [percent for percent in (50, 80, 100) if round(seen / 20 * 100, 10) >= percent]
        assert percents == sorted(set(percents))  # ascending, none twice
        assert percents[-1:] == reached[-1:]  # and the highest one was told


@given(st.lists(st.tuples(st.sampled_from(["met", "over", "unknown"]), st.booleans()), max_size=30))
def test_a_finding_without_a_period_is_told_once_between_two_ends(steps: list[tuple[str, bool]]) -> None:
    state = AlertState()
    alert = Alert(
        kind=AlertKind.BURN_RATE, at=NOW, title="Much", message="Very", source=SourceKind.PROMETHEUS
    )
    armed = True
    for what, held in steps:
        assessment = Assessment(
            (Finding("burn-rate", alert),) if what == "met" else (),
            frozenset({"burn-rate"}) if what == "over" else frozenset(),
        )
        alerts, state = decide(assessment, state, held=held)
        state = AlertState.model_validate_json(state.model_dump_json(by_alias=True))
        assert bool(alerts) == (what == "met" and armed and not held)
        armed = what == "over" or (armed and not alerts)


@pytest.mark.parametrize(("now", "snoozed"), [(NOW, True), (NOW + 3599, True), (NOW + 3600, False)])
def test_a_snooze_ends(now: float, snoozed: bool) -> None:
    assert AlertState(snoozed_until=NOW + 3600).snoozed(now) is snoozed
    assert not AlertState().snoozed(now)


def test_use_without_data_in_the_range_still_counts_for_the_month() -> None:
    nothing = every_state()["no-data"]
    assert nothing.state is State.NO_DATA
    assert met(with_budgets(nothing, {BudgetPeriod.MONTH: 312.0}, BERLIN)) == ["budget.month"]


def test_the_documented_alert_is_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "budgets.md").read_text(encoding="utf-8")
    example = page.partition("```json\n")[2].partition("```")[0]
    (alert,) = Told().see(reading(16.0))
    assert Alert.model_validate_json(example) == alert
    assert json.loads(example).keys() == alert.model_dump(by_alias=True).keys()
    kinds = page.partition("`kind` is ")[2].partition(";")[0]
    assert set(re.findall(r"`([a-z-]+)`", kinds)) == {kind.value for kind in AlertKind}
