"""What a person does with the stack: start, stop, look, move to other ports."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Final
from urllib.parse import urlsplit

from ccmon_tray.errors import CcmonError
from ccmon_tray.paths import Paths
from ccmon_tray.setting_keys import KEYS
from ccmon_tray.settings import Settings
from ccmon_tray.settings_file import save
from ccmon_tray.stack.compose import Compose
from ccmon_tray.stack.engines import EngineUnusable, find_engine, is_there
from ccmon_tray.stack.folder import StackFolder
from ccmon_tray.stack.health import Health, StackState, look, wait_until_well
from ccmon_tray.stack.names import TITLES
from ccmon_tray.stack.ports import HOST, Ports, check_free, holder

START_TIMEOUT_S: Final = 180.0
"""How long a start may take once the images are there."""

# The tray reads changed settings within some seconds.
_GIVE_WAY_S: Final = 15.0
_PAUSE_S: Final = 0.25
_READS_IT: Final = frozenset({"auto", "prometheus"})
_HERE: Final = frozenset({"localhost", HOST})


class StackUnhealthy(CcmonError):
    """Containers run, but do not serve."""

    code = "stack-unhealthy"


@dataclass(frozen=True, slots=True)
class Status:
    """How the stack is.

    Attributes:
        health: What answers.
        ports: Where.
        engine: The engine's name, or "" if none is usable.
        trouble: Why none is, or "".
        set_up: Whether there is a stack at all.
    """

    health: Health
    ports: Ports
    engine: str
    trouble: str
    set_up: bool


class Stack:
    """The stack of one home.

    Args:
        paths: The home.
        settings: Its settings.
        say: Tells the person a sentence.
        progress: Gets the engine's output, line by line.
        engine: ``podman`` or ``docker``; "" takes the one used before, else the first that works.
        environ: What goes before the settings' file.
    """

    def __init__(
        self,
        paths: Paths,
        settings: Settings,
        *,
        say: Callable[[str], None],
        progress: Callable[[str], None],
        engine: str = "",
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._paths = paths
        self._settings = settings
        self._say = say
        self._progress = progress
        self._wanted = engine
        self._environ = environ
        self.folder = StackFolder(paths)

    def up(self, timeout_s: float = START_TIMEOUT_S) -> Ports:
        """Start the stack, or bring a running one up to date, and wait until it serves.

        Args:
            timeout_s: How long to wait for it once its containers run, seconds.

        Returns:
            Where it serves.

        Raises:
            CcmonError: It does not; the reason, and what to do.
        """
        compose = self._compose()
        for note in self.folder.put_in_place():
            self._say(note)
        ports = self.folder.ports.changed({})
        running = compose.running()
        try:
            self._make_room(ports)
            if not running:
                check_free([name for name, _ in ports.items()], ports)
            self._start(compose, ports, timeout_s, running=running)
        except BaseException:  # Ctrl+C, too: else nobody would take what Claude Code sends
            if not compose.running():
                self._take_back()
            raise
        self._point_settings(ports, before=ports)
        return ports

    def down(self) -> bool:
        """Stop the stack; what it has stored stays.

        Returns:
            Whether there is a stack at all.

        Raises:
            CcmonError: It cannot be stopped.
        """
        if not self.folder.exists:
            return False
        self._compose().run("down")
        record = self.folder.record()
        record.running_as = ""
        self.folder.keep(record)
        self._take_back()
        return True

    def status(self) -> Status:
        """How it is now."""
        trouble = engine = ""
        try:
            engine = self._engine_name()
        except EngineUnusable as error:
            trouble = str(error)
        ports = self.folder.ports
        # Without a stack of ours, whatever answers there is somebody else's.
        health = look(ports) if self.folder.exists else Health(collector=False, prometheus=False)
        return Status(health, ports, engine, trouble, self.folder.exists)

    def logs(self, *, follow: bool, lines: int, service: str | None) -> int:
        """Show what the containers have written.

        Returns:
            Compose's exit status.

        Raises:
            CcmonError: There is no stack, or no engine.
        """
        if not self.folder.exists:
            raise CcmonError("There is no stack here", next_step="ccmon-tray stack up starts one")
        return self._compose().show_logs(follow=follow, lines=lines, service=service)

    def change_ports(self, changes: Mapping[str, int], timeout_s: float = START_TIMEOUT_S) -> Ports:
        """Move to other ports; a stack that runs is started anew there, and the settings follow.

        Args:
            changes: New ports by field of :class:`Ports`.
            timeout_s: How long to wait for a stack that runs, seconds.

        Returns:
            All ports as they are now.

        Raises:
            CcmonError: A port cannot be had, or the stack does not serve there; then the old ports are back.
        """
        old = self.folder.ports
        new = old.changed(changes)
        if new == old:
            self._say("These are the ports already")
            return old
        running = self.folder.exists and self._runs()
        gave_way = running and self._make_room(new)
        try:
            self._move(old, new, timeout_s, running=running)
        except BaseException:
            if gave_way:
                self._take_back()
            raise
        self._point_settings(new, before=old)
        return new

    def _move(self, old: Ports, new: Ports, timeout_s: float, *, running: bool) -> None:
        mine = {port for _, port in old.items()} if running else set()
        check_free([name for name, port in new.items() if port not in mine], new)
        self.folder.put_in_place()
        backup = self.folder.set_ports(new)
        if backup is not None:
            self._say(f"The ports before are kept in {backup}")
        if not running:
            return
        compose = self._compose()
        try:
            self._start(compose, new, timeout_s, running=True)
        except CcmonError as error:
            if backup is not None:
                self.folder.restore(backup)
            self._start(compose, old, timeout_s, running=True)
            raise StackUnhealthy(
                "The stack does not serve at the new ports, so the old ones are back",
                cause=str(error),
                next_step="Choose others",
            ) from error

    def _start(self, compose: Compose, ports: Ports, timeout_s: float, *, running: bool) -> None:
        record = self.folder.record()
        files = self.folder.fingerprint()
        # Compose sees no change inside of files that are mounted.
        anew = ("--force-recreate",) if running and record.running_as != files else ()
        compose.run("up", "-d", *anew)
        record.engine, record.running_as = self._engine_name(), files
        self.folder.keep(record)
        self._say("Waiting until it serves")
        health = wait_until_well(ports, timeout_s)
        if health.state is not StackState.RUNNING:
            parts = " and ".join(health.missing)
            raise StackUnhealthy(
                "The stack has started, but does not serve",
                cause=f"no good answer from {parts} within {timeout_s:.0f} s",
                next_step=f"ccmon-tray stack logs {health.missing[0]} tells why",
            )

    def _compose(self) -> Compose:
        name = self._wanted or self.folder.record().engine
        # One that was used before may have been removed since.
        if not self._wanted and name and not is_there(name):
            name = ""
        return Compose(find_engine(name), self.folder, self._progress)

    def _engine_name(self) -> str:
        name = self._wanted or self.folder.record().engine
        return find_engine(name if name and is_there(name) else self._wanted).name

    def _runs(self) -> bool:
        try:
            return self._compose().running()
        except EngineUnusable:
            return False

    # The built-in collector and the settings

    def _make_room(self, ports: Ports) -> bool:
        """Switch the built-in collector off where it wants the same ports: two cannot listen at one.

        Returns:
            Whether that was done.
        """
        built_in = self._settings.collector
        if not built_in.enabled:
            return False
        shared = {built_in.http_port, built_in.grpc_port} & {port for _, port in ports.items()}
        if not shared:
            return False
        if variable := self._set_by_environment("collector.enabled"):
            self._say(
                f"{variable} keeps the built-in collector on, which wants the same ports; "
                "start the tray without it"
            )
            return False
        save(self._paths, {"collector.enabled": False})
        record = self.folder.record()
        record.collector_gave_way = True
        self.folder.keep(record)
        self._say(
            "The built-in collector gives way to the stack’s, since both want the same ports; "
            "ccmon-tray stack down switches it on again"
        )
        if self._paths.tray.pid_file.exists():
            until = monotonic() + _GIVE_WAY_S
            while monotonic() < until and any(holder(port) is not None for port in shared):
                sleep(_PAUSE_S)  # the tray reads its settings in its own time
        return True

    def _take_back(self) -> None:
        record = self.folder.record()
        if not record.collector_gave_way:
            return
        save(self._paths, {"collector.enabled": None})
        record.collector_gave_way = False
        self.folder.keep(record)
        self._say("The built-in collector is switched on again")

    def _point_settings(self, ports: Ports, *, before: Ports) -> None:
        """Let ``prometheus.url`` follow the stack, unless it names another server."""
        kind = self._settings.source.kind
        if kind not in _READS_IT:
            self._say(f"source.kind is {kind}; to read the stack, set it to auto")
        url = self._settings.prometheus.url
        if url.rstrip("/") == ports.prometheus_url:
            return
        parts = urlsplit(url)
        here = parts.scheme == "http" and parts.hostname in _HERE and parts.path in {"", "/"}
        shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()  # it may hold a password
        variable = self._set_by_environment("prometheus.url")
        if here and parts.port == ports.prometheus and (variable or "@" in parts.netloc):
            return  # it reads the stack, and is not ours to write
        if variable:
            self._say(
                f"{variable} is {shown}, which goes before the settings; to read the stack, set it to "
                f"{ports.prometheus_url}"
            )
            return
        own = {ports.prometheus, before.prometheus, Ports().prometheus}
        if here and parts.port in own and "@" not in parts.netloc:
            save(self._paths, {"prometheus.url": ports.prometheus_url})
            self._say(f"prometheus.url is {ports.prometheus_url} now")
            return
        self._say(f"prometheus.url is {shown}; to read the stack, set it to {ports.prometheus_url}")

    def _set_by_environment(self, dotted: str) -> str:
        """The variable that decides about a setting whatever the file says, or ""."""
        variable = KEYS[dotted].variable
        return variable if variable in self._environ else ""


def ports_table(ports: Ports) -> list[tuple[str, int, str | None]]:
    """Each port with its title, and who listens there: a name, "" for somebody, None for nobody."""
    return [(TITLES[name], port, holder(port)) for name, port in ports.items()]
