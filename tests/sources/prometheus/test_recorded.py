"""Hours that the shipped recording rules have summed, on a real Prometheus, against the known truth.

The server itself evaluates the rules, hour by hour, over blocks of raw samples; what they say is stored
beside the samples. What a source asked is read from the server's own log of queries.
"""

import json
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from pathlib import Path

import httpx
import pytest
import yaml

from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.usage.metrics import Label, Metric, token_type
from ccmon_tray.usage.steps import tile
from ccmon_tray.usage.windows import Window
from tests.support.servers import create_blocks, prometheus
from tests.support.truth import recorders, render, spellings
from tests.support.truth.cases import CALENDAR, NOW
from tests.support.truth.known import Truth
from tests.support.truth.use import DAY, HOUR, MINUTE, Author, Process, User

pytestmark = pytest.mark.needs("prometheus", "promtool")

RULES = Path(__file__).parents[3] / "stack" / "rules.yml"
DAYS = 16
# The moment within the hour at which a server happens to evaluate the rules.
PHASE_S = 1417.29
TOLERANCE = 1e-4
FLOOR = 1e-6

WINDOWS = (
    Window("custom", NOW - 13 * 86_400 - 1234, NOW),
    Window("custom", NOW - 14 * 86_400 + 77, NOW - 3 * 86_400 - 1),
    Window("custom", (NOW - 12 * 86_400) // 3600 * 3600, (NOW - 86_400) // 3600 * 3600),
)
GROUPINGS: tuple[tuple[Metric, tuple[Label, ...]], ...] = (
    (Metric.COST, ()),
    (Metric.COST, (Label.MODEL,)),
    (Metric.COST, (Label.USER_EMAIL, Label.USER_ACCOUNT, Label.USER_ID)),
    (Metric.TOKENS, (Label.TYPE,)),
    (Metric.TOKENS, (Label.MODEL, Label.TYPE)),
    (Metric.TOKENS, (Label.USER_EMAIL, Label.USER_ACCOUNT, Label.USER_ID, Label.TYPE)),
    (Metric.ACTIVE_TIME, (Label.TYPE,)),
)
PEOPLE = (User.subscriber("ada"), User.subscriber("lin"), User.with_api_key("ci"))


@dataclass(frozen=True, slots=True)
class Served:
    """A server that holds use and recorded hours, the truth about the use, and the log of its queries."""

    url: str
    truth: Truth
    log: Path

    @contextmanager
    def opened(self, **settings: str | int) -> Iterator[PrometheusSource]:
        known = PrometheusSettings.model_validate({"url": self.url, "timeout_s": 60, **settings})
        source = PrometheusSource(known, clock=lambda: NOW)
        try:
            yield source
        finally:
            source.close()

    def asked(self) -> list[str]:
        """The queries so far that sum recorded hours."""
        lines = self.log.read_text().splitlines()
        queries = [json.loads(line)["params"]["query"] for line in lines]
        return [query for query in queries if "increase1h" in query and "sum_over_time" in query]


def use(author: Author) -> list[Process]:
    """Ordinary days, resumed sessions, several resumes within an hour, and work around every edge."""
    edges = [float(edge) for window in WINDOWS for edge in (window.start, window.end)]
    processes = [*author.working_days(NOW, DAYS, 9.0), *author.straddling(edges)]
    for day in range(1, DAYS):
        # Across the hour; below its peak and above; several times within one hour.
        start = (NOW - day * DAY) // HOUR * HOUR - 9 * MINUTE
        first = author.process(start, 7 * MINUTE)
        processes.append(first)
        for number, (minute, scale) in enumerate(((13.0, 4.0), (24.0, 0.2), (33.0, 3.0), (41.0, 0.1))):
            if number < 1 + day % 4:
                processes.append(
                    author.process(
                        start + minute * MINUTE,
                        5 * MINUTE,
                        session_id=first.session_id,
                        user=first.user,
                        start_type="resume",
                        scale=scale,
                    )
                )
    return processes


def add(data: Path, recording: recorders.Recording) -> None:
    add_text(data, "".join(render.openmetrics(recording, spellings.SUFFIXES)).removesuffix("# EOF\n"))


def add_text(data: Path, samples: str) -> None:
    text = data.parent / "samples.om"
    text.write_text(samples + "# EOF\n")
    create_blocks(text, data)


def evaluate_rules(data: Path) -> list[tuple[float, str]]:
    """What the rules record, hour by hour, as promtool backfills: lines of OpenMetrics with their times."""
    first = (NOW - DAYS * 86_400) // 3600 * 3600 + PHASE_S
    lines = []
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    with prometheus(data) as server, httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        for rule in (rule for group in groups for rule in group["rules"]):
            form = {"query": rule["expr"], "start": str(first), "end": str(NOW), "step": "3600"}
            answer = client.post("/api/v1/query_range", data=form).raise_for_status().json()
            for series in answer["data"]["result"]:
                labels = ",".join(f"{name}={json.dumps(value)}" for name, value in series["metric"].items())
                head = f"{rule['record']}{{{labels}}}"
                lines += [(t, f"{head} {value} {t}\n") for t, value in series["values"]]
    return lines


@contextmanager
def serving(data: Path, truth: Truth) -> Iterator[Served]:
    log, config = data.parent / "queries.log", data.parent / "prometheus.json"
    log.touch()
    config.write_text(json.dumps({"global": {"query_log_file": str(log)}}))
    with prometheus(data, config=config) as server:
        yield Served(server.url, truth, log)


@dataclass(slots=True)
class Made:
    """Makes servers that differ in the hours that were evaluated, and in what came after that."""

    folder: Path
    recording: recorders.Recording
    recorded: list[tuple[float, str]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def data(self) -> Path:
        """A new folder of data that holds the use alone."""
        data = self.folder / str(next(self.numbers)) / "data"
        data.mkdir(parents=True)
        add(data, self.recording)
        return data

    @contextmanager
    def serving(
        self, *stretches: tuple[float, float], late: recorders.Recording | None = None, beside: str = ""
    ) -> Iterator[Served]:
        """A server on which the rules ran in some stretches, in days before now."""
        data = self.data()
        recorded = [
            line
            for t, line in self.recorded
            if any(NOW - begin * DAY <= t <= NOW - end * DAY for begin, end in stretches)
        ]
        add_text(data, "".join(recorded) + beside)
        all_of_it = self.recording
        if late is not None:
            add(data, late)
            all_of_it = recorders.Recording(
                {**self.recording.series, **late.series}, [*self.recording.increments, *late.increments]
            ).finish()
        with serving(data, Truth(all_of_it)) as served:
            yield served


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    author = Author(random.Random("recorded hours"), PEOPLE)
    made = Made(tmp_path_factory.mktemp("recorded"), recorders.cumulative(use(author)))
    made.recorded = evaluate_rules(made.data())
    return made


@pytest.fixture(scope="module")
def complete(made: Made) -> Iterator[Served]:
    """The rules ran all the time."""
    with made.serving((DAYS, 0)) as served:
        yield served


def wrong(
    served: Served,
    source: PrometheusSource,
    windows: Sequence[Window] = WINDOWS,
) -> list[str]:
    """What a source says that is not so, in words: totals, groups, and steps of windows."""
    found = []
    for window in windows:
        span = Span(window.start, window.end)
        edges = tile(window, CALENDAR).boundaries
        questions = [Question(metric, span, by) for metric, by in GROUPINGS]
        questions += [Question(metric, span, by[:1], edges) for metric, by in GROUPINGS]
        for question, answer in zip(questions, source.ask(questions), strict=True):
            for start, end in pairwise(edges if question.boundaries else (span.start, span.end)):
                known = served.truth.by(question.metric, start, end, question.by, where=question.where)
                said: dict[tuple[str, ...], float] = {}
                for row in answer.rows:
                    key = tuple(
                        (label is Label.TYPE and token_type(value)) or value
                        for label, value in zip(question.by, row.key, strict=True)
                    )
                    amount = row.steps[edges.index(start)] if question.boundaries else row.total
                    said[key] = said.get(key, 0.0) + amount
                found += [
                    f"{window} {question.metric} {start} {key}: {said.get(key)}, is {known.get(key)}"
                    for key in {*said, *known}
                    if said.get(key, 0.0) != pytest.approx(known.get(key, 0.0), rel=TOLERANCE, abs=FLOOR)
                ]
    return found


def stepped(
    metric: Metric,
    window: Window,
    by: tuple[Label, ...] = (),
    where: tuple[tuple[Label, tuple[str, ...]], ...] = (),
) -> Question:
    return Question(metric, Span(window.start, window.end), by, tile(window, CALENDAR).boundaries, where)


def test_recorded_hours_are_used_and_exact(complete: Served) -> None:
    with complete.opened() as source:
        assert wrong(complete, source) == []
        told = [warning for window in WINDOWS for warning in source.warnings(Span(window.start, window.end))]
    assert not told
    asked = complete.asked()
    for rule in ("cost_usd", "tokens", "active_time_seconds"):
        assert sum(f"claude_code:{rule}:increase1h" in query for query in asked) >= 2 * len(WINDOWS)


def test_off_means_that_they_are_not_read(complete: Served) -> None:
    before = complete.asked()
    with complete.opened(recording_rules="off") as source:
        assert wrong(complete, source, WINDOWS[:1]) == []
    assert complete.asked() == before


@pytest.mark.parametrize(
    ("by", "where", "settings"),
    [
        ((Label.SESSION,), (), {}),
        ((Label.QUERY_SOURCE,), (), {}),
        ((), ((Label.QUERY_SOURCE, ("main",)),), {}),
        ((), (), {"matchers": '{query_source="main"}'}),
        ((), (), {"lookback_days": 60}),
    ],
    ids=["by session", "by source", "one source", "matcher of a source", "longer look-back"],
)
def test_what_the_rules_do_not_keep_is_asked_of_the_counters(
    complete: Served,
    by: tuple[Label, ...],
    where: tuple[tuple[Label, tuple[str, ...]], ...],
    settings: dict[str, str | int],
) -> None:
    before = complete.asked()
    window = WINDOWS[0]
    with complete.opened(**settings) as source:
        answer = source.ask([stepped(Metric.TOKENS, window, by, where)])[0]
    if "matchers" in settings:
        where = ((Label.QUERY_SOURCE, ("main",)),)
    known = complete.truth.by(Metric.TOKENS, window.start, window.end, by, where=where)
    assert {row.key: row.total for row in answer.rows} == pytest.approx(known, rel=TOLERANCE)
    assert complete.asked() == before


def test_a_matcher_that_the_rules_keep_holds_for_recorded_hours(complete: Served) -> None:
    """One person's own use: set in the settings, or asked for."""
    mail = dict(PEOPLE[0].identity)["user_email"]
    before = len(complete.asked())
    span = Span(WINDOWS[0].start, WINDOWS[0].end)
    mine = ((Label.USER_EMAIL, (mail,)),)
    with complete.opened(matchers=f'{{user_email="{mail}"}}') as source, complete.opened() as anybody:
        said = [
            source.ask([stepped(Metric.COST, WINDOWS[0], (Label.MODEL,))])[0],
            anybody.ask([stepped(Metric.COST, WINDOWS[0], (Label.MODEL,), mine)])[0],
        ]
    known = complete.truth.by(Metric.COST, span.start, span.end, (Label.MODEL,), where=mine)
    for answer in said:
        assert {row.key: row.total for row in answer.rows} == pytest.approx(known, rel=TOLERANCE)
    asked = complete.asked()[before:]
    assert len([query for query in asked if f'user_email="{mail}"' in query]) >= 2


def test_what_saves_nothing_is_asked_of_the_counters(complete: Served) -> None:
    """Short windows, totals alone, and what is yet to come."""
    before = complete.asked()
    week = Window("7d", NOW - 7 * 86_400, NOW)
    with complete.opened() as source:
        future = stepped(Metric.COST, Window("custom", NOW + 3600, NOW + 20 * 86_400))
        asked = [stepped(Metric.COST, week), replace(stepped(Metric.COST, WINDOWS[0]), boundaries=None)]
        assert source.ask([future])[0].total == 0
        for question, answer in zip(asked, source.ask(asked), strict=True):
            known = complete.truth.total(Metric.COST, question.span.start, question.span.end)
            assert answer.total == pytest.approx(known, rel=TOLERANCE)
    assert complete.asked() == before


@pytest.mark.parametrize(
    "stretches",
    [[(DAYS, 8.3), (7.1, 0)], [(DAYS, 8), (7.9, 4), (3.97, 0)], [(8.4, 0)]],
    ids=["a gap of a day", "two gaps of hours", "begun midway"],
)
def test_hours_that_were_not_evaluated_are_asked_of_the_counters(
    made: Made, stretches: list[tuple[float, float]]
) -> None:
    with made.serving(*stretches) as served, served.opened() as source:
        assert wrong(served, source) == []
        assert served.asked()


# Of the days before the last one, only one is compared before recorded hours are used.
@pytest.mark.parametrize("ago_h", [14, 60, 120, 180])
def test_hours_that_miss_what_came_late_are_left_alone_and_told_of(made: Made, ago_h: int) -> None:
    author = Author(random.Random("late"), PEOPLE)
    late = recorders.cumulative([author.process(NOW - ago_h * HOUR, 20 * MINUTE)])
    with made.serving((DAYS, 0), late=late) as served, served.opened() as source:
        assert wrong(served, source) == []
        spans = [Span(window.start, window.end) for window in WINDOWS]
        told = [warning for span in spans for warning in source.warnings(span)]
        assert {warning.code for warning in told} == {"recorded-hours-differ"}
        assert len(told) == len(spans)
        assert re.search(r"claude_code:\w+:increase1h is \d+\.\d\d% off", told[0].message)
        # Nothing rests on them where the window is short.
        assert not source.warnings(Span(NOW - 7 * 86_400, NOW))
        compared = len(served.asked())
        assert wrong(served, source, WINDOWS[:1]) == []
        assert len(served.asked()) == compared
        # Looked at again when all is read anew, and still so.
        source.inventory(refresh=True)
        assert wrong(served, source, WINDOWS[:1]) == []
        assert len(served.asked()) > compared
        assert source.warnings(spans[0])


def test_recorded_series_of_two_writers_are_not_used(made: Made) -> None:
    """As of two servers that evaluate the rules and write into one store: sums would hold both."""
    hours = range(NOW - DAYS * 86_400, NOW, 3600)
    other = "".join(f'claude_code:cost_usd:increase1h{{replica="b"}} 0 {at}\n' for at in hours)
    with made.serving((DAYS, 0), beside=other) as served, served.opened() as source:
        assert wrong(served, source, WINDOWS[:1]) == []
        asked = served.asked()
    assert asked
    assert not [query for query in asked if "cost_usd" in query]
