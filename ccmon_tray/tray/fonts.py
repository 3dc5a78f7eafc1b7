"""Pillow without its fonts, for the always-on process: only an icon with text needs them."""

import importlib
import sys
from typing import Final

_FREETYPE: Final = "PIL._imagingft"


def leave_fonts_out() -> None:
    """Import Pillow without FreeType, which only an icon with text needs: 1.3 MiB."""
    sys.modules.setdefault(_FREETYPE, None)  # type: ignore[arg-type]


def bring_fonts_in() -> None:
    """Load FreeType after all."""
    if sys.modules.get(_FREETYPE, ...) is None:
        del sys.modules[_FREETYPE]
        importlib.reload(importlib.import_module("PIL.ImageFont"))
