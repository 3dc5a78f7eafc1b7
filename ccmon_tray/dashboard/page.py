"""A view's place in the window: when it is read, and what stands there while it cannot be shown."""

import time
import tkinter as tk
from dataclasses import replace
from typing import Any, Final, Protocol

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.ranges import ChosenRange
from ccmon_tray.dashboard.services import Services
from ccmon_tray.dashboard.views.base import Asked, View
from ccmon_tray.dashboard.widgets.notes import Banner, Deed, Note, Panel
from ccmon_tray.dashboard.widgets.scroll import ScrolledBody
from ccmon_tray.dashboard.widgets.sidebar import MARGIN
from ccmon_tray.dashboard.work import Task, Work
from ccmon_tray.errors import CcmonError, RequestsMissing
from ccmon_tray.usage import wording
from ccmon_tray.usage.states import SOURCE_TITLES, SourceKind, State
from ccmon_tray.usage.windows import ROLLING_S, Window

_SLOW_S: Final = 0.5  # reading given up after so long has its connections cut: the server is in trouble
_REST: Final = 20  # after reading anew by itself a view rests so many times as long as that took
_TOO_LONG: Final = "beyond-retention"  # a warning's code


class Shell(Protocol):
    """What a page needs of the window."""

    design: Design
    services: Services
    jobs: Work

    def chosen_range(self) -> ChosenRange:
        """The range that is shown."""
        ...

    def choose_range(self, chosen: ChosenRange) -> None:
        """Show another range."""
        ...

    def open_view(self, name: str) -> None:
        """Show another view."""
        ...

    def page_changed(self, page: "Page") -> None:
        """What the page says above the view has changed."""
        ...


