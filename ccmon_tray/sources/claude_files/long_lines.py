"""Lines that are too long to be taken into memory: of transcripts, of the history, or of no text at all."""

from typing import BinaryIO, Final

LONGEST_LINE: Final = 10 * 2**20
"""Longer lines, in bytes, hold pictures and whole files; they are passed over."""

_BUFFER: Final = 2**18


def pass_over(file: BinaryIO) -> tuple[int, bool]:
    """Go to the end of a line.

    Returns:
        How many bytes that was, and whether the line has an end.
    """
    size = 0
    while part := file.readline(_BUFFER):
        size += len(part)
        if part.endswith(b"\n"):
            return size, True
    return size, False
