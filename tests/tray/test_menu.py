from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.settings import Settings, TraySettings
from ccmon_tray.tray.menu import GLYPHS, build_menu
from ccmon_tray.tray.model import Action, Command, MenuItem
from ccmon_tray.usage.models import UsageWarning
from ccmon_tray.usage.snapshot import Problem, Snapshot
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import RANGE_NAMES, Calendar
from tests.support.snapshots import MIDNIGHT, NOW, every_state, figures, fresh

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")


def menu(snapshot: Snapshot | None, *, now: float = NOW, chosen: str = "today") -> dict[str, MenuItem]:
    settings = Settings(tray=TraySettings(range=chosen))
    items = build_menu(snapshot, now=now, calendar=BERLIN, settings=settings)
    return {item.key: plain(item) for item in items}


def plain(item: MenuItem) -> MenuItem:
    """The item with the wide gap between name and figure as a common space, for readable expectations."""
    label = item.label.replace("\N{EM SPACE}", " ")
    return replace(item, label=label, children=tuple(map(plain, item.children)))


def labels(items: Iterable[MenuItem]) -> list[str]:
    return [item.label for item in items]


def every(items: Iterable[MenuItem]) -> Iterator[MenuItem]:
    for item in items:
        yield item
        yield from every(item.children)


def test_every_number_of_a_fresh_snapshot_is_there() -> None:
    items = menu(fresh())

    assert items["status"].label == "● Prometheus · updated 14:11"
    assert items["today"].label == "Today $12.34 · 5.6M tokens"
    assert items["week"].label == "This week $84.10 ▲ 12 % on last week"
    assert items["month"].label == "This month $312.40 → $398 by month’s end"
    assert items["last-hour"].label == "Last hour $2.10"
    assert items["range.total"].label == "$12.34 · 5.6M tokens · 5 sessions"
    assert items["range.work"].label == "Active 2h 14m · +512 −98 · 3 commits · 1 PR"
    assert labels(items["models"].children) == [
        "Opus 4.8 $10.20 · 3.1M tokens",
        "Sonnet 5.5 $1.61 · 1.9M tokens",
        "Haiku 4.5 $0.42 · 590k tokens",
        "Haiku 5.5 $0.11 · 11.0k tokens",
    ]
    assert labels(items["sessions"].children) == [
        "shop $4.10 · 12 min ago",
        "infra $3.87 · 1 h ago",
        "0b1f22aa $2.11 · 3 h ago",
        "a-project-with-a-very-long-name-indeed $1.14 · 4 h ago",
    ]
    assert "estimate" in items["estimate"].label


def test_the_commands_are_those_people_look_for() -> None:
    items = menu(fresh())

    assert {key: items[key].command for key in ("dashboard", "refresh", "copy", "settings", "quit")} == {
        "dashboard": Command(Action.OPEN_DASHBOARD),
        "refresh": Command(Action.REFRESH),
        "copy": Command(Action.COPY_SUMMARY),
        "settings": Command(Action.OPEN_SETTINGS),
        "quit": Command(Action.QUIT),
    }
    assert [item.key for item in items.values() if item.default] == ["dashboard"]


def test_each_figure_opens_the_view_that_tells_more_of_it() -> None:
    items = menu(fresh(), chosen="today")
    keys = ("today", "week", "month", "last-hour", "range.total", "range.work")
    first = [items[key].children[0] for key in ("models", "sessions")]

    opened = [item.command for item in (*(items[key] for key in keys), *first)]

    assert all(command is not None and command.action is Action.OPEN_DASHBOARD for command in opened)
    assert [command.argument for command in opened if command] == [
        *("summary today", "summary this week", "summary this month", "summary 1h"),
        *("summary today", "summary today", "tokens today", "sessions today"),
    ]
    warning = menu(every_state()["warned"])["warnings"].children[0]
    assert warning.command == Command(Action.OPEN_DASHBOARD, "smoke-test")


