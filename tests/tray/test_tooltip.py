import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.tray.tooltip import LIMIT, compose, utf16_length
from ccmon_tray.usage import formatting
from ccmon_tray.usage.snapshot import Problem, Snapshot
from ccmon_tray.usage.states import State
from tests.support.snapshots import MIDNIGHT, NOW, UNREACHABLE, every_state, figures, fresh


def test_the_numbers_in_reading_order() -> None:
    assert compose(fresh(), now=NOW) == (
        "Claude Code: $12.34 today · 5.6M tokens · $84.10 this week · $312.40 this month · $2.10 last hour "
        "· Prometheus"
    )


def test_before_the_first_reading() -> None:
    assert compose(None, now=NOW) == "Claude Code: reading…"


def test_a_stale_reading_says_its_age_first_then_what_is_wrong_then_its_numbers() -> None:
    assert compose(every_state()["stale"], now=NOW).startswith(
        "Claude Code: read 14 min ago · Prometheus cannot be reached · $12.34 today · 5.6M tokens"
    )


def test_offline_shows_no_number() -> None:
    assert compose(every_state()["offline"], now=NOW) == "Claude Code: Prometheus cannot be reached"


def test_no_telemetry() -> None:
    assert (
        compose(every_state()["no-telemetry"], now=NOW) == "Claude Code: No telemetry of Claude Code here yet"
    )


def test_a_demo_says_so() -> None:
    assert compose(every_state()["demo"], now=NOW).startswith("Claude Code (Demo): $12.34 today")


def test_a_reading_of_yesterday_is_not_called_today() -> None:
    words = compose(every_state()["stale"], now=MIDNIGHT + 86_400)

    assert "$12.34 that day" in words
    assert "today" not in words
    assert "last hour" not in words


def test_unknown_is_a_dash() -> None:
    assert compose(every_state()["unknown"], now=NOW).startswith("Claude Code: – today")


money = st.one_of(st.none(), st.floats(min_value=0, max_value=1e60, allow_nan=False))
words = st.text(st.characters(codec="utf-8"), max_size=300)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    base = figures()
    today = base.today.model_copy(update={"cost_usd": draw(money), "tokens": draw(money)})
    week = base.this_week.model_copy(update={"cost_usd": draw(money)})
    month = base.this_month.model_copy(update={"cost_usd": draw(money)})
    changes = {"today": today, "this_week": week, "this_month": month, "last_hour_cost_usd": draw(money)}
    problem = draw(
        st.one_of(st.none(), st.builds(Problem, code=st.just("x"), title=words, since=st.just(0.0)))
    )
    have = draw(st.booleans())
    return fresh().model_copy(
        update={
            "state": draw(st.sampled_from(State)),
            "figures": base.model_copy(update=changes) if have else None,
            "problem": problem,
        }
    )


@given(snapshots(), st.floats(0, 1e7))
def test_it_never_exceeds_windows_limit(snapshot: Snapshot, age_s: float) -> None:
    words = compose(snapshot, now=NOW + age_s)

    assert utf16_length(words) <= LIMIT


@given(snapshots())
def test_a_number_is_there_in_full_or_not_at_all(snapshot: Snapshot) -> None:
    without = snapshot.model_copy(update={"problem": None})
    figures = without.figures
    if figures is None:
        return
    whole = {
        formatting.money(value)
        for value in (
            figures.today.cost_usd,
            figures.this_week.cost_usd,
            figures.this_month.cost_usd,
            figures.last_hour_cost_usd,
        )
    }

    shown = re.findall(r"(?:−)?<?\$[^ ]+", compose(without, now=NOW))

    assert set(shown) <= whole


@given(st.text("0123456789 ", min_size=100, max_size=300))
def test_a_long_title_is_cut_between_words(title: str) -> None:
    problem = UNREACHABLE.model_copy(update={"title": title})
    words = compose(every_state()["offline"].model_copy(update={"problem": problem}), now=NOW)

    assert set(re.findall(r"\d+", words)) <= set(title.split())


@pytest.mark.parametrize(("text", "units"), [("$1", 2), ("…", 1), ("😀", 2)])
def test_length_is_counted_as_windows_counts(text: str, units: int) -> None:
    assert utf16_length(text) == units
