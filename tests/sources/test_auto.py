"""Which source is chosen by itself, when it is chosen again, and that figures are never of two."""

import json
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.errors import SettingsError, SourceUnavailable, SourceUnreachable
from ccmon_tray.files import write_atomic
from ccmon_tray.paths import HOME_VARIABLE, find_paths
from ccmon_tray.settings import ClaudeSettings, PrometheusSettings, Settings
from ccmon_tray.sources.auto import LOOK_AGAIN_S, PATIENCE_S, AutoSource, Candidate, in_use
from ccmon_tray.sources.base import Span
from ccmon_tray.sources.choose import open_source
from ccmon_tray.sources.collector.decode import PROTOBUF
from ccmon_tray.sources.collector.ingest import Ingest
from ccmon_tray.sources.snapshots import SnapshotBuilder
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.models import SourceInfo
from ccmon_tray.usage.states import SourceKind, State
from ccmon_tray.usage.windows import Calendar
from tests.support.fake_source import FakeSource, request

UTC = Calendar(ZoneInfo("UTC"), "UTC")
NOW = 1_795_437_443.0
GONE = SourceUnreachable("Gone", next_step="Wait")
PROMETHEUS, COLLECTOR, TRANSCRIPTS = SourceKind.PROMETHEUS, SourceKind.COLLECTOR, SourceKind.TRANSCRIPTS
FIXTURE = Path(__file__).parents[1] / "fixtures" / "otlp" / "delta-session" / "02-metrics.pb"


class World:
    """Three sources, none of which holds anything at first, and the choice among them."""

    def __init__(
        self, *, insists: bool = False, expected: SourceKind | None = None, follow: bool = False
    ) -> None:
        self.now = NOW
        self.opened: list[SourceKind] = []
        kinds = (PROMETHEUS, COLLECTOR, TRANSCRIPTS)
        self.sources = {kind: FakeSource(metrics=(), info=SourceInfo(kind=kind)) for kind in kinds}
        self.auto = AutoSource(
            [
                Candidate(SourceInfo(kind=kind), partial(self.open, kind), insists and kind is PROMETHEUS)
                for kind in kinds
            ],
            fallback=COLLECTOR,
            expected=SourceInfo(kind=expected) if expected else None,
            follow=follow,
            clock=lambda: self.now,
        )

    def open(self, kind: SourceKind) -> FakeSource:
        self.opened.append(kind)
        self.sources[kind].closed = False
        return self.sources[kind]

    def use(self, *kinds: SourceKind, ago_s: float = 3600) -> None:
        """Let these be used, and hold data."""
        for kind in kinds:
            self.sources[kind].metrics = tuple(Metric)
            self.sources[kind].events = request(self.now - ago_s, "s1", 1.0, {"input": 10})

    def chosen(self, *, refresh: bool = False) -> SourceKind:
        found = self.auto.inventory(refresh=refresh)
        kind = found.info.kind
        assert self.auto.info.kind is kind
        assert in_use(self.auto) is self.sources[kind]
        assert [
            other for other, source in self.sources.items() if not source.closed and other in self.opened
        ] == [kind]
        return kind  # fmt: skip


@pytest.mark.parametrize(
    ("used", "chosen"),
    [
        ((PROMETHEUS, COLLECTOR, TRANSCRIPTS), PROMETHEUS),
        ((COLLECTOR, TRANSCRIPTS), COLLECTOR),
        ((TRANSCRIPTS,), TRANSCRIPTS),
        ((), COLLECTOR),
    ],
)
@pytest.mark.parametrize("prometheus_answers", [True, False])
def test_the_first_that_has_data_is_used(
    used: tuple[SourceKind, ...], chosen: SourceKind, prometheus_answers: bool
) -> None:
    world = World()
    world.use(*used)
    if not prometheus_answers:
        world.sources[PROMETHEUS].error = GONE
        used = used[1:] if PROMETHEUS in used else used
        chosen = used[0] if used else COLLECTOR

    assert world.chosen() is chosen
    world.auto.close()
    assert all(source.closed for kind, source in world.sources.items() if kind in world.opened)


def test_a_prometheus_that_was_set_up_says_what_is_wrong_with_it() -> None:
    world = World(insists=True)
    world.sources[PROMETHEUS].error = GONE
    with pytest.raises(SourceUnreachable):
        world.auto.inventory()
    assert world.auto.info.kind is PROMETHEUS

    world.sources[PROMETHEUS].error = None
    assert world.auto.inventory(refresh=True).info.kind is PROMETHEUS

    world.use(TRANSCRIPTS)
    assert world.chosen(refresh=True) is TRANSCRIPTS


def test_while_there_is_none_the_first_data_count_at_once() -> None:
    world = World()
    assert world.chosen() is COLLECTOR
    world.use(TRANSCRIPTS)
    assert world.chosen(refresh=True) is TRANSCRIPTS


def test_a_short_failure_changes_nothing_and_a_long_one_does() -> None:
    world = World()
    world.use(PROMETHEUS, COLLECTOR)
    assert world.chosen() is PROMETHEUS

    world.sources[PROMETHEUS].error = GONE
    for _ in range(3):
        with pytest.raises(SourceUnreachable):
            world.auto.inventory(refresh=True)
        world.now += PATIENCE_S / 3
    assert world.chosen(refresh=True) is COLLECTOR

    # It is back, but figures do not jump to and fro.
    world.sources[PROMETHEUS].error = None
    assert world.chosen(refresh=True) is COLLECTOR
    world.now += LOOK_AGAIN_S
    assert world.chosen() is PROMETHEUS