def test_the_range_submenu_offers_each_range_once_and_marks_the_chosen_one() -> None:
    choice = menu(fresh(), chosen="7d")["range"]

    assert choice.label == "Range: Last 7 days"
    assert {item.command for item in choice.children} == {Command(Action.SET_RANGE, n) for n in RANGE_NAMES}
    assert all(item.kind == "radio" for item in choice.children)
    assert [item.label for item in choice.children if item.checked] == ["Last 7 days"]


def test_figures_of_another_range_are_not_passed_off_as_the_chosen_one() -> None:
    waiting = menu(fresh(), chosen="7d")
    failed = menu(every_state()["stale"], chosen="7d")

    assert waiting["range.total"].label == "Reading…"
    assert failed["range.total"].label == "Not read yet"
    assert not {"range.work", "models", "sessions"} & (waiting.keys() | failed.keys())


def test_before_the_first_reading_there_are_no_figures_but_all_that_works() -> None:
    items = menu(None)

    assert items["status"].label == "◎ Reading…"
    assert not {"today", "range.total", "copy"} & items.keys()
    assert {"range", "dashboard", "refresh", "settings", "quit"} <= items.keys()


def test_states_differ_by_the_glyph_alone() -> None:
    assert len(set(GLYPHS.values())) == len(State)


@pytest.mark.parametrize("name", every_state())
def test_every_state_has_its_glyph_and_sound_items(name: str) -> None:
    snapshot = every_state()[name]
    items = build_menu(snapshot, now=NOW, calendar=BERLIN, settings=Settings())

    assert items[0].label.startswith(GLYPHS[snapshot.state] + " ")
    assert all(item.label or item.kind == "separator" for item in every(items))
    for siblings in (items, *(item.children for item in every(items))):
        keys = [item.key for item in siblings]
        assert len(keys) == len(set(keys))
    assert not any(item.children and item.command for item in every(items))


def test_a_stale_snapshot_says_its_age_what_is_wrong_since_when_and_what_to_do() -> None:
    items = menu(every_state()["stale"])

    assert items["status"].label == "◐ Prometheus · last read 13:58, 14 min ago"
    assert items["problem"].label == "⚠ Prometheus cannot be reached · since 13:58"
    assert items["problem.cause.0"].label == "Nothing listens on http://localhost:9090"
    assert items["problem.next.0"].label == "→ Start Prometheus, or set prometheus.url in the settings"
    assert items["problem.next.0"].command == Command(Action.OPEN_SETTINGS)
    assert items["today"].label.startswith("Today $12.34")
    assert items["last-hour"].label == "Hour to 13:58 $2.10"


def test_offline_shows_no_number_at_all() -> None:
    items = menu(every_state()["offline"])

    assert items["status"].label == "○ Prometheus · offline"
    assert not any("$" in item.label for item in every(items.values()))


def test_missing_telemetry_says_how_to_switch_it_on() -> None:
    items = menu(every_state()["no-telemetry"])

    words = " ".join(
        label for key, item in items.items() if key.startswith("problem") for label in [item.label]
    )
    assert "CLAUDE_CODE_ENABLE_TELEMETRY=1" in words
    assert "OTEL_METRICS_EXPORTER" in words


def test_an_unknown_value_is_a_dash_never_zero() -> None:
    items = menu(every_state()["unknown"])

    assert items["today"].label == "Today –"
    assert items["range.total"].label == "–"
    assert "range.work" not in items


def test_a_demo_says_that_its_figures_are_generated() -> None:
    assert menu(every_state()["demo"])["status"].label == "● Demo · generated figures · updated 14:11"


def test_a_reading_from_before_midnight_is_not_called_today() -> None:
    snapshot = every_state()["stale"]
    after = MIDNIGHT + 24 * 3600 + 60
    assert menu(snapshot, now=after - 120)["today"].label.startswith("Today")

    items = menu(snapshot, now=after)

    assert items["today"].label.startswith("Mon 23 Nov $12.34")
    assert items["status"].label.startswith("◐ Prometheus · last read Mon 23 Nov 13:58, 10 h ago")
    assert items["week"].label.startswith("This week")
    later = menu(snapshot, now=MIDNIGHT + 8 * 86_400)
    assert later["week"].label.startswith("Week of 23 Nov $84.10 ▲ 12 % on the week before")
    assert later["month"].label == "November $312.40"


