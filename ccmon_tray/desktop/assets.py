"""Where the application's own pictures are: in the package, or beside it in a source checkout."""

from pathlib import Path

import ccmon_tray


def folder() -> Path:
    """The folder of the icons."""
    package = Path(ccmon_tray.__file__).parent
    inside = package / "assets"
    return inside if inside.is_dir() else package.parent / "assets"
