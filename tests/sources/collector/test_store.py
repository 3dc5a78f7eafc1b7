"""The file: what was acknowledged is in it, whatever happens to process, disk and file."""

import random
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from ccmon_tray.errors import SourceUnavailable
from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.collector.decode import PROTOBUF
from ccmon_tray.sources.collector.faults import StoreUnavailable
from ccmon_tray.sources.collector.ingest import Ingest
from ccmon_tray.sources.collector.schema import VERSION
from ccmon_tray.sources.collector.source import CollectorSource
from ccmon_tray.sources.collector.store import Store
from ccmon_tray.sources.snapshots import SnapshotBuilder
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.states import State
from tests.sources.collector.commits import ALL, NOW, ROOT, commit, commits
from tests.sources.collector.recorded import UTC, bodies, expected, report, send
from tests.sources.collector.sending import CUMULATIVE, Data, export
from tests.sources.collector.tables import check_roll_ups, rows


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_only_its_owner_can_read_the_file_and_those_beside_it(ingest: Ingest, path: Path) -> None:
    ingest.metrics(commit("a"), PROTOBUF)

    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(("usage.sqlite3", "usage.sqlite3-wal", "usage.sqlite3-shm"), 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_killed_process_loses_nothing_that_was_acknowledged(path: Path) -> None:
    rng = random.Random("kill")
    acknowledged: set[int] = set()
    first = 0
    for _ in range(6):
        command = [sys.executable, "-m", "tests.sources.collector.child_writer", str(path), str(first)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for _ in range(rng.randrange(1, 150)):
                acknowledged.add(int(child.stdout.readline()))
            child.kill()
            # Lines that were written before it died: these were acknowledged, too.
            acknowledged |= {int(line) for line in child.stdout}
        found = {int(session): count for session, count in commits(path).items()}
        assert acknowledged <= found.keys()
        assert set(found.values()) == {1.0}
        assert len(found) <= len(acknowledged) + 4 * 6  # one a thread may have been written unsaid
        assert rows(path, "PRAGMA integrity_check") == [("ok",)]
        check_roll_ups(path)
        first = max(found) + 10


def test_a_restart_between_exports_neither_loses_nor_doubles(path: Path) -> None:
    for session in ("cumulative-session", "cumulative-session-resumed", "cumulative-session"):
        for body in bodies(session):
            ingest = Ingest(path, clock=lambda: NOW)
            send(ingest, body)
            ingest.close()

    total = sum(
        expected(session)["total_cost_usd"]
        for session in ("cumulative-session", "cumulative-session-resumed")
    )
    assert report(path).totals.cost_usd == pytest.approx(total, rel=1e-12)
    check_roll_ups(path)


def test_it_is_read_while_it_is_written(ingest: Ingest, path: Path) -> None:
    """All questions of one call are answered from the same moment."""
    ingest.metrics(commit("0"), PROTOBUF)
    source = CollectorSource(path, clock=lambda: NOW)
    totals: list[float] = []

    def read() -> None:
        total, by_session = source.ask(
            [Question(Metric.COMMITS, ALL), Question(Metric.COMMITS, ALL, (Label.SESSION,))]
        )
        assert total.total is not None
        assert total.total == by_session.total == len(by_session.rows)
        totals.append(total.total)

    def write() -> None:
        for number in range(1, 60):
            ingest.metrics(commit(str(number), NOW + number), PROTOBUF)

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        read()
    read()
    source.close()

    assert totals == sorted(totals)
    assert totals[-1] == 60


def test_a_file_of_version_1_is_brought_up_to_date(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((Path(__file__).parent / "version-1.sql").read_text())
    source = CollectorSource(path)
    with pytest.raises(SourceUnavailable, match="version 1"):
        source.inventory()
    ingest = Ingest(path, clock=lambda: NOW)
    ingest.open()
    ingest.close()
    source.close()

    assert rows(path, "PRAGMA user_version") == [(VERSION,)]
    check_roll_ups(path)
    both = [expected(session) for session in ("delta-session", "cumulative-session")]
    found = report(path)
    assert found.totals.cost_usd == pytest.approx(sum(one["total_cost_usd"] for one in both), rel=1e-12)
    assert sum(step.cost_usd or 0 for step in found.over_time) == pytest.approx(found.totals.cost_usd)
    # What it knew of streams is still known: sent again, nothing is new.
    ingest = Ingest(path, clock=lambda: NOW)
    for body in (*bodies("delta-session"), *bodies("cumulative-session")):
        send(ingest, body)
    ingest.close()
    assert report(path).totals == found.totals


def test_a_pruned_file_of_version_1_keeps_its_sums(path: Path) -> None:
    path.parent.mkdir()
    hour = 1_795_399_200  # in which all of it was recorded
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((Path(__file__).parent / "version-1.sql").read_text())
        truth = connection.execute("SELECT SUM(units) / 1e12 FROM hours WHERE metric = 2").fetchone()[0]
        connection.execute("INSERT INTO limits VALUES ('detail_from', ?)", (hour + 3600,))
        # Increments go a little at a time: half of them are still there.
        connection.execute("DELETE FROM increments WHERE at % 2")
        connection.commit()
    ingest = Ingest(path, clock=lambda: NOW)
    ingest.open()
    ingest.close()
    source = CollectorSource(path)
    answers = source.ask(
        [Question(Metric.COST, Span(hour, hour + 3600), by) for by in ((), (Label.MODEL,), (Label.SESSION,))]
    )
    source.close()

    assert [answer.total for answer in answers] == [pytest.approx(truth, rel=1e-12)] * 3


def test_a_file_of_a_later_version_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    ingest = Ingest(path, clock=lambda: NOW)
    with pytest.raises(StoreUnavailable, match="later version"):
        ingest.metrics(commit("a"), PROTOBUF)
    ingest.close()
    source = CollectorSource(path)
    with pytest.raises(SourceUnavailable, match="another version"):
        source.inventory()
    source.close()

    assert "later version" in ingest.notices[0]
    assert rows(path, "PRAGMA user_version") == [(VERSION + 1,)]


def test_no_file_is_no_telemetry(path: Path) -> None:
    source = CollectorSource(path, clock=lambda: NOW)
    assert SnapshotBuilder(source, UTC).build("today", NOW, None).state is State.NO_TELEMETRY
    ingest = Ingest(path, clock=lambda: NOW)
    ingest.metrics(commit("a", NOW - 60), PROTOBUF)
    ingest.close()
    snapshot = SnapshotBuilder(source, UTC).build("today", NOW, None)
    source.close()

    assert snapshot.state is State.FRESH
    assert snapshot.figures is not None
    assert (snapshot.figures.range.totals.commits, snapshot.figures.range.totals.sessions) == (1, 1)


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((Path(__file__).parent / "version-1.sql").read_text())
        connection.execute("CREATE TABLE quarters (in_the_way)")
    before = rows(path, "SELECT sql FROM sqlite_schema ORDER BY 1")
    ingest = Ingest(path, clock=lambda: NOW)
    with pytest.raises(StoreUnavailable):
        ingest.open()
    ingest.close()

    assert rows(path, "PRAGMA user_version") == [(1,)]
    assert rows(path, "SELECT sql FROM sqlite_schema ORDER BY 1") == before


def test_two_writers_do_not_count_twice(path: Path) -> None:
    """There should be one, but what the first remembers must not outlive what the second writes."""
    first, second = (Ingest(path, clock=lambda: NOW) for _ in range(2))
    labels = (("session_id", "s"),)
    for number in range(1, 7):
        ingest = (first, second)[number % 2]
        data = Data(Metric.COMMITS, labels, NOW - 100, NOW + number, number)
        ingest.metrics(export([data], CUMULATIVE), PROTOBUF)
    first.close()
    second.close()

    assert commits(path) == {"s": 6}
    check_roll_ups(path)


def test_what_was_rolled_back_is_forgotten(path: Path) -> None:
    """After a failed export the same one counts, as does the one after it."""
    store = Store(path, clock=lambda: NOW)
    ingest = Ingest(path, clock=lambda: NOW)
    ingest._store = store

    def counter(value: int) -> bytes:
        data = Data(Metric.COMMITS, (("session_id", f"s{value}"),), NOW - 9, NOW + value, value)
        growing = Data(Metric.COMMITS, (("session_id", "all"),), NOW - 9, NOW + value, value)
        return export([data, growing], CUMULATIVE)

    ingest.metrics(counter(1), PROTOBUF)
    trigger = "CREATE TRIGGER broken BEFORE INSERT ON hours BEGIN SELECT RAISE(ABORT, 'broken'); END"
    store.transact(lambda connection, _: connection.execute(trigger))
    for value in (2, 3):
        with pytest.raises(StoreUnavailable, match="broken"):
            ingest.metrics(counter(value), PROTOBUF)
    store.transact(lambda connection, _: connection.execute("DROP TRIGGER broken"))
    ingest.metrics(counter(3), PROTOBUF)
    ingest.close()

    assert commits(path) == {"s1": 1, "s3": 3, "all": 3}
    check_roll_ups(path)
