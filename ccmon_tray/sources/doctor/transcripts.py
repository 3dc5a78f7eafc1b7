"""Claude Code's transcripts on this machine: how many there are, and what of them cannot be read."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from ccmon_tray.sources.base import Span
from ccmon_tray.sources.claude_files.folders import config_folders, in_short
from ccmon_tray.sources.claude_files.transcript_index import TranscriptState
from ccmon_tray.sources.claude_files.transcript_tree import look
from ccmon_tray.sources.claude_files.transcripts import TranscriptsSource
from ccmon_tray.sources.doctor.context import Context
from ccmon_tray.sources.doctor.links import Finding, Link, ok, skipped
from ccmon_tray.usage.checks import CheckStatus
from ccmon_tray.usage.formatting import counted
from ccmon_tray.usage.states import SourceKind

_WARNED_S: Final = 7 * 86_400


def _transcripts(context: Context) -> Finding:
    source, _ = context.opened
    if source.info.kind is SourceKind.DEMO:
        return skipped("Demo data need no transcripts")
    folders = config_folders(context.settings.claude, context.environ)
    names = [in_short(folder / "projects") for folder in folders]
    tree = look(folders)
    if not tree.files and not tree.problems:
        return Finding(
            CheckStatus.INFO,
            f"None in {' or '.join(names)}",
            cause="Claude Code has not run on this machine, or keeps its files elsewhere",
            cure="If it does run here, set claude.config_dir to its folder",
        )
    if source.info.kind is not SourceKind.TRANSCRIPTS:
        size = sum(file.size for file in tree.files.values())
        return ok(f"{_amount(len(tree.files), size)}, not read: another source is in use", *names)
    return _read(context, folders, names)


def _read(context: Context, folders: Sequence[Path], names: list[str]) -> Finding:
    """What reading them finds; what was read before is not read again."""
    pricing = context.settings.pricing
    with closing(
        TranscriptsSource(
            folders,
            cache_dir=context.paths.cache,
            provider=pricing.provider,
            regional=pricing.regional,
            clock=context.clock,
        )
    ) as transcripts:
        state = transcripts.state()
        now = int(context.clock())
        unpriced = transcripts.warnings(Span(now - _WARNED_S, now))
    result = f"{_amount(state.files, state.size)}, {counted(state.requests, 'request')}"
    details = (*names, *_passed_over(state), *(f"{path}: {problem}" for path, problem in state.problems))
    if state.problems:
        return Finding(
            CheckStatus.WARNING,
            f"{result}; {counted(len(state.problems), 'file or folder', 'files or folders')} cannot be read",
            cause=f"{': '.join(state.problems[0])}; what was used there is missing",
            cure="Give yourself the permission to read them",
            details=details,
        )
    if unpriced:
        return Finding(CheckStatus.WARNING, result, unpriced[0].message, unpriced[0].cure, details)
    if state.broken or state.huge:
        return Finding(
            CheckStatus.INFO,
            f"{result}; {', '.join(_passed_over(state))}",
            cause="Claude Code ended while it was writing them, or something else wrote there; "
            "they are passed over",
            details=details,
        )
    return ok(result, *details)


def _amount(files: int, size: int) -> str:
    return f"{counted(files, 'transcript')}, {size / 1e6:,.1f} MB"


def _passed_over(state: TranscriptState) -> list[str]:
    broken = f"{counted(state.broken, 'line')} could not be read" if state.broken else ""
    huge = f"{counted(state.huge, 'line')} of more than 10 MB" if state.huge else ""
    return [words for words in (broken, huge) if words]


LINKS: Final = (Link("transcripts", _transcripts, ("settings",)),)
