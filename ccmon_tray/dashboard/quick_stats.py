"""The quick-stats window: what a click on the tray's icon opens, in a process of its own.

``python -m ccmon_tray.dashboard.quick_stats --snapshot FILE`` reads the snapshot that the tray leaves in the
cache folder, and follows it: the file is looked at every second, and ages count on.
"""

import argparse
import contextlib
import functools
import sys
import time
import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ccmon_tray.dashboard.painter import Painter
from ccmon_tray.dashboard.quick_stats_content import UNREADABLE, WAITING, Content, clipboard_text, compose
from ccmon_tray.dashboard.quick_stats_view import HINT, Action, QuickStatsView
from ccmon_tray.dashboard.theme import Fonts, Palette, measure_scale, palette_for
from ccmon_tray.desktop.appearance import SystemAppearance
from ccmon_tray.desktop.channel import Message, send
from ccmon_tray.desktop.clipboard import copy_text
from ccmon_tray.ending import end_process
from ccmon_tray.errors import CcmonError
from ccmon_tray.paths import find_paths
from ccmon_tray.sources.snapshot_file import SnapshotFile

TITLE: Final = "Claude Code Monitor"
_TICK_MS: Final = 1000
_COPIED_MS: Final = 2000
_FOCUS_GRACE_MS: Final = 250
_APPEARANCE_PATIENCE_S: Final = 0.1
_EDGE: Final = 8  # units between a popup and the screen's edge or the icon

Point = tuple[int, int]


