"""Which views there are. Each is imported when it is first opened, so that the window opens soon."""

from importlib import import_module
from typing import Any, Final

from ccmon_tray.dashboard.views.base import Host, View
from ccmon_tray.view_names import ViewName

GROUPS: Final = (
    ("Usage", (ViewName.SUMMARY, ViewName.TOKENS, ViewName.INSIGHTS, ViewName.SESSIONS)),
    ("Claude Code files", (ViewName.STATS_CACHE,)),
    ("Pipeline", (ViewName.PROMETHEUS_HEALTH, ViewName.SMOKE_TEST)),
    ("App", (ViewName.SETTINGS,)),
)

TITLES: Final[dict[ViewName, str]] = {
    ViewName.SUMMARY: "Summary",
    ViewName.TOKENS: "Tokens",
    ViewName.INSIGHTS: "Insights",
    ViewName.SESSIONS: "Sessions",
    ViewName.STATS_CACHE: "Stats cache",
    ViewName.PROMETHEUS_HEALTH: "Prometheus health",
    ViewName.SMOKE_TEST: "Smoke test",
    ViewName.SETTINGS: "Settings",
}

ORDER: Final = tuple(name for _, names in GROUPS for name in names)
"""The views from top to bottom: Ctrl+1 to Ctrl+8."""


def make_view(name: ViewName, host: Host) -> View[Any]:
    """Make a view; its module holds it as ``VIEW``."""
    module = import_module(f"ccmon_tray.dashboard.views.{name.value.replace('-', '_')}")
    view: View[Any] = module.VIEW(host)
    return view
