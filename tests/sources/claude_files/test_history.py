import json
import os
import time
import tracemalloc
from pathlib import Path

import pytest

from ccmon_tray.sources.claude_files.history import History, HistoryFiles

FIXTURE = Path(__file__).parents[2] / "fixtures" / "claude-config"
DAY = 86_400


def line(session: str | None, at: float, project: str | None = "/home/dev/shop", **more: object) -> str:
    entry = {"display": "a secret thought", "pastedContents": {}, "timestamp": int(at * 1000), **more}
    if project is not None:
        entry["project"] = project
    if session is not None:
        entry["sessionId"] = session
    return json.dumps(entry) + "\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.jsonl"


def read(files: HistoryFiles) -> History:
    history = files.read()
    assert history is not None
    return history


def append(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8") as stream:
        stream.write(text)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_its_place_keeps_nobody_waiting(file: Path) -> None:
    os.mkfifo(file)
    assert HistoryFiles([file.parent]).read() is None


def test_what_claude_code_wrote() -> None:
    history = read(HistoryFiles([FIXTURE]))
    entries = [json.loads(text) for text in (FIXTURE / "history.jsonl").read_text().splitlines()]
    assert sum(record.messages for record in history.sessions.values()) == len(entries)
    record = history.sessions["e67bc444-aa20-4b64-83f9-783e19b105cd"]
    assert (record.project_path, record.first, record.last, record.messages) == (
        "/home/dev/shop",
        1795401756,
        1795401769,
        3,
    )
    assert history.project_of(record.session_id) == ("shop", "/home/dev/shop")
    assert history.damaged == 0


def test_no_file_is_no_history(tmp_path: Path) -> None:
    assert HistoryFiles([tmp_path / "nowhere"]).read() is None


def test_an_empty_file_is_an_empty_history(file: Path) -> None:
    file.touch()
    assert read(HistoryFiles([file.parent])).sessions == {}


def test_what_is_appended_is_added(file: Path) -> None:
    file.write_text(line("a", 1000))
    files = HistoryFiles([file.parent])
    first = read(files)
    assert files.read() is first
    append(file, line("a", 1060) + line("b", 1030, "/home/dev/api"))
    second = read(files)
    assert second.sessions["a"].messages == 2
    assert (second.sessions["a"].first, second.sessions["a"].last) == (1000, 1060)
    assert second.project_of("b") == ("api", "/home/dev/api")
    assert first.sessions["a"].messages == 1


def test_a_line_that_is_still_being_written_is_taken_once_it_is_whole(file: Path) -> None:
    whole = line("a", 1000)
    file.write_text(line("b", 900) + whole[:40])
    files = HistoryFiles([file.parent])
    assert set(read(files).sessions) == {"b"}
    append(file, whole[40:])
    history = read(files)
    assert history.sessions["a"].messages == 1
    assert history.sessions["b"].messages == 1
    assert history.damaged == 0


def test_a_last_line_without_its_end_counts_once(file: Path) -> None:
    file.write_text(line("a", 1000).rstrip("\n"))
    files = HistoryFiles([file.parent])
    assert read(files).sessions["a"].messages == 1
    append(file, "\n" + line("a", 1010))
    assert read(files).sessions["a"].messages == 2
    assert read(files).damaged == 0


@pytest.mark.parametrize(
    "damaged",
    [
        "{not json}\n",
        "[]\n",
        "null\n",
        '{"timestamp": "yesterday", "sessionId": "x"}\n',
        '{"sessionId": "x"}\n',
        '{"timestamp": -5, "sessionId": "x"}\n',
        '{"timestamp": 1e300, "sessionId": "x"}\n',
        '{"timestamp": NaN, "sessionId": "x"}\n',
        "[" * 100_000 + "\n",
    ],
)
def test_damaged_lines_are_counted_and_passed_over(file: Path, damaged: str) -> None:
    file.write_text(line("a", 1000) + damaged + line("a", 1010))
    history = read(HistoryFiles([file.parent]))
    assert history.damaged == 1
    assert set(history.sessions) == {"a"}
    assert history.sessions["a"].messages == 2


def test_bytes_that_are_no_text_are_damage(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00\n" + line("a", 1000).encode())
    history = read(HistoryFiles([file.parent]))
    assert (history.damaged, list(history.sessions)) == (1, ["a"])


def test_what_is_too_long_is_damage_and_never_all_in_memory(file: Path) -> None:
    with file.open("wb") as out:
        out.write(line("one", 1000).encode())
        out.truncate(out.tell() + 64 * 2**20)  # a hole, which is read as zeros
        out.seek(0, os.SEEK_END)
        out.write(b"\n" + line("two", 2000).encode())
        out.truncate(out.tell() + 64 * 2**20)  # and one without an end
    files = HistoryFiles([file.parent])
    tracemalloc.start()
    history = read(files)
    again = read(files)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert history.sessions.keys() == {"one", "two"}
    assert history.damaged == 1
    assert again is history or again.damaged == 1
    assert most < 40 * 2**20


def test_older_lines_without_a_session_are_messages_all_the_same(file: Path) -> None:
    file.write_text(line(None, 1000) + line("a", 1010, None))
    history = read(HistoryFiles([file.parent]))
    assert history.messages(0, 2000) == 2
    assert history.sessions["a"].project_path is None
    assert history.project_of("a") == (None, None)
    assert history.damaged == 0


def test_commands_of_the_prompt_line_are_told_apart(file: Path) -> None:
    append(file, line("s1", DAY))
    append(file, line("s1", DAY + 1, display="/model opus"))
    append(file, line(None, DAY + 2, display=7))
    history = read(HistoryFiles([file.parent]))
    assert list(history.moments) == [DAY, DAY + 1, DAY + 2]
    assert list(history.commands) == [DAY + 1]


def test_messages_of_a_window(file: Path) -> None:
    file.write_text("".join(line("a", at) for at in (1000, 1001, 1500, 2000)))
    history = read(HistoryFiles([file.parent]))
    assert history.messages(1000, 2000) == 3
    assert history.messages(2000, 3000) == 0
    assert history.sessions["a"].messages_in(1000, 2000) == 3
    assert history.sessions["a"].messages_in(2000, 3000) == 0


def test_a_file_that_was_replaced_is_read_anew(file: Path) -> None:
    file.write_text(line("a", 1000) + line("b", 1001))
    files = HistoryFiles([file.parent])
    read(files)
    new = file.with_suffix(".new")
    new.write_text(line("c", 1000) + line("d", 1001) + line("e", 1002))
    new.replace(file)
    assert set(read(files).sessions) == {"c", "d", "e"}


def test_a_file_that_was_rewritten_in_place_is_read_anew(file: Path) -> None:
    file.write_text(line("a", 1000))
    files = HistoryFiles([file.parent])
    read(files)
    file.write_text(line("bb", 1000) + line("c", 1001))  # longer, and otherwise from the beginning
    assert set(read(files).sessions) == {"bb", "c"}
    file.write_text(line("d", 1000))
    assert set(read(files).sessions) == {"d"}


def test_a_file_that_is_gone_takes_its_sessions_along(file: Path) -> None:
    file.write_text(line("a", 1000))
    files = HistoryFiles([file.parent])
    read(files)
    file.unlink()
    assert files.read() is None
    file.write_text(line("b", 1000))
    assert set(read(files).sessions) == {"b"}


def test_what_cannot_be_read_is_no_history(file: Path) -> None:
    file.mkdir()
    assert HistoryFiles([file.parent]).read() is None


def test_one_session_in_two_folders(tmp_path: Path) -> None:
    for name, at, project in (("one", 2000, "/p/shop"), ("two", 1000, "/p/api")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "history.jsonl").write_text(line("a", at, project))
    history = read(HistoryFiles([tmp_path / "two", tmp_path / "one", tmp_path / "none"]))
    record = history.sessions["a"]
    assert (record.first, record.last, record.messages, record.project_path) == (1000, 2000, 2, "/p/shop")


def test_only_the_recent_is_kept_where_that_is_asked(file: Path) -> None:
    now = 1_795_000_000.0
    file.write_text(line("old", now - 101 * DAY) + line("new", now - 99 * DAY))
    files = HistoryFiles([file.parent], recent_s=100 * DAY, clock=lambda: now)
    assert set(read(files).sessions) == {"new"}


def test_a_project_whose_name_no_text_can_hold(file: Path) -> None:
    file.write_text('{"timestamp": 1000000, "project": "/home/\\ud800", "sessionId": "a"}\n')
    name, path = read(HistoryFiles([file.parent])).project_of("a")
    assert name == "?"
    assert path is not None
    path.encode()


def test_what_people_wrote_is_not_kept(file: Path) -> None:
    file.write_text(line("a", 1000))
    files = HistoryFiles([file.parent])
    read(files)
    everything = [repr(read(files))] + [repr(vars(kept)) for kept in files._files]
    assert "secret" not in "".join(everything)


def test_a_hundred_thousand_lines_are_read_quickly_and_what_is_new_at_once(file: Path) -> None:
    with file.open("w") as stream:
        for i in range(100_000):
            stream.write(line(f"session-{i // 20}", 1_790_000_000 + i, f"/home/dev/project-{i % 40}"))
    files = HistoryFiles([file.parent])
    start = time.process_time()
    assert len(read(files).sessions) == 5000
    whole = time.process_time() - start
    append(file, line("new", 1_795_000_000))
    start = time.process_time()
    assert len(read(files).sessions) == 5001
    assert whole < 3
    assert time.process_time() - start < whole / 4
