"""Where transcripts are: ``projects/**/*.jsonl`` under the folders of Claude Code."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Final

_SUFFIX: Final = ".jsonl"
_SUBAGENTS: Final = "subagents"


@dataclass(frozen=True, slots=True)
class Found:
    """A transcript as it is now: its size in bytes, and when it was changed, Unix nanoseconds."""

    path: str
    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: str, state: os.stat_result) -> "Found":
        """A file in this state."""
        return cls(path, state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)


@dataclass(slots=True)
class Tree:
    """What a look at the folders found.

    Attributes:
        files: The transcripts, by path.
        folders: When each folder was changed, Unix nanoseconds.
        projects: Which of them are those of projects, and the ones above: new sessions show there.
        problems: Folders that cannot be read, and why.
    """

    files: dict[str, Found] = field(default_factory=dict)
    folders: dict[str, int] = field(default_factory=dict)
    projects: set[str] = field(default_factory=set)
    problems: dict[str, str] = field(default_factory=dict)


def look(folders: Sequence[Path]) -> Tree:
    """All transcripts under these folders of Claude Code."""
    tree = Tree()
    seen: set[tuple[int, int]] = set()  # links may lead in circles
    to_read = [(str(folder / "projects"), 0) for folder in folders]
    while to_read:
        folder, depth = to_read.pop()
        try:
            state = _stat(folder)
            identity = state.st_dev, state.st_ino
            if identity in seen:
                continue
            seen.add(identity)
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.endswith(_SUFFIX):
                        found = _found(entry.path)
                        if found is not None:
                            tree.files[entry.path] = found
                    elif entry.is_dir():
                        to_read.append((entry.path, depth + 1))
            tree.folders[folder] = state.st_mtime_ns
            if depth <= 1:
                tree.projects.add(folder)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            tree.problems[folder] = error.strerror or type(error).__name__
    return tree


def _stat(path: str) -> os.stat_result:
    return os.stat(path)  # noqa: PTH116 — of thousands of files, each second


def _found(path: str) -> Found | None:
    try:
        state = _stat(path)
    except OSError:  # it goes while we look
        return None
    # A pipe would keep its reader waiting.
    return Found.of(path, state) if stat.S_ISREG(state.st_mode) else None


def belongs_to(path: str) -> tuple[str, bool]:
    """The session that a transcript belongs to by its place, and whether it is a subagent's part of it."""
    parts = PurePath(path).parts
    if _SUBAGENTS in parts[1:]:
        place = len(parts) - 1 - parts[::-1].index(_SUBAGENTS)
        return parts[place - 1], True
    name = PurePath(path).stem
    return name, name.startswith("agent-")


def changes(tree: Tree, since_ns: int) -> Iterator[bool]:
    """Whether folders and transcripts are not as they were: those that were changed since then.

    Args:
        tree: How they were.
        since_ns: Unix nanoseconds. What was not changed since is not looked at, but for folders of projects.
    """
    for folder, mtime_ns in tree.folders.items():
        if mtime_ns < since_ns and folder not in tree.projects:
            continue
        try:
            yield _stat(folder).st_mtime_ns != mtime_ns
        except OSError:
            yield True
    for found in tree.files.values():
        if found.mtime_ns >= since_ns:
            yield _found(found.path) != found
