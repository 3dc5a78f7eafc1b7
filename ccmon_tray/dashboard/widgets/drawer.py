"""A panel beside a view that scrolls: as high as the view's place, with a scrolling body of its own."""

import tkinter as tk
from typing import TYPE_CHECKING, Any, Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.widgets.scroll import ScrolledBody

if TYPE_CHECKING:
    from collections.abc import Callable

_MARGIN: Final = 24  # units between the view's content and the window's edge
_GAP: Final = 12


class Drawer(tk.Frame):
    """Opens at the right of a view, which gives it room; where there is too little, it stands in its place.

    Attributes:
        body: Where its content goes. When all of it is made, call :meth:`settle`.

    Args:
        beside: The view's content, packed into the body that the view was given.
        design: How things look.
        width: Its width, units.
        least: The least width that the content beside it needs, units.
    """

    def __init__(self, beside: tk.Frame, design: Design, *, width: float, least: float) -> None:
        scrolled: tk.Misc = beside
        while not isinstance(scrolled, ScrolledBody):
            assert scrolled.master is not None
            scrolled = scrolled.master
        place = scrolled.master
        assert place is not None
        super().__init__(place, background=design.palette.background)
        self._beside = beside
        self._place = place
        self._design = design
        self._width = width
        self._least = least
        self._opened = False
        self.pack_propagate(False)
        self._scrolled = ScrolledBody(self, design)
        self._scrolled.pack(fill="both", expand=True)
        margin = design.px(_MARGIN)
        self.body = tk.Frame(self._scrolled.body, background=design.palette.background)
        self.body.pack(fill="both", expand=True, padx=(0, margin), pady=(0, margin))
        place.bind("<Configure>", lambda _event: self._arrange(), add="+")

    @property
    def opened(self) -> bool:
        """Whether it is open."""
        return self._opened

    @property
    def covers(self) -> bool:
        """Whether it stands in place of the view, for want of room beside it."""
        px = self._design.px
        room = self._place.winfo_width() - px(_MARGIN * 2 + _GAP + self._width)
        return room < px(self._least)

    def open(self) -> None:
        """Open it, at its beginning."""
        self._scrolled.top()
        if not self._opened:
            self._opened = True
            self._arrange()

    def close(self) -> None:
        """Close it."""
        if self._opened:
            self._opened = False
            self.grid_forget()
            self._beside.pack_configure(padx=0)

    def settle(self) -> None:
        """Let wheel, Page keys and the focus scroll it wherever they are in it; also after more was made."""
        tag = f"drawer{self.winfo_id()}"
        keys: dict[str, Callable[[tk.Event[Any]], object]] = {
            **dict.fromkeys(("<MouseWheel>", "<Button-4>", "<Button-5>"), self._scrolled.wheel),
            "<Prior>": lambda _event: self._scrolled.page(-1),
            "<Next>": lambda _event: self._scrolled.page(1),
            "<FocusIn>": lambda event: self._scrolled.reveal(event.widget),
        }
        for key, do in keys.items():
            self.bind_class(tag, key, lambda event, do=do: (do(event), "break")[1])  # type: ignore[misc]
        _tag(self, tag)

    def _arrange(self) -> None:
        if not self._opened:
            return
        px = self._design.px
        margin, width = px(_MARGIN), px(self._width)
        if self.covers:
            self.grid(row=1, column=0, sticky="nsew", padx=(margin, 0))
            self._beside.pack_configure(padx=0)
        else:
            # Its own margin at the right is the view's, so that its scrollbar stands at the window's edge.
            self.configure(width=width + margin)
            self.grid(row=1, column=0, sticky="nse", padx=0)
            self._beside.pack_configure(padx=(0, width + px(_GAP)))
        tk.Misc.lift(self)


def _tag(widget: tk.Misc, tag: str) -> None:
    if tag not in widget.bindtags():
        widget.bindtags((*widget.bindtags()[:-1], tag, widget.bindtags()[-1]))
    for child in widget.winfo_children():
        _tag(child, tag)
