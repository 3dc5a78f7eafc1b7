"""The dashboard's window: sidebar, header, and the page of the view that is open.

Everything here runs on the Tk thread; reading goes through :mod:`.work`.
"""

import contextlib
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.feed import SnapshotFeed
from ccmon_tray.dashboard.first_frame import YOUNG_S
from ccmon_tray.dashboard.keys import bind_keys
from ccmon_tray.dashboard.listing import Listing
from ccmon_tray.dashboard.page import Page
from ccmon_tray.dashboard.ranges import ChosenRange, span_words
from ccmon_tray.dashboard.screens import Box
from ccmon_tray.dashboard.services import Services
from ccmon_tray.dashboard.start import TITLE
from ccmon_tray.dashboard.status import status_of
from ccmon_tray.dashboard.style import Style
from ccmon_tray.dashboard.theme import Palette
from ccmon_tray.dashboard.views.base import Exported
from ccmon_tray.dashboard.views.registry import SOMETIMES, TITLES, make_view
from ccmon_tray.dashboard.widgets.header import Header
from ccmon_tray.dashboard.widgets.notes import Toast
from ccmon_tray.dashboard.widgets.sidebar import Sidebar
from ccmon_tray.dashboard.work import Work
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import State
from ccmon_tray.view_names import ViewName

SMALLEST: Final = (800, 600)
USUAL: Final = (1180, 800)


