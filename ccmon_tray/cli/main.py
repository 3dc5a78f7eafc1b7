"""The entry point: from arguments to an exit code.

Exit codes: 0 done, 1 a check failed or there is no data, 2 wrong usage, 3 source unreachable; as
shells have it, 130 after Ctrl+C and 141 when the reader of the output has gone.
"""

import sys
from collections.abc import Sequence
from typing import NoReturn

from ccmon_tray.cli.arguments import parse
from ccmon_tray.cli.output import discard_stdout, flush, prepare_streams, tell
from ccmon_tray.ending import end_process
from ccmon_tray.errors import CcmonError

_INTERRUPTED = 130
_BROKEN_PIPE = 141


def run() -> NoReturn:
    """Be the program: run the command that the process was started with, and end."""
    end_process(main())


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The arguments without the program's name; None takes the process's own.

    Returns:
        The exit code. Wrong arguments, ``--help`` and ``--version`` leave by ``SystemExit`` instead.
    """
    prepare_streams()
    try:
        arguments = parse(sys.argv[1:] if argv is None else argv)
        status = arguments.command(arguments)
        flush()
    except CcmonError as error:
        tell(str(error))
        return error.exit_status
    except BrokenPipeError:
        discard_stdout()
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status
