import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.errors import ClaudeFilesUnreadable
from ccmon_tray.sources.claude_files.stats_cache import StatsCache, load_stats_cache, parse_stats_cache

FIXTURE = Path(__file__).parents[2] / "fixtures" / "claude-config"
SOMEWHERE = Path("stats-cache.json")


def parse(**content: Any) -> StatsCache:
    return parse_stats_cache(content, SOMEWHERE)


def test_what_claude_code_wrote() -> None:
    cache = load_stats_cache([FIXTURE])
    assert cache is not None
    assert cache.path == FIXTURE / "stats-cache.json"
    assert (cache.version, cache.computed) == (4, date(2026, 11, 22))
    [day] = cache.days
    assert (day.day, day.messages, day.sessions, day.tool_calls) == (date(2026, 11, 20), 71, 5, 15)
    assert cache.tokens_by_day == ((date(2026, 11, 20), {"claude-opus-4-8": 15352}),)
    assert cache.models["claude-opus-4-8"].model_dump() == {
        "total": 3876 + 11476 + 190_000 + 76_000,
        "input": 3876,
        "output": 11476,
        "cache_read": 190_000,
        "cache_creation": 76_000,
    }
    assert (cache.sessions, cache.messages, cache.hours) == (5, 71, {2: 5})
    assert cache.longest is not None
    assert cache.longest.duration_s == 11.061
    assert cache.longest.messages == 7
    assert cache.first_session == datetime(2026, 11, 20, 2, 41, 56, 371000, tzinfo=UTC).timestamp()
    assert cache.covers == (date(2026, 11, 20), date(2026, 11, 22))
    assert not cache.daily_with_cache


def test_no_cache_is_none(tmp_path: Path) -> None:
    assert load_stats_cache([tmp_path, tmp_path / "nowhere"]) is None


def test_of_several_the_one_that_reaches_furthest_counts(tmp_path: Path) -> None:
    for name, day in (("a", "2026-11-01"), ("b", "2026-11-20"), ("c", None)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "stats-cache.json").write_text(json.dumps({"lastComputedDate": day}))
    cache = load_stats_cache([tmp_path / name for name in "abc"])
    assert cache is not None
    assert cache.path.parent.name == "b"


@pytest.mark.parametrize("content", ["", '{"version": 4, "daily', "[]", "null", "\x00\x01"])
def test_a_damaged_cache_is_an_error_with_a_cure(tmp_path: Path, content: str) -> None:
    (tmp_path / "stats-cache.json").write_text(content)
    with pytest.raises(ClaudeFilesUnreadable) as caught:
        load_stats_cache([tmp_path])
    assert str(tmp_path) in caught.value.cause
    assert "/stats" in caught.value.next_step


def test_nothing_but_a_version_is_unknown_not_zero() -> None:
    cache = parse(version=1)
    assert (cache.sessions, cache.messages, cache.longest, cache.first_session) == (None,) * 4
    assert cache.covers is None
    assert cache.models == {}


@pytest.mark.parametrize(("version", "with_cache"), [(None, False), (4, False), (5, True), (6, True)])
def test_from_version_5_on_the_days_contain_the_cache(version: int | None, with_cache: bool) -> None:
    assert parse(version=5, dailyModelTokensVersion=version).daily_with_cache is with_cache


def test_what_is_new_or_of_another_kind_is_passed_over() -> None:
    cache = parse(
        version=9,
        dailyActivity=[
            {"date": "2026-11-03", "messageCount": 4.0, "sparkles": 1},
            {"date": "2026-11-02", "messageCount": "many", "sessionCount": True},
            {"date": "someday"},
            "a day",
        ],
        dailyModelTokens={"2026-11-02": 5},
        modelUsage={"claude-opus-5": {"inputTokens": 5, "outputTokens": None}, "odd": 3, "<synthetic>": {}},
        hourCounts={"9": 3, "24": 4, "noon": 5, "10": -1},
        totalSessions=None,
        firstSessionDate="long ago",
        longestSession={"duration": 0},
    )
    assert [(day.day.day, day.messages, day.sessions) for day in cache.days] == [(2, 0, 0), (3, 4, 0)]
    assert cache.tokens_by_day == ()
    assert {model: tokens.total for model, tokens in cache.models.items()} == {"claude-opus-5": 5}
    assert cache.hours == {9: 3}
    assert (cache.sessions, cache.first_session, cache.longest) == (None, None, None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("version", "dailyActivity", "dailyModelTokens", "modelUsage", "hourCounts", "longestSession",
          "firstSessionDate", "lastComputedDate", "totalMessages")  # fmt: skip


@given(st.dictionaries(st.sampled_from(FIELDS), json_values))
def test_whatever_is_in_it_is_no_reason_to_fail(content: dict[str, Any]) -> None:
    cache = parse(**content)
    assert all(0 <= hour < 24 and count >= 0 for hour, count in cache.hours.items())
