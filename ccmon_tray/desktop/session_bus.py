"""Where the D-Bus session bus is."""

import os
from pathlib import Path


def bus_address() -> str | None:
    """Find the session bus: named by the environment, else where systemd puts it.

    Returns:
        Its D-Bus address, or None.
    """
    if address := os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return address
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        path = Path(runtime) / "bus"
        if path.is_socket():
            return f"unix:path={path}"
    return None
