"""When matplotlib comes, and how."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def run(code: str, **environ: str) -> list[str]:
    """What a Python program prints as JSON; warnings are errors."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stdout)
    return found


def test_the_window_comes_before_matplotlib() -> None:
    code = """
import json, sys
import ccmon_tray.dashboard.window, ccmon_tray.dashboard.charts.units
print(json.dumps([m for m in ("matplotlib", "numpy") if m in sys.modules]))
"""
    assert run(code) == []


def test_charts_come_without_pyplot_and_with_all_they_need() -> None:
    code = """
import json, sys
from ccmon_tray.dashboard.charts import prepare
prepare()
before = set(sys.modules)
from ccmon_tray.dashboard.charts import bar_chart, columns, day_bars, donut, heatmap, sparkline, time_chart
print(json.dumps([m for m in sys.modules if m not in before or m == "matplotlib.pyplot"]))
"""
    assert run(code) == []


def test_charts_in_space_stay_out_without_a_word() -> None:
    code = """
import json, sys, warnings
warnings.simplefilter("error")
from ccmon_tray.dashboard.charts import prepare
prepare()
print(json.dumps([m for m in sys.modules if m.startswith("mpl_toolkits.mplot3d.")]))
"""
    assert run(code) == []


def test_a_person_s_own_matplotlibrc_does_not_show(tmp_path: Path) -> None:
    own = tmp_path / "matplotlibrc"
    own.write_text("lines.linestyle: --\npath.sketch: 1, 100, 2\ntext.usetex: True\nbackend: svg\n")
    code = """
import json, matplotlib
from ccmon_tray.dashboard.charts import prepare
prepare()
rc = matplotlib.rcParams
print(json.dumps([rc["lines.linestyle"], str(rc["path.sketch"]), str(rc["text.usetex"])]))
"""
    assert run(code, MATPLOTLIBRC=str(own)) == ["-", "None", "False"]
