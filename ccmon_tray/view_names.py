"""The names of the window's views: on the command line, in the tray's menu, between processes."""

from enum import StrEnum


class ViewName(StrEnum):
    """A view of the window, in the order of the sidebar."""

    SUMMARY = "summary"
    TOKENS = "tokens"
    INSIGHTS = "insights"
    SESSIONS = "sessions"
    REQUESTS = "requests"
    STATS_CACHE = "stats-cache"
    PROMETHEUS_HEALTH = "prometheus-health"
    SMOKE_TEST = "smoke-test"
    SETTINGS = "settings"
