"""Whether the stack serves: each part is asked on its own page, without the container engine."""

import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ccmon_tray.stack.ports import HOST, Ports

_ASK_S: Final = 2.0
_PAUSE_S: Final = 0.5


class StackState(StrEnum):
    """How the stack as a whole is."""

    RUNNING = "running"
    PARTLY = "partly running"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Health:
    """Which parts serve."""

    collector: bool
    prometheus: bool

    @property
    def state(self) -> StackState:
        """Both, one or none."""
        if self.collector and self.prometheus:
            return StackState.RUNNING
        return StackState.PARTLY if self.collector or self.prometheus else StackState.STOPPED

    @property
    def missing(self) -> tuple[str, ...]:
        """The services that do not serve."""
        parts = {"collector": self.collector, "prometheus": self.prometheus}
        return tuple(name for name, serves in parts.items() if not serves)


def look(ports: Ports) -> Health:
    """Ask both parts once; takes a few seconds at most."""
    return Health(
        collector=_answers_well(ports.health, "/"),
        prometheus=_answers_well(ports.prometheus, "/-/ready"),
    )


def wait_until_well(
    ports: Ports,
    timeout_s: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Health:
    """Ask until both serve or the time is over; neither announces itself in another way.

    Args:
        ports: Where they are.
        timeout_s: How long, seconds.
        clock: Monotonic seconds.
        pause: Waits so many seconds.
    """
    until = clock() + timeout_s
    health = look(ports)
    while health.state is not StackState.RUNNING and clock() < until:
        pause(_PAUSE_S)
        health = look(ports)
    return health


def _answers_well(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=_ASK_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
