"""Where Claude Code keeps its files."""

import os
from collections.abc import Mapping
from pathlib import Path

from ccmon_tray.settings import ClaudeSettings


def config_folders(settings: ClaudeSettings, environ: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """The folders of Claude Code, the most likely one first.

    Args:
        settings: Its ``config_dir`` comes before everything else.
        environ: The environment, by default the process's. ``CLAUDE_CONFIG_DIR`` comes next, and may name
            several folders with commas between.

    Returns:
        The folders that are named, whether they exist or not; where none is, those of the default ones
        (``~/.claude``, ``$XDG_CONFIG_HOME/claude``) that exist, else the first of them. Never the same twice.
    """
    environ = os.environ if environ is None else environ
    if settings.config_dir is not None:
        return (settings.config_dir,)
    named = [part.strip() for part in environ.get("CLAUDE_CONFIG_DIR", "").split(",")]
    if folders := [_expanded(part) for part in named if part]:
        return _distinct(folders)
    home = _expanded("~")
    usual = [home / ".claude", Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "claude"]
    return _distinct([folder for folder in usual if folder.is_dir()]) or (usual[0],)


def in_short(path: Path) -> str:
    """A path as people write it: with ``~`` for the home folder."""
    home = _expanded("~")
    return f"~{os.sep}{path.relative_to(home)}" if path != home and path.is_relative_to(home) else str(path)


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no home folder
        return Path(text)


def _distinct(folders: list[Path]) -> tuple[Path, ...]:
    found: dict[str, Path] = {}
    for folder in folders:
        found.setdefault(os.path.realpath(folder), folder)
    return tuple(found.values())
