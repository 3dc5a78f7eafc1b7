"""What the tests of the Sessions view share."""

from pathlib import Path

from ccmon_tray.dashboard.views.sessions import SessionsView
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.sources.claude_files import ClaudeFiles
from ccmon_tray.sources.claude_files.history import History
from ccmon_tray.sources.claude_files.stats_cache import StatsCache
from tests.support.dashboard import await_drawn, pump


class NoFiles:
    """A machine without Claude Code's files, or with those given."""

    def __init__(self, history: History | None = None) -> None:
        self._history = history
        self.folders = (Path.home() / ".claude",)

    def history(self) -> History | None:
        return self._history

    def stats_cache(self) -> StatsCache | None:
        return None


def no_files(history: History | None = None) -> ClaudeFiles:
    return NoFiles(history)


def sessions_view(window: DashboardWindow) -> SessionsView:
    view = window.page.view
    assert isinstance(view, SessionsView)
    return view


def shown(view: SessionsView) -> list[str]:
    """The ids of the sessions in the table, from top to bottom."""
    return [row.key for row in view.sessions.grid_surface.rows]


def open_detail(window: DashboardWindow, session_id: str) -> SessionsView:
    view = sessions_view(window)
    view.open_session(session_id)
    pump(window.root, lambda: view.detail.types.rows, "the detail")
    await_drawn(window)
    return view
