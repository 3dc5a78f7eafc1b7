import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ccmon_tray.dashboard.views.stats_cache import StatsCacheView
from ccmon_tray.dashboard.views.stats_cache_words import span_of_days
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.settings import ClaudeSettings
from ccmon_tray.settings_file import load
from ccmon_tray.sources.claude_files import LocalFiles
from ccmon_tray.usage import formatting
from tests.support.dashboard import await_drawn, pump
from tests.support.fake_source import FakeSource
from tests.support.views import OpenView, cut_words

FIXTURE = Path(__file__).parents[2] / "fixtures" / "claude-config"


def stats_view(window: DashboardWindow) -> StatsCacheView:
    view = window.page.view
    assert isinstance(view, StatsCacheView)
    return view


def small(view: StatsCacheView) -> dict[str, str]:
    return {card.title: card.figure for card in view.more_cards}


def files(folder: Path, content: dict[str, Any] | str | None = None) -> LocalFiles:
    if content is not None:
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / "stats-cache.json").write_text(text)
    return LocalFiles(ClaudeSettings(config_dir=folder))


def test_what_claude_code_counted(open_view: OpenView) -> None:
    window = open_view("stats-cache", files=files(FIXTURE), source=FakeSource())
    view = stats_view(window)

    cost = (3876 * 5 + 11476 * 25 + 190_000 * 0.5 + 76_000 * 6.25) / 1e6
    assert [card.figure for card in view.main_cards] == [formatting.money(cost), "281k", "71"]
    assert small(view) == {
        "Sessions": "5",
        "Active days": "1",
        "Peak hour": "02:00–03:00",
        "Longest session": "11s",
        "First session": "20 Nov 2026",
        "Last day covered": "22 Nov 2026",
    }
    [row] = view.models.rows
    assert row.cells == ("Opus 4.8", "$0.88", "100.0 %", "281k", "3.9k", "11.5k", "190k", "76.0k")
    days, hours = view.charts
    assert len(days.table().rows) == 30
    assert [value for _, value in days.table().rows if value] == [71.0]
    assert hours.table().rows[2] == ("02:00–03:00", 5.0)
    assert view.subtitle(window.page.reading) == "As Claude Code counts it, 20 Nov – 22 Nov 2026"
    facts = {fact.title: fact.value for fact in view.facts.facts}
    assert facts["File"].endswith("stats-cache.json, version 4")
    assert facts["Prices"] == "Anthropic list prices, October 2026"
    assert not view.banner.winfo_manager()


def test_the_days_show_what_is_chosen(open_view: OpenView) -> None:
    window = open_view("stats-cache", files=files(FIXTURE), source=FakeSource())
    view = stats_view(window)
    view.switch.focus_force()
    pump(window.root, lambda: view.switch.focused, "the focus")
    view.switch.event_generate("<Right>")
    await_drawn(window)
    assert sum(float(value or 0) for _, value in view.charts[0].table().rows) == 5
    again = stats_view(open_view("stats-cache", files=files(FIXTURE), memory=window.memory))
    assert again.switch.chosen == "sessions"


def test_the_demo_has_one_and_says_that_it_is_generated(open_view: OpenView) -> None:
    view = stats_view(open_view("stats-cache"))
    assert {fact.title: fact.value for fact in view.facts.facts}["File"] == "generated"
    assert view.main_cards[0].figure.startswith("$3,")
    assert all(cost != "unpriced" for row in view.models.rows for cost in row.cells[1:2])


def test_none_is_said_with_where_it_was_looked_for(open_view: OpenView, tmp_path: Path) -> None:
    window = open_view("stats-cache", files=files(tmp_path), source=FakeSource())
    view = stats_view(window)
    assert view.panel.winfo_viewable()
    assert not view.content.winfo_viewable()
    assert window.tables() == ()
    assert view.charts == []
    assert not window.page._scrolled or not window.page._scrolled._bar_shown

    (tmp_path / "stats-cache.json").write_bytes((FIXTURE / "stats-cache.json").read_bytes())
    window.reload()
    pump(window.root, view.content.winfo_viewable, "the figures")
    assert not view.panel.winfo_viewable()
    assert len(view.charts) == 2


