"""The real tray over transcripts that are being written."""

import json
import time
from pathlib import Path

import pytest

from ccmon_tray.paths import find_paths
from tests.support.command_line import start
from tests.support.desktop import wait_for
from tests.support.patience import allowed
from tests.support.transcripts import answer, transcript, write

LIVE_S = 2.0
SLACK_S = 1.0  # for a machine that does other things at the same time


@pytest.mark.parametrize("chosen", ["transcripts", "auto"])
def test_what_is_written_is_shown_within_two_seconds(tmp_path: Path, chosen: str) -> None:
    folder, home = tmp_path / "claude", tmp_path / "home"
    paths = find_paths({"CCMON_TRAY_HOME": str(home)})
    file = transcript(folder)
    write(file, answer(0, at=time.time() - 5, tokens=(1, 0, 0, 0)))
    variables = {
        "CLAUDE_CONFIG_DIR": str(folder),
        "HOME": str(home),
        "CCMON_TRAY_SOURCE__KIND": chosen,
        "CCMON_TRAY_COLLECTOR__ENABLED": "false",
        "CCMON_TRAY_TIME__ZONE": "UTC",
        "CCMON_TRAY_POLL__INTERVAL_S": "300",
    }

    def month_tokens() -> float | None:
        try:
            snapshot = json.loads(paths.snapshot_file.read_bytes())
        except FileNotFoundError:
            return None
        figures = snapshot["figures"]
        return None if figures is None else figures["range"]["totals"]["tokens"]["total"]

    with start(home, "run", "--headless", **variables, CCMON_TRAY_TRAY__RANGE="30d") as tray:
        try:
            wait_for(lambda: month_tokens() == 1, "the first poll")
            for number in range(1, 4):
                written_at = time.monotonic()
                write(file, answer(number, at=time.time(), tokens=(10**number, 0, 0, 0)))
                expected = sum(10**n for n in range(number + 1))
                wait_for(lambda expected=expected: month_tokens() == expected, "what was written")  # type: ignore[misc]
                # Before its first look the tray does not know yet that transcripts are the source.
                if number > 1:
                    assert time.monotonic() - written_at <= LIVE_S + allowed(SLACK_S)
        finally:
            tray.kill()
