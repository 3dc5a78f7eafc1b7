"""Putting Claude Code's telemetry into its settings, and taking out again exactly what was put in.

The ``env`` block of the user's ``settings.json`` is changed in place; a copy of the file is kept beside it.
What was there before is remembered in this program's own folder, so that ``disconnect`` can restore it;
values that somebody has changed since are left alone.
"""

import difflib
import hashlib
import json
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ccmon_tray.errors import ClaudeFilesUnreadable, UsageError
from ccmon_tray.files import write_atomic
from ccmon_tray.paths import Paths
from ccmon_tray.settings import Settings
from ccmon_tray.sources.claude_files.folders import config_folders, in_short
from ccmon_tray.sources.claude_files.jsonc import NotJson, edit, loads
from ccmon_tray.sources.claude_files.telemetry_settings import (
    COMMENTED,
    ENABLE,
    TelemetrySettings,
    is_commented,
    read_telemetry_settings,
)

PROTOCOLS: Final = ("http/protobuf", "http/json", "grpc")
RESTART: Final = "Sessions that run now do not know of it: end them and start claude anew"
UNTIL_END: Final = "Sessions that run now export until they end"

_SECTION: Final = "env"
_INTERVAL_MS: Final = 10_000
_GRPC_PORT: Final = 4317
# These win over the general ones for metrics or for logs.
_SPECIAL: Final = tuple(
    f"OTEL_EXPORTER_OTLP_{signal}_{what}"
    for signal in ("METRICS", "LOGS")
    for what in ("ENDPOINT", "PROTOCOL", "HEADERS")
)
_SWITCHED_OFF: Final = "OTEL_SDK_DISABLED"
_SECRET: Final = re.compile(
    r'("[^"]*(?:key|token|secret|password|headers|authorization|credential|cookie)[^"]*"\s*:\s*)"[^"]+"',
    re.IGNORECASE,
)
_HIDDEN: Final = "(not shown)"


@dataclass(frozen=True, slots=True)
class Plan:
    """A change of Claude Code's settings that has not been made yet.

    Attributes:
        file: The settings file.
        before: Its text; None where there is no such file.
        after: Its text afterwards; None where the file goes, since it was made by ``connect``.
        diff: The difference, for people; values that may be secrets are not shown.
        warnings: What keeps the change from having an effect.
        kept: Switches that are left alone, since somebody has changed them.
        record: What to remember for ``disconnect``; None for one that disconnects.
    """

    file: Path
    before: str | None
    after: str | None
    diff: str
    warnings: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    record: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return self.before != self.after

    @property
    def afterwards(self) -> str:
        """What it means for sessions that run now."""
        return UNTIL_END if self.record is None else RESTART


