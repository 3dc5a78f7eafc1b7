"""What is old goes a little at a time, and what is said of it stays true."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccmon_tray.sources.base import Answer, Question, SessionSeen, Span
from ccmon_tray.sources.collector.decode import PROTOBUF
from ccmon_tray.sources.collector.exports import ApiRequest, Point
from ccmon_tray.sources.collector.ingest import Ingest
from ccmon_tray.sources.collector.pruning import Retention, prune
from ccmon_tray.sources.collector.requests import read_requests
from ccmon_tray.sources.collector.source import CollectorSource
from ccmon_tray.sources.collector.store import Store
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.windows import Window
from tests.sources.collector.recorded import UTC
from tests.sources.collector.sending import DELTA, Data, export
from tests.sources.collector.tables import check_roll_ups, rows

NOW = 1_795_400_000
DAY = 86_400
HOUR = 3600
DETAIL_FROM = (NOW - 90 * DAY) // HOUR * HOUR
START = NOW - 200 * DAY
MILLION = 10**6
COUNT = 12_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usage.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """Use of 200 days, most of it older than detail is kept."""
    found = Store(path, clock=lambda: NOW)
    rng = random.Random(3)
    points, events = [], []
    for number in range(COUNT):
        at = rng.randrange(START + 1, NOW)
        session = f"s{at // DAY}"
        labels = (("type", rng.choice(("input", "output"))),)
        points.append(
            Point(Metric.TOKENS, session, labels, number, at * 10**9, rng.randrange(1, 9) * MILLION, False)
        )
        events.append(ApiRequest(at * 10**9, number, session, "m", "", 5, 1, 1, 1, 1, 1))
    found.write(points, events)
    check_roll_ups(path)
    yield found
    found.close()


def prune_all(store: Store, keep_days: int | None = None) -> int:
    retention = Retention(keep_days=keep_days)
    rounds = 1
    while store.transact(lambda connection, _: prune(connection, retention, NOW)):
        rounds += 1
    return rounds


def look(path: Path, span: Span) -> tuple[Answer, Answer, Answer, tuple[SessionSeen, ...]]:
    edges = tuple(range(span.start, span.end + 1, (span.end - span.start) // 4))
    source = CollectorSource(path, clock=lambda: NOW)
    by_type, by_session, stepped = source.ask(
        [
            Question(Metric.TOKENS, span, (Label.TYPE,)),
            Question(Metric.TOKENS, span, (Label.SESSION,)),
            Question(Metric.TOKENS, span, (Label.TYPE,), boundaries=edges),
        ]
    )
    seen = source.sessions_seen(span)
    assert source.count_sessions(span) == len(seen)
    source.close()
    return by_type, by_session, stepped, seen


def test_detail_goes_a_little_at_a_time(store: Store, path: Path) -> None:
    assert prune_all(store) > 1
    for table in ("increments", "api_requests"):
        [(first, count)] = rows(path, f"SELECT MIN(at), COUNT(*) FROM {table}")  # noqa: S608
        assert first > DETAIL_FROM
        assert count > COUNT / 3


@pytest.mark.parametrize(
    "span",
    [
        Span(START // HOUR * HOUR, START // HOUR * HOUR + 196 * DAY),
        Span(DETAIL_FROM - 40 * DAY, DETAIL_FROM - 20 * DAY),
        Span(DETAIL_FROM - 3 * DAY, DETAIL_FROM + 5 * DAY),
        Span(DETAIL_FROM, DETAIL_FROM + 4 * DAY),
        Span(NOW - 20 * DAY - 1234, NOW - 7),
    ],
)
def test_windows_of_full_hours_are_as_exact_as_before(span: Span, store: Store, path: Path) -> None:
    before = look(path, span)
    prune_all(store)
    after = look(path, span)

    assert after == before
    source = CollectorSource(path)
    assert source.warnings(span) == ()
    source.close()


def test_other_windows_are_counted_from_the_full_hour_and_say_so(store: Store, path: Path) -> None:
    edges = (DETAIL_FROM - 30 * DAY, DETAIL_FROM - 10 * DAY)
    exact = look(path, Span(*edges))
    prune_all(store)
    odd = Span(edges[0] + 1234, edges[1] + 567)
    rounded = look(path, odd)

    assert [answer.rows for answer in rounded[1:2]] == [answer.rows for answer in exact[1:2]]
    assert rounded[3] == exact[3]
    source = CollectorSource(path)
    [warning] = source.warnings(odd)
    assert source.warnings(Span(edges[0], NOW - 5)) == ()
    source.close()
    assert warning.code == "rounded-to-hours"


@pytest.mark.parametrize("first", [DETAIL_FROM - 5 * DAY + 77, DETAIL_FROM - 1, DETAIL_FROM + 77])
def test_neighbouring_windows_still_add_up(first: int, store: Store, path: Path) -> None:
    prune_all(store)
    whole = Span(DETAIL_FROM - 20 * DAY, DETAIL_FROM + 20 * DAY)
    source = CollectorSource(path)
    total, before, after = (
        answer.total
        for answer in source.ask(
            [
                Question(Metric.TOKENS, span, (Label.SESSION,))
                for span in (whole, Span(whole.start, first), Span(first, whole.end))
            ]
        )
    )
    source.close()

    assert before is not None
    assert after is not None
    assert total == before + after


def test_what_was_pruned_stays_in_the_sums_when_more_is_received(store: Store, path: Path) -> None:
    prune_all(store)
    span = Span(DETAIL_FROM - 2 * HOUR, DETAIL_FROM - HOUR)
    before = look(path, span)[0].total or 0
    late = Point(Metric.TOKENS, "late", (), 1, (DETAIL_FROM - HOUR - 60) * 10**9, 7 * MILLION, False)
    store.write([late], ())

    assert look(path, span)[0].total == before + 7
    prune_all(store)
    assert look(path, span)[0].total == before + 7


def test_what_is_gone_stays_gone_when_the_clock_is_set_back(store: Store, path: Path) -> None:
    prune_all(store)
    span = Span(DETAIL_FROM - 2 * DAY, DETAIL_FROM)
    before = look(path, span)
    store.transact(lambda connection, _: prune(connection, Retention(), NOW - 30 * DAY))

    assert look(path, span) == before
    source = CollectorSource(path)
    assert source.warnings(Span(DETAIL_FROM - DAY - 7, DETAIL_FROM))
    source.close()


def test_a_limit_for_all_deletes_sums_too(store: Store, path: Path) -> None:
    prune_all(store, keep_days=120)
    kept_from = (NOW - 120 * DAY) // HOUR * HOUR
    source = CollectorSource(path, clock=lambda: NOW)
    old, new = source.ask(
        [
            Question(Metric.TOKENS, Span(START, kept_from)),
            Question(Metric.TOKENS, Span(kept_from, NOW)),
        ]
    )
    retention_s = source.inventory().retention_s
    sessions = source.count_sessions(Span(START, kept_from))
    source.close()

    assert (old.total, sessions) == (0, 0)
    assert new.total
    assert retention_s == NOW - kept_from


def test_requests_of_full_hours_are_as_exact_as_before(store: Store, path: Path) -> None:
    window = Window("custom", START // HOUR * HOUR, DETAIL_FROM + 5 * DAY)
    source = CollectorSource(path)
    before = read_requests(source, window, UTC)
    prune_all(store)
    after = read_requests(source, window, UTC)
    odd = read_requests(source, Window("custom", window.start + 7, window.end), UTC)
    source.close()

    assert after == before
    assert [warning.code for warning in odd.warnings] == ["rounded-to-hours"]
    assert odd.requests == before.requests > COUNT / 2


def test_exports_prune_as_they_come(store: Store, path: Path) -> None:
    store.close()
    moments = [NOW]
    ingest = Ingest(path, clock=lambda: moments[0])

    def receive(count: int) -> int:
        for number in range(count):
            data = Data(Metric.COMMITS, (("session_id", "s"),), moments[0], moments[0] + number * 0.01, 1)
            ingest.metrics(export([data], DELTA), PROTOBUF)
        [(first,)] = rows(path, "SELECT MIN(at) FROM increments")
        return int(first)

    assert receive(1) < DETAIL_FROM
    assert receive(2) > DETAIL_FROM
    moments[0] += 7 * DAY
    assert receive(1) > DETAIL_FROM + 7 * DAY - HOUR
    ingest.close()
