"""The windows: the quick-stats popup, in a process of its own. tkinter lives here and nowhere else."""
