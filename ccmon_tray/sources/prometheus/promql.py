"""Pieces of PromQL: selectors in a back end's spelling, and the exact increase as an expression."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ccmon_tray.errors import SettingsError
from ccmon_tray.usage.metrics import Label

# Attributes of Claude Code whose names have a dot; every other underscore is the attribute's own.
_DOTTED: Final = {
    "session_id": "session.id",
    "user_id": "user.id",
    "user_email": "user.email",
    "user_account_uuid": "user.account_uuid",
    "organization_id": "organization.id",
    "terminal_type": "terminal.type",
    "agent_name": "agent.name",
    "skill_name": "skill.name",
    "plugin_name": "plugin.name",
    "mcp_server_name": "mcp_server.name",
    "mcp_tool_name": "mcp_tool.name",
    "app_version": "app.version",
    "service_name": "service.name",
    "service_version": "service.version",
}

NAME_LABEL: Final = "ccmon_tray_name"
"""The label that tells names apart in the answer to an expression that drops them."""

# A list of ids makes a query of about 40 bytes each, and a regular expression that takes the server longer to
# compile than the look-ups take that it becomes.
_IDS_A_QUERY: Final = 1_500

_MATCHER = re.compile(
    r"""\s*(?P<name>[A-Za-z_][A-Za-z0-9_.]*|"(?:[^"\\]|\\.)*")\s*(?P<op>=~|!~|!=|=)\s*"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)\s*(?P<end>,|$)""",
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Spelling:
    r"""How one back end spells names.

    Attributes:
        dotted: Names keep OpenTelemetry's dots (``session.id``).
        backslash: Dots are written ``session\.id`` (MetricsQL); otherwise such names are quoted
            (Prometheus 3's UTF-8 syntax).
    """

    dotted: bool = False
    backslash: bool = False

    def label(self, name: str) -> str:
        """The stored name of a label that is spelled with underscores here."""
        return _DOTTED.get(name, name) if self.dotted else name

    def written(self, label: str) -> str:
        """A label's name as PromQL wants it written."""
        name = self.label(label)
        if "." not in name:
            return name
        return name.replace(".", "\\.") if self.backslash else f'"{name}"'

    def by(self, labels: Iterable[str]) -> str:
        """A list of labels for ``by (…)``."""
        return ", ".join(self.written(label) for label in labels)


@dataclass(frozen=True, slots=True)
class Matcher:
    """A label matcher: ``name op "value"``; ``op`` is one of ``=``, ``!=``, ``=~``, ``!~``."""

    name: str
    op: str
    value: str

    def written(self, spelling: Spelling) -> str:
        """The matcher as PromQL, escaped."""
        return f"{spelling.written(self.name)}{self.op}{quoted(self.value)}"


def quoted(value: str) -> str:
    """A PromQL string literal."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def one_of(name: str, values: Sequence[str], *, negate: bool = False) -> Matcher:
    """A matcher for any (or none) of some literal values."""
    if len(values) == 1:
        return Matcher(name, "!=" if negate else "=", values[0])
    return Matcher(name, "!~" if negate else "=~", "|".join(re.escape(v).replace("\\-", "-") for v in values))


def session_lists(ids: Sequence[str]) -> list[Matcher]:
    """Matchers that each select a share of some sessions; "" stands for series without an id."""
    return [one_of(Label.SESSION, ids[i : i + _IDS_A_QUERY]) for i in range(0, len(ids), _IDS_A_QUERY)]


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """The matchers a person wrote in settings: ``{user_email="me@example.org", job=~"otel.*"}``.

    Raises:
        SettingsError: It is not a list of matchers.
    """
    inner = text.strip()
    if inner.startswith("{") and inner.endswith("}"):
        inner = inner[1:-1].strip()
    inner = inner.removesuffix(",")
    matchers: list[Matcher] = []
    at = 0
    while at < len(inner):
        found = _MATCHER.match(inner, at)
        if found is None:
            raise SettingsError(
                "The extra label matchers cannot be read",
                cause=f"prometheus.matchers is not clear from “{inner[at : at + 30]}” on",
                next_step='Write them as in PromQL: {user_email="me@example.org", job="otel"}',
            )
        name = found["name"]
        name = _unquoted(name) if name.startswith('"') else name
        if found["op"] in {"=~", "!~"}:
            _check_regex(_unquoted(found["value"]))
        matchers.append(Matcher(name.replace(".", "_"), found["op"], _unquoted(found["value"])))
        at = found.end()
    return tuple(matchers)


def _check_regex(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise SettingsError(
            "The extra label matchers cannot be read",
            cause=f"“{pattern}” in prometheus.matchers is not a regular expression ({error})",
            next_step="Escape special characters with a backslash, or use = instead of =~",
        ) from None


def _unquoted(literal: str) -> str:
    body = literal[1:-1]
    if literal[0] == "`":
        return body
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), body)


def milliseconds(seconds: float) -> str:
    """A PromQL duration."""
    return f"{round(seconds * 1000)}ms"


@dataclass(frozen=True, slots=True)
class Selector:
    """Series of some stored metric names that satisfy some matchers.

    ``str()`` gives an instant selector; :meth:`over` a range selector.
    """

    names: tuple[str, ...]
    matchers: tuple[Matcher, ...]
    spelling: Spelling

    def __str__(self) -> str:
        own = (one_of("__name__", self.names),) if self.names else ()
        parts = [m.written(self.spelling) for m in (*own, *self.matchers)]
        return "{" + ", ".join(parts) + "}"

    def over(self, seconds: float, *, offset_s: float = 0) -> str:
        """The samples of the last ``seconds``, as they were ``offset_s`` seconds ago."""
        shift = f" offset {milliseconds(offset_s)}" if offset_s else ""
        return f"{self}[{milliseconds(seconds)}]{shift}"

    def last(self, seconds: float, *, offset_s: float = 0) -> str:
        """Each series' last sample of the last ``seconds``, as it was ``offset_s`` seconds ago."""
        return f"last_over_time({self.over(seconds, offset_s=offset_s)})"

    def where(self, *more: Matcher) -> "Selector":
        """The same series, further narrowed."""
        return Selector(self.names, (*self.matchers, *more), self.spelling)

    def by_name(self) -> "tuple[Selector, ...]":
        """The same series, one selector a stored name: two could clash where arithmetic drops names."""
        return tuple(Selector((name,), self.matchers, self.spelling) for name in self.names)


def labelled(expression: str, label: str, value: str) -> str:
    """An expression whose result carries one more label: several, joined by ``or``, make one query."""
    return f'label_replace({expression}, {quoted(label)}, {quoted(value)}, "", "")'


def named(expression: str) -> str:
    """An expression whose series have their name in a label too, for arithmetic takes no notice of names."""
    return f'label_replace({expression}, {quoted(NAME_LABEL)}, "$1", "__name__", "(.+)")'


def increase(selector: Selector, window_s: float, lookback_s: float) -> str:
    """The exact increase of each series over the last ``window_s`` seconds, as one expression.

    The base is the last sample at or before the window, 0 if there is none within the look-back. Exact while
    no series resets inside the window (formula: Prometheus offers none; ``increase()`` misses a series' first
    increment and extrapolates to the window's edges).

    Args:
        selector: Which series. Of several stored names each keeps its own in :data:`NAME_LABEL`.
        window_s: Length of the window in seconds.
        lookback_s: How far before the window the base may lie, seconds.
    """
    last = selector.last(window_s)
    base = selector.last(lookback_s, offset_s=window_s)
    if len(selector.names) > 1:
        last, base = named(last), named(base)
    return f"((({last}) - ({base})) >= 0) or ({last})"
