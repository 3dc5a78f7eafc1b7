"""``python -m ccmon_tray``."""

import sys

from ccmon_tray.cli import main

if __name__ == "__main__":
    sys.exit(main())
