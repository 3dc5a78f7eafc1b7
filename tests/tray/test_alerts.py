"""Alerts in the tray: told once, remembered, snoozed, delivered."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.desktop.notifications import CLICKED, Notification
from ccmon_tray.errors import CcmonError, SourceUnreachable
from ccmon_tray.paths import Paths, find_paths
from ccmon_tray.settings import AlertSettings
from ccmon_tray.sources.base import Span
from ccmon_tray.sources.claude_files.history import History
from ccmon_tray.tray.alerts import AlertDesk
from ccmon_tray.tray.model import Action, Command
from ccmon_tray.tray.silence import SilenceWatch
from ccmon_tray.usage.budgets import BudgetPeriod, with_budgets
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.models import SourceInfo, UsageWarning
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import SourceKind, State
from ccmon_tray.usage.windows import Calendar
from tests.support.desktop import wait_for
from tests.support.fake_source import CountingSource, Event, FakeSource
from tests.support.snapshots import MIDNIGHT, NOW, SAW_TOOTH, UNREACHABLE, every_state, fresh

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
HOUR = 3600


class Screen:
    """A notifier that notes what it is given."""

    def __init__(self) -> None:
        self.shown: list[Notification] = []
        self.on_action: Callable[[str], None] = lambda _key: None
        self.fault: CcmonError | None = None
        self.closed = False

    def make(self, on_action: Callable[[str], None]) -> "Screen":
        self.on_action = on_action
        return self

    def show(self, notification: Notification) -> None:
        if self.fault is not None:
            raise self.fault
        self.shown.append(notification)

    def close(self) -> None:
        self.closed = True


class Rig:
    """A desk with a clock that stands still."""

    def __init__(self, home: Path, settings: AlertSettings, runs: bool | None = True) -> None:
        self.now = float(NOW)
        self.screen = Screen()
        self.paths: Paths = find_paths({"CCMON_TRAY_HOME": str(home)})
        self.commands: list[Command] = []
        self.complaints: list[str] = []
        self.desk = AlertDesk(
            self.paths,
            settings,
            on_command=self.commands.append,
            complain=self.complaints.append,
            clock=lambda: self.now,
            make_notifier=self.screen.make,
            silence=SilenceWatch(lambda: runs),
        )

    def see(self, snapshot: Snapshot, source: FakeSource | None = None, files: "Files | None" = None) -> bool:
        return self.desk.watch(snapshot, BERLIN, source, files)

    def titles(self, count: int) -> list[str]:
        wait_for(lambda: len(self.screen.shown) >= count, f"{count} notifications")
        return [notification.title for notification in self.screen.shown]


class Files:
    """Prompts, as the history tells of them."""

    folders = ()

    def __init__(self, *moments: float, commands: tuple[float, ...] = ()) -> None:
        self.moments = [int(moment) for moment in (*moments, *commands)]
        self.commands = [int(moment) for moment in commands]

    def history(self) -> History:
        return History(moments=self.moments, commands=self.commands)

    def stats_cache(self) -> None:
        return None


@contextmanager
def rig(home: Path, settings: AlertSettings | None = None, *, runs: bool | None = True) -> Iterator[Rig]:
    made = Rig(home, settings or AlertSettings(), runs)
    try:
        yield made
    finally:
        made.desk.close()


def spent(usd: float, budget: float = 20.0, hour: float = 0.0, tokens: float = 1.0) -> Snapshot:
    snapshot = fresh()
    assert snapshot.figures is not None
    today = snapshot.figures.today.model_copy(update={"cost_usd": usd, "tokens": tokens})
    figures = snapshot.figures.model_copy(update={"today": today, "last_hour_cost_usd": hour})
    snapshot = snapshot.model_copy(update={"figures": figures})
    return with_budgets(snapshot, {BudgetPeriod.DAY: budget}, BERLIN)


def test_an_alert_is_told_once_over_restarts(tmp_path: Path) -> None:
    with rig(tmp_path) as first:
        assert first.see(spent(11.0))
        assert not first.see(spent(11.5))
        assert first.titles(1) == ["55 % of the day’s budget is used"]
        assert first.screen.shown[0].buttons[0].words == "Snooze 1 hour"
    assert first.screen.closed

    with rig(tmp_path) as second:
        assert not second.see(spent(12.0))
        assert second.see(spent(16.0))
        assert second.titles(1) == ["80 % of the day’s budget is used"]
        shown = second.desk.shown(BERLIN)
        assert shown is not None
        assert [title for _, title in shown.recent] == [
            "80 % of the day’s budget is used",
            "55 % of the day’s budget is used",
        ]


def test_a_damaged_memory_is_none(tmp_path: Path) -> None:
    with rig(tmp_path) as made:
        made.paths.alerts_file.parent.mkdir(parents=True)
        made.paths.alerts_file.write_text('{"marks": 7}')
    with rig(tmp_path) as made:
        assert made.see(spent(11.0))
        assert json.loads(made.paths.alerts_file.read_text())["schema"] == "ccmon-tray/alert-state/1"


def test_a_memory_that_cannot_be_written_is_said_once_and_nothing_is_told_twice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("no folder")
    with rig(tmp_path) as made, caplog.at_level(logging.WARNING):
        assert made.see(spent(11.0))
        assert not made.see(spent(11.0))
        assert made.see(spent(17.0))
    assert sum("cannot be remembered" in line for line in caplog.messages) == 1


def test_snoozed_from_the_notification_it_is_told_afterwards_if_it_still_holds(tmp_path: Path) -> None:
    with rig(tmp_path) as made:
        made.see(spent(11.0))
        made.titles(1)
        made.screen.on_action("1h")
        assert made.commands == [Command(Action.SNOOZE, "1h")]

        made.desk.snooze("1h", BERLIN)
        shown = made.desk.shown(BERLIN)
        assert shown is not None
        assert shown.snoozed_until == NOW + HOUR
        assert not made.see(spent(17.0))
    with rig(tmp_path) as made:  # a restart ends no snooze
        made.now += HOUR - 1
        assert not made.see(spent(17.0))
        made.now += 1
        assert made.see(spent(17.0))


def test_snoozed_for_today_is_until_midnight_and_can_be_ended(tmp_path: Path) -> None:
    with rig(tmp_path) as made:
        made.desk.snooze("today", BERLIN)
        shown = made.desk.shown(BERLIN)
        assert shown is not None
        assert shown.snoozed_until == MIDNIGHT + 24 * HOUR
        assert not made.see(spent(11.0))
        made.desk.snooze("", BERLIN)
        assert made.see(spent(11.0))


def test_a_snooze_of_an_hour_becomes_one_of_the_day(tmp_path: Path) -> None:
    with rig(tmp_path) as made:
        made.desk.snooze("1h", BERLIN)
        made.desk.snooze("today", BERLIN)
        shown = made.desk.shown(BERLIN)
        assert shown is not None
        assert shown.snoozed_until == MIDNIGHT + 24 * HOUR


def test_a_click_on_the_notification_opens_the_summary(tmp_path: Path) -> None:
    with rig(tmp_path) as made:
        made.see(spent(11.0))
        made.titles(1)
        made.screen.on_action(CLICKED)
        assert made.commands == [Command(Action.OPEN_DASHBOARD, "summary")]


def test_quiet_hours_hold_alerts_back(tmp_path: Path) -> None:
    with rig(tmp_path, AlertSettings(quiet_hours="14:00-07:00")) as made:
        shown = made.desk.shown(BERLIN)
        assert shown is not None
        assert shown.quiet
        assert not made.see(spent(11.0))
        made.now = NOW - HOUR
        assert made.see(spent(11.0))


def test_switched_off_nothing_is_told(tmp_path: Path) -> None:
    with rig(tmp_path, AlertSettings(enabled=False)) as made:
        assert not made.see(spent(30.0))
        assert made.desk.shown(BERLIN) is None
        made.desk.use(AlertSettings())
        assert made.see(spent(30.0))


def test_warned_numbers_are_said_to_be_none(tmp_path: Path) -> None:
    with rig(tmp_path) as made:
        assert not made.see(spent(30.0).model_copy(update={"warnings": (SAW_TOOTH,)}))
        shown = made.desk.shown(BERLIN)
        assert shown is not None
        assert shown.warned


def test_the_command_gets_the_alert_as_json(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"
    settings = AlertSettings(notifications=False, command=(sys.executable, "-c", code, str(out)))
    with rig(tmp_path, settings) as made:
        made.see(spent(22.0))
        told = json.loads(wait_for(lambda: out.read_text() if out.exists() else "", "the command's file"))
        assert made.screen.shown == []
    assert told["schema"] == "ccmon-tray/alert/1"
    assert (told["kind"], told["period"], told["threshold_percent"]) == ("budget", "day", 100)
    assert (told["used_usd"], told["budget_usd"], told["at"]) == (22.0, 20.0, NOW)


def test_what_goes_wrong_with_telling_is_said_and_the_other_way_is_taken(tmp_path: Path) -> None:
    settings = AlertSettings(command=(sys.executable, "-c", "raise SystemExit(7)"))
    with rig(tmp_path, settings) as made:
        made.screen.fault = CcmonError("A notification could not be shown")
        made.see(spent(22.0))
        wait_for(lambda: len(made.complaints) == 2, "two complaints")
    assert made.complaints[0] == "A notification could not be shown."
    assert "ended with status 7" in made.complaints[1]


def test_an_unusual_hour_is_asked_for_once_an_hour_and_only_if_it_matters(tmp_path: Path) -> None:
    weeks = [NOW - week * 7 * 86_400 for week in range(1, 5)]
    source = FakeSource([Event(at, Metric.COST, 2.0) for at in weeks])
    with rig(tmp_path) as made:
        for hour in (0.5, 1.9, 5.0, 5.5):
            assert not made.see(spent(1.0, hour=hour), source)
        assert len(source.asked) == 1
        assert made.see(spent(1.0, hour=6.5), source)
        made.now += HOUR
        assert not made.see(spent(1.0, hour=6.5), source)
        assert len(source.asked) == 2
        assert made.titles(1) == ["An unusual hour: $6.50"]


def test_a_source_that_cannot_tell_what_is_usual_is_no_alert(tmp_path: Path) -> None:
    source = FakeSource()
    source.error = SourceUnreachable("Gone")
    with rig(tmp_path) as made:
        assert not made.see(spent(1.0, hour=500.0), source)


def test_an_outage_counts_from_its_first_failed_poll_and_not_over_sleep(tmp_path: Path) -> None:
    left = every_state()["stale"].model_copy(update={"problem": None})  # what the last run left
    stale = every_state()["stale"]
    with rig(tmp_path) as made:
        made.see(left)
        for minute in range(0, 30, 5):
            made.now = NOW + minute * 60.0
            assert not made.see(stale)
        made.now += 8 * HOUR  # asleep
        assert not made.see(stale)
        for _ in range(5):
            made.now += 300
            assert not made.see(stale)
        made.now += 300
        assert made.see(stale)
        assert made.titles(1) == ["Prometheus does not answer"]
        assert UNREACHABLE.title in made.screen.shown[0].body


@pytest.mark.parametrize(
    ("runs", "prompts", "told"),
    [
        (True, (120, 180), True),
        (None, (120, 180), True),  # where processes cannot be seen, prompts have to do
        (False, (120, 180), False),  # it has ended since
        (True, (120,), False),
        (True, (-60, -30), False),  # before anybody watched
    ],
)
def test_prompts_without_telemetry_are_told(
    tmp_path: Path, runs: bool | None, prompts: tuple[int, ...], told: bool
) -> None:
    files = Files(*(NOW + second for second in prompts))
    with rig(tmp_path, runs=runs) as made:
        found = []
        for minute in range(0, 20, 2):
            made.now = NOW + minute * 60.0
            found.append(made.see(spent(1.0), files=files))
        assert any(found) is told
        if told:
            assert found.index(True) == 9  # 15 minutes after the first prompt
            assert made.titles(1) == ["No telemetry from Claude Code"]
            made.now += 60
            assert not made.see(spent(1.1, tokens=2.0), files=files)


def test_commands_of_the_prompt_line_cost_nothing(tmp_path: Path) -> None:
    files = Files(NOW + 60, commands=(NOW + 120, NOW + 180, NOW + 240))
    with rig(tmp_path) as made:
        for minute in range(0, 40, 2):
            made.now = NOW + minute * 60.0
            assert not made.see(spent(1.0), files=files)


def test_transcripts_are_no_telemetry_that_could_stay_away(tmp_path: Path) -> None:
    files = Files(NOW + 60, NOW + 120, NOW + 180)
    read = spent(1.0).model_copy(update={"source": SourceInfo(kind=SourceKind.TRANSCRIPTS)})
    with rig(tmp_path) as made:
        for minute in range(0, 40, 2):
            made.now = NOW + minute * 60.0
            assert not made.see(read, files=files)


def test_prompts_with_telemetry_are_not(tmp_path: Path) -> None:
    files = Files(*range(NOW, NOW + 2400, 60))
    with rig(tmp_path) as made:
        for minute in range(40):
            made.now = NOW + minute * 60.0
            assert not made.see(spent(1.0, tokens=float(minute // 5)), files=files)


def test_no_state_but_a_good_one_is_taken_for_numbers(tmp_path: Path) -> None:
    with rig(tmp_path) as made:
        for state in (State.STALE, State.OFFLINE, State.NO_TELEMETRY):
            assert not made.see(spent(30.0).model_copy(update={"state": state}))


def of_range(snapshot: Snapshot, start: int) -> Snapshot:
    """The snapshot with another range in the menu."""
    assert snapshot.figures is not None
    used = snapshot.figures.range
    used = used.model_copy(update={"info": used.info.model_copy(update={"start": start})})
    return snapshot.model_copy(update={"figures": snapshot.figures.model_copy(update={"range": used})})


def test_what_the_range_does_not_show_is_asked_before_it_is_told(tmp_path: Path) -> None:
    """The menu's range is the last quarter of an hour, without a warning; the day's figures carry one."""
    source = CountingSource(warned=(SAW_TOOTH,))
    quarter = of_range(spent(30.0), NOW - 900)
    with rig(tmp_path) as made:
        for _ in range(3):
            assert not made.see(quarter, source)
        shown = made.desk.shown(BERLIN)
        assert shown is not None
        assert shown.warned
        assert source.warned_about == [Span(MIDNIGHT, NOW)]  # and not again at each reading

        source.warned = ()
        made.now += 601
        assert made.see(quarter, source)
        shown = made.desk.shown(BERLIN)
        assert shown is not None
        assert not shown.warned
        assert not made.see(quarter, source)
        assert len(source.warned_about) == 2  # what was told is asked about no more


def test_a_warning_about_long_ago_is_no_reason_to_be_silent_today(tmp_path: Path) -> None:
    source = CountingSource()
    warned = of_range(spent(30.0), MIDNIGHT - 80 * 24 * HOUR).model_copy(update={"warnings": (SAW_TOOTH,)})
    with rig(tmp_path) as made:
        assert made.see(warned, source)
        assert made.titles(1) == ["The day’s budget is exceeded"]


def test_a_warning_about_mere_time_is_no_reason_to_be_silent(tmp_path: Path) -> None:
    source = FakeSource()
    source.warned = (UsageWarning(code="recorded-hours-differ", message="It takes longer", cure=""),)
    with rig(tmp_path) as made:
        assert made.see(spent(30.0), source)
        assert made.titles(1) == ["The day’s budget is exceeded"]


def test_a_source_that_cannot_say_what_is_off_is_no_alert(tmp_path: Path) -> None:
    source = FakeSource()
    source.error = SourceUnreachable("Gone")
    with rig(tmp_path) as made:
        assert not made.see(spent(30.0), source)
