"""Which views there are. Each is imported when it is first opened, or when all else of a start is done."""

from importlib import import_module
from typing import Any, Final

from ccmon_tray.dashboard.views.base import Host, View
from ccmon_tray.view_names import ViewName

GROUPS: Final = (
    ("Usage", (ViewName.SUMMARY, ViewName.TOKENS, ViewName.INSIGHTS, ViewName.SESSIONS, ViewName.REQUESTS)),
    ("Claude Code files", (ViewName.STATS_CACHE,)),
    ("Pipeline", (ViewName.PROMETHEUS_HEALTH, ViewName.SMOKE_TEST)),
    ("App", (ViewName.SETTINGS,)),
)

TITLES: Final[dict[ViewName, str]] = {
    ViewName.SUMMARY: "Summary",
    ViewName.TOKENS: "Tokens",
    ViewName.INSIGHTS: "Insights",
    ViewName.SESSIONS: "Sessions",
    ViewName.REQUESTS: "Requests",
    ViewName.STATS_CACHE: "Stats cache",
    ViewName.PROMETHEUS_HEALTH: "Prometheus health",
    ViewName.SMOKE_TEST: "Smoke test",
    ViewName.SETTINGS: "Settings",
}

ORDER: Final = tuple(name for _, names in GROUPS for name in names)
"""The views from top to bottom."""

SOMETIMES: Final = frozenset({ViewName.REQUESTS})
"""Those that only some sources have figures for."""

SHORTCUTS: Final = {
    name: str(number)
    for number, name in enumerate((*(each for each in ORDER if each not in SOMETIMES), *SOMETIMES), 1)
}
"""Which number with Ctrl opens a view: the same one whatever the source."""


def import_views() -> None:
    """Import all views, so that each opens at once; for a worker's thread."""
    for name in ORDER:
        _module(name)


def make_view(name: ViewName, host: Host) -> View[Any]:
    """Make a view; its module holds it as ``VIEW``."""
    view: View[Any] = _module(name).VIEW(host)
    return view


def _module(name: ViewName) -> Any:
    return import_module(f"ccmon_tray.dashboard.views.{name.value.replace('-', '_')}")
