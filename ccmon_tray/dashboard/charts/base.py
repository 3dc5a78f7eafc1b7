"""A drawing on a Tk canvas: drawn when it shows and something has changed, hovered by pointer and keys."""

import time
import tkinter as tk
from pathlib import Path
from typing import Final, Generic, Literal, NamedTuple, TypeVar

from matplotlib.figure import Figure
from PIL import Image, ImageTk

from ccmon_tray.dashboard.charts.drawing import Align, Drawing, Look, Ruler
from ccmon_tray.dashboard.charts.heading import Key, add_heading
from ccmon_tray.dashboard.charts.hover import Overlay, Tip
from ccmon_tray.dashboard.design import Design

_EXPORT_SCALE: Final = 2.0
_KEPT_HIDDEN_MS: Final = 4000  # who looks into another view for a moment finds the picture still there
_ANCHORS: Final[dict[Align, Literal["nw", "n", "ne"]]] = {"left": "nw", "center": "n", "right": "ne"}

D = TypeVar("D", bound=Drawing)


class Table(NamedTuple):
    """What a chart shows, in rows."""

    header: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]


class ChartCanvas(tk.Canvas):
    """The canvas of a chart.

    Attributes:
        chart: Whose it is, for those who find the canvas by its focus.
    """

    chart: "Chart[Drawing]"


class _TkRuler:
    """Measures words as Tk writes them."""

    def __init__(self, design: Design) -> None:
        self._fonts = design.fonts

    def width(self, text: str, size: int, *, strong: bool) -> float:
        """Width of a text in pixels; the size in units."""
        return self._fonts.get(size, strong=strong).measure(text)


