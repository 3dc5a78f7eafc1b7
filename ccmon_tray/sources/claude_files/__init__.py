"""What Claude Code itself leaves on this machine: its history of prompts, its stats cache."""

from ccmon_tray.sources.claude_files.files import ClaudeFiles, LocalFiles

__all__ = ["ClaudeFiles", "LocalFiles"]