def test_warnings_and_their_cures_are_a_submenu() -> None:
    warnings = menu(every_state()["warned"])["warnings"]

    assert warnings.label == "⚠ 3 warnings"
    text = " ".join(labels(warnings.children))
    assert "counters that jump back" in text
    assert "→ Set OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=cumulative" in text


def test_notices_are_shown() -> None:
    items = menu(every_state()["warned"])

    assert items["notice.0.0"].label.startswith("! The settings file was damaged and is kept as")


def test_prose_is_wrapped_since_menus_are_not() -> None:
    problem = Problem(code="denied", title="No", cause="word " * 60, next_step="step " * 60, since=NOW)
    warning = UsageWarning(code="x", message="word " * 60, cure="cure " * 60)
    changes = {"problem": problem, "warnings": (warning,), "notices": ("note " * 60,)}
    items = menu(fresh().model_copy(update=changes))

    assert max(len(item.label) for item in every(items.values())) <= 64
    assert sum(item.label.lower().count("word") for item in items.values()) == 60


def test_variants_of_one_model_are_one_row_as_everywhere() -> None:
    first = figures().range.by_model[0]
    twin = first.model_copy(update={"model": "claude-opus-4-8[1m]", "cost_usd": 1.0})
    usage = figures().range.model_copy(update={"by_model": (first, twin)})
    snapshot = fresh().model_copy(update={"figures": figures().model_copy(update={"range": usage})})

    assert labels(menu(snapshot)["models"].children) == ["Opus 4.8 $11.20 · 6.2M tokens"]


@pytest.mark.parametrize("name", every_state())
def test_time_alone_changes_the_menu_once_a_minute_at_most(name: str) -> None:
    snapshot = every_state()[name]
    menus = [
        build_menu(snapshot, now=NOW + second, calendar=BERLIN, settings=Settings()) for second in range(600)
    ]

    changes = sum(before != after for before, after in pairwise(menus))
    # Ages of the reading and of four sessions each turn once a minute, not all at the same second.
    assert changes <= 10 * 5


def test_keys_stay_when_figures_change() -> None:
    before = menu(fresh())
    dearer = figures().model_copy(update={"last_hour_cost_usd": 3.0})
    after = menu(fresh().model_copy(update={"figures": dearer, "taken_at": NOW + 30.0}), now=NOW + 30)

    assert list(before) == list(after)
    assert before["last-hour"] != after["last-hour"]


def test_start_at_login_is_a_mark_where_it_is_offered() -> None:
    def line(starts_at_login: bool | None) -> MenuItem | None:
        items = build_menu(
            fresh(), now=NOW, calendar=BERLIN, settings=Settings(), starts_at_login=starts_at_login
        )
        return {item.key: item for item in items}.get("autostart")

    assert line(None) is None
    for starts in (True, False):
        item = line(starts)
        assert item is not None
        assert (item.kind, item.checked, item.command) == ("check", starts, Command(Action.TOGGLE_AUTOSTART))


def test_help_leads_to_the_smoke_test_diagnostics_and_logs() -> None:
    commands = {item.label: item.command for item in menu(None)["help"].children}

    assert commands == {
        "Smoke test": Command(Action.OPEN_DASHBOARD, "smoke-test"),
        "Copy diagnostics": Command(Action.COPY_DIAGNOSTICS),
        "Open logs": Command(Action.OPEN_LOGS),
    }


def test_how_far_a_deed_is_stands_beside_its_line_which_stays_the_same_line() -> None:
    marks = {Action.COPY_SUMMARY: "copied", Action.COPY_DIAGNOSTICS: "looking…"}
    marked = build_menu(fresh(), now=NOW, calendar=BERLIN, settings=Settings(), marks=marks)

    lines = {item.key: item for item in every(marked)}
    assert lines["copy"].label == "Copy summary · copied"
    assert lines["help.diagnostics"].label == "Copy diagnostics · looking…"
    assert lines.keys() == {item.key for item in every(menu(fresh()).values())}
