"""Short questions to the X server, each on a connection of its own; Xlib is imported only for them."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any


def xembed_tray_present() -> bool:
    """Tell whether something shows icons of the old X11 kind at this moment.

    Returns:
        Whether the selection ``_NET_SYSTEM_TRAY_Sn`` of the default screen has an owner.
    """
    with _connection() as display:
        if display is None:
            return False
        atom = display.intern_atom(f"_NET_SYSTEM_TRAY_S{display.get_default_screen()}")
        return bool(display.get_selection_owner(atom))


@contextlib.contextmanager
def _connection() -> Iterator[Any]:
    if not os.environ.get("DISPLAY"):
        yield None
        return
    from Xlib.display import Display  # noqa: PLC0415
    from Xlib.error import ConnectionClosedError, DisplayError, XauthError  # noqa: PLC0415

    try:
        display = Display()
    except (DisplayError, ConnectionClosedError, XauthError, OSError):
        yield None
        return
    try:
        yield display
    finally:
        display.close()
