"""Keeping processes small: ``scripts/bench_tray.py`` measures what each of these saves the always-on one.

Most of a process is what its libraries define when they are imported. So what is never used is kept out,
and the C library is told to give memory back.
"""

import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

# <malloc.h>: the parameters of mallopt.
_M_TRIM_THRESHOLD: Final = -1
_M_TOP_PAD: Final = -2
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_LARGE: Final = 65_536  # bytes
_MADV_DONTNEED: Final = 4  # <sys/mman.h>


def be_small() -> None:
    """Call once, before threads and the libraries of source and icon come. Does nothing where it cannot."""
    # httpx takes its command line along, and with it click, rich and pygments, wherever they are installed:
    # 4.6 MiB; and HTTP/2, which the collector's gRPC brings and no query uses: 1.4 MiB. None stands for a
    # module that is not installed.
    for unused in ("httpx._main", "httpcore._sync.http2", "httpcore._async.http2"):
        sys.modules.setdefault(unused, None)  # type: ignore[arg-type]
    if sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415  # of use here only

    # One heap for all threads, and large blocks (answers, bitmaps) given back as soon as they are free:
    # 1.5 MiB. Without glibc there is no mallopt, and no such need.
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in (
            (_M_ARENA_MAX, 1),
            (_M_MMAP_THRESHOLD, _LARGE),
            (_M_TRIM_THRESHOLD, _LARGE),
            (_M_TOP_PAD, 0),
        ):
            mallopt(parameter, value)


def trim_working_set() -> None:
    """Call once the process has settled: unmap what of the libraries only their start has needed.

    What is needed again comes back from the system's page cache, which keeps it: 7 MiB less for good.
    Only mappings that hold a file as it is are touched: nothing has ever written to them.
    """
    if sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415  # of use here only

    with contextlib.suppress(OSError, AttributeError):
        madvise = ctypes.CDLL(None).madvise
        madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        for start, end in _clean_mappings(Path("/proc/self/smaps").read_text()):
            madvise(start, end - start, _MADV_DONTNEED)


def _clean_mappings(smaps: str) -> Iterator[tuple[int, int]]:
    """First and last address of mappings of files that hold nothing but the file's own pages."""
    for mapping in re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", smaps, flags=re.MULTILINE):
        header, _, rest = mapping.partition("\n")
        fields = header.split(maxsplit=5)
        is_read = len(fields) == 6 and fields[1] in {"r-xp", "r--p"}
        # Anonymous pages are copies: of a table of addresses, for instance, filled in and then locked.
        is_clean = re.search(r"^Anonymous: +0 kB$", rest, re.MULTILINE) is not None
        if is_read and is_clean and fields[5].startswith("/") and not fields[5].endswith("(deleted)"):
            start, end = fields[0].split("-")
            yield int(start, 16), int(end, 16)
