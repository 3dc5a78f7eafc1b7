from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccmon_tray.errors import SourceUnavailable
from ccmon_tray.sources.base import Question, SessionSeen, Span
from ccmon_tray.sources.closed_past import KEEP_S, SETTLE_S, ClosedPast
from ccmon_tray.sources.tally import Tally
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import UsageWarning
from ccmon_tray.usage.windows import Calendar
from tests.support.fake_source import FakeSource, request

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
DAY = 86_400
MIDNIGHT = BERLIN.midnight(date(2026, 10, 26))  # the day after the change to winter time
NOON = MIDNIGHT + 12 * 3600


def _cost(start: int, end: int, *by: Label, top: int | None = None) -> Question:
    return Question(Metric.COST, Span(start, end), by, top=top)


def _poll(past: ClosedPast, questions: list[Question], now: float) -> dict[Question, Tally]:
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
    past = ClosedPast(source, BERLIN)

    for now in (MIDNIGHT + after for after in polls):
        source.events = [event for event in events if event.at <= now]
        answers = _poll(past, questions, now)
        for question in questions:
            (whole,) = source.ask([question])
            assert answers[question].answer.rows == whole.rows


def test_the_past_is_asked_once_and_only_todays_part_again() -> None:
    source = FakeSource(request(MIDNIGHT - DAY, "s", 1.0, {}))
    past = ClosedPast(source, BERLIN)
    week = _cost(NOON - 7 * DAY, NOON)

    _poll(past, [week], NOON)
    _poll(past, [_cost(NOON + 30 - 7 * DAY, NOON + 30)], NOON + 30)

    first, second = source.asked
    # Seven days before, summer time still ruled.
    sixth = BERLIN.midnight(date(2026, 10, 20))
    whole_past = Question(Metric.COST, Span(NOON - 7 * DAY, MIDNIGHT), (), (NOON - 7 * DAY, sixth, MIDNIGHT))
    assert first == (whole_past, _cost(MIDNIGHT, NOON))
    # Only the head, whose start has moved, and today.
    assert second == (_cost(NOON + 30 - 7 * DAY, sixth), _cost(MIDNIGHT, NOON + 30))


def test_a_lone_window_inside_today_shares_todays() -> None:
    source = FakeSource(request(NOON - 5, "s", 2.0, {}))
    past = ClosedPast(source, BERLIN)
    today, hour = _cost(MIDNIGHT, NOON, Label.MODEL), _cost(NOON - 3600, NOON)

    answers = _poll(past, [today, hour], NOON)

    (asked,) = source.asked
    assert {question.span for question in asked} == {today.span}
    assert answers[hour].total == 2.0


def test_a_range_no_longer_asked_for_is_let_go() -> None:
    source = FakeSource(request(MIDNIGHT - DAY, "s", 1.0, {}))
    past = ClosedPast(source, BERLIN)
    month, today = _cost(BERLIN.midnight(date(2026, 10, 6)), MIDNIGHT), _cost(MIDNIGHT, NOON)
    for question in (month, month, today, month):
        _poll(past, [question], NOON)

    assert source.asked == [(month,), (today,), (month,)]


def test_a_coarser_question_is_answered_by_a_finer_one() -> None:
    source = FakeSource(
        [*request(NOON - 1, "s", 1.0, {}), *request(NOON - 2, "s", 2.0, {}, model="claude-haiku-4-5")]
    )
    total, by_model = _cost(MIDNIGHT, NOON), _cost(MIDNIGHT, NOON, Label.MODEL)

    answers = _poll(ClosedPast(source, BERLIN), [total, by_model], NOON)

    assert source.asked == [(by_model,)]
    assert answers[total].total == 3.0


@pytest.mark.parametrize("later", [KEEP_S + 1, DAY, -KEEP_S])
def test_the_past_is_read_again_after_an_hour_a_day_or_a_clock_set_back(later: float) -> None:
    source = FakeSource(request(MIDNIGHT - DAY, "s", 1.0, {}))
    past = ClosedPast(source, BERLIN)
    question = _cost(MIDNIGHT - 4 * DAY, MIDNIGHT)
    assert _poll(past, [question], NOON)[question].total == 1.0

    source.events += request(MIDNIGHT - DAY, "late", 4.0, {})

    assert _poll(past, [question], NOON + 60)[question].total == 1.0
    assert _poll(past, [question], NOON + later)[question].total == 5.0


