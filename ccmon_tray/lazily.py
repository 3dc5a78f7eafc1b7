"""Modules that are imported only when something of them is used, for a start that is soon done."""

import importlib
import sys
from types import ModuleType
from typing import Any


def import_when_used(*names: str) -> None:
    """Have modules imported when something of them is used, not where others import them.

    An empty module stands in for each; :class:`importlib.util.LazyLoader`, which is made for this, loads it
    at the second import. An error in a module shows when it is used: this is for the standard library.
    """
    for name in names:
        if name not in sys.modules:
            sys.modules[name] = _stand_in(name)


def _stand_in(name: str) -> ModuleType:
    module = ModuleType(name)

    def look_up(attribute: str) -> Any:
        if sys.modules.get(name) is module:
            del sys.modules[name]
        return getattr(importlib.import_module(name), attribute)

    module.__dict__["__getattr__"] = look_up
    return module
