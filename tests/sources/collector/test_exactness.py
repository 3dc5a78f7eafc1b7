"""Whatever happens on the way, each increment counts once."""

import random
import tempfile
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.collector.decode import PROTOBUF
from ccmon_tray.sources.collector.ingest import Ingest
from ccmon_tray.sources.collector.source import CollectorSource
from ccmon_tray.sources.collector.streams import Known, rise
from ccmon_tray.usage.metrics import Label, Metric
from tests.sources.collector.sending import CUMULATIVE, DELTA, Data, export
from tests.sources.collector.tables import check_roll_ups, rows

START = 1_795_400_000
SPAN = Span(START - 86_400, START + 86_400)
MODELS = ("claude-opus-4-8", "claude-haiku-4-5-20251001")


@dataclass(frozen=True)
class Process:
    """A process that exports every ten seconds; it counts from 0, whatever its session counted before."""

    number: int
    session: int
    temporality: int
    increments: tuple[tuple[int, int], ...]  # of each model's tokens, in each interval

    def exports(self) -> list[bytes]:
        # No two processes start at the same millisecond.
        begin = START + self.session * 1000 + self.number * 7.013
        bodies = []
        running = [tuple(accumulate(of_model, initial=0)) for of_model in zip(*self.increments, strict=True)]
        for interval in range(len(self.increments)):
            since, at = begin + 10 * interval, begin + 10 * (interval + 1)
            data = []
            for model, values in zip(MODELS, running, strict=True):
                labels = (("model", model), ("session_id", f"s{self.session}"), ("type", "input"))
                before, after = values[interval : interval + 2]
                if self.temporality == DELTA:
                    data.append(Data(Metric.TOKENS, labels, since, at, after - before))
                else:
                    data.append(Data(Metric.TOKENS, labels, begin, at, after))
            bodies.append(export(data, self.temporality))
        return bodies

    def totals(self) -> dict[tuple[str, ...], int]:
        sums = map(sum, zip(*self.increments, strict=True))
        return {(f"s{self.session}", model): total for model, total in zip(MODELS, sums, strict=True)}


amounts = st.tuples(st.integers(0, 3000), st.integers(0, 5))
processes = st.lists(
    st.tuples(
        st.integers(0, 1), st.sampled_from([DELTA, CUMULATIVE]), st.lists(amounts, min_size=1, max_size=5)
    ),
    min_size=1,
    max_size=4,
).map(lambda drawn: [Process(n, s, t, tuple(own)) for n, (s, t, own) in enumerate(drawn)])


@settings(max_examples=60, deadline=None)
@given(processes, st.randoms(use_true_random=False), st.integers(0, 4))
def test_any_interleaving_adds_up(drawn: list[Process], rng: random.Random, restarts: int) -> None:
    bodies = [body for process in drawn for body in process.exports()]
    repeated = rng.choices(bodies, k=rng.randrange(len(bodies) + 1))
    order = rng.sample([*bodies, *repeated], len(bodies) + len(repeated))
    truth: dict[tuple[str, ...], int] = {}
    for process in drawn:
        for key, total in process.totals().items():
            truth[key] = truth.get(key, 0) + total
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "usage.sqlite3"
        cuts = sorted(rng.randrange(len(order) + 1) for _ in range(restarts))
        for start, end in pairwise([0, *cuts, len(order)]):
            ingest = Ingest(path, clock=lambda: START)
            for body in order[start:end]:
                ingest.metrics(body, PROTOBUF)
            ingest.close()
        source = CollectorSource(path)
        [answer] = source.ask([Question(Metric.TOKENS, SPAN, (Label.SESSION, Label.MODEL))])
        source.close()
        check_roll_ups(path)

    assert {row.key: row.total for row in answer.rows} == {
        key: total for key, total in truth.items() if total
    }


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=1), st.randoms(use_true_random=False))
def test_a_stream_with_a_start_counts_its_highest_value(increments: list[int], rng: random.Random) -> None:
    values = list(enumerate(accumulate(increments), start=1))
    known: Known | None = None
    total = 0
    for time_ns, units in rng.sample([*values, *values], 2 * len(values)):
        more, now = rise(known, time_ns, units, start_known=True)
        total, known = total + more, now or known

    assert total == sum(increments)
    assert known is not None
    assert known.units == sum(increments)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.integers(1, 1000), min_size=1), min_size=1))
