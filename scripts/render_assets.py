"""Draw the pictures of the icon: the application's icon in all sizes, and the sheet of the tray's states."""

import argparse
import io
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ccmon_tray.tray.icon import render  # noqa: E402
from ccmon_tray.tray.model import BUDGET_STEPS, IconFace  # noqa: E402
from ccmon_tray.usage.states import State  # noqa: E402

APP_SIZES = (16, 32, 48, 64, 128, 256, 512)
SLOT_SIZES = (16, 22, 24, 32, 48, 64)
DARK_BAR, LIGHT_BAR = "#23262b", "#e9ebee"

FACES = (
    ("fresh", IconFace(State.FRESH)),
    ("fresh, attention", IconFace(State.FRESH, attention=True)),
    ("stale", IconFace(State.STALE)),
    ("stale, attention", IconFace(State.STALE, attention=True)),
    ("offline", IconFace(State.OFFLINE)),
    ("no telemetry", IconFace(State.NO_TELEMETRY)),
    ("no data", IconFace(State.NO_DATA)),
    ("demo", IconFace(State.FRESH, demo=True)),
    ("budget, a quarter", IconFace(State.FRESH, budget=BUDGET_STEPS // 4)),
    ("budget, nearly used", IconFace(State.FRESH, budget=BUDGET_STEPS - 2)),
    ("budget exceeded", IconFace(State.FRESH, budget=BUDGET_STEPS + 1)),
    ("$12", IconFace(State.FRESH, text="$12")),
    ("$1.2k", IconFace(State.FRESH, text="$1.2k")),
    ("$0.42 stale", IconFace(State.STALE, text="$0.42")),
    ("$348 attention", IconFace(State.FRESH, text="$348", attention=True)),
    ("$12 offline", IconFace(State.OFFLINE, text="$12")),
    ("$0.00 no data", IconFace(State.NO_DATA, text="$0.00")),
    ("no telemetry, dash", IconFace(State.NO_TELEMETRY, text="–")),
    ("$12 of a budget", IconFace(State.FRESH, text="$12", budget=BUDGET_STEPS * 3 // 5)),
    ("$23 exceeded", IconFace(State.FRESH, text="$23", budget=BUDGET_STEPS + 1)),
    ("$84 demo", IconFace(State.FRESH, text="$84", demo=True)),
)


def sheet(sizes: tuple[int, ...], zoom: int) -> Image.Image:
    """All faces in rows, all sizes in columns, on a dark and on a light bar."""
    row, label, gap = (max(sizes) + 8) * zoom, 150, 14
    half = sum(size * zoom + gap for size in sizes) + gap
    picture = Image.new("RGB", (label + 2 * half, 24 + row * len(FACES)), "#ffffff")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(14)
    for side, (bar, dark_bar) in enumerate(((DARK_BAR, True), (LIGHT_BAR, False))):
        left = label + side * half
        draw.rectangle((left, 24, left + half, picture.height), fill=bar)
        for number, (_, face) in enumerate(FACES):
            x = left + gap
            for size in sizes:
                icon = render(face, size, dark_bar=dark_bar)
                large = icon.resize((size * zoom, size * zoom), Image.Resampling.NEAREST)
                y = 24 + number * row + (row - size * zoom) // 2
                picture.paste(large, (x, y), large)
                if not number:
                    draw.text((x, 4), str(size), fill="#565d69", font=font)
                x += size * zoom + gap
    for number, (name, _) in enumerate(FACES):
        draw.text((8, 24 + number * row + row // 2), name, fill="#16181d", font=font, anchor="lm")
    return picture


def application_icon(size: int) -> Image.Image:
    """The application's icon, drawn from its SVG source."""
    svg = ROOT / "assets" / "icon.svg"
    command = ["rsvg-convert", "--width", str(size), "--height", str(size), str(svg)]
    png = subprocess.run(command, check=True, capture_output=True).stdout
    return Image.open(io.BytesIO(png)).convert("RGBA")


def main() -> None:
    """Write everything, or only an enlarged sheet to judge small sizes by."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--zoom", type=Path, metavar="FILE", help="write the small sizes, four times enlarged"
    )
    zoom = parser.parse_args().zoom
    if zoom is not None:
        sheet((16, 22, 24), 4).save(zoom)
        return
    images = ROOT / "docs" / "images"
    images.mkdir(parents=True, exist_ok=True)
    sheet(SLOT_SIZES, 1).quantize(256).save(images / "icons.png", optimize=True)
    icons = {size: application_icon(size) for size in APP_SIZES}
    for size, icon in icons.items():
        icon.save(ROOT / "assets" / f"icon-{size}.png", optimize=True)
    largest = icons[max(APP_SIZES)]
    largest.save(
        ROOT / "assets" / "icon.ico",
        sizes=[(size, size) for size in APP_SIZES if size <= 256],
        append_images=[icons[size] for size in APP_SIZES if size <= 256],
    )
    largest.save(ROOT / "assets" / "icon.icns", append_images=list(icons.values()))


if __name__ == "__main__":
    main()