class Connection:
    """Connects Claude Code of this machine with a collector, or disconnects it.

    Args:
        paths: Where what was there before is remembered.
        settings: Where Claude Code's files are, and where the built-in collector listens.
        environ: The environment, which names folders and may overrule the file.
        managed: The administrator's files; None for those of this system.
    """

    def __init__(
        self,
        paths: Paths,
        settings: Settings,
        environ: Mapping[str, str],
        *,
        managed: Sequence[Path] | None = None,
    ) -> None:
        self._record_file = paths.state / "connect.json"
        self._settings = settings
        self._environ = environ
        self._managed = managed
        self.folders = config_folders(settings.claude, environ)
        self.file = self.folders[0] / "settings.json"

    @property
    def is_made(self) -> bool:
        """Whether ``connect`` has changed this file, and ``disconnect`` has not."""
        return self._record() is not None

    def plan(self, endpoint: str | None = None, protocol: str | None = None) -> Plan:
        """What connecting would change.

        Args:
            endpoint: The URL to export to; None is the built-in collector.
            protocol: One of ``PROTOCOLS``; None is the one that goes with the end point.

        Raises:
            UsageError: The end point is no URL.
            ClaudeFilesUnreadable: The settings file cannot be read, or not be changed safely.
        """
        wanted: dict[str, str | None] = {**self._switches(endpoint, protocol)}
        before = self._read()
        present = self._values(before)
        wanted |= {name: None for name in _SPECIAL if name in present}
        changes = {name: value for name, value in wanted.items() if present.get(name) != value}
        after = self._edit(before or "", changes)
        return Plan(
            self.file,
            before,
            after,
            self._diff(before or "", after),
            warnings=self._warnings(wanted, before or ""),
            record=self._record_of(before, after, wanted, present),
        )

    def plan_undo(self) -> Plan:
        """What disconnecting would change: what ``connect`` has written, and nothing else.

        Raises:
            ClaudeFilesUnreadable: The settings file cannot be read, or not be changed safely.
        """
        before = self._read()
        record = self._record()
        if record is None or before is None:
            return Plan(self.file, before, before, "")
        kept: list[str] = []
        after = self._as_it_was(record) if _digest(before) == record["after"] else ""
        if after == "":
            present = self._values(before)
            written, earlier = record["written"], record["earlier"]
            kept = [name for name, value in written.items() if present.get(name) != value]
            after = self._edit(before, {name: earlier.get(name) for name in written if name not in kept})
        return Plan(self.file, before, after, self._diff(before, after or ""), kept=tuple(kept))

    def apply(self, plan: Plan) -> Path | None:
        """Make a change.

        Returns:
            The copy of the file as it was; None where there was nothing to copy.

        Raises:
            ClaudeFilesUnreadable: The file has changed since the plan was made, or cannot be written.
        """
        if self._read() != plan.before:
            raise self._unusable("it has changed at this moment", "Try again")
        backup = None
        try:
            if plan.changes:
                backup = self._change(plan)
            if plan.record is None:
                self._record_file.unlink(missing_ok=True)
            elif plan.changes:
                record = {"backup": str(backup) if backup else None, **plan.record}
                write_atomic(self._record_file, json.dumps(record).encode())
        except OSError as error:
            raise self._unusable(error.strerror or str(error), "Check the file and its folder") from error
        return backup

    def _change(self, plan: Plan) -> Path | None:
        mode, backup = 0o600, None
        if plan.before is not None:
            mode = stat.S_IMODE(plan.file.stat().st_mode)
            backup = _free_name(plan.file)
            write_atomic(backup, plan.before.encode(), mode)
        if plan.after is None:
            plan.file.unlink(missing_ok=True)
        else:
            write_atomic(plan.file, plan.after.encode(), mode)
        return backup

    def _switches(self, endpoint: str | None, protocol: str | None) -> dict[str, str]:
        collector = self._settings.collector
        if endpoint is None:
            host = f"[{collector.host}]" if ":" in collector.host else collector.host
            host = "127.0.0.1" if host in ("0.0.0.0", "[::]") else host  # noqa: S104  # it listens at this one, too
            by_grpc = protocol == "grpc" or (protocol is None and not collector.http_port)
            endpoint = f"http://{host}:{collector.grpc_port if by_grpc else collector.http_port}"
            protocol = protocol or ("grpc" if by_grpc else "http/protobuf")
        else:
            port = _checked_port(endpoint)
            protocol = protocol or ("grpc" if port == _GRPC_PORT else "http/protobuf")
        return {
            ENABLE: "1",
            "OTEL_METRICS_EXPORTER": "otlp",
            "OTEL_LOGS_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            # Cumulative values survive an export that is lost; and Prometheus refuses deltas.
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "cumulative",
            "OTEL_METRIC_EXPORT_INTERVAL": str(_INTERVAL_MS),
        }

    def _warnings(self, wanted: Mapping[str, str | None], before: str) -> tuple[str, ...]:
        found = read_telemetry_settings(self.folders, self._environ, managed=self._managed)
        warnings = [*self._overruled(found, wanted)]
        if before.strip() and is_commented(before):
            warnings.insert(0, f"{in_short(self.file)} {COMMENTED}: take them out")
        collector = self._settings.collector
        if collector.token is not None or collector.token_file is not None:
            warnings.append(
                "The built-in collector asks for a token: set "
                "OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer … for Claude Code yourself"
            )
        return tuple(warnings)

    def _overruled(self, found: TelemetrySettings, wanted: Mapping[str, str | None]) -> list[str]:
        warnings = []
        names = (*wanted, *(name for name in _SPECIAL if name not in wanted), _SWITCHED_OFF)
        for layer in found.layers:
            if layer.title == str(self.file):
                continue
            other = [
                name for name in names if layer.values.get(name) and layer.values[name] != wanted.get(name)
            ]
            if not other:
                continue
            if layer.managed:
                warnings.append(f"{layer.title} overrules {', '.join(other)}: ask your administrator")
            elif layer.title == "environment":
                warnings.append(
                    f"The shell sets {', '.join(other)} as well: take it out where the shell sets it"
                )
            else:
                warnings.append(f"{layer.title} sets {', '.join(other)} as well")
        return warnings

    # The file

    def _read(self) -> str | None:
        try:
            return self.file.read_bytes().decode("utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "not UTF-8 text"
            raise self._unusable(why, "Check the file and its permissions") from error

    def _values(self, text: str | None) -> dict[str, Any]:
        if text is None or not text.strip():
            return {}
        try:
            found = loads(text)
        except NotJson as error:
            raise self._unusable(f"not JSON: {error}", "Correct it by hand; nothing was changed") from error
        env = found.get(_SECTION, {}) if isinstance(found, dict) else {}
        return env if isinstance(env, dict) else {}

    def _edit(self, text: str, changes: Mapping[str, str | None]) -> str:
        try:
            return edit(text, _SECTION, changes) if changes else text
        except NotJson as error:
            raise self._unusable(str(error), "Correct it by hand; nothing was changed") from error

    def _diff(self, before: str, after: str) -> str:
        name = in_short(self.file)
        lines = difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), name, name, n=2
        )
        ended = (line if line.endswith("\n") else f"{line}\n" for line in lines)
        return _SECRET.sub(rf'\1"{_HIDDEN}"', "".join(ended))

    def _unusable(self, why: str, next_step: str) -> ClaudeFilesUnreadable:
        return ClaudeFilesUnreadable(
            "Claude Code’s settings cannot be changed", cause=f"{self.file}: {why}", next_step=next_step
        )

    # What was there before

    def _record(self) -> dict[str, Any] | None:
        try:
            record = json.loads(self._record_file.read_bytes())
        except (OSError, ValueError):
            return None
        good = isinstance(record, dict) and record.get("file") == str(self.file)
        return record if good and {"backup", "after", "written", "earlier"} <= record.keys() else None

    def _record_of(
        self, before: str | None, after: str, wanted: Mapping[str, str | None], present: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What to remember; connecting once more does not take what it has written itself for earlier."""
        last = self._record() or {"after": "", "written": {}, "earlier": {}}
        own = [name for name, value in last["written"].items() if present.get(name) == value]
        written = {**{name: last["written"][name] for name in own}, **wanted}
        record = {
            "file": str(self.file),
            "after": _digest(after),
            "written": written,
            "earlier": {name: (last["earlier"] if name in own else present).get(name) for name in written},
        }
        # Nobody has touched the file since: what it was before the first time is what to go back to.
        untouched = before is not None and _digest(before) == last["after"]
        return {**record, "backup": last["backup"]} if untouched else record

    def _as_it_was(self, record: Mapping[str, Any]) -> str | None:
        """The file before it was connected; None where there was none, "" where its copy is gone."""
        if record["backup"] is None:
            return None
        try:
            return Path(record["backup"]).read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            return ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _checked_port(endpoint: str) -> int | None:
    try:
        url = urlsplit(endpoint)
        good = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
        port = url.port
    except ValueError:
        good, port = False, None
    if not good or any(c.isspace() or not c.isprintable() for c in endpoint):
        raise UsageError(
            "The end point is no URL", cause=endpoint, next_step="Write it as http://127.0.0.1:4318"
        )
    if "@" in endpoint:
        raise UsageError(
            "A password does not belong on the command line",
            cause="everybody on this machine can read it there",
            next_step="Set OTEL_EXPORTER_OTLP_HEADERS for Claude Code instead",
        )
    return port


def _free_name(file: Path) -> Path:
    stamp = datetime.now().astimezone().strftime("%Y-%m-%dT%H-%M-%S")
    name = file.with_name(f"{file.name}.before-ccmon-tray-{stamp}")
    number = 2
    while name.exists():
        name = file.with_name(f"{file.name}.before-ccmon-tray-{stamp}-{number}")
        number += 1
    return name
