"""The real servers that tests query: Prometheus and VictoriaMetrics, on loopback, free ports and own folders.

Data goes in before the first query: into Prometheus as blocks that promtool makes from OpenMetrics text, into
VictoriaMetrics over its import API. Nothing is scraped, so what a test asks never changes under it.
"""

import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Final

import httpx

READY_TIMEOUT_S: Final = 60.0
_IMPORT_LINES: Final = 2000


class Kind(StrEnum):
    """Which server; the value is the name of its program."""

    PROMETHEUS = "prometheus"
    VICTORIA_METRICS = "victoria-metrics"


TOOLS: Final[dict[Kind, tuple[str, ...]]] = {
    Kind.PROMETHEUS: ("prometheus", "promtool"),
    Kind.VICTORIA_METRICS: ("victoria-metrics",),
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    kind: Kind
    url: str


class ServerDidNotStart(RuntimeError):
    """A server ended, or did not become ready in time; the message holds its log."""


def free_port() -> int:
    """A TCP port on loopback that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def create_blocks(openmetrics: Path, data_dir: Path) -> None:
    """Turn OpenMetrics text into blocks of a Prometheus data folder.

    promtool reads the whole file once a block, so blocks are made as long as they may be.

    Args:
        openmetrics: File with timestamps in seconds and ``# EOF`` at its end.
        data_dir: Where the blocks go; made if missing.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [
            "promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet",
            "--max-block-duration=744h", str(openmetrics), str(data_dir),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip


@contextmanager
def prometheus(
    data_dir: Path,
    *,
    retention: str = "100y",
    scrape: str | None = None,
    port: int | None = None,
    extra_args: Sequence[str] = (),
    config: Path | None = None,
) -> Iterator[Server]:
    """A Prometheus over the blocks in ``data_dir``.

    Args:
        data_dir: A folder from :func:`create_blocks`, or an empty one.
        retention: How long it keeps data, as Prometheus writes durations.
        scrape: ``host:port`` of an exporter to scrape every second; None scrapes nothing.
        port: Where it listens; None for any free port.
        extra_args: More flags.
        config: Its configuration, in place of one made from ``scrape``.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    if config is None:
        config = data_dir / "prometheus.yml"
        jobs = [] if scrape is None else [{"job_name": "test", "static_configs": [{"targets": [scrape]}]}]
        # JSON is YAML too.
        config.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}))
    port = port or free_port()
    command = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={data_dir}",
        f"--storage.tsdb.retention.time={retention}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
        *extra_args,
    ]
    with _running(command, f"http://127.0.0.1:{port}", "/-/ready", data_dir / "prometheus.log") as url:
        yield Server(Kind.PROMETHEUS, url)


@contextmanager
def victoria_metrics(
    data_dir: Path, lines: Iterable[str] = (), *, retention: str = "100y", extra_args: Sequence[str] = ()
) -> Iterator[Server]:
    """A VictoriaMetrics that holds the given samples.

    Args:
        data_dir: Its folder; made if missing.
        lines: JSON lines of its import API.
        retention: How long it keeps data; what is older is dropped on import.
        extra_args: More flags.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [
        "victoria-metrics",
        f"-storageDataPath={data_dir / 'data'}",
        f"-retentionPeriod={retention}",
        f"-httpListenAddr=127.0.0.1:{port}",
        # By default the last 30 s are hidden, and answers are kept across imports.
        "-search.latencyOffset=0s",
        "-search.disableCache",
        "-loggerLevel=WARN",
        *extra_args,
    ]
    with _running(command, f"http://127.0.0.1:{port}", "/health", data_dir / "victoria-metrics.log") as url:
        import_lines(url, lines)
        yield Server(Kind.VICTORIA_METRICS, url)


def import_lines(url: str, lines: Iterable[str]) -> None:
    """Send JSON lines to VictoriaMetrics' import API and make them visible to queries."""
    remaining = iter(lines)
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        while batch := list(islice(remaining, _IMPORT_LINES)):
            client.post("/api/v1/import", content="\n".join(batch)).raise_for_status()
        client.get("/internal/force_flush").raise_for_status()


@contextmanager
def _running(command: Sequence[str], url: str, ready_path: str, log: Path) -> Iterator[str]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            _await_ready(process, url + ready_path, log)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_ready(process: subprocess.Popen[bytes], ready_url: str, log: Path) -> None:
    give_up = time.monotonic() + READY_TIMEOUT_S
    with httpx.Client(timeout=2, trust_env=False) as client:
        while time.monotonic() < give_up:
            if process.poll() is not None:
                break
            try:
                if client.get(ready_url).is_success:
                    return
            except httpx.TransportError:
                pass
            # Neither server announces readiness other than by answering.
            time.sleep(0.05)
    raise ServerDidNotStart(
        f"{ready_url} did not answer; its log:\n{log.read_text(errors='replace')[-4000:]}"
    )


@contextmanager
def serving(
    kind: Kind, *, openmetrics: Iterable[str], import_json: Iterable[str], retention: str = "100y"
) -> Iterator[Server]:
    """Either server in a temporary folder, holding the same samples.

    Args:
        kind: Which server.
        openmetrics: Lines for promtool; read only for Prometheus.
        import_json: JSON lines; read only for VictoriaMetrics.
        retention: How long the server keeps data.
    """
    with tempfile.TemporaryDirectory(prefix="ccmon-server-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        if kind is Kind.VICTORIA_METRICS:
            with victoria_metrics(root, import_json, retention=retention) as server:
                yield server
            return
        text = root / "samples.om"
        with text.open("w") as file:
            file.writelines(openmetrics)
        create_blocks(text, root / "data")
        text.unlink()
        with prometheus(root / "data", retention=retention) as server:
            yield server
