"""Claude Code's switches on this machine, as the doctor sees them."""

import json
import socket
import time
from pathlib import Path

from ccmon_tray.paths import Paths
from ccmon_tray.sources.doctor import Doctor
from ccmon_tray.usage.checks import Check, CheckStatus
from tests.support.doctor import examined, look, without_metrics
from tests.support.faulty_server import FaultyServer
from tests.support.replies import Request, Response

ALL_SET = {
    "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
    "OTEL_METRICS_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "cumulative",
}


def with_claude(environ: dict[str, str], tmp_path: Path, **env: str) -> Path:
    """Claude Code on this machine, with these switches in its settings."""
    folder = tmp_path / "claude"
    folder.mkdir()
    file = folder / "settings.json"
    file.write_text(json.dumps({"env": env}))
    environ["CLAUDE_CONFIG_DIR"] = str(folder)
    return file


def test_an_endpoint_that_listens_and_one_that_does_not(
    paths: Paths, environ: dict[str, str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        endpoint = f"http://127.0.0.1:{port}"
        with_claude(environ, tmp_path, **ALL_SET, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
        with FaultyServer(without_metrics) as server:
            checks = examined(server.url, paths, environ)
            assert checks["claude_telemetry"].status is CheckStatus.OK
            assert checks["otlp_endpoint"].status is CheckStatus.OK
            listener.close()
            check = examined(server.url, paths, environ)["otlp_endpoint"]
    assert check.status is CheckStatus.FAILED
    assert f"127.0.0.1:{port}" in check.result


def test_metrics_that_are_sent_to_the_query_api(
    paths: Paths, environ: dict[str, str], tmp_path: Path
) -> None:
    with FaultyServer(without_metrics) as server:
        elsewhere = server.url.replace("127.0.0.1", "localhost")
        file = with_claude(environ, tmp_path, **ALL_SET, OTEL_EXPORTER_OTLP_ENDPOINT=elsewhere)
        check = examined(server.url, paths, environ)["otlp_endpoint"]
        assert check.status is CheckStatus.FAILED
        assert f"{server.url}/api/v1/otlp" in check.cure
        file.write_text(file.read_text().replace(elsewhere, f"{elsewhere}/api/v1/otlp"))
        assert examined(server.url, paths, environ)["otlp_endpoint"].status is CheckStatus.OK


def test_telemetry_that_is_off_matters_less_where_metrics_come_from_elsewhere(
    paths: Paths, environ: dict[str, str], tmp_path: Path
) -> None:
    file = with_claude(environ, tmp_path)
    with FaultyServer(without_metrics) as server:
        check = examined(server.url, paths, environ)["claude_telemetry"]
        assert check.status is CheckStatus.FAILED
        assert str(file) in check.cure
        proposed = json.loads("\n".join(check.details[check.details.index("{") :]))
        assert proposed["env"].items() >= ALL_SET.items()

        def with_metrics(request: Request) -> Response:
            if request.path.endswith("/values"):
                return Response.data(["claude_code_cost_usage_USD_total"])
            return without_metrics(request)

        server.answer = with_metrics
        assert examined(server.url, paths, environ)["claude_telemetry"].status is CheckStatus.WARNING


def test_a_project_that_sets_exporters_in_vain_is_named(
    paths: Paths, environ: dict[str, str], tmp_path: Path
) -> None:
    project = tmp_path / "shop"
    (project / ".claude").mkdir(parents=True)
    (project / ".claude" / "settings.json").write_text('{"env": {"OTEL_METRICS_EXPORTER": "none"}}')
    folder = with_claude(environ, tmp_path, **ALL_SET).parent
    prompt = {"display": "hi", "timestamp": time.time() * 1000, "project": str(project), "sessionId": "s"}
    (folder / "history.jsonl").write_text(json.dumps(prompt) + "\n")
    with FaultyServer(without_metrics) as server:
        check = examined(server.url, paths, environ)["claude_telemetry"]
    assert check.status is CheckStatus.WARNING
    assert str(project / ".claude" / "settings.json") in check.cure


def test_a_file_that_claude_code_passes_over_is_named_and_not_what_it_would_set(
    paths: Paths, environ: dict[str, str], tmp_path: Path
) -> None:
    file = with_claude(environ, tmp_path, **ALL_SET)
    file.write_text(file.read_text().replace("{", "{ // mine\n", 1))
    check = by_collector(paths, environ)["claude_telemetry"]
    assert check.status is CheckStatus.FAILED
    assert check.result.startswith(f"{file} holds comments")
    assert "Correct the file" in check.cure


def by_collector(paths: Paths, environ: dict[str, str], port: int = 4318) -> dict[str, Check]:
    ports = {"HTTP_PORT": str(port), "GRPC_PORT": "0", "ENABLED": "true"}
    own = {f"CCMON_TRAY_COLLECTOR__{name}": value for name, value in ports.items()}
    return look(Doctor(paths, kind="collector", environ=environ | own))


def test_the_built_in_collector_takes_deltas_and_says_how_to_connect(
    paths: Paths, environ: dict[str, str], tmp_path: Path
) -> None:
    file = with_claude(environ, tmp_path)
    check = by_collector(paths, environ, 14318)["claude_telemetry"]
    assert check.status is CheckStatus.FAILED
    assert "ccmon-tray connect" in check.cure
    assert not any("4318" in detail for detail in check.details)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    deltas = ALL_SET | {
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://localhost:{port}",
    }
    file.write_text(json.dumps({"env": deltas}))
    checks = by_collector(paths, environ, port)
    assert checks["claude_telemetry"].status is CheckStatus.OK
    assert f"localhost:{port}, deltas" in checks["claude_telemetry"].result
    assert checks["otlp_endpoint"].cure == "Start ccmon-tray, which listens there"
    # Another collector may hand them to Prometheus.
    checks = by_collector(paths, environ, 14318)
    assert checks["claude_telemetry"].result == "Metrics go out as deltas"
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in checks["otlp_endpoint"].cure


def test_no_secret_is_in_any_check(paths: Paths, environ: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "claude"
    folder.mkdir()
    (folder / "settings.json").write_text(
        '{"env": {"CLAUDE_CODE_ENABLE_TELEMETRY": "1", "OTEL_METRICS_EXPORTER": "otlp",'
        '"OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer hunter2",'
        '"OTEL_EXPORTER_OTLP_ENDPOINT": "http://me:hunter2@127.0.0.1:1/x?key=hunter2"}}'
    )
    environ |= {"CLAUDE_CONFIG_DIR": str(folder), "CCMON_TRAY_PROMETHEUS__TOKEN": "hunter2"}
    with FaultyServer(without_metrics, accept_token="other") as server:
        checks = list(Doctor(paths, prometheus_url=server.url, environ=environ).run())
    assert "hunter2" not in repr(checks)
    assert "127.0.0.1:1" in repr(checks)
