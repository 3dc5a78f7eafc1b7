"""Generated usage behind the protocol of every source, for demonstrations and screenshots; labelled Demo."""

from ccmon_tray.sources.demo.files import DemoFiles
from ccmon_tray.sources.demo.source import DemoSource

__all__ = ["DemoFiles", "DemoSource"]