def test_old_data_do_not_stand_in_for_a_server_that_fails() -> None:
    world = World()
    world.use(PROMETHEUS)
    world.use(COLLECTOR, ago_s=30 * 86_400)
    assert world.chosen() is PROMETHEUS
    world.sources[PROMETHEUS].error = GONE
    for _ in range(4):
        with pytest.raises(SourceUnreachable):
            world.auto.inventory(refresh=True)
        world.now += PATIENCE_S
    assert world.auto.info.kind is PROMETHEUS
    # It answers again, with no new choice in between.
    world.sources[PROMETHEUS].error = None
    assert world.chosen(refresh=True) is PROMETHEUS


def test_a_person_who_asks_need_not_be_patient() -> None:
    world = World()
    world.use(COLLECTOR)
    assert world.chosen() is COLLECTOR
    world.use(PROMETHEUS)
    assert world.chosen(refresh=True) is COLLECTOR
    world.auto.reconsider()
    assert world.chosen(refresh=True) is PROMETHEUS

    world.sources[PROMETHEUS].error = GONE
    world.auto.reconsider()
    assert world.chosen(refresh=True) is COLLECTOR


def test_a_better_one_is_looked_for_now_and_then() -> None:
    world = World()
    world.use(TRANSCRIPTS)
    assert world.chosen() is TRANSCRIPTS
    world.use(COLLECTOR)
    world.now += LOOK_AGAIN_S - 1
    assert world.chosen() is TRANSCRIPTS
    world.now += 1
    assert world.chosen() is COLLECTOR


def test_what_the_tray_uses_is_used_without_looking() -> None:
    world = World(expected=TRANSCRIPTS, follow=True)
    world.use(COLLECTOR, TRANSCRIPTS)
    assert world.auto.info.kind is TRANSCRIPTS
    assert world.chosen() is TRANSCRIPTS
    world.now += 10 * LOOK_AGAIN_S
    assert world.chosen() is TRANSCRIPTS
    assert world.opened == [TRANSCRIPTS]


def test_questions_without_an_inventory_before_are_answered_too() -> None:
    world = World()
    world.use(TRANSCRIPTS)
    assert world.auto.count_sessions(Span(int(NOW) - 7200, int(NOW))) == 1


def test_a_snapshot_is_of_one_source_alone() -> None:
    world = World()
    world.use(COLLECTOR)
    builder = SnapshotBuilder(world.auto, UTC)
    first = builder.build("today", NOW, None)
    assert first.source.kind is COLLECTOR
    assert first.figures is not None

    world.use(PROMETHEUS)
    world.sources[PROMETHEUS].events = request(NOW - 60, "s2", 7.0, {"input": 1})
    world.auto.reconsider()
    second = builder.build("today", NOW, first)
    assert (second.source.kind, second.state) == (PROMETHEUS, State.FRESH)
    assert second.figures is not None
    assert second.figures.today.cost_usd == 7.0
    assert second.figures.range.totals.cost_usd == 7.0
    assert second.figures.this_month.cost_usd == 7.0


def test_a_closed_choice_fails() -> None:
    world = World()
    world.use(COLLECTOR)
    world.chosen()
    world.auto.close()
    assert world.sources[COLLECTOR].closed
    world.auto.reconsider()
    with pytest.raises(SourceUnavailable):
        world.auto.inventory()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    return tmp_path / "home"


def settings(tmp_path: Path) -> Settings:
    """Nothing listens at the port, and Claude Code was never here."""
    return Settings(
        prometheus=PrometheusSettings(url="http://localhost:9", timeout_s=2),
        claude=ClaudeSettings(config_dir=tmp_path / "no-claude"),
    )


def test_what_was_received_is_used_where_no_prometheus_answers(home: Path, tmp_path: Path) -> None:
    ingest = Ingest(home / "data" / "usage.sqlite3")
    ingest.metrics(FIXTURE.read_bytes(), PROTOBUF)
    ingest.close()
    source = open_source(settings(tmp_path), UTC)
    found = source.inventory()
    source.close()
    assert found.info.kind is COLLECTOR
    assert Metric.COST in found.metrics


def test_the_source_in_use_last_is_named_before_the_choice(home: Path, tmp_path: Path) -> None:
    world = World()
    world.use(COLLECTOR)
    snapshot = SnapshotBuilder(world.auto, UTC).build("today", NOW, None)
    write_atomic(find_paths().snapshot_file, snapshot.model_dump_json(by_alias=True).encode())
    source = open_source(settings(tmp_path), UTC)
    assert source.info.kind is COLLECTOR
    source.close()

    damaged = json.loads(snapshot.model_dump_json(by_alias=True)) | {"source": {"kind": "demo"}}
    write_atomic(find_paths().snapshot_file, json.dumps(damaged).encode())
    source = open_source(settings(tmp_path), UTC)
    assert source.info.kind is PROMETHEUS
    source.close()


def test_settings_that_cannot_be_used_are_said_where_nothing_else_has_data(
    home: Path, tmp_path: Path
) -> None:
    wrong = settings(tmp_path).model_copy(
        update={
            "prometheus": PrometheusSettings(url="http://localhost:9", username="me", token_command=("x",))
        }
    )
    with pytest.raises(SettingsError):
        open_source(wrong, UTC).inventory()
