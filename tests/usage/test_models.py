import json

import pytest
from pydantic import ValidationError

from ccmon_tray.usage.metrics import TokenType
from ccmon_tray.usage.models import (
    ActiveTime,
    EditDecisions,
    ModelUsage,
    RangeInfo,
    Report,
    SessionUsage,
    SourceInfo,
    StepUsage,
    Tokens,
    Totals,
    UsageWarning,
)
from ccmon_tray.usage.snapshot import Figures, Period, RangeUsage, Snapshot
from ccmon_tray.usage.states import SourceKind, State

TOKENS = Tokens(total=1, input=1, output=1, cache_read=1, cache_creation=1)
TOKEN_KEYS = {"total", "input", "output", "cache_read", "cache_creation"}
INFO = RangeInfo(
    name="7d", start=1_795_000_000, end=1_795_604_800, step_seconds=21_600, timezone="Europe/Berlin"
)


def full_report() -> Report:
    return Report(
        source=SourceInfo(kind=SourceKind.PROMETHEUS, url="http://localhost:9090", version="2.42.0"),
        range=INFO,
        state=State.FRESH,
        totals=Totals(
            cost_usd=12.34,
            tokens=TOKENS,
            active_time_seconds=ActiveTime(total=1, user=1, cli=1),
            sessions=1,
            lines_added=1,
            lines_removed=1,
            commits=1,
            pull_requests=1,
            edit_decisions=EditDecisions(accept=1, reject=0),
            cache_hit_ratio=0.9,
        ),
        by_model=(ModelUsage(model="claude-opus-4-8", name="Opus 4.8", cost_usd=1, tokens=TOKENS),),
        over_time=(StepUsage(start=1_795_000_000, end=1_795_021_600, cost_usd=1, tokens=1),),
        sessions=(
            SessionUsage(
                session_id="1a2b",
                project="shop",
                project_path="/home/dev/shop",
                first_seen=1,
                last_seen=1,
                messages=1,
                cost_usd=1,
                tokens=TOKENS,
                active_time_seconds=1,
            ),
        ),
        warnings=(UsageWarning(code="counter-resets", message="…", cure="…", sessions=("1a2b",)),),
    )


def test_the_report_keeps_every_key_it_promises() -> None:
    said = json.loads(full_report().model_dump_json(by_alias=True))
    assert said["schema"] == "ccmon-tray/report/1"
    assert said["source"] == {"kind": "prometheus", "url": "http://localhost:9090", "version": "2.42.0"}
    assert said["range"] == {
        "name": "7d",
        "start": 1_795_000_000,
        "end": 1_795_604_800,
        "step_seconds": 21_600,
        "timezone": "Europe/Berlin",
    }
    assert said["state"] == "fresh"
    assert set(said["totals"]) == {
        "cost_usd",
        "tokens",
        "active_time_seconds",
        "sessions",
        "lines_added",
        "lines_removed",
        "commits",
        "pull_requests",
        "edit_decisions",
        "cache_hit_ratio",
    }
    assert set(said["totals"]["tokens"]) == TOKEN_KEYS
    assert set(said["totals"]["active_time_seconds"]) == {"total", "user", "cli"}
    assert said["totals"]["edit_decisions"] == {"accept": 1, "reject": 0}
    assert set(said["by_model"][0]) >= {"model", "name", "cost_usd", "tokens"}
    assert set(said["by_model"][0]["tokens"]) == TOKEN_KEYS
    assert set(said["over_time"][0]) >= {"start", "end", "cost_usd", "tokens"}
    assert set(said["sessions"][0]) >= {
        "session_id",
        "project",
        "project_path",
        "first_seen",
        "last_seen",
        "messages",
        "cost_usd",
        "tokens",
        "active_time_seconds",
    }
    assert said["warnings"] == [{"code": "counter-resets", "message": "…", "cure": "…", "sessions": ["1a2b"]}]


def test_a_report_survives_its_json() -> None:
    report = full_report()
    assert Report.model_validate_json(report.model_dump_json(by_alias=True)) == report


def test_what_is_unknown_is_null_and_not_nothing() -> None:
    said = json.loads(Totals().model_dump_json())
    assert set(said.values()) == {None}
    assert Totals(cost_usd=0.0).cost_usd == 0.0


def test_models_cannot_be_changed_nor_given_unknown_fields() -> None:
    with pytest.raises(ValidationError):
        TOKENS.input = 5.0  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Tokens.model_validate({"inputs": 5})


def test_tokens_of_an_unknown_type_count_in_the_total() -> None:
    tokens = Tokens.from_types({TokenType.INPUT: 2.0, TokenType.CACHE_READ: 6.0, None: 10.0})
    assert tokens == Tokens(total=18, input=2, output=0, cache_read=6, cache_creation=0)


@pytest.mark.parametrize(
    ("tokens", "ratio"),
    [
        (Tokens(input=1, cache_read=7, cache_creation=2, output=1000), 0.7),
        (Tokens(output=5), None),
        (Tokens(input=5), 0.0),
    ],
)
def test_the_cache_hit_ratio_is_the_prompts_share_from_the_cache(tokens: Tokens, ratio: float | None) -> None:
    assert tokens.cache_hit_ratio == ratio


@pytest.mark.parametrize(
    ("cost", "before", "change"),
    [(112.0, 100.0, 0.12), (0.0, 50.0, -1.0), (5.0, 0.0, None), (5.0, None, None), (None, 5.0, None)],
)
def test_the_change_of_a_period(cost: float | None, before: float | None, change: float | None) -> None:
    period = Period(start=0, end=1, cost_usd=cost, previous_cost_usd=before)
    assert period.change == (None if change is None else pytest.approx(change))


def snapshot() -> Snapshot:
    period = Period(start=1_795_000_000, end=1_795_003_600, cost_usd=12.34)
    return Snapshot(
        source=SourceInfo(kind=SourceKind.DEMO),
        state=State.STALE,
        polled_at=1_795_003_700.0,
        taken_at=1_795_003_600.5,
        figures=Figures(
            today=period,
            this_week=period,
            this_month=period,
            last_hour_cost_usd=2.1,
            range=RangeUsage(info=INFO, totals=Totals(cost_usd=1.0)),
        ),
    )


def test_a_snapshot_survives_its_json_under_its_schema() -> None:
    text = snapshot().model_dump_json(by_alias=True)
    assert json.loads(text)["schema"] == "ccmon-tray/snapshot/1"
    assert Snapshot.model_validate_json(text) == snapshot()


def test_the_age_of_a_snapshot_is_that_of_its_figures_and_never_negative() -> None:
    assert snapshot().age_s(1_795_003_660.5) == 60.0
    assert snapshot().age_s(1_795_000_000.0) == 0.0
    nothing = snapshot().model_copy(update={"taken_at": None, "figures": None})
    assert nothing.age_s(1_795_003_660.5) is None
