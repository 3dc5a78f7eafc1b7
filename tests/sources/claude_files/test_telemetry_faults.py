"""What is wrong with telemetry switches, and that the proposed ones are right."""

import json
from pathlib import Path

import pytest

from ccmon_tray.sources.claude_files.telemetry_faults import endpoint_of, find_faults
from ccmon_tray.sources.claude_files.telemetry_settings import TelemetrySettings, read_telemetry_settings

GOOD = {
    "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
    "OTEL_METRICS_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317",
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "cumulative",
}


def read(tmp_path: Path, env: dict[str, str]) -> TelemetrySettings:
    (tmp_path / "settings.json").write_text(json.dumps({"env": env}))
    return read_telemetry_settings([tmp_path], {}, managed=())


def test_good_switches_have_no_fault(tmp_path: Path) -> None:
    assert find_faults(read(tmp_path, GOOD)) == []


@pytest.mark.parametrize(
    ("change", "words", "stops"),
    [
        ({"CLAUDE_CODE_ENABLE_TELEMETRY": "0"}, "Telemetry is off", True),
        ({"OTEL_METRICS_EXPORTER": "console,none"}, "Metrics are not exported", True),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": ""}, "The protocol is not set", True),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http"}, "There is no such protocol", True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4317"}, "The endpoint is no URL", True),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, "Protocol and port do not match", False),
        ({"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": ""}, "Metrics go out as deltas", False),
        ({"OTEL_METRICS_INCLUDE_SESSION_ID": "false"}, "Sessions cannot be told apart", False),
        ({"OTEL_METRIC_EXPORT_INTERVAL": "600000"}, "Metrics are exported too rarely", False),
    ],
)
def test_each_fault_and_its_cure(change: dict[str, str], words: str, stops: bool, tmp_path: Path) -> None:
    (fault,) = find_faults(read(tmp_path, GOOD | change))
    assert (fault.words, fault.stops) == (words, stops)
    assert find_faults(read(tmp_path, GOOD | change | fault.change)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": ""},
        {"OTEL_METRIC_EXPORT_INTERVAL": "600000"},
    ],
)
def test_what_only_prometheus_cannot_take_is_no_fault_elsewhere(
    change: dict[str, str], tmp_path: Path
) -> None:
    assert find_faults(read(tmp_path, GOOD | change), for_prometheus=False) == []


def test_an_exporter_that_is_scraped_needs_no_endpoint(tmp_path: Path) -> None:
    env = {"CLAUDE_CODE_ENABLE_TELEMETRY": "1", "OTEL_METRICS_EXPORTER": "prometheus"}
    assert find_faults(read(tmp_path, env)) == []


@pytest.mark.parametrize(
    ("env", "endpoint"),
    [
        ({}, ("localhost", 4318)),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, ("localhost", 4317)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://otel.example.com"}, ("otel.example.com", 443)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:9090/api/v1/otlp"}, ("localhost", 9090)),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:1",
                "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://b:2",
            },
            ("b", 2),
        ),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:port"}, None),
    ],
)
def test_where_metrics_go(env: dict[str, str], endpoint: tuple[str, int] | None, tmp_path: Path) -> None:
    assert endpoint_of(read(tmp_path, env)) == endpoint