class Chart(Generic[D]):
    """A figure in a Tk canvas.

    ``<<CopyValue>>`` is sent to the canvas when the hovered value is to be copied.

    Args:
        parent: The widget it belongs to.
        design: How the window looks.
        ground: What it stands on; a card where not given.
        height: Wanted height, units.
        label: Its name, for export.
    """

    def __init__(
        self,
        parent: tk.Misc,
        design: Design,
        *,
        ground: str | None = None,
        height: float = 220,
        label: str = "",
    ) -> None:
        self.design = design
        self.ground = ground or design.palette.card
        self.label = label
        self.draws = 0
        """How often it was drawn."""
        self.hovered_text = ""
        """What is hovered, as text; "" where nothing is."""
        self.widget = ChartCanvas(
            parent,
            background=self.ground,
            highlightthickness=0,
            borderwidth=0,
            takefocus=1,
            width=design.px(240),
            height=design.px(height),
        )
        self.widget.chart = self  # type: ignore[assignment]
        family = str(design.fonts.get(11).actual("family"))
        self.drawing = self._make(Look(design.palette, design.scale, family, self.ground), _TkRuler(design))
        self.overlay = Overlay(self.widget, design, self.ground)
        self._image = self.widget.create_image(0, 0, anchor="nw")
        self._words: list[int] = []
        self._photo: ImageTk.PhotoImage | None = None
        self._size = (0, 0)
        self._stale = False
        self._obscured = False
        self._waiting = ""
        self.cost_s = 0.0
        """What the last drawing took, seconds."""
        self._hovered: int | None = None
        self._clicked = False
        self._bind()

    @property
    def figure(self) -> Figure:
        """The figure shown."""
        return self.drawing.figure

    def refresh(self) -> None:
        """Draw anew soon, however often it is asked for; nothing is drawn while it does not show."""
        self._stale = True
        if self._waiting or self._obscured or not self.widget.winfo_viewable():
            return
        # Idle is when no event waits: of many sizes on the way to the last one, few are drawn.
        self._waiting = self.widget.after_idle(self._draw)

    def save(self, path: Path) -> None:
        """Write it as a picture with its name: PNG (at 2×) or SVG, by the path's suffix."""
        scale = 1.0 if path.suffix.lower() == ".svg" else _EXPORT_SCALE
        copy = self._make(self.drawing.look.scaled(scale), None)
        self._fill(copy)
        size = (self.widget.winfo_width(), self.widget.winfo_height())
        if min(size) <= 1:  # it has never shown
            size = (self.design.px(720), self.design.px(240))
        width, height = (round(length / self.design.scale * scale) for length in size)
        add_heading(copy, width, height, self.label, self._keys())
        copy.arrange()
        copy.save(path)

    def table(self) -> Table:
        """What it shows, in rows."""
        raise NotImplementedError

    def hover(self, key: int | None) -> None:
        """Show the value of a place in the data, or of none."""
        tip = self._tip(key) if key is not None and self.draws else None
        self._hovered = key if tip else None
        self.hovered_text = tip.text if tip else ""
        if tip:
            self.overlay.show(tip)
        else:
            self.overlay.clear()

    def _make(self, look: Look, ruler: Ruler | None) -> D:
        """A drawing of the chart's kind."""
        raise NotImplementedError

    def _fill(self, drawing: D) -> None:
        """Give the data to a drawing."""
        raise NotImplementedError

    def _keys(self) -> list[Key]:
        """What its colours mean, where that is not told otherwise."""
        return []

    def _places(self) -> int:
        """How many places the data have that can be hovered."""
        raise NotImplementedError

    def _hit(self, x: int, y: int) -> int | None:
        """The place at a point of the canvas, pixels."""
        raise NotImplementedError

    def _tip(self, key: int) -> Tip | None:
        """What is said of a place."""
        raise NotImplementedError

    def _move(self, key: int | None, keysym: str) -> int | None:
        """The place that an arrow key leads to."""
        count = self._places()
        if not count:
            return None
        if keysym in {"Home", "End"} or key is None:
            return 0 if keysym in {"Home", "Right", "Down"} else count - 1
        return max(0, min(count - 1, key + (1 if keysym in {"Right", "Down"} else -1)))

    def _bind(self) -> None:
        widget = self.widget
        widget.bind("<Configure>", self._on_configure)
        widget.bind("<Map>", lambda _event: self._when_seen())
        above: tk.Misc | None = widget
        while above is not None and above is not widget.winfo_toplevel():
            # What is within a widget that goes is told nothing.
            above.bind("<Unmap>", self._on_unmap, add="+")
            above = above.master
        widget.bind("<Visibility>", self._on_visibility)
        widget.bind("<Motion>", lambda event: self._on_motion(event.x, event.y))
        widget.bind("<Leave>", lambda _event: self.hover(None))
        widget.bind("<ButtonPress-1>", self._on_press)
        widget.bind("<FocusIn>", lambda _event: self._ring(shown=not self._clicked))
        widget.bind("<FocusOut>", self._on_focus_out)
        for key in ("Left", "Right", "Up", "Down", "Home", "End"):
            widget.bind(f"<{key}>", self._on_key)
        widget.bind("<Escape>", self._on_escape)
        copy = "<Command-c>" if widget.tk.call("tk", "windowingsystem") == "aqua" else "<Control-c>"
        widget.bind(copy, self._on_copy)
        widget.bind("<Destroy>", lambda _event: self._forget())

    def _draw(self) -> None:
        self._waiting = ""
        if not self.widget.winfo_viewable() or self._obscured:
            return
        began = time.perf_counter()
        self._stale = False
        size = (self.widget.winfo_width(), self.widget.winfo_height())
        if size != self._size:
            self._size = size
            self.drawing.resize(*size)
        self.drawing.arrange()
        self._put(self.drawing.picture())
        self._write()
        self.draws += 1
        self.cost_s = time.perf_counter() - began
        if self._hovered is not None:
            self.hover(self._hovered if self._hovered < self._places() else None)

    def _put(self, picture: Image.Image) -> None:
        if self._photo is None or (self._photo.width(), self._photo.height()) != picture.size:
            self._photo = ImageTk.PhotoImage("RGBA", picture.size, master=self.widget)
            self.widget.itemconfigure(self._image, image=self._photo)
        self._photo.paste(picture)

    def _on_unmap(self, _event: "tk.Event[tk.Misc]") -> None:
        if self._photo is not None and self.widget.winfo_exists():
            self.widget.after(_KEPT_HIDDEN_MS, self._let_go)

    def _let_go(self) -> None:
        """Give the memory of a picture back that nobody sees."""
        widget = self.widget
        if widget.winfo_exists() and widget.winfo_toplevel().winfo_viewable() and not widget.winfo_viewable():
            widget.itemconfigure(self._image, image="")
            self._photo = None
            self._stale = True

    def _write(self) -> None:
        """Tk writes the words."""
        canvas, number = self.widget, 0
        for labels in self.drawing.labels:
            font = self.design.fonts.get(labels.size, strong=labels.strong)
            ascent = font.metrics("ascent")
            for label in labels.shown:
                if number == len(self._words):
                    self._words.append(canvas.create_text(0, 0, tags="words"))
                canvas.coords(self._words[number], label.x, label.y - ascent)
                canvas.itemconfigure(
                    self._words[number],
                    text=label.text,
                    font=font,
                    fill=labels.colour,
                    anchor=_ANCHORS[label.align],
                )
                number += 1
        canvas.delete(*self._words[number:])
        del self._words[number:]

    def _when_seen(self) -> None:
        if self._stale:
            self.refresh()

    def _on_visibility(self, event: "tk.Event[tk.Canvas]") -> None:
        self._obscured = str(event.state) == "VisibilityFullyObscured"
        if not self._obscured:
            self._when_seen()

    def _on_configure(self, event: "tk.Event[tk.Canvas]") -> None:
        if (event.width, event.height) != self._size:
            self._ring(shown=bool(self.widget.find_withtag("ring")))
            self.refresh()

    def _on_motion(self, x: int, y: int) -> None:
        key = self._hit(x, y) if self.draws else None
        if key != self._hovered:
            self.hover(key)

    def _on_press(self, _event: "tk.Event[tk.Canvas]") -> None:
        self._clicked = True
        self.widget.focus_set()

    def _on_focus_out(self, _event: "tk.Event[tk.Canvas]") -> None:
        self._clicked = False
        self._ring(shown=False)
        self.hover(None)

    def _on_key(self, event: "tk.Event[tk.Canvas]") -> str:
        self.hover(self._move(self._hovered, event.keysym))
        return "break"

    def _on_escape(self, _event: "tk.Event[tk.Canvas]") -> str | None:
        if self._hovered is None:
            return None  # it is the window's
        self.hover(None)
        return "break"

    def _on_copy(self, _event: "tk.Event[tk.Canvas]") -> str | None:
        if not self.hovered_text:
            return None
        self.widget.event_generate("<<CopyValue>>")
        return "break"

    def _ring(self, *, shown: bool) -> None:
        """Show who has the keyboard; a click needs no telling."""
        self.widget.delete("ring")
        if shown:
            line = max(1, self.design.px(1.5))
            inset = line // 2
            self.widget.create_rectangle(
                inset,
                inset,
                self.widget.winfo_width() - 1 - inset,
                self.widget.winfo_height() - 1 - inset,
                outline=self.design.palette.accent,
                width=line,
                tags="ring",
            )

    def _forget(self) -> None:
        if self._waiting:
            self.widget.after_cancel(self._waiting)
            self._waiting = ""
