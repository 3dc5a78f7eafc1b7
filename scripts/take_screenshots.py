"""Photograph the tray on xfce4-panel, on a virtual display and from demo data, into docs/images."""

import argparse
import contextlib
import functools
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image
from Xlib.display import Display

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ccmon_tray.settings import Settings, TraySettings  # noqa: E402
from ccmon_tray.sources.choose import open_files  # noqa: E402
from ccmon_tray.sources.demo import DemoSource  # noqa: E402
from ccmon_tray.sources.snapshots import SnapshotBuilder  # noqa: E402
from ccmon_tray.tray import tooltip  # noqa: E402
from ccmon_tray.tray.backends.pystray_adapter import PystrayBackend  # noqa: E402
from ccmon_tray.tray.backends.sni.icon import Icon  # noqa: E402
from ccmon_tray.tray.face import icon_face  # noqa: E402
from ccmon_tray.tray.icon import render  # noqa: E402
from ccmon_tray.tray.menu import build_menu  # noqa: E402
from ccmon_tray.tray.model import Face, IconFace  # noqa: E402
from ccmon_tray.usage.states import State  # noqa: E402
from ccmon_tray.usage.windows import Calendar  # noqa: E402
from tests.support.desktop import Box, Desktop, wait_for  # noqa: E402

# A fixed moment: the same code takes the same pictures.
NOW = datetime(2026, 10, 15, 14, 40, tzinfo=UTC).timestamp()
CALENDAR = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")

SCALE = 2
SIZE = (820 * SCALE, 560 * SCALE)
PLUGINS = ("separator", "systray", "separator")
GROUND = {"dark": 0x3B4252, "light": 0xA9B4C2}
MARKER = (255, 0, 255)
_MARKER_FACE = Face(IconFace(State.NO_DATA), "", ())
_SETTLE_S = 0.6
_TOOLTIP_S = 1.5


def demo_face() -> Face:
    """Make what the tray shows of the demo at that moment."""
    settings = Settings(tray=TraySettings(range="7d"))
    source = DemoSource(CALENDAR, clock=lambda: NOW)
    files = open_files(source, settings, CALENDAR, clock=lambda: NOW)  # which know the projects
    snapshot = SnapshotBuilder(source, CALENDAR, files).build(settings.tray.range, NOW, None)
    return Face(
        icon_face(snapshot, settings),
        tooltip.compose(snapshot, now=NOW),
        build_menu(snapshot, now=NOW, calendar=CALENDAR, settings=settings, starts_at_login=True),
    )


@contextlib.contextmanager
def tray_on(desktop: Desktop, *, dark: bool) -> Iterator[Box]:
    """Show the demo's face on a desktop's panel, and give the place of the icon."""
    draw = functools.partial(render, dark_bar=dark)

    def renderer(face: IconFace, size: int) -> Image.Image:
        # The marker's colour tells where on the panel the icon is.
        return Image.new("RGBA", (size, size), MARKER) if face is _MARKER_FACE.icon else draw(face, size)

    backend = PystrayBackend("sni", Icon, renderer)
    backend.show(_MARKER_FACE)
    loop = threading.Thread(
        target=lambda: backend.run(on_command=lambda _: None, on_ready=lambda: None), daemon=True
    )
    loop.start()
    try:
        place = wait_for(lambda: desktop.find(MARKER), "the icon")
        assert place
        backend.show(demo_face())
        wait_for(lambda: desktop.find(MARKER) is None, "the demo's face")
        yield place
    finally:
        backend.stop()
        loop.join()


def paint_ground(desktop: Desktop, colour: int) -> None:
    """Give the empty display a colour."""
    display = Display(desktop.env["DISPLAY"])
    root = display.screen().root
    root.change_attributes(background_pixel=colour)
    root.clear_area(0, 0, *SIZE)
    display.sync()
    display.close()


def photograph(desktop: Desktop, left: int, bottom: int, file: Path) -> None:
    """Save the display's upper right part, reaching to there."""
    desktop.screenshot().crop((left, 0, SIZE[0], bottom)).save(file, optimize=True)
    print(file)


def open_submenu(desktop: Desktop, place: tuple[int, int], label: str, face: Face) -> Box:
    """Open the menu and in it the submenu whose label begins so; give the box around both."""
    before = set(desktop.windows())
    desktop.click(*place, button=3)
    time.sleep(_SETTLE_S)
    choosable = [item for item in face.menu if item.enabled]
    number = next(i for i, item in enumerate(choosable) if item.label.startswith(label))
    desktop.press(*["Down"] * (number + 1), "Right")
    time.sleep(_SETTLE_S)
    return around(desktop, before)


def around(desktop: Desktop, before: set[int]) -> Box:
    """Give the box around all windows that came since."""
    boxes = [box for window, box in desktop.windows().items() if window not in before and box[0] > 0]
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def take(theme: str, folder: Path) -> None:
    """Take the pictures of one theme."""
    margin = 24 * SCALE
    face = demo_face()
    with (
        tempfile.TemporaryDirectory() as home,
        Desktop(Path(home), dark=theme == "dark", size=SIZE, plugins=PLUGINS) as desktop,
    ):
        desktop.env["GDK_SCALE"] = str(SCALE)
        desktop.env["TZ"] = CALENDAR.zone_name
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = desktop.env["DBUS_SESSION_BUS_ADDRESS"]
        paint_ground(desktop, GROUND[theme])
        desktop.start_panel()
        with tray_on(desktop, dark=theme == "dark") as icon:
            middle = (icon[0] + icon[2]) // 2, (icon[1] + icon[3]) // 2
            before = set(desktop.windows())
            desktop.move(*middle)
            time.sleep(_TOOLTIP_S)
            box = around(desktop, before)
            photograph(desktop, box[0] - margin, box[3] + margin, folder / f"tray-tooltip-{theme}.png")
            for label in ("By model", "Sessions"):
                box = open_submenu(desktop, middle, label, face)
                name = label.lower().replace(" ", "-")
                photograph(desktop, box[0] - margin, box[3] + margin, folder / f"tray-{name}-{theme}.png")
                desktop.press("Escape", "Escape")
                time.sleep(_SETTLE_S)


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "images")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for theme in GROUND:
        take(theme, folder)


if __name__ == "__main__":
    main()
