"""``ccmon-tray completion``: what a shell needs to complete commands and options.

The scripts are written beforehand (``scripts/write_references.py``), so that neither a start nor a completion
takes the time of a library that makes them.
"""

from importlib import resources

from ccmon_tray.cli.arguments import Arguments
from ccmon_tray.cli.output import write


def completion(arguments: Arguments) -> int:
    """Print the script of a shell."""
    script = resources.files("ccmon_tray") / "completions" / f"ccmon-tray.{arguments.shell}"
    write(script.read_text(encoding="utf-8"))
    return 0
