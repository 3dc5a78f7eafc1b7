"""The ports of the listeners: bound so that nobody else can take them, or said who holds them."""

import errno
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

from ccmon_tray.errors import CcmonError

_LISTEN: Final = "0A"  # the state of a listening socket in /proc/net/tcp
_LOOK_S: Final = 3.0
_TAKEN: Final = frozenset({errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE)})


class PortTaken(CcmonError):
    """Another program listens at the port.

    Args:
        port: The port.
        holder: Its program's name, or "".
    """

    code = "port-taken"

    def __init__(self, port: int, holder: str) -> None:
        self.port = port
        self.holder = holder
        super().__init__(
            f"Port {port} is taken",
            cause=f"{holder} listens there" if holder else "another program listens there",
        )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        PortTaken: Another program listens there.
        CcmonError: It cannot be had for another reason.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        try:
            # On Windows SO_REUSEADDR would let another program take the port away.
            option = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
            listening.setsockopt(socket.SOL_SOCKET, option, 1)
            listening.bind(address)
            listening.listen(128)
        except BaseException:
            listening.close()
            raise
    except OSError as error:
        if error.errno in _TAKEN:
            raise PortTaken(port, holder_of(port).name) from error
        raise CcmonError(
            f"The built-in collector cannot listen at {host}:{port}",
            cause=error.strerror or str(error),
            next_step="Change collector.host or the port",
        ) from error
    return listening


class Holder(NamedTuple):
    """The program that listens at a port: its name or "", its process or 0."""

    name: str = ""
    pid: int = 0


def holder_of(port: int) -> Holder:
    """The program that listens at a port of this machine, as far as the system tells."""
    try:
        match sys.platform:
            case "linux":
                return _holder_on_linux(port)
            case "win32":
                return _holder_on_windows(port)
        return _holder_by_lsof(port)
    except (OSError, subprocess.SubprocessError, ValueError):
        return Holder()


def _holder_on_linux(port: int) -> Holder:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:] if Path(table).exists() else ():
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").iterdir() if inodes else ():
        if not process.name.isdigit():
            continue
        try:
            for handle in (process / "fd").iterdir():
                if str(handle.readlink()) in inodes:
                    return Holder((process / "comm").read_text().strip(), int(process.name))
        except OSError:
            continue  # another user's, or it has ended
    return Holder()


def _holder_by_lsof(port: int) -> Holder:
    lines = _told("lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc").splitlines()
    told = {line[:1]: line[1:] for line in reversed(lines)}
    return Holder(told.get("c", ""), int(told.get("p", 0)))


def _holder_on_windows(port: int) -> Holder:
    found = re.search(
        rf"^\s*TCP\s+\S+:{port}\s+\S+\s+LISTENING\s+(\d+)",
        _told("netstat", "-ano", "-p", "TCP"),
        re.MULTILINE,
    )
    if not found:
        return Holder()
    told = _told("tasklist", "/FI", f"PID eq {found[1]}", "/FO", "CSV", "/NH")
    name = told.strip().partition(",")[0].strip('"')
    return Holder(name if name.lower().endswith(".exe") else "", int(found[1]))


def _told(*command: str) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=_LOOK_S,
        check=False,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    return done.stdout
