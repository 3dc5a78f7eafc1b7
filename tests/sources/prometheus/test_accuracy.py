"""Every figure of every window, on real servers, against the known truth: at most 0.01 % off.

A test asks one server, which holds one of the datasets, about all its windows, and says all that is wrong.
"""

from collections.abc import Iterable, Mapping

import pytest

from ccmon_tray.sources.base import Answer, Question, Span
from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.usage.metrics import Label, Metric, token_type
from ccmon_tray.usage.steps import tile
from tests.support.truth.cases import CALENDAR
from tests.support.truth.loading import Loaded

TOLERANCE = 1e-4
# A millionth of a dollar, a token, a second: what differences of large sums leave.
FLOOR = 1e-6

STARTED = (Label.START_TYPE, ("fresh",))

GROUPINGS: tuple[tuple[Metric, tuple[Label, ...]], ...] = (
    (Metric.COST, ()),
    (Metric.COST, (Label.MODEL,)),
    (Metric.COST, (Label.SESSION,)),
    (Metric.COST, (Label.USER_EMAIL, Label.USER_ID)),
    (Metric.TOKENS, (Label.TYPE,)),
    (Metric.TOKENS, (Label.MODEL, Label.QUERY_SOURCE)),
    (Metric.TOKENS, (Label.SESSION, Label.MODEL, Label.TYPE)),
    (Metric.ACTIVE_TIME, (Label.TYPE,)),
    (Metric.ACTIVE_TIME, (Label.SESSION,)),
    (Metric.LINES, (Label.TYPE,)),
    (Metric.LINES, (Label.SESSION, Label.TYPE)),
    (Metric.COMMITS, ()),
    (Metric.COMMITS, (Label.SESSION,)),
    (Metric.PULL_REQUESTS, ()),
    (Metric.EDIT_DECISIONS, (Label.DECISION, Label.TOOL)),
)


def off(said: Mapping[tuple[str, ...], float], known: Mapping[tuple[str, ...], float]) -> list[str]:
    """What differs by more than the tolerance, in words."""
    return [
        f"{' '.join(key) or 'total'}: said {said.get(key, 0.0):.10g}, is {known.get(key, 0.0):.10g}"
        for key in sorted({*said, *known})
        if said.get(key, 0.0) != pytest.approx(known.get(key, 0.0), rel=TOLERANCE, abs=FLOOR)
    ]


def rows_by_key(answer: Answer, labels: Iterable[Label]) -> dict[tuple[str, ...], float]:
    """An answer's totals; types of tokens, in either spelling, under their report keys."""
    sums: dict[tuple[str, ...], float] = {}
    for row in answer.rows:
        key = tuple(
            (label is Label.TYPE and token_type(value)) or value
            for label, value in zip(labels, row.key, strict=True)
        )
        sums[key] = sums.get(key, 0.0) + row.total
    return sums


def test_totals_and_groups(loaded: Loaded, source: PrometheusSource) -> None:
    wrong = []
    for window in loaded.data.windows:
        span = Span(window.start, window.end)
        questions = [Question(metric, span, by) for metric, by in GROUPINGS]
        questions.append(Question(Metric.SESSIONS, span, where=(STARTED,)))
        for question, answer in zip(questions, source.ask(questions), strict=True):
            assert answer.known
            known = loaded.data.truth.by(
                question.metric, window.start, window.end, question.by, where=question.where
            )
            said = rows_by_key(answer, question.by)
            wrong += [f"{window} {question.metric} by {question.by}: {words}" for words in off(said, known)]
    assert not wrong, "\n".join(wrong[:40])


def test_steps_tile_the_window_and_sum_to_the_total(loaded: Loaded, source: PrometheusSource) -> None:
    metrics = (Metric.COST, Metric.TOKENS)
    wrong = []
    for window in loaded.data.windows:
        span = Span(window.start, window.end)
        edges = tile(window, CALENDAR).boundaries
        places = [(str(edge),) for edge in edges[:-1]]
        answers = source.ask([Question(metric, span, (Label.MODEL,), edges) for metric in metrics])
        for metric, answer in zip(metrics, answers, strict=True):
            said = [sum(row.steps[i] for row in answer.rows) for i in range(len(places))]
            known = loaded.data.truth.steps(metric, edges)
            steps = off(dict(zip(places, said, strict=True)), dict(zip(places, known, strict=True)))
            total = loaded.data.truth.by(metric, window.start, window.end)
            wrong += [f"{window} {metric}: {words}" for words in (*steps, *off({(): sum(said)}, total))]
    assert not wrong, "\n".join(wrong[:40])


def test_number_of_sessions(loaded: Loaded, source: PrometheusSource) -> None:
    windows = loaded.data.windows
    said = [source.count_sessions(Span(window.start, window.end)) for window in windows]
    known = [len(loaded.data.truth.sessions(window.start, window.end)) for window in windows]
    assert said == known


def test_first_and_last_use_of_sessions(loaded: Loaded, source: PrometheusSource) -> None:
    wrong = []
    for window in loaded.data.windows:
        known = loaded.data.truth.sessions(window.start, window.end)
        seen = {
            session.session_id: session for session in source.sessions_seen(Span(window.start, window.end))
        }
        assert seen.keys() == known.keys()
        for session_id, session in seen.items():
            late = (session.first - known[session_id].first, session.last - known[session_id].last)
            if not all(-1 <= seconds <= 1 for seconds in late):
                wrong.append(f"{window} {session_id}: first and last are late by {late} s")
    assert not wrong, "\n".join(wrong[:40])


def test_nothing_regular_is_warned_of(loaded: Loaded, source: PrometheusSource) -> None:
    """Resumes, sleep and the ends of sessions are ordinary life."""
    told = {window: source.warnings(Span(window.start, window.end)) for window in loaded.data.windows}
    assert not any(told.values()), {window: warnings for window, warnings in told.items() if warnings}
