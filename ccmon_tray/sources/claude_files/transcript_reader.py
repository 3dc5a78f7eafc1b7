"""Reading transcripts from where they were read to before."""

import os
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import BinaryIO, Final

from ccmon_tray.sources.claude_files.long_lines import LONGEST_LINE, pass_over
from ccmon_tray.sources.claude_files.transcript_lines import BrokenLine, Deed, LineParser, Request
from ccmon_tray.sources.claude_files.transcript_tree import Found, belongs_to

_BUFFER: Final = 2**18
_TAIL: Final = 256


@dataclass(frozen=True, slots=True)
class Place:
    """How far a transcript was read.

    Attributes:
        found: The file as it was then.
        offset: The byte after the last whole line.
        tail: Digest of the bytes before the offset: others there mean that the file was written anew.
        broken: How many lines could not be read.
        huge: How many lines were too long.
        problem: Why the file could not be read, or "".
    """

    found: Found
    offset: int = 0
    tail: bytes = b""
    broken: int = 0
    huge: int = 0
    problem: str = ""

    def is_current(self, found: Found) -> bool:
        """Whether there is nothing to read in the file as it is now."""
        return self.found == found and not self.problem


@dataclass(slots=True)
class Batch:
    """What was read from some transcripts: requests and deeds, by their keys."""

    requests: dict[int, Request] = field(default_factory=dict)
    deeds: dict[int, Deed] = field(default_factory=dict)

    def add(self, told: Request | Deed) -> None:
        """Take in what a line tells."""
        if isinstance(told, Request):
            known = self.requests.get(told.key)
            self.requests[told.key] = told if known is None else known.joined(told)
        else:
            done = self.deeds.get(told.key)
            self.deeds[told.key] = told if done is None else done.joined(told)

    def __len__(self) -> int:
        return len(self.requests) + len(self.deeds)


@dataclass(frozen=True, slots=True)
class Part:
    """How far a transcript is read now, how many bytes that were, and whether there is more."""

    place: Place
    size: int = 0
    more: bool = False


def read_on(found: Found, before: Place | None, batch: Batch, most: int) -> Part | None:
    """Read what was added to a transcript; all of it where it was written anew.

    Args:
        found: The file as it is now.
        before: How far it was read; None if it never was.
        batch: Takes what is told.
        most: Stop at the end of a line after so many bytes.

    Returns:
        What was read; None if the file is not there any more.
    """
    try:
        with open(found.path, "rb", buffering=_BUFFER) as file:  # noqa: PTH123 — one of thousands
            return _read_on(file, found, before, batch, most)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Part(Place(found, problem=error.strerror or type(error).__name__))


def _read_on(file: BinaryIO, found: Found, before: Place | None, batch: Batch, most: int) -> Part:
    start = broken = huge = 0
    if before is not None and _goes_on(file, found, before):
        start, broken, huge = before.offset, before.broken, before.huge
    session, is_subagent = belongs_to(found.path)
    parser = LineParser(session, is_subagent=is_subagent)
    file.seek(start)
    offset, more = start, False
    while not more and (line := file.readline(LONGEST_LINE)):
        size, is_whole = len(line), line.endswith(b"\n")
        if not is_whole and size == LONGEST_LINE:
            rest, is_whole = pass_over(file)
            size, line = size + rest, b""
            huge += is_whole
        try:
            if (told := parser.parse(line)) is not None:
                batch.add(told)
        except BrokenLine:
            broken += is_whole
        if not is_whole:
            break  # it is still being written, and will be read again
        offset += size
        more = offset - start >= most
    # A file that is read in part is not yet known as it is.
    known = replace(found, size=0, mtime_ns=0) if more else found
    place = Place(known, offset, _digest_before(file, offset), broken, huge)
    return Part(place, offset - start, more)


def _goes_on(file: BinaryIO, found: Found, before: Place) -> bool:
    """Whether what was read is still there, and only something was added."""
    last = before.found
    is_same_file = (last.device, last.inode) == (found.device, found.inode)
    return (
        is_same_file
        # As long as before, yet changed: written anew, unless it was still being written then.
        and (found.size > last.size or (found.size == last.size and before.offset < found.size))
        and _digest_before(file, before.offset) == before.tail
    )


def _digest_before(file: BinaryIO, offset: int) -> bytes:
    size = min(_TAIL, offset)
    file.seek(offset - size, os.SEEK_SET)
    return blake2b(file.read(size), digest_size=8).digest()
