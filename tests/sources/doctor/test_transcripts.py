import os
from pathlib import Path

import pytest

from ccmon_tray.paths import Paths
from ccmon_tray.sources.doctor.doctor import Doctor
from ccmon_tray.usage.checks import Check, CheckStatus
from tests.support.transcripts import BEGIN, answer, transcript, write


@pytest.fixture
def folder(tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, paths: Paths) -> Path:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", environ["CLAUDE_CONFIG_DIR"])
    monkeypatch.setenv("CCMON_TRAY_HOME", str(paths.cache.parent))
    return Path(environ["CLAUDE_CONFIG_DIR"])


def checks(
    paths: Paths, environ: dict[str, str], kind: str = "transcripts", later_s: float = 60.0
) -> dict[str, Check]:
    doctor = Doctor(paths, kind=kind, environ=environ, clock=lambda: BEGIN + later_s)
    return {check.id: check for check in doctor.run()}


def test_transcripts_that_are_well(folder: Path, paths: Paths, environ: dict[str, str]) -> None:
    write(transcript(folder), answer(1), answer(2))
    found = checks(paths, environ)

    assert (found["transcripts"].status, found["transcripts"].result) == (
        CheckStatus.OK,
        "1 transcript, 0.0 MB, 2 requests",
    )
    assert found["metrics"].status is CheckStatus.OK
    assert found["retention"].status is CheckStatus.OK


def test_use_of_weeks_ago_is_found(folder: Path, paths: Paths, environ: dict[str, str]) -> None:
    write(transcript(folder), answer(1))
    found = checks(paths, environ, later_s=20 * 86_400)["newest_sample"]

    assert (found.status, found.result) == (CheckStatus.INFO, "20 d ago")


def test_lines_that_were_passed_over_are_counted(folder: Path, paths: Paths, environ: dict[str, str]) -> None:
    write(transcript(folder), answer(1), b"junk\n", b"junk\n")
    found = checks(paths, environ)["transcripts"]

    assert found.status is CheckStatus.INFO
    assert "2 lines could not be read" in found.result


def test_folders_that_cannot_be_read_are_named(
    folder: Path, paths: Paths, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(transcript(folder), answer(1))
    blocked = transcript(folder, "closed/x.jsonl").parent
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path == str(blocked):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    found = checks(paths, environ)["transcripts"]

    assert found.status is CheckStatus.WARNING
    assert f"{blocked}: Permission denied" in found.cause


def test_models_without_a_price_are_a_warning(folder: Path, paths: Paths, environ: dict[str, str]) -> None:
    write(transcript(folder), answer(1, model="claude-opus-9"))
    found = checks(paths, environ)["transcripts"]

    assert found.status is CheckStatus.WARNING
    assert "Opus 9" in found.cause


def test_no_transcripts_are_worth_knowing(folder: Path, paths: Paths, environ: dict[str, str]) -> None:
    found = checks(paths, environ)["transcripts"]

    assert found.status is CheckStatus.INFO
    assert str(folder) in found.result


def test_they_are_not_read_for_another_source(folder: Path, paths: Paths, environ: dict[str, str]) -> None:
    write(transcript(folder), answer(1))
    found = checks(paths, environ, kind="collector")["transcripts"]

    assert (found.status, found.result) == (
        CheckStatus.OK,
        "1 transcript, 0.0 MB, not read: another source is in use",
    )
    assert not list(paths.cache.glob("transcripts*"))
    assert checks(paths, environ, kind="demo")["transcripts"].status is CheckStatus.SKIPPED
