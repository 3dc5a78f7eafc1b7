"""Selectors, matchers and spellings as PromQL wants them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.errors import SettingsError
from ccmon_tray.sources.prometheus.promql import (
    Matcher,
    Selector,
    Spelling,
    increase,
    one_of,
    parse_matchers,
    quoted,
)

UNDERSCORES = Spelling()
VICTORIA = Spelling(dotted=True, backslash=True)
PROMETHEUS_3 = Spelling(dotted=True)


def test_selectors_in_each_spelling() -> None:
    matchers = (Matcher("session_id", "=", "abc"), Matcher("query_source", "!=", "main"))
    assert str(Selector(("m",), matchers, UNDERSCORES)) == (
        '{__name__="m", session_id="abc", query_source!="main"}'
    )
    assert 'session\\.id="abc"' in str(Selector(("m",), matchers, VICTORIA))
    assert '"session.id"="abc"' in str(Selector(("m",), matchers, PROMETHEUS_3))
    assert 'query_source!="main"' in str(Selector(("m",), matchers, PROMETHEUS_3))
    assert PROMETHEUS_3.by(("user_account_uuid", "model")) == '"user.account_uuid", model'


def test_windows_are_written_to_the_millisecond() -> None:
    selector = Selector(("m",), (), UNDERSCORES)
    assert selector.last(0.5, offset_s=60) == 'last_over_time({__name__="m"}[500ms] offset 60000ms)'
    assert "[60000ms]" in increase(selector, 60, 120)
    assert "[120000ms] offset 60000ms" in increase(selector, 60, 120)


def test_literal_values_are_escaped_in_alternatives() -> None:
    assert one_of("model", ["a.b", "c|d"]) == Matcher("model", "=~", "a\\.b|c\\|d")
    assert one_of("model", ["a.b"], negate=True) == Matcher("model", "!=", "a.b")
    assert quoted('a"b\\c\nd') == '"a\\"b\\\\c\\nd"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("{}", ()),
        ('{user_email="a@b.c"}', (Matcher("user_email", "=", "a@b.c"),)),
        ("user_email='a\"b', job=~`x.+`,", (Matcher("user_email", "=", 'a"b'), Matcher("job", "=~", "x.+"))),
        ('{"user.email"!="x", job!~"y|z"}', (Matcher("user_email", "!=", "x"), Matcher("job", "!~", "y|z"))),
        ('a="say \\"hi\\", \\\\ \\n"', (Matcher("a", "=", 'say "hi", \\ \n'),)),
        ('a="}{,"', (Matcher("a", "=", "}{,"),)),
    ],
)
def test_matchers_of_a_person(text: str, expected: tuple[Matcher, ...]) -> None:
    assert parse_matchers(text) == expected


@pytest.mark.parametrize("text", ["user_email", 'a="b" c="d"', "a=b", '{a="b"', 'a=~"("', 'a="b"} or up{'])
def test_what_is_no_matcher_is_refused(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_matchers(text)
    assert "prometheus.matchers" in str(refused.value)
    assert refused.value.next_step


@given(st.text(max_size=30))
def test_any_value_survives_writing_and_reading(value: str) -> None:
    written = Matcher("label", "=", value).written(UNDERSCORES)
    assert parse_matchers("{" + written + "}") == (Matcher("label", "=", value),)
