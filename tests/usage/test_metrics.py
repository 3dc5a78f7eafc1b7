import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.usage.metrics import Label, Metric, TokenType, canonical_label, canonical_metric, token_type

# The eight counters as each kind of store spells them.
USUAL = {
    Metric.COST: "claude_code_cost_usage_USD_total",
    Metric.TOKENS: "claude_code_token_usage_tokens_total",
    Metric.ACTIVE_TIME: "claude_code_active_time_seconds_total",
    Metric.SESSIONS: "claude_code_session_count_total",
    Metric.LINES: "claude_code_lines_of_code_count_total",
    Metric.COMMITS: "claude_code_commit_count_total",
    Metric.PULL_REQUESTS: "claude_code_pull_request_count_total",
    Metric.EDIT_DECISIONS: "claude_code_code_edit_tool_decision_total",
}
WITHOUT_SUFFIXES = {
    Metric.COST: "claude_code_cost_usage",
    Metric.TOKENS: "claude_code_token_usage",
    Metric.ACTIVE_TIME: "claude_code_active_time_total",
    Metric.SESSIONS: "claude_code_session_count",
    Metric.LINES: "claude_code_lines_of_code_count",
    Metric.COMMITS: "claude_code_commit_count",
    Metric.PULL_REQUESTS: "claude_code_pull_request_count",
    Metric.EDIT_DECISIONS: "claude_code_code_edit_tool_decision",
}
OWN_EXPORTER = {
    **{metric: f"{name}_total" for metric, name in WITHOUT_SUFFIXES.items()},
    Metric.ACTIVE_TIME: "claude_code_active_time_total",
}
DOTTED = {metric: f"claude_code.{metric.value}" for metric in Metric}
ALSO_SEEN = (
    (Metric.ACTIVE_TIME, "claude_code_active_time_total_seconds_total"),
    (Metric.COST, "claude_code_cost_usage_usd_total"),
)
SPELLINGS = [
    *(
        (metric, name)
        for names in (USUAL, WITHOUT_SUFFIXES, OWN_EXPORTER, DOTTED)
        for metric, name in names.items()
    ),
    *ALSO_SEEN,
]


@pytest.mark.parametrize(("metric", "name"), SPELLINGS)
def test_every_spelling_is_the_same_metric(metric: Metric, name: str) -> None:
    assert canonical_metric(name) is metric


@pytest.mark.parametrize(("metric", "name"), SPELLINGS)
@pytest.mark.parametrize("namespace", ["otel_", "otel.", "team_claude_code_", "a:b_"])
def test_a_namespace_in_front_does_not_matter(metric: Metric, name: str, namespace: str) -> None:
    assert canonical_metric(namespace + name) is metric


@pytest.mark.parametrize(
    "name",
    [
        "",
        "claude_code",
        "claude_code_",
        "cost_usage",
        "claude_code_cost_usage_USD_created",
        "claude_code_cost_usage_USD_total:sum5m",
        "claude_code_request_duration_seconds_bucket",
        "claude_code_cost_usages",
        "go_goroutines",
    ],
)
def test_other_names_are_no_metric_of_ours(name: str) -> None:
    assert canonical_metric(name) is None


@given(st.text())
def test_no_name_breaks_it(name: str) -> None:
    assert canonical_metric(name) is None or "claude" in name.lower()


def test_each_metric_has_a_spelling_in_every_store() -> None:
    for names in (USUAL, WITHOUT_SUFFIXES, OWN_EXPORTER, DOTTED):
        assert set(names) == set(Metric)


@pytest.mark.parametrize(
    ("spelled", "kind"),
    [
        ("input", TokenType.INPUT),
        ("output", TokenType.OUTPUT),
        ("cacheRead", TokenType.CACHE_READ),
        ("cache_read", TokenType.CACHE_READ),
        ("cacheCreation", TokenType.CACHE_CREATION),
        ("cache_creation", TokenType.CACHE_CREATION),
        ("thinking", None),
        ("", None),
    ],
)
def test_token_types_old_and_new(spelled: str, kind: TokenType | None) -> None:
    assert token_type(spelled) is kind


@pytest.mark.parametrize(
    ("dotted", "label"),
    [("session.id", Label.SESSION), ("user.account_uuid", Label.USER_ACCOUNT), ("model", Label.MODEL)],
)
def test_labels_lose_their_dots(dotted: str, label: Label) -> None:
    assert canonical_label(dotted) == label
