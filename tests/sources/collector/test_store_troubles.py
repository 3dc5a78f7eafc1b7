"""The file damaged, locked, full or gone: what is not kept is not acknowledged, and it is said why."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ccmon_tray.sources.base import Question
from ccmon_tray.sources.collector import store as store_module
from ccmon_tray.sources.collector.decode import PROTOBUF
from ccmon_tray.sources.collector.faults import StoreUnavailable
from ccmon_tray.sources.collector.ingest import Ingest
from ccmon_tray.sources.collector.source import CollectorSource
from ccmon_tray.sources.collector.store import Store
from ccmon_tray.sources.snapshots import SnapshotBuilder
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.states import State
from tests.sources.collector.commits import ALL, NOW, commit, commits
from tests.sources.collector.recorded import UTC
from tests.sources.collector.sending import DELTA, Data, export
from tests.sources.collector.tables import check_roll_ups
from tests.support.patience import PATIENCE_S


def damage_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"no database at all")


def damage_page(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        for page in range(1, size // 4096):
            file.seek(page * 4096)
            file.write(b"\xff" * 64)


@pytest.mark.parametrize("damage", [damage_header, damage_page])
def test_a_damaged_file_is_set_aside_and_said_so(damage: Callable[[Path], None], path: Path) -> None:
    for number in range(2):
        ingest = Ingest(path, clock=lambda: NOW)
        ingest.metrics(commit("before"), PROTOBUF)
        ingest.close()
        damage(path)
        kept = path.read_bytes()
        ingest = Ingest(path, clock=lambda: NOW)
        ingest.open()
        ingest.metrics(commit(f"after {number}"), PROTOBUF)
        [notice] = ingest.notices
        ingest.close()

        name = f"usage.damaged-2026-11-23{'-2' * number}.sqlite3"
        assert name in notice
        assert path.with_name(name).read_bytes() == kept
        assert commits(path) == {f"after {number}": 1}


def test_damage_that_shows_while_writing_is_answered_with_503_and_then_set_aside(path: Path) -> None:
    ingest = Ingest(path, clock=lambda: NOW)
    for number in range(200):
        ingest.metrics(commit(str(number), NOW - number * 60), PROTOBUF)
    ingest.close()
    ingest = Ingest(path, clock=lambda: NOW)
    ingest.open()
    damage_page(path)
    assert ingest._store._connection is not None
    ingest._store._connection.execute("PRAGMA shrink_memory")  # it has seen the pages before

    with pytest.raises(StoreUnavailable):
        ingest.metrics(commit("lost"), PROTOBUF)
    ingest.metrics(commit("lost"), PROTOBUF)  # sent again
    ingest.close()

    assert len(ingest.notices) == 1
    assert commits(path) == {"lost": 1}


def test_a_reader_follows_when_the_file_is_set_aside(path: Path) -> None:
    ingest = Ingest(path, clock=lambda: NOW)
    ingest.metrics(commit("before"), PROTOBUF)
    ingest.close()
    source = CollectorSource(path, clock=lambda: NOW)
    assert source.count_sessions(ALL) == 1
    path.rename(path.with_name("elsewhere.sqlite3"))
    assert source.ask([Question(Metric.COMMITS, ALL)])[0].known is False
    ingest = Ingest(path, clock=lambda: NOW)
    ingest.metrics(commit("one"), PROTOBUF)
    ingest.metrics(commit("two"), PROTOBUF)
    ingest.close()

    assert source.count_sessions(ALL) == 2
    source.close()


def test_a_writer_notices_that_its_file_was_removed(ingest: Ingest, path: Path) -> None:
    ingest.metrics(commit("before"), PROTOBUF)
    path.rename(path.with_name("elsewhere.sqlite3"))
    ingest.metrics(commit("after"), PROTOBUF)

    assert commits(path) == {"after": 1}


def test_a_full_disk_is_503_and_nothing_is_half_written(path: Path) -> None:
    store = Store(path, clock=lambda: NOW)
    ingest = Ingest(path, clock=lambda: NOW)
    ingest._store = store
    ingest.metrics(commit("before"), PROTOBUF)
    pages = store.transact(lambda connection, _: connection.execute("PRAGMA page_count").fetchone()[0])
    store.transact(lambda connection, _: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone())
    large = export(
        [Data(Metric.COMMITS, (("session_id", "x" * 200 + str(n)),), NOW - 1, NOW, 1) for n in range(500)],
        DELTA,
    )
    with pytest.raises(StoreUnavailable) as raised:
        ingest.metrics(large, PROTOBUF)
    assert (raised.value.status, raised.value.retry_after_s) == (503, 30)
    assert "full" in str(raised.value)
    assert commits(path) == {"before": 1}
    store.transact(lambda connection, _: connection.execute("PRAGMA max_page_count = 1000000").fetchone())
    ingest.metrics(large, PROTOBUF)
    ingest.close()

    assert len(commits(path)) == 501
    check_roll_ups(path)


def test_a_locked_file_is_503(ingest: Ingest, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "BUSY_S", 0.05)
    ingest.metrics(commit("before"), PROTOBUF)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked") as raised:
            ingest.metrics(commit("during"), PROTOBUF)
        other.execute("ROLLBACK")
    ingest.metrics(commit("during"), PROTOBUF)

    assert raised.value.retry_after_s > 0
    assert commits(path) == {"before": 1, "during": 1}


def test_what_keeps_exports_out_is_said_until_one_is_kept_or_none_come(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(store_module, "BUSY_S", 0.05)
    moments = [float(NOW)]
    ingest = Ingest(path, clock=lambda: moments[0])
    ingest.metrics(commit("before"), PROTOBUF)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                ingest.metrics(commit("during"), PROTOBUF)
        said = [ingest.notices]
        moments[0] += 3600
        said.append(ingest.notices)
        with pytest.raises(StoreUnavailable):
            ingest.metrics(commit("during"), PROTOBUF)
        said.append(ingest.notices)
        other.execute("ROLLBACK")
    ingest.metrics(commit("during"), PROTOBUF)
    said.append(ingest.notices)
    ingest.close()

    assert [len(notices) for notices in said] == [1, 0, 1, 0]
    assert "locked" in said[0][0]

    assert caplog.text.count("Exports are not kept") == 1


def test_a_folder_that_cannot_be_written_is_503(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    ingest = Ingest(tmp_path / "data" / "usage.sqlite3", clock=lambda: NOW)
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        ingest.metrics(commit("a"), PROTOBUF)
    ingest.close()


def test_after_close_nothing_is_acknowledged(ingest: Ingest, path: Path) -> None:
    ingest.metrics(commit("before"), PROTOBUF)
    ingest.close()
    with pytest.raises(StoreUnavailable, match="closing"):
        ingest.metrics(commit("after"), PROTOBUF)

    assert commits(path) == {"before": 1}


def test_an_error_that_nobody_thought_of_acknowledges_nothing(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those whose exports were to be written together with a bad one hear of it too."""
    begun, go_on = threading.Event(), threading.Event()

    def fail(*_: object) -> None:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        raise ZeroDivisionError

    monkeypatch.setattr(ingest._store, "write", fail)
    results: list[Exception | None] = []

    def hand_in(session: str) -> None:
        try:
            ingest.metrics(commit(session), PROTOBUF)
        except (StoreUnavailable, ZeroDivisionError) as error:
            results.append(error)
        else:
            results.append(None)

    threads = [threading.Thread(target=hand_in, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    assert begun.wait(PATIENCE_S)
    go_on.set()
    for thread in threads:
        thread.join()

    assert len(results) == 4
    assert None not in results


def test_a_file_that_cannot_be_read_is_offline_and_no_zero(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"junk" * 2000)
    source = CollectorSource(path, clock=lambda: NOW)
    snapshot = SnapshotBuilder(source, UTC).build("today", NOW, None)
    source.close()

    assert snapshot.state is State.OFFLINE
    assert snapshot.figures is None
