"""The domain: windows, metrics, models of what was used, and how they are written. Pure: no I/O, no GUI."""
