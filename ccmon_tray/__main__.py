"""``python -m ccmon_tray``."""

from ccmon_tray.cli import run

if __name__ == "__main__":
    run()
