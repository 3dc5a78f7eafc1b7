"""Text scaling as desktops set it (``Xft.dpi``): layout and fonts grow together, from a process' start on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from Xlib import X, Xatom
from Xlib.display import Display

from tests.support.desktop import Desktop

ROOT = Path(__file__).parents[2]

MEASURE = """
import json, tkinter as tk
from ccmon_tray.dashboard.theme import Fonts, measure_scale
root = tk.Tk()
scale = measure_scale(root)
print(json.dumps({"scale": scale, "height": Fonts(root, scale).get(72).metrics("linespace")}))
"""


def measured(desktop: Desktop) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], cwd=ROOT, env=desktop.env, capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


@pytest.mark.needs("Xvfb")
@pytest.mark.parametrize(("dpi", "scale"), [(96, 1.0), (120, 1.25), (192, 2.0)])
def test_layout_and_fonts_grow_together(tmp_path: Path, dpi: int, scale: float) -> None:
    with Desktop(tmp_path, bus=False) as desktop:
        # Kept open: a display without clients forgets its resources.
        display = Display(desktop.env["DISPLAY"])
        plain = measured(desktop)
        resources = f"Xft.dpi:\t{dpi}\n".encode()
        display.screen().root.change_property(
            Xatom.RESOURCE_MANAGER, Xatom.STRING, 8, resources, X.PropModeReplace
        )
        display.sync()
        scaled = measured(desktop)
        display.close()
    assert plain["scale"] == 1.0
    assert scaled["scale"] == scale
    assert scaled["height"] == pytest.approx(plain["height"] * scale, rel=0.03)
