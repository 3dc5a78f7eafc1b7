import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccmon_tray import log
from ccmon_tray.paths import Paths, find_paths


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[Paths]:
    root, package = logging.getLogger(), logging.getLogger("ccmon_tray")
    before = root.handlers[:], root.level, package.level
    root.handlers[:] = []  # pytest's own, which basicConfig would close
    yield find_paths({"CCMON_TRAY_HOME": str(tmp_path)})
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    package.setLevel(before[2])


def test_the_file_takes_the_packages_details_and_the_libraries_warnings(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure("debug", paths.log_file)
    logging.getLogger("ccmon_tray.part").debug("a detail")
    logging.getLogger("ccmon_tray.part").warning("a warning")
    logging.getLogger("httpx").info("HTTP Request: GET http://me:hush@host/")
    logging.getLogger("httpx").warning("a library's warning")
    text = paths.log_file.read_text()
    assert "a detail" in text
    assert "a library's warning" in text
    assert "hush" not in text
    stderr = capsys.readouterr().err
    assert "a warning" in stderr
    assert "a detail" not in stderr


def test_it_stays_small_and_private(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_LARGEST_BYTES", 2000)
    log.configure("info", paths.log_file)
    for number in range(200):
        logging.getLogger("ccmon_tray").info("line %d", number)
    files = list(paths.log.iterdir())
    assert len(files) == 3
    assert all(path.stat().st_size <= 2000 for path in files)
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_without_a_folder_it_goes_on_with_stderr(
    tmp_path: Path, paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_text("a file where the folder should be")
    log.configure("info", paths.log_file)
    logging.getLogger("ccmon_tray").error("seen")
    assert "seen" in capsys.readouterr().err
