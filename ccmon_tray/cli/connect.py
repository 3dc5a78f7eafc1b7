"""``connect`` and ``disconnect``: Claude Code's telemetry in its own settings."""

import os

from ccmon_tray.cli.arguments import Arguments
from ccmon_tray.cli.output import tell, write
from ccmon_tray.paths import find_paths
from ccmon_tray.settings_file import load
from ccmon_tray.sources.claude_files.connect import Connection, Plan
from ccmon_tray.sources.claude_files.folders import in_short


def connect(arguments: Arguments) -> int:
    """Show what is to change in Claude Code's settings, and change it."""
    connection = _connection()
    plan = connection.plan(arguments.endpoint, arguments.protocol)
    for warning in plan.warnings:
        tell(warning)
    if not plan.changes:
        write(f"Claude Code is connected: {in_short(plan.file)} has all that is needed.\n")
        return 0
    write(plan.diff)
    if arguments.dry_run:
        tell("nothing was changed (--dry-run)")
        return 0
    _change(connection, plan, f"Claude Code is connected. {plan.afterwards}.")
    return 0


def disconnect(arguments: Arguments) -> int:
    """Take out of Claude Code's settings what ``connect`` has put in."""
    connection = _connection()
    plan = connection.plan_undo()
    for name in plan.kept:
        tell(f"{name} was changed since, and stays")
    if not plan.changes:
        write("There is nothing to undo: nothing in the file is of ccmon-tray connect.\n")
        if not arguments.dry_run:
            connection.apply(plan)
        return 0
    write(plan.diff)
    if arguments.dry_run:
        tell("nothing was changed (--dry-run)")
        return 0
    _change(connection, plan, f"Claude Code is disconnected. {plan.afterwards}.")
    return 0


def _connection() -> Connection:
    paths = find_paths()
    loaded = load(paths)
    for notice in loaded.notices:
        tell(notice)
    return Connection(paths, loaded.settings, os.environ)


def _change(connection: Connection, plan: Plan, done: str) -> None:
    backup = connection.apply(plan)
    copy = f"\nThe file as it was: {in_short(backup)}" if backup is not None else ""
    write(f"{done}{copy}\n")
