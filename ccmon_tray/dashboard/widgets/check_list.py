"""The links of the pipeline below each other: a sign, what was found, how long it took, and the cure."""

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.painter import Painter
from ccmon_tray.dashboard.theme import mix
from ccmon_tray.dashboard.widgets.surface import Surface
from ccmon_tray.usage.checks import MARKS, Check, CheckStatus, plain_text, took_words

_LEAST: Final = 40  # units a row is high, with one line
_EDGE: Final = 8
_BADGE: Final = 20
_TITLE: Final = 42
_TIME: Final = 72
_CHEVRON: Final = 28
_GAP: Final = 16
_NARROW: Final = 560
_SIZE: Final = 13
_SMALL: Final = 12


def tone_of(design: Design, status: CheckStatus | None) -> str:
    """The colour of a status; None is one that is not known yet."""
    colours = design.palette
    match status:
        case CheckStatus.OK:
            return colours.good
        case CheckStatus.WARNING:
            return colours.warning
        case CheckStatus.FAILED:
            return colours.bad
        case CheckStatus.INFO:
            return colours.accent
        case _:
            return colours.secondary


def draw_badge(
    painter: Painter,
    design: Design,
    at: tuple[int, int],
    status: CheckStatus | None,
    *,
    size: int,
    ground: str,
) -> None:
    """The sign of a status in a disc of ``size`` pixels, its upper left corner at ``at``."""
    x, y = at
    tone = tone_of(design, status)
    fill = mix(tone, ground, 0.16)
    painter.rounded((x, y, x + size, y + size), radius=size // 2, fill=fill, ground=ground)
    if status is None:
        return
    units = size / design.scale * 0.6
    font = painter.fonts.get(round(units), strong=True)
    sign = MARKS[status]
    painter.canvas.create_text(
        x + size / 2,
        y + size / 2,
        text=sign,
        font=font,
        anchor="center",
        fill=design.small(tone, fill),
    )


class CheckList(Surface):
    """The links; walked by the arrow keys, opened by Enter or a click, copied by Ctrl+C or a double click.

    Args:
        parent: Where it lives, on a card.
        design: How things look.
        links: Id and title of each, in their order.
        copy: Puts a text into the clipboard and says so.
    """

    def __init__(
        self,
        parent: tk.Misc,
        design: Design,
        links: Sequence[tuple[str, str]],
        *,
        copy: Callable[[str], None] | None = None,
    ) -> None:
        self._links = tuple(links)
        self._copy = copy
        self._checks: dict[str, Check] = {}
        self._running = ""
        self._selected: int | None = None
        self._opened: set[str] = set()
        self._tops: list[int] = []
        height = design.px(_LEAST) * len(self._links)
        strong = design.fonts.get(_SIZE, strong=True)
        self._title_width = max(strong.measure(words) for _, words in self._links)
        super().__init__(parent, design, ground=design.palette.card, height=height, focus=True)
        self.on_click(self._click)
        self.bind("<Double-Button-1>", lambda _event: self._copy_selected())
        self.bind("<<CopyValue>>", lambda _event: self._copy_selected())
        self.bind("<FocusIn>", lambda _event: self._mark_something(), add=True)
        self.bind("<Up>", lambda _event: self._step(-1))
        self.bind("<Down>", lambda _event: self._step(1))
        for key in ("<Return>", "<space>", "<Left>", "<Right>"):
            self.bind(key, lambda _event: self._toggle_selected())

    @property
    def checks(self) -> tuple[Check, ...]:
        """What is shown."""
        return tuple(self._checks.values())

    @property
    def opened(self) -> frozenset[str]:
        """The ids of the links whose details are shown."""
        return frozenset(self._opened)

    def show(self, checks: Sequence[Check], running: str = "") -> None:
        """Show what was found so far; ``running`` is the id of the link that is being looked at."""
        self._checks = {check.id: check for check in checks}
        self._running = running
        self.redraw()

    def draw(self, width: int, height: int) -> None:
        """Draw all rows, and be as high as they are."""
        tops, y = [], 0
        for index, (id_, title) in enumerate(self._links):
            tops.append(y)
            y = self._draw_row(index, id_, title, y, width)
        self._tops = tops
        if y != height:
            self.configure(height=y)

    def _draw_row(self, index: int, id_: str, title: str, top: int, width: int) -> int:
        paint, colours, px = self.painter, self.design.palette, self.design.px
        check = self._checks.get(id_)
        # What lies under a row is as high as the row, which shows only when that is drawn.
        lowest = self.create_text(0, 0, text="")
        baseline = top + px(_LEAST) // 2 + px(4.5)
        title_width = self._title_width
        left = px(_TITLE)
        right = width - px(_EDGE) - px(_CHEVRON)
        narrow = width < px(_NARROW)
        column = left if narrow else left + title_width + px(2 * _GAP)
        room = right - column - (0 if narrow else px(_TIME))
        pending = check is None and id_ != self._running
        quiet = self.design.small(colours.secondary)
        is_skipped = check is not None and check.status is CheckStatus.SKIPPED
        strong_colour = quiet if pending or is_skipped else colours.text
        paint.text(left, baseline, title, room=title_width + px(_GAP), strong=True, colour=strong_colour)
        if check is None:
            words = "…" if id_ == self._running else ""
            paint.text(column, baseline, words, room=room, colour=quiet)
            bottom = top + px(_LEAST)
        else:
            if check.took_ms is not None:
                paint.figure(right, baseline, took_words(check.took_ms), size=_SMALL, colour=quiet)
            bottom = self._draw_found(check, top, (column, room), narrow=narrow)
        badge = (px(_EDGE), top + (px(_LEAST) - px(_BADGE)) // 2)
        status = check.status if check else None
        is_marked = index == self._selected and self.focused
        ground = self._marked_ground if is_marked else self.ground
        draw_badge(paint, self.design, badge, status, size=px(_BADGE), ground=ground)
        if check is not None and check.details:
            self._draw_chevron(width - px(_EDGE) - px(6), top + px(_LEAST) // 2, is_open=id_ in self._opened)
        if is_marked:
            self._draw_selection(lowest, top, bottom, width)
        self.delete(lowest)
        line = colours.hairline
        if index < len(self._links) - 1:
            self.create_rectangle(0, bottom, width, bottom + px(1), fill=line, width=0)
        return bottom + px(1)

    def _draw_found(self, check: Check, top: int, place: tuple[int, int], *, narrow: bool) -> int:
        """Result, cause, cure and details below each other; returns where they end."""
        paint, colours, px = self.painter, self.design.palette, self.design.px
        column, room = place
        quiet = self.design.small(colours.secondary)
        linespace = paint.fonts.get(_SIZE).metrics("linespace")
        y = top + (px(_LEAST) - linespace) // 2 + (linespace + px(6) if narrow else 0)
        troubled = check.status in {CheckStatus.FAILED, CheckStatus.WARNING, CheckStatus.INFO}
        colour = quiet if check.status is CheckStatus.SKIPPED else colours.text
        y += paint.paragraph(column, y, check.result, room=room, size=_SIZE, colour=colour)
        if troubled and check.cause:
            y += px(3)
            y += paint.paragraph(column, y, _sentence(check.cause), room=room, size=_SMALL, colour=quiet)
        if troubled and check.cure:
            y += px(4)
            tone = self.design.small(tone_of(self.design, check.status))
            arrow = paint.text(
                column,
                y + paint.fonts.get(_SMALL).metrics("ascent"),
                "→",
                room=px(20),
                size=_SMALL,
                colour=tone,
            )
            indent = arrow + px(7)
            y += paint.paragraph(
                column + indent,
                y,
                _sentence(check.cure),
                room=room - indent,
                size=_SMALL,
                colour=colours.text,
            )
        if check.id in self._opened:
            y += px(6)
            for line in check.details:
                text = line.lstrip()
                indent = px(6) * (len(line) - len(text))
                y += paint.paragraph(column + indent, y, text, room=room - indent, size=_SMALL, colour=quiet)
        bottom_space = (px(_LEAST) - linespace) // 2
        return max(top + px(_LEAST), y + bottom_space - px(2))

    @property
    def _marked_ground(self) -> str:
        return mix(self.design.palette.accent, self.ground, 0.08)

    def _draw_selection(self, lowest: int, top: int, bottom: int, width: int) -> None:
        px, colours = self.design.px, self.design.palette
        ground = self.create_rectangle(0, top, width, bottom, fill=self._marked_ground, width=0)
        bar = self.create_rectangle(0, top, px(2), bottom, fill=colours.accent, width=0)
        self.tag_lower(bar, lowest)
        self.tag_lower(ground, bar)

    def _draw_chevron(self, x: int, y: int, *, is_open: bool) -> None:
        px = self.design.px
        a, b = px(4), px(2)
        points = [x - a, y - b, x, y + b, x + a, y - b] if is_open else [x - b, y - a, x + b, y, x - b, y + a]
        self.create_line(
            points,
            fill=self.design.palette.secondary,
            width=max(1, px(1.5)),
            capstyle="round",
            joinstyle="round",
        )

    def _click(self, _x: int, y: int) -> None:
        self.focus_set()
        index = max((i for i, top in enumerate(self._tops) if top <= y), default=None)
        self._selected = index
        self._toggle_selected()

    def _mark_something(self) -> None:
        """Show where the keys go."""
        if self._selected is None:
            self._selected = 0

    def _step(self, by: int) -> str:
        last = len(self._links) - 1
        here = self._selected
        self._selected = (0 if by > 0 else last) if here is None else max(0, min(last, here + by))
        self.redraw()
        return "break"

    def _chosen(self) -> Check | None:
        return None if self._selected is None else self._checks.get(self._links[self._selected][0])

    def _toggle_selected(self) -> str:
        check = self._chosen()
        if check is not None and check.details:
            self._opened ^= {check.id}
        self.redraw()
        return "break"

    def _copy_selected(self) -> None:
        check = self._chosen()
        if check is not None and self._copy is not None:
            self._copy(plain_text(check))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