class Page:
    """One view with its frame.

    Args:
        parent: Where pages lie, one above the other.
        shell: The window.
        view: The view.
    """

    def __init__(self, parent: tk.Misc, shell: Shell, view: View[Any]) -> None:
        self.view = view
        self._shell = shell
        design = shell.design
        self.frame = tk.Frame(parent, background=design.palette.background)
        self.frame.columnconfigure(0, weight=1)
        self.frame.rowconfigure(1, weight=1)
        self._scrolled: ScrolledBody | None = None
        margin = design.px(MARGIN)
        self._banner = Banner(self.frame, design)
        self._panel = Panel(self.frame, design)
        self._content: tk.Frame
        if view.scrolls:
            self._scrolled = ScrolledBody(self.frame, design)
            self._content = self._scrolled
            body = tk.Frame(self._scrolled.body, background=design.palette.background)
            body.pack(fill="both", expand=True, padx=margin, pady=(0, margin))
        else:
            self._content = tk.Frame(self.frame, background=design.palette.background)
            body = tk.Frame(self._content, background=design.palette.background)
            body.pack(fill="both", expand=True, padx=margin, pady=(0, margin))
        self._content.grid(row=1, column=0, sticky="nsew")
        view.build(body)
        self.body = body
        self.reading: Any = None
        self.window: Window | None = None
        """The window that the reading is of."""
        self.error: Exception | None = None
        self.failed_since: float | None = None
        self._read_of: ChosenRange | None = None
        self._read_at = float("-inf")
        self._took_s = 0.0
        self._unread = True
        self._task: Task[Any] | None = None
        self._task_of: ChosenRange | None = None
        self._task_began = 0.0

    @property
    def loading(self) -> bool:
        """Whether it is being read."""
        return self._task is not None

    @property
    def covered(self) -> bool:
        """Whether a panel stands in place of the view."""
        return bool(self._panel.winfo_manager())

    @property
    def plain(self) -> bool:
        """Whether the view stands where it does at a start: not scrolled, and nothing said above it."""
        scrolled = self._scrolled is not None and self._scrolled.position > 0
        return not (scrolled or self.covered or self._banner.winfo_manager())

    @property
    def current(self) -> bool:
        """Whether the reading shown is of the range that is chosen."""
        return self.reading is not None and (
            not self.view.ranged or self._read_of == self._shell.chosen_range()
        )

    @property
    def _rested(self) -> bool:
        """Whether it may be read anew by itself: what costs a server seconds is asked for more rarely."""
        rest_s = max(self._shell.services.settings.poll.interval_s, _REST * self._took_s)
        return time.monotonic() - self._read_at > rest_s

    def open(self) -> None:
        """The view comes to sight: read it if what it shows is of another range, or not young."""
        if not self.current:
            if self.reading is not None:
                self.view.await_figures()
            self.read()
        elif self.error is not None or (self.view.live and self._rested):
            self.read()
        self.say()

    def follow(self, *, at_once: bool) -> None:
        """The source was read just now: what is shown follows, so that no two surfaces disagree for long.

        Args:
            at_once: The source answers again, or does so no more: the view is to say the same. What fails
                although it answers is tried again after a rest.
        """
        if not self.view.live:
            return
        if at_once:
            self.give_up()  # it began while the source was otherwise
            self.read()
        elif self.loading:
            return
        elif self.error is None and self.current:
            self.open()
        elif self.error is not None and self._rested:
            self.read()

    def leave(self) -> None:
        """Another view comes to sight: nobody waits for this one's reading any more."""
        self.give_up()
        self.view.left()

    def give_up(self) -> None:
        """Give up on reading under way."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        if time.monotonic() - self._task_began > _SLOW_S:
            self._shell.services.drop()

    def read(self, *, refresh: bool = False) -> None:
        """Read the view, unless that is under way for the same range."""
        chosen = self._shell.chosen_range()
        if self._task is not None and self._task_of == chosen and not refresh:
            return
        self.give_up()
        services = self._shell.services
        self._task_of, self._task_began = chosen, time.monotonic()
        try:
            window = chosen.window(services.clock(), services.calendar)
        except CcmonError as error:
            self._failed(error)
            return

        def job(task: Task[Any]) -> Any:
            return self.view.read(Asked(services, window, task.cancelled, refresh))

        def done(reading: Any) -> None:
            self._done(reading, window, chosen)

        self._task = self._shell.jobs.start(
            job, done, self._failed, name=f"read {self.view.name}", after_frame=self._unread
        )
        self._unread = False
        self._shell.page_changed(self)

    def wheel(self, event: "tk.Event[Any]") -> None:
        """Scroll, if it can."""
        if self._scrolled is not None:
            self._scrolled.wheel(event)

    def carry(self) -> tuple[object, float]:
        """What the page that takes its place gets, when everything is made anew in another look."""
        return self.view.carry(), self._scrolled.position if self._scrolled else 0.0

    def take_over(self, carried: tuple[object, float]) -> None:
        """Go on where the page was that this one takes the place of."""
        of_view, position = carried
        self.view.take_over(of_view)
        if self._scrolled is not None:
            self._scrolled.after_idle(self._scrolled.move_to, position)

    def page_keys(self, by: int) -> None:
        """Scroll by pages, if it can."""
        if self._scrolled is not None:
            self._scrolled.page(by)

    def reveal(self, widget: tk.Misc) -> None:
        """Bring a widget of the view into sight."""
        if self._scrolled is not None and str(widget).startswith(str(self._scrolled.body)):
            self._scrolled.reveal(widget)

    def say(self) -> None:
        """Say above the view, or in its place, what there is to say."""
        panel = self._panel_note()
        banner = None if panel else self._banner_note()
        if panel is None:
            self._panel.place_forget()
        else:
            self._panel.show(panel)
            self._panel.place(relx=0, rely=0, relwidth=1, relheight=1)
            tk.Misc.lift(self._panel)
        if banner is None:
            self._banner.grid_forget()
        else:
            self._banner.show(banner)
            margin = self._shell.design.px(MARGIN)
            gap = self._shell.design.px(12)
            self._banner.grid(row=0, column=0, sticky="ew", padx=margin, pady=(0, gap))
        self._shell.page_changed(self)

    def _done(self, reading: Any, window: Window, chosen: ChosenRange) -> None:
        self._ended()
        first = self._read_of != chosen
        self.reading, self.window, self._read_of = reading, window, chosen
        self.error, self.failed_since = None, None
        self.view.show(reading)
        if first and self._scrolled is not None and self.view.ranged:
            self._scrolled.top()
        self.say()

    def _ended(self) -> None:
        self._task = None
        self._read_at = time.monotonic()
        self._took_s = self._read_at - self._task_began

    def _failed(self, error: Exception) -> None:
        self._ended()
        self.error = error
        if self.failed_since is None:
            self.failed_since = self._shell.services.clock()
        self.say()

    def _panel_note(self) -> Note | None:
        if isinstance(self.error, RequestsMissing):  # nothing is out of order
            note = self._error_note(self.error, self._deeds(settings=True)[::-1])
            return replace(note, tone="quiet", state=State.NO_DATA)
        if self.error is not None and not self.current:
            known = isinstance(self.error, CcmonError)
            return self._error_note(
                self.error, self._deeds(again=True, settings=known), since=self.failed_since
            )
        if self.reading is None or not self.current:
            return None
        match self.view.state(self.reading):
            case State.NO_TELEMETRY:
                return self._no_telemetry_note()
            case State.NO_DATA:
                return self._no_data_note()
        return None

    def _no_telemetry_note(self) -> Note:
        body: tuple[str, ...] = (f"{wording.TELEMETRY_ON}.",)
        deeds = self._deeds(settings=True)
        if self._shell.services.source.info.kind in (SourceKind.COLLECTOR, SourceKind.TRANSCRIPTS):
            connect = Deed("Connect Claude Code", lambda: self._shell.open_view("settings"))
            body, deeds = wording.ONBOARDING, (connect, *self._deeds())
        return Note(wording.TELEMETRY_OFF, body, "warning", State.NO_TELEMETRY, deeds)

    def _no_data_note(self) -> Note:
        chosen = self._shell.chosen_range()
        wider = [name for name in ("7d", "30d", "90d") if name != chosen.name]
        deeds = tuple(
            Deed(wording.range_title(name), lambda name=name: self._shell.choose_range(ChosenRange(name)))  # type: ignore[misc]
            for name in wider[:2]
        )
        return Note(
            f"Nothing used {during(chosen.name)}",
            ("There is telemetry of Claude Code, but none that shows use in this time.",),
            "quiet",
            State.NO_DATA,
            deeds,
        )

    def _banner_note(self) -> Note | None:
        if self.error is not None:
            note = self._error_note(self.error, self._deeds(again=True), since=self.failed_since)
            return replace(note, body=(*note.body, "The figures below are the last good ones."))
        if not self.current:
            return None
        warnings = self.view.warnings(self.reading)
        since = self.view.known_since(self.reading)
        # A range that is too long is no trouble: it is said more quietly, with the day.
        if warnings and not (since is not None and {each.code for each in warnings} == {_TOO_LONG}):
            body = tuple(f"{each.message} {each.cure}".strip() for each in warnings)
            title = (
                "These figures may be off"
                if len(body) == 1
                else "These figures may be off, for several reasons"
            )
            return Note(
                title,
                body,
                "warning",
                deeds=(Deed("Smoke test", lambda: self._shell.open_view("smoke-test")),),
            )
        if since is not None:
            services = self._shell.services
            day = services.calendar.local(since)
            source = SOURCE_TITLES[services.source.info.kind]
            return Note(
                f"{source} keeps data since {day:%a} {day.day} {day:%b} {day.year}",
                (
                    "This range begins before that: what was used earlier is missing here.",
                    *(each.cure for each in warnings),
                ),
                "quiet",
            )
        return None

    def _error_note(self, error: Exception, deeds: tuple[Deed, ...], since: float | None = None) -> Note:
        if isinstance(error, CcmonError):
            title, body = error.title, [text for text in (error.cause, error.next_step) if text]
        else:
            title = "This view could not be read"
            body = [f"{type(error).__name__}: {error}", "Please report this; the log has the details"]
        body = [text[:1].upper() + text[1:].rstrip(".") + "." for text in body]
        if since is not None:
            calendar, now = self._shell.services.calendar, self._shell.services.clock()
            clock = wording.clock(calendar.local(since), calendar.local(now))
            title = f"{title}, since {clock}"
        return Note(title, tuple(body), "bad", State.OFFLINE, deeds)

    def _deeds(self, *, again: bool = False, settings: bool = False) -> tuple[Deed, ...]:
        deeds = []
        if again:
            deeds.append(Deed("Try again", lambda: self.read(refresh=True)))
        if self.view.name != "smoke-test":
            deeds.append(Deed("Smoke test", lambda: self._shell.open_view("smoke-test")))
        if settings and self.view.name != "settings":
            deeds.append(Deed("Settings", lambda: self._shell.open_view("settings")))
        return tuple(deeds)


def during(range_name: str) -> str:
    """When, for a sentence: ``in the last 7 days``, ``this week``, ``in this range``."""
    if range_name == "custom":
        return "in this range"
    title = wording.range_title(range_name).lower()
    return f"in the {title}" if range_name in ROLLING_S else title
