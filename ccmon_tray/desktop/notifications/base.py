"""What a notification is, and what shows one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from ccmon_tray.errors import CcmonError

APP_NAME: Final = "Claude Code Monitor"

CLICKED: Final = "default"
"""The key of a click on the notification itself."""

OnAction = Callable[[str], None]
"""Called with the key of what was clicked, on a thread of the notifier; it returns soon."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button: the key that its click gives, and its words."""

    key: str
    words: str


@dataclass(frozen=True, slots=True)
class Notification:
    """What is shown.

    Attributes:
        title: One line.
        body: Some lines of plain text.
        urgent: Whether it stays until it is seen, where the desktop can do that.
        buttons: Left out where the desktop has none.
    """

    title: str
    body: str = ""
    urgent: bool = False
    buttons: tuple[Button, ...] = ()


class Notifier(Protocol):
    """Shows notifications. For one thread at a time."""

    def show(self, notification: Notification) -> None:
        """Show one; takes a few seconds at the most.

        Raises:
            CcmonError: It cannot be shown.
        """
        ...

    def close(self) -> None:
        """Give everything back. What is shown stays, but its buttons do nothing more."""
        ...


def not_shown(cause: str, next_step: str) -> CcmonError:
    """The error of a notification that could not be shown."""
    return CcmonError("A notification could not be shown", cause=cause, next_step=next_step)
