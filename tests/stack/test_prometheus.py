"""The shipped configuration in a real Prometheus, fed as the collector feeds it: all is stored, exactly."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.usage.metrics import Label, Metric
from tests.support import remote_write
from tests.support.servers import prometheus
from tests.support.truth import recorders
from tests.support.truth.known import Truth
from tests.support.truth.spellings import SUFFIXES
from tests.support.truth.use import DAY, HOUR, MINUTE, Author, User

pytestmark = pytest.mark.needs("prometheus")

STACK = Path(__file__).parents[2] / "stack"
TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Fed:
    """A server's URL, what it was fed with, and the moment after that."""

    url: str
    truth: Truth
    now: float


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fed]:
    """Six days of use; a day of it waited in the collector's queue, and comes last."""
    now = float(int(time.time()))
    author = Author(random.Random("the stack"), (User.subscriber("ada"), User.with_api_key("ci")))
    processes = author.working_days(now - MINUTE, 6, 6.0)
    first = author.process(now - 30 * HOUR, 9 * MINUTE)
    processes += [
        first,
        author.process(
            now - 26 * HOUR, 5 * MINUTE, session_id=first.session_id, user=first.user, start_type="resume"
        ),
        author.process(now - 8 * MINUTE, 7 * MINUTE),
    ]
    recording = recorders.cumulative(processes)
    samples = remote_write.samples_of(recording, SUFFIXES)
    # What the rules write beside it is no use of its own.
    recorded = {"__name__": "claude_code:cost_usd:increase1h", "user_id": "ci-install", "model": "a"}
    samples = sorted(
        [*samples, *((now - hour * HOUR, recorded, 7.0) for hour in range(150))], key=lambda sample: sample[0]
    )
    queued: list[remote_write.Sample] = []
    at_once: list[remote_write.Sample] = []
    for sample in samples:
        (queued if 2 * DAY < now - sample[0] < 3 * DAY else at_once).append(sample)
    assert queued
    with prometheus(
        tmp_path_factory.mktemp("data"),
        config=STACK / "prometheus.yml",
        extra_args=["--web.enable-remote-write-receiver"],
    ) as server:
        remote_write.send(server.url, at_once)
        remote_write.send(server.url, queued)
        yield Fed(server.url, Truth(recording), now)


@pytest.mark.parametrize("hours", [1, 24, 60, 72, 24 * 7])
def test_what_was_sent_is_read_exactly(fed: Fed, hours: int) -> None:
    span = Span(int(fed.now) - hours * 3600, int(fed.now))
    questions = [
        Question(Metric.COST, span),
        Question(Metric.COST, span, (Label.MODEL,)),
        Question(Metric.TOKENS, span, (Label.SESSION,)),
        Question(Metric.LINES, span, (Label.TYPE,)),
        Question(Metric.COMMITS, span),
    ]
    source = PrometheusSource(PrometheusSettings(url=fed.url, timeout_s=60), clock=lambda: fed.now)
    try:
        answers = source.ask(questions)
        warnings = source.warnings(span)
        sessions = source.count_sessions(span)
    finally:
        source.close()

    for question, answer in zip(questions, answers, strict=True):
        known = fed.truth.by(question.metric, span.start, span.end, question.by)
        said = {row.key: row.total for row in answer.rows if row.total}
        assert said == pytest.approx({key: value for key, value in known.items() if value}, rel=TOLERANCE)
    assert sessions == len(fed.truth.sessions(span.start, span.end))
    assert not warnings
