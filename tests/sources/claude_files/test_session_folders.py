import json
import os
from pathlib import Path

import pytest

from ccmon_tray.settings import ClaudeSettings
from ccmon_tray.sources.claude_files import LocalFiles
from ccmon_tray.sources.claude_files.session_folders import SessionFolders
from tests.support.transcripts import BEGIN, FIXTURE, answer, transcript, write


def test_the_recorded_sessions_were_all_in_one_folder() -> None:
    found = SessionFolders([FIXTURE]).read(())

    assert set(found.values()) == {"/home/dev/shop"}
    assert "1627faaf-a626-4a8d-b338-3aa6e6e2be5b" in found
    assert not [session for session in found if session.startswith("agent-")]


def test_the_first_folder_counts_and_each_transcript_is_read_once(tmp_path: Path) -> None:
    folders = SessionFolders([tmp_path])
    path = transcript(tmp_path)
    write(
        path, b"junk\n", b'{"cwd"\n', b'["cwd"]\n', answer(1, cwd=5), answer(2, cwd="/a"), answer(3, cwd="/b")
    )
    found = folders.read(())
    assert found == {"s1": "/a"}

    path.write_bytes(b"")
    assert folders.read(()) is found


def test_a_session_that_has_not_said_yet_is_waited_for(tmp_path: Path) -> None:
    folders = SessionFolders([tmp_path])
    write(transcript(tmp_path), {"type": "queue-operation"})
    assert folders.read(()) == {}
    write(transcript(tmp_path), answer(1))
    assert folders.read(()) == {"s1": "/home/dev/shop"}

    write(transcript(tmp_path, "s2.jsonl"), answer(2, cwd="/else"))
    assert folders.read(()) == {"s1": "/home/dev/shop", "s2": "/else"}


def test_known_and_old_sessions_are_left_out(tmp_path: Path) -> None:
    for name in ("known", "old", "new"):
        write(transcript(tmp_path, f"{name}.jsonl"), answer(1))
        os.utime(transcript(tmp_path, f"{name}.jsonl"), (BEGIN, BEGIN - 900 * (name == "old")))
    folders = SessionFolders([tmp_path], recent_s=600, clock=lambda: float(BEGIN))

    assert set(folders.read({"known"})) == {"new"}


@pytest.mark.parametrize("prompts", [None, "s2"])
def test_they_complete_the_history(tmp_path: Path, prompts: str | None) -> None:
    write(transcript(tmp_path), answer(1, cwd="/work/shop"))
    if prompts is not None:
        line = {"sessionId": prompts, "project": "/play/shop", "timestamp": BEGIN * 1000}
        (tmp_path / "history.jsonl").write_text(json.dumps(line) + "\n")
    files = LocalFiles(ClaudeSettings(config_dir=tmp_path))
    history = files.history()

    assert history is not None
    assert history is files.history()
    assert history.project_of("s1")[1] == "/work/shop"
    assert history.there is (prompts is not None)
    assert history.messages(0, BEGIN) == (None if prompts is None else 1)
    if prompts is not None:
        assert (history.project_of("s1")[0], history.project_of("s2")[0]) == ("work/shop", "play/shop")
