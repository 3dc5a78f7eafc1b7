"""The end of a process that has threads in modules written in C++ or Rust.

Python's own way to end takes the daemon threads down wherever each next needs the interpreter, by unwinding
its stack: inside such a module (matplotlib's, numpy's, pydantic's) that aborts the process. What Tk made
would moreover go on whatever thread let go of it last. So all that has to be done is done, as Python does it,
and the rest is left to the system. The standard library's multiprocessing ends its processes in this way.
"""

import atexit
import contextlib
import os
import sys
import threading
from typing import NoReturn


def end_process(status: int) -> NoReturn:
    """Wait for threads that are no daemons, call what is to be called at the end, write the rest, and end.

    Args:
        status: The exit status.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  # there is no public one
    atexit._run_exitfuncs()  # noqa: SLF001
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # as under pythonw
            with contextlib.suppress(OSError, ValueError):  # the reader has gone, or it was closed
                stream.flush()
    os._exit(status)
