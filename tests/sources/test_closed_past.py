from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccmon_tray.errors import SourceUnavailable
from ccmon_tray.sources.base import Question, Row, Span
from ccmon_tray.sources.closed_past import KEEP_S, SETTLE_S, ClosedPast
from ccmon_tray.sources.tally import Tally
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.windows import Calendar
from tests.support.fake_source import FakeSource, request

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
DAY = 86_400
MIDNIGHT = BERLIN.midnight(date(2026, 10, 26))  # the day after the change to winter time
NOON = MIDNIGHT + 12 * 3600


def _cost(start: int, end: int, *by: Label, top: int | None = None) -> Question:
    return Question(Metric.COST, Span(start, end), by, top=top)


def _poll(past: ClosedPast, questions: list[Question], now: float) -> dict[Question, Tally]:
    if past.is_due(now):
        past.forget()
    past.begin(now)
    return past.ask(questions)


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
    past = ClosedPast(source)

    for now in (MIDNIGHT + after for after in polls):
        source.events = [event for event in events if event.at <= now]
        answers = _poll(past, questions, now)
        for question in questions:
            (whole,) = source.ask([question])
            assert answers[question].answer.rows == whole.rows


def test_the_past_is_asked_once_and_then_only_what_it_gains_and_loses() -> None:
    source = FakeSource(request(MIDNIGHT - DAY, "s", 1.0, {}))
    past = ClosedPast(source)
    start, edge = NOON - 7 * DAY, NOON - SETTLE_S

    _poll(past, [_cost(start, NOON)], NOON)
    _poll(past, [_cost(start, NOON + 30)], NOON + 30)
    _poll(past, [_cost(start + 300, NOON + 900)], NOON + 900)

    first, second, third = source.asked
    assert first == (_cost(start, edge), _cost(edge, NOON, Label.SESSION))
    assert second == (_cost(edge, NOON + 30, Label.SESSION),)
    assert third == (
        _cost(edge, NOON, Label.SESSION),
        _cost(start, start + 300, Label.SESSION),
        _cost(NOON, NOON + 900, Label.SESSION),
    )


@pytest.mark.parametrize(("after", "tail_s"), [(0, 900), (899, 1799), (900, 900)])
def test_the_tail_is_a_quarter_to_half_an_hour(after: int, tail_s: int) -> None:
    past = ClosedPast(FakeSource())
    past.begin(NOON + after)

    _, tail = past.halves(Span(MIDNIGHT, NOON + after))

    assert tail == Span(NOON + after - tail_s, NOON + after)


def test_the_last_hour_is_asked_in_small_steps_instead_of_for_each_start() -> None:
    source = FakeSource([*request(NOON - 3595, "s", 2.0, {}), *request(NOON - 1800, "s", 3.0, {})])
    past = ClosedPast(source)

    hours = [_poll(past, [q := _cost(NOON + t - 3600, NOON + t)], NOON + t)[q].total for t in (0, 15, 30)]

    assert hours == [5.0, 3.0, 3.0]
    first, *later = source.asked
    assert first[0].boundaries == tuple(range(NOON - 3600, NOON - SETTLE_S + 1, 15))
    assert later == [(_cost(NOON - SETTLE_S, NOON + t, Label.SESSION),) for t in (15, 30)]


def test_long_windows_of_the_past_that_overlap_are_asked_as_steps_of_one() -> None:
    source = FakeSource([*request(MIDNIGHT - DAY, "s", 1.0, {}), *request(MIDNIGHT + 60, "s", 2.0, {})])
    week, today = _cost(MIDNIGHT - 3 * DAY, NOON), _cost(MIDNIGHT, NOON)

    answers = _poll(ClosedPast(source), [week, today], NOON)

    edge = NOON - SETTLE_S
    past = Question(Metric.COST, Span(week.span.start, edge), boundaries=(week.span.start, MIDNIGHT, edge))
    assert source.asked == [(past, _cost(edge, NOON, Label.SESSION))]
    assert [answers[week].total, answers[today].total] == [3.0, 2.0]