class QuickStatsWindow:
    """The window with its keys and its clock.

    Args:
        root: The Tk application.
        file: Where the figures come from.
        theme: Which colours, by the name they have in the settings.
        popup: Whether it has no frame and closes when another window gets the focus.
        at: The point it belongs to (where the icon was clicked), pixels of the screen.
        scale: Pixels per unit; measured where not given.
        appearance: What the theme "system" follows.
        ask_tray: Asks the tray for what a menu would offer, where the tray has no menu; None offers nothing.
        clock: Unix seconds now.
    """

    def __init__(
        self,
        root: tk.Tk,
        file: SnapshotFile,
        *,
        theme: str = "system",
        popup: bool = False,
        at: Point | None = None,
        scale: float | None = None,
        appearance: SystemAppearance | None = None,
        ask_tray: Callable[[Message], object] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.root = root
        self._file = file
        self._clock = clock
        self._popup = popup
        self._at = at
        self._theme = theme
        self._appearance = appearance
        self._ask_tray = ask_tray
        palette = self._palette(_APPEARANCE_PATIENCE_S)
        scale = scale or measure_scale(root)
        self.canvas = tk.Canvas(root, background=palette.background, highlightthickness=0, borderwidth=0)
        self.painter = Painter(self.canvas, Fonts(root, scale), palette, scale)
        self.view = QuickStatsView(self.painter, self._actions())
        self.content: Content | None = None
        self._height = 0
        self._copied = False
        self._prepare()
        self._colour_ground()
        self.refresh()
        root.after(_TICK_MS, self._tick)

    def refresh(self) -> None:
        """Read the file if it changed, and draw if anything that shows did."""
        content = self._compose()
        if content != self.content:
            self.content = content
            self._draw()

    def copy(self) -> None:
        """Put the figures into the clipboard as text."""
        shown = self._file.snapshot if self._file.readable else None
        text = clipboard_text(shown, now=self._clock()) if shown else ""
        if not text:
            return
        try:
            copy_text(text)
        except CcmonError:
            # No program keeps a selection here: the window does, as long as it is open.
            self.root.clipboard_clear()
            self.root.clipboard_append(text)
        self._copied = True
        self._draw()
        self.root.after(_COPIED_MS, self._forget_copied)

    def close(self) -> None:
        """Close the window and end the program."""
        self.root.destroy()

    def _compose(self) -> Content:
        self._file.look()
        if not self._file.readable:
            return UNREADABLE
        snapshot = self._file.snapshot
        return WAITING if snapshot is None else compose(snapshot, now=self._clock())

    def _palette(self, patience_s: float = 0.0) -> Palette:
        dark = self._appearance.dark(patience_s) if self._appearance else None
        return palette_for(self._theme, system_dark=dark)

    def _colour_ground(self) -> None:
        palette = self.painter.palette
        self.root.configure(background=palette.hairline if self._popup else palette.background)
        self.canvas.configure(background=palette.background)

    def _actions(self) -> tuple[Action, ...]:
        """What a menu would offer: without one there is no other way to end the tray."""
        ask = self._ask_tray
        if ask is None:
            return ()
        return (
            Action("Open dashboard", lambda: ask(Message.OPEN_DASHBOARD)),
            Action("Settings…", lambda: ask(Message.OPEN_SETTINGS)),
            Action("Quit ccmon-tray", lambda: ask(Message.QUIT)),
        )

    def _prepare(self) -> None:
        root = self.root
        root.title(TITLE)
        root.resizable(width=False, height=False)
        frame = self.painter.px(1) if self._popup else 0
        self.canvas.pack(fill="both", expand=True, padx=frame, pady=frame)
        for keys in ("<Escape>", "<Control-w>", "<Control-q>"):
            root.bind(keys, lambda _event: self.close())
        for keys in ("<Control-c>", "<Command-c>") if sys.platform == "darwin" else ("<Control-c>",):
            root.bind(keys, lambda _event: self.copy())
        for keys in ("<Up>", "<Button-4>"):
            root.bind(keys, lambda _event: self.canvas.yview_scroll(-3, "units"))
        for keys in ("<Down>", "<Button-5>"):
            root.bind(keys, lambda _event: self.canvas.yview_scroll(3, "units"))
        root.bind("<MouseWheel>", self._on_wheel)
        for keys, step in (("<<NextWindow>>", 1), ("<<PrevWindow>>", -1)):
            root.bind(keys, lambda _event, step=step: self.view.move_focus(step))  # type: ignore[misc]
        root.bind("<Return>", lambda _event: self.view.do_focused())
        if self._popup:
            _take_frame_away(root)
            root.bind("<FocusOut>", self._on_focus_out)
            root.bind("<Map>", lambda _event: root.focus_force())

    def _draw(self) -> None:
        assert self.content is not None
        height = self.view.draw(self.content, "Copied" if self._copied else HINT)
        if height != self._height:
            self._height = height
            self._resize()

    def _resize(self) -> None:
        root = self.root
        frame = 2 * self.painter.px(1) if self._popup else 0
        edge = self.painter.px(_EDGE)
        screen = (root.winfo_screenwidth(), root.winfo_screenheight())
        size = (self.view.width + frame, min(self._height + frame, screen[1] - 2 * edge))
        self.canvas.configure(
            scrollregion=(0, 0, self.view.width, self._height), yscrollincrement=self.painter.px(8)
        )
        at = self._at
        if at is None and self._popup:
            at = (root.winfo_pointerx(), root.winfo_pointery())
        geometry = f"{size[0]}x{size[1]}"
        if at is not None:
            x, y = place(size, screen, at, edge)
            geometry += f"+{x}+{y}"
            self._at = at
        root.geometry(geometry)

    def _tick(self) -> None:
        palette = self._palette()
        if palette != self.painter.palette:  # the desktop took its time to answer
            self.painter.palette = palette
            self._colour_ground()
            self._draw()
        self.refresh()
        self.root.after(_TICK_MS, self._tick)

    def _forget_copied(self) -> None:
        self._copied = False
        self._draw()

    def _on_wheel(self, event: "tk.Event[tk.Misc]") -> None:
        self.canvas.yview_scroll(-3 if event.delta > 0 else 3, "units")

    def _on_focus_out(self, event: "tk.Event[tk.Misc]") -> None:
        if event.widget is self.root:
            # A click on the icon takes the focus before it reaches the tray, which then closes the window:
            # had that closed by itself, the same click would open it anew.
            self.root.after(_FOCUS_GRACE_MS, self._close_without_focus)

    def _close_without_focus(self) -> None:
        if self.root.focus_displayof() is None:
            self.close()


def place(size: Point, screen: Point, at: Point, edge: int) -> Point:
    """Where a window belongs: centred on a point, above or below it, whole on the screen.

    Args:
        size: Width and height of the window, pixels.
        screen: Width and height of the screen, pixels.
        at: The point, pixels.
        edge: Distance kept to the screen's edges, and twice to the point, pixels.

    Returns:
        The window's upper left corner.
    """
    x = at[0] - size[0] // 2
    # The point lies within the icon, which is to stay in sight.
    y = at[1] - size[1] - 2 * edge if at[1] > screen[1] // 2 else at[1] + 2 * edge
    return (
        max(edge, min(x, screen[0] - size[0] - edge)),
        max(edge, min(y, screen[1] - size[1] - edge)),
    )


def _take_frame_away(root: tk.Tk) -> None:
    if sys.platform == "linux":
        # Without override-redirect, so that the window manager still gives the window the keyboard.
        with contextlib.suppress(tk.TclError):
            root.attributes("-type", "splash")
    elif sys.platform == "win32":
        root.overrideredirect(True)
    root.attributes("-topmost", True)


def _be_sharp() -> None:
    """Windows draws a program in low resolution and stretches it, unless it says that it knows better."""
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 - costs time, and is of use there only

        with contextlib.suppress(OSError, AttributeError):
            ctypes.windll.shcore.SetProcessDpiAwareness(1)


def _point(text: str) -> Point:
    x, y = text.split(",")
    return int(x), int(y)


def main(arguments: Sequence[str] | None = None) -> int:
    """Show the window until it is closed. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="ccmon_tray.dashboard.quick_stats", description="The quick-stats window."
    )
    parser.add_argument("--snapshot", type=Path, required=True, help="the tray's snapshot file")
    parser.add_argument("--at", type=_point, metavar="X,Y", help="the point of the screen it belongs to")
    parser.add_argument("--popup", action="store_true", help="no frame; closes when it loses the focus")
    parser.add_argument("--theme", choices=("system", "light", "dark"), default="system")
    parser.add_argument("--actions", action="store_true", help="offer what the tray has no menu for")
    options = parser.parse_args(arguments)
    appearance = SystemAppearance() if options.theme == "system" else None
    _be_sharp()
    try:
        root = tk.Tk(className="ccmon-tray")
    except tk.TclError as error:
        print(f"The window cannot be shown: {error}", file=sys.stderr)  # noqa: T201 - a program's own words
        return 1
    QuickStatsWindow(
        root,
        SnapshotFile(options.snapshot),
        theme=options.theme,
        popup=options.popup,
        at=options.at,
        appearance=appearance,
        ask_tray=functools.partial(send, find_paths().tray) if options.actions else None,
    )
    root.mainloop()
    return 0


if __name__ == "__main__":
    end_process(main())
