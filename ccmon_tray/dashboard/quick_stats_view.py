"""How the quick-stats window looks: a header, cards, a footer, drawn from top to bottom."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ccmon_tray.dashboard.painter import Painter
from ccmon_tray.dashboard.quick_stats_content import Content, Note, PeriodLine, Tone, Trend
from ccmon_tray.dashboard.theme import GRID, ink, mix
from ccmon_tray.usage.states import State
from ccmon_tray.usage.wording import ESTIMATE, GENERATED

WIDTH: Final = 384  # units, at the least
_MARGIN: Final = 12  # between the window's edge and the cards
_PADDING: Final = 16
_ROW: Final = 26
_GAP: Final = GRID
_FOOTER_GAP: Final = 12
_ACTION_GAP: Final = 3 * GRID
HINT: Final = f"Esc closes · {'⌘' if sys.platform == 'darwin' else 'Ctrl+'}C copies"


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person can do here, by a click on its words or by Tab and Return."""

    words: str
    do: Callable[[], object]


class QuickStatsView:
    """Draws a :class:`Content`.

    Args:
        painter: Draws on the window's canvas.
        actions: What stands above the footer.
    """

    def __init__(self, painter: Painter, actions: tuple[Action, ...] = ()) -> None:
        self._painter = painter
        self._actions = actions
        self._focused: int | None = None
        px = painter.px
        edge = px(_MARGIN + _PADDING)
        footer = painter.fonts.get(11).measure(ESTIMATE + HINT) + px(_FOOTER_GAP)
        # Fonts other than Inter can be wider.
        self.width = max(px(WIDTH), footer + 2 * edge)
        self._card_left, self._card_right = px(_MARGIN), self.width - px(_MARGIN)
        self._left, self._right = edge, self.width - edge

    def draw(self, content: Content, hint: str) -> int:
        """Draw everything anew; ``hint`` stands in the footer. Returns the height taken, pixels."""
        paint = self._painter
        paint.clear()
        y = self._header(content)
        gap = paint.px(_GAP)
        if content.problem:
            y = self._note_card(content.problem, y) + gap
        if content.blank:
            y = self._blank_card(content, content.blank, y) + gap
        if content.today:
            y = self._cost_card(content, content.today, y) + gap
        if content.models:
            y = self._models_card(content, y) + gap
        if content.sessions:
            y = self._sessions_card(content, y) + gap
        for note in content.notes:
            y = self._note_card(note, y) + gap
        if self._actions:
            y = self._action_row(y)
        return self._footer(y, hint)

    def _header(self, content: Content) -> int:
        paint, colours = self._painter, self._painter.palette
        baseline = paint.px(29)
        size = paint.px(10)
        x = self._left
        paint.mark(
            x,
            baseline - paint.px(9),
            content.state,
            size=size,
            ground=colours.background,
            colour=self._state_colour(content.state),
        )
        x += size + paint.px(8)
        status = paint.text(
            self._right,
            baseline,
            content.status,
            room=paint.px(200),
            size=12,
            colour=self._tone(content.status_tone),
            right=True,
        )
        room = self._right - status - paint.px(12) - x
        x += paint.text(x, baseline, content.source, room=room, strong=True)
        if content.demo:
            self._chip(x + paint.px(8), baseline, GENERATED)
        return paint.px(44)

    def _chip(self, x: int, baseline: int, words: str) -> None:
        paint, colours = self._painter, self._painter.palette
        font = paint.fonts.get(11, strong=True)
        width = font.measure(words) + 2 * paint.px(7)
        fill = mix(colours.warning, colours.background, 0.16)
        top = baseline - paint.px(14)
        paint.rounded(
            (x, top, x + width, top + paint.px(19)),
            radius=paint.px(9.5),
            fill=fill,
            ground=colours.background,
        )
        colour = ink(colours.warning, fill, colours.text)
        paint.text(x + paint.px(7), baseline, words, room=width, size=11, strong=True, colour=colour)

    def _cost_card(self, content: Content, today: PeriodLine, top: int) -> int:
        paint, colours = self._painter, self._painter.palette

        def body(y: int) -> int:
            label = y + paint.px(28)
            paint.text(self._left, label, today.label, room=paint.px(120), size=12, colour=colours.secondary)
            if content.today_tokens:
                paint.text(
                    self._right,
                    label,
                    content.today_tokens,
                    room=paint.px(180),
                    size=12,
                    colour=colours.secondary,
                    right=True,
                )
            y = label + paint.px(42)
            paint.text(
                self._left - paint.px(1), y, today.figure, room=self._right - self._left, size=36, strong=True
            )
            if today.trend.figure:
                y += paint.px(24)
                self._trend(self._left, y, today.trend, room=self._right - self._left)
            y += paint.px(18)
            self._hairline(y)
            y += paint.px(23)
            labels = max((paint.fonts.get(13).measure(line.label) for line in content.periods), default=0)
            for line in content.periods:
                figure = paint.figure(self._right, y, line.figure, strong=True)
                paint.text(self._left, y, line.label, room=labels)
                start = self._left + labels + paint.px(20)
                self._trend(start, y, line.trend, room=self._right - figure - paint.px(12) - start)
                y += paint.px(_ROW)
            y -= paint.px(_ROW)
            if content.activity:
                y += paint.px(16)
                self._hairline(y)
                y += paint.px(22)
                room = self._right - self._left
                paint.text(self._left, y, content.activity, room=room, size=12, colour=colours.secondary)
            return y + paint.px(16)

        return paint.card(self._card_left, self._card_right, top, body)

    def _models_card(self, content: Content, top: int) -> int:
        paint, colours = self._painter, self._painter.palette
        column = self._figure_column(content)

        def body(y: int) -> int:
            y = self._card_title(y, "By model", content.range_name, column, "tokens")
            for index, model in enumerate(content.models):
                y += paint.px(_ROW)
                paint.figure(self._right, y, model.figure)
                tokens = paint.figure(column, y, model.tokens, size=12, colour=colours.secondary)
                paint.text(self._left, y, model.name, room=column - tokens - paint.px(12) - self._left)
                y += paint.px(8)
                self._bar(y, model.share, colours.series[index % len(colours.series)])
                y += paint.px(4)
            if content.more_models:
                y += paint.px(_ROW - 2)
                room = self._right - self._left
                paint.text(self._left, y, content.more_models, room=room, size=12, colour=colours.secondary)
            return y + paint.px(18)

        return paint.card(self._card_left, self._card_right, top, body)

    def _sessions_card(self, content: Content, top: int) -> int:
        paint, colours = self._painter, self._painter.palette
        column = self._figure_column(content)

        def body(y: int) -> int:
            y = self._card_title(y, "Sessions", content.range_name, column, "last used")
            for line in content.sessions:
                y += paint.px(_ROW)
                paint.figure(self._right, y, line.figure)
                seen = paint.text(
                    column, y, line.when, room=paint.px(110), size=12, colour=colours.secondary, right=True
                )
                end = column - seen - paint.px(12)
                x = self._left
                detail = paint.fonts.get(12).measure(line.detail) + paint.px(8) if line.detail else 0
                x += paint.text(x, y, line.title, room=end - x - detail)
                if line.detail:
                    x += paint.px(8)
                    paint.text(x, y, line.detail, room=end - x, size=12, colour=colours.secondary)
            return y + paint.px(17)

        return paint.card(self._card_left, self._card_right, top, body)

    def _note_card(self, note: Note, top: int) -> int:
        paint, colours = self._painter, self._painter.palette
        colour = self._tone(note.tone)

        def body(y: int) -> int:
            start = y
            x = self._left
            y += paint.px(13)
            room = self._right - x
            y += paint.paragraph(
                x, y, note.title, room=room, size=13, colour=colours.text, strong=bool(note.body)
            )
            for text in note.body:
                y += paint.px(3)
                y += paint.paragraph(x, y, text, room=room, size=12, colour=colours.secondary)
            y += paint.px(11)
            if note.tone is not Tone.QUIET:
                inset = paint.px(10)
                paint.rounded(
                    (self._card_left + paint.px(7), start + inset, self._card_left + paint.px(10), y - inset),
                    radius=paint.px(1.5),
                    fill=colour,
                    ground=colours.card,
                )
            return y

        return paint.card(self._card_left, self._card_right, top, body)

    def _blank_card(self, content: Content, blank: Note, top: int) -> int:
        paint, colours = self._painter, self._painter.palette

        def body(y: int) -> int:
            y += paint.px(36)
            size = paint.px(36)
            paint.mark(
                (self.width - size) // 2,
                y,
                content.state,
                size=size,
                ground=colours.card,
                colour=self._state_colour(content.state),
            )
            y += size + paint.px(18)
            room = self._right - self._left
            y += paint.paragraph(
                self._left, y, blank.title, room=room, size=15, colour=colours.text, strong=True, centred=True
            )
            for text in blank.body:
                y += paint.px(7)
                y += paint.paragraph(
                    self._left, y, text, room=room, size=12, colour=colours.secondary, centred=True
                )
            return y + paint.px(36)

        return paint.card(self._card_left, self._card_right, top, body)

    def move_focus(self, step: int) -> None:
        """Give the keyboard to the next action (``step`` 1) or the one before (−1)."""
        if self._actions:
            before = (-1 if step > 0 else 0) if self._focused is None else self._focused
            self._focused = (before + step) % len(self._actions)
            self._colour_actions()

    def do_focused(self) -> None:
        """Do what the keyboard is on."""
        if self._focused is not None:
            self._actions[self._focused].do()

    def _action_row(self, y: int) -> int:
        """The actions in one line from the left edge on, the last at the right one."""
        paint = self._painter
        baseline = y + paint.px(18)
        x = self._left
        for index, action in enumerate(self._actions):
            last = index == len(self._actions) - 1
            width = paint.text(
                self._right if last else x,
                baseline,
                action.words,
                room=paint.px(160),
                size=12,
                right=last,
                tag=_tag(index),
            )
            x += width + paint.px(_ACTION_GAP)
            for event, focus in (("<Enter>", index), ("<Leave>", None)):
                paint.canvas.tag_bind(_tag(index), event, lambda _event, focus=focus: self._hover(focus))  # type: ignore[misc]
            paint.canvas.tag_bind(_tag(index), "<ButtonRelease-1>", lambda _event, do=action.do: do())  # type: ignore[misc]
        self._colour_actions()
        return baseline + paint.px(12)

    def _hover(self, index: int | None) -> None:
        self._focused = index
        self._painter.canvas.configure(cursor="" if index is None else "hand2")
        self._colour_actions()

    def _colour_actions(self) -> None:
        colours = self._painter.palette
        accent = ink(colours.accent, colours.background, colours.text)
        for index in range(len(self._actions)):
            focused = index == self._focused
            self._painter.canvas.itemconfigure(_tag(index), fill=accent if focused else colours.text)

    def _footer(self, y: int, hint: str) -> int:
        paint, colours = self._painter, self._painter.palette
        baseline = y + paint.px(16)
        taken = paint.text(
            self._right, baseline, hint, room=paint.px(200), size=11, colour=colours.secondary, right=True
        )
        room = self._right - taken - paint.px(_FOOTER_GAP) - self._left
        paint.text(self._left, baseline, ESTIMATE, room=room, size=11, colour=colours.secondary)
        return baseline + paint.px(14)

    def _card_title(self, y: int, title: str, range_name: str, column: int, heading: str) -> int:
        """A card's title with its range, and the headings of its two columns of figures."""
        paint, quiet = self._painter, self._painter.palette.secondary
        y += paint.px(27)
        x = self._left
        x += paint.text(x, y, title, room=paint.px(100), strong=True) + paint.px(7)
        paint.text(self._right, y, "cost", room=paint.px(60), size=11, colour=quiet, right=True)
        taken = paint.text(column, y, heading, room=paint.px(80), size=11, colour=quiet, right=True)
        paint.text(x, y, range_name, room=column - taken - paint.px(8) - x, size=12, colour=quiet)
        return y + paint.px(2)

    def _trend(self, x: int, baseline: int, trend: Trend, *, room: int) -> None:
        if not trend.figure:
            return
        paint = self._painter
        taken = paint.text(x, baseline, trend.figure, room=room, size=12, colour=self._tone(trend.tone))
        taken += paint.px(4)
        quiet = paint.palette.secondary
        paint.text(x + taken, baseline, trend.words, room=room - taken, size=12, colour=quiet)

    def _bar(self, y: int, share: float, colour: str) -> None:
        paint, colours = self._painter, self._painter.palette
        height = max(2, paint.px(4))
        whole = self._right - self._left
        paint.rounded(
            (self._left, y, self._right, y + height),
            radius=height // 2,
            fill=colours.hairline,
            ground=colours.card,
        )
        if share > 0:
            length = max(height, round(whole * share))
            # The bar's end lies on its track, its beginning on the card: both have the same roundness.
            ground = colours.card if length == whole else colours.hairline
            paint.rounded(
                (self._left, y, self._left + length, y + height),
                radius=height // 2,
                fill=colour,
                ground=ground,
            )

    def _hairline(self, y: int) -> None:
        paint = self._painter
        paint.canvas.create_rectangle(
            self._left, y, self._right, y + paint.px(1), fill=paint.palette.hairline, width=0
        )

    def _figure_column(self, content: Content) -> int:
        """Right edge of the column before the figures, the same in all cards."""
        fonts = self._painter.fonts
        figures = [line.figure for line in content.models] + [line.figure for line in content.sessions]
        widest = max((fonts.tabular_width(figure, 13) for figure in figures), default=0)
        return self._right - widest - self._painter.px(18)

    def _state_colour(self, state: State | None) -> str:
        colours = self._painter.palette
        plain = {
            State.FRESH: colours.good,
            State.STALE: colours.warning,
            State.OFFLINE: colours.bad,
            State.NO_TELEMETRY: colours.secondary,
            State.NO_DATA: colours.accent,
        }
        return colours.secondary if state is None else plain[state]

    def _tone(self, tone: Tone) -> str:
        """The colour of small words of a tone, legible on every surface."""
        colours = self._painter.palette
        plain = {
            Tone.TEXT: colours.text,
            Tone.QUIET: colours.secondary,
            Tone.GOOD: colours.good,
            Tone.WARNING: colours.warning,
            Tone.BAD: colours.bad,
        }[tone]
        return ink(plain, colours.background, colours.text)


def _tag(index: int) -> str:
    return f"action-{index}"
