from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.settings import Settings
from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.choose import open_files
from ccmon_tray.sources.claude_files import LocalFiles
from ccmon_tray.sources.demo import DemoFiles, DemoSource
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.windows import Calendar
from tests.support.fake_source import FakeSource

DAY = 86_400
BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
NOW = int(datetime(2026, 11, 23, 14, 12, tzinfo=UTC).timestamp())  # a Monday
SOURCE = DemoSource(BERLIN, clock=lambda: NOW)
FILES = DemoFiles(BERLIN, clock=lambda: NOW)


def test_each_session_of_the_demo_has_a_project() -> None:
    history = FILES.history()
    for seen in SOURCE.sessions_seen(Span(NOW - 90 * DAY, NOW - 3600)):
        name, path = history.project_of(seen.session_id)
        assert name, seen
        assert path == f"/home/dev/{name}"
    assert set(history.names.values()) == {"shop", "api", "research", "dotfiles", "infra"}


def test_messages_lie_within_their_sessions_and_before_now() -> None:
    history = FILES.history()
    for seen in SOURCE.sessions_seen(Span(NOW - 5 * DAY, NOW)):
        record = history.sessions.get(seen.session_id)
        if record is not None and record.first > NOW - 5 * DAY:
            assert seen.first <= record.first <= record.last <= seen.last
            assert record.messages == len(record.moments)
    assert max(history.moments) <= NOW
    assert (history.messages(NOW - 7 * DAY, NOW) or 0) > 100


def test_the_stats_cache_ends_yesterday_and_tells_the_sources_tokens() -> None:
    cache = FILES.stats_cache()
    today = BERLIN.day_of(NOW)
    assert cache.covers is not None
    first, last = cache.covers
    assert last == today - timedelta(days=1)
    assert (last - first).days == 399
    span = Span(BERLIN.midnight(today - timedelta(days=1)), BERLIN.midnight(today))
    rows = SOURCE.ask(
        [Question(Metric.TOKENS, span, (Label.MODEL,), where=((Label.QUERY_SOURCE, ("main",)),))]
    )
    day, tokens = cache.tokens_by_day[-1]
    assert day == last
    assert tokens == {row.key[0]: pytest.approx(row.total) for row in rows[0].rows}
    assert cache.messages == sum(activity.messages for activity in cache.days)
    assert sum(cache.hours.values()) == cache.sessions
    assert cache.longest is not None
    assert 1800 < cache.longest.duration_s < 10 * 3600


def test_a_demo_has_generated_files_and_all_others_have_those_of_the_machine() -> None:
    assert isinstance(open_files(SOURCE, Settings(), BERLIN), DemoFiles)
    assert isinstance(open_files(FakeSource(), Settings(), BERLIN), LocalFiles)