def test_a_second_round_about_the_tail_is_answered_by_the_first() -> None:
    source = FakeSource(
        [*request(NOON - 5, "a", 1.0, {"input": 3}), *request(NOON - 4, "b", 1.0, {"input": 5})]
    )
    past = ClosedPast(source)
    span = Span(NOON - SETTLE_S, NOON)
    _poll(past, [Question(Metric.TOKENS, span, (Label.MODEL, Label.TYPE))], NOON)

    one = Question(Metric.TOKENS, span, (Label.SESSION, Label.MODEL), where=((Label.SESSION, ("b",)),))
    rows = past.ask([one])[one].answer.rows

    assert rows == (Row(("b", "claude-opus-4-8"), 5.0),)
    assert len(source.asked) == 1


def test_a_range_no_longer_asked_for_is_let_go() -> None:
    source = FakeSource(request(MIDNIGHT - DAY, "s", 1.0, {}))
    past = ClosedPast(source)
    month, today = _cost(BERLIN.midnight(date(2026, 10, 6)), MIDNIGHT), _cost(MIDNIGHT, NOON - SETTLE_S)
    for question in (month, month, today, month):
        _poll(past, [question], NOON)

    assert source.asked == [(month,), (today,), (month,)]


def test_a_coarser_question_is_answered_by_a_finer_one() -> None:
    source = FakeSource(
        [*request(MIDNIGHT + 1, "s", 1.0, {}), *request(MIDNIGHT + 2, "s", 2.0, {}, model="claude-haiku-4-5")]
    )
    end = NOON - SETTLE_S
    total, by_model = _cost(MIDNIGHT, end), _cost(MIDNIGHT, end, Label.MODEL)

    answers = _poll(ClosedPast(source), [total, by_model], NOON)

    assert source.asked == [(by_model,)]
    assert answers[total].total == 3.0


@pytest.mark.parametrize("later", [KEEP_S + 60, DAY, 0])
def test_the_past_is_read_again_after_an_hour_a_day_or_a_clock_set_back(later: float) -> None:
    source = FakeSource(request(MIDNIGHT - DAY, "s", 1.0, {}))
    past = ClosedPast(source)
    question = _cost(MIDNIGHT - 4 * DAY, MIDNIGHT)
    assert _poll(past, [question], NOON)[question].total == 1.0

    source.events += request(MIDNIGHT - DAY, "late", 4.0, {})

    assert _poll(past, [question], NOON + 60)[question].total == 1.0
    assert _poll(past, [question], NOON + later)[question].total == 5.0


def test_what_has_just_happened_may_still_change() -> None:
    source = FakeSource(request(NOON - 5, "s", 1.0, {}))
    past = ClosedPast(source)
    morning = _cost(MIDNIGHT, NOON)
    assert _poll(past, [morning], NOON + 10)[morning].total == 1.0

    source.events += request(NOON - 4, "s", 2.0, {})

    assert _poll(past, [morning], NOON + 40)[morning].total == 3.0
    source.events += request(NOON - 3, "too late", 2.0, {})
    assert _poll(past, [morning], NOON + SETTLE_S + 1)[morning].total == 5.0
    source.events += request(NOON - 2, "too late", 2.0, {})
    assert _poll(past, [morning], NOON + SETTLE_S + 30)[morning].total == 5.0


def test_what_a_failed_ask_would_have_said_is_not_remembered() -> None:
    source = FakeSource(request(MIDNIGHT - DAY, "s", 1.0, {}))
    past = ClosedPast(source)
    question = _cost(MIDNIGHT - 2 * DAY, NOON)
    source.error = SourceUnavailable("Down")
    with pytest.raises(SourceUnavailable):
        _poll(past, [question], NOON)

    source.error = None

    assert _poll(past, [question], NOON)[question].total == 1.0


def test_an_unknown_counter_stays_unknown() -> None:
    past = ClosedPast(FakeSource(metrics=(Metric.TOKENS,)))
    question = _cost(MIDNIGHT - 2 * DAY, NOON, Label.MODEL)

    assert _poll(past, [question], NOON)[question].total is None
