"""A line without axes, as small as a word."""

import tkinter as tk
from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform
from PIL import Image

from ccmon_tray.dashboard.charts.drawing import POINTS_PER_INCH


def sparkline(
    master: tk.Misc,
    values: Sequence[float | None],
    *,
    width_px: int,
    height_px: int,
    colour: str,
    ground: str,
    scale: float,
) -> tk.PhotoImage:
    """A picture of how values go up and down.

    Args:
        master: The widget it is for.
        values: In order; None is unknown and leaves a gap.
        width_px: Pixels.
        height_px: Pixels.
        colour: Of the line, ``#rrggbb``.
        ground: What it stands on, ``#rrggbb``.
        scale: Pixels per unit.
    """
    width_px, height_px = max(1, width_px), max(1, height_px)
    picture = Image.new("RGB", (width_px, height_px), ground)
    path = _path(values, width_px, height_px, 1.5 * scale)
    if path is not None:
        renderer = RendererAgg(width_px, height_px, POINTS_PER_INCH)  # type: ignore[no-untyped-call]
        gc = renderer.new_gc()
        gc.set_linewidth(1.5 * scale)
        gc.set_foreground(colour)
        gc.set_joinstyle("round")
        gc.set_capstyle("round")
        renderer.draw_path(gc, path, IdentityTransform())  # type: ignore[no-untyped-call]
        pixels = renderer.buffer_rgba()  # type: ignore[no-untyped-call]
        drawn = Image.frombuffer("RGBA", picture.size, pixels, "raw", "RGBA", 0, 1)
        picture.paste(drawn, (0, 0), drawn)
    data = b"P6 %d %d 255\n" % picture.size + picture.tobytes()
    return tk.PhotoImage(master=master, data=data, format="ppm")


def _path(values: Sequence[float | None], width: int, height: int, stroke: float) -> Path | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    low, high = min(known), max(known)
    margin = stroke / 2 + 1.5  # the round ends of the line stay whole
    xs = np.linspace(margin, width - margin, len(values)) if len(values) > 1 else np.array([width / 2])
    ys = np.array([np.nan if value is None else value for value in values], float)
    if high > low:
        ys = margin + (ys - low) / (high - low) * (height - 2 * margin)
    else:
        # What never changes is a level line: at the foot where nothing is used.
        ys = np.where(np.isnan(ys), np.nan, margin if high == 0 else height / 2)
    if len(values) == 1:
        xs, ys = np.array([margin, width - margin]), np.repeat(ys, 2)
    points = np.column_stack([xs, ys])
    starts = np.isfinite(ys)
    codes = np.full(len(points), Path.LINETO, np.uint8)
    codes[0] = Path.MOVETO
    codes[1:][~starts[:-1]] = Path.MOVETO
    return Path(points[starts], codes[starts])
