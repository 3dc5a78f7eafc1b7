"""The doctor, run to its end."""

import time
from typing import Any

from ccmon_tray.paths import Paths
from ccmon_tray.sources.doctor import Doctor
from ccmon_tray.usage.checks import Check
from tests.support.replies import Request, Response, answer_little, vector


def look(doctor: Doctor) -> dict[str, Check]:
    return {check.id: check for check in doctor.run()}


def examined(url: str, paths: Paths, environ: dict[str, str], now: float | None = None) -> dict[str, Check]:
    clock: Any = time.time if now is None else (lambda: now)
    return look(Doctor(paths, prometheus_url=url, environ=environ, clock=clock))


def without_metrics(request: Request) -> Response:
    """Evaluates PromQL, but holds nothing."""
    if request.path.endswith("/query"):
        return vector(({}, 1.0)) if request.params["query"] == ["vector(1)"] else vector()
    return answer_little(request)
