"""A backend without a desktop: for running headless, and for tests."""

import queue
from collections.abc import Callable

from ccmon_tray.tray.model import Command, Face


class DummyBackend:
    """Keeps the newest face and shows it to nobody.

    Attributes:
        face: The newest face, or None.
    """

    name = "none"
    hosted = False

    def __init__(self) -> None:
        self.face: Face | None = None
        # A SimpleQueue may be put to from a signal handler; an Event may not.
        self._commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()

    def run(self, *, on_command: Callable[[Command], None], on_ready: Callable[[], None]) -> None:
        """Wait until :meth:`stop`.

        Args:
            on_command: Called for each :meth:`choose`.
            on_ready: Called at once.
        """
        on_ready()
        while command := self._commands.get():
            on_command(command)

    def show(self, face: Face) -> None:
        """Keep this as the newest face."""
        self.face = face

    def choose(self, command: Command) -> None:
        """Do as if a person had chosen this; from any thread."""
        self._commands.put(command)

    def stop(self) -> None:
        """End :meth:`run` after the commands at hand."""
        self._commands.put(None)
