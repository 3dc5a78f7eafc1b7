"""Whole reports of every window on real servers, against the known truth: at most 0.01 % off."""

from collections.abc import Mapping

import pytest

from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.sources.reports import build_report
from ccmon_tray.usage.metrics import Label, Metric, TokenType
from ccmon_tray.usage.models import Report, Tokens
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import Window
from tests.support.truth.cases import CALENDAR, WINDOWS
from tests.support.truth.known import Truth
from tests.support.truth.loading import Loaded


def exactly(value: float) -> object:
    return pytest.approx(value, rel=1e-4, abs=1e-6)


def tokens_of(by_type: Mapping[str, float]) -> dict[str, object]:
    """Known tokens as a report has them."""
    known = {kind.value: exactly(by_type.get(kind.value, 0.0)) for kind in TokenType}
    return {"total": exactly(sum(by_type.values())), **known}


def check_totals(report: Report, truth: Truth, window: Window) -> None:
    def by(metric: Metric, label: Label) -> dict[str, float]:
        groups = truth.by(metric, window.start, window.end, (label,))
        return {key[0]: value for key, value in groups.items()}

    totals = report.totals
    kinds = by(Metric.TOKENS, Label.TYPE)
    active = by(Metric.ACTIVE_TIME, Label.TYPE)
    lines = by(Metric.LINES, Label.TYPE)
    decisions = by(Metric.EDIT_DECISIONS, Label.DECISION)
    prompt = sum(kinds.get(kind, 0.0) for kind in ("input", "cache_read", "cache_creation"))
    assert totals.model_dump() == {
        "cost_usd": exactly(truth.total(Metric.COST, window.start, window.end)),
        "tokens": tokens_of(kinds),
        "active_time_seconds": {
            "total": exactly(sum(active.values())),
            "user": exactly(active.get("user", 0.0)),
            "cli": exactly(active.get("cli", 0.0)),
        },
        "sessions": len(truth.sessions(window.start, window.end)),
        "lines_added": exactly(lines.get("added", 0.0)),
        "lines_removed": exactly(lines.get("removed", 0.0)),
        "commits": exactly(truth.total(Metric.COMMITS, window.start, window.end)),
        "pull_requests": exactly(truth.total(Metric.PULL_REQUESTS, window.start, window.end)),
        "edit_decisions": {
            "accept": exactly(decisions.get("accept", 0.0)),
            "reject": exactly(decisions.get("reject", 0.0)),
        },
        "cache_hit_ratio": exactly(kinds.get("cache_read", 0.0) / prompt),
    }


def check_models_and_sessions(report: Report, truth: Truth, window: Window) -> None:
    for label, rows in (
        (Label.MODEL, {(model.model,): model for model in report.by_model}),
        (Label.SESSION, {(session.session_id,): session for session in report.sessions}),
    ):
        costs = truth.by(Metric.COST, window.start, window.end, (label,))
        tokens = truth.by(Metric.TOKENS, window.start, window.end, (label, Label.TYPE))
        assert rows.keys() == costs.keys()
        for key, row in rows.items():
            assert row.cost_usd == exactly(costs[key]), key
            own = {kind: count for (*group, kind), count in tokens.items() if tuple(group) == key}
            assert isinstance(row.tokens, Tokens)
            assert row.tokens.model_dump() == tokens_of(own), key


# The source's own tests ask about every window; these show that a report says what the source did.
NAMES = {"4h", "30d", "yesterday", "this week"}


@pytest.mark.parametrize(
    "window", [window for window in WINDOWS if window.name in NAMES], ids=lambda window: window.name
)
def test_report(loaded: Loaded, source: PrometheusSource, window: Window) -> None:
    truth = loaded.data.truth
    report = build_report(source, window, CALENDAR, by="day")
    assert report.state is State.FRESH
    assert report.warnings == ()
    check_totals(report, truth, window)
    check_models_and_sessions(report, truth, window)

    edges = [report.over_time[0].start, *(step.end for step in report.over_time)]
    assert (edges[0], edges[-1]) == (window.start, window.end)
    assert [step.cost_usd for step in report.over_time] == [
        exactly(cost) for cost in truth.steps(Metric.COST, edges)
    ]
    assert [step.tokens for step in report.over_time] == [
        exactly(count) for count in truth.steps(Metric.TOKENS, edges)
    ]
    assert sum(step.cost_usd or 0.0 for step in report.over_time) == exactly(report.totals.cost_usd or 0.0)
    assert sum(group.cost_usd or 0.0 for group in report.groups) == exactly(report.totals.cost_usd or 0.0)


def test_people_are_told_apart_with_and_without_an_account(loaded: Loaded, source: PrometheusSource) -> None:
    window = next(window for window in WINDOWS if window.name == "30d")
    report = build_report(source, window, CALENDAR, by="user")
    known: dict[str, float] = {}
    labels = (Label.USER_EMAIL, Label.USER_ID)
    for (email, user), cost in loaded.data.truth.by(Metric.COST, window.start, window.end, labels).items():
        known[email or user] = known.get(email or user, 0.0) + cost
    assert {group.key: group.cost_usd for group in report.groups} == {
        person: exactly(cost) for person, cost in known.items()
    }