class DashboardWindow:
    """The window.

    Args:
        root: The Tk application.
        services: The way to the data.
        palette: The colours to begin with.
        view: The view to begin with.
        view_asked: Whether somebody asked for that view; one that was merely open last gives way to the
            summary where the source has nothing for it.
        chosen: The range to begin with.
        memory: What was remembered of the views' switches; changed in place.
        scale: Pixels per unit; measured where not given.
        cover: What lies above the window until it is drawn.
    """

    def __init__(
        self,
        root: tk.Tk,
        services: Services,
        palette: Palette,
        *,
        view: ViewName = ViewName.SUMMARY,
        view_asked: bool = True,
        chosen: ChosenRange | None = None,
        memory: dict[str, str] | None = None,
        scale: float | None = None,
        cover: tk.Widget | None = None,
    ) -> None:
        self.root = root
        self._cover = cover
        self.services = services
        self.jobs = Work(root)
        self.feed = SnapshotFeed(root, services, self.jobs, self._on_snapshot, self._show_status)
        self.memory = {} if memory is None else memory
        self._listing = Listing(self.jobs, self.memory, self._on_listing)
        self.on_state_changed: Callable[[], None] = lambda: None
        """Called when view, range or a switch has changed, so that they can be remembered."""
        self.on_leaving: Callable[[], None] = lambda: None
        """Called while a view is still shown that gives way to another."""
        self.on_settings_changed: Callable[[], None] = lambda: None
        """Called when a view has changed the settings' file."""
        self._scale = scale
        self._range = chosen or ChosenRange()
        self._view = view
        self._gives_way = not view_asked
        self._started = False
        self._answers = True
        self._charts_ready = False
        self._waiting_for_charts: list[Callable[[], None]] = []
        self._copied = ""
        self._pages: dict[ViewName, Page] = {}
        root.title(TITLE)
        root.protocol("WM_DELETE_WINDOW", self.close)
        bind_keys(self)
        self._build(palette)

    # What views and pages may ask for

    def chosen_range(self) -> ChosenRange:
        """The range that is shown."""
        return self._range

    def choose_range(self, chosen: ChosenRange) -> None:
        """Show another range."""
        if chosen == self._range and self.page.error is None:
            return
        self._range = chosen
        self.header.picker.show(chosen)
        self.page.open()
        self.on_state_changed()

    @property
    def view_name(self) -> ViewName:
        """The view that is open."""
        return self._view

    def main_cards(self) -> tuple[Box, ...]:
        """Where the open view's main cards are at a start; none where that cannot be seen now."""
        if not self.page.plain or not all(each.winfo_viewable() for each in self.page.view.first_cards):
            return ()
        left, top = self.root.winfo_rootx(), self.root.winfo_rooty()
        return tuple(
            Box(each.winfo_rootx() - left, each.winfo_rooty() - top, each.winfo_width(), each.winfo_height())
            for each in self.page.view.first_cards
        )

    @property
    def page(self) -> Page:
        """The page of the view that is open."""
        return self._pages[self._view]

    def open_view(self, name: str) -> None:
        """Show a view."""
        wanted = ViewName(name)
        if wanted == self._view and wanted in self._pages:
            return
        if self._view in self._pages:
            self.on_leaving()
            self.page.leave()
        self._view = wanted
        self._gives_way = False
        self._list_views()
        self.sidebar.select(wanted)
        if wanted not in self._pages:
            page = self._pages[wanted] = Page(self._stack, self, make_view(wanted, self))
            page.frame.place(relx=0, rely=0, relwidth=1, relheight=1)
        for other, page in self._pages.items():
            if other != wanted:
                page.frame.place_forget()
        self.page.frame.place(relx=0, rely=0, relwidth=1, relheight=1)
        self._hand_snapshot()
        self.page.open()
        self.on_state_changed()

    def reload(self) -> None:
        """Read the open view anew, and trust nothing remembered."""
        self.page.read(refresh=True)
        self.feed.poll()

    def copy(self, text: str) -> None:
        """Put a text into the clipboard, and say so."""
        self.root.clipboard_clear()
        self.root.clipboard_append(text)
        self._copied = text
        self.toast.say(f"Copied {' '.join(text.split())}")

    def say(self, words: str) -> None:
        """Say something that passes."""
        self.toast.say(words)

    def settings_changed(self) -> None:
        """Go by the settings as they are in their file now."""
        self.on_settings_changed()

    def when_charts_ready(self, do: Callable[[], None]) -> None:
        """Do something once matplotlib can be used: at once, if it can."""
        if self._charts_ready:
            do()
        else:
            self._waiting_for_charts.append(do)

    def charts_are_ready(self) -> None:
        """Matplotlib can be used from now on."""
        self._charts_ready = True
        waiting, self._waiting_for_charts = self._waiting_for_charts, []
        for do in waiting:
            do()

    def work(
        self,
        job: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        *,
        finish: bool = False,
    ) -> Callable[[], None]:
        """Run a job off the Tk thread, for as long as the view is open; returns what gives it up."""
        view = self._view
        task = self.jobs.start(
            lambda _task: job(),
            lambda result: done(result) if view == self._view else None,
            lambda error: failed(error) if view == self._view else None,
            finish=finish,
        )
        return task.cancel

    def remember(self, key: str, value: str) -> None:
        """Remember a switch of a view."""
        self.memory[key] = value
        self.on_state_changed()

    def remembered(self, key: str, default: str) -> str:
        """What was remembered."""
        return self.memory.get(key, default)

    def page_changed(self, page: Page) -> None:
        """The header says what the open page has to say."""
        if self._pages.get(self._view) is page:
            self._show_header()

    # What the start asks for

    def start(self) -> None:
        """Read what is shown, and follow the tray's snapshots."""
        self._started = True
        self.feed.start()
        self.page.open()
        self._listing.look(self.services)

    def restyle(self, palette: Palette, scale: float | None = None) -> None:
        """Show everything in other colours or another size; figures stay."""
        self._scale = scale or self._scale
        self._build(palette)
        self.page.open()

    def use(self, services: Services, palette: Palette) -> None:
        """Go by other settings from now on: what is shown may be of another source, zone or size."""
        self.feed.stop()
        for page in self._pages.values():
            page.give_up()
        self.services.drop()
        before, self.services = self.services, services
        self.feed = SnapshotFeed(self.root, services, self.jobs, self._on_snapshot, self._show_status)
        sizes = (each.settings.appearance.text_size for each in (before, services))
        if self.page.view.of_settings and palette == self.design.palette and len(set(sizes)) == 1:
            # A person is at work there: what they type, and where they are, stays.
            for name in self._pages.keys() - {self._view}:
                self._pages.pop(name).frame.destroy()
            self.page.read()
        else:
            self._build(palette)
        self.start()

    def close(self) -> None:
        """Close the window and end the program; what was copied stays in the clipboard."""
        try:
            self.page.view.left()
            self.on_state_changed()
            self.feed.stop()
            self.jobs.close()
            self.services.drop()
            self._leave_clipboard()
        finally:
            self.root.destroy()  # whatever went wrong: a window that cannot be closed is the worst of all

    # Inside

    def _build(self, palette: Palette) -> None:
        """Make all widgets in a design; those that were there go."""
        before = self._pages.get(self._view)
        carried = before.carry() if before is not None else None
        for page in self._pages.values():
            page.give_up()  # nobody could show what it reads
        for child in self.root.winfo_children():
            if child is not self._cover:
                child.destroy()
        self._pages = {}
        self._waiting_for_charts = []
        text_size = self.services.settings.appearance.text_size / 100
        self.design = Design.of(self.root, palette, scale=self._scale, text_size=text_size)
        self.style = Style(self.root, self.design)
        self.root.configure(background=palette.background)
        px = self.design.px
        self.root.minsize(min(px(SMALLEST[0]), self.root.winfo_screenwidth()), px(SMALLEST[1] - 40))
        self.sidebar = Sidebar(
            self.root, self.design, self._listing.entries(self.services, self._view), self.open_view
        )
        self.sidebar.pack(side="left", fill="y")
        self.toast = Toast(self.root, self.design)
        right = tk.Frame(self.root, background=palette.background)
        right.pack(side="left", fill="both", expand=True)
        self.header = Header(
            right,
            self.design,
            choose_range=self.choose_range,
            export=self.export,
            exports=self.exports,
            refresh=self.reload,
            calendar=lambda: self.services.calendar,
            now=self.services.clock,
        )
        self.header.pack(fill="x")
        self.header.picker.show(self._range)
        self._stack = tk.Frame(right, background=palette.background)
        self._stack.pack(fill="both", expand=True)
        page = self._pages[self._view] = Page(self._stack, self, make_view(self._view, self))
        page.frame.place(relx=0, rely=0, relwidth=1, relheight=1)
        if carried is not None:
            page.take_over(carried)
        self.sidebar.select(self._view)
        self._show_status()
        self._show_header()
        self._hand_snapshot()
        if self._cover is not None:
            tk.Misc.lift(self._cover)
            self._cover = None

    def _list_views(self) -> None:
        self.sidebar.list(self._listing.entries(self.services, self._view))

    def _on_listing(self, has_requests: bool) -> None:
        if not has_requests and self._gives_way and self._view in SOMETIMES:
            self.open_view(ViewName.SUMMARY)
            self.say("Only the built-in collector keeps requests")
        self._list_views()

    def _on_snapshot(self, snapshot: Snapshot) -> None:
        self._show_status()
        if self._started:  # with the first snapshot the first frame is drawn, and nothing else is done
            self._listing.look(self.services)
        self._hand_snapshot()
        answered, self._answers = self._answers, snapshot.state not in {State.OFFLINE, State.STALE}
        page = self._pages.get(self._view)
        if page is not None and self._visible():
            page.follow(at_once=self._answers != answered)

    def _visible(self) -> bool:
        return str(self.root.state()) != "iconic"

    def _hand_snapshot(self) -> None:
        """Let the view show what the snapshot knows, until its own reading is there."""
        page, snapshot = self._pages.get(self._view), self.feed.current
        if page is None or snapshot is None:
            return
        page.view.follow(snapshot)
        if page.reading is not None or snapshot.figures is None:
            return
        young = (snapshot.age_s(self.services.clock()) or 0.0) <= YOUNG_S
        if young and snapshot.figures.range.info.name == self._range.name:
            page.view.show_snapshot(snapshot)

    def _show_status(self) -> None:
        services = self.services
        interval_s = services.settings.poll.interval_s
        self.sidebar.show(status_of(self.feed.current, services.clock(), services.calendar, interval_s))

    def _show_header(self) -> None:
        page, view = self.page, self.page.view
        parts = []
        if view.ranged:
            services = self.services
            window = page.window if page.current and page.window else None
            with contextlib.suppress(Exception):
                window = window or self._range.window(services.clock(), services.calendar)
            if window is not None:
                parts.append(span_words(window, services.calendar))
        if page.current and not page.covered and (more := view.subtitle(page.reading)):
            parts.append(more)
        if page.loading and not page.current:
            parts.append("reading…")
        self.header.show(
            TITLES[self._view],
            " · ".join(parts),
            ranged=view.ranged,
            exportable=bool(self.exports()),
            demo=self.services.settings.source.kind == "demo",
        )

    def exports(self) -> tuple[str, ...]:
        """Which kinds of files can be written of what is shown now."""
        page, view = self.page, self.page.view
        if not page.current or page.covered:
            return ()
        data = ("csv", "json") if view.export(page.reading) else ()
        return (*data, *(("png", "svg") if view.charts else ()))

    def export(self, kind: str, path: Path | None = None) -> tuple[Path, ...]:
        """Write what is shown to a file that the person chooses, or to ``path``."""
        from ccmon_tray.dashboard.export import export_page  # noqa: PLC0415  # rare

        return export_page(self, kind, path)

    def tables(self) -> tuple[Exported, ...]:
        """What is shown, as tables."""
        return tuple(self.page.view.export(self.page.reading))

    def _leave_clipboard(self) -> None:
        """Hand what was copied to a program that outlives this one, if it is still in the clipboard."""
        if not self._copied:
            return
        with contextlib.suppress(Exception):
            if self.root.clipboard_get() == self._copied:
                from ccmon_tray.desktop.clipboard import copy_text  # noqa: PLC0415  # at the end alone

                self.root.withdraw()
                copy_text(self._copied)
