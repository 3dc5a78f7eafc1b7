"""The stack's folder in the person's data: the files that are run, the ports, and what was done with them.

Files come with the application, and the person may edit them. One that was edited is never written over: a
newer version that the application brings is put beside it, and said.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import ccmon_tray
from ccmon_tray.errors import CcmonError
from ccmon_tray.files import write_atomic
from ccmon_tray.paths import Paths, find_paths
from ccmon_tray.stack.names import VARIABLES
from ccmon_tray.stack.ports import Ports

FILES: Final = ("compose.yaml", "otel-collector.yaml", "prometheus.yml", "rules.yml", "README.md")

_PROJECT: Final = "ccmon-tray"
# Containers read them as users of their own; the folder around them is the person's alone.
_READABLE: Final = 0o644
_LINE: Final = re.compile(r"^\s*([A-Z_]+)\s*=\s*(.*?)\s*$")
_ENV: Final = """\
# Read by podman compose and docker compose. "ccmon-tray stack ports" changes the ports.
CCMON_OTLP_GRPC_PORT=4317
CCMON_OTLP_HTTP_PORT=4318
CCMON_PROMETHEUS_PORT=9090
CCMON_COLLECTOR_HEALTH_PORT=13133

# How long Prometheus keeps data, and how much of it; whichever is reached first.
CCMON_RETENTION_TIME=400d
CCMON_RETENTION_SIZE=10GB
"""


@dataclass(slots=True)
class Record:
    """What was done, for the next time.

    Attributes:
        engine: The program that runs the stack, or "".
        running_as: Fingerprint of the files it was started with, or "".
        collector_gave_way: Whether the built-in collector was switched off for it.
        brought: Digest of each file as the application brought it.
    """

    engine: str = ""
    running_as: str = ""
    collector_gave_way: bool = False
    brought: dict[str, str] = field(default_factory=dict)


def shipped_folder() -> Path:
    """Where the application's own files are: in the package, or beside it in a source checkout."""
    package = Path(ccmon_tray.__file__).parent
    inside = package / "stack" / "files"
    return inside if inside.is_dir() else package.parent / "stack"


class StackFolder:
    """The folder and its files.

    Args:
        paths: The home it is in.
    """

    def __init__(self, paths: Paths) -> None:
        self._data = paths.data
        self.path = paths.data / "stack"

    @property
    def exists(self) -> bool:
        """Whether a stack was ever set up here."""
        return (self.path / "compose.yaml").exists()

    @property
    def project(self) -> str:
        """Compose's name for the stack: each home has its own containers and volumes.

        The usual home's is plain; another one's is told apart by where its data are.
        """
        here, usual = (os.path.normcase(folder.resolve()) for folder in (self._data, find_paths({}).data))
        if here == usual:
            return _PROJECT
        return f"{_PROJECT}-{hashlib.sha256(here.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"

    @property
    def env_file(self) -> Path:
        """Ports and retention."""
        return self.path / ".env"

    def put_in_place(self) -> tuple[str, ...]:
        """Bring the files up to date.

        Returns:
            What the person should know: files of theirs that stayed, with the newer ones beside them.

        Raises:
            CcmonError: A file cannot be read or written.
        """
        notes = []
        record = self.record()
        try:
            for name in FILES:
                content = (shipped_folder() / name).read_bytes()
                brought = _digest(content)
                target = self.path / name
                present = target.read_bytes() if target.exists() else None
                if present is None or _digest(present) == record.brought.get(name):
                    if present != content:
                        write_atomic(target, content, _READABLE)
                elif present != content and record.brought.get(name) != brought:
                    beside = target.with_name(f"{name}.new")
                    write_atomic(beside, content, _READABLE)
                    notes.append(
                        f"{target} was edited, so it stays; the newer one is {beside.name} beside it"
                    )
                record.brought[name] = brought
            if not self.env_file.exists():
                write_atomic(self.env_file, _ENV.encode())
        except OSError as error:
            raise self._unusable(error) from error
        self.keep(record)
        return tuple(notes)

    @property
    def ports(self) -> Ports:
        """The ports that are set; the defaults for those that are not, or that are no numbers."""
        values = self._variables()
        numbers = {name: values.get(variable, "") for name, variable in VARIABLES.items()}
        return Ports(**{name: int(text) for name, text in numbers.items() if text.isdecimal()})

    def set_ports(self, ports: Ports) -> Path | None:
        """Write the ports; comments and other variables stay.

        Returns:
            A copy of the file as it was before, or None if there was none.

        Raises:
            CcmonError: It cannot be written.
        """
        try:
            before = self.env_file.read_text(encoding="utf-8") if self.env_file.exists() else None
            backup = None
            if before is not None:
                stamp = datetime.now().astimezone().strftime("%Y-%m-%dT%H-%M-%S")
                backup = self.env_file.with_name(f".env.{stamp}")
                write_atomic(backup, before.encode())
            new = {VARIABLES[name]: str(port) for name, port in ports.items()}
            write_atomic(self.env_file, _with_variables(_ENV if before is None else before, new).encode())
        except OSError as error:
            raise self._unusable(error) from error
        return backup

    def restore(self, backup: Path) -> None:
        """Put a copy back that :meth:`set_ports` has made."""
        write_atomic(self.env_file, backup.read_bytes())

    def fingerprint(self) -> str:
        """Of everything that the containers are made from."""
        whole = hashlib.sha256()
        for name in (*FILES[:-1], ".env"):
            file = self.path / name
            whole.update(file.read_bytes() if file.exists() else b"")
        return whole.hexdigest()

    def record(self) -> Record:
        """What was done so far; nothing if that is not known."""
        try:
            return Record(**json.loads(self._record_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return Record()

    def keep(self, record: Record) -> None:
        """Remember what was done."""
        content = {name: getattr(record, name) for name in record.__slots__}
        write_atomic(self._record_file, json.dumps(content, indent=1).encode())

    @property
    def _record_file(self) -> Path:
        return self.path / "record.json"

    def _variables(self) -> dict[str, str]:
        try:
            lines = self.env_file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return {}
        found = [matched for line in lines if (matched := _LINE.match(line))]
        return {matched[1]: matched[2].strip("'\"") for matched in found}

    def _unusable(self, error: OSError) -> CcmonError:
        return CcmonError(
            "The files of the stack cannot be put in place",
            cause=error.strerror or str(error),
            next_step=f"Check {self.path} and its permissions",
        )


def _with_variables(text: str, new: Mapping[str, str]) -> str:
    """The text with values set: in the line where a variable is, at the end for the others."""
    left = dict(new)
    lines = []
    for line in text.splitlines():
        matched = _LINE.match(line)
        if matched and matched[1] in new:
            value = left.pop(matched[1], None)
            if value is not None:  # a second line for one variable would win over the first
                lines.append(f"{matched[1]}={value}")
        else:
            lines.append(line)
    lines += [f"{name}={value}" for name, value in left.items()]
    return "\n".join(lines) + "\n"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
