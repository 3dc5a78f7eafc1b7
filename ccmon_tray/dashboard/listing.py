"""Which views the sidebar lists: those that only some sources have figures for come and go with them."""

from collections.abc import Callable
from typing import Final

from ccmon_tray.dashboard.services import Services
from ccmon_tray.dashboard.views.registry import GROUPS, SHORTCUTS, SOMETIMES, TITLES
from ccmon_tray.dashboard.widgets.sidebar import Entry
from ccmon_tray.dashboard.work import Task, Work
from ccmon_tray.view_names import ViewName

_KEY: Final = "sidebar.requests"
_THERE: Final = "yes"
_MISSING: Final = "no"


class Listing:
    """Knows whether the source in use has single requests, the last time's answer until it has said so.

    Args:
        jobs: Asks it.
        memory: What the window remembers; changed in place.
        changed: Called after each answer, with it.
    """

    def __init__(self, jobs: Work, memory: dict[str, str], changed: Callable[[bool], None]) -> None:
        self._jobs = jobs
        self._memory = memory
        self._changed = changed
        self._task: Task[bool] | None = None

    def look(self, services: Services) -> None:
        """Ask the source in use, which may be another one by now."""
        if self._task is not None:
            self._task.cancel()

        def job(_task: Task[bool]) -> bool:
            from ccmon_tray.sources.readings.requests import keeps_requests  # noqa: PLC0415  # after the first frame

            return keeps_requests(services.source)

        # What keeps a source from being read is said by the view, which meets it as well.
        self._task = self._jobs.start(job, self._found, lambda _error: None, name="look for requests")

    def entries(self, services: Services, view: ViewName) -> list[tuple[str, list[Entry]]]:
        """The sidebar's lines, in groups.

        Args:
            services: The way to the data.
            view: The view that is open, which is listed whatever the source has.
        """
        first = _THERE if services.settings.source.kind == "demo" else _MISSING
        there = self._memory.get(_KEY, first) == _THERE
        return [
            (
                title,
                [
                    Entry(name, TITLES[name], SHORTCUTS[name])
                    for name in names
                    if there or name not in SOMETIMES or name == view
                ],
            )
            for title, names in GROUPS
        ]

    def _found(self, there: bool) -> None:
        self._memory[_KEY] = _THERE if there else _MISSING
        self._changed(there)
