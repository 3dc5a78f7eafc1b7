"""Which server answers, and how far back it keeps data.

Prometheus, Thanos and Mimir tell by ``/api/v1/status/buildinfo``; VictoriaMetrics answers it with nothing
(1.79) or with a Prometheus version it imitates (later), and is known by its ``X-Server-Hostname`` header.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ccmon_tray.sources.prometheus.address import Address
from ccmon_tray.sources.prometheus.answers import ApiAnswer, parse_answer
from ccmon_tray.sources.prometheus.faults import Reply

PROMETHEUS = "Prometheus"
VICTORIA_METRICS = "VictoriaMetrics"
MIMIR = "Mimir"
THANOS = "Thanos"
COMPATIBLE = "Prometheus-compatible"

UNIT_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}
MONTH_S = 31 * 86400
"""A month as VictoriaMetrics counts it; its ``-retentionPeriod`` is in months where it has no unit."""


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """The server's product and version; the version is None where it does not tell."""

    product: str
    version: str | None


Fetch = Callable[[str], Reply | None]
"""GET a URL; None where the server does not offer it."""


def find_build_info(fetch: Fetch, address: Address) -> BuildInfo:
    """Ask the server what it is."""
    reply = fetch(f"{address.url}/api/v1/status/buildinfo")
    if reply is None:
        return BuildInfo(COMPATIBLE, None)
    data = _data(reply)
    if "x-server-hostname" in reply.headers or not data:
        return BuildInfo(VICTORIA_METRICS, _victoria_version(fetch, address))
    version = _text(data.get("version"))
    application = _text(data.get("application"))
    if application:
        return BuildInfo(MIMIR if "Mimir" in application else application, version)
    # Thanos does not name itself, but has never left version 0; Prometheus had no such API then.
    if version is not None and version.startswith("0."):
        return BuildInfo(THANOS, version)
    return BuildInfo(PROMETHEUS if version else COMPATIBLE, version)


def find_retention_s(fetch: Fetch, address: Address, product: str) -> float | None:
    """How far back the server keeps data, in seconds, or None where it does not tell."""
    if product == PROMETHEUS:
        reply = fetch(f"{address.url}/api/v1/status/runtimeinfo")
        return None if reply is None else parse_retention_s(_text(_data(reply).get("storageRetention")) or "")
    if product == VICTORIA_METRICS:
        return _victoria_retention_s(fetch, address)
    return None


def parse_retention_s(text: str) -> float | None:
    """Seconds of ``15d``, ``1y2w`` or ``15d or 10GiB``; None for a size alone, which says no time."""
    parts = re.findall(r"(\d+)(ms|[smhdwy])", text.partition(" or ")[0])
    if not parts or "".join(number + unit for number, unit in parts) != text.partition(" or ")[0]:
        return None
    return sum(int(number) * UNIT_S[unit] for number, unit in parts) or None


def _victoria_version(fetch: Fetch, address: Address) -> str | None:
    page = _victoria_page(fetch, address, "metrics", "vm_app_version{")
    found = re.search(r'^vm_app_version\{.*short_version="v?([^"]+)"', page or "", re.MULTILINE)
    return found[1] if found else None


def _victoria_retention_s(fetch: Fetch, address: Address) -> float | None:
    flags = _victoria_page(fetch, address, "flags", '="')
    # A cluster's query node does not keep data itself.
    if flags is None or "-storageNode=" in flags:
        return None
    found = re.search(r'^-retentionPeriod="([^"]+)"', flags, re.MULTILINE)
    period = found[1] if found else "1"  # where it is not set
    number = re.fullmatch(r"[\d.]+", period)
    return float(period) * MONTH_S if number else parse_retention_s(period)


def _victoria_page(fetch: Fetch, address: Address, name: str, mark: str) -> str | None:
    """A page of VictoriaMetrics' own, which lies beside its ``/prometheus`` prefix, not under it."""
    for base in dict.fromkeys((address.url.removesuffix("/prometheus"), address.origin)):
        reply = fetch(f"{base}/{name}")
        if reply is not None and not reply.is_html:
            page = reply.body.decode(errors="replace")
            if mark in page:
                return page
    return None


def _data(reply: Reply) -> dict[str, Any]:
    try:
        answer = parse_answer(reply.body)
    except ValueError:
        return {}
    return answer.data if isinstance(answer, ApiAnswer) and isinstance(answer.data, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
