"""Take the pictures of the dashboard in docs/images: every view, dark and light, demo data of a fixed moment.

Needs Xvfb: ``python scripts/take_dashboard_pictures.py [--scale 1] [--views summary tokens]``.
"""

import argparse
import gc
import os
import sys
import tempfile
import tkinter as tk
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from PIL import Image, ImageGrab

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ccmon_tray.dashboard import charts  # noqa: E402
from ccmon_tray.dashboard.ranges import ChosenRange  # noqa: E402
from ccmon_tray.dashboard.services import Services  # noqa: E402
from ccmon_tray.dashboard.theme import palette_for  # noqa: E402
from ccmon_tray.dashboard.views.registry import ORDER  # noqa: E402
from ccmon_tray.dashboard.views.smoke_test import SmokeTestView  # noqa: E402
from ccmon_tray.dashboard.window import USUAL, DashboardWindow  # noqa: E402
from ccmon_tray.paths import Paths  # noqa: E402
from ccmon_tray.settings import Settings, Theme  # noqa: E402
from ccmon_tray.sources.snapshots import SnapshotBuilder  # noqa: E402
from ccmon_tray.view_names import ViewName  # noqa: E402
from tests.support.dashboard import await_drawn, pump, sync  # noqa: E402
from tests.support.desktop import Desktop  # noqa: E402

ZONE: Final = "Europe/Berlin"
MOMENT: Final = datetime(2026, 11, 20, 15, 40, tzinfo=ZoneInfo(ZONE)).timestamp()
AGE_S: Final = 12
HOME: Final = Path("/home/dev")  # what pictures say; nothing is there, and nothing is written


def services() -> Services:
    """A person's first day with the demo."""
    name = "ccmon-tray"
    paths = Paths(
        config=HOME / ".config" / name,
        data=HOME / ".local" / "share" / name,
        state=HOME / ".local" / "state" / name,
        cache=HOME / ".cache" / name,
        log=HOME / ".local" / "state" / name / "log",
    )
    given = {"source": {"kind": "demo"}, "time": {"zone": ZONE}, "tray": {"range": "7d"}}
    return Services(paths, Settings.model_validate(given), clock=lambda: MOMENT)


def take(view: ViewName, theme: Theme, scale: float) -> Image.Image:
    """A picture of a view, once all of it is there."""
    root = tk.Tk(className="ccmon-tray")
    width, height = (round(length * scale) for length in USUAL)
    root.geometry(f"{width}x{height}+0+0")
    given = services()
    window = DashboardWindow(
        root, given, palette_for(theme), view=view, chosen=ChosenRange("7d"), scale=scale
    )
    root.update()
    root.event_generate("<Motion>", warp=True, x=width - 1, y=height - 1)  # nothing is hovered
    window.charts_are_ready()
    window.start()
    before = SnapshotBuilder(given.source, given.calendar).build("7d", MOMENT - AGE_S, None)
    window.feed._take(before)  # noqa: SLF001  # as the tray has left it
    await_drawn(window)
    shown = window.page.view
    if isinstance(shown, SmokeTestView):
        pump(root, lambda: shown.finished, "all links")
    root.update()
    sync(root)
    picture = ImageGrab.grab(bbox=(0, 0, width, height), xdisplay=root.winfo_screen())
    window.close()
    return picture


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="pixels per unit")
    parser.add_argument("--views", nargs="+", default=[name.value for name in ORDER], help="which views")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "images")
    options = parser.parse_args()
    charts.prepare()
    # Tk's pictures must go on Tk's thread, and no main loop runs here that others could leave that to.
    gc.disable()
    size = (round(USUAL[0] * options.scale), round(USUAL[1] * options.scale))
    with tempfile.TemporaryDirectory() as folder, Desktop(Path(folder), bus=False, size=size) as desktop:
        os.environ["DISPLAY"] = desktop.env["DISPLAY"]
        for view in options.views:
            for theme in (Theme.DARK, Theme.LIGHT):
                picture = take(ViewName(view), theme, options.scale)
                gc.collect()
                path = options.folder / f"dashboard-{view}-{theme.value}.png"
                picture.save(path, optimize=True)
                print(f"{path.name}: {picture.width} × {picture.height}, {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
