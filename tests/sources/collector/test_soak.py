"""The soak of ``scripts/bench_listeners.py``, in short: the real tray under load keeps all, in its memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "bench_listeners.py"
MOST_MIB = 65.0


@pytest.mark.skipif(sys.platform != "linux", reason="the script reads /proc")
@pytest.mark.parametrize("by", ["http", "grpc"])
def test_under_load_nothing_is_lost_and_memory_stays(by: str) -> None:
    command = [sys.executable, str(SCRIPT), "--by", by, "--rate", "60", "--seconds", "5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["exports"] >= 250
    assert found["lost"] == 0
    assert found["resident_mib"] <= MOST_MIB
