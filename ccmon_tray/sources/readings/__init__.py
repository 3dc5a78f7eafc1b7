"""What each view of the window shows, read from a source in a few coarse questions.

One module a view, without any toolkit: each returns a frozen dataclass that holds everything its view draws,
with None for what is unknown. The numbers are those of ``ccmon-tray report`` over the same range.
"""
