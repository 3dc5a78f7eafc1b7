"""The first frame: the summary's main figures as the tray left them, where they stood the last time.

Half of a start is importing what settings and snapshots are made of. This module, and all that it imports,
does without: it reads three numbers, and shows them on the summary's own cards until the window is made.
"""

import json
import os
import time
import tkinter as tk
from pathlib import Path
from typing import Any, Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.remembered import Remembered
from ccmon_tray.dashboard.theme import DARK, LIGHT
from ccmon_tray.dashboard.widgets import sidebar
from ccmon_tray.dashboard.widgets.stat_card import Stat, StatCard
from ccmon_tray.paths import Paths
from ccmon_tray.usage import formatting
from ccmon_tray.usage.states import SourceKind
from ccmon_tray.view_names import ViewName

YOUNG_S: Final = 600
"""Figures of a range that ended earlier are not those of the range any more."""

MAIN_FIGURES: Final = ("Total spend", "Active time", "Total tokens")
"""The summary's main cards."""

_LONGEST: Final = 1_000_000  # bytes
_KIND: Final = "CCMON_TRAY_SOURCE__KIND"
_URL: Final = "CCMON_TRAY_PROMETHEUS__URL"


def main_figures(cost_usd: float | None, active_s: float | None, tokens: float | None) -> tuple[str, ...]:
    """What the main cards say.

    Args:
        cost_usd: Cost, or None where it is unknown.
        active_s: Active time, seconds.
        tokens: Tokens of all types.
    """
    return formatting.money(cost_usd), formatting.duration(active_s), formatting.tokens(tokens)


def can_be_laid(view: str | None, remembered: Remembered) -> bool:
    """Whether the summary will be shown, in a window of the size in which its main cards were seen.

    Args:
        view: The view that is asked for; None is the one shown last.
        remembered: What the window was like.
    """
    place = remembered.place
    return (
        (view or remembered.view) == ViewName.SUMMARY
        and place is not None
        and (place.width, place.height) == remembered.cards_in
        and len(remembered.cards) == len(MAIN_FIGURES)
        and remembered.dark is not None
        and not remembered.maximised
    )


def lay_figures(root: tk.Tk, remembered: Remembered, figures: tuple[str, ...]) -> tk.Frame:
    """Cover a window with the main cards and the ground of the sidebar.

    Args:
        root: The window, empty.
        remembered: What it was like, by which the cards :func:`can_be_laid`.
        figures: What the cards say.

    Returns:
        The cover, to be destroyed once the window below it is drawn.
    """
    design = Design.of(root, DARK if remembered.dark else LIGHT, scale=remembered.scale)
    colours = design.palette
    cover = tk.Frame(root, background=colours.background)
    cover.place(x=0, y=0, relwidth=1, relheight=1)
    edge = remembered.cards[0].x - design.px(sidebar.MARGIN)
    side = tk.Frame(cover, background=colours.sidebar)
    side.place(x=0, y=0, width=edge, relheight=1)
    line = max(1, design.px(1))
    tk.Frame(cover, background=colours.hairline).place(x=edge - line, y=0, width=line, relheight=1)
    for title, figure, box in zip(MAIN_FIGURES, figures, remembered.cards, strict=True):
        card = StatCard(cover, design, title, large=True)
        card.show(Stat(figure))
        card.place(x=box.x, y=box.y, width=box.width, height=box.height)
    return cover


def left_figures(paths: Paths, range_name: str, now: float | None = None) -> tuple[str, ...] | None:
    """The main figures of a range in the snapshot that the tray has left.

    Args:
        paths: The folders.
        range_name: The range that is to be shown.
        now: Unix seconds; by default of this moment.

    Returns:
        What the cards say; None where the snapshot is of another range or source, old, or cannot be read: the
        window will know better.
    """
    try:
        if _is_newer(paths.settings_file, paths.snapshot_file):
            return None
        with paths.snapshot_file.open("rb") as file:
            told = json.loads(file.read(_LONGEST))
        age_s = (time.time() if now is None else now) - told["taken_at"]
        chosen = told["figures"]["range"]
        if chosen["info"]["name"] != range_name or not 0 <= age_s <= YOUNG_S:
            return None
        if not _is_asked_for(told["source"]):
            return None
        totals = chosen["totals"]
        active, tokens = totals["active_time_seconds"], totals["tokens"]
        return main_figures(totals["cost_usd"], active and active["total"], tokens and tokens["total"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _is_newer(file: Path, than: Path) -> bool:
    return file.exists() and file.stat().st_mtime_ns >= than.stat().st_mtime_ns


def _is_asked_for(source: dict[str, Any]) -> bool:
    """Whether the environment asks for no other source. A demo's figures are not shown without its sign."""
    kind, url = os.environ.get(_KIND), os.environ.get(_URL)
    if source["kind"] == SourceKind.DEMO or kind not in {None, "", "auto", source["kind"]}:
        return False
    return not url or source["kind"] != SourceKind.PROMETHEUS or url.rstrip("/") == source["url"]
