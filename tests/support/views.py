"""The real window inside the test's own process, with a view open and drawn."""

import tkinter as tk
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ccmon_tray.dashboard import charts
from ccmon_tray.dashboard.ranges import ChosenRange
from ccmon_tray.dashboard.services import Services
from ccmon_tray.dashboard.theme import palette_for
from ccmon_tray.dashboard.widgets.surface import Surface
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.paths import find_paths
from ccmon_tray.settings import Settings
from ccmon_tray.sources.base import UsageSource
from ccmon_tray.sources.claude_files import ClaudeFiles
from ccmon_tray.view_names import ViewName
from tests.support.dashboard import await_drawn, descendants
from tests.support.desktop import Desktop

NOW = 1_795_443_120  # Mon 23 Nov 2026, 15:12 in Berlin

OpenView = Callable[..., DashboardWindow]


class GivenServices(Services):
    """Services with a source and files that a test gives, in place of those that the settings name."""

    given_source: UsageSource | None = None
    given_files: ClaudeFiles | None = None

    @property
    def source(self) -> UsageSource:
        """The given source, else a demo."""
        return self.given_source or super().source

    @property
    def files(self) -> ClaudeFiles:
        """The given files, else those of the source."""
        return self.given_files or super().files


@contextmanager
def opening(desktop: Desktop, home: Path) -> Iterator[OpenView]:
    """Opens windows with a view of demo data, or of the source given, and closes them in the end.

    A window is drawn when it is given back, unless it is not to be waited for.

    Args:
        desktop: Where.
        home: The folder for settings and all else.
    """
    windows: list[DashboardWindow] = []
    charts.prepare()

    def make(
        view: str,
        chosen: str = "7d",
        *,
        source: UsageSource | None = None,
        files: ClaudeFiles | None = None,
        theme: str = "dark",
        scale: float = 1.0,
        size: tuple[int, int] = (1180, 800),
        memory: dict[str, str] | None = None,
        settings: dict[str, dict[str, object]] | None = None,
        now: float = NOW,
        asked: bool = True,
        wait: bool = True,
    ) -> DashboardWindow:
        given = {"source": {"kind": "demo"}, "time": {"zone": "Europe/Berlin"}, **(settings or {})}
        paths = find_paths({"CCMON_TRAY_HOME": str(home)})
        services = GivenServices(paths, Settings.model_validate(given), clock=lambda: now)
        services.given_source, services.given_files = source, files
        root = tk.Tk(screenName=desktop.env["DISPLAY"], className="ccmon-tray")
        root.geometry(f"{round(size[0] * scale)}x{round(size[1] * scale)}+0+0")
        root.report_callback_exception = _fail
        window = DashboardWindow(
            root,
            services,
            palette_for(theme),
            view=ViewName(view),
            view_asked=asked,
            chosen=ChosenRange(chosen),
            memory=memory,
            scale=scale,
        )
        windows.append(window)
        root.update()
        window.charts_are_ready()
        window.start()
        if wait:
            await_drawn(window)
        return window

    try:
        yield make
    finally:
        for window in windows:
            window.feed.stop()
            window.jobs.close()
            with suppress(tk.TclError):  # a test may have closed it
                window.root.destroy()
        windows.clear()


def _fail(_kind: type[BaseException], error: BaseException, _trace: object) -> None:
    raise error


def cut_words(window: DashboardWindow) -> list[str]:
    """The words in the open view that are cut for lack of room."""
    return [
        slot.text
        for surface in descendants(window.page.frame)
        if isinstance(surface, Surface)
        for slot in surface.painter.slots
        if slot.text.endswith("…")
    ]