def test_a_stream_without_a_start_shows_restarts_by_falling(runs: list[list[int]]) -> None:
    # A restart shows if the new run's first value is below the last: here each begins with 0.
    values = [value for run in runs for value in (0, *accumulate(run))]
    known: Known | None = None
    total = 0
    for time_ns, units in enumerate(values, start=1):
        for at in (time_ns, max(1, time_ns - 1)):  # the second is late, and a repetition
            more, now = rise(known, at, units, start_known=False)
            total, known = total + more, now or known

    assert total == sum(map(sum, runs))


def test_an_increment_is_at_the_second_that_ends_after_it(tmp_path: Path) -> None:
    """Windows (start, end] are cut at whole seconds."""
    ingest = Ingest(tmp_path / "usage.sqlite3", clock=lambda: START)
    data = [
        Data(Metric.COMMITS, (("session_id", str(number)),), at - 5, at, 1)
        for number, at in enumerate((START, START + 0.001, START + 0.999, START + 1, START + 1.001))
    ]
    ingest.metrics(export(data, DELTA), PROTOBUF)
    ingest.close()
    source = CollectorSource(tmp_path / "usage.sqlite3")
    edges = (START - 1, START, START + 1, START + 2)
    [answer] = source.ask([Question(Metric.COMMITS, Span(edges[0], edges[-1]), boundaries=edges)])
    source.close()

    assert [row.steps for row in answer.rows] == [(1, 3, 1)]


def test_a_series_of_zeros_is_known_and_adds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "usage.sqlite3"
    ingest = Ingest(path, clock=lambda: START)
    data = Data(Metric.LINES, (("type", "removed"), ("session_id", "s")), START - 9, START, 0)
    ingest.metrics(export([data], CUMULATIVE), PROTOBUF)
    ingest.close()
    source = CollectorSource(path)
    lines, commits = source.ask([Question(Metric.LINES, SPAN), Question(Metric.COMMITS, SPAN)])
    sessions = source.count_sessions(SPAN)
    source.close()

    assert (lines.known, lines.total) == (True, 0)
    assert (commits.known, commits.total) == (False, None)
    assert sessions == 0
    assert rows(path, "SELECT * FROM increments") == []


@pytest.mark.parametrize(("start_type", "sessions"), [("fresh", 1), ("resume", 1), ("agents_view", 0)])
def test_an_agents_view_is_no_session(start_type: str, sessions: int, tmp_path: Path) -> None:
    ingest = Ingest(tmp_path / "usage.sqlite3", clock=lambda: START)
    labels = (("session_id", "s"), ("start_type", start_type))
    ingest.metrics(export([Data(Metric.SESSIONS, labels, START - 9, START, 1)], CUMULATIVE), PROTOBUF)
    ingest.close()
    source = CollectorSource(tmp_path / "usage.sqlite3")
    found = [source.count_sessions(span) for span in (SPAN, Span(START - 1, START))]
    source.close()

    assert found == [sessions, sessions]


def test_amounts_of_cents_add_up_without_an_error_of_floats(tmp_path: Path) -> None:
    ingest = Ingest(tmp_path / "usage.sqlite3", clock=lambda: START)
    for number in range(1, 11):
        data = Data(Metric.COST, (("session_id", "s"),), START, START + number, number * 0.1)
        ingest.metrics(export([data], CUMULATIVE), PROTOBUF)
    ingest.metrics(export([Data(Metric.COST, (), START, START + 1, 0.2)], DELTA), PROTOBUF)
    ingest.close()
    source = CollectorSource(tmp_path / "usage.sqlite3")
    [cost] = source.ask([Question(Metric.COST, SPAN)])
    source.close()

    assert cost.total == 1.2
