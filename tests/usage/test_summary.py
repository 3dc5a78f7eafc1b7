from zoneinfo import ZoneInfo

from ccmon_tray.usage.summary import one_line, summary
from ccmon_tray.usage.windows import Calendar
from tests.support.snapshots import MIDNIGHT, NOW, every_state, figures, fresh

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")


def test_the_summary_says_when_and_that_it_is_an_estimate() -> None:
    assert summary(fresh(), now=NOW, calendar=BERLIN).splitlines() == [
        "Claude Code usage, 2026-11-23 14:11 (API-equivalent estimate, not a bill)",
        "Today: $12.34, 5.6M tokens",
        "This week: $84.10",
        "This month: $312.40",
        "Opus 4.8: $10.20 (today)",
        "Sonnet 5.5: $1.61 (today)",
        "Haiku 4.5: $0.42 (today)",
        "Haiku 5.5: $0.11 (today)",
    ]


def test_variants_of_one_model_are_one_line() -> None:
    opus = figures().range.by_model[0]
    usage = figures().range.model_copy(
        update={"by_model": (opus, opus.model_copy(update={"model": "claude-opus-4-8[1m]"}))}
    )
    snapshot = fresh().model_copy(update={"figures": figures().model_copy(update={"range": usage})})

    assert summary(snapshot, now=NOW, calendar=BERLIN).splitlines()[4:] == ["Opus 4.8: $20.40 (today)"]


def test_a_demo_says_so_wherever_it_is_pasted() -> None:
    assert "Demo" in summary(every_state()["demo"], now=NOW, calendar=BERLIN)


def test_an_old_reading_is_not_called_today() -> None:
    words = summary(every_state()["stale"], now=MIDNIGHT + 86_400, calendar=BERLIN)

    assert "Mon 23 Nov: $12.34" in words
    assert "Today" not in words


def test_there_is_no_summary_of_nothing() -> None:
    assert summary(every_state()["offline"], now=NOW, calendar=BERLIN) == ""


def test_one_line_for_a_terminal() -> None:
    assert one_line(fresh(), now=NOW) == (
        "Prometheus: fresh · $12.34 today, $84.10 this week, $312.40 this month"
    )
    assert one_line(every_state()["stale"], now=NOW) == (
        "Prometheus: stale · $12.34 today, $84.10 this week, $312.40 this month · read 14 min ago · "
        "Prometheus cannot be reached: nothing listens on http://localhost:9090. "
        "Start Prometheus, or set prometheus.url in the settings."
    )
    assert "$" not in one_line(every_state()["offline"], now=NOW)
