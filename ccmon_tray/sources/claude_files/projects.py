"""Names of projects: the last folder of their path, with as many above it as tell it from the others."""

import re
from collections import defaultdict
from collections.abc import Iterable

_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def project_names(paths: Iterable[str]) -> dict[str, str]:
    """A short name for each path, no two the same: ``shop``, or ``work/shop`` beside ``play/shop``."""
    parts = {path: _parts(path) for path in paths}
    names = dict.fromkeys(parts, "")
    depth, alike = 0, list(parts)
    while alike:
        depth += 1
        groups: dict[str, list[str]] = defaultdict(list)
        for path in alike:
            names[path] = "/".join(parts[path][-depth:]) or path
            groups[names[path]].append(path)
        # A path that has no more folders to tell keeps its name; two spellings of one are the same project.
        alike = [
            path for group in groups.values() if len(group) > 1 for path in group if len(parts[path]) > depth
        ]
    return names


def _parts(path: str) -> list[str]:
    split = re.split(r"[\\/]", path) if _WINDOWS.match(path) else path.split("/")
    return [part for part in split if part]
