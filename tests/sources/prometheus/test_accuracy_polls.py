"""A tray that polls a real Prometheus on and on: what it remembers between polls is never off the truth."""

import random
from contextlib import closing
from datetime import datetime
from typing import Final

import pytest

from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.sources.snapshots import SnapshotBuilder
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.snapshot import Figures
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import RANGE_NAMES
from tests.support.servers import TOOLS, Kind
from tests.support.truth import recorders
from tests.support.truth.cases import CALENDAR, Dataset, headless_runs, resumed_later
from tests.support.truth.known import Truth
from tests.support.truth.loading import loading
from tests.support.truth.use import DAY, HOUR, MINUTE, Author, Process, User

pytestmark = pytest.mark.needs(*TOOLS[Kind.PROMETHEUS])

# Where windows begin anew while the tray runs, and where a night has an hour more.
MOMENTS: Final = {
    "a month turns": datetime(2025, 11, 1, tzinfo=CALENDAR.zone),
    "winter time begins": datetime(2025, 10, 26, 2, 30, tzinfo=CALENDAR.zone),
}
AHEAD_S: Final = 65 * 60
BEHIND_S: Final = 45 * 60


def work(author: Author, moment: float) -> list[Process]:
    """Sessions new, resumed and woken up again around a moment, and some in the weeks before it."""
    draw = author.rng
    processes = [
        author.process(moment + draw.uniform(-70, 50) * MINUTE, draw.uniform(0.5, 40) * MINUTE)
        for _ in range(10)
    ]
    for number in range(5):
        start = moment + draw.uniform(-70, 20) * MINUTE
        processes += headless_runs(author, start, (75.0, 400.0, 900.0), growing=number % 2 == 0)
    for _ in range(4):
        start = moment - draw.uniform(20, 80) * MINUTE
        processes += resumed_later(author, start, (draw.uniform(90, 400), draw.uniform(600, 2000)))
    for _ in range(3):
        asleep, back = moment - draw.uniform(2, 6) * DAY, moment + draw.uniform(-60, 30) * MINUTE
        awake = [(asleep, asleep + 9 * MINUTE), (back, back + 8 * MINUTE)]
        processes.append(author.process(asleep, awake[-1][-1] - asleep, awake=awake))
    return [*processes, author.interface(moment - 20 * MINUTE, HOUR), *author.working_days(moment, 35, 0.5)]


def polls(moment: int) -> list[tuple[int, str]]:
    """When it polls, and the range chosen then: every 30 s, but for clicks, sleep and clocks set back."""
    draw, found, range_name = random.Random(7), [], "today"
    now = moment - AHEAD_S
    while now < moment + BEHIND_S:
        if draw.random() < 0.15:
            range_name = draw.choice(RANGE_NAMES)
        found.append((now, range_name))
        step_s = 30 if draw.random() < 0.85 else draw.choice((1, 5, 37, 300, 1000, -10, -100))
        now += step_s
    return found


def exactly(value: float) -> object:
    return pytest.approx(value, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("record", [recorders.scraped, recorders.cumulative], ids=["scraped", "exported"])
@pytest.mark.parametrize("moment", [int(m.timestamp()) for m in MOMENTS.values()], ids=MOMENTS)
def test_every_poll_is_exact(record: recorders.Recorder, moment: int) -> None:
    author = Author(random.Random("d"), (User.subscriber("ada"), User.with_api_key("ci")))
    recording = record(work(author, moment))
    data = Dataset("polled", recording, Truth(recording))
    with (
        loading(data, Kind.PROMETHEUS) as loaded,
        closing(
            PrometheusSource(PrometheusSettings(url=loaded.server.url, timeout_s=60), clock=lambda: now)
        ) as source,
    ):
        builder, last = SnapshotBuilder(source, CALENDAR), None
        for now, range_name in polls(moment):
            for snapshot in builder.poll(range_name, lambda: now, last):  # noqa: B023  # at once
                last = snapshot
                assert last.state in {State.FRESH, State.NO_DATA}, last.problem
                assert last.figures is not None
                assert said(last.figures) == true(data.truth, last.figures, now), (now - moment, range_name)


def said(figures: Figures) -> dict[str, object]:
    """What a snapshot says, of all that depends on what was remembered."""
    totals = figures.range.totals
    assert totals.tokens is not None
    assert totals.active_time_seconds is not None
    return {
        "today": figures.today.cost_usd,
        "tokens today": figures.today.tokens,
        "this week": figures.this_week.cost_usd,
        "this month": figures.this_month.cost_usd,
        "last hour": figures.last_hour_cost_usd,
        "cost": totals.cost_usd,
        "tokens": totals.tokens.total,
        "active": totals.active_time_seconds.total,
        "lines": totals.lines_added,
        "commits": totals.commits,
        "sessions": totals.sessions,
        "models": {usage.model: usage.cost_usd for usage in figures.range.by_model},
        "dearest": [usage.cost_usd for usage in figures.range.top_sessions],
    }


def true(truth: Truth, figures: Figures, now: int) -> dict[str, object]:
    """What :func:`said` should say."""
    start, end = figures.range.info.start, figures.range.info.end
    models = truth.by(Metric.COST, start, end, (Label.MODEL,))
    sessions = sorted(truth.by(Metric.COST, start, end, (Label.SESSION,)).values(), reverse=True)
    added = ((Label.TYPE, ("added",)),)
    return {
        "today": exactly(truth.total(Metric.COST, figures.today.start, now)),
        "tokens today": exactly(truth.total(Metric.TOKENS, figures.today.start, now)),
        "this week": exactly(truth.total(Metric.COST, figures.this_week.start, now)),
        "this month": exactly(truth.total(Metric.COST, figures.this_month.start, now)),
        "last hour": exactly(truth.total(Metric.COST, (now - 3600) // 15 * 15, now)),
        "cost": exactly(truth.total(Metric.COST, start, end)),
        "tokens": exactly(truth.total(Metric.TOKENS, start, end)),
        "active": exactly(truth.total(Metric.ACTIVE_TIME, start, end)),
        "lines": exactly(truth.total(Metric.LINES, start, end, added)),
        "commits": exactly(truth.total(Metric.COMMITS, start, end)),
        "sessions": len(truth.sessions(start, end)),
        "models": {model: exactly(cost) for (model,), cost in models.items()},
        "dearest": [exactly(cost) for cost in sessions[: len(figures.range.top_sessions)]],
    }
