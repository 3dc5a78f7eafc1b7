"""The four ports by name; free of imports, because the command line's help needs them."""

from typing import Final

TITLES: Final = {
    "otlp_grpc": "OTLP over gRPC",
    "otlp_http": "OTLP over HTTP",
    "prometheus": "Prometheus",
    "health": "Collector's health",
}
"""How people know each port."""

VARIABLES: Final = {
    "otlp_grpc": "CCMON_OTLP_GRPC_PORT",
    "otlp_http": "CCMON_OTLP_HTTP_PORT",
    "prometheus": "CCMON_PROMETHEUS_PORT",
    "health": "CCMON_COLLECTOR_HEALTH_PORT",
}
"""The variable of ``compose.yaml`` for each port."""
