"""The built-in collector: receives Claude Code's OpenTelemetry exports, keeps them, and answers from them.

```
body ──decode──▶ points, events ──Ingest──▶ Store (SQLite, one writer) ◀──read-only── CollectorSource
```

``decode`` knows OTLP, ``streams`` what a point adds to what is known, ``store`` the file it goes to, and
``source`` how questions are answered from it. Listeners only pass bodies to :class:`.ingest.Ingest`.
"""

from pathlib import Path

from ccmon_tray.paths import Paths


def usage_file(paths: Paths) -> Path:
    """Where the collector keeps what it received."""
    return paths.data / "usage.sqlite3"
