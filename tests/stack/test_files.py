"""The stack's files: valid by their published schemas, and holding what must not be lost from them."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ccmon_tray.paths import find_paths
from ccmon_tray.stack.folder import FILES, StackFolder
from ccmon_tray.stack.names import VARIABLES
from ccmon_tray.stack.ports import Ports
from tests.support.fake_engines import FakeEngines

STACK = Path(__file__).parents[2] / "stack"
PINNED = re.compile(r"^docker\.io/[a-z/-]+:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$")


def parsed(name: str) -> Any:
    return yaml.safe_load((STACK / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = parsed("compose.yaml")["services"]
    return found


def test_every_file_that_is_copied_is_there() -> None:
    assert {file.name for file in STACK.iterdir()} == set(FILES)


def test_the_compose_file_is_valid_by_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(
        [*command, str(STACK / "compose.yaml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["collector", "prometheus"])
def test_a_service_is_pinned_closed_and_limited(services: dict[str, Any], name: str) -> None:
    service = services[name]
    assert PINNED.match(service["image"])
    assert service["restart"] == "unless-stopped"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    for port in service["ports"]:
        assert port.startswith("127.0.0.1:")
    for volume in service["volumes"]:
        source, target, *options = volume.split(":")
        assert target.startswith("/")
        if source.startswith("./"):
            assert (STACK / source).is_file()
            assert "ro" in options[0].split(",")


def test_ports_and_their_defaults_are_those_of_the_program(services: dict[str, Any]) -> None:
    written = [port for service in services.values() for port in service["ports"]]
    found = {
        matched[1]: int(matched[2])
        for port in written
        if (matched := re.fullmatch(r"127\.0\.0\.1:\$\{([A-Z_]+):-(\d+)}:\d+", port))
    }
    assert len(found) == len(written)
    assert found == {VARIABLES[name]: port for name, port in Ports().items()}


def test_what_is_stored_lies_in_named_volumes(services: dict[str, Any]) -> None:
    volumes = parsed("compose.yaml")["volumes"]
    assert "prometheus-data:/prometheus" in services["prometheus"]["volumes"]
    assert "collector-queue:/var/lib/otelcol" in services["collector"]["volumes"]
    assert set(volumes) == {"prometheus-data", "collector-queue"}
    assert parsed("otel-collector.yaml")["extensions"]["file_storage"]["directory"].startswith(
        "/var/lib/otelcol/"
    )


def test_data_is_kept_by_time_and_by_size(services: dict[str, Any]) -> None:
    command = services["prometheus"]["command"]
    assert "--storage.tsdb.retention.time=${CCMON_RETENTION_TIME:-400d}" in command
    assert "--storage.tsdb.retention.size=${CCMON_RETENTION_SIZE:-10GB}" in command
    assert "--web.enable-otlp-receiver" in command


def test_the_collector_loses_nothing_on_the_way() -> None:
    config = parsed("otel-collector.yaml")
    metrics = config["service"]["pipelines"]["metrics"]
    assert "delta_to_cumulative" in metrics["processors"]
    days = int(config["processors"]["delta_to_cumulative"]["max_stale"].removesuffix("h")) / 24
    assert days >= 7
    (name,) = metrics["exporters"]
    exporter = config["exporters"][name]
    assert exporter["sending_queue"]["storage"] in config["service"]["extensions"]
    assert exporter["sending_queue"]["num_consumers"] == 1
    assert exporter["retry_on_failure"]["max_elapsed_time"] == "0s"
    assert parsed("prometheus.yml")["storage"]["tsdb"]["out_of_order_time_window"]


def test_every_part_that_the_collectors_pipelines_name_is_configured() -> None:
    config = parsed("otel-collector.yaml")
    used: dict[str, set[str]] = {"extensions": set(config["service"]["extensions"])}
    for pipeline in config["service"]["pipelines"].values():
        for kind, names in pipeline.items():
            used.setdefault(kind, set()).update(names)
    assert used == {kind: set(config[kind]) for kind in used}


def test_every_field_of_the_collector_is_one_that_it_takes() -> None:
    schema = yaml.safe_load((Path(__file__).parent / "collector.schema.yaml").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    def wrong(config: Any) -> list[str]:
        return sorted(
            f"{'.'.join(map(str, each.path))}: {each.validator}" for each in validator.iter_errors(config)
        )

    config = parsed("otel-collector.yaml")
    assert wrong(config) == []
    config["processors"]["delta_to_cumulative"] |= {"max_stale": 14, "max_stream": 1}
    config["receivers"]["otlp"]["protocols"]["http"]["path"] = "/"
    exporter = config["exporters"]["otlp_http/prometheus"]
    exporter["sending_queue"]["num_consumers"] = "one"
    exporter["retry"] = exporter.pop("retry_on_failure")
    config["exporters"]["debug"] = None
    config["extensions"]["health_check"]["port"] = 13133
    assert wrong(config) == [
        "exporters.otlp_http/prometheus.sending_queue.num_consumers: type",
        "exporters.otlp_http/prometheus: unevaluatedProperties",
        "exporters: additionalProperties",
        "extensions.health_check: unevaluatedProperties",
        "processors.delta_to_cumulative.max_stale: type",
        "processors.delta_to_cumulative: additionalProperties",
        "receivers.otlp.protocols.http: unevaluatedProperties",
    ]


def test_the_collector_reaches_prometheus_by_its_name(services: dict[str, Any]) -> None:
    endpoint = parsed("otel-collector.yaml")["exporters"]["otlp_http/prometheus"]["endpoint"]
    assert endpoint == "http://prometheus:9090/api/v1/otlp"
    assert "prometheus" in services


def test_podman_compose_understands_it(engines: FakeEngines, tmp_path: Path) -> None:
    """The real podman-compose asks podman for containers with these ports, limits and mounts."""
    engines.install("podman")
    engines.plan(ps={"says": "[]"}, version={"says": "podman version 5.4.2"})
    folder = StackFolder(find_paths({"CCMON_TRAY_HOME": str(tmp_path / "home")}))
    folder.put_in_place()
    folder.set_ports(Ports(prometheus=19090))
    command = [sys.executable, "-m", "podman_compose", "-p", folder.project, "-f", "compose.yaml", "up", "-d"]
    env = {"PATH": str(engines.path), "HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=folder.path, env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    made = [" ".join(words) for words in engines.asked if words[1] in {"create", "run"}]
    collector = next(line for line in made if "opentelemetry-collector-contrib" in line)
    prometheus = next(line for line in made if "prom/prometheus" in line)
    for line in (collector, prometheus):
        for part in ("--read-only", "--cap-drop ALL", "no-new-privileges", "--restart unless-stopped"):
            assert part in line, part
    assert "127.0.0.1:4318:4318" in collector
    assert re.search(r"/stack/otel-collector\.yaml:/etc/otelcol/config\.yaml:(ro,z|z,ro) ", collector)
    assert "-m 320m" in collector
    assert "127.0.0.1:19090:9090" in prometheus
    assert "--storage.tsdb.retention.size=10GB" in prometheus
    assert "/-/ready" in prometheus
