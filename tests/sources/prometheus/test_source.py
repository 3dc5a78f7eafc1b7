"""What the datasets of known truth do not hold: use without session ids, several people, spellings."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from ccmon_tray.errors import SettingsError, SourceAnswerInvalid
from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.prometheus.client import PrometheusClient, Series
from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.states import SourceKind
from tests.support.servers import TOOLS, Kind, Server, serving
from tests.support.written import Written, import_json, openmetrics

NOW = 1_762_958_400
COST = "claude_code_cost_usage_USD_total"
TOKENS = "claude_code_token_usage_tokens_total"

ANNA = {"user_email": 'anna "a" \\o/@example.org', "model": "claude-opus-4-8"}
BERT = {"user_email": "bert@example.org", "model": "claude-opus-4-8"}

SERIES: list[Written] = [
    (COST, {**ANNA, "session_id": "a1"}, ((7200, 1.0), (7140, 1.5), (600, 2.5))),
    (COST, {**BERT, "session_id": "b1"}, ((500, 4.0), (440, 5.0))),
    # Session ids switched off: every process writes the same series, from 0 each time.
    (COST, BERT, ((90_000, 3.0), (5000, 3.5), (4940, 4.0), (900, 0.25), (840, 0.75))),
    # Before the collector was given a namespace.
    ("otel_claude_code_cost_usage_usd_total", {**ANNA, "session_id": "a0"}, ((3000, 8.0), (2940, 9.0))),
    (TOKENS, {**ANNA, "session_id": "a1", "type": "cache_read"}, ((7200, 100), (600, 300))),
    (TOKENS, {**BERT, "session_id": "b1", "type": "cacheRead"}, ((500, 50), (440, 70))),
]


@pytest.fixture(
    scope="module", params=[pytest.param(kind, marks=pytest.mark.needs(*TOOLS[kind])) for kind in Kind]
)
def held(request: pytest.FixtureRequest) -> Iterator[Server]:
    with serving(
        request.param, openmetrics=openmetrics(SERIES, NOW), import_json=import_json(SERIES, NOW)
    ) as server:
        yield server


@pytest.fixture
def ask(held: Server) -> Iterator[Callable[..., PrometheusSource]]:
    opened: list[PrometheusSource] = []

    def open_source(**settings: object) -> PrometheusSource:
        made = PrometheusSettings.model_validate({"url": held.url, **settings})
        opened.append(PrometheusSource(made, clock=lambda: NOW))
        return opened[-1]

    yield open_source
    for source in opened:
        source.close()


def cost(source: PrometheusSource, seconds: int, *by: Label) -> dict[tuple[str, ...], float]:
    answer = source.ask([Question(Metric.COST, Span(NOW - seconds, NOW), by)])[0]
    return {row.key: round(row.total, 9) for row in answer.rows}


def test_spellings_and_unnamed_use_add_up(ask: Callable[..., PrometheusSource]) -> None:
    source = ask()
    day = {("a1",): 2.5, ("b1",): 5.0, ("",): 1.0 + 0.75, ("a0",): 9.0}
    assert cost(source, 86_400, Label.SESSION) == day
    assert cost(source, 86_400) == {(): sum(day.values())}
    # The restart lies across this window's start: its base is above its values.
    assert cost(source, 1000, Label.SESSION) == {("a1",): 1.0, ("b1",): 5.0, ("",): 0.75}
    assert cost(source, 1000, Label.USER_EMAIL) == {(ANNA["user_email"],): 1.0, (BERT["user_email"],): 5.75}


def test_steps_add_up_across_spellings(ask: Callable[..., PrometheusSource]) -> None:
    edges = tuple(range(NOW - 86_400, NOW + 1, 3600))
    question = Question(Metric.COST, Span(edges[0], edges[-1]), boundaries=edges)
    row = ask().ask([question])[0].rows[0]
    assert row.total == pytest.approx(18.25)
    assert sum(row.steps) == pytest.approx(row.total)
    assert row.steps[-1] == pytest.approx(1.0 + 5.0 + 0.75 + 9.0)


def test_use_without_an_id_is_no_session(ask: Callable[..., PrometheusSource]) -> None:
    source = ask()
    assert source.count_sessions(Span(NOW - 86_400, NOW)) == 3
    assert source.count_sessions(Span(NOW - 1000, NOW)) == 2
    assert {seen.session_id for seen in source.sessions_seen(Span(NOW - 86_400, NOW))} == {"a0", "a1", "b1"}


def test_the_dearest_alone(ask: Callable[..., PrometheusSource]) -> None:
    span = Span(NOW - 86_400, NOW)
    answer = ask().ask([Question(Metric.COST, span, (Label.SESSION,), top=2)])[0]
    assert [row.key for row in answer.rows] == [("a0",), ("b1",)]


def test_extra_matchers_hold_for_everything(ask: Callable[..., PrometheusSource]) -> None:
    source = ask(matchers='{user_email="anna \\"a\\" \\\\o/@example.org"}')
    assert cost(source, 86_400, Label.SESSION) == {("a1",): 2.5, ("a0",): 9.0}
    assert source.count_sessions(Span(NOW - 86_400, NOW)) == 2
    tokens = source.ask([Question(Metric.TOKENS, Span(NOW - 86_400, NOW), (Label.TYPE,))])[0]
    assert [(row.key, row.total) for row in tokens.rows] == [(("cache_read",), 300.0)]


def test_where_keeps_to_the_named(ask: Callable[..., PrometheusSource]) -> None:
    question = Question(Metric.COST, Span(NOW - 86_400, NOW), where=((Label.SESSION, ("a1", "b1")),))
    assert ask().ask([question])[0].total == pytest.approx(7.5)


def test_what_is_not_stored_is_unknown_not_nothing(ask: Callable[..., PrometheusSource]) -> None:
    answer = ask().ask([Question(Metric.COMMITS, Span(NOW - 86_400, NOW))])[0]
    assert not answer.known
    assert answer.total is None


def test_a_moment_before_the_first_sample_is_one_without_use_not_without_telemetry(held: Server) -> None:
    then = NOW - 40 * 86_400
    with closing(PrometheusSource(PrometheusSettings(url=held.url), clock=lambda: then)) as source:
        assert set(source.inventory().metrics) == {Metric.COST, Metric.TOKENS}
        (answer,) = source.ask([Question(Metric.COST, Span(then - 86_400, then))])
    assert answer.total == 0


def test_the_source_says_what_it_is(ask: Callable[..., PrometheusSource], held: Server) -> None:
    source = ask()
    inventory = source.inventory()
    assert inventory.info.kind is SourceKind.PROMETHEUS
    assert inventory.info.url == held.url
    assert set(inventory.metrics) == {Metric.COST, Metric.TOKENS}
    assert len(inventory.metrics[Metric.COST]) == 2


@pytest.mark.needs(*TOOLS[Kind.PROMETHEUS])
def test_a_session_under_two_names_is_told() -> None:
    """A collector that remote-writes with suffixes and one without, say."""
    samples = [
        (name, session) for name in (COST, "claude_code_cost_usage") for session in ("both", name[-3:])
    ]
    lines = []
    for name in sorted({name for name, _ in samples}):
        lines.append(f"# TYPE {name} unknown\n")
        lines += [f'{name}{{session_id="{s}",model="m"}} 2 {NOW - 100}\n' for of, s in samples if of == name]
    with (
        serving(Kind.PROMETHEUS, openmetrics=[*lines, "# EOF\n"], import_json=()) as server,
        closing(PrometheusSource(PrometheusSettings(url=server.url), clock=lambda: NOW)) as source,
    ):
        (warning,) = source.warnings(Span(NOW - 1000, NOW))
        assert warning.code == "stored-twice"
        assert warning.sessions == ("both",)
        assert source.count_sessions(Span(NOW - 1000, NOW)) == 3


def test_spellings_that_follow_one_another_are_no_double(ask: Callable[..., PrometheusSource]) -> None:
    assert "stored-twice" not in {warning.code for warning in ask().warnings(Span(NOW - 86_400, NOW))}


def test_matchers_that_are_none_are_refused_at_once() -> None:
    with pytest.raises(SettingsError):
        PrometheusSource(PrometheusSettings(matchers="user_email"))


@pytest.mark.needs(*TOOLS[Kind.PROMETHEUS])
def test_a_sum_that_is_no_number_is_an_error() -> None:
    labels = 'session_id="s1",model="m"'
    lines = [f"# TYPE {COST} unknown\n", f"{COST}{{{labels}}} NaN {NOW - 100}\n", "# EOF\n"]
    with (
        serving(Kind.PROMETHEUS, openmetrics=lines, import_json=()) as server,
        closing(PrometheusSource(PrometheusSettings(url=server.url), clock=lambda: NOW)) as source,
        pytest.raises(SourceAnswerInvalid, match="no number"),
    ):
        source.ask([Question(Metric.COST, Span(NOW - 1000, NOW))])


def test_times_of_many_sessions_are_asked_in_pieces(
    ask: Callable[..., PrometheusSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where samples are too many to read, nor would one query for a whole grid be answered in time."""
    span = Span(NOW - 9_001, NOW)
    exactly = ask().sessions_seen(span)
    monkeypatch.setattr("ccmon_tray.sources.prometheus.uses._MOST_SAMPLES", 0)
    at_once = ask().sessions_seen(span)
    asked: list[tuple[float, float, float]] = []
    query_range = PrometheusClient.query_range

    def noted(client: PrometheusClient, promql: str, start: float, end: float, step_s: float) -> list[Series]:
        asked.append((start, end, step_s))
        return query_range(client, promql, start, end, step_s)

    monkeypatch.setattr(PrometheusClient, "query_range", noted)
    monkeypatch.setattr("ccmon_tray.sources.prometheus.sessions._QUERY_BUDGET", 40)

    assert ask().sessions_seen(span) == at_once

    assert len(at_once) == 3
    for one, same in zip(at_once, exactly, strict=True):
        assert one.session_id == same.session_id
        assert 0 <= one.first - same.first < 60
        assert 0 <= one.last - same.last < 60
    assert len(asked) > 10
    assert all((end - start) / step_s < 20 for start, end, step_s in asked)
