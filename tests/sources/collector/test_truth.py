"""Generated use of known truth, exported as processes would, against what any view would say."""

import random
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import pytest

from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.collector.decode import PROTOBUF
from ccmon_tray.sources.collector.ingest import Ingest
from ccmon_tray.sources.collector.source import CollectorSource
from ccmon_tray.sources.reports import build_report
from ccmon_tray.usage.metrics import Label, Metric, token_type
from ccmon_tray.usage.states import State
from ccmon_tray.usage.steps import tile
from ccmon_tray.usage.windows import Window
from tests.sources.collector.sending import CUMULATIVE, DELTA, Data, export
from tests.sources.prometheus.test_accuracy_reports import check_models_and_sessions, check_totals
from tests.support.truth.cases import CALENDAR, NOW, WINDOWS
from tests.support.truth.known import Truth
from tests.support.truth.recorders import Recording, cumulative, merged
from tests.support.truth.use import DAY, HOUR, MINUTE, Author, Process, User

GROUPINGS = (
    (Metric.COST, ()),
    (Metric.COST, (Label.SESSION, Label.MODEL)),
    (Metric.TOKENS, (Label.MODEL, Label.TYPE)),
    (Metric.TOKENS, (Label.MODEL, Label.SESSION, Label.TYPE)),
    (Metric.COST, (Label.USER_EMAIL, Label.USER_ID)),
    (Metric.ACTIVE_TIME, (Label.TYPE,)),
    (Metric.LINES, (Label.TYPE,)),
    (Metric.COMMITS, ()),
    (Metric.EDIT_DECISIONS, (Label.DECISION, Label.SESSION)),
)


class Fed(NamedTuple):
    source: CollectorSource
    truth: Truth


def processes(author: Author) -> list[Process]:
    """Work over four months and around the edges of windows, resumed sessions, and two at once."""
    edges = sorted({float(edge) for window in WINDOWS for edge in (window.start, window.end)})
    found = [
        *author.working_days(NOW, 120, 0.4),
        *author.straddling(edges),
        author.interface(NOW - 2 * DAY, HOUR),
        author.interface(NOW - 20 * MINUTE, HOUR),
    ]
    for start in (NOW - 9 * DAY, NOW - 3 * HOUR):
        first = author.process(start, 20 * MINUTE)
        again = {"session_id": first.session_id, "user": first.user, "start_type": "resume"}
        found += [
            first,
            author.process(start + 5 * MINUTE + 1.234, 9 * MINUTE, **again),  # type: ignore[arg-type]
            author.process(start + 2 * HOUR, 11 * MINUTE, **again),  # type: ignore[arg-type]
        ]
    return found


def exports_of(process: Process, recording: Recording, temporality: int) -> Iterator[tuple[float, bytes]]:
    """When a process exports, and what."""
    data: dict[float, list[Data]] = defaultdict(list)
    for series, points in recording.series.items():
        before = [(process.start, 0.0), *points]
        for (since, earlier), (at, value) in pairwise(before):
            if temporality == DELTA:
                data[at].append(Data(series.metric, series.labels, since, at, value - earlier))
            else:
                data[at].append(Data(series.metric, series.labels, process.start, at, value))
    for at, own in data.items():
        yield at, export(own, temporality)


@pytest.fixture(scope="module", params=[DELTA, CUMULATIVE], ids=["delta", "cumulative"])
def fed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fed]:
    """A collector that was fed with all exports, some of them twice, and restarted now and then."""
    rng = random.Random("collector")
    team = (User.subscriber("ada"), User.subscriber("lin"), User.with_api_key("ci"))
    recordings: list[Recording] = []
    bodies: list[tuple[float, bytes]] = []
    for process in processes(Author(rng, team)):
        recordings.append(cumulative([process]))
        bodies += exports_of(process, recordings[-1], request.param)
    bodies.sort(key=lambda one: one[0])
    path = tmp_path_factory.mktemp("collector") / "usage.sqlite3"
    ingest = Ingest(path, clock=lambda: NOW)
    for number, (_, body) in enumerate(bodies):
        ingest.metrics(body, PROTOBUF)
        if rng.random() < 0.1:
            ingest.metrics(bodies[max(0, number - rng.randrange(20))][1], PROTOBUF)
        if rng.random() < 0.005:
            ingest.close()
            ingest = Ingest(path, clock=lambda: NOW)
    ingest.close()
    source = CollectorSource(path, clock=lambda: NOW)
    yield Fed(source, Truth(merged(recordings)))
    source.close()


def exactly(value: float) -> object:
    """The truth is a sum of floats."""
    return pytest.approx(value, rel=1e-11, abs=1e-9)


def by_labels(source: CollectorSource, question: Question) -> dict[tuple[str, ...], float]:
    [answer] = source.ask([question])
    kind = question.by.index(Label.TYPE) if Label.TYPE in question.by else None
    found: dict[tuple[str, ...], float] = {}
    for row in answer.rows:
        key = list(row.key)
        if kind is not None:
            known = token_type(key[kind])
            key[kind] = known.value if known else key[kind]
        found[tuple(key)] = row.total
    return found


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.name)
def test_every_grouping_of_every_window_is_exact(fed: Fed, window: Window) -> None:
    span = Span(window.start, window.end)
    for metric, by in GROUPINGS:
        truth = fed.truth.by(metric, window.start, window.end, by)
        found = by_labels(fed.source, Question(metric, span, by))
        assert found == {key: exactly(value) for key, value in truth.items()}, (metric, by)


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.name)
def test_every_step_of_every_window_is_exact(fed: Fed, window: Window) -> None:
    edges = tile(window, CALENDAR).boundaries
    span = Span(window.start, window.end)
    [session, *_] = fed.truth.sessions(window.start, window.end)
    only = ((Label.SESSION, (session,)),)
    for where in ((), only):
        question = Question(Metric.TOKENS, span, (Label.MODEL, Label.TYPE), boundaries=edges, where=where)
        [answer] = fed.source.ask([question])
        sums = [sum(row.steps[step] for row in answer.rows) for step in range(len(edges) - 1)]
        if where:
            truth = [fed.truth.total(Metric.TOKENS, start, end, where) for start, end in pairwise(edges)]
        else:
            truth = fed.truth.steps(Metric.TOKENS, edges)
        assert sums == [exactly(value) for value in truth]
        assert all(row.total == exactly(sum(row.steps)) for row in answer.rows)


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.name)
def test_sessions_are_those_with_use(fed: Fed, window: Window) -> None:
    span = Span(window.start, window.end)
    truth = fed.truth.sessions(window.start, window.end)
    seen = {one.session_id: one for one in fed.source.sessions_seen(span)}

    assert fed.source.count_sessions(span) == len(truth)
    assert seen.keys() == truth.keys()
    for session, times in truth.items():
        assert 0 <= seen[session].first - times.first < 1, session
        assert 0 <= seen[session].last - times.last < 1, session
    few = sorted(truth)[:2]
    assert fed.source.sessions_seen(span, [*few, "nobody"]) == tuple(
        seen[session] for session in seen if session in few
    )


@pytest.mark.parametrize("name", ["4h", "30d", "90d", "yesterday"])
def test_reports_are_exact(fed: Fed, name: str) -> None:
    window = next(window for window in WINDOWS if window.name == name)
    report = build_report(fed.source, window, CALENDAR, by="day")

    assert (report.state, report.warnings) == (State.FRESH, ())
    check_totals(report, fed.truth, window)
    check_models_and_sessions(report, fed.truth, window)
    assert sum(group.cost_usd or 0 for group in report.groups) == exactly(report.totals.cost_usd or 0)
