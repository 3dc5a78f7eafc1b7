"""Bodies as they are sent, undone from compression, and never larger than the limit."""

import zlib
from typing import Final

from ccmon_tray.sources.collector.faults import EncodingRefused, ExportInvalid, ExportTooLarge

LARGEST_BYTES: Final = 16 * 2**20
"""Of an export, as sent and after decompression."""

# Tells gzip from zlib's own format, which HTTP calls deflate, by the first bytes.
_ANY: Final = 32 + zlib.MAX_WBITS


def plain_body(body: bytes, encoding: str) -> bytes:
    """A body without its compression.

    Args:
        body: As sent.
        encoding: ``gzip``, ``deflate``, ``identity`` or nothing, in any case.

    Raises:
        ExportTooLarge: It is larger than the limit; a bomb is given up at the limit.
        ExportInvalid: It is not compressed like that.
        EncodingRefused: The encoding is none of these.
    """
    match encoding.strip().lower():
        case "" | "identity":
            plain = body
        case "gzip" | "x-gzip" | "deflate":
            plain = _inflated(body)
        case other:
            raise EncodingRefused(
                "The export cannot be read",
                cause=f"its encoding is {other[:80]}",
                next_step="Send it plain or as gzip",
            )
    if len(plain) > LARGEST_BYTES:
        raise too_large()
    return plain


def too_large() -> ExportTooLarge:
    """What is said of an export above the limit."""
    return ExportTooLarge(
        "The export is too large",
        cause=f"at most {LARGEST_BYTES // 2**20} MiB are taken, also after decompression",
        next_step="Export more often",
    )


def _inflated(body: bytes) -> bytes:
    inflater = zlib.decompressobj(_ANY)
    try:
        plain = inflater.decompress(body, LARGEST_BYTES + 1)
    except zlib.error as error:
        raise _damaged(str(error)) from error
    if len(plain) > LARGEST_BYTES:
        raise too_large()
    # Several parts in one body are legal gzip, but nothing sends them, and each costs a copy of the rest.
    if not inflater.eof or inflater.unused_data:
        raise _damaged("it ends early or late")
    return plain


def _damaged(how: str) -> ExportInvalid:
    return ExportInvalid("The export cannot be read", cause=f"its compression is damaged ({how})")
