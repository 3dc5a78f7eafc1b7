"""What a server of the query API is asked and answers when all is well; its certificate."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx


@dataclass(frozen=True)
class Request:
    """What a client asked; parameters of URL and body together."""

    method: str
    path: str
    params: dict[str, list[str]]
    headers: dict[str, str]


@dataclass(frozen=True)
class Response:
    """What is sent back."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, answer: object, status: int = 200, **headers: str) -> Self:
        """An answer in JSON."""
        return cls(status, json.dumps(answer).encode(), {"Content-Type": "application/json", **headers})

    @classmethod
    def data(cls, data: object, **more: object) -> Self:
        """A successful answer of the query API with this ``data``."""
        return cls.json({"status": "success", "data": data, **more})


Answer = Callable[[Request], Response]


def vector(*values: tuple[dict[str, str], float], at: float = 0.0) -> Response:
    """The answer of an instant query."""
    result = [{"metric": labels, "value": [at, str(value)]} for labels, value in values]
    return Response.data({"resultType": "vector", "result": result})


def answer_little(request: Request) -> Response:
    """One sample, one series, or no names: the healthy answer where a test needs nothing else."""
    if request.path.endswith("/query"):
        return vector(({"job": "test"}, 42.0), at=float(request.params["time"][0]))
    if request.path.endswith("/query_range"):
        series = {"metric": {"job": "test"}, "values": [[float(request.params["start"][0]), "42"]]}
        return Response.data({"resultType": "matrix", "result": [series]})
    return Response.data([])


def forward_to(url: str) -> Answer:
    """Healthy answers from a real server at ``url``."""

    def answer(request: Request) -> Response:
        how: dict[str, Any] = {"params" if request.method == "GET" else "data": request.params}
        reply = httpx.request(request.method, url + request.path, timeout=30, trust_env=False, **how)
        kept = {name: value for name, value in reply.headers.items() if name in ("content-type", "location")}
        return Response(reply.status_code, reply.content, kept)

    return answer


def make_certificate(folder: Path, *hosts: str) -> tuple[Path, Path]:
    """A self-signed certificate for the hosts and its key, as PEM files. Needs ``openssl``."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    names = ",".join(("IP:" if host[0].isdigit() else "DNS:") + host for host in hosts)
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test "
        f"-addext subjectAltName={names} -keyout"
    )
    subprocess.run([*command.split(), key, "-out", certificate], check=True, capture_output=True)
    return certificate, key
