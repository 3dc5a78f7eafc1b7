"""A canvas that draws itself: when it gets a size, when what it shows changes, when it gets the focus."""

import tkinter as tk
from collections.abc import Callable

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.painter import Painter


class Surface(tk.Canvas):
    """Base of the parts that are drawn rather than put together from widgets.

    Drawing is coalesced: however much changes, one drawing follows when Tk is idle. Nothing is drawn while
    the surface has no size.

    Args:
        parent: Where it lives.
        design: How things look.
        ground: The colour it stands on; default: the window's background.
        width: Wanted width, pixels.
        height: Wanted height, pixels.
        focus: Whether Tab stops here.
    """

    def __init__(
        self,
        parent: tk.Misc,
        design: Design,
        *,
        ground: str | None = None,
        width: int = 1,
        height: int = 1,
        focus: bool = False,
    ) -> None:
        self.design = design
        self.ground = ground or design.palette.background
        super().__init__(
            parent,
            width=width,
            height=height,
            background=self.ground,
            highlightthickness=0,
            borderwidth=0,
            takefocus=focus,
        )
        self.painter = Painter(self, design.fonts, design.palette, design.scale, design.pictures)
        self._due: str | None = None
        self._extent = (0, 0)
        self.bind("<Configure>", self._on_configure)
        if focus:
            self.bind("<FocusIn>", lambda _event: self.redraw())
            self.bind("<FocusOut>", lambda _event: self.redraw())
        self.bind("<Destroy>", self._on_destroy)

    @property
    def extent(self) -> tuple[int, int]:
        """Width and height, pixels."""
        return self._extent

    @property
    def focused(self) -> bool:
        """Whether keys come here."""
        return self.focus_get_safely() is self

    def focus_get_safely(self) -> tk.Misc | None:
        """The widget with the focus; None where it is a menu, which tkinter cannot name."""
        try:
            return self.focus_get()
        except KeyError:
            return None

    def redraw(self) -> None:
        """Draw anew soon."""
        if self._due is None and self._extent != (0, 0):
            self._due = self.after_idle(self.draw_now)

    def draw_now(self) -> None:
        """Draw anew at once."""
        if self._due is not None:
            self.after_cancel(self._due)
            self._due = None
        self.painter.clear()
        self.draw(*self._extent)

    def draw(self, width: int, height: int) -> None:
        """Draw everything on an empty canvas of this size, pixels."""
        raise NotImplementedError

    def on_click(self, do: Callable[[int, int], None]) -> None:
        """Do something with the place (x, y; pixels) of each click."""
        self.bind("<Button-1>", lambda event: do(event.x, event.y))

    def _on_configure(self, event: "tk.Event[tk.Misc]") -> None:
        if (event.width, event.height) != self._extent:
            self._extent = (event.width, event.height)
            self.redraw()

    def _on_destroy(self, event: "tk.Event[tk.Misc]") -> None:
        if event.widget is self and self._due is not None:
            self.after_cancel(self._due)
            self._due = None
