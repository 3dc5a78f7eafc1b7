import pytest

from ccmon_tray.sources.base import Span
from ccmon_tray.sources.claude_files.history import History, SessionRecord
from ccmon_tray.sources.session_usage import project_usages, session_questions, session_usages, with_projects
from ccmon_tray.sources.tally import ask_all
from ccmon_tray.usage.metrics import Label, Metric
from tests.support.fake_source import Event, FakeSource, request

SPAN = Span(1000, 2000)


def record(session: str, path: str | None, *moments: int) -> SessionRecord:
    return SessionRecord(session, path, moments[0], moments[-1], len(moments), moments)


HISTORY = History(
    {
        "s1": record("s1", "/home/dev/shop", 900, 1100, 1200, 2100),
        "s2": record("s2", "/home/dev/shop", 1500),
        "s3": record("s3", None, 1600),
    },
    names={"/home/dev/shop": "shop"},
)
EVENTS = [
    *request(1100, "s1", 1.0, {"input": 10}),
    *request(1500, "s2", 0.5, {"output": 5}),
    *request(1600, "s3", 3.0, {"input": 7}),
    *request(1700, "s4", 0.25, {"input": 2}),
    *request(1800, "", 0.125, {"input": 1}),
    Event(1200, Metric.ACTIVE_TIME, 30, {Label.SESSION: "s1", Label.TYPE: "cli"}),
    Event(1200, Metric.ACTIVE_TIME, 12, {Label.SESSION: "s2", Label.TYPE: "user"}),
]


def test_sessions_get_their_project_and_their_messages_of_the_window() -> None:
    source = FakeSource(EVENTS)
    tallies = ask_all(source, session_questions(SPAN)).values()
    sessions = with_projects(session_usages(source.sessions_seen(SPAN), *tallies), HISTORY, SPAN)
    assert [(s.session_id, s.project, s.project_path, s.messages) for s in sessions] == [
        ("s3", None, None, 1),
        ("s1", "shop", "/home/dev/shop", 2),
        ("s2", "shop", "/home/dev/shop", 1),
        ("s4", None, None, None),
    ]


def test_projects_add_up_to_everything_that_was_used() -> None:
    source = FakeSource(EVENTS)
    tallies = tuple(ask_all(source, session_questions(SPAN)).values())
    sessions = with_projects(session_usages(source.sessions_seen(SPAN), *tallies), HISTORY, SPAN)
    unknown, shop = project_usages(sessions, *tallies)
    assert (shop.name, shop.path, shop.cost_usd, shop.sessions, shop.active_s) == (
        "shop",
        "/home/dev/shop",
        1.5,
        2,
        42,
    )
    assert shop.tokens is not None
    assert (shop.tokens.total, shop.tokens.input, shop.tokens.output) == (15, 10, 5)
    # Two sessions of unknown project, and use of no session at all.
    assert (unknown.name, unknown.path, unknown.sessions) == (None, None, 2)
    assert unknown.cost_usd == pytest.approx(3.375)
    assert (shop.cost_usd or 0) + (unknown.cost_usd or 0) == pytest.approx(tallies[0].total)


def test_without_a_history_nothing_is_known_of_projects() -> None:
    source = FakeSource(EVENTS)
    tallies = tuple(ask_all(source, session_questions(SPAN)).values())
    sessions = with_projects(session_usages(source.sessions_seen(SPAN), *tallies), None, SPAN)
    assert {(s.project, s.messages) for s in sessions} == {(None, None)}
    [unknown] = project_usages(sessions, *tallies)
    assert unknown.cost_usd == tallies[0].total


def test_what_is_unknown_is_not_zero() -> None:
    source = FakeSource(EVENTS, metrics=[Metric.COST])
    tallies = tuple(ask_all(source, session_questions(SPAN)).values())
    sessions = session_usages(source.sessions_seen(SPAN), *tallies)
    [unknown] = project_usages(sessions, *tallies)
    assert unknown.cost_usd == 4.875
    assert (unknown.tokens, unknown.active_s) == (None, None)


def test_no_use_is_no_project() -> None:
    source = FakeSource()
    tallies = tuple(ask_all(source, session_questions(SPAN)).values())
    assert project_usages((), *tallies) == ()
