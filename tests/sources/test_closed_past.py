from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccmon_tray.errors import SourceUnavailable
from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.closed_past import KEEP_S, SETTLE_S, ClosedPast
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.windows import Calendar
from tests.support.fake_source import FakeSource, request

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
DAY = 86_400
MIDNIGHT = BERLIN.midnight(date(2026, 10, 26))  # the day after the change to winter time
NOON = MIDNIGHT + 12 * 3600


def _cost(start: int, end: int, *by: Label, top: int | None = None) -> Question:
    return Question(Metric.COST, Span(start, end), by, top=top)


_moments = st.integers(MIDNIGHT - 20 * DAY, MIDNIGHT + 3 * DAY)
_labels = st.sampled_from([(), (Label.MODEL,), (Label.SESSION,), (Label.MODEL, Label.SESSION)])


@st.composite
def _questions(draw: st.DrawFn) -> Question:
    start = draw(_moments)
    by = draw(_labels)
    top = draw(st.sampled_from([None, 1, 2])) if by else None
    return _cost(start, start + draw(st.integers(1, 20 * DAY)), *by, top=top)


@settings(max_examples=60)
@given(
    used=st.lists(st.tuples(_moments, st.integers(0, 3), st.integers(1, 99)), max_size=20),
    questions=st.lists(_questions(), min_size=1, max_size=5),
    polls=st.lists(st.integers(0, 3 * DAY), min_size=1, max_size=4).map(sorted),
)
def test_answers_are_those_of_asking_the_whole_question(
    used: list[tuple[int, int, int]], questions: list[Question], polls: list[int]
) -> None:
    events = [
        # Amounts that binary fractions hold exactly, so that ties stay ties.
        event
        for at, session, eighths in used
        for event in request(at, f"s{session}", eighths / 8, {}, model=f"claude-opus-{1 + session % 2}")
    ]
    source = FakeSource()
    past = ClosedPast(source, BERLIN)

    for now in (MIDNIGHT + after for after in polls):
        source.events = [event for event in events if event.at <= now]
        answers = past.ask(questions, now)
        for question in questions:
            (whole,) = source.ask([question])
            assert answers[question].answer.rows == whole.rows


def test_the_past_is_asked_once_and_only_todays_part_again() -> None:
    source = FakeSource(request(MIDNIGHT - DAY, "s", 1.0, {}))
    past = ClosedPast(source, BERLIN)
    week = _cost(NOON - 7 * DAY, NOON)

    past.ask([week], NOON)
    past.ask([_cost(NOON + 30 - 7 * DAY, NOON + 30)], NOON + 30)

    first, second = source.asked
    # Seven days before, summer time still ruled.
    sixth = BERLIN.midnight(date(2026, 10, 20))
    middle = Span(sixth, MIDNIGHT)
    assert [q.span for q in first] == [Span(NOON - 7 * DAY, sixth), middle, Span(MIDNIGHT, NOON)]
    assert [q.span for q in second] == [Span(NOON + 30 - 7 * DAY, sixth), Span(MIDNIGHT, NOON + 30)]


def test_a_coarser_question_is_answered_by_a_finer_one() -> None:
    source = FakeSource(
        [*request(NOON - 1, "s", 1.0, {}), *request(NOON - 2, "s", 2.0, {}, model="claude-haiku-4-5")]
    )
    total, by_model = _cost(MIDNIGHT, NOON), _cost(MIDNIGHT, NOON, Label.MODEL)

    answers = ClosedPast(source, BERLIN).ask([total, by_model], NOON)

    assert source.asked == [(by_model,)]
    assert answers[total].total == 3.0


@pytest.mark.parametrize("later", [KEEP_S + 1, DAY, -KEEP_S])
def test_the_past_is_read_again_after_an_hour_a_day_or_a_clock_set_back(later: float) -> None:
    source = FakeSource(request(MIDNIGHT - DAY, "s", 1.0, {}))
    past = ClosedPast(source, BERLIN)
    question = _cost(MIDNIGHT - 4 * DAY, MIDNIGHT)
    assert past.ask([question], NOON)[question].total == 1.0

    source.events += request(MIDNIGHT - DAY, "late", 4.0, {})

    assert past.ask([question], NOON + 60)[question].total == 1.0
    assert past.ask([question], NOON + later)[question].total == 5.0


def test_a_day_that_has_just_ended_may_still_change() -> None:
    source = FakeSource(request(MIDNIGHT - 5, "s", 1.0, {}))
    past = ClosedPast(source, BERLIN)
    yesterday = _cost(BERLIN.midnight(date(2026, 10, 25)), MIDNIGHT)
    assert past.ask([yesterday], MIDNIGHT + 10)[yesterday].total == 1.0

    source.events += request(MIDNIGHT - 4, "s", 2.0, {})

    assert past.ask([yesterday], MIDNIGHT + 40)[yesterday].total == 3.0
    assert past.ask([yesterday], MIDNIGHT + SETTLE_S + 1)[yesterday].total == 3.0


def test_what_a_failed_ask_would_have_said_is_not_remembered() -> None:
    source = FakeSource(request(MIDNIGHT - DAY, "s", 1.0, {}))
    past = ClosedPast(source, BERLIN)
    question = _cost(MIDNIGHT - 2 * DAY, NOON)
    source.error = SourceUnavailable("Down")
    with pytest.raises(SourceUnavailable):
        past.ask([question], NOON)

    source.error = None

    assert past.ask([question], NOON)[question].total == 1.0


def test_an_unknown_counter_stays_unknown() -> None:
    past = ClosedPast(FakeSource(metrics=(Metric.TOKENS,)), BERLIN)
    question = _cost(MIDNIGHT - 2 * DAY, NOON, Label.MODEL)

    assert past.ask([question], NOON)[question].total is None
