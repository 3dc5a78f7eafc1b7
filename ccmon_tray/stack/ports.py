"""The stack's ports on this computer: which they are, whether they can be had, and who has them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

from ccmon_tray.errors import CcmonError, UsageError
from ccmon_tray.sources.collector.ports import PortTaken, listen
from ccmon_tray.stack.names import TITLES

HOST: Final = "127.0.0.1"
_LAST_PRIVILEGED: Final = 1023
_LAST: Final = 65535


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the stack listens, all of it on loopback.

    Attributes:
        otlp_grpc: The collector's OTLP over gRPC.
        otlp_http: The collector's OTLP over HTTP, where Claude Code sends to.
        prometheus: Prometheus' API and pages.
        health: The page on which the collector tells how it is.
    """

    otlp_grpc: int = 4317
    otlp_http: int = 4318
    prometheus: int = 9090
    health: int = 13133

    @property
    def prometheus_url(self) -> str:
        """Base URL of the query API; by number, since ``localhost`` may mean ::1, where others listen."""
        return f"http://{HOST}:{self.prometheus}"

    @property
    def otlp_endpoint(self) -> str:
        """What ``OTEL_EXPORTER_OTLP_ENDPOINT`` is to be, over HTTP."""
        return f"http://{HOST}:{self.otlp_http}"

    def items(self) -> list[tuple[str, int]]:
        """Names of fields with their ports."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]

    def changed(self, changes: Mapping[str, int]) -> "Ports":
        """These ports with some of them replaced, checked.

        Raises:
            UsageError: A port is none, is the system's own, or is given twice.
        """
        new = replace(self, **changes)
        for name, port in new.items():
            check_number(name, port)
        for port, times in Counter(port for _, port in new.items()).items():
            if times > 1:
                names = " and ".join(TITLES[name] for name, each in new.items() if each == port)
                raise UsageError(f"Port {port} is given twice, to {names}", next_step="Choose another one")
        return new


def check_number(name: str, port: int) -> None:
    """Make sure that a number can be a port of the stack.

    Raises:
        UsageError: It is none, or the system's own.
    """
    step = f"Choose {_LAST_PRIVILEGED + 1} to {_LAST}"
    if not 1 <= port <= _LAST:
        raise UsageError(f"{TITLES[name]}: {port} is no port", next_step=step)
    if port <= _LAST_PRIVILEGED:
        raise UsageError(
            f"{TITLES[name]}: port {port} is privileged",
            cause=f"ports up to {_LAST_PRIVILEGED} are for programs of the system",
            next_step=step,
        )


def holder(port: int) -> str | None:
    """Who listens at a port: a program's name, "" for one that is not known, None for nobody."""
    try:
        listen(HOST, port).close()
    except PortTaken as taken:
        return taken.holder
    except CcmonError:
        return ""
    return None


def check_free(names: Iterable[str], ports: Ports) -> None:
    """Make sure that nobody has some of the ports.

    Raises:
        CcmonError: Somebody has, and who.
    """
    wanted = dict(ports.items())
    for name in names:
        who = holder(wanted[name])
        if who is not None:
            option = name.replace("_", "-")
            raise CcmonError(
                f"Port {wanted[name]} ({TITLES[name]}) is taken",
                cause=f"{who or 'another program'} listens there",
                next_step=f"End it, or choose another port: ccmon-tray stack ports --{option} PORT",
            )
