"""What the released client shows on its own Prometheus endpoint, scraped by a real Prometheus, read by us.

The fixture was recorded from Claude Code 2.1.197 with ``OTEL_METRICS_EXPORTER=prometheus``: an API-key login,
names without units, one session that had used Opus with the 1M-token suffix, and written a file.
"""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.command_line import run
from tests.support.patience import PATIENCE_S
from tests.support.servers import TOOLS, Kind, Server, prometheus

EXPOSED = (Path(__file__).parent / "fixtures" / "claude-code-2.1.197-exporter-9464.txt").read_bytes()

pytestmark = pytest.mark.needs(*TOOLS[Kind.PROMETHEUS])


class _Exporter(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(EXPOSED)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def scraping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    exporter = ThreadingHTTPServer(("127.0.0.1", 0), _Exporter)
    thread = threading.Thread(target=exporter.serve_forever)
    thread.start()
    try:
        address = f"127.0.0.1:{exporter.server_address[1]}"
        with prometheus(tmp_path_factory.mktemp("prometheus"), scrape=address) as server:
            yield server
    finally:
        exporter.shutdown()
        thread.join()
        exporter.server_close()


def test_the_client_s_own_endpoint_is_read_to_the_last_digit(scraping: Server, tmp_path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        # Exits with 1 until Prometheus has scraped for the first time.
        done = run(tmp_path, "report", "--range", "15m", "--json", "--prometheus-url", scraping.url)
        if done.returncode == 0 or time.monotonic() > deadline:
            break
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["totals"] == {
        "cost_usd": pytest.approx(0.04603),
        "tokens": {
            "total": 14_802,
            "input": 201,
            "output": 601,
            "cache_read": 10_000,
            "cache_creation": 4_000,
        },
        # Never emitted in so short a session: unknown to Prometheus, not nothing.
        "active_time_seconds": None,
        "sessions": 1,
        "lines_added": 3,
        "lines_removed": 0,
        "commits": None,
        "pull_requests": None,
        "edit_decisions": {"accept": 1, "reject": 0},
        "cache_hit_ratio": pytest.approx(10_000 / 14_201),
    }
    assert [(row["model"], row["name"]) for row in report["by_model"]] == [
        ("claude-opus-4-8[1m]", "Opus 4.8")
    ]
    assert [row["session_id"] for row in report["sessions"]] == ["59b9858c-a016-486a-afd5-4f5ea1099f5d"]
    assert report["warnings"] == []

    status = run(tmp_path, "status", "--prometheus-url", scraping.url)
    assert status.returncode == 0, status.stderr
    assert "$0.05" in status.stdout
    assert "14.8k tokens" in status.stdout