def test_a_day_that_has_just_ended_may_still_change() -> None:
    source = FakeSource(request(MIDNIGHT - 5, "s", 1.0, {}))
    past = ClosedPast(source, BERLIN)
    yesterday = _cost(BERLIN.midnight(date(2026, 10, 25)), MIDNIGHT)
    assert _poll(past, [yesterday], MIDNIGHT + 10)[yesterday].total == 1.0

    source.events += request(MIDNIGHT - 4, "s", 2.0, {})

    assert _poll(past, [yesterday], MIDNIGHT + 40)[yesterday].total == 3.0
    assert _poll(past, [yesterday], MIDNIGHT + SETTLE_S + 1)[yesterday].total == 3.0


def test_what_a_failed_ask_would_have_said_is_not_remembered() -> None:
    source = FakeSource(request(MIDNIGHT - DAY, "s", 1.0, {}))
    past = ClosedPast(source, BERLIN)
    question = _cost(MIDNIGHT - 2 * DAY, NOON)
    source.error = SourceUnavailable("Down")
    with pytest.raises(SourceUnavailable):
        _poll(past, [question], NOON)

    source.error = None

    assert _poll(past, [question], NOON)[question].total == 1.0


def test_an_unknown_counter_stays_unknown() -> None:
    past = ClosedPast(FakeSource(metrics=(Metric.TOKENS,)), BERLIN)
    question = _cost(MIDNIGHT - 2 * DAY, NOON, Label.MODEL)

    assert _poll(past, [question], NOON)[question].total is None


class _Counting(FakeSource):
    """Notes the windows and ids that sessions and warnings are asked about."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.seen: list[tuple[Span, tuple[str, ...]]] = []
        self.warned_about: list[Span] = []

    def sessions_seen(self, span: Span, session_ids: Sequence[str] | None = None) -> tuple[SessionSeen, ...]:
        self.seen.append((span, tuple(session_ids or ())))
        return super().sessions_seen(span, session_ids)

    def warnings(self, span: Span) -> tuple[UsageWarning, ...]:
        self.warned_about.append(span)
        return super().warnings(span)


def test_sessions_are_seen_over_past_and_present() -> None:
    source = _Counting(
        [
            *request(MIDNIGHT - 5 * DAY, "both", 1.0, {}),
            *request(MIDNIGHT - 2 * DAY, "both", 1.0, {}),
            *request(NOON - 9, "both", 1.0, {}),
            *request(MIDNIGHT - DAY, "past", 1.0, {}),
            *request(NOON - 8, "new", 1.0, {}),
        ]
    )
    past = ClosedPast(source, BERLIN)
    ids = ("both", "past", "new", "never")

    def seen(start: int, now: int) -> dict[str, tuple[int, int]]:
        past.begin(now)
        found = past.sessions_seen(Span(start, now), ids)
        return {session: (one.first, one.last) for session, one in found.items()}

    expected = {
        "both": (MIDNIGHT - 5 * DAY, NOON - 9),
        "past": (MIDNIGHT - DAY, MIDNIGHT - DAY),
        "new": (NOON - 8, NOON - 8),
    }
    start = MIDNIGHT - 5 * DAY - 40
    assert seen(start, NOON) == expected
    source.seen.clear()
    assert seen(start + 30, NOON + 30) == expected
    assert [span for span, _ in source.seen] == [Span(MIDNIGHT, NOON + 30)]
    # The window's start has passed the first activity of one.
    source.seen.clear()
    expected["both"] = (MIDNIGHT - 2 * DAY, NOON - 9)
    assert seen(start + 60, NOON + 60) == expected
    assert source.seen[0] == (Span(start + 60, MIDNIGHT), ("both",))


def test_warnings_about_the_past_are_asked_hourly() -> None:
    warning = UsageWarning(code="two-writers", message="Too high", cure="Stop one")
    source = _Counting(request(NOON, "s", 1.0, {}), warned=(warning,))
    past = ClosedPast(source, BERLIN)
    start = MIDNIGHT - 5 * DAY

    for now in (NOON, NOON + 30, NOON + KEEP_S + 60):
        past.begin(now)
        assert past.warnings(Span(start + int(now) - NOON, int(now))) == (warning,)

    assert [span.end for span in source.warned_about] == [
        MIDNIGHT,
        NOON,
        NOON + 30,
        MIDNIGHT,
        NOON + int(KEEP_S) + 60,
    ]
