"""Take the pictures of the quick-stats window in docs/images, from demo data of a fixed moment.

Needs Xvfb: ``python scripts/take_quick_stats_pictures.py [--scale 2]``.
"""

import argparse
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

from ccmon_tray.dashboard.quick_stats import QuickStatsWindow  # noqa: E402
from ccmon_tray.settings import Settings, Theme  # noqa: E402
from ccmon_tray.sources.choose import open_files  # noqa: E402
from ccmon_tray.sources.demo.source import DemoSource  # noqa: E402
from ccmon_tray.sources.snapshot_file import SnapshotFile  # noqa: E402
from ccmon_tray.sources.snapshots import SnapshotBuilder  # noqa: E402
from ccmon_tray.usage.snapshot import Snapshot  # noqa: E402
from ccmon_tray.usage.windows import Calendar  # noqa: E402
from tests.support.desktop import Desktop  # noqa: E402

ZONE: Final = "Europe/Berlin"
MOMENT: Final = datetime(2026, 11, 20, 15, 40, tzinfo=ZoneInfo(ZONE)).timestamp()
AGE_S: Final = 12


def demo_snapshot() -> Snapshot:
    """What the demo shows at the fixed moment."""
    calendar = Calendar(ZoneInfo(ZONE), ZONE)
    source = DemoSource(calendar, clock=lambda: MOMENT)
    files = open_files(source, Settings(), calendar, clock=lambda: MOMENT)  # which know the projects
    return SnapshotBuilder(source, calendar, files).build("today", MOMENT, None)


def take(display: str, file: Path, theme: Theme, scale: float) -> Image.Image:
    """A picture of the window with this snapshot file on this display."""
    root = tk.Tk(screenName=display, className="ccmon-tray")
    window = QuickStatsWindow(
        root, SnapshotFile(file), theme=theme, at=(0, 0), scale=scale, clock=lambda: MOMENT + AGE_S
    )
    root.update()
    left, top = window.canvas.winfo_rootx(), window.canvas.winfo_rooty()
    box = (left, top, left + window.canvas.winfo_width(), top + window.canvas.winfo_height())
    picture = ImageGrab.grab(bbox=box, xdisplay=display)
    window.close()
    return picture


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=2.0, help="pixels per unit (2 for sharp pictures)")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "images")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        Desktop(Path(folder), bus=False, size=(1000, 1900)) as desktop,
    ):
        file = Path(folder) / "snapshot.json"
        file.write_text(demo_snapshot().model_dump_json(by_alias=True), encoding="utf-8")
        for theme in (Theme.DARK, Theme.LIGHT):
            picture = take(desktop.env["DISPLAY"], file, theme, options.scale)
            path = options.folder / f"quick-stats-{theme.value}.png"
            picture.save(path, optimize=True)
            print(f"{path}: {picture.width} × {picture.height}")


if __name__ == "__main__":
    main()
