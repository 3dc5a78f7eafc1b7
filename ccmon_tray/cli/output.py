"""Writing: figures to stdout, everything else to stderr, on whatever encoding the terminal has."""

import csv
import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:  # a command without JSON starts without pydantic
    from pydantic import BaseModel, JsonValue

PROGRAM = "ccmon-tray"

# One character for one, so that columns stay aligned.
_PLAIN = str.maketrans("─−–…▲▼±×“”’·✓✗→", '---~^v~x""\'|+x>')


def prepare_streams() -> None:
    """Make output never fail for a character that the terminal's encoding lacks (``cp1252``)."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # None under pythonw, replaced in tests
        if reconfigure is not None:
            reconfigure(errors="replace")


def discard_stdout() -> None:
    """Send what is still to be written nowhere, so that the interpreter's last flush does not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(message: str) -> None:
    """Say something to the person, on stderr."""
    if sys.stderr is not None:
        sys.stderr.write(_writable(f"{PROGRAM}: {message}\n", sys.stderr))


def write(text: str) -> None:
    """Write text to stdout."""
    if sys.stdout is not None:
        sys.stdout.write(_writable(text, sys.stdout))


def _writable(text: str, stream: TextIO) -> str:
    """The text, with plain characters for typographic ones where the stream's encoding lacks them."""
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return text.translate(_PLAIN)
    return text


def flush() -> None:
    """Let what was written be seen now."""
    if sys.stdout is not None:
        sys.stdout.flush()


def write_json(value: "JsonValue") -> None:
    """Write one JSON document to stdout; escaped where the encoding cannot hold it."""
    utf8 = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
    write(json.dumps(value, indent=2, ensure_ascii=not utf8, allow_nan=False) + "\n")


def write_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table to stdout as CSV with line feeds; None is an empty cell."""
    if sys.stdout is None:
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_whole(cell) if isinstance(cell, float) else cell for cell in row] for row in rows)


def plain_json(model: "BaseModel") -> "dict[str, JsonValue]":
    """A model as JSON values under its public names, with whole numbers written as such: 1, not 1.0."""
    plain = _numbers(model.model_dump(mode="json", by_alias=True))
    assert isinstance(plain, dict)
    return plain


def _numbers(value: "JsonValue") -> "JsonValue":
    match value:
        case float():
            return _whole(value)
        case dict():
            return {key: _numbers(item) for key, item in value.items()}
        case list():
            return [_numbers(item) for item in value]
        case _:
            return value


def _whole(value: float) -> float | int:
    return int(value) if value.is_integer() else value
