"""Exports of one commit, and what is kept of them."""

from pathlib import Path

from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.collector.source import CollectorSource
from ccmon_tray.usage.metrics import Label, Metric
from tests.sources.collector.sending import DELTA, Data, export

NOW = 1_795_400_000
ALL = Span(NOW - 86_400, NOW + 86_400)
ROOT = Path(__file__).parents[3]


def commit(session: str, at: float = NOW) -> bytes:
    return export([Data(Metric.COMMITS, (("session_id", session),), at - 1, at, 1)], DELTA)


def commits(path: Path) -> dict[str, float]:
    source = CollectorSource(path, clock=lambda: NOW)
    [answer] = source.ask([Question(Metric.COMMITS, ALL, (Label.SESSION,))])
    source.close()
    return {row.key[0]: row.total for row in answer.rows}
