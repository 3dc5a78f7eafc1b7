from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.closed_past import SETTLE_S, ClosedPast
from ccmon_tray.sources.closed_sessions import ClosedSessions
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import UsageWarning
from ccmon_tray.usage.windows import Calendar
from tests.support.fake_source import CountingSource, request

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
DAY = 86_400
NOON = BERLIN.midnight(date(2026, 10, 26)) + 12 * 3600
EDGE = NOON - SETTLE_S


def _warning(code: str, *sessions: str) -> UsageWarning:
    return UsageWarning(code=code, message=f"{len(sessions)} are off", cure="Stop", sessions=sessions)


@pytest.fixture
def source() -> CountingSource:
    return CountingSource()


@pytest.fixture
def polled(source: CountingSource) -> Callable[[Span], ClosedSessions]:
    """What is known after a poll at the end of a window."""
    past = ClosedPast(source)
    sessions = ClosedSessions(source, past)

    def poll(span: Span) -> ClosedSessions:
        past.begin(span.end)
        past.ask([Question(Metric.COST, span, (Label.SESSION,))])
        return sessions

    return poll


def test_sessions_are_seen_over_past_and_tail(
    source: CountingSource, polled: Callable[[Span], ClosedSessions]
) -> None:
    start = NOON - 5 * DAY
    source.events = [
        *request(start + 40, "both", 1.0, {}),
        *request(start + 3 * DAY, "both", 1.0, {}),
        *request(NOON - 9, "both", 1.0, {}),
        *request(NOON - DAY, "past", 1.0, {}),
        *request(NOON - 8, "new", 1.0, {}),
    ]
    ids = ("both", "past", "new", "never")

    def seen(begin: int, end: int) -> dict[str, tuple[int, int]]:
        span = Span(begin, end)
        source.clear()
        found = polled(span).sessions_seen(span, ids)
        return {session: (one.first, one.last) for session, one in found.items()}

    expected = {
        "both": (start + 40, NOON - 9),
        "past": (NOON - DAY, NOON - DAY),
        "new": (NOON - 8, NOON - 8),
    }
    assert seen(start, NOON) == expected
    assert source.seen == [(Span(start, EDGE), ids), (Span(EDGE, NOON), ("both", "new"))]
    # Nothing new.
    assert seen(start + 30, NOON + 30) == expected
    assert source.seen == []
    # The window's start has passed the first activity of one.
    expected["both"] = (start + 3 * DAY, NOON - 9)
    assert seen(start + 60, NOON + 60) == expected
    assert source.seen == [(Span(start + 60, EDGE), ("both",))]
    # One is used, and is asked for alone.
    source.events += request(NOON + 70, "past", 1.0, {})
    expected["past"] = (NOON - DAY, NOON + 70)
    assert seen(start + 90, NOON + 90) == expected
    assert source.seen == [(Span(EDGE, NOON + 90), ("past",))]
    # The edge has moved.
    assert seen(start + 900, NOON + 900) == expected
    assert source.seen == [(Span(EDGE, NOON), ids), (Span(NOON, NOON + 900), ("past",))]


def test_a_window_inside_the_tail_is_asked_about_as_it_is(
    source: CountingSource, polled: Callable[[Span], ClosedSessions]
) -> None:
    source.events = [*request(NOON - 600, "s", 1.0, {}), *request(NOON - 5, "s", 1.0, {})]
    firsts = []
    for after in (0, 400):
        span = Span(NOON + after - 900, NOON + after)
        firsts.append(polled(span).sessions_seen(span, ["s"])["s"].first)

    assert firsts == [NOON - 600, NOON - 5]


def test_warnings_about_the_past_are_asked_once_and_those_of_the_tail_at_each_poll(
    source: CountingSource, polled: Callable[[Span], ClosedSessions]
) -> None:
    source.warned = (_warning("two-writers", "a"),)
    start = NOON - 5 * DAY

    for after in (0, 300, 900):
        span = Span(start + after, NOON + after)
        assert polled(span).warnings(span) == source.warned

    assert source.warned_about == [
        Span(start, EDGE),
        Span(EDGE, NOON),
        Span(EDGE, NOON + 300),
        Span(EDGE, NOON),
        Span(NOON, NOON + 900),
    ]


def test_warnings_of_one_code_are_one_about_all_their_sessions(
    source: CountingSource, polled: Callable[[Span], ClosedSessions]
) -> None:
    span = Span(NOON - DAY, NOON)
    source.warned = (_warning("two-writers", "a", "b"), _warning("counter-resets", "c"))
    polled(span).warnings(span)
    source.warned = (_warning("two-writers", "b"), _warning("counter-resets", "c", "d"))

    found = {w.code: (w.message, w.sessions) for w in polled(span).warnings(span)}

    assert found == {
        "two-writers": ("2 are off", ("a", "b")),
        "counter-resets": ("2 are off", ("c", "d")),
    }


def test_other_ranges_are_warned_of_on_their_own(
    source: CountingSource, polled: Callable[[Span], ClosedSessions]
) -> None:
    week, yesterday = Span(NOON - 7 * DAY, NOON), Span(NOON - 7 * DAY, NOON - 6 * DAY)
    source.warned = (_warning("two-writers", "a"),)
    assert polled(week).warnings(week) == source.warned
    source.warned = ()

    assert polled(yesterday).warnings(yesterday) == ()
