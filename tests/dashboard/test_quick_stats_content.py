"""The words of the quick-stats window, without a window."""

from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.dashboard.quick_stats_content import MOST_MODELS, Tone, Trend, clipboard_text, compose
from ccmon_tray.usage.budgets import BudgetPeriod, with_budgets
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import Calendar
from tests.support.snapshots import NOW, SAW_TOOTH, UNREACHABLE, every_state, figures, fresh

DAY_S = 86_400


def test_periods_that_are_over_go_by_their_date() -> None:
    stale = every_state()["stale"]
    tomorrow = compose(stale, now=NOW + DAY_S)
    assert tomorrow.today is not None
    assert tomorrow.today.label == "Mon 23 Nov"
    assert [line.label for line in tomorrow.periods] == [
        "This week",
        "This month",
        "Hour to Mon 23 Nov 13:58",
    ]
    later = compose(stale, now=NOW + 10 * DAY_S)
    assert [line.label for line in later.periods] == [
        "Week of 23 Nov",
        "November",
        "Hour to Mon 23 Nov 13:58",
    ]
    assert later.periods[1].trend.figure == ""  # the end it was projected to has passed


def test_the_day_is_the_users_not_this_machines() -> None:
    # Half past midnight in Berlin, where the reading was taken: elsewhere it may be Monday still.
    content = compose(fresh(), now=NOW + 10 * 3600 + 1200)
    assert content.today is not None
    assert content.today.label == "Mon 23 Nov"


def test_variants_of_one_model_are_one_bar() -> None:
    opus = figures().range.by_model[0]
    usage = figures().range.model_copy(
        update={"by_model": (opus, opus.model_copy(update={"model": "claude-opus-4-8[1m]"}))}
    )
    snapshot = fresh().model_copy(update={"figures": figures().model_copy(update={"range": usage})})

    (line,) = compose(snapshot, now=NOW).models

    assert (line.name, line.figure) == ("Opus 4.8", "$20.40")


def test_unknown_is_never_zero() -> None:
    unknown = every_state()["unknown"]
    content = compose(unknown, now=NOW)
    assert content.today is not None
    assert [content.today.figure, *(line.figure for line in content.periods)] == ["–"] * 4
    assert "$0" not in clipboard_text(unknown, now=NOW)


@pytest.mark.parametrize("name", ["offline", "no-telemetry"])
def test_no_figures_where_there_are_none(name: str) -> None:
    content = compose(every_state()[name], now=NOW)
    assert content.blank is not None
    assert content.blank.body
    assert content.today is None
    assert clipboard_text(every_state()[name], now=NOW) == ""


def test_stale_keeps_the_figures_and_says_why() -> None:
    content = compose(every_state()["stale"], now=NOW)
    assert content.today is not None
    assert content.today.figure == "$12.34"
    assert (content.status, content.status_tone) == ("stale · read 14 min ago", Tone.WARNING)
    assert content.problem is not None
    assert content.problem.title == UNREACHABLE.title
    assert content.problem.body[-1] == UNREACHABLE.next_step + "."


def test_a_reading_that_stays_fresh_for_long_was_left_behind() -> None:
    assert compose(fresh(), now=NOW + 600).state is State.FRESH
    left = compose(fresh(), now=NOW + 3600)
    assert left.state is State.STALE
    assert left.problem is not None
    assert left.problem.title == "The tray has stopped reading"


def test_models_beyond_the_dearest_are_summed_up() -> None:
    whole = fresh()
    assert whole.figures is not None
    models = whole.figures.range.by_model
    others = tuple(model.model_copy(update={"name": f"Old {model.name}"}) for model in models[2:])
    usage = whole.figures.range.model_copy(update={"by_model": models + others})
    figures = whole.figures.model_copy(update={"range": usage})
    content = compose(whole.model_copy(update={"figures": figures}), now=NOW)
    assert len(content.models) == MOST_MODELS
    assert content.more_models == "and 2 others, $0.22"
    assert [model.share for model in content.models][:1] == [1.0]


def test_warnings_are_shown_with_their_cure() -> None:
    notes = compose(every_state()["warned"], now=NOW).notes
    assert notes[0].title == SAW_TOOTH.message + "."
    assert notes[0].body == (SAW_TOOTH.cure + ".",)
    assert [note.title for note in notes[2:]] == [
        "1 more warning: ccmon-tray status",
        "The settings file was damaged and is kept as settings.toml.2026-11-23.",
    ]


def test_demo_says_so() -> None:
    content = compose(every_state()["demo"], now=NOW)
    assert content.demo
    assert content.source == "Demo"
    assert "Demo, generated figures" in clipboard_text(every_state()["demo"], now=NOW)


def test_budgets_stand_below_the_periods() -> None:
    calendar = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
    limits = {BudgetPeriod.DAY: 20.0, BudgetPeriod.WEEK: 100.0, BudgetPeriod.MONTH: 300.0}
    budgeted = with_budgets(fresh(), limits, calendar)
    lines = [(line.label, line.figure, line.trend) for line in compose(budgeted, now=NOW).periods[3:]]
    assert lines == [
        ("Day’s budget", "61 %", Trend("$7.66 left", "of $20.00")),
        ("Week’s budget", "84 %", Trend("$15.90 left", "of $100.00", Tone.WARNING)),
        ("Month’s budget", "104 %", Trend("$12.40 over", "of $300.00", Tone.BAD)),
    ]
    tomorrow = compose(budgeted, now=NOW + DAY_S)
    assert [line.label for line in tomorrow.periods[3:]] == ["Week’s budget", "Month’s budget"]
