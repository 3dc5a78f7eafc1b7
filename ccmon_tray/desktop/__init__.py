"""The desktop at large: the clipboard, the local channel, the single instance."""
