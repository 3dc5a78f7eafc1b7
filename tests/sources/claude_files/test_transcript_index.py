import multiprocessing
import os
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.claude_files import transcript_index, transcript_reader, transcript_tree
from ccmon_tray.sources.claude_files.transcript_lines import Deed, LineParser, Request
from ccmon_tray.sources.claude_files.transcript_tree import Tree
from ccmon_tray.sources.claude_files.transcripts import TranscriptsSource
from ccmon_tray.usage.metrics import Metric
from tests.support.transcripts import BEGIN, answer, as_bytes, transcript, write

ALL = Span(0, 2**32)


class Look:
    """One source after another with the same index."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "claude"
        self.cache = home / "cache"
        self.file = transcript(self.folder)

    def open(self) -> TranscriptsSource:
        return TranscriptsSource([self.folder], cache_dir=self.cache)

    def tokens(self) -> float | None:
        with closing(self.open()) as source:
            return tokens(source)

    @property
    def index(self) -> Path:
        [found] = self.cache.glob("transcripts-*.sqlite")
        return found


def tokens(source: TranscriptsSource) -> float | None:
    source.inventory(refresh=True)
    return source.ask([Question(Metric.TOKENS, ALL)])[0].total


@pytest.fixture
def look(tmp_path: Path) -> Look:
    return Look(tmp_path)


def ten(number: int) -> bytes:
    """An answer of ten tokens."""
    return as_bytes(answer(number, at=BEGIN + number, tokens=(4, 3, 2, 1)))


def test_only_what_was_added_is_read(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    write(look.file, *(ten(number) for number in range(5)))
    assert look.tokens() == 50
    write(look.file, ten(5))

    parsed: list[bytes] = []

    parse = LineParser.parse

    def note(self: LineParser, line: bytes) -> Request | Deed | None:
        parsed.append(line)
        return parse(self, line)

    monkeypatch.setattr(LineParser, "parse", note)
    assert look.tokens() == 60
    assert parsed == [ten(5)]


def test_nothing_of_what_was_written_is_kept(look: Look) -> None:
    write(look.file, ten(1))
    look.tokens()
    kept = b"".join(file.read_bytes() for file in look.cache.iterdir())

    assert b"claude-opus" in kept
    assert b"secret" not in kept


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_only_its_owner_reads_the_index(look: Look) -> None:
    write(look.file, ten(1))
    with closing(look.open()) as source:
        tokens(source)
        assert {file.stat().st_mode & 0o077 for file in look.cache.iterdir()} == {0}


def test_a_line_that_is_being_written_counts_when_it_is_whole(look: Look) -> None:
    line = ten(2)
    with closing(look.open()) as source:
        for part, expected in ((ten(1) + line[:50], 10), (line[50:-1], 20), (b"\n", 20), (ten(3), 30)):
            write(look.file, part)
            assert tokens(source) == expected
        assert source.state().broken == 0


def test_a_file_that_was_written_anew_is_read_anew(look: Look) -> None:
    write(look.file, ten(1), ten(2))
    assert look.tokens() == 20
    look.file.write_bytes(ten(3))  # shorter
    assert look.tokens() == 30
    look.file.write_bytes(ten(4))  # as long
    os.utime(look.file, ns=(0, 5))
    assert look.tokens() == 40
    look.file.write_bytes(ten(5) + ten(6) + ten(7))  # longer, and other bytes where it ended
    assert look.tokens() == 70


def test_a_file_that_was_replaced_is_read_anew(look: Look) -> None:
    write(look.file, ten(1))
    assert look.tokens() == 10
    other = look.file.with_suffix(".new")
    write(other, ten(1), ten(2))
    other.replace(look.file)
    assert look.tokens() == 20


def test_what_was_used_stays_used_when_transcripts_are_deleted(look: Look) -> None:
    write(look.file, ten(1))
    assert look.tokens() == 10
    look.file.unlink()
    with closing(look.open()) as source:
        assert tokens(source) == 10
        assert source.state().files == 0


def test_each_set_of_folders_has_its_own_index(look: Look) -> None:
    write(look.file, ten(1))
    assert look.tokens() == 10
    elsewhere = TranscriptsSource([look.folder.parent / "elsewhere"], cache_dir=look.cache)
    with closing(elsewhere):
        assert tokens(elsewhere) == 0


def test_a_damaged_index_is_set_aside_and_made_anew(look: Look) -> None:
    write(look.file, ten(1))
    look.tokens()
    look.index.write_bytes(b"no database at all, this is" * 100)
    assert look.tokens() == 10
    assert len(list(look.cache.glob("*.damaged"))) == 1
    assert look.tokens() == 10


def test_an_index_that_is_damaged_inside_is_made_anew_while_it_is_open(look: Look) -> None:
    write(look.file, *(ten(number) for number in range(2000)))
    look.tokens()
    size = look.index.stat().st_size
    with look.index.open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(size - 8192))
    with closing(look.open()) as source:
        assert tokens(source) == 20_000


def test_an_index_that_was_removed_is_made_anew(look: Look) -> None:
    write(look.file, ten(1))
    with closing(look.open()) as source:
        tokens(source)
        if sys.platform != "win32":
            look.index.unlink()
        assert tokens(source) == 10
        assert look.index.exists()


def test_an_index_of_another_version_is_made_anew(look: Look) -> None:
    write(look.file, ten(1))
    look.tokens()
    with closing(sqlite3.connect(look.index)) as connection:
        connection.execute("DELETE FROM requests")
        connection.execute("PRAGMA user_version = 0")
        connection.commit()
    assert look.tokens() == 10


def test_without_a_cache_folder_the_index_is_in_memory(look: Look) -> None:
    write(look.file, ten(1))
    look.cache.write_text("a file where the folder should be")
    with closing(look.open()) as source:
        assert tokens(source) == 10
        write(look.file, ten(2))
        assert tokens(source) == 20


def test_junk_is_passed_over_and_counted(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript_reader, "LONGEST_LINE", 5000)
    huge = b'{"type":"user","message":"' + b"x" * 9000 + b'"}\n'
    write(look.file, ten(1), b"no JSON\n", ten(2)[:99] + b"\n", huge, bytes(range(256)) + b"\n", ten(3))
    with closing(look.open()) as source:
        assert tokens(source) == 20
        state = source.state()

    # The bytes hold a line end of their own.
    assert (state.broken, state.huge, state.requests, state.files) == (4, 1, 2, 1)


def test_a_huge_line_without_an_end_is_waited_for(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript_reader, "LONGEST_LINE", 5000)
    with closing(look.open()) as source:
        write(look.file, ten(1), b"x" * 9000)
        assert (tokens(source), source.state().huge) == (10, 0)
        write(look.file, b"x\n", ten(2))
        assert (tokens(source), source.state().huge) == (20, 1)


def test_a_large_file_is_read_in_parts(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript_index, "_PART_BYTES", 3000)
    write(look.file, *(ten(number) for number in range(40)))
    write(transcript(look.folder, "s2.jsonl"), *(ten(number) for number in range(30, 60)))
    assert look.tokens() == 600
    assert look.tokens() == 600


def test_a_file_that_cannot_be_read_is_named(look: Look) -> None:
    write(look.file, ten(1))
    blocked = transcript(look.folder, "s2.jsonl")
    write(blocked, ten(2))

    real_open = open

    def refuse(path: object, *arguments: object, **more: object) -> object:
        if str(path) == str(blocked):
            raise PermissionError(13, "Permission denied")
        return real_open(path, *arguments, **more)  # type: ignore[call-overload]

    with closing(look.open()) as source:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("builtins.open", refuse)
            assert tokens(source) == 10
            assert source.state().problems == ((str(blocked), "Permission denied"),)
        assert tokens(source) == 20
        assert source.state().problems == ()


def test_a_file_that_vanishes_while_it_is_read(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    write(look.file, ten(1))
    gone = transcript(look.folder, "s2.jsonl")
    write(gone, ten(2))

    def then_delete(folders: Sequence[Path]) -> Tree:
        tree = transcript_tree.look(folders)
        gone.unlink(missing_ok=True)
        return tree

    monkeypatch.setattr(transcript_index, "look", then_delete)
    with closing(look.open()) as source:
        assert tokens(source) == 10
        assert source.state().files == 1


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_in_a_circle_and_pipes_end_nothing(look: Look) -> None:
    write(look.file, ten(1))
    (look.folder / "projects" / "again").symlink_to(look.folder / "projects")
    (look.folder / "projects" / "nowhere.jsonl").symlink_to("nowhere")
    os.mkfifo(look.folder / "projects" / "pipe.jsonl")
    (look.folder / "projects" / "folder.jsonl").mkdir()
    assert look.tokens() == 10


@pytest.mark.skipif(sys.platform != "linux", reason="names there are Unicode")
def test_a_name_that_is_no_unicode(look: Look) -> None:
    write(Path(os.fsdecode(os.fsencode(look.file.parent) + b"/caf\xe9.jsonl")), ten(1))
    assert look.tokens() == 10
    assert look.tokens() == 10


def _read_in_a_process(home: str, start: object, answers: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    answers.put(Look(Path(home)).tokens())  # type: ignore[attr-defined]


def test_several_processes_read_at_once(look: Look, tmp_path: Path) -> None:
    for number in range(20):
        write(transcript(look.folder, f"s{number}.jsonl"), *(ten(number * 50 + i) for i in range(50)))
    context = multiprocessing.get_context("spawn")
    start, answers = context.Event(), context.Queue()
    processes = [
        context.Process(target=_read_in_a_process, args=(str(tmp_path), start, answers)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    start.set()
    found = [answers.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(timeout=60)

    assert found == [10_000, 10_000]
