"""The protocol between the tray and a desktop.

Backends are subclasses of pystray's ``_base.Icon`` wrapped by :class:`..pystray_adapter.PystrayBackend`, or
anything else that keeps this protocol.
"""

from collections.abc import Callable
from typing import Protocol

from ccmon_tray.tray.model import Command, Face


class TrayBackend(Protocol):
    """Draws a :class:`Face` on one kind of desktop.

    ``run`` owns the main thread until ``stop``. ``show`` and ``stop`` may be called from any thread, before,
    during and after ``run``; ``show`` returns at once and only the newest face counts.
    """

    name: str

    def run(self, *, on_command: Callable[[Command], None], on_ready: Callable[[], None]) -> None:
        """Show the icon and serve the desktop until :meth:`stop`.

        Args:
            on_command: Called for each click, never on the desktop's own event thread's critical path: it may
                take its time without freezing the menu.
            on_ready: Called once when faces can be shown.

        Raises:
            TrayHostMissing: This desktop cannot show a tray icon at all.
        """
        ...

    def show(self, face: Face) -> None:
        """Show this from now on."""
        ...

    def stop(self) -> None:
        """End :meth:`run` soon, taking the icon away. Calling it twice does no harm."""
        ...

    @property
    def hosted(self) -> bool:
        """Whether something on the desktop shows the icon now."""
        ...
