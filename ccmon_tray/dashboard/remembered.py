"""What the window remembers from one time to the next: its place, its view, its range, its switches.

A file that is missing or damaged, or of a later version, is no reason to say anything: the window opens as it
does the first time. Places are those of the screens there were; :func:`fitted` finds one on those there are.
"""

import contextlib
import json
import logging
import re
import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from ccmon_tray.dashboard.ranges import CUSTOM, ChosenRange
from ccmon_tray.dashboard.screens import Box, screens
from ccmon_tray.errors import UsageError
from ccmon_tray.files import write_atomic
from ccmon_tray.view_names import ViewName

_log = logging.getLogger(__name__)

_SAVE_MS: Final = 800
_LOOK_MS: Final = 150
_SHOWN: Final = 0.5  # share of a window that must be on screens for it to stay where it is
_GRIP: Final = 32  # pixels of its upper edge that must be on one, so that a person can move it
_FRAME: Final = (8, 40)  # pixels that window managers may draw around it
_LONGEST: Final = 64 * 1024
_MOST_SWITCHES: Final = 200
_GEOMETRY: Final = re.compile(r"(\d+)x(\d+)([+-]-?\d+)([+-]-?\d+)")


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the window was like.

    Attributes:
        view: The view that was open.
        range: The range that was chosen; None if none ever was.
        place: Where it was when it was not maximised, pixels; None where that is not known.
        maximised: Whether it filled the screen.
        switches: What the views remember: switches, sort columns.
        dark: Whether it was dark.
        cards: Where the summary's main cards were, in the order they are read.
        cards_in: Width and height of the window that they were in, pixels.
        scale: Pixels per unit, text size included.
    """

    view: ViewName = ViewName.SUMMARY
    range: ChosenRange | None = None
    place: Box | None = None
    maximised: bool = False
    switches: dict[str, str] = field(default_factory=dict)
    dark: bool | None = None
    cards: tuple[Box, ...] = ()
    cards_in: tuple[int, int] = (0, 0)
    scale: float = 0.0


def recall(file: Path) -> Remembered:
    """What is remembered, as far as it can be read and makes sense."""
    try:
        with file.open("rb") as opened:
            told = json.loads(opened.read(_LONGEST))
    except (OSError, ValueError, RecursionError):
        return Remembered()
    if not isinstance(told, dict):
        return Remembered()
    found = Remembered(range=_range(told.get("range")), place=_place(told.get("place")))
    with contextlib.suppress(ValueError):
        found = replace(found, view=ViewName(told.get("view", found.view)))
    if isinstance(switches := told.get("switches"), dict):
        pairs = [(key, value) for key, value in switches.items() if isinstance(value, str)]
        found = replace(found, switches=dict(pairs[:_MOST_SWITCHES]))
    if isinstance(dark := told.get("dark"), bool):
        found = replace(found, dark=dark)
    match told:
        case {"cards": [*cards], "cards_in": [int(width), int(height)], "scale": int() | float() as scale}:
            boxes = tuple(box for box in map(_place, cards) if box is not None)
            if len(boxes) == len(cards) and 0.5 <= scale <= 8:
                found = replace(found, cards=boxes, cards_in=(width, height), scale=float(scale))
    return replace(found, maximised=told.get("maximised") is True)


def _range(told: Any) -> ChosenRange | None:
    match told:
        case {"name": "custom", "start": int(start), "end": int(end)} if 0 <= start < end:
            return ChosenRange(CUSTOM, start, end)
        case {"name": str(name)}:
            with contextlib.suppress(UsageError):
                return ChosenRange.named(name)
    return None


def _place(told: Any) -> Box | None:
    match told:
        case {"x": int(x), "y": int(y), "width": int(width), "height": int(height)}:
            # X11 counts pixels with 16 bits; what is far beyond was never a place of a window.
            if 0 < width < 2**15 and 0 < height < 2**15 and abs(x) < 2**15 and abs(y) < 2**15:
                return Box(x, y, width, height)
    return None


def fitted(place: Box, there: Sequence[Box]) -> Box:
    """A place on the screens there are: the same one if it can be seen and moved there, else the nearest.

    Args:
        place: Where the window was.
        there: The screens; none means that nothing is known about them.
    """
    if not there:
        return place
    shown = sum(place.shared(screen) for screen in there)
    grip = Box(place.x, place.y, place.width, min(place.height, _GRIP))
    fits = any(place.width <= screen.width and place.height <= screen.height for screen in there)
    if fits and shown >= _SHOWN * place.area and sum(grip.shared(s) for s in there) >= _SHOWN * grip.area:
        return place
    home = max(there, key=lambda screen: (place.shared(screen), -place.distance(screen)))
    room = (home.width - _FRAME[0], home.height - _FRAME[1])
    width, height = min(place.width, room[0]), min(place.height, room[1])
    return Box(
        max(home.x, min(place.x, home.x + room[0] - width)),
        max(home.y, min(place.y, home.y + room[1] - height)),
        width,
        height,
    )


def put(root: tk.Tk, place: Box, there: Sequence[Box], *, maximised: bool) -> Box:
    """Put a window that is not shown yet where it was, as far as it can be seen there.

    Args:
        root: The window.
        place: Where it was.
        there: The screens.
        maximised: Whether it filled its screen.

    Returns:
        Its place.
    """
    place = fitted(place, there)
    root.geometry(f"{place.width}x{place.height}+{place.x}+{place.y}")
    if maximised:
        _maximise(root)
    return place


class Keeper:
    """Puts a window where it was, and writes down what it is like soon after that changes.

    Args:
        root: The window; one that is shown already stays where it is.
        file: Where that is kept.
        remembered: What was recalled.
        state: View, range and switches as they are now; place and ``maximised`` are the keeper's own.
        usual: Width and height of the window the first time, pixels.
        there: The screens.
    """

    def __init__(
        self,
        root: tk.Tk,
        file: Path,
        remembered: Remembered,
        state: Callable[[], Remembered],
        *,
        usual: tuple[int, int],
        there: Callable[[tk.Misc], Sequence[Box]] = screens,
    ) -> None:
        self._root = root
        self._file = file
        self._state = state
        self._place = remembered.place
        self._maximised = remembered.maximised
        self._written = remembered
        self._due: dict[Callable[[], None], str] = {}
        if root.winfo_ismapped():
            pass
        elif self._place is None:
            width, height = usual
            # Not larger than the screen: there the window's lower edge would be out of reach.
            width, height = min(width, root.winfo_screenwidth()), min(height, root.winfo_screenheight())
            root.geometry(f"{width}x{height}{_middle(root, width, height, there)}")
            if self._maximised:
                _maximise(root)
        else:
            self._place = put(root, self._place, there(root), maximised=self._maximised)
        root.bind("<Configure>", self._on_configure, add=True)
        root.bind("<Destroy>", self._on_destroy, add=True)

    def note(self) -> None:
        """View, range or a switch has changed: write it down soon."""
        self._soon(_SAVE_MS, self._save)

    def _soon(self, delay_ms: int, do: Callable[[], None]) -> None:
        if do not in self._due:

            def run() -> None:
                del self._due[do]
                do()

            self._due[do] = self._root.after(delay_ms, run)

    def _on_configure(self, event: "tk.Event[tk.Misc]") -> None:
        if event.widget is self._root:
            # Window managers say that a window is maximised only after they have given it its size.
            self._soon(_LOOK_MS, self._look)

    def _on_destroy(self, event: "tk.Event[tk.Misc]") -> None:
        if event.widget is self._root:
            self._save()

    def _look(self) -> None:
        """Where the window is; only while it is shown, since before that it is anywhere."""
        if not self._root.winfo_viewable():
            return
        before = (self._place, self._maximised)
        self._maximised = _is_maximised(self._root)
        match = _GEOMETRY.fullmatch(self._root.geometry())
        if not self._maximised and match:
            width, height, x, y = (int(text.removeprefix("+")) for text in match.groups())
            self._place = Box(x, y, width, height)
        if (self._place, self._maximised) != before:
            self.note()

    def _save(self) -> None:
        now = replace(self._state(), place=self._place, maximised=self._maximised)
        if now == self._written:
            return
        try:
            # On Tk's thread, so nobody waits for the disk.
            write_atomic(self._file, json.dumps(asdict(now), indent=1).encode(), durable=False)
        except OSError as error:
            _log.warning("What the window is like cannot be kept in %s: %s", self._file, error)
        # Switches are one dictionary that changes, so a copy is what was written.
        self._written = replace(now, switches=dict(now.switches))


def _middle(root: tk.Tk, width: int, height: int, there: Callable[[tk.Misc], Sequence[Box]]) -> str:
    """The middle of the screen that the pointer is on, for a window that is opened the first time on X11.

    Where a window manager chooses a place, Tk does not learn of it, and takes the window to be in the corner.
    """
    if root.tk.call("tk", "windowingsystem") != "x11":
        return ""
    pointer = Box(*root.winfo_pointerxy(), 1, 1)
    home = max(there(root), key=pointer.shared)
    x = home.x + max(0, home.width - _FRAME[0] - width) // 2
    y = home.y + max(0, home.height - _FRAME[1] - height) // 2
    return f"+{x}+{y}"


def _is_maximised(root: tk.Tk) -> bool:
    if root.tk.call("tk", "windowingsystem") == "x11":
        return bool(root.attributes("-zoomed"))
    return root.state() == "zoomed"


def _maximise(root: tk.Tk) -> None:
    with contextlib.suppress(tk.TclError):
        if root.tk.call("tk", "windowingsystem") == "x11":
            root.attributes("-zoomed", True)
        else:
            root.state("zoomed")