def test_a_damaged_one_is_an_error_with_a_cure(open_view: OpenView, tmp_path: Path) -> None:
    window = open_view("stats-cache", files=files(tmp_path, '{"version": 4, "dai'), source=FakeSource())
    assert window.page.covered
    note = window.page._panel._note
    assert note is not None
    assert note.title == "The stats cache cannot be read, since 15:12"
    assert any("/stats" in line for line in note.body)


def test_models_without_a_price_are_named(open_view: OpenView, tmp_path: Path) -> None:
    content = {
        "modelUsage": {
            "claude-opus-4-8": {"outputTokens": 1_000_000},
            "claude-opus-99": {"outputTokens": 5_000_000},
        }
    }
    view = stats_view(open_view("stats-cache", files=files(tmp_path, content), source=FakeSource()))
    assert view.main_cards[0].figure == "$25.00"
    assert [row.cells[:2] for row in view.models.rows] == [("Opus 4.8", "$25.00"), ("Opus 99", "unpriced")]
    assert view.banner._note is not None
    assert "Opus 99" in view.banner._note.body[0]
    assert view.banner.winfo_manager()


def test_one_that_lags_says_by_how_much(open_view: OpenView, tmp_path: Path) -> None:
    content = {"dailyActivity": [{"date": "2026-11-02", "messageCount": 3}], "lastComputedDate": "2026-11-12"}
    view = stats_view(open_view("stats-cache", files=files(tmp_path, content), source=FakeSource()))
    assert view.banner._note is not None
    assert "12 Nov 2026, 10 days before yesterday" in view.banner._note.body[0]


def test_what_is_not_said_is_unknown(open_view: OpenView, tmp_path: Path) -> None:
    view = stats_view(open_view("stats-cache", files=files(tmp_path, {"version": 2}), source=FakeSource()))
    assert {card.figure for card in (*view.main_cards, *view.more_cards)} == {formatting.UNKNOWN}


def test_prices_are_those_of_the_provider_in_the_settings(open_view: OpenView) -> None:
    given = {"pricing": {"provider": "bedrock", "regional": True}}
    view = stats_view(open_view("stats-cache", files=files(FIXTURE), settings=given))
    assert view.main_cards[0].figure == "$0.96"
    assert (view.provider.chosen, view.regional.chosen) == ("bedrock", "True")
    assert view.regional.winfo_viewable()


def test_another_provider_is_saved_for_all(open_view: OpenView) -> None:
    window = open_view("stats-cache", files=files(FIXTURE))
    view = stats_view(window)
    told: list[bool] = []
    window.on_settings_changed = lambda: told.append(True)
    assert not view.regional.winfo_viewable()
    view.provider.focus_force()
    pump(window.root, lambda: view.provider.focused, "the focus")
    view.provider.event_generate("<Right>")
    assert load(window.services.paths, {}).settings.pricing.provider == "bedrock"
    assert told == [True]
    # Nobody took it up here: what is shown is still what counts.
    assert view.provider.chosen == "anthropic"


def test_export_is_exact(open_view: OpenView) -> None:
    window = open_view("stats-cache", files=files(FIXTURE))
    tables = {table.name: table for table in window.tables()}
    [model] = tables["by_model"].rows
    assert model[0] == "claude-opus-4-8"
    assert model[3:] == (281_352, 3876, 11_476, 190_000, 76_000)
    assert ("last_day", "2026-11-22") in tables["figures"].rows
    assert ("2026-11-20", 71, 5, 15) in tables["days"].rows
    assert tables["hours"].rows[2] == (2, 5)


@pytest.mark.parametrize("size", [(800, 600), (1180, 800), (1600, 1000)])
@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_no_words_are_cut(open_view: OpenView, size: tuple[int, int], scale: float) -> None:
    assert cut_words(open_view("stats-cache", size=size, scale=scale)) == []


def test_spans_of_days_in_words() -> None:
    assert span_of_days(date(2026, 11, 20), date(2026, 11, 20)) == "20 Nov 2026"
    assert span_of_days(date(2026, 10, 5), date(2026, 11, 20)) == "5 Oct – 20 Nov 2026"
    assert span_of_days(date(2025, 10, 5), date(2026, 11, 20)) == "5 Oct 2025 – 20 Nov 2026"
