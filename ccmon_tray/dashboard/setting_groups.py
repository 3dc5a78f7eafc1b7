"""Which settings the form offers, in which order, with which words."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ccmon_tray.usage.windows import RANGE_NAMES
from ccmon_tray.usage.wording import RANGE_TITLES


class Kind(StrEnum):
    """How a setting is entered."""

    TEXT = "text"
    PATH = "path"
    NUMBER = "number"
    SEGMENTS = "segments"
    MENU = "menu"


Places = tuple[int, int]
Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A setting of the form.

    Attributes:
        dotted: Its name.
        title: Its words.
        hint: What it means, or what an empty field means.
        kind: How it is entered.
        choices: Value and words of each choice.
        unit: What stands after a number.
    """

    dotted: str
    title: str
    hint: str = ""
    kind: Kind = Kind.TEXT
    choices: Choices = ()
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together.

    Attributes:
        title: Their title.
        items: The settings.
        hint: What is to be known of all.
        places: Their column, from 0, where there are two columns, and where there are three.
        secrets: Name and words of those that are only told of.
        folded: What is said of them where none is set, in a card that is folded until then; "" never folds.
    """

    title: str
    items: tuple[Item, ...]
    hint: str = ""
    places: Places = (0, 0)
    secrets: tuple[tuple[str, str], ...] = ()
    folded: str = ""


def _named(*values: str) -> Choices:
    return tuple((value, value.capitalize()) for value in values)


_ON_OFF: Final[Choices] = (("true", "On"), ("false", "Off"))
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SIZES: Final = (80, 90, 100, 110, 120, 135, 150)

GROUPS: Final[Sequence[Group]] = (
    Group(
        "Source",
        (
            Item(
                "source.kind",
                "Read from",
                "",
                Kind.MENU,
                (
                    ("auto", "Automatic"),
                    ("prometheus", "Prometheus"),
                    ("collector", "Built-in collector"),
                    ("transcripts", "Transcripts"),
                    ("demo", "Demo"),
                ),
            ),
            Item(
                "prometheus.url",
                "Prometheus URL",
                "Of the query API, with its path prefix",
            ),
            Item(
                "prometheus.matchers",
                "Extra matchers",
                'Part of every query, such as {user_email="me@example.com"}',
            ),
            Item("poll.interval_s", "Refresh every", "", Kind.NUMBER, unit="seconds, 5 to 300"),
        ),
    ),
    Group(
        "Authentication",
        (
            Item("prometheus.username", "User", "For basic authentication; empty is none"),
            Item("prometheus.password_file", "Password file", "", Kind.PATH),
            Item(
                "prometheus.password_command", "Password command", "A program that prints it: pass show prom"
            ),
            Item("prometheus.password_keyring", "Password keyring", "Its entry: service/user"),
            Item("prometheus.token_file", "Token file", "A bearer token, instead of a user", Kind.PATH),
            Item("prometheus.token_command", "Token command", "A program that prints it"),
            Item("prometheus.token_keyring", "Token keyring", "Its entry: service/user"),
        ),
        hint="Secrets are neither shown nor written here: say where they are kept.",
        secrets=(
            ("prometheus.password", "Password"),
            ("prometheus.token", "Token"),
            ("prometheus.headers", "Headers"),
        ),
        folded="None",
    ),
    Group(
        "Connection",
        (
            Item(
                "prometheus.verify_tls",
                "Certificates",
                "Unchecked, others can read and change figures",
                Kind.SEGMENTS,
                (("true", "Checked"), ("false", "Not checked")),
            ),
            Item("prometheus.ca_file", "Authority", "A PEM file; empty trusts the system’s", Kind.PATH),
            Item("prometheus.client_cert", "Client certificate", "A PEM file", Kind.PATH),
            Item("prometheus.client_key", "Client key", "If it is not in the same file", Kind.PATH),
            Item(
                "prometheus.timeout_s",
                "Time limit",
                "Until an answer counts as missing",
                Kind.NUMBER,
                unit="seconds",
            ),
            Item(
                "prometheus.lookback_days",
                "Look back",
                "How far back idle sessions are found",
                Kind.NUMBER,
                unit="days",
            ),
            Item(
                "prometheus.recording_rules",
                "Recorded hours",
                "Of stack/rules.yml, for long curves",
                Kind.SEGMENTS,
                (("auto", "Used"), ("off", "Not used")),
            ),
            Item("prometheus.max_answer_mib", "Largest answer", "", Kind.NUMBER, unit="MiB"),
            Item("prometheus.concurrency", "Queries at once", "", Kind.NUMBER, unit="1 to 16"),
        ),
        folded="As usual",
    ),
    Group(
        "Built-in collector",
        (
            Item(
                "collector.enabled",
                "Receive telemetry",
                "In the tray, without a server",
                Kind.SEGMENTS,
                (("true", "On"), ("false", "Off")),
            ),
            Item("collector.http_port", "Port for HTTP", "", Kind.NUMBER, unit="0 is none"),
            Item("collector.grpc_port", "Port for gRPC", "", Kind.NUMBER, unit="0 is none"),
            Item("collector.host", "Listens on", "Beyond this computer only with a token"),
            Item("collector.token_file", "Token file", "What senders must show", Kind.PATH),
            Item("collector.detail_days", "Keep details", "Sums by the hour stay", Kind.NUMBER, unit="days"),
            Item("collector.retention_days", "Keep sums", "", Kind.NUMBER, unit="days, 0 is for ever"),
        ),
        places=(0, 1),
        secrets=(("collector.token", "Token"),),
    ),
    Group(
        "Appearance",
        (
            Item(
                "appearance.theme",
                "Theme",
                "",
                Kind.SEGMENTS,
                _named("system", "light", "dark"),
            ),
            Item(
                "appearance.text_size",
                "Text size",
                "",
                Kind.MENU,
                tuple((str(size), f"{size} %") for size in _SIZES),
            ),
        ),
        places=(1, 2),
    ),
    Group(
        "Time",
        (
            Item("time.zone", "Time zone", "“system”, or a zone such as Europe/Berlin"),
            Item("time.week_start", "Weeks begin on", "", Kind.MENU, _named(*_DAYS)),
        ),
        places=(1, 2),
    ),
    Group(
        "Tray",
        (
            Item(
                "tray.icon_text",
                "Cost on the icon",
                "",
                Kind.SEGMENTS,
                (("none", "None"), ("today", "Today"), ("last hour", "Last hour")),
            ),
            Item(
                "tray.range",
                "Range in the menu",
                "",
                Kind.MENU,
                tuple((name, RANGE_TITLES[name]) for name in RANGE_NAMES),
            ),
            Item(
                "tray.backend",
                "Icon by",
                "Counts from the tray’s next start",
                Kind.MENU,
                (
                    ("auto", "Automatic"),
                    ("sni", "StatusNotifierItem"),
                    ("xorg", "X11 system tray"),
                    ("macos", "macOS"),
                    ("windows", "Windows"),
                    ("none", "No icon"),
                ),
            ),
            Item("log.level", "Log level", "", Kind.SEGMENTS, _named("debug", "info", "warning", "error")),
        ),
        places=(1, 2),
    ),
    Group(
        "Budgets",
        (
            Item("budgets.daily_usd", "A day", "", Kind.NUMBER, unit="USD"),
            Item("budgets.weekly_usd", "A week", "", Kind.NUMBER, unit="USD"),
            Item("budgets.monthly_usd", "A month", "Empty is no budget", Kind.NUMBER, unit="USD"),
        ),
        places=(0, 0),
    ),
    Group(
        "Alerts",
        (
            Item("alerts.enabled", "Alerts", "", Kind.SEGMENTS, _ON_OFF),
            Item("alerts.notifications", "Notifications", "Of the desktop", Kind.SEGMENTS, _ON_OFF),
            Item("alerts.thresholds_percent", "Budget used", "Percents at which an alert comes"),
            Item(
                "alerts.projection",
                "Budget will not last",
                "At the last seven days’ pace",
                Kind.SEGMENTS,
                _ON_OFF,
            ),
            Item("alerts.burn_rate_usd_per_hour", "Last hour above", "", Kind.NUMBER, unit="USD"),
            Item(
                "alerts.unusual_hour_factor",
                "Unusual hour",
                "Against four weeks’ median; 0 is never",
                Kind.NUMBER,
                unit="times the usual",
            ),
            Item(
                "alerts.silent_minutes",
                "Telemetry silent",
                "While Claude Code is in use; 0 is never",
                Kind.NUMBER,
                unit="minutes",
            ),
            Item(
                "alerts.offline_minutes",
                "Source offline",
                "0 is never",
                Kind.NUMBER,
                unit="minutes",
            ),
            Item("alerts.quiet_hours", "Quiet hours", "Such as 22:00-07:00; empty is none"),
            Item("alerts.command", "Run a command", "Gets each alert as JSON; notify-team --urgent"),
            Item("alerts.command_timeout_s", "Its time limit", "", Kind.NUMBER, unit="seconds"),
        ),
        hint="Stale numbers, and those with a warning, are never a reason for an alert.",
        places=(0, 0),
    ),
    Group(
        "Claude Code files",
        (
            Item("claude.config_dir", "Folder", "Empty is Claude Code’s own default", Kind.PATH),
            Item(
                "pricing.provider",
                "Prices of",
                "To price what the files count in tokens",
                Kind.SEGMENTS,
                (("anthropic", "Anthropic"), ("bedrock", "Bedrock"), ("vertex", "Vertex")),
            ),
            Item(
                "pricing.regional",
                "End points",
                "Regional ones cost 10 % more",
                Kind.SEGMENTS,
                (("false", "Global"), ("true", "Regional")),
            ),
        ),
        places=(1, 1),
    ),
)
"""The groups, from top to bottom."""

ITEMS: Final = tuple(item for group in GROUPS for item in group.items)

SECRETS: Final = tuple(dotted for group in GROUPS for dotted, _ in group.secrets)
