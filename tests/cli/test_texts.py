from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.cli import tables
from ccmon_tray.cli.texts import report_text, snapshot_text
from ccmon_tray.errors import SourceUnreachable
from ccmon_tray.sources.reports import build_report
from ccmon_tray.sources.snapshots import SnapshotBuilder
from ccmon_tray.usage import wording
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import UsageWarning
from ccmon_tray.usage.windows import RANGE_NAMES, Calendar, resolve
from tests.support.fake_source import FakeSource, request

UTC = Calendar(ZoneInfo("UTC"), "UTC")
NOW = UTC.midnight(UTC.day_of(1_795_600_000)) + 15 * 3600
WARNING = UsageWarning(
    code="two-writers",
    message="Two processes wrote the same counters for 2 sessions at the same time, so that their figures "
    "may be too high by up to as much again.",
    cure="Give each process a session of its own.",
    sessions=("3f2c920b-2261-e90e-e93d-67854559a85a",),
)


@pytest.fixture(autouse=True)
def _eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def _source() -> FakeSource:
    return FakeSource(
        [
            *request(NOW - 60, "3f2c920b-2261", 1.5, {"input": 10, "cacheRead": 30}),
            *request(NOW - 90, "3f2c920b-2261", 2.0, {"input": 10}, model="claude-opus-4-8[1m]"),
            *request(NOW - 3600, "90253557-5f5a", 1234.5, {"output": 5}, model="claude-haiku-4-5"),
        ],
        warned=(WARNING,),
    )


def test_variants_of_a_model_are_one_row_for_people() -> None:
    text = report_text(build_report(_source(), resolve("today", NOW, UTC), UTC), UTC)

    rows = [line.split() for line in text.splitlines() if line.startswith(("Opus", "Haiku"))]
    assert rows == [
        ["Haiku", "4.5", "$1,234.50", "5", "0", "5", "0", "0"],
        ["Opus", "4.8", "$3.50", "50", "20", "0", "30", "0"],
    ]


def test_warnings_stand_below_with_their_cures() -> None:
    text = report_text(build_report(_source(), resolve("today", NOW, UTC), UTC), UTC)

    below = text[text.index("Session ") :]
    assert "Warning: Two processes wrote" in below
    assert "  Cure: Give each process a session of its own.\n" in below
    assert max(map(len, text.splitlines())) <= 80


def test_long_names_are_shortened_and_numbers_never() -> None:
    user = {Label.USER_EMAIL: "a.very.long.name.indeed" * 3 + "@department.example.com"}
    source = FakeSource(request(NOW - 60, "s", 1234.5, {"input": 123_456_789}, user=user))

    text = report_text(build_report(source, resolve("today", NOW, UTC), UTC, by="user"), UTC)

    (row,) = (line for line in text.splitlines() if line.startswith("a.very"))
    assert len(row) <= 80
    assert "…" in row
    assert "$1,234.50" in row
    assert row.count("123M") == 2


def test_an_unknown_value_is_a_dash_and_never_a_zero() -> None:
    source = _source()
    source.metrics = (Metric.TOKENS,)

    text = report_text(build_report(source, resolve("today", NOW, UTC), UTC), UTC)

    assert "$" not in text
    (cost,) = (line for line in text.splitlines() if line.startswith("Cost"))
    assert cost.split()[1] == "–"


def test_stale_figures_say_how_old_they_are() -> None:
    source = _source()
    builder = SnapshotBuilder(source, UTC)
    good = builder.build("today", NOW, None)
    source.error = SourceUnreachable("Nothing answers")

    text = snapshot_text(builder.build("today", NOW + 180, good), NOW + 200, UTC)

    assert "Stale: these are the last good figures, read 3 min ago" in text
    assert "$1,238.00" in text


def test_every_range_has_a_title() -> None:
    titles = [wording.range_title(name) for name in RANGE_NAMES]
    assert titles[:6] == [
        "Last 15 minutes", "Last hour", "Last 4 hours", "Last 24 hours", "Last 7 days", "Last 30 days",
    ]  # fmt: skip
    assert titles[7:] == ["Today", "Yesterday", "This week", "Last week", "This month", "Last month"]


def test_a_table_aligns_words_left_and_numbers_right() -> None:
    table = tables.table(("Model", "Cost"), [("Opus", "$1.00"), ("Haiku 4.5", "$1,234.00")], width=80)

    assert table.splitlines() == [
        "Model           Cost",
        "────────────────────",
        "Opus           $1.00",
        "Haiku 4.5  $1,234.00",
    ]
