"""What Claude Code 2.1.197 really sent: request bodies, and what the model server counted."""

import json
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from ccmon_tray.sources.collector.decode import JSON, PROTOBUF
from ccmon_tray.sources.collector.ingest import Ingest
from ccmon_tray.sources.collector.source import CollectorSource
from ccmon_tray.sources.reports import build_report
from ccmon_tray.usage.models import Report
from ccmon_tray.usage.windows import Calendar, Window

FIXTURES: Final = Path(__file__).parents[2] / "fixtures" / "otlp"
SESSIONS: Final = ("delta-session", "json-session", "cumulative-session", "cumulative-session-resumed")

UTC: Final = Calendar(ZoneInfo("UTC"), "UTC")
# All of it was recorded in a minute.
WINDOW: Final = Window("custom", 1_795_401_600, 1_795_405_200)


def bodies(session: str) -> list[Path]:
    return [path for path in sorted((FIXTURES / session).iterdir()) if path.name != "expected.json"]


def expected(session: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / session / "expected.json").read_text())
    return found


def send(ingest: Ingest, body: Path) -> None:
    content_type = JSON if body.suffix == ".json" else PROTOBUF
    take = ingest.metrics if "metrics" in body.name else ingest.logs
    take(body.read_bytes(), content_type)


def report(path: Path) -> Report:
    source = CollectorSource(path)
    found = build_report(source, WINDOW, UTC)
    source.close()
    return found


def received(path: Path, order: list[Path]) -> Report:
    ingest = Ingest(path)
    for body in order:
        send(ingest, body)
    ingest.close()
    return report(path)
