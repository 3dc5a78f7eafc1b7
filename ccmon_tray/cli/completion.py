"""``ccmon-tray completion``: what a shell needs to complete commands and options."""

from ccmon_tray.cli.arguments import Arguments, make_parser
from ccmon_tray.cli.output import write


def completion(arguments: Arguments) -> int:
    """Print the script of a shell."""
    import shtab  # noqa: PLC0415  # here alone: no other start waits for it

    write(shtab.complete(make_parser(), shell=arguments.shell))
    return 0
