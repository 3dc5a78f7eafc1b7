"""The sidebar: what the window is, today's cost, the views in groups, and how fresh the figures are."""

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.dashboard.widgets.surface import Surface
from ccmon_tray.usage.states import State

MARGIN: Final = 24  # units, between the sidebar and what stands beside it
WIDTH: Final = 208  # units
_ROW: Final = 30
_LEFT: Final = 20
_EDGE: Final = 12
_SIGN: Final = 9  # of the state
_BESIDE_SIGN: Final = 7

BETWEEN: Final = " · "
"""Between a source and its state."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A view's line."""

    name: str
    title: str
    shortcut: str


@dataclass(frozen=True, slots=True)
class Status:
    """What the footer says: the source, in which state, since when, and what is said above it."""

    state: State | None = None
    source: str = ""
    age: str = ""
    today: str = ""
    demo: bool = False


class Sidebar(Surface):
    """Chooses the view; with the keyboard by the arrow keys.

    Args:
        parent: The window.
        design: How things look.
        groups: The views' lines under the titles of their groups.
        choose: Called with the name of the view that a person chooses.
    """

    def __init__(
        self,
        parent: tk.Misc,
        design: Design,
        groups: Sequence[tuple[str, Sequence[Entry]]],
        choose: Callable[[str], None],
    ) -> None:
        super().__init__(
            parent, design, ground=design.palette.sidebar, width=_width(design, groups), focus=True
        )
        self._groups: Sequence[tuple[str, Sequence[Entry]]] = ()
        self._entries: list[Entry] = []
        self._choose = choose
        self._selected = ""
        self._hovered = ""
        self._status = Status()
        self._places: dict[str, tuple[int, int]] = {}
        self.list(groups)
        self.on_click(self._click)
        self.bind("<Motion>", lambda event: self._hover(self._at(event.y)))
        self.bind("<Leave>", lambda _event: self._hover(""))
        self.bind("<Up>", lambda _event: self._step(-1))
        self.bind("<Down>", lambda _event: self._step(1))

    def list(self, groups: Sequence[tuple[str, Sequence[Entry]]]) -> None:
        """Have these lines from now on."""
        if groups != self._groups:
            self._groups = groups
            self._entries = [entry for _, entries in groups for entry in entries]
            self.redraw()

    def select(self, name: str) -> None:
        """Mark a view as the one shown."""
        self._selected = name
        self.redraw()

    def show(self, status: Status) -> None:
        """Say how fresh the figures are."""
        if status != self._status:
            self._status = status
            self.redraw()

    def draw(self, width: int, height: int) -> None:
        """Draw everything."""
        paint, colours, px = self.painter, self.design.palette, self.design.px
        line = px(1)
        self.create_rectangle(width - line, 0, width, height, fill=colours.hairline, width=0)
        left, room = px(_LEFT), width - px(_LEFT + _EDGE)
        paint.text(left, px(35), "Claude Code Monitor", room=room, size=15, strong=True)
        y = px(57)
        if self._status.today:
            paint.text(left, y, self._status.today, room=room, size=13, colour=colours.secondary)
        y += px(8)
        self._places.clear()
        for title, entries in self._groups:
            y += px(20)
            colour = self.design.small(colours.muted, self.ground)
            paint.text(left, y, title.upper(), room=room, size=11, strong=True, colour=colour)
            y += px(8)
            for entry in entries:
                self._draw_entry(entry, y, width)
                self._places[entry.name] = (y, y + px(_ROW))
                y += px(_ROW)
            y += px(8)
        lines = self._status_lines(room)
        first = height - px(39 if len(lines) < 3 else 57)
        # The footer gives way in a low window: a line of a view must stay in sight.
        if first - px(17) > y:
            self._draw_status(lines, left, first, room)

    def _draw_entry(self, entry: Entry, top: int, width: int) -> None:
        paint, colours, px = self.painter, self.design.palette, self.design.px
        x0, x1 = px(_EDGE), width - px(_EDGE + 1)
        box = (x0, top, x1, top + px(_ROW))
        selected = entry.name == self._selected
        fill = self.ground
        if selected or entry.name == self._hovered:
            fill = colours.card if not self.design.dark else mix(colours.text, self.ground, 0.08)
            fill = fill if selected else mix(fill, self.ground, 0.5)
            focus = colours.accent if selected and self.focused else None
            paint.rounded(box, radius=px(6), fill=fill, ground=self.ground, border=focus)
        if selected:
            bar = (x0, top + px(6), x0 + px(3), top + px(_ROW - 6))
            paint.rounded(bar, radius=px(1.5), fill=colours.accent, ground=fill)
        baseline = top + px(20)
        small = self.design.small(colours.muted, fill)
        shortcut = paint.fonts.get(11).measure(entry.shortcut)
        paint.text(x1 - px(8), baseline, entry.shortcut, room=shortcut, size=11, colour=small, right=True)
        left = px(_LEFT)
        colour = colours.text if selected else mix(colours.text, colours.secondary, 0.35)
        paint.text(left, baseline, entry.title, room=x1 - px(16) - shortcut - left, size=13, colour=colour)

    def _status_lines(self, room: int) -> Sequence[str]:
        """What the footer says, its first line beside the sign; the state goes below a long source."""
        font, beside = self.painter.fonts.get(12), self.design.px(_SIGN + _BESIDE_SIGN)
        source = self._status.source
        lines = [source] if font.measure(source) <= room - beside else source.rsplit(BETWEEN, 1)
        return [line for line in (*lines, self._status.age) if line]

    def _draw_status(self, lines: Sequence[str], left: int, baseline: int, room: int) -> None:
        paint, colours, px = self.painter, self.design.palette, self.design.px
        status = self._status
        if not status.source:
            return
        size = px(_SIGN)
        colour = {
            State.FRESH: colours.good,
            State.STALE: colours.warning,
            State.OFFLINE: colours.bad,
            State.NO_TELEMETRY: colours.warning,
        }.get(status.state or State.NO_DATA, colours.secondary)
        paint.mark(left, baseline - size, status.state, size=size, ground=self.ground, colour=colour)
        x = left + size + px(_BESIDE_SIGN)
        paint.text(x, baseline, lines[0], room=room - (x - left), size=12, colour=colours.secondary)
        small = self.design.small(colours.muted, self.ground)
        for line in lines[1:]:
            baseline += px(18)
            tone = small if line == status.age else colours.secondary
            paint.text(left, baseline, line, room=room, size=12, colour=tone)

    def _at(self, y: int) -> str:
        return next((name for name, (top, bottom) in self._places.items() if top <= y < bottom), "")

    def _click(self, _x: int, y: int) -> None:
        self.focus_set()
        if name := self._at(y):
            self._choose(name)

    def _hover(self, name: str) -> None:
        if name != self._hovered:
            self._hovered = name
            self.configure(cursor="hand2" if name else "")
            self.redraw()

    def _step(self, by: int) -> None:
        names = [entry.name for entry in self._entries]
        here = names.index(self._selected) if self._selected in names else 0
        self._choose(names[max(0, min(len(names) - 1, here + by))])


def _width(design: Design, groups: Sequence[tuple[str, Sequence[Entry]]]) -> int:
    """Wide enough for its longest line in the font there is."""
    title = design.fonts.get(15, strong=True).measure("Claude Code Monitor")
    lines = [design.fonts.get(13).measure(entry.title) for _, entries in groups for entry in entries]
    edges = design.px(_LEFT + _EDGE + 4)
    return max(design.px(WIDTH), title + edges, max(lines, default=0) + edges + design.px(40))
