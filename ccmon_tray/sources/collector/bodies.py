"""Bodies as they are sent, undone from compression, and never larger than the limit."""

import zlib
from typing import Final

from ccmon_tray.sources.collector.faults import EncodingRefused, ExportInvalid, ExportTooLarge

LARGEST_BYTES: Final = 16 * 2**20
"""Of an export, as sent and after decompression."""

_GZIP: Final = 16 + zlib.MAX_WBITS
_ZLIB: Final = zlib.MAX_WBITS


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
        case "gzip" | "x-gzip":
            plain = _inflated(body, _GZIP)
        case "deflate":
            plain = _inflated(body, _ZLIB)
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


def _inflated(body: bytes, window_bits: int) -> bytes:
    plain = bytearray()
    rest = body
    try:
        while rest:  # a gzip file may hold several parts
            inflater = zlib.decompressobj(window_bits)
            plain += inflater.decompress(rest, LARGEST_BYTES + 1 - len(plain))
            if len(plain) > LARGEST_BYTES:
                raise too_large()
            if not inflater.eof:
                raise zlib.error("it ends early")
            rest = inflater.unused_data
    except zlib.error as error:
        raise ExportInvalid("The export cannot be read", cause=f"its compression is damaged: {error}") from error
    return bytes(plain)
