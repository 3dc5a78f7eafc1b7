"""Exports that come at the same time share a transaction, and each is counted once."""

import threading
from pathlib import Path

import pytest

from ccmon_tray.errors import SourceUnavailable
from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.collector.decode import JSON, PROTOBUF
from ccmon_tray.sources.collector.faults import ExportInvalid
from ccmon_tray.sources.collector.ingest import Accepted, Ingest
from ccmon_tray.sources.collector.source import CollectorSource
from ccmon_tray.usage.metrics import Label, Metric
from tests.sources.collector.recorded import bodies, send
from tests.sources.collector.sending import CUMULATIVE, DELTA, Data, export
from tests.sources.collector.tables import check_roll_ups, rows
from tests.support.patience import PATIENCE_S

NOW = 1_795_400_000
ALL = Span(NOW - 86_400, NOW + 86_400)
THREADS = 8
EXPORTS = 25


def body(session: str, number: int, temporality: int) -> bytes:
    since = NOW if temporality == CUMULATIVE else NOW + number
    value = (number + 1) * (number + 2) / 2 if temporality == CUMULATIVE else number + 1
    labels = (("session_id", session), ("type", "output"))
    return export([Data(Metric.TOKENS, labels, since, NOW + number + 1, value)], temporality)


@pytest.mark.parametrize("temporality", [DELTA, CUMULATIVE])
def test_threads_hand_in_side_by_side(temporality: int, tmp_path: Path) -> None:
    path = tmp_path / "usage.sqlite3"
    ingest = Ingest(path, clock=lambda: NOW)
    start = threading.Barrier(THREADS)

    def work(thread: int) -> None:
        start.wait(PATIENCE_S)
        for number in range(EXPORTS):
            # Two threads a session send the same, as a client that repeats what was not acknowledged in time.
            ingest.metrics(body(f"s{thread // 2}", number, temporality), PROTOBUF)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ingest.close()
    source = CollectorSource(path)
    [answer] = source.ask([Question(Metric.TOKENS, ALL, (Label.SESSION,))])
    source.close()

    total = EXPORTS * (EXPORTS + 1) / 2
    assert {row.key[0]: row.total for row in answer.rows} == {f"s{n}": total for n in range(THREADS // 2)}
    check_roll_ups(path)


def test_those_that_wait_are_written_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest = Ingest(tmp_path / "usage.sqlite3", clock=lambda: NOW)
    ingest.open()
    write = ingest._store.write
    first_is_in, others_wait = threading.Event(), threading.Event()
    written: list[int] = []

    def slow(points: list[object], events: list[object]) -> None:
        written.append(len(points))
        first_is_in.set()
        assert others_wait.wait(PATIENCE_S)
        write(points, events)  # type: ignore[arg-type]

    monkeypatch.setattr(ingest._store, "write", slow)
    threads = [
        threading.Thread(target=ingest.metrics, args=(body(f"s{number}", 0, DELTA), PROTOBUF))
        for number in range(5)
    ]
    threads[0].start()
    assert first_is_in.wait(PATIENCE_S)
    for thread in threads[1:]:
        thread.start()
    while len(ingest._waiting) < 4:
        threading.Event().wait(0.001)
    others_wait.set()
    for thread in threads:
        thread.join()
    ingest.close()

    assert written == [1, 4]


def test_it_says_what_it_kept(tmp_path: Path) -> None:
    ingest = Ingest(tmp_path / "usage.sqlite3", clock=lambda: NOW)
    [first, *_] = [one for one in bodies("delta-session") if "logs" in one.name]
    kept = ingest.logs(first.read_bytes(), PROTOBUF)
    with pytest.raises(ExportInvalid):
        ingest.metrics(b"{", JSON)
    ingest.close()

    assert kept == Accepted(kept=1, skipped=3)


def test_nothing_a_person_wrote_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "usage.sqlite3"
    ingest = Ingest(path, clock=lambda: NOW)
    for session in ("delta-session", "json-session", "cumulative-session"):
        for one in bodies(session):
            send(ingest, one)
    ingest.close()

    words = {word for (word,) in rows(path, "SELECT word FROM words")}
    assert words == {"claude-opus-4-8", "sdk", "agent:builtin:general-purpose", "Agent", "Bash", "Write"}


def test_a_source_that_is_closed_says_so(tmp_path: Path) -> None:
    ingest = Ingest(tmp_path / "usage.sqlite3", clock=lambda: NOW)
    ingest.metrics(body("s", 0, DELTA), PROTOBUF)
    ingest.close()
    source = CollectorSource(tmp_path / "usage.sqlite3")
    assert source.count_sessions(ALL) == 1
    source.close()
    source.close()

    with pytest.raises(SourceUnavailable, match="closed"):
        source.count_sessions(ALL)


def test_the_inventory_stays_the_same_from_poll_to_poll(tmp_path: Path) -> None:
    """What is derived from it is asked anew when it changes."""
    moments = [float(NOW + 100)]
    ingest = Ingest(tmp_path / "usage.sqlite3", clock=lambda: NOW)
    source = CollectorSource(tmp_path / "usage.sqlite3", clock=lambda: moments[0])
    nothing = source.inventory(refresh=True)
    ingest.metrics(body("s", 0, DELTA), PROTOBUF)
    first = source.inventory(refresh=True)
    moments[0] += 30
    again = source.inventory()
    moments[0] += 3600
    later = source.inventory()
    source.close()
    ingest.close()

    assert (nothing.metrics, nothing.retention_s) == ({}, None)
    assert first.metrics == {Metric.TOKENS: ("claude_code.token.usage",)}
    assert first.retention_s == 100
    assert again == first
    assert later.retention_s == 3730
