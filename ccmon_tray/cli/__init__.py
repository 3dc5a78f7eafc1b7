"""The command line ``ccmon-tray``: arguments, exit codes and output as people and programs rely on them."""

from ccmon_tray.cli.main import main, run

__all__ = ["main", "run"]
