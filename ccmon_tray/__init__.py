"""ccmon-tray: what Claude Code costs, exactly, at a glance."""

__version__ = "0.1.0"
